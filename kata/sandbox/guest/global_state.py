"""Watch that a submission leaves torch's global settings as they are (course contract)."""

from __future__ import annotations

import random
from typing import Any, Callable

import torch

RESTORE: dict[str, Callable[[Any], Any]] = {
    "the default dtype": torch.set_default_dtype,
    "the default device": lambda device: torch.set_default_device(device),
    "the gradient mode": torch.set_grad_enabled,
    "the number of threads": torch.set_num_threads,
    "deterministic algorithms": torch.use_deterministic_algorithms,
    "anomaly detection": torch.autograd.set_detect_anomaly,
}
"""How each setting is put back."""


class GlobalState:
    """The settings as they were when a test began."""

    def __init__(self) -> None:
        self._seeded: int | None = None
        self.grad_mode_changed = False

    def seed(self, value: int) -> None:
        """Seed torch on behalf of the test."""
        self._seeded = value
        # torch.manual_seed would queue a call for a GPU that nobody has asked for, with its traceback, every time.
        torch.default_generator.manual_seed(value)

    def begin(self, value: int) -> None:
        """Remember the settings and start the test with its own seed."""
        self._before = self._settings()
        self.grad_mode_changed = False
        random.seed(value)
        self.seed(value)

    def end(self) -> str:
        """Put the settings back; return what had changed, or an empty string."""
        after = self._settings()
        changed = [name for name in after if after[name] != self._before[name]]
        if self.grad_mode_changed and "the gradient mode" not in changed:
            changed.append("the gradient mode")
        if torch.initial_seed() != self._seeded:
            changed.append("the seed of torch's random numbers")
        # Only what has changed is put back: some of the setters import a second's worth of modules.
        for name in changed:
            if name in RESTORE:
                RESTORE[name](self._before[name])
        return ", ".join(changed)

    @staticmethod
    def _settings() -> dict[str, Any]:
        return {
            "the default dtype": torch.get_default_dtype(),
            "the default device": torch.empty(0).device.type,
            "the gradient mode": torch.is_grad_enabled(),
            "the number of threads": torch.get_num_threads(),
            "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
            "anomaly detection": torch.is_anomaly_enabled(),
        }
