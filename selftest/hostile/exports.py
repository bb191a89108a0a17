"""What every report of a run must hold to: all say the same, and nothing in one does anything to its reader."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any, Iterator
from xml.etree import ElementTree

FILES = {"--json": "report.json", "--junit": "report.xml", "--markdown": "report.md", "--gradescope": "results.json"}


def complaints(folder: Path, terminal: str) -> Iterator[str]:
    """Everything that is wrong with the reports of a run.

    Args:
        folder: where the files lie.
        terminal: what the grader printed.
    """
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in FILES.values()}
    report = json.loads(texts["report.json"])
    tasks = [task for phase in report["phases"] for task in phase["tasks"]]
    yield from _sums(report)
    yield from _junit(texts["report.xml"], tasks)
    yield from _markdown(texts["report.md"], report, tasks)
    yield from _gradescope(texts["results.json"], report, tasks)
    strings = [task["message"] for task in tasks] + [
        test["output"] for test in json.loads(texts["results.json"])["tests"]
    ]
    for name, text in [*texts.items(), ("the terminal", terminal), *(("a message", text) for text in strings)]:
        yield from _harmless(name, text)


def _sums(report: dict[str, Any]) -> Iterator[str]:
    for phase in report["phases"]:
        if abs(phase["score"] - sum(task["score"] for task in phase["tasks"])) > 0.01:
            yield f"phase {phase['phase']} is not the sum of its tasks"
        for task in phase["tasks"]:
            full = task["score"] == task["max_score"]
            if full != (task["state"] == "passed") or not 0 <= task["score"] <= task["max_score"]:
                yield f"{task['name']}: {task['state']} with {task['score']:g} points"
    if abs(report["score"] - sum(phase["score"] for phase in report["phases"])) > 0.01:
        yield "the score is not the sum of the phases"


def _junit(text: str, tasks: list[dict[str, Any]]) -> Iterator[str]:
    cases = list(ElementTree.fromstring(text).iter("testcase"))
    told = [
        (case.get("name"), next((part.get("type") for part in case if part.get("type")), "passed")) for case in cases
    ]
    if told != [(task["name"], task["state"]) for task in tasks]:
        yield "JUnit disagrees with the JSON report"


def _markdown(text: str, report: dict[str, Any], tasks: list[dict[str, Any]]) -> Iterator[str]:
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    starts = [f"`{task['name']}` | {task['score']:g} / {task['max_score']:g} |" for task in tasks]
    if len(rows) != len(starts) or any(start not in row for start, row in zip(starts, rows)):
        yield "Markdown disagrees with the JSON report"
    if not text.startswith(f"# Transformer Kata: {report['score']:g} / "):
        yield "Markdown names another score"
    if re.search(r"<(?!br>)", text):
        yield "Markdown holds raw HTML"
    if re.search(r"(?i)www\.|@|://", text):
        yield "Markdown holds what becomes a link"
    if any(len(re.findall(r"(?<!\\)\|", row)) != 6 for row in rows):
        yield "a row of the Markdown table is broken"


def _gradescope(text: str, report: dict[str, Any], tasks: list[dict[str, Any]]) -> Iterator[str]:
    results = json.loads(text)
    shown = [test for test in results["tests"] if test.get("visibility") != "hidden"]
    told = [(test["score"], test["status"]) for test in shown]
    states = [(task["score"], "passed" if task["state"] == "passed" else "failed") for task in tasks]
    if told != states or results["score"] != report["score"]:
        yield "Gradescope disagrees with the JSON report"
    if any(test.get("output_format") != "text" for test in results["tests"]):
        yield "Gradescope is told of a format other than text"


def _harmless(name: str, text: str) -> Iterator[str]:
    if any(unicodedata.category(character) in ("Cc", "Cf") and character != "\n" for character in text):
        yield f"{name} holds control characters"
    lines = [line.lstrip().lower() for line in text.splitlines()]
    if any(line.startswith("::") or re.search(r"##\w*\[", line) for line in lines):
        yield f"{name} speaks to a CI system"
