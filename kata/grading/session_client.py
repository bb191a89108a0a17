"""Sessions seen from outside: start the processes that run suites (``kata.session``), talk to them, end them.

Those that are to work side by side come from one program that imports torch once and then forks. A warm session stays:
suites collected, torch imported, guests' server ready, so that an order costs only its tests. This side needs no torch.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Iterator, Mapping, Sequence

from ..course.phases import DEFAULT_TARGET, PROJECT, Phase
from ..results import printable
from ..sandbox.confinement.limits import NO_ACCELERATOR
from ..sandbox.confinement.scratch import remove
from ..sandbox.host.launch import OWN_GROUP, can_fork
from ..session_protocol import (
    Begun,
    Broken,
    Cancel,
    Collect,
    Ended,
    Event,
    Order,
    RunTests,
    SessionStarted,
    decode_event,
    encode,
)

SILENCE = 120.0
"""Seconds without any news after which a session counts as hanging; a test has its own, shorter limit."""

KEPT = (
    "HOME", "KATA_TEST_TIMEOUT", "KATA_WALL_START", "KATA_WITHOUT", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "PATH", "PYTHONHOME", "PYTHONPATH", "SYSTEMROOT", "USERPROFILE",
    "VIRTUAL_ENV",
)  # fmt: skip
"""Variables of the user's environment that a session needs; the others are none of a submission's business."""


class SuitesBroken(Exception):
    """The suites themselves could not be run; no fault of the submission, whose words may stand in it all the same."""

    def __str__(self) -> str:
        return "\n".join(printable(line) for line in super().__str__().splitlines())


class Session:
    """A running session.

    Args:
        orders, events: the pipes to it and from it.
        process: the program, if the session is not a fork of another one.
        scratch: its folder for temporary files, removed at its end; a new one if none is given.
    """

    def __init__(
        self,
        orders: IO[bytes],
        events: IO[bytes],
        process: subprocess.Popen[bytes] | None = None,
        scratch: Path | None = None,
    ) -> None:
        self._orders = orders
        self._process = process
        self.pid = process.pid if process else None
        self._complaints: list[bytes] = []
        self._how = ""
        self._lock = threading.RLock()
        self._ended = False
        self.scratch = scratch or new_scratch()
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=_read_lines, args=(events, self._lines), daemon=True).start()
        self._listener = None
        if process is not None and process.stderr is not None:
            self._listener = threading.Thread(target=_read_all, args=(process.stderr, self._complaints), daemon=True)
            self._listener.start()

    def send(self, order: Order) -> bool:
        """Send an order; whether that was possible. If the session has died, its end says why."""
        try:
            self._orders.write(encode(order).encode() + b"\n")
            self._orders.flush()
        except (OSError, ValueError):  # its end of the pipe is gone, or ours is closed
            return False
        return True

    def events(self) -> Iterator[Event]:
        """What it tells, until it ends or falls silent."""
        while True:
            try:
                line = self._lines.get(timeout=SILENCE)
            except queue.Empty:
                self._how = f"no answer for {SILENCE:g} s, and interrupting it did not help"
                return
            if line is None:
                return
            event = decode_event(line)
            if isinstance(event, SessionStarted):
                self.pid = event.pid
            elif event is not None:
                yield event

    def end(self) -> None:
        """End it and everything that it started. From any thread, and as often as you like."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            if self._process is not None and not self._how:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=0.02)  # one that ended by itself says how
                code = self._process.poll()
                self._how = "" if code is None else _describe_exit(code)
            # The server of the guests notices that its host is gone, and ends them and itself.
            if self._process is not None:
                end_process(self._process)
            elif self.pid is not None:
                _end_group(self.pid)
            with contextlib.suppress(OSError):  # one that has not even told its number ends by this
                self._orders.close()
            remove(self.scratch)

    @property
    def has_ended(self) -> bool:
        """Whether it takes no more orders."""
        return self._ended

    def how_it_ended(self) -> str:
        """In words, for a session that ended by itself."""
        return self._how or "the process ended early"

    def complaint(self) -> str:
        """The end of what it wrote to its standard error."""
        if self._listener is not None:
            self._listener.join(timeout=1.0)
        return b"".join(self._complaints).decode("utf-8", "replace").strip()[-2000:]


