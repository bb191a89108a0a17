"""The results of a class, a line of JSON each, written as soon as they are there: a crash loses none of them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import unicodedata
from pathlib import Path
from typing import Any, Iterable, Mapping

from ..course.phases import COURSE, Phase

Record = Mapping[str, Any]
"""``name``, ``digest``, ``seconds``, ``report`` (as ``--json``, or None), ``markdown``, ``problem``, ``shapes``."""


def digest(files: Mapping[str, bytes], seed: int, phases: Iterable[Phase]) -> str:
    """Changes with what was handed in and with what is graded."""
    told = hashlib.sha256(f"{seed} {[phase.id for phase in phases]}".encode())
    for name, content in sorted(files.items()):
        told.update(f"{name} {len(content)} ".encode() + content)
    return told.hexdigest()


def append(path: Path, record: Record) -> None:
    """Add a record; it is on the disk when this returns."""
    with open(path, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(path: Path) -> list[Record]:
    """What is there, the newest of each name; a line that was cut off in the middle is none."""
    found: dict[str, Record] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    for line in lines:
        try:
            record = json.loads(line)
            found[record["name"]] = record
        except (KeyError, TypeError, ValueError):
            continue
    return list(found.values())


def write_csv(path: Path, records: Iterable[Record], phases: Iterable[Phase]) -> None:
    """One row a student: total, phases, states of all tasks, seconds, named mistakes."""
    phases = list(phases)
    tasks = [task.name for phase in phases for task in phase.tasks]
    with open(path, "w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream)
        columns = [f"phase{phase.number}" for phase in phases]
        table.writerow(["name", "total", *columns, "assembled", *tasks, "mistakes", "seconds", "problem"])
        for record in sorted(records, key=lambda record: record["name"]):
            report = record["report"]
            row = [_harmless(record["name"]), "", *([""] * (len(columns) + 1 + len(tasks))), "", record["seconds"]]
            if report is not None:
                scores = {phase["phase"]: phase["score"] for phase in report["phases"]}
                states = {task["name"]: task["state"] for phase in report["phases"] for task in phase["tasks"]}
                row[1:-2] = [
                    report["score"],
                    *(scores.get(phase.number, "") for phase in phases),
                    "yes" if report["assembled"] else "no",
                    *(states.get(task, "") for task in tasks),
                ]
                row[-2] = " ".join(mistakes_of(record))
            table.writerow([*row, _harmless(record["problem"] or _not_gradable(record))])


def _not_gradable(record: Record) -> str:
    """What of a total is missing because of the machine alone; empty if nothing is."""
    report = record["report"] or {"phases": []}
    points = sum(task.get("points_not_gradable", 0.0) for phase in report["phases"] for task in phase["tasks"])
    return f"{points:g} points cannot be graded on this machine" if points else ""


def mistakes_of(record: Record) -> list[str]:
    """Ids of the known mistakes that were named."""
    report = record["report"] or {"phases": []}
    found = [task["diagnosis"] for phase in report["phases"] for task in phase["tasks"] if task["diagnosis"]]
    return list(dict.fromkeys(one["id"] for one in found))


def whole_course(phases: Iterable[Phase]) -> bool:
    """Whether all phases are graded, so that the six files together are tried, too."""
    return len(list(phases)) == len(COURSE)


def _harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula; in Japanese those of full width are one, too."""
    return f"'{text}" if unicodedata.normalize("NFKC", text)[:1] in ("=", "+", "-", "@", "\t", "\r") else text
