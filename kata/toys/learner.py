"""The learner's six phases, or some of them within the reference, loaded into this process for a training.

There is no wall here: nothing is judged. What the code raises becomes one message with a way out.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any, Collection, Iterator

import torch

from ..course.edition import has_reference
from ..course.messages import in_language
from ..course.phases import COURSE, REFERENCE, Phase
from ..results import TODO, printable
from ..sandbox.loader import VirtualPackage
from ..sandbox.tracebacks import where
from ..source.files import display_path
from ..source.progress import unfinished
from ..source.tree import line_of
from ..testing.in_process import PhaseUnderTest
from ..testing.outcome import judge
from .vocabulary import BOS_ID, EOS_ID, PAD_ID

NOT_NEEDED = ("position_shift_matrix",)
"""Tasks that a training does not use."""

STILL_TO_DO = (
    "Still to do:\n{tasks}\nA training needs these.\nWay out: write them, `python grader.py {phase}` tests them.",
    "まだ書かれていません:\n{tasks}\n学習にはこれらが必要です。\n"
    "まず書き、`python grader.py {phase}` で確かめましょう。",
)
BY_SOLUTIONS = (
    " Or watch the reference code learn with `--target solutions`.",
    "`--target solutions` を付けると、解答のコードで学習できます。",
)
BROKEN = (
    "{message}\nWay out: `python grader.py {phase}` tests {file} and says more.",
    "{message}\n`python grader.py {phase}` を実行すると、{file} のテストの結果が分かります。",
)
IN_REFERENCE = (
    "{message}\nThe reference's code raised this while it worked with your {own}.\n"
    "Way out: `python grader.py {numbers}` tests yours and says more.",
    "{message}\n{own} と一緒に動いている解答のコードで起きたエラーです。\n"
    "`python grader.py {numbers}` を実行すると、あなたのコードのテストの結果が分かります。",
)
NO_REFERENCE = (
    "This copy holds no solution of {lacking}: only what is here can stand in for what you have not finished.",
    "この配布版には{lacking} の解答がないため、書き終えていない部分を補えません。",
)
NOT_KEPT = (
    "state_dict() of {what} holds something that no checkpoint can keep ({reason}).\n"
    "Way out: let it hold numbers, texts, tensors, lists and dicts alone; see {file}.",
    "{what} の state_dict() に、チェックポイントへ保存できないものが入っています ({reason})。\n"
    "数値、文字列、テンソル、リスト、辞書だけにしましょう。{file} を確かめてください。",
)
NO_STEPS = (
    "train called on_step {called} times for {given} batches.\nWay out: `python grader.py 6` tests phase6_training.py.",
    "train は {given} 個のバッチに対して on_step を {called} 回呼びました。\n"
    "`python grader.py 6` で phase6_training.py を確かめましょう。",
)


class LearnerError(Exception):
    """The learner's code is not ready for a training; ``pair`` says why in English and Japanese."""

    def __init__(self, english: str, japanese: str) -> None:
        super().__init__(english)
        self.pair = (english, japanese)


