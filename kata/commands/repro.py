"""``python grader.py repro TASK``: write the call in which a task fails as a short script, to run and step through."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Sequence

from rich.console import Console

from ..course.phases import COURSE, PROJECT
from ..course.telling import most_telling
from ..grading.run import SuitesBroken
from ..grading.session_client import WarmSession
from ..i18n import LANGUAGES, choose, text
from ..results import ERROR, FAILED, FORBIDDEN, PASSED, TODO, TestResult
from ..session_protocol import Finished, WrittenOut
from ..settings import seed_option
from ..source.rules import forbidden_tasks
from .options import GRADED, UNDER, USAGE, Parser, find_target

EXAMPLES = """\
examples:
  python grader.py repro split_heads        write repro_split_heads.py
  python repro_split_heads.py               run it
  python -m pdb repro_split_heads.py        step through it

The script holds what the test hands over, not what it expects: that stands in the grader's message.
"""

SENTENCES = {
    "written": ("{file} makes the call in which {test} fails:", "{test} が失敗する呼び出しを {file} に書きました。"),
    "run": (
        "python {file} runs it, python -m pdb {file} steps through it.",
        "python {file} で実行、python -m pdb {file} で 1 行ずつ実行できます。",
    ),
    "passes": ("{task} passes: there is nothing to repeat.", "{task} は合格しています。再現するものはありません。"),
    "todo": (
        "{task} is not written yet: python grader.py hint {phase} {task}",
        "{task} はまだ書かれていません: python grader.py hint {phase} {task}",
    ),
    "cannot": (
        "The call in which {test} fails cannot be written as a short script ({reason}). Step through the test:\n"
        "python -m pytest{target} --pdb '{test}'",
        "{test} が失敗する呼び出しは、短いスクリプトには書けません ({reason})。テストの中で止めて調べるには:\n"
        "python -m pytest{target} --pdb '{test}'",
    ),
}


def make_parser() -> Parser:
    """The options of ``repro``."""
    parser = Parser(
        prog="python grader.py repro",
        description="Write the call in which a task fails as a short script, outside pytest.",
        epilog=EXAMPLES,
    )
    tasks = [task.name for phase in COURSE for task in phase.tasks]
    parser.add_argument("task", choices=tasks, metavar="TASK", help="a task of the course, as split_heads")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder of the files (default: exercises)")
    parser.add_argument("--seed", type=seed_option, default=0, metavar="N|random", help="seed of random draws")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the messages")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Write the script and say so; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    task, lang = options.task, options.lang
    phase = next(phase for phase in COURSE if any(known.name == task for known in phase.tasks))
    target, name = find_target(options.target, parser)
    console = Console(highlight=False)

    def say(key: str, **values: object) -> None:
        console.print(choose(SENTENCES[key], lang).format(task=task, **values), markup=False, soft_wrap=True)

    broken = forbidden_tasks(phase, target).get(task)
    if broken is not None:
        console.print(broken, markup=False, style="red")
        return UNDER
    try:
        with WarmSession([phase], options.seed) as session:
            ran = session.run(phase.id, target, [task], diagnose=False)
            told = _told([event.result for event in ran if isinstance(event, Finished)])
            if told is None or told.state == TODO:
                say("passes" if told is None else "todo", phase=phase.number)
                return GRADED if told is None else UNDER
            again = session.run(phase.id, target, [task], [told.test], True, diagnose=False, write_out=True)
            written = [event for event in again if isinstance(event, WrittenOut)]
    except SuitesBroken as error:
        print(text("broken", options.lang, why=error), file=sys.stderr)
        return USAGE
    test = told.test.rsplit("/", 1)[-1]
    if not written or not written[0].code:
        option = "" if options.target is None else f" --target={name}"
        say("cannot", test=told.test, reason=written[0].reason if written else "it passed", target=option)
        return UNDER
    file = _write(task, written[0])
    say("written", file=file.name, test=test)
    console.print(told.message, markup=False, style="dim")
    say("run", file=file.name)
    return GRADED


def _told(results: Sequence[TestResult]) -> TestResult | None:
    """The test that the report tells of; None if all passed."""
    for state in (FORBIDDEN, ERROR, FAILED, TODO):
        found = [result for result in results if result.state == state]
        if found:
            return most_telling(found)
    assert all(result.state == PASSED for result in results)
    return None


def _write(task: str, written: WrittenOut) -> Path:
    """Write the script, and what it loads, into the folder where the user stands."""
    file = Path.cwd() / f"repro_{task}.py"
    code = written.code
    if Path.cwd() != PROJECT:
        place = f'import sys\n\nsys.path.insert(0, "{PROJECT.as_posix()}")\n\n'
        code = code.replace("import torch\n", f"{place}import torch\n", 1)
    file.write_text(code, encoding="utf-8")
    if written.data:
        file.with_suffix(".pt").write_bytes(base64.b64decode(written.data))
    return file
