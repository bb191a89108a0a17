"""What crosses between the grader and the sessions that run suites: orders one way, events the other.

Every message is a line of JSON: the name of its class and its fields. A line that is none (a submission may write to
any descriptor that it finds) is no message.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, NamedTuple, Tuple, TypeVar, Union

from .results import TestResult


class Part(NamedTuple):
    """A phase, or one task of it."""

    phase: str
    task: str | None = None


TaskKey = Tuple[str, str]
"""Id of a phase and name of one of its tasks."""


# -- orders: from the grader to a session --


@dataclass(frozen=True)
class Collect:
    """The first order: which suites to collect, and how the tests draw.

    Attributes:
        phases: ids of the phases whose suites are collected.
        target: the folder under test.
        seed: seed of all random draws.
        assembled: collect the suite of the six files together as well.
        scratch: folder for temporary files.
    """

    phases: list[str]
    target: str
    seed: int
    assembled: bool = False
    scratch: str = ""


@dataclass(frozen=True)
class GradeParts(Collect):
    """Collect, run the parts that the scheduler grants, report, end.

    Attributes:
        parts: what to ask for, in this order.
        leave_out: tasks that are not run.
        done: tests that another session has run already.
        diagnose: name the mistakes in what fails.
        alone: no other session works on the same orders.
    """

    parts: list[Part] = field(default_factory=list)
    leave_out: list[TaskKey] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    diagnose: bool = True
    alone: bool = False


@dataclass(frozen=True)
class RunTests:
    """To a warm session that has collected: run tests of a phase against a folder, read anew.

    Attributes:
        phase: id of the phase.
        target: the folder.
        tasks: the tasks to run; None for all.
        first: tests to run first.
        stop_at_loss: end with the first test that does not pass.
        diagnose: name the mistakes in what fails.
        write_out: write the last request of the first test that does not pass as a script (``WrittenOut``).
    """

    phase: str
    target: str
    tasks: list[str] | None = None
    first: list[str] = field(default_factory=list)
    stop_at_loss: bool = False
    diagnose: bool = True
    write_out: bool = False


@dataclass(frozen=True)
class Cancel:
    """To a warm session: end the order that is being carried out. No signal: on Windows one ends the process."""


@dataclass(frozen=True)
class PartGranted:
    """Answer to ``PartAsked``: whether the session runs the part."""

    granted: bool


@dataclass(frozen=True)
class TurnGranted:
    """Answer to ``TurnAsked``.

    Attributes:
        granted: whether the task is to be diagnosed now.
        failed: the tasks with a test that did not pass so far, in the order of the course.
    """

    granted: bool
    failed: list[TaskKey] = field(default_factory=list)


Order = Union[Collect, GradeParts, RunTests, Cancel, PartGranted, TurnGranted]


# -- events: from a session to the grader --


@dataclass(frozen=True)
class SessionStarted:
    """The session's process has begun."""

    pid: int


@dataclass(frozen=True)
class CollectedTest:
    """One test of the suites: its name, phase (or ``ASSEMBLED``) and task, and whether the task needs it."""

    test: str
    phase: str
    task: str
    core: bool


@dataclass(frozen=True)
class Collected:
    """The suites are imported."""

    tests: list[CollectedTest]


@dataclass(frozen=True)
class Ready:
    """A warm session waits for orders."""

    tests: int


@dataclass(frozen=True)
class Begun:
    """The order that came last is being carried out: from now on it can be interrupted."""


@dataclass(frozen=True)
class PartAsked:
    """May this session run the part? Answered by ``PartGranted``."""

    part: Part


@dataclass(frozen=True)
class Running:
    """A test begins."""

    test: str


@dataclass(frozen=True)
class Busy:
    """The session is at work on something that it has nothing to tell of yet."""


@dataclass(frozen=True)
class Finished:
    """A test has ended."""

    result: TestResult


@dataclass(frozen=True)
class TaskThrough:
    """All tests of a task have run."""

    task: str


@dataclass(frozen=True)
class AllTested:
    """All tests of the order have run; a diagnosis may still come."""


