"""What a sentence consists of, before it is said in a language."""

from __future__ import annotations

from dataclasses import dataclass

from .lexicon import Adjective, Noun, Pronoun, Time, Verb


@dataclass(frozen=True)
class NounPhrase:
    """A noun with what stands before it.

    Attributes:
        noun: the noun.
        determiner: ``"a"``, ``"the"``, ``"this"``, ``"that"``, ``"that over there"`` or, for mass nouns, ``""``.
        adjectives: in English order.
    """

    noun: Noun
    determiner: str = "the"
    adjectives: tuple[Adjective, ...] = ()

    def combinations(self) -> set[tuple[str, str]]:
        """Its adjectives, each with the noun."""
        return {(adjective.en, self.noun.en) for adjective in self.adjectives}


@dataclass(frozen=True)
class Clause:
    """A sentence: somebody does something, goes somewhere, or is somehow.

    Attributes:
        subject: who.
        verb: what is done; None in "is busy".
        object: to what, or for the verb of motion where to.
        place: where.
        vehicle: "by bus".
        quality: "busy"; None if there is a verb.
        time: when.
        tense: ``"present"``, ``"past"`` or ``"future"``.
        negative, question: at most one of them. A negative question such as 食べませんか is an invitation in Japanese
            and none in English.
    """

    subject: Pronoun | NounPhrase
    verb: Verb | None = None
    object: NounPhrase | None = None
    place: NounPhrase | None = None
    vehicle: Noun | None = None
    quality: Adjective | None = None
    time: Time | None = None
    tense: str = "present"
    negative: bool = False
    question: bool = False

    def combinations(self) -> set[tuple[str, str]]:
        """All its pairs of words that may be withheld from training."""
        found: set[tuple[str, str]] = set()
        for phrase in (self.subject, self.object, self.place):
            if isinstance(phrase, NounPhrase):
                found |= phrase.combinations()
        if self.verb is not None and self.object is not None:
            found.add((self.verb.en, self.object.noun.en))
        if self.quality is not None and isinstance(self.subject, NounPhrase):
            found.add((self.quality.en, self.subject.noun.en))
        return found
