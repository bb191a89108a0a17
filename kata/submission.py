"""What the suites see of a submission: ``phase2.split_heads(x, 4)``.

A suite never imports what it tests. It is given, for every phase, an object whose attributes are those of the
phase's module, and ``stage``, whose attributes are helper modules that must live beside the submission
(fake models, recording optimizers). Here both are in this process, so that ``--pdb`` and tracebacks work.
"""

from __future__ import annotations

import importlib
import random
import zlib
from pathlib import Path
from typing import Any

import torch

from .loading import MissingName, VirtualPackage, display_path


class PhaseUnderTest:
    """A phase's module as a suite sees it; the module is loaded when a name is first asked for."""

    def __init__(self, package: VirtualPackage, phase_id: str) -> None:
        self._package = package
        self._phase_id = phase_id

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        module = self._package.load(self._phase_id)
        try:
            return getattr(module, name)
        except AttributeError:
            path = display_path(self._package.path_of(self._phase_id))
            raise MissingName(f"{path} does not define {name!r}: was it renamed or deleted?") from None


class Stage:
    """The helper modules under ``tests/stage``, loaded beside the submission: ``stage.fakes.TableModel``."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return importlib.import_module(f"tests.stage.{name}")


def seed_for(seed: int, name: str) -> int:
    """A seed of its own for every test, the same on every machine and in any order of tests."""
    return zlib.crc32(f"{seed}:{name}".encode())


class GlobalState:
    """Watch that a submission leaves torch's global settings as they are (course contract)."""

    def __init__(self) -> None:
        self._seeded: int | None = None

    def seed(self, value: int) -> None:
        """Seed torch on behalf of the test."""
        self._seeded = value
        torch.manual_seed(value)

    def begin(self, value: int) -> None:
        """Remember the settings and start the test with its own seed."""
        self._before = self._settings()
        random.seed(value)
        self.seed(value)

    def end(self) -> str:
        """Put the settings back; return what had changed, or an empty string."""
        after = self._settings()
        changed = [name for name in after if after[name] != self._before[name]]
        if torch.initial_seed() != self._seeded:
            changed.append("the seed of torch's random numbers")
        torch.set_default_dtype(self._before["the default dtype"])
        torch.set_grad_enabled(self._before["the gradient mode"])
        torch.set_num_threads(self._before["the number of threads"])
        torch.use_deterministic_algorithms(self._before["deterministic algorithms"])
        torch.autograd.set_detect_anomaly(self._before["anomaly detection"])
        if "the default device" in changed:
            torch.set_default_device(self._before["the default device"])
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


def folders_of(target: Path, reference: Path) -> list[Path]:
    """Folders whose lines are worth pointing at in a message, the target's before the reference's."""
    return [target] if target == reference else [target, reference]
