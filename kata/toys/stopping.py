"""Ctrl-C during a training: it stops between two steps, so that nothing is left half done."""

from __future__ import annotations

import signal
import threading
from typing import Any, Callable


class Stop:
    """Whether Ctrl-C was pressed. The first time asks for a stop, the second one stops at once."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell, self._asked = tell, False
        self._before: Any = None

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def _on_signal(self, number: int, frame: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._tell()

    def __exit__(self, *error: Any) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
