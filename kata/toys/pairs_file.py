"""The learner's own sentence pairs: a text file, one pair a line, source and target separated by a tab."""

from __future__ import annotations

from pathlib import Path
from random import Random

from .corpus import Corpus, Pair

LONGEST = 100
"""Tokens a side."""

FEWEST = 20
"""Pairs; with fewer there is nothing to learn from and nothing to test on."""

SHOWN = 5
"""Complaints that are shown at once."""


class PairsError(ValueError):
    """The file cannot be used; the message names file, lines and what to do, in English and Japanese."""

    def __init__(self, english: str, japanese: str) -> None:
        super().__init__(english)
        self.pair = (english, japanese)


def read_pairs(path: Path) -> list[Pair]:
    """Read and check a file of pairs.

    Words are separated by spaces. A side that has no space in any line, as Japanese usually has none, is read letter
    by letter. Empty lines are passed over.

    Raises:
        PairsError: if the file cannot be read, a line is not a pair, or there are too few pairs.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PairsError(f"{path} could not be read: {reason}", f"{path} を読み込めません: {reason}") from None
    rows: list[tuple[int, list[str]]] = []
    complaints: list[tuple[str, str]] = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r")
        except UnicodeDecodeError:
            complaints.append((f"line {number}: is not UTF-8 text", f"{number} 行目: UTF-8 のテキストではありません"))
            continue
        if not text.strip():
            continue
        complaint = _complaint(number, text)
        if complaint:
            complaints.append(complaint)
        else:
            rows.append((number, [side.strip() for side in text.split("\t")]))
    by_words = [any(" " in sides[column] for _, sides in rows) for column in (0, 1)]
    pairs: list[Pair] = []
    for number, sides in rows:
        source, target = (tuple(side.split() if words else side) for side, words in zip(sides, by_words))
        if max(len(source), len(target)) > LONGEST:
            complaints.append(
                (
                    f"line {number}: is longer than {LONGEST} tokens",
                    f"{number} 行目: {LONGEST} トークンを超えています",
                )
            )
        pairs.append((source, target))
    if complaints:
        _refuse(path, sorted(complaints, key=lambda both: int(both[0].split(":")[0][5:])))
    pairs = list(dict.fromkeys(pairs))
    if len(pairs) < FEWEST:
        raise PairsError(
            f"{path} has {len(pairs)} different pairs; at least {FEWEST} are needed (a few thousand learn well)",
            f"{path} には異なる対が {len(pairs)} 組しかありません。"
            f"少なくとも {FEWEST} 組必要です (数千組あるとよく学習できます)",
        )
    return pairs


def _complaint(number: int, text: str) -> tuple[str, str] | None:
    sides = text.split("\t")
    if len(sides) == 1:
        return (
            f"line {number}: has no tab between source and target",
            f"{number} 行目: 原文と訳文を分けるタブがありません",
        )
    if len(sides) > 2:
        return (
            f"line {number}: has {len(sides) - 1} tabs instead of one",
            f"{number} 行目: タブが {len(sides) - 1} 個あります (1 個だけにします)",
        )
    for side, english, japanese in zip(sides, ("source", "target"), ("原文", "訳文")):
        if not side.strip():
            return f"line {number}: the {english} is empty", f"{number} 行目: {japanese}が空です"
        special = next((word for word in ("<pad>", "<bos>", "<eos>") if word in side.split()), None)
        if special:
            return f"line {number}: {special} is a special token", f"{number} 行目: {special} は特別なトークンです"
    return None


def _refuse(path: Path, complaints: list[tuple[str, str]]) -> None:
    more = len(complaints) - SHOWN
    english = [
        f"{path} is not a file of pairs (source, tab, target):",
        *(f"  {both[0]}" for both in complaints[:SHOWN]),
    ]
    japanese = [
        f"{path} は「原文・タブ・訳文」を 1 行に並べたファイルではありません:",
        *(f"  {both[1]}" for both in complaints[:SHOWN]),
    ]
    if more > 0:
        english.append(f"  and {more} more")
        japanese.append(f"  ほか {more} 件")
    raise PairsError("\n".join(english), "\n".join(japanese))


def make_corpus(pairs: list[Pair], seed: int) -> Corpus:
    """Part the pairs: a tenth of the sources, 500 at most, is kept for validation.

    All translations of one source are on the same side.
    """
    sources = sorted({source for source, _ in pairs})
    held = set(Random(f"pairs {seed}").sample(sources, max(1, min(500, len(sources) // 10))))
    return Corpus(
        train=[pair for pair in pairs if pair[0] not in held],
        validation={"unseen": [pair for pair in pairs if pair[0] in held]},
    )
