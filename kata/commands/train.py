"""``python grader.py train TOY``: train the learner's own Transformer on a toy and watch it learn.

The code runs in this process, without the wall: nothing is judged here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Sequence

from rich.console import Console

from ..i18n import LANGUAGES, choose
from ..settings import seed_option
from ..toys import texts
from .options import INTERRUPTED, USAGE, Parser, find_target
from .release import phases_option

DEVICES = ("cpu", "cuda", "mps")
STRING_TOYS = ("copy", "reverse", "sort")
TOY_NAMES = (*STRING_TOYS, "en-ja", "own")
PARTS = ("positions", "scaling", "residual", "norm", "mask", "warmup", "smoothing")
"""What ``--without`` takes away: the keys of ``toys.ablation.ABLATIONS``, which needs torch."""

EPILOG = """\
toys:
  copy, reverse, sort       strings of 3 to 10 letters
  en-ja                     small sentences, English to Japanese
  own                       your own pairs: --data pairs.tsv, a line a pair, source and target separated by a tab

examples:
  python grader.py train reverse
  python grader.py train en-ja --target solutions
  python grader.py train reverse --with-reference     what you have finished learns within the reference
  python grader.py train reverse --with 2             the same with your phase 2 as it is, finished or not
  python grader.py train reverse --without mask       a small model with and without the look-ahead mask, side by side
  python grader.py train en-ja --resume --steps 4000
  python grader.py train reverse --device cuda --compile
  python grader.py train --data pairs.tsv

Where a toy has a goal (copy, reverse, sort: 99 % of unseen strings), a training ends once three validations one after
the other have reached it; with --steps it ends at that step. Ctrl-C stops after the step that runs; --resume goes on.
--compile needs a C++ compiler on the CPU and Triton on a GPU; compiling takes minutes on a slow machine.
"""


def steps_option(text: str) -> int:
    """A number of steps from 1."""
    try:
        steps = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if steps < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; steps count from 1")
    return steps


def make_parser() -> Parser:
    """The options of ``python grader.py train``."""
    parser = Parser(
        prog="python grader.py train",
        description="Train your Transformer on a toy, with your own training loop, loss, schedule and decoding.",
        epilog=EPILOG,
    )
    parser.add_argument("toy", nargs="?", choices=TOY_NAMES, metavar="TOY", help=", ".join(TOY_NAMES))
    parser.add_argument("--target", default=None, metavar="DIR", help="folder of the code (default: exercises)")
    parser.add_argument(
        "--with-reference", action="store_true", help="train your finished phases, and the reference for the others"
    )
    parser.add_argument(
        "--with", type=phases_option, default=None, dest="own", metavar="PHASES", help="the same with these, as in 2,3"
    )
    parser.add_argument(
        "--without", choices=PARTS, default=None, metavar="PART", help=f"take a part away and see: {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--steps",
        type=steps_option,
        default=None,
        metavar="N",
        help="last step, goal or no goal (default: the toy's)",
    )
    parser.add_argument(
        "--seed", type=seed_option, default=None, metavar="N|random", help="seed of all random draws (default: 0)"
    )
    parser.add_argument("--device", choices=("auto", *DEVICES), default="auto", help="auto: cuda if there is one")
    parser.add_argument(
        "--compile", action="store_true", help="try torch.compile, say what a step gains, and use it if that is faster"
    )
    parser.add_argument("--data", type=Path, default=None, metavar="FILE", help="your own pairs, tab-separated")
    parser.add_argument("--resume", action="store_true", help="go on with the last training of this toy")
    parser.add_argument(
        "--into", type=Path, default=None, metavar="DIR", help="where to draw curves (default: pictures)"
    )
    parser.add_argument(
        "--runs", type=Path, default=None, metavar="DIR", help="where to keep checkpoints (default: .kata/runs)"
    )
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the messages")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Train; return 0 when it is done, 1 if it diverged, 2 for bad usage or code that is not ready, 130 for Ctrl-C."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.toy is None:
        if options.data is None:
            parser.error(f"name a toy: {', '.join(TOY_NAMES)}")
        options.toy = "own"
    if options.toy == "own" and options.data is None:
        parser.error(choose(texts.NEED_DATA, options.lang))
    if options.data is not None and options.toy not in ("own", "en-ja"):
        parser.error(f"--data brings its own pairs, {options.toy} makes its own: leave one of them out")
    if options.data is not None:
        options.toy = "own"
    if options.without and (options.toy not in STRING_TOYS or options.resume):
        parser.error(f"--without trains {', '.join(STRING_TOYS)} from the start: no other toy, and no --resume")
    if options.without and options.compile:
        parser.error("--compile is for one training, --without makes two small ones: leave one of them out")
    if options.own == ():
        parser.error("--with none: name the phases that are yours, as in 2,3")
    target, name = find_target(options.target, parser)
    import torch

    from ..toys.learner import LearnerError
    from ..toys.pairs_file import PairsError
    from .ablation_report import AblationCommand
    from .training_report import TrainCommand, called, say

    console = Console(highlight=False)
    options.device = _find_device(options.device, options.lang, parser, console)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # steady: with models this small, more threads mostly wait for each other
    try:
        return (AblationCommand if options.without else TrainCommand)(options, target, name, console).run()
    except (LearnerError, PairsError) as error:
        say(console, choose(error.pair, options.lang), "red")
        return USAGE
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        say(console, choose(texts.NOT_WRITTEN, options.lang).format(reason=reason), "red")
        return USAGE
    except KeyboardInterrupt:
        say(console, choose(texts.AT_ONCE, options.lang).format(toy=called(options)))
        return INTERRUPTED
    finally:
        torch.set_num_threads(threads)


def _find_device(asked: str, lang: str, parser: argparse.ArgumentParser, console: Console) -> str:
    """The device that was asked for, or cuda where there is one that works; ends the program if it cannot be used."""
    import torch

    from ..toys.devices import DeviceUnusable, check_device
    from .training_report import say

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    device = ("cuda" if there["cuda"] else "cpu") if asked == "auto" else asked
    if device == "cpu":
        return device
    if not there[device]:
        parser.error(choose(texts.NO_CUDA if device == "cuda" else texts.NO_MPS, lang))
    try:
        check_device(device)
    except DeviceUnusable as error:
        values = {"device": device, "reason": error}
        if asked != "auto":
            parser.error(choose(texts.UNUSABLE, lang).format(**values))
        say(console, choose(texts.ON_THE_CPU, lang).format(**values))
        return "cpu"
    return device
