"""What a part is good for: train the learner's model once more with that part taken away.

Nothing of the learner's files is touched. A part is taken away from outside, at a place that the course's contract
fixes (attribute names, arguments, what a batch holds), and a try-out makes sure that the learner's code passes there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Iterator, Mapping

import torch

from .learner import LearnerError
from .registry import Toy
from .training import Training
from .vocabulary import PAD_ID

NOT_REACHED = (
    "{what} could not be taken away: in your model it does not act where the contract says ({place}).\n"
    "Way out: `python grader.py {phase}` tests {file}.",
    "{what}を取り除けませんでした。あなたのモデルでは、仕様の定める場所 ({place}) で働いていません。\n"
    "`python grader.py {phase}` で {file} を確かめましょう。",
)


@dataclass(frozen=True)
class Ablation:
    """One part, and how to do without it.

    Attributes:
        what: what it is called in English and Japanese.
        phase: id of the phase that it belongs to.
        lesson: the place in that phase's lesson that says what to expect.
        place: where the contract lets it act.
        take_away: changes a fresh training.
        settings: in place of the small toy's, for both runs: where the lesson's effect has room to show.
    """

    what: tuple[str, str]
    phase: str
    lesson: str
    place: str
    take_away: Callable[[Training], None]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def toy(self, toy: Toy) -> Toy:
        """The toy in small, as in the lessons' experiments: ten letters, width 48, one layer, 600 steps."""
        return replace(toy, **{**SMALL, **self.settings})

    def apply(self, training: Training) -> None:
        """Take the part away from a training that has not begun.

        Raises:
            LearnerError: if the learner's code does not go through the place where it is taken away.
        """
        with training.learner.guard():
            try:
                self.take_away(training)
            except _NotThere:
                file = f"{self.phase}.py"
                values = {"place": self.place, "phase": self.phase[len("phase")], "file": file}
                english, japanese = NOT_REACHED
                what = self.what[0][0].upper() + self.what[0][1:]
                raise LearnerError(
                    english.format(what=what, **values), japanese.format(what=self.what[1], **values)
                ) from None


SMALL: dict[str, Any] = {
    "steps": 600,
    "every": 50,
    "batch_size": 32,
    "d_model": 48,
    "num_heads": 4,
    "num_layers": 1,
    "d_ff": 192,
    "warmup_steps": 100,
    "factor": 2e-3 * math.sqrt(48 * 100),
    "train_pairs": 20_000,
    "letters": 10,
    "longest": 8,
}
"""The factor makes the highest rate 2e-3."""


class _NotThere(Exception):
    """The learner's model did not go through the place."""


def _positions(training: Training) -> None:
    """The table of the positional encoding is all zeros: what is added to the embeddings is nothing."""
    encoding = training.model.positional_encoding
    with torch.no_grad():
        encoding.pe.zero_()
    x = torch.ones(1, 3, training.toy.d_model, device=training.device)
    was_training = encoding.training
    try:
        encoding.eval()
        if not torch.equal(encoding(x), x):
            raise _NotThere
    finally:
        encoding.train(was_training)


