"""Prove that no mistake is given another's name: each is diagnosed with its own entry taken out of the catalogue.

``python -m selftest.false_names [ID|TASK|PHASE ...] [--seed N] [--crashes]`` prints what was named nevertheless, and
whether all tests that failed ended in exceptions; with ``--crashes`` only such mistakes are tried.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple, Sequence

import pytest

from kata.course.phases import COURSE, PROJECT
from kata.diagnosis.diagnose import diagnose
from kata.diagnosis.fits import families_of
from kata.diagnosis.misconceptions import Misconception, of_task
from kata.diagnosis.misconceptions.fitted import Fitted
from kata.diagnosis.replay import TestBench
from kata.results import FAILED
from kata.sandbox.host.recording import Recording

from .misconceptions import chosen

MADE_OF = {
    "layer-norm-is-rms-norm": {"layer-norm-mean-not-subtracted", "layer-norm-mean-of-squares"},
    "feed-forward-relu-at-the-end-only": {"feed-forward-without-relu", "feed-forward-relu-on-the-output"},
}
"""Mistakes that are others together: to be told those, both of them, is true."""


class FalseName(NamedTuple):
    """A mistake that was given another's name.

    Attributes:
        made: id of the mistake that was made.
        named: id of the one that was named.
        crashed: whether every failed test ended in an exception of the submission's.
    """

    made: str
    named: str
    crashed: bool


class _Prover:
    """A pytest plugin that collects the suites and, instead of running them, diagnoses one mistake after another."""

    def __init__(self, wanted: Sequence[Misconception], crashes: bool) -> None:
        self._wanted, self._crashes = wanted, crashes
        self.tried = 0
        self.found: list[FalseName] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        bench = TestBench(session.config.pluginmanager.get_plugin("kata-session"), session.items)
        with tempfile.TemporaryDirectory(prefix="false-names-") as folder:
            for entry in self._wanted:
                named = self._named_without(bench, entry, entry.write(Path(folder) / entry.id))
                self.found += named
        return True

    def _named_without(self, bench: Any, entry: Misconception, target: Path) -> list[FalseName]:
        bench.aim(target)
        results, recordings = {}, {}
        for item in bench.tests(entry.phase.id, [entry.task]):
            recordings[item.nodeid] = Recording()
            result = results[item.nodeid] = bench.run(item, recordings[item.nodeid])
            if self._crashes and result.state == FAILED and not _crashed(result.message):
                return []
        self.tried += 1
        others = [other for other in of_task(entry.task) if other.id != entry.id and other.task == entry.task]
        families = [family for family in families_of(entry.task) if not _is_of(entry, family)]
        found = diagnose(bench, entry.phase.id, entry.task, results, recordings, others, families=families)
        failed = [result for result in results.values() if result.state == FAILED]
        names = [other.id for other in found.entries]
        if not names or set(names) == MADE_OF.get(entry.id):
            return []
        crashed = all(_crashed(test.message) for test in failed)
        return [FalseName(entry.id, " + ".join(names) + f" ({found.unexplained} left)", crashed)]


def _is_of(entry: Misconception, family: Fitted) -> bool:
    """Whether a mistake is one of a family's: to give it the family's name would be right."""
    return entry.id in family.covers or entry.id.partition("=")[0] == family.id


def _crashed(message: str) -> bool:
    return message.startswith("raises ")


def find(wanted: Sequence[Misconception], seed: int = 0, crashes: bool = False) -> tuple[int, list[FalseName]]:
    """How many mistakes were tried and their false names, in a process that this one becomes for as long: call it once.

    Args:
        wanted: the mistakes.
        seed: of the tests.
        crashes: whether only those are tried whose failing tests all end in exceptions.
    """
    phases = [phase for phase in COURSE if any(entry.phase == phase for entry in wanted)]
    prover = _Prover(wanted, crashes)
    arguments = [
        f"--rootdir={PROJECT}", f"--config-file={PROJECT / 'pyproject.toml'}", "-q", "-p", "no:cacheprovider",
        f"--seed={seed}", "--wall", *(str(path) for phase in phases for path in phase.suite()),
    ]  # fmt: skip
    status = pytest.main(arguments, plugins=[prover])
    if status != pytest.ExitCode.OK:
        raise RuntimeError(f"the mistakes could not be tried: pytest ended with {pytest.ExitCode(status).name}")
    return prover.tried, prover.found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the false names; return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m selftest.false_names", description=__doc__)
    parser.add_argument("which", nargs="*", metavar="ID|TASK|PHASE", help="which misconceptions (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--crashes", action="store_true", help="only mistakes that end in exceptions alone")
    options = parser.parse_args(arguments)
    tried, found = find(chosen(options.which), options.seed, options.crashes)
    for made, named, crashed in found:
        print(f"{made:44} named {named:44} {'crashes alone' if crashed else 'by values'}")
    print(f"{tried} mistakes without their own entry, {len(found)} given another's name")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
