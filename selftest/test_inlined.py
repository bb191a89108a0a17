"""Attention may be written out inside ``MultiHeadAttention`` instead of called: its mistakes are named there, too."""

from __future__ import annotations

import pytest

from kata.grading.session_client import WarmSession
from kata.results import PASSED
from kata.session_protocol import Diagnosed
from selftest.session_events import results_of
from selftest.submissions import phase, solution, with_bodies

WRITTEN_OUT = """\
B, L, d = query.shape
d_k = d // self.num_heads
q = self.w_q(query).view(B, L, self.num_heads, d_k).transpose(1, 2)
k = self.w_k(key).view(B, -1, self.num_heads, d_k).transpose(1, 2)
v = self.w_v(value).view(B, -1, self.num_heads, d_k).transpose(1, 2)
scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(d_k)
if mask is not None:
    scores = scores.masked_fill(mask == 0, -1e9)
weights = torch.softmax(scores, dim=-1)
if mask is not None:
    weights = weights.masked_fill(mask == 0, 0.0)
output = torch.matmul(weights, v).transpose(1, 2).contiguous().view(B, L, d)
return self.w_o(output), weights"""

MADE = {
    "attention-not-scaled": (" / math.sqrt(d_k)", ""),
    "attention-divided-by-d-k": (" / math.sqrt(d_k)", " / d_k"),
    "mask-lets-forbidden-rows-share": ("weights = weights.masked_fill(mask == 0, 0.0)", "pass"),
    "mask-zeroes-the-scores": (
        "scores = scores.masked_fill(mask == 0, -1e9)\nweights = torch.softmax(scores, dim=-1)\nif mask is not None:\n"
        "    weights = weights.masked_fill(mask == 0, 0.0)",
        "scores = scores.masked_fill(mask == 0, -1e-9)\nweights = torch.softmax(scores, dim=-1)",
    ),
    "heads-merged-by-reshape-alone": (".transpose(1, 2).contiguous().view(B, L, d)", ".reshape(B, L, d)"),
}


@pytest.fixture(scope="module")
def session():
    with WarmSession([phase(2)]) as warm:
        yield warm


def grade(session, folder, body):
    folder.mkdir()
    source = with_bodies(solution(2), {"MultiHeadAttention.forward": body})
    (folder / phase(2).file).write_text(source, encoding="utf-8")
    return list(session.run(phase(2).id, folder, ["MultiHeadAttention"]))


@pytest.mark.timeout(240)
def test_attention_that_is_written_out_passes(session, tmp_path):
    assert {result.state for result in results_of(grade(session, tmp_path / "mine", WRITTEN_OUT))} == {PASSED}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("known", MADE)
def test_a_mistake_in_it_has_its_name(session, tmp_path, known):
    old, new = MADE[known]
    assert WRITTEN_OUT.count(old) == 1
    events = grade(session, tmp_path / "mine", WRITTEN_OUT.replace(old, new))
    assert [event.ids for event in events if isinstance(event, Diagnosed)] == [[known]]
