"""Where guests are started, one goes on from phase to phase, unless it holds a reference or something is left over."""

from __future__ import annotations

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.sandbox.host.launch import SpawnServer
from kata.sandbox.host.submission import WalledSubmission

FIRST, SECOND, BUILDS_ON_THEM = COURSE[0].id, COURSE[1].id, COURSE[3].id
TELLS_ITS_PROCESS = "import os, threading, time, torch\nfrom torch import nn\n\ndef pid():\n    return os.getpid()\n"
LEFT_OVER = {
    "a function of torch": "torch.softmax = lambda *args, **kwargs: None\n",
    "a method of a class of torch": "nn.Linear.forward = lambda self, x: x\n",
    "a builtin": "import builtins\nbuiltins.sum = max\n",
    "a thread": "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n",
}


@pytest.fixture
def processes_of(tmp_path):
    """The processes in which phases are tested, one after another."""
    submissions = []

    def ask(first, *phases):
        for phase in COURSE:
            (tmp_path / phase.file).write_text(TELLS_ITS_PROCESS, encoding="utf-8")
        (tmp_path / COURSE[0].file).write_text(TELLS_ITS_PROCESS + first, encoding="utf-8")
        submission = WalledSubmission(tmp_path, REFERENCE, False, SpawnServer())
        submissions.append(submission)
        found = []
        for phase in phases:
            submission.begin(phase, 0, 60.0)
            found.append(submission.phase(phase, phase).pid())
            submission.end()
        return found

    yield ask
    for submission in submissions:
        submission.close()


@pytest.mark.timeout(120)
def test_a_guest_goes_on_to_a_phase_that_needs_no_reference(processes_of):
    first, second, later, again = processes_of("", FIRST, SECOND, BUILDS_ON_THEM, FIRST)
    assert first == second
    assert later not in (first, again)  # it held the reference of others
    assert again != first


@pytest.mark.timeout(120)
@pytest.mark.parametrize("statement", LEFT_OVER.values(), ids=LEFT_OVER)
def test_what_a_phase_leaves_behind_reaches_no_other(processes_of, statement):
    first, second = processes_of(statement, FIRST, SECOND)
    assert first != second
