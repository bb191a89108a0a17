"""Draw streams and values until the time is up or a mistake shows."""

from __future__ import annotations

import faulthandler
import itertools
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, NamedTuple

import hypothesis
from hypothesis import strategies as st

from . import conversation, streams, values
from .conversation import Mistake

ROUND = 300
"""Values that hypothesis draws in one go."""

SHARE = 0.25
"""Of the time for values; the rest is for streams."""

STUCK_SECONDS = 900
"""If there is no progress for so long, the process ends and says where it was."""

PIECES = (1, 7, 1 << 16)

ASKS = (*conversation.ASKS, "call", "call", "call", "call", "load", "load")


class Heard(NamedTuple):
    """A stream, what the host asks for while it comes, and how many bytes come at a time."""

    data: bytes
    asks: tuple[str, ...]
    piece: int

    def endings(self) -> list[str]:
        """How the host's questions end."""
        return conversation.hear(self.data, self.asks, self.piece, streams.honest())


@dataclass
class Told:
    """What a hunt came to.

    Attributes:
        streams, values: how many were tried.
        endings: how the host's questions ended, and how often.
        kept: for everything that the host says, the first stream after which it said so.
        mistake: the first mistake, None if there was none.
        heard: the stream that shows it, made as small as may be; None where a value does.
    """

    streams: int = 0
    values: int = 0
    seconds: float = 0.0
    endings: Counter[str] = field(default_factory=Counter)
    kept: dict[str, Heard] = field(default_factory=dict)
    mistake: BaseException | None = None
    heard: Heard | None = None


def hunt(seconds: float, seed: int) -> Told:
    """Look for a mistake for so many seconds."""
    told = Told()
    start = time.monotonic()
    r = random.Random(seed)
    try:
        for number in itertools.count():
            so_far = time.monotonic() - start
            if so_far > seconds:
                break
            faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
            if told.seconds <= SHARE * so_far:
                _try_values(told, seed + number, until=start + seconds)
                told.seconds += time.monotonic() - start - so_far  # in values, for now
            else:
                for _ in range(100):
                    _try_stream(told, r)
    except Mistake as mistake:
        told.mistake = mistake
    finally:
        faulthandler.cancel_dump_traceback_later()
    told.seconds = time.monotonic() - start
    return told


# -- streams --


def _try_stream(told: Told, r: random.Random) -> None:
    begin_with = None
    if r.random() < 0.4:
        begin_with = r.choice([*told.kept.values(), *(Heard(data, (), 7) for data in streams.corpus().values())])
    data = streams.stream(r, begin_with.data if begin_with else b"")
    asks = (
        begin_with.asks if begin_with and begin_with.asks and r.random() < 0.7 else r.choices(ASKS, k=r.randint(1, 4))
    )
    heard = Heard(data, tuple(asks), r.choice(PIECES))
    told.streams += 1
    try:
        endings = heard.endings()
    except Mistake:
        told.heard = _smallest(heard)
        told.heard.endings()  # raises what the small one shows
        raise
    told.endings.update(ending.partition(":")[0] for ending in endings)
    for ask, ending in zip(heard.asks, endings):
        told.kept.setdefault(re.sub(r"\d+", "0", f"{ask} {ending}")[:60], heard)


def _smallest(heard: Heard) -> Heard:
    """The same mistake in a smaller stream."""
    kind = _mistake_in(heard)
    progress = True
    while progress:
        progress = False
        for smaller in _smaller(heard):
            if (
                len(smaller.data) + len(smaller.asks) < len(heard.data) + len(heard.asks)
                and _mistake_in(smaller) == kind
            ):
                heard, progress = smaller, True
                break
    return heard


def _mistake_in(heard: Heard) -> str:
    """The mistake that a stream shows, in so many words as a kind has; empty if it shows none."""
    try:
        heard.endings()
    except Mistake as mistake:
        return ":".join(str(mistake).split(":")[:2])
    return ""


def _smaller(heard: Heard) -> Iterator[Heard]:
    for place in range(len(heard.asks)):
        yield heard._replace(asks=heard.asks[:place] + heard.asks[place + 1 :])
    frames = list(streams.frames_in(heard.data))
    yield heard._replace(data=streams.stream_of(frames), piece=1 << 16)
    for place, (header, payload) in enumerate(frames):
        before, after = frames[:place], frames[place + 1 :]
        yield heard._replace(data=streams.stream_of([*before, *after]))
        yield heard._replace(data=streams.stream_of([*before, (header, b""), *after]))
        for smaller in streams.simpler(header):
            yield heard._replace(data=streams.stream_of([*before, (smaller, payload), *after]))


# -- values --


def _try_values(told: Told, seed: int, until: float) -> None:
    def one(value: Any, piece: int) -> None:
        if time.monotonic() < until:  # else the round is only brought to its end
            told.values += 1
            values.cross(value, piece)

    settings = hypothesis.settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    drawn = st.one_of(values.values, values.with_aliases())
    test: Callable[[], None] = hypothesis.given(drawn, st.sampled_from(PIECES))(one)
    hypothesis.seed(seed)(settings(test))()
