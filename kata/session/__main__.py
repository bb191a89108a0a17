"""The process that runs the suites: pytest inside, one line of JSON a test to the process that grades.

Started by ``grading.session_client`` as ``python -m kata.session``. It reads its orders from standard input; with
``--warm`` it stays and takes one order after another (``serve``). With ``--part=ORDERS,EVENTS`` (two descriptors, as
often as you like) it forks once torch is imported, and every part is a session of its own. What the submission prints
goes nowhere: the lines travel over what was standard output when the process began. The server of the guests is
forked before anything secret is in memory: orders, tests, oracles.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from typing import Sequence, TextIO, Tuple

from ..course.phases import COURSE, PROJECT
from ..sandbox import fast_start
from ..sandbox.host.launch import can_fork
from ..session_protocol import Broken, Collect, Ended, GradeParts, SessionStarted, decode_order, encode

PART = "--part="

Ends = Tuple[TextIO, TextIO]
"""Where a session reads its orders, and where it tells its events."""


def main() -> None:
    """Run what was ordered, then say so."""
    fast_start.pause_gc()
    channel: TextIO = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    source: TextIO = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    ends = [argument[len(PART) :].split(",") for argument in sys.argv[1:] if argument.startswith(PART)]
    parts = [(os.fdopen(int(orders), encoding="utf-8"), os.fdopen(int(events), "w")) for orders, events in ends]
    source, channel = fork_parts((source, channel), parts)
    channel.write(encode(SessionStarted(os.getpid())) + "\n")
    channel.flush()
    warm = "--warm" in sys.argv
    orders = decode_order(source.readline(), Collect if warm else GradeParts)
    if orders is not None:  # else the grader is gone
        run(channel, orders, source)
    os._exit(0)  # no need to take torch down in good order


def fork_parts(own: Ends, parts: Sequence[Ends]) -> Ends:
    """Make a server of guests for this session and for every further part; become that many processes.

    The servers are forked now, while this process knows nothing but torch, and get ready while it goes on.

    Args:
        own: of this session.
        parts: of the further ones.

    Returns:
        The ends of the one that this process has become.
    """
    from ..sandbox.host import launch as making

    ends = [own, *parts]
    if not can_fork():
        spawning = making.SpawnServer()  # its first guest imports torch while this process does
        from ..sandbox.host import submission

        submission.prepared_server = spawning
        return own
    from ..sandbox.confinement import _libc
    from ..sandbox.host import submission

    for stream in (stream for pair in ends for stream in pair):
        os.set_inheritable(stream.fileno(), False)
    servers = making.fork_servers(len(ends), [stream.fileno() for pair in ends for stream in pair])
    _libc.shield_this_process()
    mine = 0
    if parts:
        import hypothesis  # noqa: F401 (as the following: imported once for all)

        from ..diagnosis import replay  # noqa: F401
        from . import reporter  # noqa: F401

        for number in range(1, len(ends)):
            if os.fork() == 0:
                os.setsid()  # ended by itself, not together with the others
                mine = number
                break
    for number, (pair, server) in enumerate(zip(ends, servers)):
        if number != mine:
            server.close()
            for stream in pair:
                stream.close()
    submission.prepared_server = servers[mine].open()
    return ends[mine]


def run(channel: TextIO, orders: Collect, more: TextIO) -> None:
    """Run the suites of the ordered phases.

    Args:
        channel: where every event is told.
        orders: what to run.
        more: where answers come from to the question what to run next; with ``--warm``, further orders.
    """
    import pytest

    if orders.scratch:  # a part has the environment of the whole
        os.environ["TMPDIR"] = tempfile.tempdir = orders.scratch
    from .reporter import Reporter, WarmReporter

    suites = [path for phase in COURSE if phase.id in orders.phases for path in phase.suite()]
    if orders.assembled:
        suites.append(PROJECT / "tests" / "test_assembled.py")
    arguments = [
        f"--rootdir={PROJECT}",
        f"--config-file={PROJECT / 'pyproject.toml'}",
        "--assert=plain",
        "--quiet",
        "--tb=native",  # nobody reads them here, and pytest's own take 50 ms each to draw
        "-p", "pytest_timeout",
        "-p", "no:cacheprovider",
        "-p", "no:doctest",
        "-p", "no:junitxml",
        "-p", "no:logging",
        "-p", "no:unraisableexception",  # collects garbage for a tenth of a second, again and again
        "-p", "no:threadexception",
        "-p", "no:randomly",
        "-p", "no:xdist",
        "-p", "no:pytest_cov",
        f"--target={orders.target}",
        f"--seed={orders.seed}",
        "--wall",
        *([f"--timeout={os.environ['KATA_TEST_TIMEOUT']}"] if "KATA_TEST_TIMEOUT" in os.environ else []),
        *map(str, suites),
    ]  # fmt: skip
    reporter = Reporter(channel, orders, more) if isinstance(orders, GradeParts) else WarmReporter(channel, more)
    said = io.StringIO()  # standard error is shared with the sessions that were forked from the same program
    with contextlib.redirect_stderr(said):
        status = pytest.main(arguments, plugins=[reporter])
    if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        reporter.send(Ended())
    else:
        reporter.send(Broken(f"pytest ended with {pytest.ExitCode(status).name}\n{said.getvalue()[-1500:]}".strip()))


if __name__ == "__main__":
    main()
