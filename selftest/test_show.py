"""``python grader.py show PHASE``: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest

from kata import commands
from kata.course.phases import PROJECT
from kata.pictures import fonts, phase6, style
from selftest.png import assert_shows_something
from selftest.submissions import make_target, phase, solution, with_bodies
from selftest.test_pictures_training import ATTENTION, HISTORY


@pytest.fixture
def show(tmp_path, capsys):
    """Run the command in this process; returns its status and the lines it printed."""

    def run(*arguments: object) -> tuple[int, list[str]]:
        status = commands.run("show", [str(word) for word in (*arguments, "--into", tmp_path / "pictures")])
        return status, capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def undrawn(monkeypatch):
    """Pictures are files with nothing in them; drawing one takes half a second."""

    def save(figure, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    monkeypatch.setattr(style, "save", save)


def files(folder):
    return sorted(path.name for path in folder.rglob("*.png"))


def drawn_and_looked_at(show, number, lang, folder):
    status, lines = show(number, "--target", "solutions", "--lang", lang)
    names = [f"{picture.name}.png" for picture in import_module(f"kata.pictures.phase{number}").PICTURES]
    assert status == 0
    assert [line.rpartition("/")[2] for line in lines] == [*names, "index.html"]
    assert files(folder / "pictures" / f"phase{number}") == sorted(names)
    for name in names:
        assert_shows_something(folder / "pictures" / f"phase{number}" / name)


def test_it_draws_every_picture_of_a_phase_and_prints_where_it_is(show, tmp_path):
    drawn_and_looked_at(show, 3, "ja", tmp_path)


@pytest.mark.proof
@pytest.mark.timeout(120)
@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("number", range(1, 6))
def test_all_phases_are_drawn_in_both_languages(number, lang, show, tmp_path):
    drawn_and_looked_at(show, number, lang, tmp_path)


def test_what_is_still_to_do_is_told_and_the_rest_is_drawn(show, undrawn, tmp_path):
    target = make_target(tmp_path / "mine")
    source = with_bodies(solution(2), {"split_heads": 'raise NotImplementedError("Phase 2: split_heads")'})
    (target / phase(2).file).write_text(source, encoding="utf-8")
    line = source[: source.index("def split_heads")].count("\n") + 1
    status, lines = show(2, "--target", target)
    assert status == 1
    told = f"split_heads is still to do (mine/phase2_attention.py:{line})"
    assert lines[0] == f"heads.png: {told}"
    assert lines[1].endswith("pictures/phase2/saturation.png")
    assert lines[2] == f"split.png: {told}"
    assert files(tmp_path) == ["saturation.png"]


def test_untouched_stubs_are_told_in_japanese_too(show, tmp_path):
    status, lines = show(5, "--target", make_target(tmp_path / "stubs"), "--lang", "ja")
    assert status == 1
    assert lines[0].startswith("masks.png: padding_mask がまだ書かれていません (stubs/phase5_mechanics.py:")
    assert len(lines) == 5
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "mine/phase3_layers.py is missing"),
        ("def broken(:\n", "mine/phase3_layers.py:1 is not valid Python"),
        ("import no_such_module\n", "'no_such_module', which cannot be found"),
        ("LayerNorm = None\n", "does not define 'PositionwiseFeedForward'"),
        ("raise SystemExit(3)\n", "calls sys.exit()"),
    ],
    ids=["missing", "syntax error", "import error", "name missing", "exit"],
)
def test_a_file_that_cannot_be_used_gives_one_line_a_picture(source, said, show, tmp_path):
    (tmp_path / "mine").mkdir()
    if source is not None:
        (tmp_path / "mine" / phase(3).file).write_text(source, encoding="utf-8")
    status, lines = show(3, "--target", tmp_path / "mine")
    assert status == 1
    assert [line.partition(": ")[0] for line in lines] == ["depth.png", "norm.png", "relu.png"]
    assert said in lines[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('no idea')", "raises ValueError at mine/phase3_layers.py:"),
        ("return None", "PositionwiseFeedForward.forward returned None, not a tensor"),
        ("return x.expand(-1, 2)", "returned a tensor of shape (241, 2), not (241, 1)"),
        ("return x * float('nan')", "there is NaN in what the code computes (output: 241 of 241)"),
        ("raise SystemExit", "the code ends the program with SystemExit at mine/"),
        ("return self.forward(x)", "RecursionError at mine/"),
        ("torch.set_default_dtype(torch.float64)\nreturn self.linear2(torch.relu(self.linear1(x)))", "pictures/"),
    ],
    ids=["exception", "None", "shape", "NaN", "exit", "endless recursion", "a global setting"],
)
def test_an_error_in_the_code_gives_one_line_without_a_traceback(body, said, show, undrawn, tmp_path):
    (tmp_path / "mine").mkdir()
    source = with_bodies(solution(3), {"PositionwiseFeedForward.forward": body})
    (tmp_path / "mine" / phase(3).file).write_text(source, encoding="utf-8")
    _, lines = show(3, "--target", tmp_path / "mine")
    assert len(lines) == 3
    assert lines[1].endswith("pictures/phase3/norm.png")  # the other pictures are drawn
    assert said in lines[2]


def test_numbers_that_cannot_be_drawn_cost_their_picture_alone(show, monkeypatch, tmp_path):
    def save(figure, path):
        if path.name == "depth.png":
            raise ValueError("arange: cannot compute length")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    monkeypatch.setattr(style, "save", save)
    status, lines = show(3, "--target", "solutions")
    assert (status, len(lines)) == (1, 3)
    assert "depth.png: matplotlib cannot draw these numbers (ValueError)" in lines[0]
    assert files(tmp_path / "pictures") == ["norm.png", "relu.png"]


def test_the_other_phases_come_from_the_reference(show, undrawn, tmp_path):
    target = make_target(tmp_path / "mine", solved=(4,))
    status, lines = show("phase4", "--target", target)
    assert (status, len(lines)) == (0, 2)


def test_phase_6_says_what_to_do_when_nothing_was_trained(show, monkeypatch, tmp_path):
    monkeypatch.setattr(phase6, "RUNS", tmp_path / "runs")
    status, [line] = show(6)
    assert status == 1
    assert "python grader.py train reverse" in line


def test_phase_6_draws_the_last_training_of_every_toy(show, undrawn, monkeypatch, tmp_path):
    monkeypatch.setattr(phase6, "RUNS", tmp_path / "runs")
    for toy in ("en-ja", "reverse"):
        (tmp_path / "runs" / toy).mkdir(parents=True)
        (tmp_path / "runs" / toy / "history.json").write_text(json.dumps({**HISTORY, "toy": toy}), encoding="utf-8")
    (tmp_path / "runs" / "en-ja" / "attention.json").write_text(json.dumps(ATTENTION), encoding="utf-8")
    status, lines = show(6)
    assert (status, len(lines)) == (0, 3)
    assert files(tmp_path / "pictures" / "phase6") == ["en-ja_alignment.png", "en-ja_curves.png", "reverse_curves.png"]


@pytest.mark.parametrize("content", ["{", "[]", '{"toy": "reverse"}', '{"steps": 1}'])
def test_phase_6_says_which_file_it_cannot_draw(content, show, monkeypatch, tmp_path):
    monkeypatch.setattr(phase6, "RUNS", tmp_path / "runs")
    (tmp_path / "runs" / "reverse").mkdir(parents=True)
    (tmp_path / "runs" / "reverse" / "history.json").write_text(content, encoding="utf-8")
    status, [line] = show(6)
    assert status == 1
    assert "reverse/history.json cannot be drawn" in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "PHASE"),
        (["7"], "'7'"),
        (["2", "3"], "3"),
        (["2", "--lang", "fr"], "fr"),
        (["2", "--target", "no_such_folder"], "no_such_folder"),
        (["2", "--into", "grader.py"], "grader.py"),
    ],
    ids=str,
)
def test_bad_usage_is_status_2_and_the_message_names_what_was_wrong(arguments, named, capsys, monkeypatch):
    monkeypatch.chdir(PROJECT)
    with pytest.raises(SystemExit) as ended:
        commands.run("show", arguments)
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert named in said.err
    assert "usage: python grader.py show" in said.err


def test_a_folder_that_cannot_be_written_to_is_told(capsys, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "phase5").write_text("in the way", encoding="utf-8")
    assert commands.run("show", ["5", "--target", "solutions", "--into", str(tmp_path / "pictures")]) == 1
    said = capsys.readouterr().out
    assert "phase5 could not be written" in said


def test_without_matplotlib_it_says_what_to_install(capsys, monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "kata.pictures.fonts")
    monkeypatch.delattr("kata.pictures.fonts")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert commands.run("show", ["2", "--into", str(tmp_path)]) == 2
    assert "python -m pip install -r requirements.txt" in capsys.readouterr().out


def test_without_a_japanese_font_one_line_says_what_to_install(show, undrawn, monkeypatch):
    monkeypatch.setattr(fonts, "japanese_family", lambda: None)
    status, lines = show(3, "--target", "solutions", "--lang", "ja")
    assert (status, len(lines)) == (0, 4)
    assert "pip install matplotlib-fontja" in lines[0]


def test_grading_does_not_import_matplotlib(tmp_path):
    target = make_target(tmp_path / "stubs")
    code = f"import sys, kata.cli; kata.cli.main(['--target', {str(target)!r}]); assert 'matplotlib' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