def _scaling(training: Training) -> None:
    """Every projected query is multiplied by the root of d_k, which the division by it undoes: the scores are q k."""
    root = math.sqrt(training.toy.d_model // training.toy.num_heads)
    modules = [attention.w_q for attention in _attentions(training.model)]
    _hook(training, modules, lambda module, seen: module.register_forward_hook(_after(seen, lambda m, x, y: y * root)))


def _residual(training: Training) -> None:
    """``AddAndNorm`` gets zeros in place of what went into the sublayer: ``norm(0 + dropout(sublayer_output))``."""

    def attach(module: torch.nn.Module, seen: set[int]) -> Any:
        def before(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            seen.add(id(module))
            if args:
                return (torch.zeros_like(args[0]), *args[1:]), kwargs
            return args, {**kwargs, "x": torch.zeros_like(kwargs["x"])}

        return module.register_forward_pre_hook(before, with_kwargs=True)

    _hook(training, list(_add_norms(training.model)), attach)


def _norm(training: Training) -> None:
    """The layer normalisation in every ``AddAndNorm`` gives back what it gets; its two parameters do nothing."""

    def same(module: Any, x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        return x + 0.0 * (module.weight + module.bias)  # a gradient of 0, for code that wants one of every parameter

    modules = [add_norm.norm for add_norm in _add_norms(training.model)]
    _hook(training, modules, lambda module, seen: module.register_forward_hook(_after(seen, same)))


def _mask(training: Training) -> None:
    """In training and in the measured loss the decoder sees all target tokens but padding; it writes alone as ever."""
    padding_mask = training.learner.phase5.padding_mask
    training.change_batch = lambda batch: replace(batch, tgt_mask=padding_mask(batch.tgt_in, PAD_ID))


def _warmup(training: Training) -> None:
    """The same schedule without its rise: the highest rate from the first step on, until the schedule falls."""
    toy, rate = training.toy, training.learner.phase5.noam_learning_rate
    training.scheduler = _WithoutRise(training.optimizer, rate, (toy.d_model, toy.warmup_steps, toy.factor))


def _smoothing(training: Training) -> None:
    """Epsilon is 0: plain cross-entropy."""
    training.loss_fn = training.learner.phase5.LabelSmoothingLoss(PAD_ID, 0.0)


class _WithoutRise:
    """The learner's Noam schedule, whose first ``warmup_steps`` steps all have the rate of the last of them."""

    def __init__(
        self, optimizer: torch.optim.Optimizer, rate: Callable[..., float], settings: tuple[int, int, float]
    ) -> None:
        self._optimizer, self._rate, self._settings = optimizer, rate, settings
        self._number = 0
        self.step()

    def step(self) -> None:
        """Set the rate of the next step."""
        self._number += 1
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate(max(self._number, self._settings[1]), *self._settings)


ABLATIONS: dict[str, Ablation] = {
    "positions": Ablation(
        ("positional encoding", "位置エンコーディング"),
        "phase1_embedding", "experiment", "PositionalEncoding.pe", _positions,
    ),
    "scaling": Ablation(
        ("the division by the root of d_k", "d_k の平方根による割り算"),
        "phase2_attention", "experiment", "MultiHeadAttention.w_q", _scaling, {"num_heads": 1},
    ),
    "residual": Ablation(
        ("the residual connections", "残差接続"),
        "phase3_layers", "residual", "AddAndNorm.forward", _residual, {"num_layers": 4},
    ),
    "norm": Ablation(
        ("layer normalisation", "層正規化"),
        "phase3_layers", "batch-norm", "AddAndNorm.norm", _norm, {"num_layers": 4},
    ),
    "mask": Ablation(
        ("the look-ahead mask", "先読みマスク"),
        "phase4_transformer", "experiment", "Batch.tgt_mask", _mask,
    ),
    "warmup": Ablation(
        ("the warm-up", "ウォームアップ"),
        "phase5_mechanics", "experiment", "noam_learning_rate", _warmup,
        {"num_layers": 6, "d_model": 32, "d_ff": 128, "factor": 3e-3 * math.sqrt(32 * 100)},
    ),
    "smoothing": Ablation(
        ("label smoothing", "ラベル平滑化"),
        "phase5_mechanics", "perplexity", "LabelSmoothingLoss", _smoothing,
    ),
}  # fmt: skip


def _attentions(model: Any) -> Iterator[Any]:
    for layer in model.encoder.layers:
        yield layer.self_attention
    for layer in model.decoder.layers:
        yield from (layer.self_attention, layer.cross_attention)


def _add_norms(model: Any) -> Iterator[Any]:
    for layer in model.encoder.layers:
        yield from (layer.add_norm1, layer.add_norm2)
    for layer in model.decoder.layers:
        yield from (layer.add_norm1, layer.add_norm2, layer.add_norm3)


def _after(seen: set[int], change: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A forward hook that changes a module's output, given its one input."""

    def after(module: torch.nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        seen.add(id(module))
        return change(module, args[0], output)

    return after


def _hook(training: Training, modules: list[Any], attach: Callable[[Any, set[int]], Any]) -> None:
    """Attach a hook to each module and make sure, by one forward pass, that the model runs through all of them."""
    seen: set[int] = set()
    for module in modules:
        attach(module, seen)
    training.try_out()
    if seen != {id(module) for module in modules}:
        raise _NotThere
