"""``python grader.py watch [PHASE]``: save, and the verdict is there."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import Any, Iterator, Sequence

from rich.console import Console

from ..i18n import LANGUAGES, choose
from ..streams import is_terminal
from .options import GRADED, INTERRUPTED, USAGE, Parser, find_target, phase_option
from .watch_mode.keys import single_keys
from .watch_mode.sentences import SENTENCES
from .watch_mode.watcher import Watcher

EXAMPLES = """\
examples:
  python grader.py watch                    begin where something is left to do
  python grader.py watch 3                  begin with phase 3
  python grader.py watch --lang ja          in Japanese

Keys: h hint, o open the file in $VISUAL or $EDITOR, l list, n next phase, a grade all, s solution of a task that
passes, p pictures, Enter grade again, space back to the verdict, q quit.
"""


def make_parser() -> Parser:
    """The options of ``watch``."""
    parser = Parser(
        prog="python grader.py watch",
        description="Grade a phase anew whenever you save its file.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "phase", nargs="?", type=phase_option, metavar="PHASE", help="where to begin: 1 to 6, or a name"
    )
    parser.add_argument("--target", default=None, metavar="DIR", help="folder to watch (default: exercises)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of messages and keys")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Watch until told to stop; return the exit status."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    target, name = find_target(options.target, parser)
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        print(choose(SENTENCES["no_terminal"], options.lang), file=sys.stderr)
        return USAGE
    console = Console(highlight=False)
    with _terminated_like_an_exit():
        watcher = Watcher(console, target, name, options.lang, options.phase)
        try:
            with single_keys():
                watcher.loop()
            return GRADED
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            watcher.close()


@contextlib.contextmanager
def _terminated_like_an_exit() -> Iterator[None]:
    """SIGTERM and the end of the terminal unwind the program, so that everything is put back in order."""

    def leave(number: int, frame: Any) -> None:
        raise SystemExit(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.signal(number, leave) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)
