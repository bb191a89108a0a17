"""The report as JUnit XML: a test suite a phase, a test case a task; one more if the six files were run together."""

from __future__ import annotations

from xml.etree import ElementTree

from ..course.messages import in_language
from ..grading.scoring import Report, TaskScore
from ..i18n import text
from ..results import ASSEMBLED, ERROR, PASSED
from . import terminal
from .findings import mistakes

PASS, FAILURE, BROKEN, SKIPPED = "", "failure", "error", "skipped"


def render(report: Report, lang: str = "en") -> str:
    """The report as XML text."""
    root = ElementTree.Element("testsuites", name="Transformer Kata")
    for phase in report.phases:
        kinds = [_kind(task) for task in phase.tasks]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=phase.phase.id,
            tests=str(len(phase.tasks)),
            failures=str(kinds.count(FAILURE)),
            errors=str(kinds.count(BROKEN)),
            skipped=str(kinds.count(SKIPPED)),
            time=f"{phase.seconds:.3f}",
        )
        for task, kind in zip(phase.tasks, kinds):
            _add_case(suite, phase.phase.id, task, kind, lang)
    if report.assembled is not None:
        _add_assembled(root, report, lang)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_assembled(root: ElementTree.Element, report: Report, lang: str) -> None:
    failed = not report.assembled
    suite = ElementTree.SubElement(
        root, "testsuite", name=ASSEMBLED, tests="1", failures=str(int(failed)), errors="0", skipped="0"
    )
    case = ElementTree.SubElement(suite, "testcase", classname=ASSEMBLED, name=ASSEMBLED)
    if failed:
        element = ElementTree.SubElement(case, FAILURE, message=text("assembled_no", lang))
        element.text = in_language(report.assembled_message, lang)


def _kind(task: TaskScore) -> str:
    """What JUnit calls it; what this machine alone keeps from passing is neither failure nor error."""
    if task.state == PASSED:
        return PASS
    if task.blameless:
        return SKIPPED
    return BROKEN if task.state == ERROR else FAILURE


def _add_case(suite: ElementTree.Element, phase_id: str, task: TaskScore, kind: str, lang: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=phase_id, name=task.name, time=f"{task.seconds:.3f}")
    if task.passed_given:
        ElementTree.SubElement(case, "system-out").text = terminal.given_line(task, lang)
    if kind == PASS:
        return
    message = in_language(task.message, lang)
    first_line = message.splitlines()[0] if message else task.state
    element = ElementTree.SubElement(case, kind, type=task.state, message=first_line)
    points = text("points", lang, score=f"{task.score:g}", max_score=f"{task.gradable:g}")
    tests = text("tests", lang, passed=task.passed, total=task.total)
    element.text = "\n".join([message, *mistakes(task, lang), f"{points}, {tests}"])
    if task.output:
        ElementTree.SubElement(case, "system-out").text = task.output
