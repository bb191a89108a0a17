"""``train --with-reference``: the learner's finished phases learn within the reference; a goal ends a training."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kata.commands import certificate, training_report
from kata.toys.learner import Learner
from kata.toys.registry import TOYS
from kata.toys.training import Training
from selftest.submissions import make_target, replaced, solution
from selftest.test_training import TINY, learner, one_thread, tiny  # noqa: F401 (fixtures)


def history_of(folder):
    return json.loads((folder / "history.json").read_text(encoding="utf-8"))


@pytest.fixture
def mixed(tiny):  # noqa: F811
    """The folder of the trainings that the reference takes part in."""
    return tiny.folder.parent / "with-reference" / "reverse"


def test_a_goal_held_for_three_validations_ends_a_training_unless_steps_are_given(tiny, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setitem(TOYS, "reverse", replace(TINY, steps=40, goal=0.0))
    monkeypatch.setattr("kata.toys.training.QUICK", 2)
    status, out = tiny(capsys)
    assert status == 0 and "Your Transformer learned to reverse" in out and "5 unseen" in out
    history = history_of(tiny.folder)
    assert [entry["step"] for entry in history["validations"]] == [6, 12, 18]
    assert len(history["steps"]) == 18 and history["own"] == [1, 2, 3, 4, 5, 6]
    status, out = tiny(capsys, "--resume", "--lang", "ja")
    assert status == 0 and "ステップ 18 で目標" in out
    assert tiny(capsys, "--steps", "20")[0] == 0
    assert len(history_of(tiny.folder)["steps"]) == 20


def test_the_validation_that_ends_a_training_decodes_all_and_may_decide_otherwise(learner, monkeypatch):  # noqa: F811
    training = Training(learner, TINY, TINY.corpus(0), 0, "cpu")
    monkeypatch.setattr(training, "validate", lambda limit=None: {"step": training.step, "exact": float(bool(limit))})
    ended = training.run(30, lambda: False, lambda entry: None, lambda entry: None, 0.99)
    assert ended == "done"
    exact = [entry["exact"] for entry in training.history["validations"]]
    assert exact == [1.0, 1.0, 0.0, 1.0, 0.0], "the third is replaced; the last one is the last"


def test_a_named_phase_learns_within_the_reference(tiny, mixed, capsys, tmp_path):  # noqa: F811
    target = make_target(tmp_path / "target", ())
    spied = solution(2).replace("        return self.w_o(", "        type(self).mine = True\n        return self.w_o(")
    (target / "phase2_attention.py").write_text(spied, encoding="utf-8")
    own = Learner(target, training_report.COURSE[1:2])
    own.rehearse()
    assert own.phase2.MultiHeadAttention.mine, "the model did not use the learner's attention"
    own.close()
    status, out = tiny(capsys, "--with", "2", target=target)
    assert status == 0, out
    assert "Yours: phase 2. From the reference: phases 1, 3, 4, 5, 6." in out
    assert "99% of the unseen strings, was not reached" in out and "learned" not in out
    assert history_of(mixed)["own"] == [2] and not tiny.folder.exists()
    assert certificate.trainings(tiny.folder.parent) == [], "a training that is not the learner's alone"
    status, out = tiny(capsys, "--resume", "--with", "3", target=target)
    assert status == 2 and "phase 2, not phase 3" in out
    status, out = tiny(capsys, "--resume", "--with-reference", "--steps", "9", target=target)
    assert status == 0 and "Yours: phase 2." in out and "Grading" not in out
    assert len(history_of(mixed)["steps"]) == 9


@pytest.mark.timeout(300)
def test_the_finished_phases_are_those_that_the_grader_gives_all_points(tiny, mixed, capsys, tmp_path):  # noqa: F811
    target = make_target(tmp_path / "target", (1, 3))
    wrong = replaced(solution(1), "* math.sqrt(self.d_model)", "* self.d_model")
    (target / "phase1_embedding.py").write_text(wrong, encoding="utf-8")
    status, out = tiny(capsys, "--with-reference", "--lang", "ja", target=target)
    assert status == 0, out
    assert "あなたのコード: フェーズ 3。" in out
    assert history_of(mixed)["own"] == [3]


NOT_READY = [
    ("nothing finished", (), ["--with-reference"], ["No phase has all its points", "--with 2"]),
    ("a stub", (), ["--with", "2"], ["phase2_attention.py", "split_heads", "grader.py 2"]),
    ("not a pair", (2, 3), ["--with", "2-3"], ["while it worked with your phases 2, 3", "grader.py 2 3"]),
]


@pytest.mark.parametrize(("kind", "phases", "arguments", "named"), NOT_READY, ids=[kind for kind, *_ in NOT_READY])
def test_what_is_not_ready_is_status_2_and_names_the_learners_phases(
    kind, phases, arguments, named, tiny, mixed, capsys, tmp_path  # noqa: F811
):  # fmt: skip
    target = make_target(tmp_path / "target", phases)
    if kind == "not a pair":
        pair = "return self.w_o(merge_heads(heads)), weights"
        alone = replaced(solution(2), pair, pair.partition(", ")[0])
        (target / "phase2_attention.py").write_text(alone, encoding="utf-8")
    status, out = tiny(capsys, *arguments, target=target)
    assert status == 2 and "Traceback" not in out
    for text in named:
        assert text in out, out
    assert not mixed.exists()


def test_a_model_that_copied_the_answer_is_told_so_and_others_are_not(tiny, capsys, monkeypatch):  # noqa: F811
    monkeypatch.setitem(TOYS, "reverse", replace(TINY, steps=2))
    seen = {"step": 2, "loss": 0.6, "exact": 0.0, "token_accuracy": 0.99, "bleu": None, "samples": []}
    monkeypatch.setattr(Training, "validate", lambda self, limit=None: dict(seen))
    assert "see the answer while it learned" in tiny(capsys)[1]
    seen["token_accuracy"] = 0.3
    out = tiny(capsys)[1]
    assert "30.0% are right" in out and "see the answer" not in out
