"""Hypothesis strategies: sizes that are pairwise distinct, and seeded generators for tensors."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import settings
from hypothesis import strategies as st

few = settings(max_examples=6)
"""For tests that build whole stacks in every example: a learner waits for them."""


def generators() -> st.SearchStrategy[torch.Generator]:
    """A fresh ``torch.Generator`` with a drawn seed."""
    return st.integers(0, 2**31 - 1).map(lambda seed: torch.Generator().manual_seed(seed))


@st.composite
def sizes(draw: Any, count: int, low: int = 2, high: int = 7) -> tuple[int, ...]:
    """``count`` pairwise distinct sizes from ``low`` to ``high``.

    Distinct, so that an answer with two dimensions exchanged has the wrong shape or the wrong values.
    """
    return tuple(draw(st.permutations(range(low, high + 1)))[:count])


@st.composite
def head_sizes(draw: Any, low: int = 2, high: int = 5) -> tuple[int, int, int]:
    """``(num_heads, d_k, d_model)``, the three pairwise distinct and ``d_model = num_heads * d_k``."""
    num_heads, d_k = draw(sizes(2, low, high))
    return num_heads, d_k, num_heads * d_k
