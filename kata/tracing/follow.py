"""Run a worked example through a learner's code, behind the wall, and say of every step what came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import torch

from ..course.edition import has_reference
from ..course.phases import Phase
from ..results import ERROR, FORBIDDEN, TODO, reported_output
from ..sandbox.errors import GuestDied, TestTimeout
from ..sandbox.host.submission import WalledSubmission
from ..source.neighbours import references
from ..testing.outcome import judge
from .example import Example, Raises, Step
from .names import Names, NotSeen
from .values import difference

SAME, DIFFERS, OTHER_WAY, STILL_TO_DO, BROKE, NOT_CALLED, NOT_REACHED = (
    "same", "differs", "other way", "to do", "broke", "not called", "not reached",
)  # fmt: skip

WRONG = (DIFFERS, BROKE)
"""States that are marked."""

LIMIT = 10.0
"""Seconds for one example."""

UNCHANGED = Step(
    ("tensors that were handed over, after the calls", "渡したテンソルの、呼び出し後の値"),
    "",
    "unchanged",
    (
        "+=, masked_fill_ and the like write into the caller's tensor",
        "+= や masked_fill_ などは、呼び出し元のテンソルを書き換える",
    ),
)
"""Stands at the end of an example whose inputs the learner's code has changed in place."""


@dataclass
class Outcome:
    """What became of a step.

    Attributes:
        step: the step.
        state: one of the states above.
        got: what came, where something came.
        message: why nothing came; for ``STILL_TO_DO`` the name of the task that is not written.
        first: whether it is the first difference of its task.
    """

    step: Step
    state: str
    got: Any = None
    message: str = ""
    first: bool = False


@dataclass(frozen=True)
class Followed:
    """An example that was run.

    Attributes:
        example: the example.
        outcomes: one a step.
        printed: what the learner's code printed.
        stand_ins: earlier tasks that are not written yet and for which the reference stood in.
    """

    example: Example
    outcomes: tuple[Outcome, ...]
    printed: str = ""
    stand_ins: tuple[str, ...] = ()


def follow(
    phase: Phase, task: str, examples: Sequence[Example], submission: WalledSubmission, target: Path
) -> list[Followed]:
    """Run the examples of a task.

    Where it needs earlier tasks of its phase that are not written yet, the reference takes their place, if it is here.

    Args:
        phase: the phase of the task.
        task: its name.
        examples: the examples.
        submission: the learner's code behind the wall, aimed at ``target``.
        target: its folder.
    """
    order = [known.name for known in phase.tasks]
    earlier = order[: order.index(task)] if has_reference(phase) else []
    stand_ins: list[str] = []
    while True:
        done = _follow_all(phase, examples, submission, target, tuple(stand_ins))
        waits_for = [outcome.message for one in done for outcome in one.outcomes if outcome.state == STILL_TO_DO]
        new = [name for name in earlier if name in waits_for and name not in stand_ins]
        if not new:
            break
        stand_ins += new
        submission.aim(target, neighbours=references(phase, stand_ins))
    if stand_ins:
        submission.aim(target)
    for outcome in (outcome for followed in done for outcome in followed.outcomes):
        if outcome.state in WRONG:
            outcome.first = True
            break
    return done


def _follow_all(
    phase: Phase, examples: Sequence[Example], submission: WalledSubmission, target: Path, stand_ins: tuple[str, ...]
) -> list[Followed]:
    done: list[Followed] = []
    told: set[str] = set()
    hung = False
    for example in examples:
        if hung:  # the next one would hang as long
            outcomes = [Outcome(step, NOT_REACHED) for step in example.steps]
        else:
            outcomes = _outcomes(phase, example, submission, target)
            hung = any(outcome.state == BROKE and "endless loop" in outcome.message for outcome in outcomes)
        _say_once(outcomes, told)
        done.append(Followed(example, tuple(outcomes), reported_output(submission.take_output()), stand_ins))
    return done


def is_right(followed: Followed) -> bool:
    """Whether every step came, as the lesson has it or in another way that gives the same answer."""
    return all(outcome.state in (SAME, OTHER_WAY, NOT_CALLED) for outcome in followed.outcomes)


def _outcomes(phase: Phase, example: Example, submission: WalledSubmission, target: Path) -> list[Outcome]:
    names = Names(phase, example, submission)
    outcomes: list[Outcome] = []
    try:
        submission.begin(phase.id, 0, LIMIT, writes_back=False)
        with torch.enable_grad():
            for step in example.steps:
                outcomes.append(_outcome(step, names, target))
                if names.lost is not None:
                    break
        if names.lost is None:
            changed = submission.changed_inputs
            submission.end()
            if changed:
                outcomes.append(Outcome(UNCHANGED, DIFFERS, got="changed"))
    except (Exception, GuestDied, TestTimeout, SystemExit, GeneratorExit) as error:  # from an import, or the test's end
        at = min(len(outcomes), len(example.steps) - 1)
        outcomes[at:] = [_broken(example.steps[at], error, target)]
    outcomes += [Outcome(step, NOT_REACHED) for step in example.steps[len(outcomes) :]]
    if all(outcome.state not in (*WRONG, STILL_TO_DO) for outcome in outcomes if not outcome.step.inner):
        for outcome in outcomes:
            if outcome.state in WRONG:
                outcome.state = OTHER_WAY
    return outcomes


def _say_once(outcomes: Sequence[Outcome], told: set[str]) -> None:
    """Of steps that wait for one call which broke the first tells it; another example says that it breaks as before."""
    here: set[str] = set()
    for outcome in outcomes:
        if outcome.state != BROKE:
            continue
        if outcome.message in here:
            outcome.state, outcome.message = NOT_REACHED, ""
            continue
        here.add(outcome.message)
        if outcome.message in told:
            outcome.message = ""
    told |= here


def _outcome(step: Step, names: Names, target: Path) -> Outcome:
    try:
        got = names.value_of(step.code)
    except NotSeen:
        return Outcome(step, NOT_CALLED)
    except Exception as error:
        if isinstance(step.expected, Raises) and step.expected.kind in {kind.__name__ for kind in type(error).__mro__}:
            return Outcome(step, SAME, got=step.expected)
        return _broken(step, error, target)
    except (GuestDied, TestTimeout, SystemExit, GeneratorExit) as error:
        return _broken(step, error, target)
    why = difference(got, step.expected)
    return Outcome(step, DIFFERS if why else SAME, got=got, message=why)


def _broken(step: Step, error: BaseException, target: Path) -> Outcome:
    verdict = judge(error, [target])
    if verdict.state == TODO:
        named = re.match(r"Phase \d+: (\w+)", verdict.message)
        return Outcome(step, STILL_TO_DO, message=named.group(1) if named else "")
    return Outcome(
        step, BROKE, message=verdict.message, got=verdict.state if verdict.state in (ERROR, FORBIDDEN) else None
    )
