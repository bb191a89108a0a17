"""``python grader.py train``: from the options to a trained model, told on the way."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any, Callable

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..course.edition import handed_out
from ..course.phases import COURSE, PROJECT, Phase
from ..grading.grade import grade
from ..grading.run import SuitesBroken
from ..i18n import choose
from ..results import PASSED
from ..signs import sign
from ..toys import texts
from ..toys.learner import Learner, LearnerError, named
from ..toys.registry import TOYS
from ..toys.run_folder import RUNS, NoCheckpoint, RunFolder
from ..toys.stopping import Stop
from ..toys.training import DIVERGED, STOPPED, DoesNotFit, Training
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


WITH_REFERENCE = "with-reference"
"""Folder of the trainings in which the reference takes part, among the others: they are not the learner's alone."""

NEARLY_ALL, NEARLY_NONE = 0.95, 0.05
"""Shares between which ``texts.PEEKED`` says nothing."""


def finished_phases(target: Path, lang: str) -> tuple[Phase, ...]:
    """The phases in which every task passes, or fails on this machine whoever wrote it.

    Raises:
        SuitesBroken: if that cannot be found out.
    """
    report = grade(target, handed_out(), lang=lang)
    return tuple(score.phase for score in report.phases if all(t.state == PASSED or t.blameless for t in score.tasks))


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
        self.device: str = options.device
        self.mixed: bool = options.with_reference or options.own is not None
        self.folder = RunFolder(options.runs or RUNS, f"{WITH_REFERENCE}/{options.toy}" if self.mixed else options.toy)
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
        for folder in (self.folder.path, self.pictures):
            check_writable(folder)
        own = self._own_phases(checkpoint)
        if not own:
            return USAGE
        learner = Learner(self.target, own)
        with Stop(lambda: self.say(texts.STOPPING)) as stop:
            try:
                learner.rehearse()
                training = Training(learner, toy, toy.corpus(seed, options.data), seed, self.device)
                if checkpoint is not None:
                    try:
                        training.resume(checkpoint, self.folder.read_history())
                    except DoesNotFit as error:
                        self.say(texts.DOES_NOT_FIT[str(error)], "red")
                        return USAGE
                steps = options.steps or toy.steps
                self._introduce(training, steps)
                if training.step >= steps or training.holds(self.goal):
                    ended = texts.AT_END if training.step >= steps else texts.GOAL_HELD
                    self.say(ended, step=training.step, more=training.step + toy.steps)
                    return GRADED
                self.training, self.saved = training, training.step
                if options.compile and not stop():
                    self._compile()
                if stop():
                    self.say(texts.STOPPED_BEFORE)
                    return INTERRUPTED
                if checkpoint is None:
                    self._set_aside()
                outcome = self._train(steps, stop)
                if outcome == DIVERGED:
                    return self._diverged()
                if outcome != STOPPED:
                    self._judge()
                return self._finish(stop)
            finally:
                learner.close()

    @property
    def goal(self) -> float | None:
        """When to stop; with ``--steps`` that alone says when."""
        return None if self.options.steps else TOYS[self.options.toy].goal

    def _own_phases(self, checkpoint: dict[str, Any] | None) -> tuple[Phase, ...]:
        """The phases to take from the target; none if they cannot be told, and that is said."""
        if not self.mixed:
            return COURSE
        asked: tuple[Phase, ...] | None = self.options.own
        if checkpoint is not None:
            old = tuple(phase for phase in COURSE if phase.number in checkpoint["own"])
            if asked in (None, old):
                return old
            self.say(texts.OTHER_PARTS, "red", old=named(old, self.lang), new=named(asked, self.lang))
            return ()
        if asked is None:
            self.say(texts.FINISHED)
            try:
                asked = finished_phases(self.target, self.lang)
            except SuitesBroken as error:
                self.say(texts.NOT_GRADED, "red", reason=error)
                return ()
            if not asked:
                self.say(texts.NONE_FINISHED, "red")
        return asked

    def _judge(self) -> None:
        """Say whether the toy was learned and whose code that was, or what was seen instead."""
        training, goal = self.training, TOYS[self.options.toy].goal
        last = training.history["validations"][-1]
        if goal is None:
            return
        if last["exact"] >= goal:
            unseen = len(training.corpus.validation["unseen"])
            values = {"what": training.toy.name, "exact": last["exact"], "unseen": unseen, "step": training.step}
            self.say(texts.LEARNED, "bold green", who=self._who(), **values)
            return
        values = {"goal": goal, "exact": last["exact"], "step": training.step, "tokens": last["token_accuracy"]}
        first = training.history["steps"][0]["loss"]
        self.say(texts.NOT_LEARNED, "bold", first=first, loss=last["loss"], **values)
        if last["token_accuracy"] >= NEARLY_ALL and last["exact"] <= NEARLY_NONE:
            self.say(texts.PEEKED)

    def _who(self) -> str:
        own = self.training.learner.own
        if own == COURSE:
            return choose(texts.WHOLE, self.lang)
        if len(own) == 1:
            return choose(texts.YOUR_PHASE, self.lang).format(title=own[0].title(self.lang), number=own[0].number)
        return choose(texts.YOUR_PHASES, self.lang).format(own=named(own, self.lang))

    def _introduce(self, training: Any, steps: int) -> None:
        self.say(texts.HEADER, "bold", toy=training.toy.name, target=self.name)
        self._name_parts(training.learner)
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

    def _name_parts(self, learner: Learner) -> None:
        if self.mixed:
            lent = [phase for phase in COURSE if phase not in learner.own]
            own, lent_named = named(learner.own, self.lang), named(lent, self.lang) if lent else "-"
            self.say(texts.PARTS, own=own, lent=lent_named)

    def _set_aside(self) -> None:
        kept = self.folder.set_aside()
        if kept is not None:
            self.say(texts.KEPT, toy=self.options.toy, path=short(kept))

    def _compile(self) -> None:
        """Train the compiled model if that works and is faster; say what was found."""
        from ..toys.compiling import NotCompiled, fall_back_later, try_compile

        self.say(texts.TRYING_COMPILE)
        try:
            found = try_compile(self.training)
        except NotCompiled as error:
            self.say(texts.NOT_COMPILED, reason=error)
            return
        faster = found.with_it < found.without
        if faster:
            self.training.trained = found.model
            fall_back_later()
        used = choose(texts.USED if faster else texts.NOT_USED, self.lang)
        with_it, without = 1000 * found.with_it, 1000 * found.without
        self.say(texts.COMPILED, first=found.first, with_it=with_it, without=without, used=used)

    def _train(self, steps: int, stop: Callable[[], bool]) -> str:
        if not self.console.is_terminal:
            return self.training.run(steps, stop, lambda entry: None, self._validated, self.goal)
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

            return self.training.run(steps, stop, on_step, self._validated, self.goal)

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
        toy = self.training.toy.name + ("_with_reference" if self.mixed else "")
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
    words += ["--with-reference"] if options.with_reference or options.own is not None else []
    words += [f"--target {options.target}"] if options.target else []
    words += [f"--runs {options.runs}"] if options.runs else []
    return " ".join(words)


def say(console: Console, text: str, style: str = "") -> None:
    console.print(text, markup=False, style=style, soft_wrap=True)


def short(path: Path) -> str:
    """A path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
