"""A training of the learner's model on a toy: steps, validations, checkpoints that go on exactly where they were."""

from __future__ import annotations

import math
import time
import zlib
from dataclasses import asdict
from itertools import islice
from typing import Any, Callable, Iterable, Iterator

import torch

from .batches import Encoded, in_order, training_batches
from .corpus import Corpus, Pair
from .devices import on_device
from .learner import NO_STEPS, Learner, LearnerError, make_optimizer
from .registry import Toy
from .scoring import bleu, exact_match
from .vocabulary import BOS_ID, EOS, EOS_ID, PAD_ID, Vocabulary

DONE, REACHED, STOPPED, DIVERGED = "done", "reached", "stopped", "diverged"
"""How a training ended."""

EVALUATION_BATCH = 100
QUICK = 200
"""Sentences of each part that a validation on the way decodes; the last one decodes all."""

HELD = 3
"""Validations one after the other at the goal after which a training has reached it."""

SAMPLES = 3
COMPARED = 30
"""Sentences that beam search decodes; it takes one at a time."""

SLACK = 5
"""Tokens that an answer may be longer than the longest reference."""


class DoesNotFit(Exception):
    """A checkpoint was made of another toy, other pairs or another model."""


class Training:
    """The state of a training.

    Args:
        learner: the code.
        toy: the toy and its settings.
        corpus: its pairs.
        seed: of the weights and of the batches' order.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Attributes:
        step: how many steps are done.
        history: what ``history.json`` holds. ``"seconds"`` is how long it has trained, validations and what was before
            it was resumed included; None if what was before is not known.
        trained: what the learner's training loop is given: the model, or the same model compiled.
        change_batch: is given every batch that the learner's code makes, and gives back the one to use.

    Raises:
        LearnerError: if the learner's code raises.
    """

    def __init__(self, learner: Learner, toy: Toy, corpus: Corpus, seed: int, device: str) -> None:
        self.learner, self.toy, self.corpus, self.seed, self.device = learner, toy, corpus, seed, device
        pairs = corpus.pairs()
        self.source = Vocabulary.of(source for source, _ in pairs)
        self.target = Vocabulary.of(target for _, target in pairs)
        self.max_len = max(len(target) for _, target in pairs) + 1 + SLACK
        self._encoded = [self._encode(pair) for pair in corpus.train]
        self.step = 0
        self.history: dict[str, Any] = {
            "toy": toy.name,
            "seed": seed,
            "device": device,
            "own": [phase.number for phase in learner.own],
            "seconds": 0.0,
            "steps": [],
            "validations": [],
            "greedy": None,
            "beam": None,
        }
        self.change_batch: Callable[[Any], Any] = lambda batch: batch
        torch.manual_seed(seed)
        longest = max(self.max_len, max(len(source) for source, _ in pairs)) + 1
        with learner.guard():
            self.model = learner.phase4.Transformer(
                len(self.source),
                len(self.target),
                d_model=toy.d_model,
                num_heads=toy.num_heads,
                num_layers=toy.num_layers,
                d_ff=toy.d_ff,
                dropout=toy.dropout,
                max_len=longest,
            ).to(device)
            self.trained = self.model
            self.optimizer = make_optimizer(self.model)
            self.scheduler = learner.phase5.NoamScheduler(self.optimizer, toy.d_model, toy.warmup_steps, toy.factor)
            self.loss_fn = learner.phase5.LabelSmoothingLoss(PAD_ID, toy.smoothing)

    @property
    def num_parameters(self) -> int:
        """How many numbers are learned."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def run(
        self,
        steps: int,
        stop: Callable[[], bool],
        on_step: Callable[[dict[str, Any]], None],
        on_validation: Callable[[dict[str, Any]], None],
        goal: float | None = None,
    ) -> str:
        """Train until ``steps`` steps are done in all, or the goal is reached.

        Args:
            steps: number of the last step.
            stop: asked before every step whether to stop; the step that runs is always finished.
            on_step: given the entry of ``history["steps"]`` after each step.
            on_validation: given the entry of ``history["validations"]``; a good place for a checkpoint.
            goal: share of exact answers; see ``holds``. None trains to the last step in any case.

        Returns:
            ``DONE``, ``REACHED`` (the goal is), ``STOPPED``, or ``DIVERGED`` if a loss is not finite: then the weights
            are spoilt.

        Raises:
            LearnerError: if the learner's code raises.
        """
        began, before = time.perf_counter(), self.history["seconds"]

        def note_time() -> None:
            if before is not None:
                self.history["seconds"] = before + time.perf_counter() - began

        while self.step < steps:
            count = min(self.toy.every - self.step % self.toy.every, steps - self.step)
            if not self._train(count, stop, on_step):
                return DIVERGED
            note_time()
            if stop():
                return STOPPED
            validations = self.history["validations"]
            validations.append(self.validate(None if self.step == steps else QUICK))
            if self.step < steps and self.holds(goal):
                validations[-1] = self.validate()  # the last one decodes all, and may decide otherwise
            note_time()
            on_validation(validations[-1])
            if self.holds(goal):
                return REACHED
        return DONE

    def holds(self, goal: float | None) -> bool:
        """Whether the last ``HELD`` validations all had this share of exact answers."""
        last = self.history["validations"][-HELD:]
        return goal is not None and len(last) == HELD and all(entry["exact"] >= goal for entry in last)

    def _train(self, count: int, stop: Callable[[], bool], on_step: Callable[[dict[str, Any]], None]) -> bool:
        """Do ``count`` steps, fewer if stopped; return whether every loss was finite."""
        steps = self.history["steps"]
        given: list[tuple[float, float, int]] = []  # when it was given, at what rate, how many tokens

        def feed() -> Iterator[Any]:
            batches = self.batches(count)
            while not stop() and all(math.isfinite(step["loss"]) for step in steps[-1:]):
                batch = next(batches, None)
                if batch is None:
                    return
                given.append((time.perf_counter(), self.optimizer.param_groups[0]["lr"], batch.num_tokens))
                yield batch

        called = 0

        def after(_: int, loss: float) -> None:
            nonlocal called
            called += 1
            self.step += 1
            started, rate, tokens = given[-1]
            speed = tokens / max(1e-9, time.perf_counter() - started)
            steps.append({"step": self.step, "loss": float(loss), "lr": float(rate), "tokens_per_second": round(speed)})
            on_step(steps[-1])

        with self.learner.guard():
            train, limit = self.learner.phase6.train, self.toy.max_norm
            train(self.trained, feed(), self.loss_fn, self.optimizer, self.scheduler, limit, after)
        if called != len(given):
            values = {"called": called, "given": len(given)}
            raise LearnerError(NO_STEPS[0].format(**values), NO_STEPS[1].format(**values))
        return all(math.isfinite(step["loss"]) for step in steps[-1:])

    def validate(self, limit: int | None = None) -> dict[str, Any]:
        """Loss, exact match and BLEU on pairs that are not learned, and a few samples to look at.

        The random state is left as it was: a validation more or less changes no training.

        Args:
            limit: how many pairs of each part; None for all.
        """
        entry: dict[str, Any] = {"step": self.step}
        samples: list[list[str]] = []
        with self.learner.guard(), self.random_state_kept():
            for name, part in self.corpus.validation.items():
                pairs = list(part[:limit])
                answers = self.translate(pairs)
                references = [target for _, target in pairs]
                if name == "unseen":
                    result = self._evaluate(pairs, self.loss_fn)
                    entry["loss"], entry["token_accuracy"] = float(result.loss), float(result.token_accuracy)
                    entry["exact"] = exact_match(answers, references)
                    entry["bleu"] = bleu(answers, references) if self.toy.bleu else None
                else:
                    entry[name] = exact_match(answers, references)
                samples += [self._said(pair, answer) for pair, answer in zip(pairs[:SAMPLES], answers)]
        # Where there are two parts, the last sample is one of the second.
        entry["samples"] = samples[:SAMPLES] if len(samples) <= SAMPLES else [*samples[: SAMPLES - 1], samples[SAMPLES]]
        return entry

    def cross_entropy(self) -> float:
        """The loss on unseen pairs without label smoothing, which compares trainings that smooth differently."""
        pairs = list(self.corpus.validation["unseen"])
        with self.learner.guard(), self.random_state_kept():
            return float(self._evaluate(pairs, self.learner.phase5.LabelSmoothingLoss(PAD_ID, 0.0)).loss)

    def _evaluate(self, pairs: list[Pair], loss_fn: Any) -> Any:
        groups = in_order([self._encode(pair) for pair in pairs], EVALUATION_BATCH)
        return self.learner.phase6.evaluate(self.model, self._batches(groups), loss_fn)

    def try_out(self) -> None:
        """One forward pass of a few pairs; nothing is learned and the random state is left as it was."""
        with self.learner.guard(), self.random_state_kept(), torch.no_grad():
            [batch] = self._batches([self._encoded[:2]])
            self.model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)

    def compare(self, stop: Callable[[], bool]) -> None:
        """Decode some unseen sentences greedily and by beam search, and note both in the history."""
        pairs = list(self.corpus.validation["unseen"][:COMPARED])
        references = [target for _, target in pairs]
        found: list[list[str]] = []
        with self.learner.guard(), self.random_state_kept():
            for batch in self._batches([self._encode(pair)] for pair in pairs):
                if stop():
                    return
                search = self.learner.phase6.beam_search
                best = search(self.model, batch.src, batch.src_mask, BOS_ID, EOS_ID, self.max_len)[0]
                found.append(self.target.decode(best.tokens))
            greedy = self.translate(pairs)
        for name, answers in (("greedy", greedy), ("beam", found)):
            self.history[name] = {
                "sentences": len(pairs),
                "exact": exact_match(answers, references),
                "bleu": bleu(answers, references) if self.toy.bleu else None,
            }

    def translate(self, pairs: list[Pair]) -> list[list[str]]:
        """Greedy answers to the sources of ``pairs``."""
        order = sorted(range(len(pairs)), key=lambda index: len(pairs[index][0]))
        answers: dict[int, list[str]] = {}
        together = in_order(order, EVALUATION_BATCH)
        groups = ([self._encode(pairs[index]) for index in indices] for indices in together)
        for indices, batch in zip(together, self._batches(groups)):
            decode = self.learner.phase6.greedy_decode
            rows = decode(self.model, batch.src, batch.src_mask, BOS_ID, EOS_ID, PAD_ID, self.max_len).tolist()
            answers.update({index: self.target.decode(row) for index, row in zip(indices, rows)})
        return [answers[index] for index in range(len(pairs))]

    def attention(self) -> dict[str, Any]:
        """The cross-attention of the last decoder layer while it answers one unseen sentence, for the picture."""
        pair = max(self.corpus.validation["unseen"][:10], key=lambda pair: len(pair[0]))
        source = self._encode(pair)[0]
        caught: list[torch.Tensor] = []
        with self.learner.guard(), self.random_state_kept():
            answer = self.translate([pair])[0]
            [batch] = self._batches([[(source, self.target.encode(answer))]])
            module = self.model.decoder.layers[-1].cross_attention
            hook = module.register_forward_hook(lambda _module, _inputs, result: caught.append(result[1]))
            training = self.model.training
            try:
                self.model.eval()
                with torch.no_grad():
                    self.model(batch.src, batch.tgt_in, batch.src_mask, batch.tgt_mask)
            finally:
                hook.remove()
                self.model.train(training)
            weights = caught[-1][0].cpu().double().tolist()  # (h, L_tgt, L_src)
            layer = len(self.model.decoder.layers)
        return {"source": [*pair[0], EOS], "output": [*answer, EOS], "weights": weights, "layer": layer}

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to go on exactly: plain values and tensors.

        Raises:
            LearnerError: if the learner's objects tell of anything else.
        """
        self.learner.check_kept(self.model, self.optimizer, self.scheduler)
        with self.learner.guard():
            return {
                "version": 1,
                "own": self.history["own"],
                "toy": self.toy.name,
                "settings": asdict(self.toy),
                "pairs": self._fingerprint(),
                "seed": self.seed,
                "step": self.step,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "scheduler": self.scheduler.state_dict(),
                "random": torch.get_rng_state(),
                "cuda_random": torch.cuda.get_rng_state_all() if self.device == "cuda" else [],
                "mps_random": [torch.mps.get_rng_state()] if self.device == "mps" else [],
                "source_tokens": self.source.tokens,
                "target_tokens": self.target.tokens,
            }

    def resume(self, checkpoint: dict[str, Any], history: dict[str, Any]) -> None:
        """Go on where ``checkpoint`` was taken.

        Raises:
            DoesNotFit: if it was made of other pairs or settings, or the model has changed.
        """
        if checkpoint["pairs"] != self._fingerprint():
            raise DoesNotFit("pairs")
        now = asdict(self.toy)  # what an older checkpoint does not know is as it was then
        if {**now, **checkpoint["settings"], **{name: now[name] for name in ("steps", "every", "goal")}} != now:
            raise DoesNotFit("settings")
        try:
            self.model.load_state_dict(checkpoint["model"])
            self.optimizer.load_state_dict(checkpoint["optimizer"])
            self.scheduler.load_state_dict(checkpoint["scheduler"])
        except Exception as error:  # a model of other parts, a scheduler with other names
            raise DoesNotFit("model") from error
        torch.set_rng_state(checkpoint["random"])
        if self.device == "cuda" and checkpoint["cuda_random"]:
            torch.cuda.set_rng_state_all(checkpoint["cuda_random"])
        if self.device == "mps" and checkpoint.get("mps_random"):
            torch.mps.set_rng_state(checkpoint["mps_random"][0])
        self.step = checkpoint["step"]
        self.history["seconds"] = history.get("seconds")
        for name in ("steps", "validations"):
            self.history[name] = [entry for entry in history.get(name, []) if entry["step"] <= self.step]

    def _fingerprint(self) -> int:
        return zlib.crc32(repr((self.corpus.train, sorted(self.corpus.validation.items()))).encode())

    def _encode(self, pair: Pair) -> Encoded:
        return self.source.encode(pair[0]), self.target.encode(pair[1])

    def batches(self, count: int) -> Iterator[Any]:
        """The next ``count`` batches to learn from."""
        toy = self.toy
        groups = training_batches(self._encoded, toy.batch_size, self.seed, self.step, toy.group)
        return self._batches(islice(groups, count))

    def _batches(self, groups: Iterable[list[Encoded]]) -> Iterator[Any]:
        return on_device(map(self._batch, groups), self.device)

    def _batch(self, pairs: list[Encoded]) -> Any:
        return self.change_batch(self.learner.phase5.make_batch(pairs, PAD_ID, BOS_ID, EOS_ID))

    def _said(self, pair: Pair, answer: list[str]) -> list[str]:
        """Source, output and reference as people write them."""
        # A side that is read letter by letter is written without spaces.
        source = self.toy.source_separator if max(map(len, self.source.tokens[3:])) > 1 else ""
        target = self.toy.separator if max(map(len, self.target.tokens[3:])) > 1 else ""
        return [source.join(pair[0]), target.join(answer), target.join(pair[1])]

    def random_state_kept(self) -> Any:
        """Inside, random numbers may be drawn; afterwards it is as if they had not been."""
        return torch.random.fork_rng(devices=None if self.device == "cuda" else [])
