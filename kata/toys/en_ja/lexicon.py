"""The words of the English-Japanese toy and which of them go together.

Every English word has one translation wherever it may stand here, so that the right answer is always one. That is why
some everyday words are missing: "read" (its past looks like its present), "old" for people (古い is for things alone),
"hot water" (お湯, not 熱い水), "like" (好き is no verb in Japanese), "long book" (a thick one, 厚い本, is meant).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping


@dataclass(frozen=True)
class Noun:
    """A noun.

    Attributes:
        en, ja: the word in the two languages.
        kind: ``"person"``, ``"animal"``, ``"food"``, ``"drink"``, ``"thing"``, ``"vehicle"`` or ``"place"``.
        mass: whether it stands without "a": "bread", "water".
        preposition: of a place: "in" or "at" the place.
    """

    en: str
    ja: str
    kind: str
    mass: bool = False
    preposition: str = "in"


@dataclass(frozen=True)
class Adjective:
    """An adjective.

    Attributes:
        en: the English word.
        stem: the Japanese word without its ending: 赤 of 赤い, きれい of きれいな.
        ending: what follows before a noun: ``"い"``, ``"な"`` or ``"の"``. It decides how the word is inflected.
        group: ``"opinion"``, ``"size"``, ``"age"`` or ``"colour"``. Before one noun stand no two of a group: "big
            small" contradicts itself, and 忙しい若い先生 is not how one speaks.
        nouns: the English nouns that it goes with.
        passing: whether it may hold for a time ("was busy yesterday").
    """

    en: str
    stem: str
    ending: str
    group: str
    nouns: frozenset[str]
    passing: bool = False


@dataclass(frozen=True)
class Verb:
    """A verb.

    Attributes:
        en, third, past: "eat", "eats", "ate"; the past always differs from the present.
        stem: the Japanese word before ます.
        particle: what marks its object, を or に.
        objects: the English nouns that it goes with.
        places: the English places where one does it.
        animals: whether animals do it too.
        without: adjectives that its object does not have: nobody writes an old letter, or washes what is new.
    """

    en: str
    third: str
    past: str
    stem: str
    particle: str
    objects: frozenset[str]
    places: frozenset[str] = frozenset()
    animals: bool = False
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Pronoun:
    """A personal pronoun as a subject.

    Attributes:
        en, ja: the word in the two languages.
        be, was: "am" and "was", "are" and "were".
        third: whether the verb takes -s.
        asked: whether questions are asked about it: one asks about "you", and tells about "I" and "we".
        told: whether it stands in statements.
    """

    en: str
    ja: str
    be: str
    was: str
    third: bool = False
    asked: bool = True
    told: bool = True


@dataclass(frozen=True)
class Time:
    """When something happens.

    Attributes:
        en, ja: the words in the two languages, 日曜日 に with its particle.
        negated: whether it stands in negative sentences. "Not every day" and 毎日 … ません differ in meaning.
    """

    en: tuple[str, ...]
    ja: tuple[str, ...]
    negated: bool = True


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOUNS: Mapping[str, Noun] = {
    noun.en: noun
    for noun in (
        Noun("boy", "男の子", "person"),
        Noun("girl", "女の子", "person"),
        Noun("child", "子ども", "person"),
        Noun("student", "学生", "person"),
        Noun("teacher", "先生", "person"),
        Noun("doctor", "お医者さん", "person"),
        Noun("singer", "歌手", "person"),
        Noun("dog", "犬", "animal"),
        Noun("cat", "猫", "animal"),
        Noun("bird", "鳥", "animal"),
        Noun("apple", "りんご", "food"),
        Noun("egg", "卵", "food"),
        Noun("fish", "魚", "food"),
        Noun("cake", "ケーキ", "food"),
        Noun("bread", "パン", "food", mass=True),
        Noun("water", "水", "drink", mass=True),
        Noun("tea", "お茶", "drink", mass=True),
        Noun("milk", "牛乳", "drink", mass=True),
        Noun("book", "本", "thing"),
        Noun("letter", "手紙", "thing"),
        Noun("story", "物語", "thing"),
        Noun("picture", "絵", "thing"),
        Noun("flower", "花", "thing"),
        Noun("bag", "かばん", "thing"),
        Noun("hat", "帽子", "thing"),
        Noun("umbrella", "傘", "thing"),
        Noun("chair", "いす", "thing"),
        Noun("car", "車", "vehicle"),
        Noun("bus", "バス", "vehicle"),
        Noun("train", "電車", "vehicle"),
        Noun("bicycle", "自転車", "vehicle"),
        Noun("park", "公園", "place"),
        Noun("garden", "庭", "place"),
        Noun("room", "部屋", "place"),
        Noun("library", "図書館", "place"),
        Noun("school", "学校", "place", preposition="at"),
        Noun("station", "駅", "place", preposition="at"),
        Noun("store", "店", "place", preposition="at"),
    )
}

_GOODS = "bag hat umbrella chair car bicycle"

# In the order in which English puts them: opinion, size, state, age, colour.
ADJECTIVES: Mapping[str, Adjective] = {
    adjective.en: adjective
    for adjective in (
        Adjective("kind", "親切", "な", "opinion", _words("boy girl student teacher doctor singer")),
        Adjective(
            "famous", "有名", "な", "opinion", _words("teacher doctor singer book story picture park library store")
        ),
        Adjective("beautiful", "きれい", "な", "opinion", _words("bird flower picture hat bag garden park")),
        Adjective("expensive", "高", "い", "opinion", _words(f"{_GOODS} book picture fish cake tea"), passing=True),
        Adjective(
            "big",
            "大き",
            "い",
            "size",
            _words(f"{_GOODS} dog cat bird apple egg fish cake picture flower bus park garden room station school"),
        ),
        Adjective(
            "small",
            "小さ",
            "い",
            "size",
            _words(f"{_GOODS} dog cat bird child apple egg fish cake picture flower bus garden room station store"),
        ),
        Adjective("long", "長", "い", "size", _words("letter story train")),
        Adjective("thick", "厚", "い", "size", _words("book")),
        Adjective("busy", "忙し", "い", "opinion", _words("student teacher doctor singer"), passing=True),
        Adjective("quiet", "静か", "な", "opinion", _words("child student park garden room library"), passing=True),
        Adjective("cold", "冷た", "い", "opinion", _words("water tea milk"), passing=True),
        Adjective("new", "新し", "い", "age", _words(f"{_GOODS} book picture bus train library school station store")),
        Adjective(
            "old", "古", "い", "age", _words(f"{_GOODS} book letter picture bus train library school station store")
        ),
        Adjective("young", "若", "い", "opinion", _words("teacher doctor singer")),
        Adjective("red", "赤", "い", "colour", _words(f"{_GOODS} apple flower bird bus train")),
        Adjective("white", "白", "い", "colour", _words(f"{_GOODS} flower egg dog cat bird bus train")),
        Adjective("green", "緑", "の", "colour", _words(f"{_GOODS} apple bird bus train")),
    )
}

_OUTSIDE = "park garden"
_EVERYWHERE = f"{_OUTSIDE} room library school station store"

NOT_YET = _words("famous expensive new old")
"""What nothing is while it is being made or drawn."""

VERBS: Mapping[str, Verb] = {
    verb.en: verb
    for verb in (
        Verb(
            "eat",
            "eats",
            "ate",
            "食べ",
            "を",
            _words("apple egg fish cake bread"),
            _words(f"{_OUTSIDE} room school"),
            animals=True,
        ),
        Verb("drink", "drinks", "drank", "飲み", "を", _words("water tea milk"), _words(f"{_OUTSIDE} room school")),
        Verb(
            "buy",
            "buys",
            "bought",
            "買い",
            "を",
            _words(f"{_GOODS} apple egg fish cake bread water tea milk book picture flower"),
            _words("store"),
        ),
        Verb(
            "make",
            "makes",
            "made",
            "作り",
            "を",
            _words("cake bread bag hat chair"),
            _words("room school"),
            without=NOT_YET,
        ),
        Verb(
            "choose",
            "chooses",
            "chose",
            "選び",
            "を",
            _words(f"{_GOODS} apple cake fish book picture flower"),
            _words("store"),
        ),
        Verb(
            "see",
            "sees",
            "saw",
            "見",
            "を",
            _words("dog cat bird fish flower picture car bus train bicycle"),
            _words(_EVERYWHERE),
            animals=True,
        ),
        Verb(
            "write",
            "writes",
            "wrote",
            "書き",
            "を",
            _words("book letter story"),
            _words(f"{_OUTSIDE} room library school"),
            without=NOT_YET,
        ),
        Verb(
            "draw",
            "draws",
            "drew",
            "描き",
            "を",
            _words("picture flower dog cat bird fish car"),
            _words(f"{_OUTSIDE} room school"),
            without=NOT_YET,
        ),
        Verb(
            "wash",
            "washes",
            "washed",
            "洗い",
            "を",
            _words("apple bag hat car bicycle dog cat"),
            _words("garden"),
            without=_words("beautiful new"),
        ),
        Verb(
            "meet",
            "meets",
            "met",
            "会い",
            "に",
            _words("boy girl child student teacher doctor singer"),
            _words(_EVERYWHERE),
        ),
        Verb("ride", "rides", "rode", "乗り", "に", _words("bus train bicycle")),
    )
}

GO = Verb("go", "goes", "went", "行き", "に", frozenset(noun.en for noun in NOUNS.values() if noun.kind == "place"))
"""The verb of motion: its "object" is where one goes to."""

DISTANT = _words("park library school station store")
"""Where one goes by bus or by car."""

ANIMALS_GO = _words("park garden room")
"""Where animals are: they go to no library."""

VEHICLES_GO = _words("park school station store")
"""Where a car or a bus is seen: not in a room."""

PRONOUNS: tuple[Pronoun, ...] = (
    Pronoun("I", "私", "am", "was", asked=False),
    Pronoun("you", "あなた", "are", "were", told=False),
    Pronoun("he", "彼", "is", "was", third=True),
    Pronoun("she", "彼女", "is", "was", third=True),
    Pronoun("we", "私たち", "are", "were", asked=False),
    Pronoun("they", "彼ら", "are", "were"),
)

TIMES: Mapping[str, tuple[Time, ...]] = {
    "present": (
        Time(("every", "day"), ("毎日",), negated=False),
        Time(("every", "morning"), ("毎朝",), negated=False),
        Time(("on", "Sundays"), ("日曜日", "に")),
    ),
    "past": (
        Time(("yesterday",), ("昨日",)),
        Time(("last", "week"), ("先週",)),
        Time(("this", "morning"), ("今朝",)),
        Time(("on", "Sunday"), ("日曜日", "に")),
    ),
    "future": (
        Time(("tomorrow",), ("明日",)),
        Time(("next", "week"), ("来週",)),
        Time(("on", "Sunday"), ("日曜日", "に")),
    ),
}
"""Tense to the times that go with it."""

WITHHELD: frozenset[tuple[str, str]] = frozenset(
    {
        ("red", "bag"),
        ("white", "cat"),
        ("green", "umbrella"),
        ("old", "book"),
        ("new", "bicycle"),
        ("big", "dog"),
        ("small", "picture"),
        ("expensive", "cake"),
        ("cold", "milk"),
        ("beautiful", "flower"),
        ("kind", "doctor"),
        ("quiet", "garden"),
        ("buy", "hat"),
        ("eat", "egg"),
        ("choose", "apple"),
        ("draw", "bird"),
        ("wash", "car"),
        ("make", "chair"),
        ("see", "train"),
        ("meet", "singer"),
    }
)
"""Words that never stand together in training: an adjective with a noun, a verb with its object. A model that has
learned them together by heart cannot translate these; one that composes can."""
