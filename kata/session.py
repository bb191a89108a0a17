"""The process that runs the suites: pytest inside, one line of JSON a test to the process that grades.

Started by ``running`` as ``python -m kata.session [--wall]``. It reads its orders from standard input; with
``--warm`` it stays and takes one order after another (``kata.warm``). What the submission prints goes nowhere: the
lines travel over what was standard output when the process began. With ``--wall`` the server of the guests is forked
before anything secret is in memory: orders, tests, oracles, pytest.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, TextIO

from .course import COURSE, PROJECT


def main() -> None:
    """Run what was ordered, then say so."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    if "--wall" in sys.argv:
        prepare_wall(channel)
    source = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
    os.dup2(nowhere, 0)
    orders = json.loads(source.readline())
    run(channel, orders, source)
    os._exit(0)  # no need to take torch down in good order


def prepare_wall(channel: TextIO) -> None:
    """Fork the server of the guests now, while this process knows nothing but torch."""
    from .isolation import submission, wall

    if wall.can_fork():
        os.set_inheritable(channel.fileno(), False)
        submission.prepared_server = wall.fork_server()
        wall.shield_this_process()


def warm_up() -> None:
    """Let the server get ready while this process collects the suites."""
    from .isolation import submission

    if submission.prepared_server is not None:
        submission.prepared_server.warm()


def run(channel: TextIO, orders: dict[str, Any], more: TextIO) -> None:
    """Run the suites of the ordered phases.

    Args:
        channel: where every event is told.
        orders: what to run.
        more: where answers come from to the question what to run next; with ``--warm``, further orders.
    """
    import pytest

    from .reporter import Reporter, WarmReporter

    wanted = set(orders["phases"])
    if "--wall" in sys.argv and (wanted - {COURSE[0].id} or orders.get("assembled")):
        warm_up()
    suites = [path for phase in COURSE if phase.id in wanted for path in phase.suite()]
    if orders.get("assembled"):
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
        f"--target={orders['target']}",
        f"--seed={orders['seed']}",
        *(["--wall"] if "--wall" in sys.argv else []),
        *([f"--timeout={os.environ['KATA_TEST_TIMEOUT']}"] if "KATA_TEST_TIMEOUT" in os.environ else []),
        *map(str, suites),
    ]  # fmt: skip
    reporter = WarmReporter(channel, more) if "--warm" in sys.argv else Reporter(channel, orders, more)
    status = pytest.main(arguments, plugins=[reporter])
    if status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        reporter.send("end")
    else:
        reporter.send("broken", message=f"pytest ended with {pytest.ExitCode(status).name}")


if __name__ == "__main__":
    main()
