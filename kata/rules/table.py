"""What a submission may not use. One table, read by the static check.

The course is written with PyTorch's primitives (``nn.Module``, ``nn.Linear``, ``nn.Embedding``, ``matmul``,
``softmax``, ...). Forbidden is what would do an exercise's work: torch's own Transformer, attention,
normalisation, label smoothing and learning-rate schedules, and libraries that have them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """One thing that is forbidden.

    Attributes:
        id: short name of the rule.
        en, ja: what to do instead, in the two languages.
        names: dotted names of what is forbidden; ``*`` stands for any text.
        allowed: dotted names that ``names`` covers but that may be used.
    """

    id: str
    en: str
    ja: str
    names: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


ATTENTION = Rule(
    id="attention",
    en="attention and the Transformer are what you build here: use matmul, softmax and nn.Linear",
    ja="注意機構と Transformer はこの教材で自作する対象です。matmul・softmax・nn.Linear から組み立ててください",
    names=(
        "torch.nn.Transformer*",
        "torch.nn.modules.transformer*",
        "torch.nn.MultiheadAttention",
        "torch.nn.modules.activation.MultiheadAttention",
        "torch.nn.modules.MultiheadAttention",
        "torch.nn.modules.Transformer*",
        "torch.nn.functional.scaled_dot_product_attention",
        "torch.nn.functional.multi_head_attention_forward",
        "torch.nn.attention*",
        "torch.nn.quantizable*",
        "torch.ao*",
        "torch._native_multi_head_attention",
        "torch._transformer_encoder_layer_fwd",
        "torch._scaled_dot_product*",
        "torch._efficient_attention*",
        "torch._flash_attention*",
    ),
)

NORMALISATION = Rule(
    id="normalisation",
    en="layer normalisation is an exercise: compute mean and variance, then apply your own weight and bias",
    ja="層正規化は課題です。平均と分散を計算し、自分の weight と bias を適用してください",
    names=(
        "torch.nn.LayerNorm",
        "torch.nn.GroupNorm",
        "torch.nn.RMSNorm",
        "torch.nn.*BatchNorm*",
        "torch.nn.*InstanceNorm*",
        "torch.nn.LocalResponseNorm",
        "torch.nn.modules.LayerNorm",
        "torch.nn.modules.GroupNorm",
        "torch.nn.modules.RMSNorm",
        "torch.nn.modules.normalization*",
        "torch.nn.modules.batchnorm*",
        "torch.nn.modules.instancenorm*",
        "torch.nn.functional.layer_norm",
        "torch.nn.functional.group_norm",
        "torch.nn.functional.rms_norm",
        "torch.nn.functional.batch_norm",
        "torch.nn.functional.instance_norm",
        "torch.layer_norm",
        "torch.group_norm",
        "torch.rms_norm",
        "torch.batch_norm",
        "torch.instance_norm",
        "torch.native_layer_norm",
        "torch.native_group_norm",
        "torch.native_batch_norm",
        "torch.cudnn_batch_norm",
        "torch._fused_rms_norm",
    ),
)

LABEL_SMOOTHING = Rule(
    id="label-smoothing",
    en="label smoothing is an exercise: build the softened target from log_softmax yourself",
    ja="ラベル平滑化は課題です。log_softmax から平滑化した目標分布との損失を自分で計算してください",
)

SMOOTHING_CALLS = {
    "torch.nn.functional.cross_entropy": 8,
    "torch.nn.CrossEntropyLoss": 6,
    "torch.nn.modules.loss.CrossEntropyLoss": 6,
    "torch.nn.modules.CrossEntropyLoss": 6,
}
"""Functions that take ``label_smoothing``, and how many positional arguments include it."""

SCHEDULERS = Rule(
    id="schedulers",
    en="the schedule is an exercise: set the rate in optimizer.param_groups yourself",
    ja="学習率スケジュールは課題です。optimizer.param_groups の lr を自分で設定してください",
    names=("torch.optim.lr_scheduler.*", "torch.optim.swa_utils.SWALR"),
    allowed=("torch.optim.lr_scheduler.LRScheduler", "torch.optim.lr_scheduler._LRScheduler"),
)

INTERNALS = Rule(
    id="internals",
    en="torch's internal operators are out of bounds: use its public functions",
    ja="torch の内部演算子は使えません。公開された関数を使ってください",
    names=(
        "torch.ops*",
        "torch._C*",
        "torch._VF*",
        "torch._refs*",
        "torch._decomp*",
        "torch._prims*",
        "torch._inductor*",
        "torch.overrides*",
        "torch.library*",
        "torch.utils.cpp_extension*",
        "torch.hub*",
    ),
)

LIBRARIES = Rule(
    id="libraries",
    en="only torch, numpy and Python's standard library may be imported",
    ja="import できるのは torch・numpy・Python 標準ライブラリだけです",
)

ALLOWED_LIBRARIES = ("torch", "numpy", "typing_extensions")

ANSWERS = Rule(
    id="answers",
    en="the solutions, the tests and the grader are not to be imported; "
    "write `from .phase2_attention import ...` for an earlier phase",
    ja="解答・テスト・採点プログラムは import できません。"
    "前のフェーズは `from .phase2_attention import ...` と書いてください",
)

PROJECT_PACKAGES = ("solutions", "tests", "kata", "exercises", "selftest", "grader", "conftest")
"""Packages of this project, none of which a submission imports by its absolute name."""

DYNAMIC = Rule(
    id="dynamic",
    en="names must be written out, so that a reader sees what is used: no eval, exec, importlib or sys.modules",
    ja="何を使うかが読めるように名前を直接書いてください。eval・exec・importlib・sys.modules は使えません",
    names=("importlib*", "builtins*", "runpy*", "ctypes*", "sys.modules", "sys.meta_path", "pkgutil*", "imp", "imp.*"),
)

DYNAMIC_CALLS = ("eval", "exec", "compile", "__import__", "globals")
"""Builtins that hide what is used."""

RULES = (ATTENTION, NORMALISATION, LABEL_SMOOTHING, SCHEDULERS, INTERNALS, LIBRARIES, ANSWERS, DYNAMIC)
