"""How a clause is said in Japanese: 主語 は 時 場所 で 目的語 を 動詞."""

from __future__ import annotations

from .clauses import Clause, NounPhrase
from .lexicon import Adjective, Pronoun, Verb

DETERMINERS = {"this": ["この"], "that": ["その"], "that over there": ["あの"]}
"""Japanese has no articles: "a" and "the" are not said."""


def japanese(clause: Clause) -> list[str]:
    """The words of the clause, with 。 as the last."""
    words = [*_subject(clause.subject), "は"]
    if clause.time is not None:  # without a comma, 昨日 before 本 would read as 日本
        words += [*clause.time.ja, *([] if clause.time.ja[-1] == "に" else ["、"])]
    if clause.quality is not None:
        words += _quality(clause.quality, clause.tense == "past", clause.negative)
    elif clause.verb is not None:
        words += _action(clause, clause.verb)
    return [*words, *(["か"] if clause.question else []), "。"]


def _action(clause: Clause, verb: Verb) -> list[str]:
    """Place, means, object and verb, each marked by its particle. The verb ends the clause."""
    words: list[str] = []
    if clause.place is not None:
        words += [*_phrase(clause.place), "で"]
    if clause.vehicle is not None:
        words += [clause.vehicle.ja, "で"]
    if clause.object is not None:
        words += [*_phrase(clause.object), verb.particle]
    if clause.tense == "past":
        ending = "ませんでした" if clause.negative else "ました"
    else:  # Japanese does not tell the future from the present
        ending = "ません" if clause.negative else "ます"
    return [*words, verb.stem, ending]


def _quality(adjective: Adjective, past: bool, negative: bool) -> list[str]:
    """An adjective as the predicate: い-adjectives are inflected themselves, after the others です is."""
    stem = adjective.stem
    if adjective.ending == "い":
        if negative:
            return [f"{stem}く", "なかった" if past else "ない", "です"]
        return [f"{stem}かった" if past else f"{stem}い", "です"]
    if negative:
        return [stem, "では", "ありませんでした" if past else "ありません"]
    return [stem, "でした" if past else "です"]


def _subject(subject: Pronoun | NounPhrase) -> list[str]:
    return [subject.ja] if isinstance(subject, Pronoun) else _phrase(subject)


def _phrase(phrase: NounPhrase) -> list[str]:
    """この 古い 本, きれい な 花, 緑 の 傘, 小さく て 静か な 庭, but 小さい 赤い 花: a colour belongs to its noun."""
    words = list(DETERMINERS.get(phrase.determiner, []))
    for adjective, after in zip(phrase.adjectives, (*phrase.adjectives[1:], None)):
        if adjective.ending == "い" and after is not None and after.group != "colour":
            words += [f"{adjective.stem}く", "て"]
        elif adjective.ending == "い":
            words.append(f"{adjective.stem}い")
        else:
            words += [adjective.stem, adjective.ending]
    return [*words, phrase.noun.ja]
