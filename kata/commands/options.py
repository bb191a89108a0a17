"""What the command lines have in common: reading a phase, a percentage, a target folder; exit statuses."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from pathlib import Path
from typing import Any, Iterable, NoReturn

from ..course.edition import add_missing_stubs
from ..course.phases import COURSE, PROJECT, Phase, find_phase
from ..i18n import SentenceTable
from .help_in_japanese import JAPANESE
from .help_text import HelpFormatter, JapaneseHelpFormatter, in_japanese
from .usage_in_japanese import USAGE_ERRORS

GRADED, UNDER, USAGE, MACHINE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses: graded (at or over the limit), under it, bad usage, a machine that breaks the reference, Ctrl-C."""


def language_of(words: Iterable[str]) -> str:
    """What ``--lang`` says in a command line, which need not be a right one."""
    given = [str(word) for word in words]
    return "ja" if "--lang=ja" in given or ("--lang", "ja") in zip(given, given[1:]) else "en"


def said(message: str, lang: str) -> str:
    """A sentence about the command line in ``"en"`` or ``"ja"``; what stands below its first line stays."""
    first, *more = message.split("\n", 1)
    return "\n".join([SentenceTable(USAGE_ERRORS).translated(first) if lang == "ja" else first, *more])


class Parser(argparse.ArgumentParser):
    """Names what may have been meant where a word or an option is unknown; speaks two languages.

    Attributes:
        lang: the language of ``--help`` and of errors; what ``--lang`` says, wherever it stands.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=HelpFormatter, **settings)
        self.lang = "en"

    def speak(self, lang: str) -> None:
        """Choose the language."""
        self.lang = lang
        self.formatter_class = JapaneseHelpFormatter if lang == "ja" else HelpFormatter

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As ever, in the language that the arguments ask for."""
        self.speak(language_of(sys.argv[1:] if args is None else args))
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        """The help text in the language that was asked for."""
        if self.lang == "ja":
            self._positionals.title, self._optionals.title = JAPANESE["positional arguments"], JAPANESE["options"]
            self.description, self.epilog = in_japanese(self.description or ""), in_japanese(self.epilog or "")
            for action in self._actions:
                action.help = in_japanese(action.help or "")
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Print usage and message, and end with exit status 2."""
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if choice:
            message += did_you_mean(choice[1], re.findall(r"[\w.-]+", choice[2]))
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        if unknown:
            message += did_you_mean(unknown[1], (name for name in self._option_string_actions if name.startswith("--")))
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {said(f'error: {message}', self.lang)}\n")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean watch?`` for the known word that comes nearest; empty if none is near."""
    spelled = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), spelled, n=1)
    return f"; did you mean {spelled[near[0]]}?" if near else ""


def percent_option(text: str) -> float:
    """A number from 0 to 100."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a percentage from 0 to 100")
    return value


def phase_option(text: str) -> Phase:
    """A phase by number or name."""
    try:
        return find_phase(text)
    except KeyError as error:
        task = next((task.name for phase in COURSE for task in phase.tasks if task.name.lower() == text.lower()), None)
        if task is not None:
            phase = next(phase for phase in COURSE if task in (known.name for known in phase.tasks))
            raise argparse.ArgumentTypeError(f"{task} is a task: name its phase, which is {phase.number}") from None
        meant = did_you_mean(text, (phase.id for phase in COURSE))
        raise argparse.ArgumentTypeError(error.args[0] + meant) from None


def check_task(phase: Phase, task: str | None, parser: Parser) -> None:
    """End with a message that lists the tasks, if a phase does not have this one."""
    names = [known.name for known in phase.tasks]
    if task is not None and task not in names:
        meant = did_you_mean(task, names)
        parser.error(f"phase {phase.number} has no task {task!r}; its tasks are {', '.join(names)}{meant}")


def find_target(given: str | None, parser: Parser) -> tuple[Path, str]:
    """The folder to work on and how to call it: as given, or the project's own of that name."""
    name = given or "exercises"
    here = Path(name)
    target = here if given is not None and here.exists() else PROJECT / name
    if target is not here and given is not None and target.exists() and PROJECT.resolve() != Path.cwd():
        print(said(f"There is no {given} here; this is about {target}", parser.lang), file=sys.stderr)
    if given is None:
        for phase in add_missing_stubs():
            print(said(f"{Path(name, phase.file)} is new: its stub was added", parser.lang), file=sys.stderr)
    if not target.exists():
        parser.error(f"--target {name}: there is no such folder; it should hold {COURSE[0].file} and the other phases")
    if not target.is_dir():
        parser.error(f"--target {name}: is a file, not a folder; name the folder that holds {COURSE[0].file}")
    return target.resolve(), name
