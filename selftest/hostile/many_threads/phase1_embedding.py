"""Starts three thousand threads."""

from __future__ import annotations

import threading

from .solved import *  # noqa: F403

done = threading.Event()
threading.stack_size(64 * 1024)
started = 0
try:
    for _ in range(3000):
        threading.Thread(target=done.wait, daemon=True).start()
        started += 1
except RuntimeError:
    pass
done.set()
raise RuntimeError(f"more than a thousand: {started > 1000}")
