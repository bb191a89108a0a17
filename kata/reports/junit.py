"""The report as JUnit XML: one test suite a phase, one test case a task."""

from __future__ import annotations

from xml.etree import ElementTree

from ..grading.scoring import Report
from ..results import ERROR, PASSED
from . import terminal
from .findings import mistakes


def render(report: Report) -> str:
    """The report as XML text."""
    root = ElementTree.Element("testsuites", name="Transformer Kata")
    for phase in report.phases:
        broken = [task for task in phase.tasks if task.state == ERROR]
        failed = [task for task in phase.tasks if task.state not in (PASSED, ERROR)]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=phase.phase.id,
            tests=str(len(phase.tasks)),
            failures=str(len(failed)),
            errors=str(len(broken)),
            skipped="0",
            time=f"{phase.seconds:.3f}",
        )
        for task in phase.tasks:
            case = ElementTree.SubElement(suite, "testcase", classname=phase.phase.id, name=task.name)
            if task.passed_given:
                ElementTree.SubElement(case, "system-out").text = terminal.given_line(task, "en")
            if task.state == PASSED:
                continue
            kind = "error" if task.state == ERROR else "failure"
            first_line = task.message.splitlines()[0] if task.message else task.state
            element = ElementTree.SubElement(case, kind, type=task.state, message=first_line)
            element.text = (
                "\n".join([task.message, *mistakes(task, "en")])
                + f"\n{task.score:g} of {task.max_score:g} points, {task.passed}/{task.total} tests"
            )
            if task.output:
                ElementTree.SubElement(case, "system-out").text = task.output
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
