"""``python grader.py solutions PHASE``: the solution as a reading edition, once the phase has passed."""

from __future__ import annotations

import sys
from typing import Sequence

from rich.console import Console
from rich.syntax import Syntax

from ..course.edition import has_reference
from ..course.phases import REFERENCE, Phase
from ..course.reading import code_alone
from ..grading.grade import grade
from ..grading.run import SuitesBroken
from ..i18n import LANGUAGES, choose, text
from ..results import PASSED
from .options import GRADED, INTERRUPTED, UNDER, USAGE, Parser, find_target, phase_option

EXAMPLES = """\
examples:
  python grader.py solutions 2                  grade phase 2, and if all of it passes print its solution
  python grader.py solutions 2 --anyway         print it, passed or not
  python grader.py solutions 2 > phase2.py      into a file
"""

SENTENCES = {
    "grading": (
        "Grading phase {number}: the solution is for those who have passed it.",
        "フェーズ {number} を採点します。解答は合格してから読むものです。",
    ),
    "open": (
        "Not passed yet: {tasks}. The solution is worth most once you have your own.\n"
        "The next hint: python grader.py hint {number}\n"
        "Print it all the same: python grader.py solutions {number} --anyway",
        "未合格: {tasks}。自分の答えを書き上げてから読むほうが身につきます。\n"
        "ヒントを見るには: python grader.py hint {number} --lang ja\n"
        "それでも読むには: python grader.py solutions {number} --anyway --lang ja",
    ),
    "none": (
        "This edition does not hold the solution of phase {number}.",
        "この配布版には、フェーズ {number} の解答が入っていません。",
    ),
    "head": (
        "# {file} without its docstrings; the stub holds these: exercises/{name}",
        "# {file} から docstring を除いたもの。docstring は exercises/{name} にあります。",
    ),
}


def make_parser() -> Parser:
    """The options of ``solutions``."""
    parser = Parser(
        prog="python grader.py solutions",
        description="Print the solution of a phase without docstrings, once all tasks of your own have passed.",
        epilog=EXAMPLES,
    )
    parser.add_argument("phase", type=phase_option, metavar="PHASE", help="1 to 6, or a name")
    parser.add_argument("--anyway", action="store_true", help="do not grade first")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder to grade (default: exercises)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the messages")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Grade, and print the solution if all passes; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    phase: Phase = options.phase
    target, name = find_target(options.target, parser)
    messages = Console(stderr=True, highlight=False)

    def say(name: str, **values: object) -> None:
        sentence = choose(SENTENCES[name], options.lang).format(number=phase.number, **values)
        messages.print(sentence, markup=False, soft_wrap=True)

    if not has_reference(phase):
        say("none")
        return USAGE
    if not options.anyway:
        say("grading")
        try:
            report = grade(target, (phase,), lang=options.lang, name=name)
        except SuitesBroken as error:
            messages.print(text("broken", options.lang, why=error), markup=False, style="red")
            return USAGE
        except KeyboardInterrupt:
            return INTERRUPTED
        left = [task.name for task in report.phases[0].tasks if task.state != PASSED]
        if left:
            say("open", tasks=", ".join(left))
            return UNDER
    head = choose(SENTENCES["head"], options.lang).format(file=f"solutions/{phase.file}", name=phase.file)
    code = head + "\n" + code_alone((REFERENCE / phase.file).read_text(encoding="utf-8"))
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Syntax(code, "python", background_color="default"))
    else:
        sys.stdout.write(code)
    return GRADED