class Learner:
    """The learner's code.

    Args:
        target: its folder.
        own: the phases that come from there; the others come from the reference.

    Attributes:
        phase1 to phase6: the phases' modules.

    Raises:
        LearnerError: if the reference of another phase is not in this copy.
    """

    def __init__(self, target: Path, own: Collection[Phase] = COURSE) -> None:
        self.target, self.own = target, tuple(phase for phase in COURSE if phase in own)
        lent = [phase for phase in COURSE if phase not in own]
        lacking = [phase for phase in lent if not (REFERENCE / phase.file).is_file()]
        if lacking:
            english, japanese = NO_REFERENCE
            raise LearnerError(
                english.format(lacking=named(lacking, "en")), japanese.format(lacking=named(lacking, "ja"))
            )
        self._package = VirtualPackage({phase.id: REFERENCE for phase in lent}, default=target)
        phases = [PhaseUnderTest(self._package, phase.id) for phase in COURSE]
        self.phase1, self.phase2, self.phase3, self.phase4, self.phase5, self.phase6 = phases

    def close(self) -> None:
        """Forget the code."""
        self._package.close()

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Run the learner's code inside; what it raises becomes a ``LearnerError``."""
        try:
            yield
        except (LearnerError, KeyboardInterrupt):
            raise
        except BaseException as error:  # also SystemExit: a learner's code ends nothing here
            raise LearnerError(*self._explain(error)) from error

    def _explain(self, error: BaseException) -> tuple[str, str]:
        verdict = judge(error, [self.target])
        phase = self._phase_of(error, verdict.message)
        stub = re.match(r"Phase \d: (\w+)", str(error)) if verdict.state == TODO else None
        path = self.target / phase.file
        if verdict.state == TODO:
            return self._missing([(phase, stub.group(1) if stub else phase.id)])
        if phase not in self.own:
            numbers = " ".join(str(phase.number) for phase in self.own)
            english, japanese = IN_REFERENCE
            return (
                english.format(message=verdict.message, own=named(self.own, "en"), numbers=numbers),
                japanese.format(message=in_language(verdict.message, "ja"), own=named(self.own, "ja"), numbers=numbers),
            )
        values = {"phase": phase.number, "file": display_path(path)}
        messages = verdict.message, in_language(verdict.message, "ja")
        return BROKEN[0].format(message=messages[0], **values), BROKEN[1].format(message=messages[1], **values)

    def _missing(self, missing: list[tuple[Phase, str]]) -> tuple[str, str]:
        """Say which tasks are to do, a file a line."""
        lines = []
        for phase in dict.fromkeys(phase for phase, _ in missing):
            path = self.target / phase.file
            names = [task for other, task in missing if other is phase]
            line = line_of(path, names[0])
            lines.append(f"  {display_path(path)}{f':{line}' if line else ''}  {', '.join(names)}")
        values = {"tasks": "\n".join(lines), "phase": missing[0][0].number}
        ways = BY_SOLUTIONS if all(map(has_reference, COURSE)) else ("", "")
        return STILL_TO_DO[0].format(**values) + ways[0], STILL_TO_DO[1].format(**values) + ways[1]

    def _phase_of(self, error: BaseException, message: str) -> Phase:
        """The phase that a message speaks of: by the stub's words, or by the file that it names."""
        stub = re.match(r"Phase (\d): ", str(error))
        if stub:
            return COURSE[int(stub.group(1)) - 1]
        place = where(error, [self.target]) or message
        return next((phase for phase in COURSE if phase.file in place), COURSE[-1])

    def rehearse(self) -> None:
        """Use everything that a training needs once, on a tiny model: what is missing shows now and not at the end.

        Raises:
            LearnerError: if something is still to do or raises.
        """
        missing = [
            (phase, task) for phase in self.own for task in unfinished(phase, self.target) if task not in NOT_NEEDED
        ]
        if missing:
            raise LearnerError(*self._missing(missing))
        with self.guard():
            for phase in COURSE:  # in order, so that a file is blamed for its own mistakes
                self._package.load(phase.id)
        with self.guard(), torch.random.fork_rng(devices=[]):
            pairs = [([3, 4], [4, 3]), ([5], [5])]
            model = self.phase4.Transformer(6, 6, 8, 2, 1, 16, 0.0, 10)
            optimizer = make_optimizer(model)
            scheduler = self.phase5.NoamScheduler(optimizer, 8, 10, 1.0)
            batch = self.phase5.make_batch(pairs, PAD_ID, BOS_ID, EOS_ID).to("cpu")
            loss_fn = self.phase5.LabelSmoothingLoss(PAD_ID, 0.1)
            called: list[int] = []
            train: Any = self.phase6.train
            train(model, [batch], loss_fn, optimizer, scheduler, 1.0, lambda step, loss: called.append(step))
            if called != [1]:
                values = {"called": len(called), "given": 1}
                raise LearnerError(NO_STEPS[0].format(**values), NO_STEPS[1].format(**values))
            self.phase6.evaluate(model, [batch], loss_fn)
            self.phase6.greedy_decode(model, batch.src, batch.src_mask, BOS_ID, EOS_ID, PAD_ID, 3)
            self.phase6.beam_search(model, batch.src[:1], batch.src_mask[:1], BOS_ID, EOS_ID, 3)
            scheduler.load_state_dict(scheduler.state_dict())
        self.check_kept(model, optimizer, scheduler)

    def check_kept(self, model: Any, optimizer: Any, scheduler: Any) -> None:
        """See that a checkpoint of these can be written and read.

        Raises:
            LearnerError: if it cannot, or if their ``state_dict`` raises.
        """
        for kept, phase in ((model, COURSE[3]), (optimizer, COURSE[4]), (scheduler, COURSE[4])):
            with self.guard():
                state = kept.state_dict()
            stream = io.BytesIO()
            try:
                torch.save(state, stream)
                stream.seek(0)
                torch.load(stream, map_location="cpu", weights_only=True)
            except Exception as error:  # of many kinds, by what it is
                reason = printable(" ".join(f"{type(error).__name__}: {error}".split()))[:120]
                values = {"what": type(kept).__name__, "reason": reason, "file": display_path(self.target / phase.file)}
                raise LearnerError(NOT_KEPT[0].format(**values), NOT_KEPT[1].format(**values)) from error


def named(phases: Collection[Phase], lang: str) -> str:
    """``phase 2``, ``phases 2, 3``."""
    numbers = ", ".join(str(phase.number) for phase in phases)
    return f"フェーズ {numbers}" if lang == "ja" else f"phase{'s' if len(phases) > 1 else ''} {numbers}"


def make_optimizer(model: torch.nn.Module) -> torch.optim.Optimizer:
    """Adam as in the paper (5.3); the Noam schedule sets the rate."""
    return torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9)
