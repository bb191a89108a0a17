"""``from kata import check`` works wherever Python does: in a script, from another folder, with any standard output."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kata.course.phases import COURSE, PROJECT
from selftest.grader_runs import environment
from selftest.submissions import make_target, phase, solution, with_bodies

pytestmark = pytest.mark.timeout(300)

WRONG = "batch, length, d_model = x.shape\nreturn x.reshape(batch, num_heads, length, d_model // num_heads)"


def run_script(code, folder, **more):
    """A script somewhere else that has the project on its path."""
    script = folder / "script.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(PROJECT)!r})\n{code}", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        timeout=240,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """Stubs; split_heads is wrong, merge_heads right."""
    folder = make_target(tmp_path_factory.mktemp("check") / "handed-in")
    path = folder / phase(2).file
    right = "batch, num_heads, length, d_k = x.shape\nreturn x.transpose(1, 2).reshape(batch, length, num_heads * d_k)"
    stub = path.read_text(encoding="utf-8")
    path.write_text(with_bodies(stub, {"split_heads": WRONG, "merge_heads": right}), encoding="utf-8")
    return folder


def test_importing_kata_is_cheap(tmp_path):
    """Neither torch nor anything else that is not Python's own comes along."""
    code = (
        "before = set(sys.modules)\nfrom kata import check\n"
        "own = set(getattr(sys, 'stdlib_module_names', ())) | {'kata', '__future__', 'typing'}\n"
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before} - own))"
    )
    assert run_script(code, tmp_path) == "[]\n"


def test_a_task_a_phase_and_the_course_from_another_folder(target, tmp_path):
    code = f"""from kata import check
one = check("split_heads", target={str(target)!r})
assert not one and (one.score, one.max_score) == (0, 15), one
[task] = one.report.phases[0].tasks
assert task.diagnosis == "split-by-view-alone", task
print("----")
two = check("merge_heads", target={str(target)!r})
assert two and two.score == 15
print("----")
three = check("MultiHeadAttention", target={str(target)!r}, lang="ja")
assert not three and three.report.phases[0].tasks[0].state == "todo"
print("----")
assert check(2, target={str(target)!r}).score == 15
print("----")
assert check(target={str(make_target(tmp_path / "stubs"))!r}).max_score == 600
assert not [name for name in sys.modules if name.split(".")[0] in ("torch", "IPython", "nbformat")]
"""
    parts = run_script(code, tmp_path).split("----\n")
    assert "Known mistake:" in parts[0] and "merge_heads" not in parts[0]
    assert "✓ merge_heads" in parts[1] and "15 / 15" in parts[1]
    assert "未着手" in parts[2]
    assert "scaled_dot_product_attention" in parts[3] and "15 / 100" in parts[3]
    assert all(f"{each.number} {each.title_en}" in parts[4] for each in COURSE)


def test_a_right_task_alone_is_right_given_a_right_neighbour(tmp_path):
    """One mistake costs once: ``MultiHeadAttention`` is graded alone, and ``split_heads`` below it is wrong."""
    target = make_target(tmp_path / "handed-in")
    (target / phase(2).file).write_text(with_bodies(solution(2), {"split_heads": WRONG}), encoding="utf-8")
    code = f"""from kata import check
found = check("MultiHeadAttention", target={str(target)!r})
assert found.score == 30 and "split_heads" in found.report.phases[0].tasks[0].passed_given, found.report
"""
    assert "given a right" in run_script(code, tmp_path)


def test_a_rule_broken_by_another_task_does_not_cost_this_one(tmp_path):
    target = make_target(tmp_path / "handed-in")
    text = with_bodies(solution(2), {"split_heads": "import numpy\nreturn torch.nn.MultiheadAttention(1, 1)"})
    (target / phase(2).file).write_text(text, encoding="utf-8")
    code = f"""from kata import check
assert check("merge_heads", target={str(target)!r})
assert check("split_heads", target={str(target)!r}).report.phases[0].tasks[0].state == "forbidden"
"""
    run_script(code, tmp_path)


@pytest.mark.parametrize("what", ["split_head", 7, "phase9"])
def test_what_there_is_not_is_named_with_what_there_is(what):
    from kata import check

    with pytest.raises(ValueError, match="split_heads, merge_heads"):
        check(what)


def test_a_folder_or_language_that_is_not_there_is_named():
    from kata import check

    with pytest.raises(ValueError, match="nowhere"):
        check(1, target="nowhere")
    with pytest.raises(ValueError, match="en, ja"):
        check(1, lang="fr")


STREAMS = {
    "StringIO": "import io\nsys.stdout = out = io.StringIO()\nshown = out.getvalue",
    "only write": (
        "class Out:\n    def __init__(self):\n        self.parts = []\n    def write(self, text):\n"
        "        self.parts.append(text)\n        return len(text)\n    def flush(self):\n        pass\n"
        "sys.stdout = out = Out()\nshown = lambda: ''.join(out.parts)"
    ),
    "ascii": "import io\nsys.stdout = out = io.TextIOWrapper(io.BytesIO(), 'ascii')\n"
    "shown = lambda: (out.flush(), out.buffer.getvalue().decode('ascii'))[1]",
}


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_any_standard_output_will_do(stream, target, tmp_path):
    """The command line called from Python, and ``check``: with output that has no buffer, encoding or terminal."""
    code = f"""import json
real = sys.stdout
{STREAMS[stream]}
from kata import check
from kata.cli import main
statuses = [main(["1", "--json", "-", "--target", {str(target)!r}])]
report = shown()
statuses += [main(["1", "--target", {str(target)!r}]), main(["hint", "1", "--target", {str(target)!r}])]
statuses += [main(["lesson", "1"])]
statuses += [main(["watch", "1"])]
check("merge_heads", target={str(target)!r})
sys.stdin.close()
statuses += [main(["watch", "1"])]
sys.stdin = None
statuses += [main(["watch", "1"])]
everything = shown()
sys.stdout = real
print(json.dumps([report, everything, statuses]))
"""
    report, everything, statuses = json.loads(run_script(code, tmp_path))
    assert json.loads(report)["phases"][0]["id"] == "phase1_embedding"
    assert statuses == [0, 0, 0, 0, 2, 2, 2]
    assert "merge_heads" in everything and "15 / 15" in everything and "lessons/en/phase1_embedding" in everything
