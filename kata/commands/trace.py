"""``python grader.py trace PHASE [TASK]``: the lesson's worked examples, step by step, through the learner's code."""

from __future__ import annotations

from importlib import import_module
from typing import Sequence

from rich.console import Console

from ..course.messages import in_language
from ..course.phases import REFERENCE, Phase
from ..i18n import LANGUAGES, choose
from ..source.files import complaint_about
from .options import GRADED, INTERRUPTED, UNDER, Parser, check_task, find_target, phase_option

STOPPED = ("interrupted", "中断しました。")

EXAMPLES = """examples:
  python grader.py trace 2                  all tasks of phase 2
  python grader.py trace 2 split_heads      this task alone
  python grader.py trace 2 --target solutions    what it looks like when all is right
"""


def make_parser() -> Parser:
    """The options of ``python grader.py trace``."""
    parser = Parser(
        prog="python grader.py trace",
        description="Run the lesson's worked example through your code and print, step by step, what came beside "
        "what the lesson says; the first difference is marked. It works on half-done code.",
        epilog=EXAMPLES,
    )
    parser.add_argument("phase", type=phase_option, metavar="PHASE", help="1 to 6, or a name")
    parser.add_argument("task", nargs="?", metavar="TASK", help="a task of it (default: all)")
    parser.add_argument("--target", default=None, metavar="DIR", help="folder of your code (default: exercises)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the table")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Trace; return 0 if every step is as in the lesson, 1 if not, 2 for bad usage."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, _ = find_target(options.target, parser)
    phase: Phase = options.phase
    check_task(phase, options.task, parser)
    console = Console(highlight=False, soft_wrap=True)
    why = complaint_about(target / phase.file)
    if why:
        console.print(in_language(why, options.lang), markup=False)
        return UNDER
    from ..sandbox.host.launch import SpawnServer, can_fork, start_server

    server = start_server() if can_fork() else SpawnServer()  # imports torch while this process does
    try:
        from ..sandbox.host.submission import WalledSubmission
        from ..tracing import follow, table

        examples = import_module(f"kata.tracing.phase{phase.number}").EXAMPLES
        submission = WalledSubmission(target, REFERENCE, assembled=False, server=server)
        try:
            right = True
            for task in [options.task] if options.task else [known.name for known in phase.tasks]:
                followed = follow.follow(phase, task, examples[task], submission, target)
                table.show(phase, task, followed, console, options.lang)
                right = right and all(follow.is_right(one) for one in followed)
        finally:
            submission.close()
    except KeyboardInterrupt:
        server.close()
        console.print(choose(STOPPED, options.lang))
        return INTERRUPTED
    return GRADED if right else UNDER
