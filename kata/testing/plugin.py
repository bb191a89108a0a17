"""The pytest side: options, fixtures, task markers, time limits and the state of every test.

Loaded by the root ``conftest.py``. ``pytest`` runs the suites with the code under test in this process.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Generator

import pytest

from ..course.phases import COURSE, DEFAULT_TARGET, PROJECT, REFERENCE, SUITES, Phase, phase_of_suite
from ..results import ERROR, PASSED, TODO
from ..sandbox.errors import TestTimeout
from ..settings import seed_option
from ..source.rules import RuleBroken
from . import alarm
from .hanging import Hanging
from .outcome import NotRun, Verdict

if TYPE_CHECKING:
    from .submission import Submission

VERDICT = pytest.StashKey[Verdict]()

ASSEMBLED_SUITE = SUITES / "test_assembled.py"


# -- options ------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kata", "Transformer Kata")
    group.addoption(
        "--target",
        default=None,
        metavar="DIR",
        help="folder under test (default: exercises); outside the project, --target=DIR",
    )
    group.addoption(
        "--seed", type=seed_option, default=0, metavar="N|random", help="seed of all random draws (default: 0)"
    )
    group.addoption(
        "--assembled", action="store_true", help="take all six phases from the target, none from the reference"
    )
    group.addoption("--wall", action="store_true", help="run the submission in a process of its own, as grader.py does")
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
    config.addinivalue_line("markers", "holds(quote, ...): the sentences of the contract that a test holds the code to")
    config.addinivalue_line("markers", "proof: a long proof, run by continuous integration alone")
    target = resolve_target(config.getoption("--target"))
    task = config.getoption("--task")
    known = [known.name for phase in COURSE for known in phase.tasks]
    if task is not None and task not in known:
        raise pytest.UsageError(f"--task {task}: there is no such task; the tasks are {', '.join(known)}")
    if not target.is_dir():
        raise pytest.UsageError(f"--target {config.getoption('--target')}: there is no such folder")
    config.pluginmanager.register(KataPlugin(config, target), "kata-session")


def session_of(config: pytest.Config) -> KataPlugin:
    """What this run of pytest remembers."""
    plugin = config.pluginmanager.get_plugin("kata-session")
    assert isinstance(plugin, KataPlugin)
    return plugin


def pytest_report_header(config: pytest.Config) -> str:
    kata = session_of(config)
    return f"kata: target {kata.target.name}, seed {kata.seed}" + (", assembled" if kata.assembled else "")


def tests_of(session: pytest.Session) -> list[pytest.Function]:
    """The tests that were collected."""
    return [item for item in session.items if isinstance(item, pytest.Function)]


def phase_of(item: pytest.Item) -> Phase | None:
    """The phase whose suite a test stands in, or None."""
    return phase_of_suite(item.path)


def task_of(item: pytest.Item) -> str | None:
    """The task that a test's marker names, or None."""
    marker = item.get_closest_marker("task")
    return marker.args[0] if marker else None


# -- fixtures -----------------------------------------------------------------------------------------------


def _phase_fixture(phase: Phase) -> Any:
    @pytest.fixture(scope="module", name=f"phase{phase.number}")
    def provide(request: pytest.FixtureRequest) -> Any:
        kata = session_of(request.config)
        return kata.provide(phase.id, request.node.path)

    provide.__doc__ = f"Phase {phase.number}: the attributes of {phase.id}, as the target defines them."
    return provide


for _phase in COURSE:
    globals()[f"phase{_phase.number}"] = _phase_fixture(_phase)


@pytest.fixture(scope="session")
def in_guest(request: pytest.FixtureRequest) -> Any:
    """Helper modules that live beside the submission: ``in_guest.fakes`` is ``tests/support/in_guest/fakes.py``."""
    return session_of(request.config).submission.in_guest


@pytest.fixture(scope="session")
def manual_seed(request: pytest.FixtureRequest) -> Any:
    """``manual_seed(n)`` seeds torch where the submission runs."""
    return session_of(request.config).submission.seed


@pytest.fixture
def gen(request: pytest.FixtureRequest) -> Any:
    """A ``torch.Generator`` with a seed of its own for this test and ``--seed``."""
    from .in_process import generator_for

    kata = session_of(request.config)
    return generator_for(kata.seed, request.node.name)


# -- one session --------------------------------------------------------------------------------------------