@dataclass(frozen=True)
class TurnAsked:
    """May this failed task be diagnosed? Answered by ``TurnGranted``.

    Attributes:
        task: the task.
        after: tasks that this one builds on, or whose reference comes with theirs: they are to be judged first.
        wait: answer only once that can be said.
    """

    task: TaskKey
    after: list[TaskKey]
    wait: bool


@dataclass(frozen=True)
class Diagnosed:
    """A task that did not pass has had its turn.

    Attributes:
        task: the task.
        ids: the misconceptions that it shows; mostly one, or none that is known.
        unexplained: how many of its failing tests these do not explain.
    """

    task: TaskKey
    ids: list[str]
    unexplained: int = 0

    @property
    def id(self) -> str | None:
        """The first of the misconceptions."""
        return self.ids[0] if self.ids else None


@dataclass(frozen=True)
class Judged:
    """A task that did not pass will not be tested any more: others may be given its reference."""

    task: TaskKey


@dataclass(frozen=True)
class TriedAgain:
    """A task has been tested again with the reference in place of its neighbours.

    Attributes:
        task: the task.
        replaced: the neighbours.
        results: how its tests ended then.
    """

    task: TaskKey
    replaced: list[str]
    results: list[TestResult]


@dataclass(frozen=True)
class WrittenOut:
    """The last request of a test as a script.

    Attributes:
        test: the test.
        code: Python; empty if it could not be written.
        data: tensors that the script loads, as ``torch.save`` writes them, in base64; empty if there are none.
        reason: why it could not be written.
    """

    test: str
    code: str = ""
    data: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Confined:
    """What the sandbox holds back from the submission, in its own words."""

    held: list[str]


@dataclass(frozen=True)
class Broken:
    """The suites could not be run."""

    message: str


@dataclass(frozen=True)
class Ended:
    """The order has been carried out, or was cancelled."""

    cancelled: bool = False


Event = Union[
    SessionStarted, Collected, Ready, Begun, PartAsked, Running, Finished, TaskThrough, AllTested, TurnAsked,
    Diagnosed, Judged, Busy, TriedAgain, WrittenOut, Confined, Broken, Ended,
]  # fmt: skip

M = TypeVar("M")


def encode(message: Order | Event) -> str:
    """A message as a line of JSON, without its end: the name of its class, and its fields."""
    return json.dumps([type(message).__name__, asdict(message)])


def decode_event(line: str | bytes) -> Event | None:
    """The event that a line holds; None if it holds none."""
    return _decode(line, _EVENTS)


def decode_order(line: str | bytes, kind: type[M]) -> M | None:
    """The order of the kind that a line holds; None if it holds none."""
    return _decode(line, {kind.__name__: kind})


def _decode(line: str | bytes, kinds: dict[str, type[M]]) -> M | None:
    try:
        name_of_kind, told = json.loads(line)
        kind = kinds[name_of_kind]
        return kind(**{name: _READ.get((kind.__name__, name), _as_is)(value) for name, value in told.items()})
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _as_is(value: object) -> object:
    return value


def _tuples(values: list) -> list:
    return [tuple(value) for value in values]


_EVENTS = {kind.__name__: kind for kind in Event.__args__}  # type: ignore[attr-defined]

# JSON has no tuples and no classes: what is to be one again, by message and field.
_READ: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("GradeParts", "parts"): lambda values: [Part(*value) for value in values],
    ("GradeParts", "leave_out"): _tuples,
    ("TurnGranted", "failed"): _tuples,
    ("Collected", "tests"): lambda values: [CollectedTest(**value) for value in values],
    ("PartAsked", "part"): lambda value: Part(*value),
    ("Finished", "result"): lambda value: TestResult(**value),
    ("TurnAsked", "task"): tuple,
    ("TurnAsked", "after"): _tuples,
    ("Diagnosed", "task"): tuple,
    ("Judged", "task"): tuple,
    ("TriedAgain", "task"): tuple,
    ("TriedAgain", "results"): lambda values: [TestResult(**value) for value in values],
}
