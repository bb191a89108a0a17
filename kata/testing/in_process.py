"""What the suites see of a submission: ``phase2.split_heads(x, 4)``.

A suite never imports what it tests. It is given, for every phase, an object whose attributes are those of the
phase's module, and ``in_guest``, whose attributes are helper modules that must live beside the submission (fake
models, recording optimizers). Here both are in this process, so that ``--pdb`` and tracebacks work;
``sandbox.host.submission`` gives the same from behind the wall.
"""

from __future__ import annotations

import importlib
import zlib
from pathlib import Path
from typing import Any

import torch

from ..sandbox import fast_start
from ..sandbox.guest.global_state import GlobalState
from ..sandbox.loader import MissingName, VirtualPackage, package_for
from ..source.files import display_path


class DirectSubmission:
    """A submission in this process.

    Args:
        target: its folder.
        reference: folder of the phases that are not under test.
        assembled: take all phases from ``target``.
    """

    def __init__(self, target: Path, reference: Path, assembled: bool) -> None:
        # One thread is steady; two on a busy machine can be twenty times slower.
        torch.set_num_threads(1)
        fast_start.install_light_dynamo()
        self._target, self._reference, self._assembled = target, reference, assembled
        self._packages: dict[str, VirtualPackage] = {}
        self._state = GlobalState()
        self.in_guest = HelpersHere()

    def phase(self, under_test: str, phase_id: str) -> PhaseUnderTest:
        """A phase as the suite of ``under_test`` sees it; an empty ``under_test`` is the assembled suite."""
        if under_test not in self._packages:
            together = self._assembled or not under_test
            self._packages[under_test] = package_for(under_test, self._target, self._reference, together)
        return PhaseUnderTest(self._packages[under_test], phase_id)

    changed_inputs = False
    """Whether an argument was changed in place; only the wall notices."""

    recording: Any = None
    """Takes note of answers; only the wall has any."""

    def begin(self, under_test: str, seed: int, limit: float, writes_back: bool = True) -> None:
        """A test begins; in this process whatever the code changes in place is changed."""
        self._state.begin(seed)

    def end(self) -> str:
        """A test ends; which global settings it left changed."""
        return self._state.end()

    def seed(self, value: int) -> None:
        """Seed torch where the submission runs."""
        self._state.seed(value)

    def take_output(self) -> str:
        """What the submission printed during the test; here pytest captures it."""
        return ""

    def held(self) -> list[str] | None:
        """What the wall held back; there is none."""
        return None

    def close(self) -> None:
        """Forget all packages."""
        for package in self._packages.values():
            package.close()


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


class HelpersHere:
    """The helper modules under ``tests/support/in_guest``, beside the submission: ``in_guest.fakes.TableModel``."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return importlib.import_module(f"tests.support.in_guest.{name}")


def generator_for(seed: int, name: str) -> torch.Generator:
    """The random numbers of the test called ``name``."""
    return torch.Generator().manual_seed(seed_for(seed, name))


def seed_for(seed: int, name: str) -> int:
    """A seed of its own for every test, the same on every machine and in any order of tests."""
    return zlib.crc32(f"{seed}:{name}".encode())
