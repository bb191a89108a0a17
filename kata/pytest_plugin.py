"""The pytest side: options, fixtures, task markers, time limits and the state of every test.

Loaded by the root ``conftest.py``. ``pytest`` runs the suites with the code under test in this process.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any, Iterator

import pytest

from . import verdicts
from .course import COURSE, DEFAULT_TARGET, PROJECT, REFERENCE, SUITES, Phase, phase_of_suite

TIMEOUTS_PER_TASK = 2
"""After so many tests of a task have run out of time, its other tests are not run."""

VERDICT = pytest.StashKey[verdicts.Verdict]()
ASSEMBLED_SUITE = SUITES / "test_assembled.py"


# -- options ------------------------------------------------------------------------------------------------


def seed_option(text: str) -> int:
    """``"7"`` or ``"random"`` to a number."""
    return random.SystemRandom().randrange(1, 2**31) if text == "random" else int(text)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kata", "Transformer Kata")
    group.addoption("--target", default=None, metavar="DIR", help="folder under test (default: exercises)")
    group.addoption(
        "--seed", type=seed_option, default=0, metavar="N|random", help="seed of all random draws (default: 0)"
    )
    group.addoption(
        "--assembled", action="store_true", help="take all six phases from the target, none from the reference"
    )
    group.addoption("--task", default=None, metavar="NAME", help="run the tests of this task of the course alone")


def resolve_target(text: str | None) -> Path:
    """The folder a user means: relative to where he stands, or else to the project."""
    if text is None:
        return DEFAULT_TARGET
    here = Path(text).resolve()
    return here if here.exists() else (PROJECT / text).resolve()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "task(name): the task of the course that a test belongs to")
    config.addinivalue_line("markers", "core: without this test the task earns nothing")
    config.addinivalue_line("markers", "proof: a long proof, run by continuous integration alone")
    target = resolve_target(config.getoption("--target"))
    task = config.getoption("--task")
    known = [known.name for phase in COURSE for known in phase.tasks]
    if task is not None and task not in known:
        raise pytest.UsageError(f"--task {task}: there is no such task; the tasks are {', '.join(known)}")
    if not target.is_dir():
        raise pytest.UsageError(f"--target {config.getoption('--target')}: there is no such folder")
    config.pluginmanager.register(KataPlugin(config, target), "kata-session")


def pytest_report_header(config: pytest.Config) -> str:
    kata = config.pluginmanager.get_plugin("kata-session")
    return f"kata: target {kata.target.name}, seed {kata.seed}" + (", assembled" if kata.assembled else "")


def phase_of(item: pytest.Item) -> Phase | None:
    """The phase whose suite a test stands in, or None."""
    return phase_of_suite(Path(str(item.path)).resolve())


def task_of(item: pytest.Item) -> str | None:
    """The task that a test's marker names, or None."""
    marker = item.get_closest_marker("task")
    return marker.args[0] if marker else None


# -- fixtures -----------------------------------------------------------------------------------------------


def _phase_fixture(phase: Phase) -> Any:
    @pytest.fixture(scope="module", name=f"phase{phase.number}")
    def provide(request: pytest.FixtureRequest) -> Any:
        kata = request.config.pluginmanager.get_plugin("kata-session")
        return kata.provide(phase.id, Path(str(request.node.path)).resolve())

    provide.__doc__ = f"Phase {phase.number}: the attributes of {phase.id}, as the target defines them."
    return provide


for _phase in COURSE:
    globals()[f"phase{_phase.number}"] = _phase_fixture(_phase)


@pytest.fixture(scope="session")
def stage() -> Any:
    """Helper modules that live beside the submission: ``stage.fakes`` is ``tests/stage/fakes.py``."""
    from .submission import Stage

    return Stage()


@pytest.fixture(scope="session")
def manual_seed(request: pytest.FixtureRequest) -> Any:
    """``manual_seed(n)`` seeds torch where the submission runs."""
    return request.config.pluginmanager.get_plugin("kata-session").state.seed


@pytest.fixture
def gen(request: pytest.FixtureRequest) -> Any:
    """A ``torch.Generator`` with a seed of its own for this test and ``--seed``."""
    import torch

    from .submission import seed_for

    kata = request.config.pluginmanager.get_plugin("kata-session")
    return torch.Generator().manual_seed(seed_for(kata.seed, request.node.name))


# -- one session --------------------------------------------------------------------------------------------


