"""What one guest is told is not in the memory that the next one, of another submission maybe, is forked with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kata.course.phases import COURSE, REFERENCE
from kata.sandbox.host.launch import can_fork, start_server
from kata.sandbox.host.reference import compiled
from kata.sandbox.host.submission import WalledSubmission

FIRST, BUILDS_ON_THEM = COURSE[0].id, COURSE[3].id
pytestmark = pytest.mark.skipif(not can_fork(), reason="there is a server of guests where processes can fork")


def memory_of(process: int) -> bytes:
    """What a process may write to, as it is now."""
    found = []
    with open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            first, last = (int(number, 16) for number in line.split()[0].split("-"))
            if re.match(r"\S+ rw", line) and last - first < 2**28:
                memory.seek(first)
                found.append(memory.read(last - first))
    return b"".join(found)


@pytest.mark.timeout(120)
def test_the_server_hears_neither_target_nor_reference(tmp_path):
    for phase in COURSE:
        (tmp_path / phase.file).write_text("import os\n\ndef server():\n    return os.getppid()\n", encoding="utf-8")
    submission = WalledSubmission(tmp_path, REFERENCE, False, start_server())
    try:
        submission.begin(BUILDS_ON_THEM, 0, 60.0)
        process = submission.phase(BUILDS_ON_THEM, BUILDS_ON_THEM).server()
        submission.begin(FIRST, 0, 60.0)
        assert submission.phase(FIRST, FIRST).server() == process
        try:
            memory = memory_of(process)
        except OSError:
            pytest.skip("the memory of another process cannot be read here")
    finally:
        submission.close()
    assert b"kata_submission" in memory or b"fork_server" in memory  # it was the server's
    assert str(tmp_path).encode() not in memory
    code = compiled(REFERENCE / COURSE[1].file).encode()
    parts = [code[start : start + 40] for start in range(0, len(code) - 40, 40)]
    assert not [part for part in parts if part in memory]
