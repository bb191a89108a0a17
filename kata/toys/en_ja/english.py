"""How a clause is said in English: subject, verb, object, place, time."""

from __future__ import annotations

from .clauses import Clause, NounPhrase
from .lexicon import Adjective, Pronoun, Verb


def english(clause: Clause) -> list[str]:
    """The words of the clause, with its full stop or question mark as the last."""
    subject = _subject(clause.subject)
    if clause.quality is not None:
        auxiliary, predicate = _quality(clause, clause.quality)
    elif clause.verb is not None:
        auxiliary, predicate = _action(clause, clause.verb)
    else:
        raise ValueError("a clause has a verb or a quality")
    negation = ["not"] if clause.negative else []
    if clause.question:  # the auxiliary changes places with the subject
        words = [*auxiliary, *subject, *negation, *predicate]
    else:
        words = [*subject, *auxiliary, *negation, *predicate]
    return [*words, *_time(clause), "?" if clause.question else "."]


def _quality(clause: Clause, quality: Adjective) -> tuple[list[str], list[str]]:
    """``is`` and ``busy``."""
    if isinstance(clause.subject, Pronoun):
        present, past = clause.subject.be, clause.subject.was
    else:
        present, past = "is", "was"
    return [past if clause.tense == "past" else present], [quality.en]


def _action(clause: Clause, action: Verb) -> tuple[list[str], list[str]]:
    """The auxiliary, if there is one, and the verb with what follows it."""
    third = clause.subject.third if isinstance(clause.subject, Pronoun) else True
    auxiliary, verb = [], action.en
    if clause.tense == "future":
        auxiliary = ["will"]
    elif clause.negative or clause.question:  # do-support
        auxiliary = ["did" if clause.tense == "past" else "does" if third else "do"]
    elif clause.tense == "past":
        verb = action.past
    elif third:
        verb = action.third
    rest: list[str] = []
    if clause.object is not None:
        rest += [*(["to"] if clause.object.noun.kind == "place" else []), *_phrase(clause.object)]
    if clause.place is not None:
        rest += [clause.place.noun.preposition, *_phrase(clause.place)]
    if clause.vehicle is not None:
        rest += ["by", clause.vehicle.en]
    return auxiliary, [verb, *rest]


def _subject(subject: Pronoun | NounPhrase) -> list[str]:
    return [subject.en] if isinstance(subject, Pronoun) else _phrase(subject)


def _phrase(phrase: NounPhrase) -> list[str]:
    """``an old book``, ``that cat over there``."""
    determiner, *after = phrase.determiner.split(" ") if phrase.determiner else [""]
    words = [*(adjective.en for adjective in phrase.adjectives), phrase.noun.en]
    if determiner == "a" and words[0][0] in "aeiou":  # "an" before a sound, which all our words spell with a vowel
        determiner = "an"
    return [*([determiner] if determiner else []), *words, *after]


def _time(clause: Clause) -> list[str]:
    return list(clause.time.en) if clause.time else []
