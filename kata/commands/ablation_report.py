"""``python grader.py train reverse --without PART``: the learner's model with and without a part, side by side."""

from __future__ import annotations

from typing import Any, Callable

from ..i18n import choose
from ..toys import texts
from ..toys.ablation import ABLATIONS
from ..toys.corpus import Corpus
from ..toys.learner import Learner
from ..toys.registry import TOYS, Toy
from ..toys.run_folder import RUNS, RunFolder
from ..toys.stopping import Stop
from ..toys.training import DIVERGED, Training
from .options import GRADED, INTERRUPTED, UNDER, USAGE
from .training_report import NEARLY_ALL, NEARLY_NONE, TrainCommand, check_writable, say, short

HARDLY = 0.02, 0.05
"""Up to this difference in exact answers, and this share of the loss, ``texts.HARDLY`` is said."""


class AblationCommand(TrainCommand):
    """One call of the command with ``--without``; takes what ``TrainCommand`` takes."""

    def run(self) -> int:
        """Train twice from the same start with the same batches; draw both and say what was seen."""
        options = self.options
        self.part = ABLATIONS[options.without]
        self.what = choose(self.part.what, self.lang)
        toy = self.part.toy(TOYS[options.toy])
        self.folder = RunFolder(options.runs or RUNS, f"without/{options.toy}-{options.without}")
        for folder in (self.folder.path, self.pictures):
            check_writable(folder)
        own = self._own_phases(None)
        if not own:
            return USAGE
        learner = Learner(self.target, own)
        with Stop(lambda: self.say(texts.STOPPING)) as stop:
            try:
                learner.rehearse()
                return self._compare(learner, toy, options.steps or toy.steps, stop)
            finally:
                learner.close()

    @property
    def goal(self) -> float | None:
        """None: both trainings take all steps, so that they compare."""
        return None

    def _compare(self, learner: Learner, toy: Toy, steps: int, stop: Callable[[], bool]) -> int:
        seed = self.options.seed or 0
        self.say(texts.COMPARES, "bold", toy=toy.name, target=self.name, steps=steps, what=self.what)
        self._name_parts(learner)
        lesson = f"lessons/{self.lang}/{self.part.phase}.md#{self.part.lesson}"
        rate = toy.factor * (toy.d_model * toy.warmup_steps) ** -0.5
        sizes: dict[str, Any] = {"width": toy.d_model, "heads": toy.num_heads, "layers": toy.num_layers, "rate": rate}
        sizes.update(letters=toy.letters, longest=toy.longest)
        self.say(texts.IN_SMALL, "", **sizes, seed=seed, device=self.device, lesson=lesson)
        corpus, histories = toy.corpus(seed), []
        for taken_away in (False, True):
            label = texts.WITHOUT if taken_away else texts.AS_IT_IS
            self.say(label, "bold", what=self.what)
            outcome = self._train_one(learner, toy, corpus, seed, steps, stop, taken_away)
            if stop():
                self.say(texts.ABLATION_STOPPED)
                return INTERRUPTED
            histories.append(self.training.history)
            if outcome == DIVERGED and not taken_away:
                last = self.training.history["steps"][-1]
                self.say(texts.DIVERGED, "red", loss=last["loss"], step=last["step"], checkpoint="")
                return UNDER
        full, ablated = histories
        say(self.console, self.seen(full, ablated, outcome, self.lang), "bold")
        self.folder.write_json("comparison.json", {"full": full, "ablated": ablated, "without": self.options.without})
        self._draw_both(full, ablated, outcome)
        return GRADED

    def _train_one(
        self, learner: Learner, toy: Toy, corpus: Corpus, seed: int, steps: int, stop: Any, taken_away: bool
    ) -> str:
        self.training = Training(learner, toy, corpus, seed, self.device)
        if taken_away:
            self.part.apply(self.training)
        return self._train(steps, stop)

    def _validated(self, entry: dict[str, Any]) -> None:
        entry["cross_entropy"] = self.training.cross_entropy()
        self.say(texts.ON_THE_WAY, **entry)

    def seen(self, full: dict[str, Any], ablated: dict[str, Any], outcome: str, lang: str) -> str:
        """What came out, in figures; and in words only where the figures leave no doubt.

        Args:
            full, ablated: the two histories.
            outcome: how the second training ended.
            lang: ``"en"`` or ``"ja"``.
        """
        what = choose(self.part.what, lang)
        if outcome == DIVERGED:
            last = ablated["steps"][-1]
            return choose(texts.BROKE, lang).format(what=what, loss=last["loss"], step=last["step"])
        one, other = full["validations"][-1], ablated["validations"][-1]
        told = choose(texts.SEEN, lang).format(
            what=what,
            steps=other["step"],
            exact=other["exact"],
            full_exact=one["exact"],
            tokens=other["token_accuracy"],
            full_tokens=one["token_accuracy"],
            loss=other["cross_entropy"],
            full_loss=one["cross_entropy"],
        )
        halves = [_half_right(history) for history in (full, ablated)]
        apart = halves[0] is not None and halves[0] != halves[1]
        words = (texts.HALF_WITH_IT_ONLY if halves[1] is None else texts.HALF) if apart else None
        if other["token_accuracy"] >= NEARLY_ALL and other["exact"] <= NEARLY_NONE:
            words = texts.LEAKED
        elif (
            not apart
            and abs(other["exact"] - one["exact"]) <= HARDLY[0]
            and abs(other["cross_entropy"] - one["cross_entropy"]) <= HARDLY[1] * one["cross_entropy"]
        ):
            words = texts.HARDLY
        if words is None:
            return told
        more = choose(words, lang).format(full=halves[0], ablated=halves[1])
        return f"{told}{'' if lang == 'ja' else ' '}{more}"

    def _draw_both(self, full: dict[str, Any], ablated: dict[str, Any], outcome: str) -> None:
        try:
            from ..pictures import fonts
            from ..pictures import training as pictures
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "matplotlib":
                raise
            self.say(texts.NO_PICTURES)
            return
        path = self.pictures / f"{self.options.toy}_without_{self.options.without}.png"
        lang = fonts.drawable(self.lang)
        without = choose(texts.WITHOUT, lang).format(what=choose(self.part.what, lang))
        seen = self.seen(full, ablated, outcome, lang)
        try:
            pictures.draw_comparison([full, ablated], [choose(texts.AS_IT_IS, lang), without], seen, path, lang)
        except (OSError, ValueError) as error:
            self.say(texts.NO_PICTURE, "red", path=short(path), reason=error)
            return
        self.say(texts.WROTE, path=short(path))


def _half_right(history: dict[str, Any]) -> int | None:
    """The first validation at which half of the strings came out right."""
    return next((entry["step"] for entry in history["validations"] if entry["exact"] >= 0.5), None)