class WarmSession(Session):
    """A session that stays, and carries out one order after another.

    Args:
        phases: whose suites it collects.
        seed: seed of all random draws.
        assembled: collect the suite of the six files together as well (``run`` with ``results.ASSEMBLED``).
    """

    def __init__(self, phases: Sequence[Phase], seed: int = 0, assembled: bool = False) -> None:
        scratch = new_scratch()
        process = _start(["--warm"], {"TMPDIR": str(scratch)})
        super().__init__(*_pipes(process), process, scratch)
        self._ordered = self._begun = self._cancelled = False
        self.send(Collect([phase.id for phase in phases], str(DEFAULT_TARGET), seed, assembled))

    def run(
        self,
        phase_id: str,
        target: Path,
        tasks: Sequence[str] | None = None,
        first: Sequence[str] = (),
        stop_at_loss: bool = False,
        diagnose: bool = True,
        write_out: bool = False,
    ) -> Iterator[Event]:
        """Order the tests of a phase.

        The events are ``Ready`` (once, after the start), ``Finished``, ``TaskThrough``, ``AllTested``, ``Diagnosed``,
        and at last ``Ended``.

        Args:
            phase_id: one of the phases of this session.
            target: the folder it is taken from, read anew.
            tasks: names of the tasks to run; None for all.
            first: node ids of the tests to run first.
            stop_at_loss: end with the first test that does not pass.
            diagnose: look for a known misconception in every task that fails.
            write_out: write the last request of a test that does not pass as a script (``WrittenOut``).

        Raises:
            SuitesBroken: if the session ended, or could not collect the suites.
        """
        with self._lock:
            self._ordered, self._begun, self._cancelled = True, False, False
        tasks = None if tasks is None else list(tasks)
        self.send(RunTests(phase_id, spelled(target.resolve()), tasks, list(first), stop_at_loss, diagnose, write_out))
        return self._events_of_order()

    def _events_of_order(self) -> Iterator[Event]:
        for event in self.events():
            if isinstance(event, Broken):
                self.end()
                raise SuitesBroken(f"{event.message}\n{self.complaint()}".strip())
            if isinstance(event, Begun):
                self._note_begin()
                continue
            if isinstance(event, Ended):
                with self._lock:
                    self._ordered = self._begun = False
            yield event
            if isinstance(event, Ended):
                return
        self.end()  # one that is silent may be at it still: what it says then is nothing about the next order
        raise SuitesBroken(f"the process that runs the tests ended\n{self.complaint()}".strip())

    def cancel(self) -> None:
        """End the order that was given last, if it has not ended; its ``Ended`` says so. From any thread."""
        with self._lock:
            self._cancelled = self._ordered
            if self._begun:
                self.send(Cancel())

    def _note_begin(self) -> None:
        """The order has begun: from now on it can be interrupted, and is if that was wished for before."""
        with self._lock:
            self._begun = True
            if self._cancelled:
                self.send(Cancel())

    def __enter__(self) -> WarmSession:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()


def start_sessions(count: int) -> list[Session]:
    """Start sessions that wait for orders."""
    if count > 1 and not can_fork():
        return [start_sessions(1)[0] for _ in range(count)]
    theirs: list[tuple[int, int]] = []
    ours: list[tuple[IO[bytes], IO[bytes]]] = []
    for _ in range(count - 1):
        (orders_out, orders_in), (events_out, events_in) = os.pipe(), os.pipe()
        theirs.append((orders_out, events_in))
        ours.append((os.fdopen(orders_in, "wb"), os.fdopen(events_out, "rb")))
    ends = [end for pair in theirs for end in pair]
    process = _start([f"--part={orders},{events}" for orders, events in theirs], pass_fds=ends)
    for end in ends:
        os.close(end)
    return [Session(*_pipes(process), process), *(Session(orders, events) for orders, events in ours)]


def _start(
    options: Sequence[str], environment: Mapping[str, str] = MappingProxyType({}), pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    more: dict[str, Any] = {"pass_fds": pass_fds} if pass_fds else {}  # Windows knows no such argument
    return subprocess.Popen(
        [sys.executable, "-m", "kata.session", *options],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**session_environment(), **environment},
        **OWN_GROUP,
        **more,
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to a process and from it; ``_start`` has made both."""
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def spelled(folder: Path) -> str:
    """A folder's name as a session reads it, in UTF-8, whatever this process takes for the names of files."""
    return os.fsencode(folder).decode("utf-8", "surrogateescape")


def new_scratch() -> Path:
    """A folder for the temporary files of a session."""
    return Path(tempfile.mkdtemp(prefix="kata-"))


def session_environment() -> dict[str, str]:
    """The environment of a process that runs suites."""
    environment = {name: os.environ[name] for name in os.environ if name in KEPT or name.startswith("LC_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["OMP_NUM_THREADS"] = "1"
    environment["PYTHONUTF8"] = "1"  # for what a submission prints and for the names of folders
    environment.update(NO_ACCELERATOR)
    return environment


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started."""
    if hasattr(os, "killpg"):
        _end_group(process.pid)
    elif process.poll() is None:
        process.kill()
    process.wait()


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _read_lines(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            lines.put(line)
    lines.put(None)


def _read_all(stream: IO[bytes], chunks: list[bytes]) -> None:
    """Keep the beginning of a stream, as it comes (forks of its writer may hold it open), and read the rest."""
    kept = 0
    with contextlib.suppress(OSError, ValueError):
        while True:
            chunk = os.read(stream.fileno(), 1 << 16)
            if not chunk:
                return
            if kept < 100_000:
                chunks.append(chunk)
                kept += len(chunk)


def _describe_exit(code: int) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the process crashed ({name})"
    return f"the process ended early (exit status {code})"
