"""``python grader.py trace``: the worked examples find right code right, and mark the step that a mistake spoils."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
import torch
from rich.cells import cell_len

from kata import commands
from kata.commands import show
from kata.course.phases import COURSE, PROJECT, REFERENCE
from kata.diagnosis.misconceptions import by_id
from kata.results import printable
from kata.sandbox.host.handles import Handle
from kata.sandbox.host.submission import WalledSubmission
from kata.tracing import follow, names, table, values
from kata.tracing.example import Raises
from selftest import variants
from selftest.submissions import make_target, phase, solution, with_bodies

TASKS = [(phase, task.name) for phase in COURSE for task in phase.tasks]
IDS = [task for _, task in TASKS]


def examples_of(phase, task):
    return import_module(f"kata.tracing.phase{phase.number}").EXAMPLES[task]


@pytest.fixture(scope="module")
def wall():
    submission = WalledSubmission(REFERENCE, REFERENCE, assembled=False)
    yield submission
    submission.close()


@pytest.fixture
def trace(wall):
    """Follow a task of a folder; returns its outcomes, numbered from 1 as they are printed."""

    def run(phase, task, target):
        wall.aim(target)
        followed = follow.follow(phase, task, examples_of(phase, task), wall, target)
        outcomes = [outcome for one in followed for outcome in one.outcomes]
        return dict(enumerate(outcomes, start=1))

    return run


def marked(outcomes):
    return [(number, outcome.step.what[0]) for number, outcome in outcomes.items() if outcome.first]


def odd(outcomes):
    """What is not as in the lesson."""
    fine = (follow.SAME, follow.OTHER_WAY, follow.NOT_CALLED)
    return [(number, o.step.what[0], o.state, o.message) for number, o in outcomes.items() if o.state not in fine]


# -- the definitions ------------------------------------------------------------------------------------------


def test_every_task_has_a_worked_example():
    assert len(TASKS) == 29
    for one in COURSE:
        assert [*import_module(f"kata.tracing.phase{one.number}").EXAMPLES] == [task.name for task in one.tasks]


@pytest.mark.parametrize(("phase", "task"), TASKS, ids=IDS)
def test_the_definitions_fit_the_lessons_and_say_all_in_both_languages(phase, task):
    for example in examples_of(phase, task):
        for lang in ("en", "ja"):
            lesson = (PROJECT / phase.lesson(lang)).read_text(encoding="utf-8")
            assert f'<a id="{example.anchor}"></a>' in lesson
        own = {name.strip() for line in example.calls for name in line.split(",")}
        assert not (own | {*example.given}) & {*names.HELPERS, "loaded", "given", "gave", "in_guest", "tools"}
        assert {*example.hidden} <= own | {*example.given}
        for pair in (example.title, *(step.what for step in example.steps), *(step.look for step in example.steps)):
            assert bool(pair[0]) == bool(pair[1])


SAID_IN_THE_LESSON = {  # what a worked example expects, as the lesson prints it
    "sinusoidal_encoding": ("0.8415", "0.5403", "0.0100", "0.9093", "0.4161", "0.9998"),
    "position_shift_matrix": ("0.5403", "0.8415"),
    "PositionalEncoding": ("1.8415", "-0.4597", "0.5100"),
    "scaled_dot_product_attention": ("0.2447", "0.0900", "0.6652", "0.7553", "0.7311", "0.2689"),
    "LayerNorm": ("-1.0690", "-0.5345", "1.6036"),
    "LabelSmoothingLoss": ("0.5026", "0.925", "0.025"),
    "noam_learning_rate": ("0.0625", "0.125", "0.1875"),
    "length_penalty": ("1.0969", "1.2754", "1.3587", "1.7329", "2.3544"),
    "beam_search": ("-0.8537", "-0.8869", "-0.9729"),
}


def numbers_of(expected):
    try:
        return [float(number) for number in np.atleast_1d(values.array(expected)).flatten()]
    except (TypeError, ValueError):  # text
        return []


@pytest.mark.parametrize("task", SAID_IN_THE_LESSON)
def test_the_expected_numbers_are_the_lessons(task):
    phase = next(phase for phase in COURSE if task in [known.name for known in phase.tasks])
    steps = [step for example in examples_of(phase, task) for step in example.steps]
    numbers = [number for step in steps for number in numbers_of(step.expected)]
    for lang in ("en", "ja"):
        lesson = (PROJECT / phase.lesson(lang)).read_text(encoding="utf-8").replace("−", "-")
        for said in SAID_IN_THE_LESSON[task]:
            assert said in lesson, said
            assert min(abs(abs(float(said)) - abs(number)) for number in numbers) < 6e-5, said


# -- right code, stubs, mistakes ------------------------------------------------------------------------------


@pytest.mark.parametrize(("phase", "task"), TASKS, ids=IDS)
def test_nothing_is_marked_in_the_solutions(phase, task, trace):
    assert odd(trace(phase, task, REFERENCE)) == []


@pytest.fixture(scope="module")
def stubs(tmp_path_factory):
    return make_target(tmp_path_factory.mktemp("trace") / "stubs")


@pytest.mark.parametrize(("phase", "task"), TASKS, ids=IDS)
def test_every_step_of_a_stub_is_still_to_do(phase, task, trace, stubs):
    outcomes = trace(phase, task, stubs)
    assert {(outcome.state, outcome.message) for outcome in outcomes.values()} == {(follow.STILL_TO_DO, task)}


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("variant", variants.variants(), ids=lambda variant: f"{variant.phase.number}-{variant.name}")
def test_right_answers_in_another_style_are_not_marked(variant, trace, tmp_path):
    (tmp_path / variant.phase.file).write_bytes(variant.path.read_bytes())
    for task in variant.phase.tasks:
        assert odd(trace(variant.phase, task.name, tmp_path)) == [], task.name


MISTAKES = {  # mistake of the catalogue: number of the step that must be marked, and how it is called
    "encoding-exponent-halved": (2, "speeds"),
    "encoding-positions-from-one": (1, "position 0"),
    "encoding-sines-then-cosines": (1, "position 0"),
    "shift-without-a-minus": (2, "block of pair 0"),
    "shift-one-angle-for-all-pairs": (3, "block of pair 1"),
    "embedding-not-scaled": (4, "times the root"),
    "positions-by-batch": (3, "what .dropout is given"),
    "positions-added-in-place": (6, "tensors that were handed over"),
    "attention-not-scaled": (2, "scores"),
    "attention-softmax-over-queries": (1, "sum of the weights"),
    "attention-output-from-keys": (4, "output"),
    "mask-inverted": (5, "weight of the forbidden key"),
    "mask-after-the-softmax": (6, "sum of the weights"),
    "mask-infinite-gives-nan": (9, "weights: all zero"),
    "split-by-view-alone": (2, "head 0"),
    "split-without-transpose": (1, "shape"),
    "merge-by-view-alone": (2, "position 0"),
    "heads-values-from-the-key": (4, "what w_v is given"),
    "heads-without-output-projection": (8, "output"),
    "heads-scaled-by-d-model": (5, "weights of head 0"),
    "layer-norm-unbiased-variance": (5, "mean of its squares"),
    "layer-norm-over-time": (4, "mean of each result"),
    "layer-norm-affine-forgotten": (7, "twice the result"),
    "feed-forward-without-relu": (3, "what linear2 is given"),
    "add-and-norm-without-residual": (3, "what .norm is given"),
    "add-and-norm-dropout-on-the-sum": (5, "the result: x"),
    "encoder-layer-mask-forgotten": (2, "self_attention"),
    "encoder-plain-list": (1, "number of parameters"),
    "decoder-layer-self-mask-forgotten": (2, "self_attention"),
    "decoder-layer-memory-mask-forgotten": (6, "cross_attention"),
    "decoder-layer-queries-from-memory": (4, "queries of cross_attention"),
    "decoder-does-not-chain": (5, "what layer 1 is given"),
    "transformer-target-without-positions": (5, "what the decoder is given"),
    "transformer-target-mask-forgotten": (10, "decode"),
    "look-ahead-shows-the-next-token": (2, "query 0"),
    "decoder-mask-without-padding": (3, "row 1"),
    "batch-target-not-shifted": (3, "tgt_out"),
    "batch-count-with-padding": (7, "num_tokens"),
    "smoothing-ignored": (2, "smoothing 1"),
    "loss-padding-counts": (5, "the loss"),
    "noam-constant-after-warmup": (3, "step 16"),
    "scheduler-one-step-behind": (3, "rates after step()"),
    "step-keeps-old-gradients": (2, "gradients"),
    "step-clips-each-parameter": (7, "clipped gradients"),
    "train-counts-from-0": (1, "calls of on_step"),
    "evaluation-mean-of-batches": (3, "loss"),
    "evaluation-keeps-gradients": (2, "gradients recorded"),
    "greedy-in-training-mode": (2, "any call in training mode"),
    "greedy-reads-the-first-position": (6, "... at the third"),
    "beam-starts-with-equal-hypotheses": (2, "prefixes"),
    "beam-length-counts-bos": (5, "its score"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_step_that_is_marked_is_the_wrong_one(name, trace, tmp_path):
    mistake = by_id(name)
    outcomes = trace(mistake.phase, mistake.task, mistake.write(tmp_path / "mine"))
    number, what = MISTAKES[name]
    [(place, told)] = marked(outcomes)
    assert (place, told[: len(what)]) == (number, what)


# -- what may be claimed --------------------------------------------------------------------------------------


def written(number, bodies, folder):
    folder.mkdir()
    (folder / phase(number).file).write_text(with_bodies(solution(number), bodies), encoding="utf-8")
    return folder


def test_an_inner_step_does_not_count_where_the_answer_is_right(trace, tmp_path):
    body = "h = torch.relu(self.linear1(x))\nreturn self.linear2(h * 2) - self.linear2(h) + self.linear2.bias"
    outcomes = trace(
        phase(3), "PositionwiseFeedForward", written(3, {"PositionwiseFeedForward.forward": body}, tmp_path / "m")
    )
    assert outcomes[3].state == follow.OTHER_WAY
    assert odd(outcomes) == []


def test_a_part_that_is_not_called_is_told_and_not_marked(trace, tmp_path):
    body = (
        "hidden = torch.relu(x @ self.linear1.weight.T + self.linear1.bias)\n"
        "return hidden @ self.linear2.weight.T + self.linear2.bias"
    )
    outcomes = trace(
        phase(3), "PositionwiseFeedForward", written(3, {"PositionwiseFeedForward.forward": body}, tmp_path / "m")
    )
    assert [outcomes[number].state for number in (2, 3, 4)] == [follow.NOT_CALLED, follow.NOT_CALLED, follow.SAME]


def test_the_reference_stands_in_for_tasks_that_are_not_written(trace, wall, tmp_path):
    todo = {name: f'raise NotImplementedError("Phase 2: {name}")' for name in ("split_heads", "merge_heads")}
    target = written(2, todo, tmp_path / "m")
    wall.aim(target)
    followed = follow.follow(phase(2), "MultiHeadAttention", examples_of(phase(2), "MultiHeadAttention"), wall, target)
    assert followed[0].stand_ins == ("split_heads", "merge_heads")
    assert all(follow.is_right(one) for one in followed)
    assert {outcome.state for outcome in trace(phase(2), "split_heads", target).values()} == {follow.STILL_TO_DO}


def test_half_a_function_is_followed_as_far_as_it_goes(trace, tmp_path):
    todo = "raise NotImplementedError('Phase 2: MultiHeadAttention')"
    body = f"q = split_heads(self.w_q(query), self.num_heads)\nk = self.w_k(key)\n{todo}"
    outcomes = trace(phase(2), "MultiHeadAttention", written(2, {"MultiHeadAttention.forward": body}, tmp_path / "m"))
    assert [outcomes[number].state for number in range(1, 9)] == [follow.SAME] * 3 + [follow.STILL_TO_DO] * 5
    assert marked(outcomes) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("while True:\n    pass", "Is there an endless loop?"),
        ("import os\nos._exit(3)", "exit status 3"),
        ("return x.no_such_thing", "raises AttributeError at m/phase2_attention.py:"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise SystemExit", "SystemExit"),
        ("return self_made", "NameError"),
    ],
)
def test_code_that_breaks_is_told_at_the_step_where_it_broke(body, said, trace, tmp_path, monkeypatch):
    monkeypatch.setattr(follow, "LIMIT", 1.5)
    outcomes = trace(phase(2), "split_heads", written(2, {"split_heads": body}, tmp_path / "m"))
    assert outcomes[1].state == follow.BROKE and outcomes[1].first
    assert said in outcomes[1].message
    assert {outcomes[2].state, outcomes[3].state} == {follow.NOT_REACHED}


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("_check = nn.LayerNorm(4)(torch.zeros(4))", "the code calls torch.nn.LayerNorm"),
        ("torch.get_num_threads = lambda: 1 / 0", "ZeroDivisionError"),
    ],
    ids=["forbidden", "the test's end"],
)
def test_what_breaks_before_the_first_step_or_after_the_last_is_told(last, said, trace, tmp_path):
    target = make_target(tmp_path / "mine")
    source = f"{solution(3)}\n{last}  # \x1b[31m\n"
    (target / phase(3).file).write_text(source, encoding="utf-8")
    outcomes = trace(phase(3), "PositionwiseFeedForward", target)
    broke = [outcome for outcome in outcomes.values() if outcome.state == follow.BROKE]
    assert said in broke[0].message
    assert {len(outcomes)} == {sum(len(one.steps) for one in examples_of(phase(3), "PositionwiseFeedForward"))}


def test_what_comes_instead_of_a_tensor_is_named(trace, tmp_path):
    outcomes = trace(
        phase(2),
        "scaled_dot_product_attention",
        written(2, {"scaled_dot_product_attention": "x = query"}, tmp_path / "m"),
    )
    assert "returned None (is a `return` missing?), not 2 results" in outcomes[1].message
    body = "return query, None"  # (output, weights)
    outcomes = trace(
        phase(2), "scaled_dot_product_attention", written(2, {"scaled_dot_product_attention": body}, tmp_path / "n")
    )
    assert outcomes[1].message == "weights is None (is a `return` missing?)"


# -- how it is printed ----------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command in this process, 80 columns wide; returns its status and what it printed."""
    monkeypatch.setenv("COLUMNS", "80")

    def run_it(*arguments):
        status = commands.run("trace", [str(word) for word in arguments])
        return status, capsys.readouterr().out

    return run_it


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_values_stand_beside_the_lessons_within_80_columns(lang, run):
    status, said = run(4, "Transformer", "--target", "solutions", "--lang", lang)
    assert status == 0
    assert max(cell_len(line) for line in said.splitlines()) <= 80
    yours, lesson = ("yours", "lesson") if lang == "en" else ("あなたの値", "レッスンの値")
    head = next(line for line in said.splitlines() if yours in line)
    column = cell_len(head[: head.index(lesson)])
    assert f"{'     -2  5':{column}}-2  5" in said
    assert "(2, 7, 8)" in said


