"""Read what is expected of a hostile submission, and build its target folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kata.course.phases import COURSE, PROJECT, Phase

from .recipes import RECIPES

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Case:
    """One hostile submission and its expected verdict.

    Attributes:
        name: its folder.
        about: what it tries.
        phase: the phase that it attacks.
        control: a phase of the solutions that is graded with it and must keep its full score.
        states: task to the states it may have; tasks that are not named pass.
        score: expected score of the attacked phase; None if ``below`` tells it.
        below: the attacked phase must score less than this.
        says: words that must stand in a message of the attacked phase.
        seed: ``--seed`` of the run.
        recipe: what makes files that cannot lie in git.
        needs: the kind of confinement without which the attack is known to succeed.
        limit: seconds for one test of a submission that hangs; 0 leaves the usual limit.
    """

    name: str
    about: str
    phase: Phase
    control: Phase
    states: dict[str, tuple[str, ...]]
    score: float | None = None
    below: float | None = None
    says: tuple[str, ...] = ()
    seed: str = "0"
    recipe: str = ""
    needs: str = ""
    limit: int = 0

    def build(self, folder: Path, project: Path) -> Path:
        """Fill ``folder`` with the submission: its own files, the solutions and what the recipe makes."""
        folder.mkdir(parents=True)
        for phase in COURSE:
            shutil.copy(PROJECT / "solutions" / phase.file, folder)
        shutil.copy(PROJECT / "solutions" / self.phase.file, folder / "solved.py")
        for path in (HERE / "beside").glob("*.py"):
            shutil.copy(path, folder)
        for path in (HERE / self.name).glob("*.py"):
            shutil.copy(path, folder)
        if self.recipe:
            RECIPES[self.recipe](folder, self.phase, project)
        return folder

    def expected(self) -> str:
        """The expected verdict in a few words."""
        states = sorted({state for states in self.states.values() for state in states} - {"passed"})
        points = f"{self.score:g}" if self.score is not None else f"< {self.below:g}"
        return f"{'/'.join(states) or 'passed'} {points}"


def names() -> list[str]:
    """The names of all cases."""
    return sorted(path.parent.name for path in HERE.glob("*/expected.json"))


def read(name: str) -> Case:
    """Read a case."""
    told: dict[str, Any] = json.loads((HERE / name / "expected.json").read_text(encoding="utf-8"))
    phase = COURSE[told.pop("phase", 1) - 1]
    control = COURSE[told.pop("control", 3 if phase.number != 3 else 1) - 1]
    states = {
        task: (state,) if isinstance(state, str) else tuple(state) for task, state in told.pop("states", {}).items()
    }
    everywhere = states.pop("*", None)
    if everywhere:
        states = {task.name: everywhere for task in phase.tasks}
    return Case(name=name, phase=phase, control=control, states=states, says=tuple(told.pop("says", ())), **told)
