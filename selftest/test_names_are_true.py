"""Mistakes that were met in public code: what is said of them is true, or nothing is said."""

from __future__ import annotations

import pytest

from kata.results import FAILED, PASSED
from selftest.submissions import replaced, solution, with_bodies
from selftest.test_second_try import grade, session  # noqa: F401 (a fixture)

pytestmark = pytest.mark.timeout(240)

CROSS, SELF = "self.cross_attention(x, memory, memory, memory_mask)", "self.self_attention(x, x, x, self_mask)"

CRASHES = {
    "the cross-attention gets the target's mask": (
        4, {}, [(CROSS, "self.cross_attention(x, memory, memory, self_mask)")], "DecoderLayer",
        "decoder-layer-self-mask-in-both"
    ),
    "the keys of the cross-attention are the target's": (
        4, {}, [(CROSS, "self.cross_attention(x, x, memory, memory_mask)")], "DecoderLayer",
        "decoder-layer-keys-from-the-decoder",
    ),
    "the mean over another dimension": (
        3,
        {"LayerNorm.forward": "mean = x.mean(1)\nvariance = x.var(-1, unbiased=False, keepdim=True)\n"
         "return (x - mean) / (variance + self.eps).sqrt() * self.weight + self.bias"},
        [], "LayerNorm", "layer-norm-mean-over-dimension-1-without-keepdim",
    ),
    "masks exchanged": (
        4, {},
        [(CROSS, CROSS.replace("memory_mask", "self_mask")), (SELF, SELF.replace("self_mask", "memory_mask"))],
        "DecoderLayer", "decoder-layer-masks-swapped",
    ),
}  # fmt: skip
"""Number of the phase, bodies, edits of the solution, the task, and what may be named at most."""


@pytest.mark.parametrize("case", CRASHES)
def test_a_crash_is_named_only_for_what_it_is(session, tmp_path, case):  # noqa: F811
    number, bodies, edits, task, name = CRASHES[case]
    source = with_bodies(solution(number), bodies)
    for find, new in edits:
        source = replaced(source, find, new)
    score = grade(session, number, source, tmp_path / "mine")[task]
    assert score.state == FAILED
    assert list(score.diagnoses) == ([name] if name else [])


HELPERS = {
    "a padding mask that allows all": (
        5, {"padding_mask": "return torch.ones_like(tokens, dtype=torch.bool)[:, None, None, :]"}, "decoder_mask"
    ),
    "a look-ahead mask of numbers": (
        5, {"look_ahead_mask": "return torch.ones(1, 1, length, length, device=device).tril()"}, "decoder_mask"
    ),
    "another constant in the length penalty": (
        6, {"length_penalty": "return ((6 + length) / 6) ** alpha"}, "beam_search"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HELPERS)
def test_what_is_right_is_not_told_its_helper_s_mistake(session, tmp_path, case):  # noqa: F811
    number, bodies, task = HELPERS[case]
    scores = grade(session, number, with_bodies(solution(number), bodies), tmp_path / "mine")
    assert (scores[task].state, scores[task].diagnoses) == (PASSED, ())
    assert scores[task].passed_given == tuple(bodies)


TOGETHER = {
    "the best-known layer norm": (
        3,
        {"LayerNorm.forward": "mean = x.mean(-1, keepdim=True)\n"
         "return self.weight * (x - mean) / (x.std(-1, keepdim=True) + self.eps) + self.bias"},
        "LayerNorm", {"layer-norm-unbiased-variance", "layer-norm-eps-outside-the-root"},
    ),
    "heads without mask, and an assertion": (
        2,
        {"MultiHeadAttention.forward": "q, k, v = (split_heads(w(x), self.num_heads) for w, x in "
         "((self.w_q, query), (self.w_k, key), (self.w_v, value)))\n"
         "heads, weights = scaled_dot_product_attention(q, k, v)\nreturn self.w_o(merge_heads(heads)), weights",
         "MultiHeadAttention.__init__": "super().__init__()\nassert d_model % num_heads == 0\n"
         "self.num_heads = num_heads\nself.w_q = nn.Linear(d_model, d_model)\nself.w_k = nn.Linear(d_model, d_model)\n"
         "self.w_v = nn.Linear(d_model, d_model)\nself.w_o = nn.Linear(d_model, d_model)"},
        "MultiHeadAttention", {"heads-without-mask"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOGETHER)
def test_two_mistakes_in_one_task_are_both_named(session, tmp_path, case):  # noqa: F811
    number, bodies, task, names = TOGETHER[case]
    score = grade(session, number, with_bodies(solution(number), bodies), tmp_path / "mine")[task]
    assert names <= set(score.diagnoses), score
