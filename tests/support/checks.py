"""How suites judge: each check goes in stages and fails with one short paragraph.

A message says what was expected, what came, where they first differ, and (``why``) what to look at.
"""

from __future__ import annotations

import math
from typing import Any, Iterable, Mapping

import numpy as np
import torch
from torch import Tensor

TOLERANCE = {torch.float64: 1e-9, torch.float32: 2e-5, torch.float16: 5e-3, torch.bfloat16: 3e-2}
"""Largest accepted ``|got - expected| / (1 + |expected|)``, by the dtype of what came."""


class NoExpectation(Exception):
    """What a result would be compared with is infinite or NaN: everything is close to that, or nothing is."""


def kind_of(value: Any) -> str:
    """What a value is, in words: ``a list``, ``a Tensor``."""
    name = getattr(value, "_kata_type", None) or type(value).__name__
    return f"an {name}" if name[:1] in "aeiouAEIOU" else f"a {name}"


def fail(message: str, why: str = "") -> None:
    """Fail with ``message`` and, on a line of its own, what to look at."""
    raise AssertionError(f"{message}\n  look at: {why}" if why else message)


def expect_shape(got: Any, shape: Iterable[int], label: str, why: str = "") -> None:
    """``got`` is a tensor of this shape.

    Args:
        got: what the submission returned.
        shape: the expected shape.
        label: what ``got`` is, as in ``"the output of forward"``.
        why: what to look at if it is not so.
    """
    shape = tuple(shape)
    if got is None:
        fail(f"{label}: None instead of a tensor of shape {shape}; is a `return` missing?", why)
    if not isinstance(got, Tensor):
        fail(f"{label}: {kind_of(got)} instead of a tensor of shape {shape}", why)
    if tuple(got.shape) != shape:
        fail(f"{label}: wrong shape\n  expected: {shape}\n  got:      {tuple(got.shape)}", why)


def expect_dtype(got: Tensor, dtype: torch.dtype, label: str, why: str = "") -> None:
    """``got`` is of this dtype."""
    if got.dtype != dtype:
        why = why or "follow the dtype of the inputs; do not create tensors of another dtype on the way"
        fail(f"{label}: wrong dtype\n  expected: {dtype}\n  got:      {got.dtype}", why)


def expect_close(
    got: Any,
    expected: Any,
    label: str,
    why: str = "",
    dtype: torch.dtype | None = None,
    tolerance: float | None = None,
) -> None:
    """``got`` is a tensor with these values: shape, then dtype, then numbers.

    Args:
        got: what the submission returned.
        expected: a tensor, or an array or number in float64.
        label: what ``got`` is.
        why: what to look at if the values are wrong.
        dtype: the expected dtype; by default that of ``expected`` if it is a tensor, else any.
        tolerance: largest accepted ``|got - expected| / (1 + |expected|)``; by default from the dtype.
    """
    if isinstance(expected, Tensor):
        dtype = dtype or expected.dtype
        expected = expected.detach().to(torch.float64).cpu().numpy()
    expected = np.asarray(expected, dtype=np.float64)
    if not np.isfinite(expected).all():
        raise NoExpectation(f"{label}: what is expected is not finite")
    expect_shape(got, expected.shape, label)
    if dtype is not None:
        expect_dtype(got, dtype, label)
    if not got.dtype.is_floating_point:
        fail(f"{label}: {got.dtype} instead of floating point numbers")
    allowed = TOLERANCE[got.dtype] if tolerance is None else tolerance
    values = got.detach().to(torch.float64).cpu().numpy()
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(values - expected) <= allowed * (1.0 + np.abs(expected)))
    if wrong.any():
        _report_difference(values, expected, wrong, label, why)


def expect_equal(got: Any, expected: Tensor, label: str, why: str = "") -> None:
    """``got`` is a tensor of booleans or whole numbers equal to ``expected``: shape, dtype, values."""
    expect_shape(got, expected.shape, label)
    expect_dtype(got, expected.dtype, label, why=f"{label} must be {expected.dtype}")
    wrong = (got.detach().cpu() != expected.cpu()).numpy()
    if wrong.any():
        _report_difference(got.detach().cpu().numpy(), expected.cpu().numpy(), wrong, label, why)


def _report_difference(got: np.ndarray, expected: np.ndarray, wrong: np.ndarray, label: str, why: str) -> None:
    """Fail, showing the first of the wrong entries."""
    index = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
    nan = " (some are NaN)" if got.dtype.kind == "f" and np.isnan(got).any() and not np.isnan(expected).any() else ""
    summary = f"wrong value{nan}"
    if wrong.ndim:
        place = "[" + ", ".join(map(str, index)) + "]"
        count = f"{int(wrong.sum())} of {wrong.size} values wrong{nan}"
        summary = f"{count}, the first at {place} of shape {tuple(got.shape)}"
    fail(
        f"{label}: {summary}\n  expected: {_number(expected[index])}\n  got:      {_number(got[index])}",
        why,
    )


