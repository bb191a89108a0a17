"""Call ``make_batch`` beside the submission, where it holds the caller's own lists and not copies of them."""

from __future__ import annotations

from typing import Any, Callable


def lists_after(make_batch: Callable[..., Any], pairs: list, pad_id: int, bos_id: int, eos_id: int) -> list:
    """The pairs as they are after a batch was made of them."""
    make_batch(pairs, pad_id, bos_id, eos_id)
    return pairs


def second_batch(make_batch: Callable[..., Any], pairs: list, pad_id: int, bos_id: int, eos_id: int) -> Any:
    """The second of two batches made of the same lists."""
    make_batch(pairs, pad_id, bos_id, eos_id)
    return make_batch(pairs, pad_id, bos_id, eos_id)
