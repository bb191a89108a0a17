"""``python grader.py train``: from the options to a trained model, told on the way."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any, Callable

import torch
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..course.phases import PROJECT
from ..i18n import choose
from ..signs import sign
from ..toys import texts
from ..toys.learner import Learner, LearnerError
from ..toys.registry import TOYS
from ..toys.run_folder import RUNS, NoCheckpoint, RunFolder
from ..toys.stopping import Stop
from ..toys.training import DIVERGED, DoesNotFit, Training
from .options import GRADED, INTERRUPTED, UNDER, USAGE


def check_writable(folder: Path) -> None:
    """Find out before hours of training that nothing can be written there.

    Raises:
        OSError: naming the folder.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(existing)) from None


class TrainCommand:
    """One call of the command.

    Args:
        options: as ``kata.commands.train`` reads them.
        target: folder of the learner's code.
        name: how to call that folder.
        console: where to print.
    """

    def __init__(self, options: argparse.Namespace, target: Path, name: str, console: Console) -> None:
        self.options, self.target, self.name, self.console = options, target, name, console
        self.lang: str = options.lang
        self.folder = RunFolder(options.runs or RUNS, options.toy)
        self.pictures = (options.into or PROJECT / "pictures") / "phase6"

    def say(self, pair: tuple[str, str], style: str = "", **values: Any) -> None:
        """Print one of ``texts`` in the chosen language."""
        say(self.console, choose(pair, self.lang).format(**values), style)

    def run(self) -> int:
        """Prepare, train, and show what came out."""
        options, toy = self.options, TOYS[self.options.toy]
        checkpoint: dict[str, Any] | None = None
        if options.resume:
            try:
                checkpoint = self.folder.read_checkpoint()
            except NoCheckpoint as error:
                self.say(texts.NOTHING_TO_RESUME, "red", reason=error, toy=called(options))
                return USAGE
            if options.seed not in (None, checkpoint["seed"]):
                self.say(texts.OTHER_SEED, "red", old=checkpoint["seed"], new=options.seed)
                return USAGE
        seed = checkpoint["seed"] if checkpoint else options.seed or 0
        device = options.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        for folder in (self.folder.path, self.pictures):
            check_writable(folder)
        learner = Learner(self.target)
        with Stop(lambda: self.say(texts.STOPPING)) as stop:
            try:
                learner.rehearse()
                training = Training(learner, toy, toy.corpus(seed, options.data), seed, device)
                if checkpoint is not None:
                    try:
                        training.resume(checkpoint, self.folder.read_history())
                    except DoesNotFit as error:
                        self.say(texts.DOES_NOT_FIT[str(error)], "red")
                        return USAGE
                steps = options.steps or toy.steps
                self._introduce(training, steps)
                if training.step >= steps:
                    self.say(texts.AT_END, step=training.step, more=training.step + toy.steps)
                    return GRADED
                if stop():
                    self.say(texts.STOPPED_BEFORE)
                    return INTERRUPTED
                self.training, self.saved = training, training.step
                if checkpoint is None:
                    self._set_aside()
                outcome = self._train(steps, stop)
                if outcome == DIVERGED:
                    return self._diverged()
                return self._finish(stop)
            finally:
                learner.close()

    def _introduce(self, training: Any, steps: int) -> None:
        self.say(texts.HEADER, "bold", toy=training.toy.name, target=self.name)
        self.say(
            texts.SIZES,
            train=f"{len(training.corpus.train):,}",
            unseen=f"{len(training.corpus.validation['unseen']):,}",
            parameters=f"{training.num_parameters:,}",
            seed=training.seed,
            device=training.device,
        )
        if self.options.data is not None:
            for column, side in enumerate(choose(texts.SIDES, self.lang)):
                if all(len(token) == 1 for pair in training.corpus.train for token in pair[column]):
                    self.say(texts.LETTERS, side=side)
        if training.step:
            self.say(texts.GOES_ON, step=training.step)

    def _set_aside(self) -> None:
        kept = self.folder.set_aside()
        if kept is not None:
            self.say(texts.KEPT, toy=self.options.toy, path=short(kept))

    def _train(self, steps: int, stop: Callable[[], bool]) -> str:
        if not self.console.is_terminal:
            return self.training.run(steps, stop, lambda entry: None, self._validated)
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
        line = choose(texts.VALIDATION, self.lang).format(**entry)
        if "withheld" in entry:
            line += choose(texts.WITHHELD, self.lang).format(share=entry["withheld"])
        if entry["bleu"] is not None:
            line += choose(texts.BLEU, self.lang).format(bleu=entry["bleu"])
        say(self.console, line, "bold")
        for sample in entry["samples"]:
            for text, style in self._sample_lines(*sample):
                say(self.console, text, style)
        self._save()

    def _sample_lines(self, source: str, output: str, reference: str) -> list[tuple[str, str]]:
        """Source → output, a mark, and what was expected if that is something else."""
        right = output == reference
        output = output or choose(texts.EMPTY, self.lang)
        mark, style = (sign("✓"), "green") if right else (sign("✗"), "red")
        after = "" if right else f"  {choose(texts.EXPECTED, self.lang)} {reference}"
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
        kept = choose(texts.LAST_GOOD, self.lang).format(step=self.saved) if self.saved else ""
        self.say(texts.DIVERGED, "red", loss=last["loss"], step=last["step"], checkpoint=kept)
        self._draw(None)
        return UNDER

    def _finish(self, stop: Callable[[], bool]) -> int:
        training = self.training
        if training.step == 0:
            self.say(texts.STOPPED_BEFORE)
            return INTERRUPTED
        if training.step != self.saved:
            self._save()
        if not stop():
            training.compare(stop)
        if training.history["beam"]:
            greedy, beam = training.history["greedy"], training.history["beam"]
            self.say(texts.COMPARED, sentences=beam["sentences"], greedy=greedy["exact"], beam=beam["exact"])
            self.folder.write_json("history.json", training.history)
        attention = None
        try:
            attention = training.attention()
            self.folder.write_json("attention.json", attention)
        except LearnerError as error:
            say(self.console, choose(error.pair, self.lang), "red")
        self._draw(attention)
        if stop():
            self.say(texts.STOPPED, step=training.step, toy=called(self.options))
            return INTERRUPTED
        return GRADED

    def _draw(self, attention: dict[str, Any] | None) -> None:
        try:
            from ..pictures import fonts
            from ..pictures import training as pictures
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            self.say(texts.NO_PICTURES)
            return
        toy = self.training.toy.name
        todo: list[tuple[Any, str, Callable[..., None]]] = [
            (self.training.history, f"{toy}_curves.png", pictures.draw_history)
        ]
        if attention is not None:
            todo.append((attention, f"{toy}_alignment.png", pictures.draw_alignment))
            advice = fonts.advice(self.lang, [*attention["source"], *attention["output"]])
            if advice:
                say(self.console, advice)
        for content, name, draw in todo:
            path = self.pictures / name
            try:
                draw(content, path, self.lang)
            except (OSError, ValueError) as error:
                self.say(texts.NO_PICTURE, "red", path=short(path), reason=error)
                continue
            self.say(texts.WROTE, path=short(path))


def called(options: argparse.Namespace) -> str:
    """The toy, and where its code and its runs are, as they are named on the command line."""
    words = [f"--data {options.data}" if options.data is not None else options.toy]
    words += [f"--target {options.target}"] if options.target else []
    words += [f"--runs {options.runs}"] if options.runs else []
    return " ".join(words)


def say(console: Console, text: str, style: str = "") -> None:
    console.print(text, markup=False, style=style, soft_wrap=True)


def short(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