def expect_number(got: Any, expected: float, label: str, why: str = "", tolerance: float = 1e-9) -> None:
    """``got`` is a plain Python number (not a tensor) within a relative ``tolerance`` of ``expected``."""
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        fail(f"{label}: {kind_of(got)} instead of a plain Python number", why)
    if not math.isfinite(expected):
        raise NoExpectation(f"{label}: what is expected is not finite")
    if not math.isclose(got, expected, rel_tol=tolerance, abs_tol=tolerance * 1e-3):
        fail(f"{label}: wrong value\n  expected: {_number(expected)}\n  got:      {_number(got)}", why)


def expect_same(got: Any, expected: Any, label: str, why: str = "") -> None:
    """``got`` equals ``expected``: plain values (numbers, strings, lists, tuples), not tensors."""
    if type(got) is not type(expected) or got != expected:
        fail(f"{label}: wrong value\n  expected: {expected!r}\n  got:      {got!r}", why)


def expect_that(condition: bool, label: str, why: str = "") -> None:
    """A statement about the result holds; ``label`` says what is wrong if it does not."""
    if not condition:
        fail(label, why)


def expect_pair(got: Any, label: str, names: str = "output, weights") -> tuple[Any, Any]:
    """``got`` is a pair; returns its two parts.

    Args:
        got: what the submission returned.
        label: what was called, as in ``"scaled_dot_product_attention(query, key, value)"``.
        names: what the two parts are.
    """
    if got is None:
        fail(f"{label} returns None, expected the pair ({names}): is a `return` missing?")
    if not isinstance(got, (tuple, list)):
        fail(f"{label} returns {kind_of(got)}, expected the pair ({names})", f"end with `return {names}`")
    if len(got) != 2:
        fail(f"{label} returns {len(got)} things, expected the pair ({names})", f"end with `return {names}`")
    return got[0], got[1]


def expect_finite(got: Tensor, label: str, why: str = "") -> None:
    """No entry of ``got`` is NaN or infinite."""
    if not bool(torch.isfinite(got).all()):
        kind = "NaN" if bool(torch.isnan(got).any()) else "infinite"
        bad = (~torch.isfinite(got)).nonzero()[0].tolist()
        fail(f"{label} is {kind}" + (f" at {bad}; shape {tuple(got.shape)}" if got.dim() else ""), why)


def expect_gradients(
    output: Tensor,
    inputs: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    label: str,
    why: str = "",
    tolerance: float | None = None,
) -> None:
    """The gradients of ``(output * probe).sum()`` have these values.

    ``probe`` is ``probe_like(output)``: a sum with equal weights would hide errors that cancel.

    Args:
        output: what the submission computed from ``inputs``.
        inputs: name to tensor; every one of them must have influenced ``output``.
        expected: name to gradient.
        label: what ``output`` is.
        why: what to look at.
        tolerance: as in ``expect_close``.
    """
    if not output.requires_grad:
        fail(f"{label} carries no gradient", why or "a .detach(), .data, .item() or no_grad on the way cuts it")
    got = torch.autograd.grad(
        (output * probe_like(output)).sum(), list(inputs.values()), allow_unused=True, retain_graph=True
    )
    for name, gradient in zip(inputs, got):
        if gradient is None:
            fail(f"{name} gets no gradient from {label}", why or f"{name} is unused, or the graph is cut on the way")
        expect_close(gradient, expected[name], f"the gradient of {name}", why, tolerance=tolerance)


def probe_like(output: Tensor) -> Tensor:
    """Fixed, unequal weights from -1 to 1 of the shape of ``output``, the same at every call."""
    ramp = torch.arange(output.numel(), dtype=torch.float64) * 0.7548776662466927
    return (2.0 * (ramp % 1.0) - 1.0).reshape(output.shape).to(output)


def _number(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return f"{float(value) + 0.0:.6g}"  # 0, not -0


def expect_raises(kind: type[BaseException], call: Any, label: str, mentions: Iterable[Any] = ()) -> None:
    """``call()`` raises ``kind``, and the message mentions certain numbers or words.

    Args:
        kind: the expected exception.
        call: what to call, without arguments.
        label: what is called and with what, as in ``"MultiHeadAttention(10, 4)"``.
        mentions: each must occur in the message.
    """
    try:
        call()
    except NotImplementedError:
        raise
    except kind as error:
        missing = [str(word) for word in mentions if str(word) not in str(error)]
        if missing:
            fail(
                f"{label} raises {kind.__name__} without naming {' and '.join(missing)}: its message is {str(error)!r}"
            )
        return
    except Exception as error:
        error.__dict__["kata_expected"] = _expected_error(kind, mentions)
        raise
    fail(f"{label} returned normally\n  expected: {_expected_error(kind, mentions)}")


def _expected_error(kind: type[BaseException], mentions: Iterable[Any]) -> str:
    """``a ValueError whose message names 8 and 7``."""
    named = " and ".join(map(str, mentions))
    return f"a {kind.__name__}" + (f" whose message names {named}" if named else "")
