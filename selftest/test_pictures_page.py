"""The page of all pictures, and pictures printed in a terminal."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import subprocess
import sys
import webbrowser
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from kata import commands
from kata.course.phases import COURSE, PROJECT
from kata.pictures import page, style, terminal
from selftest.test_pictures_data import MISTAKES, right


class Page(HTMLParser):
    """What a page holds: images, links, text."""

    def __init__(self, text):
        super().__init__()
        self.images, self.addresses, self.tags = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attributes = dict(attrs)
        self.addresses += [value for name, value in attributes.items() if name in ("src", "href", "srcset", "action")]
        if tag == "img":
            self.images.append(attributes)


def draw(name, folder, lang="en"):
    picture, data = right(name)
    number = MISTAKES[name][0]
    with style.look(lang):
        style.save(picture.draw(data, lang), folder / f"phase{number}" / f"{name}.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three pictures of two phases."""
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("split", "masks", "batch"):
        draw(name, folder)
    (folder / "phase3").mkdir()
    (folder / "phase3" / "norm.png").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_page_shows_every_picture_with_its_caption(folder, lang):
    written = page.write(folder, lang)
    text = written.read_text(encoding="utf-8")
    read = Page(text)
    assert [image["src"] for image in read.images] == ["phase2/split.png", "phase5/masks.png", "phase5/batch.png"]
    for image in read.images:
        assert (folder / image["src"]).is_file() and len(image["alt"]) > 20
        assert int(image["width"]) == 1500
    assert "Each cell says position.feature" in text and "&lt;pad&gt;" in text
    for phase in COURSE:
        assert f'id="phase{phase.number}"' in text and phase.title(lang) in text
        assert (f"show {phase.number}{' --lang ja' if lang == 'ja' else ''}</code>" in text) == (
            phase.number not in (2, 5) or lang == "ja"
        )


def test_the_page_asks_nothing_of_other_machines(folder):
    read = Page(page.write(folder, "en").read_text(encoding="utf-8"))
    assert not [address for address in read.addresses if re.match(r"[a-z]+:|//", address)]
    assert not read.tags & {"script", "link", "iframe", "form"}
    assert "url(" not in page.STYLE and "prefers-color-scheme: dark" in page.STYLE


def test_without_a_picture_there_is_no_page(tmp_path):
    assert page.write(tmp_path, "en") is None
    assert not (tmp_path / "index.html").exists()


def test_open_opens_the_page(folder, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    status = commands.run("show", ["6", "--into", str(folder), "--open"])
    assert status in (0, 1)  # whether something was trained here
    assert opened == [(folder / "index.html").resolve().as_uri()]
    assert "index.html" in capsys.readouterr().out


# -- in a terminal --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "answer", "protocol"),
    [
        ({"TERM": "xterm-kitty"}, "", "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "", "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "", "iterm2"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "", "iterm2"),
        ({"TERM": "foot"}, "62;4;22", "sixel"),
        ({"TERM": "xterm-256color"}, "64;1;2;6", "no"),
        ({"TERM": "xterm-256color"}, "", "no"),
        ({"TERM": "tmux-256color", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, "1;2", "no"),
        ({"TERM": "tmux-256color", "TMUX": "x", "KITTY_WINDOW_ID": "1"}, "1;2;4", "sixel"),
        ({"TERM": "dumb"}, "4", "no"),
        ({}, "4", "no"),
    ],
)
def test_the_protocol_is_the_terminals(environment, answer, protocol):
    assert terminal.find_protocol(environment, lambda: answer) == protocol


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals are POSIX's")
@pytest.mark.parametrize(("answer", "told"), [(b"\033[?62;4;22c", "62;4;22"), (b"", "")])
def test_the_terminal_is_asked_and_need_not_answer(answer, told):
    import pty

    code = "from kata.pictures import terminal; print('told', terminal.device_attributes(), 'end')"
    master, slave = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    said = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while b"end" not in said:
            said += os.read(master, 1000)
            if said.endswith(b"\033[c"):
                os.write(master, answer)
    assert process.wait(timeout=20) == 0
    os.close(master)
    assert f"told {told} end" in said.decode().replace("\r\n", "\n")


def test_nothing_is_printed_into_a_pipe(capsys):
    assert terminal.supported("auto") == terminal.NONE
    assert terminal.supported("sixel") == terminal.SIXEL


def test_kitty_and_iterm2_get_the_file_as_it_is(folder):
    png = (folder / "phase2" / "split.png").read_bytes()
    codes = re.findall(r"\033_G([^;]*);([^\033]*)\033\\", terminal.kitty(png, 78))
    assert base64.b64decode("".join(text for _, text in codes)) == png
    assert len(codes) > 3
    assert [keys for keys, _ in codes] == ["a=T,f=100,q=2,c=78,m=1", *["m=1"] * (len(codes) - 2), "m=0"]
    assert max(len(text) for _, text in codes) <= terminal.CHUNK
    head, _, rest = terminal.iterm2(png, 78).partition(":")
    assert head == f"\033]1337;File=inline=1;size={len(png)};width=78;preserveAspectRatio=1"
    assert base64.b64decode(rest.rstrip("\a")) == png


def pixels_of(sixel):
    """Decode Sixel graphics: ``(height, width, 3)``, from 0 to 100."""
    width, height = map(int, re.match(r'\033Pq"1;1;(\d+);(\d+)', sixel).groups())
    body = sixel[sixel.index("#") : sixel.index("\033\\")]
    palette, picture = {}, np.full((height + 6, width, 3), -1)
    x = y = colour = 0
    for token in re.findall(r"#\d+;2;\d+;\d+;\d+|#\d+|!\d+.|\$|-|[?-~]", body):
        if token.count(";"):
            number, _, *parts = map(int, token[1:].split(";"))
            palette[number] = parts
        elif token[0] == "#":
            colour = int(token[1:])
        elif token == "$":
            x = 0
        elif token == "-":
            x, y = 0, y + 6
        else:
            count, bits = (int(token[1:-1]), ord(token[-1]) - 63) if token[0] == "!" else (1, ord(token) - 63)
            for row in range(6):
                if bits >> row & 1:
                    picture[y + row, x : x + count] = palette[colour]
            x += count
    return picture[:height]


def test_sixel_is_the_picture(folder):
    path = folder / "phase2" / "split.png"
    seen = pixels_of(terminal.sixel(path, 300))
    assert (seen >= 0).all()  # every pixel has a colour
    with Image.open(path) as image:
        small = image.convert("RGB").resize((300, seen.shape[0]), Image.Resampling.LANCZOS)
    wanted = np.asarray(small).astype(float) * 100 / 255
    assert np.abs(seen - wanted).mean() < 2


def test_show_prints_the_pictures_where_it_is_asked_to(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    status = commands.run("show", ["3", "--target", "solutions", "--into", str(tmp_path), "--in-terminal", "iterm2"])
    said = capsys.readouterr().out
    assert status == 0
    assert said.count("\033]1337;File=inline=1;") == 3 and ";width=89;" in said
