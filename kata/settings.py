"""Settings that come as text, from a command line or the environment: one reading for every program of the project."""

from __future__ import annotations

import argparse
import os
import random


class BadSetting(Exception):
    """A variable of the environment holds what it may not; the message names both and the way out."""


def seed_option(text: str) -> int:
    """``"7"`` or ``"random"`` to a number, for argparse and pytest alike.

    Raises:
        argparse.ArgumentTypeError: if it is neither, or negative.
    """
    if text == "random":
        return random.SystemRandom().randrange(1, 2**31)
    try:
        seed = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a whole number nor `random`") from None
    if seed < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative; seeds count from 0")
    return seed


def jobs(most: int, cores_each: int = 1) -> int:
    """How many processes work side by side: ``KATA_JOBS`` in the environment, or as the cores allow, ``most`` at most.

    Args:
        most: the most that make sense.
        cores_each: how many cores one of them keeps busy.

    Raises:
        BadSetting: if KATA_JOBS is no whole number of 0 or more (0 is for: as many as there are cores).
    """
    text = os.environ.get("KATA_JOBS", "").strip() or "0"
    if not (text.isascii() and text.isdigit()):
        raise BadSetting(f"KATA_JOBS={text}: set it to a whole number such as 2, or leave it out")
    return int(text) or max(1, min((os.cpu_count() or 1) // cores_each, most))
