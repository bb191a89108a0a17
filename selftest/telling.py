"""Measure which tests tell the causes apart: how many known mistakes of its task fail a test, and in which way.

``python -m selftest.telling [PHASE ...]`` writes ``kata/course/telling.json``, or what belongs to some phases.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Sequence

from kata.course.phases import COURSE, Phase
from kata.course.telling import TELLING, name_of, way_of
from kata.diagnosis.misconceptions import catalogue
from kata.grading.session_client import WarmSession
from kata.results import FAILED
from selftest.session_events import results_of


def measure(phase: Phase) -> dict[str, Counter[str]]:
    """Test to way of failing it to the number of known mistakes of its task, for a phase."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory(prefix="telling-") as folder, WarmSession([phase]) as session:
        for entry in catalogue():
            if entry.phase == phase:
                target = entry.write(Path(folder) / entry.id)
                results = results_of(session.run(phase.id, target, [entry.task], diagnose=False))
                ways = {(name_of(one.test), way_of(one.message)) for one in results if one.state == FAILED}
                for test, way in ways:
                    found[test][way] += 1
    return found


def main(arguments: Sequence[str]) -> int:
    """Write the table."""
    phases = [phase for phase in COURSE if not arguments or str(phase.number) in arguments]
    known = json.loads(TELLING.read_text(encoding="utf-8")) if TELLING.is_file() else {}
    for phase in phases:
        suites = {path.name for path in phase.suite()}
        known = {test: ways for test, ways in known.items() if test.split("::")[0] not in suites}
        known.update(measure(phase))
        lines = [f"  {json.dumps(test)}: {json.dumps(known[test], sort_keys=True)}" for test in sorted(known)]
        TELLING.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