class KataPlugin:
    """Everything that a session remembers."""

    def __init__(self, config: pytest.Config, target: Path) -> None:
        self._config = config
        self.target = target
        self.seed: int = config.getoption("--seed")
        self.assembled: bool = config.getoption("--assembled")
        self.task: str | None = config.getoption("--task")
        self.wall: bool = config.getoption("--wall")
        self.fixtures = {f"phase{phase.number}": phase.id for phase in COURSE}
        self.recording_of: Callable[[pytest.Function], Any] | None = None
        self._submission: Submission | None = None
        self._forbidden: dict[str, dict[str, str]] = {}
        self._hanging = Hanging()
        self.limit = 0.0
        self._profile_loaded = False

    def usual_limit(self) -> float:
        """Seconds that a test may take where pytest's own protocol does not run it; 0 for no limit."""
        given = self._config.getoption("timeout", None)
        return float(given if given is not None else self._config.getini("timeout") or 0.0)

    @property
    def submission(self) -> Submission:
        """The submission, in this process or behind the wall; made late, because it imports torch."""
        if self._submission is None:
            if self.wall:
                from ..sandbox.host.submission import WalledSubmission

                self._submission = WalledSubmission(self.target, REFERENCE, self.assembled)
            else:
                from .in_process import DirectSubmission

                self._submission = DirectSubmission(self.target, REFERENCE, self.assembled)
        return self._submission

    @property
    def started_submission(self) -> Submission | None:
        """The submission if a test has asked for it, else None."""
        return self._submission

    def provide(self, phase_id: str, suite: Path) -> Any:
        """The phase as the tests of ``suite`` see it."""
        phase = phase_of_suite(suite)
        return self.submission.phase(phase.id if phase else "", phase_id)

    def pytest_unconfigure(self) -> None:
        if self._submission is not None:
            self._submission.close()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self.task is not None:
            left_out = [item for item in items if task_of(item) != self.task]
            items[:] = [item for item in items if task_of(item) == self.task]
            config.hook.pytest_deselected(items=left_out)
        if self.seed == 0:
            return
        for item in items:
            test: Any = getattr(item, "obj", None)
            if getattr(test, "is_hypothesis_test", False):
                import hypothesis

                hypothesis.seed(self.seed)(test)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_file(self, file_path: Path) -> None:
        # Before the first suite is imported: `@settings` there starts from the profile that is loaded then.
        if not self._profile_loaded and file_path.parent == SUITES:
            self._profile_loaded = True
            self._load_profile()

    def _load_profile(self) -> None:
        import hypothesis

        # No shrinking: the drawn sizes are small already, and a learner waits. No stored examples.
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile(
            "kata",
            max_examples=10,
            deadline=None,
            database=None,
            derandomize=self.seed == 0,
            phases=phases,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("kata")

    # -- running one test --

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        phase, task = phase_of(item), task_of(item)
        if phase is None or task is None:
            return
        if phase.id not in self._forbidden:
            from ..source.rules import forbidden_tasks

            self._forbidden[phase.id] = forbidden_tasks(phase, self.target)
        if task in self._forbidden[phase.id]:
            raise RuleBroken(self._forbidden[phase.id][task])
        refusal = self._hanging.refusal(task, phase.id)
        if refusal:
            raise NotRun(refusal)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        if not self._concerns_kata(pyfuncitem):
            return None
        from . import run_test

        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        run_test.call(pyfuncitem, self, arguments, self.recording_of(pyfuncitem) if self.recording_of else None)
        return True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        if call.excinfo is not None and isinstance(call.excinfo.value, TestTimeout):
            self.pytest_timeout_cancel_timer(item)  # or it rings on while the report is made
        outcome = yield
        if not self._concerns_kata(item):
            return
        report = outcome.get_result()
        error = call.excinfo.value if call.excinfo else None
        if error is None and not report.passed:
            verdict = Verdict(ERROR, str(report.longrepr))
        else:
            from . import run_test

            verdict = run_test.verdict_on(error, self.target)
        phase = phase_of(item)
        phase_id = phase.id if phase else ""
        if isinstance(error, TestTimeout) and call.when == "call":
            self._hanging.note(task_of(item) or "", call.duration)
        if call.when == "call":
            self._hanging.note_any(phase_id, call.duration)
            report.kata_output = report.capstdout + self.submission.take_output()
        if call.when == "setup" or verdict.state != PASSED:
            item.stash[VERDICT] = verdict
        if verdict.state != PASSED:
            report.outcome = "failed"  # a skip is never a pass
        item.stash.get(VERDICT, verdict).write_on(report)
        short = item.config.getoption("tbstyle") == "auto" and not item.config.getoption("verbose") > 1
        if report.failed and (short or verdict.state == TODO):
            report.longrepr = verdict.message

    @staticmethod
    def _concerns_kata(item: pytest.Item) -> bool:
        return phase_of(item) is not None or item.path.resolve() == ASSEMBLED_SUITE

    # -- what the terminal says --

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        verdict = Verdict.read_from(report)
        if verdict is not None and report.failed and verdict.state == TODO:
            return "todo", "t", ("TODO", {"yellow": True})
        return None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if terminalreporter.stats.get("todo"):
            terminalreporter.write_line("todo: not implemented yet. `python grader.py` shows the next step.")

    # -- time limits: pytest-timeout says when, this says how --

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: Any) -> bool | None:
        self.limit = self._hanging.limit(max(0.0, float(settings.timeout or 0.0)))
        if not hasattr(signal, "SIGALRM") or not self.limit:
            return self.wall or None  # there the guest has the limit; here it is left to pytest-timeout
        # Behind the wall the guest has this limit; the alarm is for this process, should it hang itself.
        alarm.set_alarm(self.limit + (alarm.HOST_SECONDS if self.wall else 0.0), self.limit)
        return True

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        yield
        # While pytest draws the report of a test, an alarm would end the whole session with INTERNAL_ERROR.
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    @pytest.hookimpl(optionalhook=True)
    def pytest_timeout_cancel_timer(self, item: pytest.Item) -> bool | None:
        if not hasattr(signal, "SIGALRM"):
            return self.wall or None
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        return True
