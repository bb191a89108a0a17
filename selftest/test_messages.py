"""A message shows what a learner needs: the call to paste, who called wrongly, which exception was asked for."""

from __future__ import annotations

import pytest
import torch

from kata.grading.session_client import WarmSession
from kata.sandbox.host import calls
from kata.sandbox.host.handles import Handle
from selftest.session_events import results_of
from selftest.submissions import make_target, phase, replaced, solution, with_bodies

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def session():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KATA_TEST_TIMEOUT", "10")
        with WarmSession([phase(number) for number in (1, 2, 5)]) as warm:
            yield warm


def messages(session, folder, number, source, task):
    """What the tests of a task say that do not pass."""
    target = make_target(folder)
    (target / phase(number).file).write_text(source, encoding="utf-8")
    events = session.run(phase(number).id, target, [task], diagnose=False)
    return [result.message for result in results_of(events) if result.message]


def test_a_missing_check_is_told_with_the_exception_that_was_asked_for(session, tmp_path):
    source = with_bodies(solution(1), {"PositionalEncoding.forward": "return self.dropout(x + self.pe[: x.size(1)])"})
    told = messages(session, tmp_path / "mine", 1, source, "PositionalEncoding")
    [message] = [text for text in told if "max_len=7" in text]
    assert "raises RuntimeError at mine/phase1_embedding.py:" in message
    assert "expected: a ValueError whose message names 8 and 7" in message
    assert "the test's call: PositionalEncoding(4, dropout=0.0, max_len=7)(x)  # x: float32 (2, 8, 4)" in message


def test_an_assertion_without_a_message_is_told_with_the_exception_that_was_asked_for(session, tmp_path):
    source = replaced(solution(5), "    if step < 1:\n", "    assert step >= 1\n    if step < 1:\n")
    message = messages(session, tmp_path / "mine", 5, source, "noam_learning_rate")[0]
    assert "raises AssertionError" in message
    assert "(`assert step >= 1`): (no message)" in message
    assert "expected: a ValueError" in message
    assert "the test's call: noam_learning_rate(0, 512, 4000)" in message


def test_a_wrong_call_is_told_with_the_line_that_made_it(session, tmp_path):
    source = replaced(solution(2), "self.w_q(query), self.num_heads)", "self.w_q(query), self.num_heads + 1)")
    told = messages(session, tmp_path / "mine", 2, source, "MultiHeadAttention")
    assert "in split_heads" in told[0]
    assert "called at mine/phase2_attention.py:" in told[0]
    assert "(`q = split_heads(self.w_q(query), self.num_heads + 1)" in told[0]


def test_an_endless_loop_is_told_with_its_line(session, tmp_path):
    source = with_bodies(solution(1), {"position_shift_matrix": "while True:\n    pass"})
    target = make_target(tmp_path / "mine")
    (target / phase(1).file).write_text(source, encoding="utf-8")
    events = session.run(phase(1).id, target, ["position_shift_matrix"], stop_at_loss=True, diagnose=False)
    [result] = results_of(events)
    assert result.state == "error"
    assert result.message.startswith("no answer after")
    assert "in position_shift_matrix (`" in result.message
    assert result.message.endswith("Is there an endless loop?")


def call(name, *given, **named):
    made = {"op": "phase", "name": name}
    function = Handle(None, 1, "function", 1, made)
    return {"op": "call", "object": function, "method": None, "args": list(given), "kwargs": named}


X = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (call("merge_heads", X), "merge_heads(x)  # x: float32 (2, 3)"),
        (call("attend", X, X, mask=X > 0), "attend(x, x, mask=mask)  # x: float32 (2, 3), mask: bool (2, 3)"),
        (call("pad", X.long(), [1] * 99), "pad(tokens, [...])  # tokens: int64 (2, 3)"),
        (call("f" * 200), ""),
        ({"op": "getattr", "object": None, "name": "p"}, ""),
    ],
)
def test_a_call_is_written_as_code(request_, expected):
    assert calls.written(request_) == expected
