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


# A pattern such as torch*.LayerNorm finds the thing under every path that leads to it: torch.nn.LayerNorm,
# torch.nn.modules.LayerNorm, torch.nn.modules.normalization.LayerNorm, ...

ATTENTION = Rule(
    id="attention",
    en="attention and the Transformer are what you build here: use matmul, softmax and nn.Linear",
    ja="注意機構と Transformer はこの教材で自作する対象です。matmul・softmax・nn.Linear から組み立ててください",
    names=(
        "torch*.Transformer*",
        "torch*.MultiheadAttention",
        "torch*.scaled_dot_product_attention",
        "torch*.multi_head_attention_forward",
        "torch*.nn.modules.transformer*",
        "torch*.nn.attention*",
        "torch*.nn.quantizable*",
    ),
)

NORMALISATION = Rule(
    id="normalisation",
    en="layer normalisation is an exercise: compute mean and variance, then apply your own weight and bias",
    ja="層正規化は課題です。平均と分散を計算し、自分の weight と bias を適用してください",
    names=(
        "torch*.LayerNorm",
        "torch*.GroupNorm",
        "torch*.RMSNorm",
        "torch*.*BatchNorm*",
        "torch*.*InstanceNorm*",
        "torch*.LocalResponseNorm",
        "torch*.layer_norm",
        "torch*.group_norm",
        "torch*.rms_norm",
        "torch*.batch_norm",
        "torch*.instance_norm",
        "torch*.local_response_norm",
        "torch*.native_layer_norm",
        "torch*.native_group_norm",
        "torch*.native_batch_norm",
        "torch*.cudnn_batch_norm",
        "torch*.miopen_batch_norm",
        "torch*.batch_norm_*",
        "torch*.nn.modules.normalization*",
        "torch*.nn.modules.batchnorm*",
        "torch*.nn.modules.instancenorm*",
    ),
)

LABEL_SMOOTHING = Rule(
    id="label-smoothing",
    en="label smoothing is an exercise: build the softened target from log_softmax yourself",
    ja="ラベル平滑化は課題です。log_softmax から平滑化した目標分布との損失を自分で計算してください",
)

SMOOTHING_CALLS = {"cross_entropy": 8, "CrossEntropyLoss": 6}
"""Torch's losses that take ``label_smoothing``, and how many positional arguments include it."""

SCHEDULERS = Rule(
    id="schedulers",
    en="the schedule is an exercise: set the rate in optimizer.param_groups yourself",
    ja="学習率スケジュールは課題です。optimizer.param_groups の lr を自分で設定してください",
    names=("torch*.lr_scheduler.*", "torch*.swa_utils.SWALR"),
    allowed=("torch*.lr_scheduler.LRScheduler*", "torch*.lr_scheduler._LRScheduler*"),
)

INTERNALS = Rule(
    id="internals",
    en="torch's internal operators are out of bounds: use its public functions",
    ja="torch の内部演算子は使えません。公開された関数を使ってください",
    names=(
        "torch._[!_]*",
        "torch.nn._[!_]*",
        "torch.nn.functional._[!_]*",
        "torch.ops*",
        "torch.ao*",
        "torch.quantization*",
        "torch.classes*",
        "torch.jit*",
        "torch.fx*",
        "torch.export*",
        "torch.package*",
        "torch.load",
        "torch.serialization*",
        "torch.overrides*",
        "torch.library*",
        "torch.testing*",
        "torch.utils.cpp_extension*",
        "torch.hub*",
        "numpy.ctypeslib*",
        "numpy*.stride_tricks*",
        "numpy._[!_]*",
        "numpy.core*",
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
    names=(
        "builtins.eval",
        "builtins.exec",
        "builtins.compile",
        "builtins.__import__",
        "builtins.__builtins__",
        "builtins.__loader__",
        "builtins.__spec__",
        "builtins.globals",
        "builtins.locals",
        "sys.modules",
        "sys.meta_path",
        "sys.path_hooks",
        "typing.get_type_hints",
        "typing.ForwardRef",
        "torch*.__dict__",
        "sys.__dict__",
    ),
)

HIDING_MODULES = (
    "__main__", "_pickle", "builtins", "code", "codeop", "ctypes", "gc", "imp", "importlib", "inspect", "marshal",
    "pickle", "pkgutil", "pydoc", "runpy", "shelve", "timeit", "unittest", "zipimport",
)  # fmt: skip
"""Modules of the standard library that find things by a text or run one, and that no exercise needs."""

OF_MEMORY = ("__array_interface__", "__array_struct__")
"""What an object may be called by that has NumPy look at memory of its choice."""

HIDING_ATTRIBUTES = (
    "__globals__", "__builtins__", "__subclasses__", "__getattribute__", "__loader__", "f_globals", "f_builtins",
    "f_locals", "__self__", *OF_MEMORY,
)  # fmt: skip
"""Attributes that lead to anything at all without naming it: frames, and memory at an address of one's choice."""

MODULES = (
    "torch", "torch.nn", "torch.functional", "torch.nn.functional", "torch.nn.modules", "torch.nn.modules.activation",
    "torch.nn.modules.container", "torch.nn.modules.dropout", "torch.nn.modules.linear", "torch.nn.modules.loss",
    "torch.nn.modules.module", "torch.nn.modules.sparse", "torch.optim", "torch.optim.lr_scheduler", "sys",
)  # fmt: skip
"""Modules that may stand before a dot or get another name, but not be handed on: what becomes of them is hidden."""

RULES = (ATTENTION, NORMALISATION, LABEL_SMOOTHING, SCHEDULERS, INTERNALS, LIBRARIES, ANSWERS, DYNAMIC)