def test_the_first_difference_is_marked_with_what_to_look_at(run, tmp_path):
    target = by_id("attention-not-scaled").write(tmp_path / "mine")
    status, said = run(2, "scaled_dot_product_attention", "--target", target)
    assert status == 1
    lines = said.splitlines()
    place = next(number for number, line in enumerate(lines) if "first difference" in line)
    assert "✗  2 scores" in lines[place - 1] + lines[place]
    assert re.search(r"2 0 4 +1 0 2", said)
    assert "Look at: query @ key^T is (2, 0, 4); divide it by sqrt(d_k) = 2" in said
    assert said.count("first difference") == 2  # at the step, and in the last line
    assert "the first difference is step 2, scores" in " ".join(lines[-3:])


def test_signs_stand_where_the_encoding_lacks_them(tmp_path):
    target = by_id("attention-not-scaled").write(tmp_path / "mine")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "grader.py", "trace", "2", "scaled_dot_product_attention", "--target", target],
        cwd=PROJECT, capture_output=True, timeout=60, check=False, env=env,
    )  # fmt: skip
    said = done.stdout.decode("ascii")
    assert done.returncode == 1, done.stderr.decode()
    assert "  x  2 scores" in said and " ok  1 sum" in said
    assert "?" not in said


def test_what_the_code_printed_is_shown(run, tmp_path):
    target = written(1, {"position_shift_matrix": "print('offset', offset)\nreturn torch.eye(d_model)"}, tmp_path / "m")
    status, said = run(1, "position_shift_matrix", "--target", target)
    assert status == 1
    assert "Your code printed:\n    offset 1\n" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "mine/phase3_layers.py is missing"),
        ("def broken(:\n", "mine/phase3_layers.py:1 is not valid Python"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(source, said, run, tmp_path):
    (tmp_path / "mine").mkdir()
    if source is not None:
        (tmp_path / "mine" / phase(3).file).write_text(source, encoding="utf-8")
    status, told = run(3, "LayerNorm", "--target", tmp_path / "mine")
    assert status == 1
    assert said in " ".join(told.split())


@pytest.mark.parametrize(("arguments", "named"), [([], "PHASE"), (["7"], "'7'"), (["2", "LayerNorm"], "its tasks are")])
def test_bad_usage_is_status_2(arguments, named, capsys):
    with pytest.raises(SystemExit) as ended:
        commands.run("trace", arguments)
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_a_stack_of_matrices_is_shown_whole_or_said_to_have_more():
    assert values.written(np.arange(4).reshape(2, 1, 2), 34) == ["[0] 0 1", "[1] 2 3"]
    assert values.written(np.zeros((1, 1, 2)), 34) == ["0 0"]
    tall = np.zeros((3, 4, 2))
    assert values.written(tall, 34)[0] == "[0] 0 0" and values.written(tall, 34)[-1] == "…"
    other = tall.copy()
    other[2, 1, 0] = 1.0
    assert values.written(other, 34, tall)[0] == "[2] 0 0"


def test_a_large_matrix_takes_no_longer_than_what_is_shown_of_it(monkeypatch):
    looked, real = [], values._are_whole
    monkeypatch.setattr(values, "_are_whole", lambda part: (looked.append(part.size), real(part))[1])
    lines = values.written(torch.full((1, 1, 500, 500), 0.3), 34)
    assert lines[0].startswith("0.3000 0.3000") and lines[-1] == "…"
    assert len(looked) == 1 and looked[0] < 500


def test_nothing_is_asked_of_an_object_that_is_written():
    class Asked(Handle):
        def __len__(self):
            raise AssertionError

        __iter__ = __getitem__ = __bool__ = __eq__ = __len__

    came = Asked(None, 1, "Odd", 0, None)
    for value in (came, [came, 1], (1, [came])):
        assert values.shape_of(value) == ""
        assert len(values.written(value, 34)) == 1
        assert all(values.difference(value, expected) for expected in (None, "a", ["a"], [1.0], Raises("ValueError")))
    assert values.written(came, 34) == ["an Odd"]


def test_a_wide_tensor_is_cut_where_it_differs():
    wanted = torch.arange(2 * 30 * 40.0).reshape(2, 30, 40)
    came = wanted.clone()
    came[1, 20, 33] = 7.0
    lines = values.written(came, 34, wanted)
    assert all(cell_len(line) <= 34 for line in lines)
    assert any(re.search(r"\b7\b", line) for line in lines)
    assert lines[1].startswith("[1] ") and any("…" in line for line in lines)


def test_lines_that_are_joined_speak_to_no_ci(monkeypatch):
    message = "\n".join(printable(line) for line in (")" * 75 + "::error", "title=x::hello"))
    outcome = follow.Outcome(None, follow.BROKE, message=message)
    assert "::error" in message
    assert "::error" not in table._why(outcome, "merge_heads", "en")
    error = ValueError(")" * 75 + "::error\ntitle=x::hello")
    assert "::error" not in show._reason(error, COURSE[0], REFERENCE, "a.png", "en")


@pytest.mark.parametrize(
    ("came", "expected", "why"),
    [
        (torch.tensor([1.0, 2.00001]), [1, 2], ""),
        (torch.tensor([1.0, 2.1]), [1, 2], "other numbers"),
        (torch.tensor([1.0, float("nan")]), [1, 2], "other numbers"),
        (torch.zeros(2, 1), [0, 0], "shape (2, 1)"),
        (torch.tensor([1.0, 0.0]), [True, False], "dtype float64"),
        (None, [1], "None (is a `return` missing?)"),
        ("a, b", "a, b", ""),
        (["a"], ["b"], "another value"),
        (3, Raises("ValueError"), "no exception"),
    ],
)
def test_what_differs_is_found(came, expected, why):
    assert values.difference(came, expected) == why
