"""``python grader.py train TOY``: train the learner's own Transformer on a toy and watch it learn.

The code runs in this process, without the wall: nothing is judged here.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from pathlib import Path
from typing import Any, Callable, Sequence

from rich.console import Console

from ..course import PROJECT
from ..options import GRADED, INTERRUPTED, UNDER, USAGE, find_target, seed_option
from ..texts import LANGUAGES, choose

TOY_NAMES = ("copy", "reverse", "sort", "en-ja", "own")

EPILOG = """\
toys:
  copy, reverse, sort       strings of 3 to 10 letters
  en-ja                     small sentences, English to Japanese
  own                       your own pairs: --data pairs.tsv, a line a pair, source and target separated by a tab

examples:
  python grader.py train reverse
  python grader.py train en-ja --target solutions
  python grader.py train en-ja --resume --steps 4000
  python grader.py train --data pairs.tsv

Ctrl-C stops after the step that runs; --resume goes on from there.
"""

NEED_DATA = ("own needs --data FILE: pairs, one a line, source and target separated by a tab",) * 2
NO_CUDA = (
    "--device cuda: this machine has no CUDA device, or this torch cannot use it; leave --device out",
    "--device cuda: この環境では CUDA を使えません。--device を外してください",
)
NOTHING_TO_RESUME = (
    "There is no training to go on with: {reason}\nWay out: start one with `python grader.py train {toy}`",
    "続きから始められる学習がありません: {reason}\n`python grader.py train {toy}` で新しく始めてください。",
)
OTHER_SEED = (
    "The training to go on with has seed {old}, not {new}. Way out: leave --seed out, or leave --resume out.",
    "続ける学習のシードは {new} ではなく {old} です。--seed か --resume のどちらかを外してください。",
)
DOES_NOT_FIT = {
    "pairs": (
        "The pairs are not those of the training to go on with. Way out: give the same --data, or leave --resume out.",
        "文の対が、続ける学習のものと違います。同じ --data を指定するか、--resume を外してください。",
    ),
    "settings": (
        "The toy has other settings than the training to go on with. Way out: leave --resume out.",
        "設定が、続ける学習のものと違います。--resume を外してください。",
    ),
    "model": (
        "The checkpoint does not fit your code: parameters or states have other names or shapes than when it was "
        "made. Way out: leave --resume out.",
        "チェックポイントが今のコードに合いません（パラメータや状態の名前か形が変わっています）。"
        "--resume を外してください。",
    ),
}
HEADER = ("Training {toy} with the code of {target}", "{target} のコードで {toy} を学習します")
SIZES = (
    "{train} pairs to learn, {unseen} unseen ones to test; {parameters} parameters; seed {seed}, {device}",
    "学習 {train} 組、検証 {unseen} 組、パラメータ {parameters} 個、シード {seed}、{device}",
)
LETTERS = (
    "The {side} has no spaces: it is read letter by letter.",
    "{side}には空白がないため、1 文字ずつ読みます。",
)
SIDES = (("source", "target"), ("原文", "訳文"))
KEPT = ("The last training of {toy} is kept in {path}", "前回の {toy} の学習は {path} に残してあります")
GOES_ON = ("Going on after step {step}", "ステップ {step} の続きから始めます")
AT_END = (
    "Step {step} is done already. Way out: `--steps {more}` trains on.",
    "ステップ {step} まで終わっています。`--steps {more}` を付けると続けられます。",
)
VALIDATION = (
    "step {step:>5}  loss {loss:.3f}  exact {exact:6.1%}",
    "ステップ {step:>5}  損失 {loss:.3f}  完全一致 {exact:6.1%}",
)
WITHHELD = ("  withheld {share:6.1%}", "  未出の組 {share:6.1%}")
BLEU = ("  BLEU {bleu:.1f}", "  BLEU {bleu:.1f}")
EXPECTED = ("expected", "正解")
EMPTY = ("(nothing)", "（出力なし）")
COMPARED = (
    "{sentences} sentences  greedy {greedy:.1%}  beam {beam:.1%} exact",
    "{sentences} 文の完全一致  貪欲法 {greedy:.1%}  ビームサーチ {beam:.1%}",
)
STOPPED = (
    "Stopped after step {step}. `python grader.py train {toy} --resume` goes on.",
    "ステップ {step} で止めました。`python grader.py train {toy} --resume` で続けられます。",
)
STOPPED_BEFORE = (
    "Stopped before the first step: nothing was written.",
    "最初のステップの前に止めました。何も書いていません。",
)
STOPPING = (
    "Stopping after this step ... (once more: at once)",
    "このステップの後で止めます…（もう一度押すとすぐ終わります）",
)
DIVERGED = (
    "The loss is {loss} at step {step}: the training diverged and the weights are spoilt.\n"
    "Where to look: attention over a fully masked row (softmax of -inf only), log of 0 in the loss (log_softmax is "
    "safe), a division without eps in LayerNorm, or a learning rate that is too high (is it divided by "
    "sqrt(d_model)? does the warm-up rise?).\n"
    "Way out: `python grader.py` tests all of these. {checkpoint}",
    "ステップ {step} で損失が {loss} になりました。学習が発散し、重みは使えません。\n"
    "確認する所: すべてマスクされた行の注意（-inf だけの softmax）、損失の中の log(0)（log_softmax なら安全）、"
    "LayerNorm の eps なしの割り算、大きすぎる学習率（sqrt(d_model) で割っていますか。"
    "ウォームアップで上がっていきますか）。\n"
    "`python grader.py` でこれらをテストできます。{checkpoint}",
)
LAST_GOOD = (
    "The checkpoint of step {step}, before that, is still there.",
    "発散前のステップ {step} のチェックポイントは残っています。",
)
NO_PICTURES = (
    "No pictures: matplotlib is missing (`python -m pip install -r requirements.txt`)",
    "図は描いていません。matplotlib がありません（`python -m pip install -r requirements.txt`）",
)
NO_PICTURE = ("{path} was not drawn: {reason}", "{path} を描けませんでした: {reason}")
WROTE = ("Wrote {path}", "{path} に書きました")
NOT_WRITTEN = ("Could not be written: {reason}", "書き込めませんでした: {reason}")
AT_ONCE = (
    "Stopped at once. The last checkpoint is kept; `python grader.py train {toy} --resume` goes on from it.",
    "すぐに止めました。最後のチェックポイントは残っています。`python grader.py train {toy} --resume` で続けられます。",
)


def steps_option(text: str) -> int:
    """A number of steps from 1."""
    try:
        steps = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if steps < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; steps count from 1")
    return steps


def make_parser() -> argparse.ArgumentParser:
    """The options of ``python grader.py train``."""
    parser = argparse.ArgumentParser(
        prog="python grader.py train",
        description="Train your Transformer on a toy, with your own training loop, loss, schedule and decoding.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("toy", nargs="?", choices=TOY_NAMES, metavar="TOY", help=", ".join(TOY_NAMES))
    parser.add_argument("--target", default=None, metavar="DIR", help="folder of the code (default: exercises)")
    parser.add_argument("--steps", type=steps_option, default=None, metavar="N", help="number of the last step")
    parser.add_argument("--seed", type=seed_option, default=None, metavar="N|random", help="seed (default: 0)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: cuda if there is one")
    parser.add_argument("--data", type=Path, default=None, metavar="FILE", help="your own pairs, tab-separated")
    parser.add_argument("--resume", action="store_true", help="go on with the last training of this toy")
    parser.add_argument("--into", type=Path, default=None, metavar="DIR", help="folder of pictures (default: pictures)")
    parser.add_argument("--runs", type=Path, default=None, metavar="DIR", help="folder of runs (default: .kata/runs)")
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
        parser.error(choose(NEED_DATA, options.lang))
    if options.data is not None and options.toy not in ("own", "en-ja"):
        parser.error(f"--data brings its own pairs, {options.toy} makes its own: leave one of them out")
    if options.data is not None:
        options.toy = "own"
    target, name = find_target(options.target, parser)
    import torch

    from ..toys.learner import LearnerError
    from ..toys.pairs_file import PairsError

    console = Console(highlight=False)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error(choose(NO_CUDA, options.lang))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # steady: with models this small, more threads mostly wait for each other
    try:
        return _Command(options, target, name, console).run()
    except (LearnerError, PairsError) as error:
        _say(console, choose(error.pair, options.lang), "red")
        return USAGE
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        _say(console, choose(NOT_WRITTEN, options.lang).format(reason=reason), "red")
        return USAGE
    except KeyboardInterrupt:
        _say(console, choose(AT_ONCE, options.lang).format(toy=_called(options)))
        return INTERRUPTED
    finally:
        torch.set_num_threads(threads)


class _Command:
    """One call of the command."""

    def __init__(self, options: argparse.Namespace, target: Path, name: str, console: Console) -> None:
        from ..toys.run_folder import RUNS, RunFolder

        self.options, self.target, self.name, self.console = options, target, name, console
        self.lang: str = options.lang
        self.folder = RunFolder(options.runs or RUNS, options.toy)
        self.pictures = (options.into or PROJECT / "pictures") / "phase6"

    def say(self, pair: tuple[str, str], style: str = "", **values: Any) -> None:
        _say(self.console, choose(pair, self.lang).format(**values), style)

    def run(self) -> int:
        """Prepare, train, and show what came out."""
        import torch

        from ..toys.learner import Learner
        from ..toys.registry import TOYS
        from ..toys.run_folder import NoCheckpoint
        from ..toys.training import DIVERGED as LOSS_DIVERGED
        from ..toys.training import DoesNotFit, Training

        options, toy = self.options, TOYS[self.options.toy]
        checkpoint: dict[str, Any] | None = None
        if options.resume:
            try:
                checkpoint = self.folder.read_checkpoint()
            except NoCheckpoint as error:
                self.say(NOTHING_TO_RESUME, "red", reason=error, toy=_called(options))
                return USAGE
            if options.seed not in (None, checkpoint["seed"]):
                self.say(OTHER_SEED, "red", old=checkpoint["seed"], new=options.seed)
                return USAGE
        seed = checkpoint["seed"] if checkpoint else options.seed or 0
        device = "cuda" if options.device != "cpu" and torch.cuda.is_available() else "cpu"
        learner = Learner(self.target)
        with _Stop(lambda: self.say(STOPPING)) as stop:
            try:
                learner.rehearse()
                training = Training(learner, toy, toy.corpus(seed, options.data), seed, device)
                if checkpoint is not None:
                    try:
                        training.resume(checkpoint, self.folder.read_history())
                    except DoesNotFit as error:
                        self.say(DOES_NOT_FIT[str(error)], "red")
                        return USAGE
                steps = options.steps or toy.steps
                self._introduce(training, steps)
                if training.step >= steps:
                    self.say(AT_END, step=training.step, more=training.step + toy.steps)
                    return GRADED
                if stop():
                    self.say(STOPPED_BEFORE)
                    return INTERRUPTED
                self.training, self.saved = training, training.step
                if checkpoint is None:
                    self._set_aside()
                outcome = self._train(steps, stop)
                if outcome == LOSS_DIVERGED:
                    return self._diverged()
                return self._finish(stop)
            finally:
                learner.close()

    def _introduce(self, training: Any, steps: int) -> None:
        self.say(HEADER, "bold", toy=training.toy.name, target=self.name)
        self.say(
            SIZES,
            train=f"{len(training.corpus.train):,}",
            unseen=f"{len(training.corpus.validation['unseen']):,}",
            parameters=f"{training.num_parameters:,}",
            seed=training.seed,
            device=training.device,
        )
        if self.options.data is not None:
            for column, side in enumerate(choose(SIDES, self.lang)):
                if all(len(token) == 1 for pair in training.corpus.train for token in pair[column]):
                    self.say(LETTERS, side=side)
        if training.step:
            self.say(GOES_ON, step=training.step)

    def _set_aside(self) -> None:
        kept = self.folder.set_aside()
        if kept is not None:
            self.say(KEPT, toy=self.options.toy, path=_short(kept))

    def _train(self, steps: int, stop: Callable[[], bool]) -> str:
        if not self.console.is_terminal:
            return self.training.run(steps, stop, lambda entry: None, self._validated)
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}  lr {task.fields[lr]:.1e}  {task.fields[speed]:,} tok/s"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, expand=True, transient=True) as progress:
            task = progress.add_task("", total=steps, completed=self.training.step, loss=0.0, lr=0.0, speed=0)

            def on_step(entry: dict[str, Any]) -> None:
                values = {"loss": entry["loss"], "lr": entry["lr"], "speed": entry["tokens_per_second"]}
                progress.update(task, completed=entry["step"], **values)

            return self.training.run(steps, stop, on_step, self._validated)

    def _validated(self, entry: dict[str, Any]) -> None:
        line = choose(VALIDATION, self.lang).format(**entry)
        if "withheld" in entry:
            line += choose(WITHHELD, self.lang).format(share=entry["withheld"])
        if entry["bleu"] is not None:
            line += choose(BLEU, self.lang).format(bleu=entry["bleu"])
        _say(self.console, line, "bold")
        for sample in entry["samples"]:
            for text, style in self._sample_lines(*sample):
                _say(self.console, text, style)
        self._save()

    def _sample_lines(self, source: str, output: str, reference: str) -> list[tuple[str, str]]:
        """Source → output, a mark, and what was expected if that is something else."""
        from rich.cells import cell_len

        right = output == reference
        output = output or choose(EMPTY, self.lang)
        mark, style = ("✓", "green") if right else ("✗", "red")
        after = "" if right else f"  {choose(EXPECTED, self.lang)} {reference}"
        line = f"  {mark} {source} → {output}{after}"
        if cell_len(line) <= min(self.console.width, 78):
            return [(line, style)]
        lines = [(f"  {mark} {source}", style), (f"    → {output}", style)]
        return lines if right else [*lines, (f"    {after.strip()}", style)]

    def _save(self) -> None:
        """History first: one that is ahead of its checkpoint is cut when a training goes on."""
        self.folder.write_json("history.json", self.training.history)
        self.folder.write_checkpoint(self.training.checkpoint())
        self.saved = self.training.step

    def _diverged(self) -> int:
        self.folder.write_json("history.json", self.training.history)
        last = self.training.history["steps"][-1]
        kept = choose(LAST_GOOD, self.lang).format(step=self.saved) if self.saved else ""
        self.say(DIVERGED, "red", loss=last["loss"], step=last["step"], checkpoint=kept)
        self._draw(None)
        return UNDER

    def _finish(self, stop: Callable[[], bool]) -> int:
        from ..toys.learner import LearnerError

        training = self.training
        if training.step == 0:
            self.say(STOPPED_BEFORE)
            return INTERRUPTED
        if training.step != self.saved:
            self._save()
        if not stop():
            training.compare(stop)
        if training.history["beam"]:
            greedy, beam = training.history["greedy"], training.history["beam"]
            self.say(COMPARED, sentences=beam["sentences"], greedy=greedy["exact"], beam=beam["exact"])
            self.folder.write_json("history.json", training.history)
        attention = None
        try:
            attention = training.attention()
            self.folder.write_json("attention.json", attention)
        except LearnerError as error:
            _say(self.console, choose(error.pair, self.lang), "red")
        self._draw(attention)
        if stop():
            self.say(STOPPED, step=training.step, toy=_called(self.options))
            return INTERRUPTED
        return GRADED

    def _draw(self, attention: dict[str, Any] | None) -> None:
        try:
            from ..pictures import fonts
            from ..pictures import training as pictures
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            self.say(NO_PICTURES)
            return
        toy = self.training.toy.name
        todo = [(self.training.history, f"{toy}_curves.png", pictures.draw_history)]
        if attention is not None:
            todo.append((attention, f"{toy}_alignment.png", pictures.draw_alignment))
            advice = fonts.advice(self.lang, [*attention["source"], *attention["output"]])
            if advice:
                _say(self.console, advice)
        for content, name, draw in todo:
            path = self.pictures / name
            try:
                draw(content, path, self.lang)
            except (OSError, ValueError) as error:
                self.say(NO_PICTURE, "red", path=_short(path), reason=error)
                continue
            self.say(WROTE, path=_short(path))


class _Stop:
    """Whether Ctrl-C was pressed. The first time asks for a stop, the second one stops at once."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell, self._asked, self._before = tell, False, None

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> _Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def _on_signal(self, number: int, frame: Any) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._tell()

    def __exit__(self, *error: Any) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


def _called(options: argparse.Namespace) -> str:
    """The toy, and where its code and its runs are, as they are named on the command line."""
    words = [f"--data {options.data}" if options.data is not None else options.toy]
    words += [f"--target {options.target}"] if options.target else []
    words += [f"--runs {options.runs}"] if options.runs else []
    return " ".join(words)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(text, markup=False, style=style, soft_wrap=True)


def _short(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
