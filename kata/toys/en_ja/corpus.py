"""Draw sentences of the English-Japanese toy, and part training from validation."""

from __future__ import annotations

from random import Random

from ..corpus import Corpus, Pair
from .clauses import Clause, NounPhrase
from .english import english
from .japanese import japanese
from .lexicon import (
    ADJECTIVES,
    ANIMALS_GO,
    DISTANT,
    GO,
    NOUNS,
    PRONOUNS,
    TIMES,
    VEHICLES_GO,
    VERBS,
    WITHHELD,
    Adjective,
    Noun,
    Pronoun,
    Time,
    Verb,
)

SPLIT_SEED = 20170612
"""Which sentences are validation does not depend on the seed of a training: scores of several seeds compare."""


def make_corpus(seed: int, train: int, validation: int) -> Corpus:
    """Draw the corpus: the same for the same arguments.

    No sentence of training is a sentence of validation, in either language: sentences that are the same in Japanese
    ("she will go", "she goes") do not count as different. Pairs of words in ``lexicon.WITHHELD`` are never together in
    training; ``withheld`` holds sentences with such a pair, ``unseen`` others.

    Args:
        seed: seed of the training sentences.
        train: how many sentences to train on.
        validation: how many sentences ``unseen`` and ``withheld`` have each.
    """
    parts: dict[str, list[Pair]] = {"unseen": [], "withheld": []}
    taken: set[tuple[str, ...]] = set()
    random = Random(SPLIT_SEED)
    while min(len(pairs) for pairs in parts.values()) < validation:
        clause = draw_clause(random)
        part = parts["withheld" if clause.combinations() & WITHHELD else "unseen"]
        pair = render(clause)
        if len(part) < validation and pair[1] not in taken:
            taken.add(pair[1])
            part.append(pair)
    pairs: list[Pair] = []
    random = Random(f"en-ja {seed}")
    seen: set[tuple[str, ...]] = set()
    while len(pairs) < train:
        clause = draw_clause(random)
        if clause.combinations() & WITHHELD:
            continue
        pair = render(clause)
        if pair[1] not in taken and pair[0] not in seen:
            seen.add(pair[0])
            pairs.append(pair)
    return Corpus(train=pairs, validation=parts)


def render(clause: Clause) -> Pair:
    """The clause in English and in Japanese."""
    return tuple(english(clause)), tuple(japanese(clause))


def draw_clause(random: Random) -> Clause:
    """One random sentence, grammatical and not silly in both languages."""
    kind = random.random()
    if kind < 0.2:
        return _draw_quality(random)
    if kind < 0.35:
        return _draw_motion(random)
    return _draw_action(random)


def _draw_action(random: Random) -> Clause:
    """Somebody does something to something, somewhere."""
    verb = random.choice(_VERBS)
    negative, question = _draw_mood(random)
    subject = _draw_subject(random, question, verb.animals)
    noun = NOUNS[random.choice(_OBJECTS[verb.en])]
    while isinstance(subject, NounPhrase) and noun is subject.noun:  # no teacher meets the teacher
        noun = NOUNS[random.choice(_OBJECTS[verb.en])]
    place = None
    if verb.places and random.random() < 0.5:
        animal, vehicle = _is_animal(subject), verb.en == "see" and noun.kind == "vehicle"
        places = [
            name
            for name in _PLACES[verb.en]
            if (not animal or name in ANIMALS_GO) and (not vehicle or name in VEHICLES_GO)
        ]
        place = _draw_phrase(random, random.choice(places), ("the",), 0.3)
    determiners = ("", "", "the", "this", "that") if noun.mass else ("a", "a", "the", "this", "that")
    tense, time = _draw_time(random, negative)
    return Clause(
        subject,
        verb,
        object=_draw_phrase(random, noun.en, determiners, 0.6, without=verb.without),
        place=place,
        time=time,
        tense=tense,
        negative=negative,
        question=question,
    )


def _draw_motion(random: Random) -> Clause:
    """Somebody goes somewhere, by bus perhaps."""
    negative, question = _draw_mood(random)
    subject = _draw_subject(random, question, animals=True)
    animal = _is_animal(subject)
    goal = random.choice(sorted(ANIMALS_GO) if animal else _OBJECTS["go"])
    vehicle = None
    if goal in DISTANT and not animal and random.random() < 0.5:
        vehicle = random.choice(_VEHICLES)
    tense, time = _draw_time(random, negative)
    return Clause(
        subject,
        GO,
        object=_draw_phrase(random, goal, ("the", "the", "this", "that"), 0.5),
        vehicle=vehicle,
        time=time,
        tense=tense,
        negative=negative,
        question=question,
    )


