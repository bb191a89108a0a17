"""Aborts the process from a thread while something else runs."""

from __future__ import annotations

import os
import threading
import time

from .solved import *  # noqa: F403


def position_shift_matrix(offset, d_model):
    threading.Thread(target=os.abort, daemon=True).start()
    time.sleep(30)
