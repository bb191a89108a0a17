"""The report's sentence about the wall says no more than what holds: what is tried here, in a guest's confinement."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys

import pytest

from kata.course.phases import PROJECT
from kata.grading.trust import in_words
from kata.i18n import text

TRIES = """
import json, socket, sys, tempfile
from kata.sandbox.confinement.confine import confine

port, folder, settings = sys.argv[1:]  # which a guest forgets
held = confine({"scratch": tempfile.mkdtemp(dir=folder), "readable": [], **json.loads(settings)})
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", int(port)))
except OSError:
    pass
print(json.dumps(held))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has these limits")
@pytest.mark.proof
@pytest.mark.timeout(240)
def test_the_network_counts_as_held_only_where_a_datagram_is(tmp_path):
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    for landlock, seccomp in itertools.product((True, False), repeat=2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
            heard.bind(("127.0.0.1", 0))
            heard.settimeout(0.2)
            settings = json.dumps({"landlock": landlock, "seccomp": seccomp})
            command = [sys.executable, "-c", TRIES, str(heard.getsockname()[1]), str(tmp_path), settings]
            run = subprocess.run(command, cwd=PROJECT, capture_output=True, timeout=200, check=True, env=one_thread)
            try:
                came = bool(heard.recv(1))
            except OSError:
                came = False
        held = json.loads(run.stdout)
        said = in_words(held, "en").partition("Not confined")[0]
        assert came != ("the network" in said), (landlock, seccomp, held, said)


def test_tcp_alone_is_not_the_network():
    both, one = in_words(["TCP", "the network"], "en"), in_words(["TCP"], "en")
    assert "TCP" not in both
    assert text("held_tcp", "en") in one
    assert one != in_words([], "en")
    for lang in ("en", "ja"):
        lacking = in_words(["TCP"], lang).replace(text("trust_wall", lang, held=text("held_tcp", lang)), "")
        assert text("held_network", lang) in lacking