def _draw_quality(random: Random) -> Clause:
    """Somebody or something is somehow."""
    negative, question = _draw_mood(random)
    quality = random.choice(_ADJECTIVES)
    if "doctor" in quality.nouns and random.random() < 0.3:
        subject: Pronoun | NounPhrase = _draw_pronoun(random, question)
    else:
        noun = random.choice(_DESCRIBED[quality.en])
        subject = _draw_phrase(random, noun, _SUBJECT_DETERMINERS, 0.4, without=_JUDGED | _GROUPS[quality.group])
    tense = "present" if quality.group == "age" else random.choice(("present", "past"))
    time = random.choice(TIMES["past"][:3]) if tense == "past" and quality.passing and random.random() < 0.6 else None
    return Clause(subject, quality=quality, time=time, tense=tense, negative=negative, question=question)


def _is_animal(subject: Pronoun | NounPhrase) -> bool:
    return isinstance(subject, NounPhrase) and subject.noun.kind == "animal"


def _draw_mood(random: Random) -> tuple[bool, bool]:
    """Negative or a question; both would be an invitation in Japanese."""
    return random.choice(((False, False), (False, False), (True, False), (False, True)))


def _draw_time(random: Random, negative: bool) -> tuple[str, Time | None]:
    tense = random.choice(("present", "past", "future"))
    times = [time for time in TIMES[tense] if time.negated or not negative]
    return tense, random.choice(times) if random.random() < 0.6 else None


def _draw_subject(random: Random, question: bool, animals: bool) -> Pronoun | NounPhrase:
    if random.random() < 0.35:
        return _draw_pronoun(random, question)
    return _draw_phrase(random, random.choice(_ACTORS if animals else _PEOPLE).en, _SUBJECT_DETERMINERS, 0.4)


def _draw_pronoun(random: Random, question: bool) -> Pronoun:
    return random.choice([pronoun for pronoun in PRONOUNS if (pronoun.asked if question else pronoun.told)])


def _draw_phrase(
    random: Random, noun: str, determiners: tuple[str, ...], adjectives: float, without: frozenset[str] = frozenset()
) -> NounPhrase:
    """A noun with a determiner and, with probability ``adjectives``, one or two adjectives.

    Args:
        without: adjectives that do not stand here.
    """
    chosen: list[Adjective] = []
    if _FITTING[noun] and random.random() < adjectives:
        for adjective in random.sample(_FITTING[noun], min(2, len(_FITTING[noun]))):
            if adjective.en not in without and all(adjective.group != other.group for other in chosen):
                chosen.append(adjective)
        if random.random() < 0.6:
            del chosen[1:]
        chosen.sort(key=lambda adjective: _ORDER[adjective.en])
    return NounPhrase(NOUNS[noun], random.choice(determiners), tuple(chosen))


_ADJECTIVES: list[Adjective] = list(ADJECTIVES.values())
_GROUPS: dict[str, frozenset[str]] = {
    group: frozenset(a.en for a in _ADJECTIVES if a.group == group) for group in ("opinion", "size", "age", "colour")
}
_JUDGED: frozenset[str] = _GROUPS["opinion"] | _GROUPS["age"]
"""What is not said before a noun of which something else is said: "the expensive book was new" is odd."""
_ORDER: dict[str, int] = {adjective.en: place for place, adjective in enumerate(_ADJECTIVES)}
_FITTING: dict[str, list[Adjective]] = {noun: [a for a in _ADJECTIVES if noun in a.nouns] for noun in NOUNS}
_DESCRIBED: dict[str, list[str]] = {adjective.en: sorted(adjective.nouns) for adjective in _ADJECTIVES}
_VERBS: list[Verb] = list(VERBS.values())
_OBJECTS: dict[str, list[str]] = {verb.en: sorted(verb.objects) for verb in (*_VERBS, GO)}
_PLACES: dict[str, list[str]] = {verb.en: sorted(verb.places) for verb in _VERBS}
_PEOPLE: list[Noun] = [noun for noun in NOUNS.values() if noun.kind == "person"]
_ACTORS: list[Noun] = [noun for noun in NOUNS.values() if noun.kind in ("person", "animal")]
_VEHICLES: list[Noun] = [noun for noun in NOUNS.values() if noun.kind == "vehicle"]
# A subject is never "a ...": that would be が, not は. あの stands with subjects alone, because "over there" at the end
# of an object could as well say where it happens.
_SUBJECT_DETERMINERS = ("the", "the", "this", "that", "that over there")
