"""How a guest fails a test without an exception of the submission's: it ends, or does not answer."""

from __future__ import annotations


class TestTimeout(BaseException):
    """A test ran out of time. Not an ``Exception``, so that a submission's ``except`` does not swallow it."""

    __test__ = False  # not a test class, whatever its name


class GuestDied(BaseException):
    """The process that runs the submission ended, or answered nonsense, in the middle of a test."""
