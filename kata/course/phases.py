"""The course map: the one table that says which phases and tasks there are and what they are worth.

Everything that needs a phase's name, number, title, file or points reads it here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""Folder of the whole project."""

REFERENCE = PROJECT / "solutions"
"""Folder whose phases stand in for the ones that are not under test."""

STUBS = PROJECT / "stubs"
"""Folder of the stubs in a student edition; the whole project makes them from the solutions."""

SUITES = PROJECT / "tests"
"""Folder of the suites, ``test_phase<number>_<subject>.py``."""

DEFAULT_TARGET = PROJECT / "exercises"
"""Folder that is graded unless another is named."""


@dataclass(frozen=True)
class Task:
    """One thing to implement: a function or a class of a phase.

    Attributes:
        name: its name in the phase's module.
        points: what it is worth; the points of a phase add up to 100.
    """

    name: str
    points: int


@dataclass(frozen=True)
class Phase:
    """One phase of the course.

    Attributes:
        number: 1 to 6.
        id: name of its module, in the exercises and the solutions alike.
        title_en, title_ja: what it is called in the two languages.
        paper: the sections of "Attention Is All You Need" it covers.
        tasks: its tasks, in the order in which they are best solved.
        given: names in its module that are ready in the stub.
    """

    number: int
    id: str
    title_en: str
    title_ja: str
    paper: str
    tasks: tuple[Task, ...]
    given: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Name of the phase's file in a target folder."""
        return f"{self.id}.py"

    def suite(self) -> list[Path]:
        """The files of the phase's test suite: ``tests/test_phase2_*.py``."""
        return sorted(SUITES.glob(f"test_phase{self.number}_*.py"))

    @property
    def max_score(self) -> int:
        """Points of all tasks together."""
        return sum(task.points for task in self.tasks)

    def title(self, lang: str) -> str:
        """Title in ``"en"`` or ``"ja"``."""
        return self.title_ja if lang == "ja" else self.title_en

    def lesson(self, lang: str) -> str:
        """Path of the phase's lesson, relative to the project."""
        return f"lessons/{lang}/{self.id}.md"

    def task(self, name: str) -> Task:
        """Return the task called ``name``.

        Raises:
            KeyError: if the phase has no such task.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        raise KeyError(f"phase {self.number} has no task {name!r}")


COURSE: tuple[Phase, ...] = (
    Phase(
        number=1,
        id="phase1_embedding",
        title_en="Embedding and positional encoding",
        title_ja="埋め込みと位置エンコーディング",
        paper="3.4, 3.5",
        tasks=(
            Task("sinusoidal_encoding", 30),
            Task("position_shift_matrix", 20),
            Task("TokenEmbedding", 20),
            Task("PositionalEncoding", 30),
        ),
    ),
    Phase(
        number=2,
        id="phase2_attention",
        title_en="Scaled dot-product and multi-head attention",
        title_ja="スケール化内積注意とマルチヘッド注意",
        paper="3.2",
        tasks=(
            Task("scaled_dot_product_attention", 40),
            Task("split_heads", 15),
            Task("merge_heads", 15),
            Task("MultiHeadAttention", 30),
        ),
    ),
    Phase(
        number=3,
        id="phase3_layers",
        title_en="Layer norm, feed-forward, residual connection",
        title_ja="層正規化・フィードフォワード・残差接続",
        paper="3.1, 3.3, 5.4",
        tasks=(
            Task("LayerNorm", 40),
            Task("PositionwiseFeedForward", 30),
            Task("AddAndNorm", 30),
        ),
    ),
    Phase(
        number=4,
        id="phase4_transformer",
        title_en="Encoder, decoder and the whole Transformer",
        title_ja="エンコーダ・デコーダと Transformer 全体",
        paper="3.1, 3.2.3, 3.4",
        tasks=(
            Task("EncoderLayer", 15),
            Task("DecoderLayer", 25),
            Task("Encoder", 10),
            Task("Decoder", 15),
            Task("Transformer", 35),
        ),
    ),
    Phase(
        number=5,
        id="phase5_mechanics",
        title_en="Masks, batches, label smoothing, schedule",
        title_ja="マスク・バッチ・ラベル平滑化・Noam スケジュール",
        paper="3.2.3, 5.1, 5.3, 5.4",
        tasks=(
            Task("padding_mask", 10),
            Task("look_ahead_mask", 10),
            Task("decoder_mask", 10),
            Task("make_batch", 20),
            Task("LabelSmoothingLoss", 25),
            Task("noam_learning_rate", 10),
            Task("NoamScheduler", 15),
        ),
        given=("Batch",),
    ),
    Phase(
        number=6,
        id="phase6_training",
        title_en="Training, evaluation, greedy and beam search",
        title_ja="学習・評価・貪欲法とビームサーチ",
        paper="5, 6.1",
        tasks=(
            Task("train_step", 20),
            Task("train", 10),
            Task("evaluate", 20),
            Task("greedy_decode", 20),
            Task("length_penalty", 5),
            Task("beam_search", 25),
        ),
        given=("Evaluation", "EncoderDecoder", "Hypothesis"),
    ),
)

MAX_SCORE = sum(phase.max_score for phase in COURSE)


@functools.lru_cache(maxsize=None)
def phase_of_suite(path: Path) -> Phase | None:
    """The phase that a test file belongs to, or None; links are followed."""
    path = path.resolve()
    if path.parent != SUITES:
        return None
    return next((phase for phase in COURSE if path.name.startswith(f"test_phase{phase.number}_")), None)


def find_phase(text: str) -> Phase:
    """Return the phase meant by ``"2"``, ``"phase2"``, ``"phase2_attention"`` or ``"phase2_attention.py"``.

    Raises:
        KeyError: if there is no such phase; the message lists the ones there are.
    """
    wanted = text[:-3] if text.endswith(".py") else text
    for phase in COURSE:
        if wanted in (str(phase.number), f"phase{phase.number}", phase.id):
            return phase
    known = ", ".join(f"{phase.number} ({phase.id})" for phase in COURSE)
    raise KeyError(f"there is no phase {text!r}; the phases are {known}")