class KataPlugin:
    """Everything that a session remembers."""

    def __init__(self, config: pytest.Config, target: Path) -> None:
        self.target = target
        self.seed: int = config.getoption("--seed")
        self.assembled: bool = config.getoption("--assembled")
        self.task: str | None = config.getoption("--task")
        self._packages: dict[str, Any] = {}
        self._forbidden: dict[str, dict[str, str]] = {}
        self._timeouts: Counter[tuple[str, str]] = Counter()
        self._state: Any = None

    @property
    def state(self) -> Any:
        """The watch over torch's global settings; made late, because it imports torch."""
        if self._state is None:
            import torch

            from .submission import GlobalState

            # One thread is steady; two on a busy machine can be twenty times slower.
            torch.set_num_threads(1)
            self._state = GlobalState()
        return self._state

    def provide(self, phase_id: str, suite: Path) -> Any:
        """The phase as the tests of ``suite`` see it."""
        from .loading import package_for
        from .submission import PhaseUnderTest

        phase = phase_of_suite(suite)
        under_test = phase.id if phase else ""
        if under_test not in self._packages:
            together = self.assembled or not under_test  # a suite of no phase tests them all together
            self._packages[under_test] = package_for(under_test, self.target, REFERENCE, together)
        return PhaseUnderTest(self._packages[under_test], phase_id)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self.task is not None:
            left_out = [item for item in items if task_of(item) != self.task]
            items[:] = [item for item in items if task_of(item) == self.task]
            config.hook.pytest_deselected(items=left_out)
        if not any(getattr(getattr(item, "obj", None), "is_hypothesis_test", False) for item in items):
            return
        import hypothesis

        # No shrinking: the drawn sizes are small already, and a learner waits. No stored examples.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "kata",
            max_examples=15,
            deadline=None,
            database=None,
            derandomize=self.seed == 0,
            phases=phases,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("kata")
        if self.seed == 0:
            return
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                hypothesis.seed(self.seed)(item.obj)

    # -- running one test --

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        phase, task = phase_of(item), task_of(item)
        if phase is None or task is None:
            return
        if phase.id not in self._forbidden:
            from .rules import forbidden_tasks

            self._forbidden[phase.id] = forbidden_tasks(phase, self.target)
        if task in self._forbidden[phase.id]:
            raise verdicts.Forbidden(self._forbidden[phase.id][task])
        if self._timeouts[phase.id, task] >= TIMEOUTS_PER_TASK:
            raise verdicts.NotRun(f"not run: {TIMEOUTS_PER_TASK} tests of {task} ran out of time already")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Iterator[None]:
        if not self._concerns_kata(pyfuncitem):
            yield
            return
        from .submission import seed_for

        self.state.begin(seed_for(self.seed, pyfuncitem.name))
        outcome = yield
        changed = self.state.end()
        if changed and outcome.excinfo is None:
            message = f"the code changes a global setting of torch and leaves it changed: {changed}"
            outcome.force_exception(AssertionError(message))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        outcome = yield
        if not self._concerns_kata(item):
            return
        report = outcome.get_result()
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, pytest.skip.Exception):
            verdict = verdicts.Verdict(verdicts.ERROR, f"the test was skipped: {error}")
        elif error is None and not report.passed:
            verdict = verdicts.Verdict(verdicts.ERROR, str(report.longrepr))
        else:
            verdict = verdicts.judge(error, [self.target])
        if isinstance(error, verdicts.TestTimeout) and call.when == "call":
            self._timeouts[phase_of(item).id if phase_of(item) else "", task_of(item) or ""] += 1
        if call.when == "setup" or verdict.state != verdicts.PASSED:
            item.stash[VERDICT] = verdict
        if verdict.state != verdicts.PASSED:
            report.outcome = "failed"  # a skip is never a pass
        report.kata_verdict = item.stash.get(VERDICT, verdict)
        short = item.config.getoption("tbstyle") == "auto" and not item.config.getoption("verbose") > 1
        if report.failed and (short or verdict.state == verdicts.TODO):
            report.longrepr = verdict.message

    @staticmethod
    def _concerns_kata(item: pytest.Item) -> bool:
        return phase_of(item) is not None or Path(str(item.path)).resolve() == ASSEMBLED_SUITE

    # -- what the terminal says --

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        verdict = getattr(report, "kata_verdict", None)
        if verdict is not None and report.failed and verdict.state == verdicts.TODO:
            return "todo", "t", ("TODO", {"yellow": True})
        return None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if terminalreporter.stats.get("todo"):
            terminalreporter.write_line("todo: not implemented yet. `python grader.py` shows the next step.")

    # -- time limits: pytest-timeout says when, this says how --

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        if not hasattr(signal, "SIGALRM") or not settings.timeout or settings.timeout <= 0:
            return None  # leave it to pytest-timeout

        def ring(signum: int, frame: Any) -> None:
            raise verdicts.TestTimeout(f"no answer after {settings.timeout:g} s")

        signal.signal(signal.SIGALRM, ring)
        # It rings again and again: code that catches everything in a loop swallows the first alarm.
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, 0.5)
        return True

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> bool | None:
        if not hasattr(signal, "SIGALRM"):
            return None
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        return True
