"""``python -m site_build`` says what is missing or in the way. ``site_build/tests`` tests the site itself."""

from __future__ import annotations

import builtins
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from kata.course.phases import PROJECT
from selftest.grader_runs import environment
from site_build import __main__ as command


@pytest.fixture
def built(monkeypatch, tmp_path):
    """A folder that stands for a built site."""
    (tmp_path / "index.html").write_text("first page", encoding="utf-8")
    (tmp_path / "404.html").write_text("no such page", encoding="utf-8")
    monkeypatch.setattr(command, "HTML", tmp_path)
    return tmp_path


def test_without_its_requirements_it_names_them(monkeypatch, capsys):
    taken = {name: module for name, module in sys.modules.items() if name.startswith("site_build.")}
    for name in taken:
        monkeypatch.delitem(sys.modules, name)
    real = builtins.__import__

    def lacking(name, *rest):
        if name.startswith("mkdocs"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="mkdocs")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", lacking)
    assert command.main([]) == 2
    assert "pip install -r requirements-site.txt" in capsys.readouterr().out


def test_without_a_built_site_it_names_the_command_that_builds(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "HTML", tmp_path)
    assert command.main(["serve"]) == 2
    assert "python -m site_build" in capsys.readouterr().out


@pytest.mark.parametrize("port", [None, 70000])
def test_a_port_that_cannot_be_used_is_named(built, capsys, port):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = port or taken.getsockname()[1]
        assert command.main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr().out
    assert f"Port {port} " in said and "--port" in said


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
def test_it_serves_until_ctrl_c_and_shows_its_own_page_for_what_is_missing(built):
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # a caller may have it ignored
        "import sys; from pathlib import Path; from site_build import __main__ as command;"
        "command.HTML = Path(sys.argv[1]); sys.exit(command.main(['serve', '--port', '0']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(built)], cwd=PROJECT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            [address] = re.findall(r"http://\S+", process.stdout.readline())
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert answer.read() == b"first page"
            with pytest.raises(urllib.error.HTTPError) as missing:
                urllib.request.urlopen(address + "nowhere", timeout=10)
            assert missing.value.code == 404 and missing.value.read() == b"no such page"
            missing.value.close()
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=20)
    assert process.returncode == 0 and "Traceback" not in "".join(rest)
