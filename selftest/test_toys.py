"""The toys: what their pairs say, that validation is never trained on, and that bad files of pairs are refused."""

from __future__ import annotations

from itertools import islice

import pytest

from kata.toys import strings
from kata.toys.batches import training_batches
from kata.toys.en_ja.clauses import Clause, NounPhrase
from kata.toys.en_ja.corpus import make_corpus, render
from kata.toys.en_ja.lexicon import ADJECTIVES, GO, NOUNS, PRONOUNS, TIMES, VERBS, WITHHELD
from kata.toys.pairs_file import PairsError, read_pairs
from kata.toys.pairs_file import make_corpus as part_pairs
from kata.toys.vocabulary import EOS_ID, PAD_ID, Vocabulary

ME, YOU, HE, SHE, WE, THEY = PRONOUNS
PRONOUN_WORDS = {pronoun.en for pronoun in PRONOUNS}
MAKING = ("draw", "draws", "drew", "make", "makes", "made", "write", "writes", "wrote")
TIME = {" ".join(time.en): time for times in TIMES.values() for time in times}


def np(text):
    """``np("that big dog over there")``."""
    words = text.split()
    determiner = words[0] if words[0] in ("a", "the", "this", "that") else ""
    if text.endswith("over there"):
        determiner, words = "that over there", words[:-2]
    rest = words[1:] if determiner else words
    return NounPhrase(NOUNS[rest[-1]], determiner, tuple(ADJECTIVES[word] for word in rest[:-1]))


def do(subject, verb, thing, **more):
    return Clause(subject, GO if verb == "go" else VERBS[verb], object=np(thing), **more)


RULES = [
    (do(ME, "eat", "a apple"), "I eat an apple .", "私 は りんご を 食べ ます 。"),
    (do(SHE, "buy", "a old hat"), "she buys an old hat .", "彼女 は 古い 帽子 を 買い ます 。"),
    (
        do(np("the boy"), "eat", "a red apple", place=np("the park"), time=TIME["yesterday"], tense="past"),
        "the boy ate a red apple in the park yesterday .",
        "男の子 は 昨日 、 公園 で 赤い りんご を 食べ ました 。",
    ),
    (
        do(THEY, "drink", "cold water", negative=True, time=TIME["on Sundays"]),
        "they do not drink cold water on Sundays .",
        "彼ら は 日曜日 に 冷たい 水 を 飲み ません 。",
    ),
    (
        do(HE, "write", "this letter", negative=True, tense="past"),
        "he did not write this letter .",
        "彼 は この 手紙 を 書き ませんでした 。",
    ),
    (
        do(np("that kind teacher over there"), "meet", "a student", question=True, place=np("the station")),
        "does that kind teacher over there meet a student at the station ?",
        "あの 親切 な 先生 は 駅 で 学生 に 会い ます か 。",
    ),
    (
        do(YOU, "ride", "that green bicycle", question=True, tense="past"),
        "did you ride that green bicycle ?",
        "あなた は その 緑 の 自転車 に 乗り ました か 。",
    ),
    (
        do(WE, "go", "the library", vehicle=NOUNS["bus"], tense="future", time=TIME["tomorrow"]),
        "we will go to the library by bus tomorrow .",
        "私たち は 明日 、 バス で 図書館 に 行き ます 。",
    ),
    (
        do(SHE, "make", "a big cake", tense="future", negative=True),
        "she will not make a big cake .",
        "彼女 は 大きい ケーキ を 作り ません 。",
    ),
    (
        do(SHE, "buy", "the book", time=TIME["yesterday"], tense="past"),
        "she bought the book yesterday .",
        "彼女 は 昨日 、 本 を 買い ました 。",
    ),
    (
        do(np("the girl"), "go", "that small quiet garden"),
        "the girl goes to that small quiet garden .",
        "女の子 は その 小さく て 静か な 庭 に 行き ます 。",
    ),
    (
        do(ME, "choose", "a beautiful small red flower"),
        "I choose a beautiful small red flower .",
        "私 は きれい な 小さい 赤い 花 を 選び ます 。",
    ),
    (Clause(np("this bag"), quality=ADJECTIVES["red"]), "this bag is red .", "この かばん は 赤い です 。"),
    (
        Clause(np("the new book"), quality=ADJECTIVES["expensive"], tense="past"),
        "the new book was expensive .",
        "新しい 本 は 高かった です 。",
    ),
    (Clause(ME, quality=ADJECTIVES["busy"], negative=True), "I am not busy .", "私 は 忙しく ない です 。"),
    (
        Clause(THEY, quality=ADJECTIVES["busy"], negative=True, tense="past", time=TIME["last week"]),
        "they were not busy last week .",
        "彼ら は 先週 、 忙しく なかった です 。",
    ),
    (Clause(YOU, quality=ADJECTIVES["famous"], question=True), "are you famous ?", "あなた は 有名 です か 。"),
    (
        Clause(np("the garden"), quality=ADJECTIVES["beautiful"], tense="past"),
        "the garden was beautiful .",
        "庭 は きれい でした 。",
    ),
    (
        Clause(np("that room"), quality=ADJECTIVES["quiet"], negative=True),
        "that room is not quiet .",
        "その 部屋 は 静か では ありません 。",
    ),
    (
        Clause(HE, quality=ADJECTIVES["kind"], negative=True, tense="past"),
        "he was not kind .",
        "彼 は 親切 では ありませんでした 。",
    ),
]


@pytest.mark.parametrize(("clause", "english", "japanese"), RULES, ids=[rule[1] for rule in RULES])
def test_every_rule_of_the_grammar_in_both_languages(clause, english, japanese):
    assert [" ".join(words) for words in render(clause)] == [english, japanese]


@pytest.fixture(scope="module")
def corpus():
    return make_corpus(seed=0, train=4000, validation=150)


def test_the_languages_are_small_and_every_word_is_learned(corpus):
    for side in (0, 1):
        words = {word for pair in corpus.pairs() for word in pair[side]}
        assert 90 <= len(words) <= 140
        assert words == {word for pair in corpus.train for word in pair[side]}


def test_an_english_sentence_has_one_translation_and_validation_is_not_trained_on(corpus):
    translations = dict(corpus.pairs())
    assert all(translations[source] == target for source, target in corpus.pairs())
    assert len({source for source, _ in corpus.train}) == len(corpus.train) == 4000
    targets = {target for _, target in corpus.train}
    for part in corpus.validation.values():
        assert len(part) == 150
        assert not targets & {target for _, target in part}


def test_withheld_pairs_of_words_are_in_validation_alone(corpus):
    """Judged by the words themselves: an adjective right before its noun, or with one more adjective between."""
    adjectives = {pair for pair in WITHHELD if pair[0] in ADJECTIVES}

    def has(pair):
        words = pair[0]
        near = {*zip(words, words[1:]), *((a, c) for a, b, c in zip(words, words[1:], words[2:]) if b in ADJECTIVES)}
        return bool(near & adjectives)

    assert not any(has(pair) for pair in corpus.train)
    assert not any(has(pair) for pair in corpus.validation["unseen"])
    assert sum(has(pair) for pair in corpus.validation["withheld"]) > 50
    for word in {word for pair in WITHHELD for word in pair} & {*ADJECTIVES, *NOUNS}:  # on their own they are learned
        assert any(word in source for source, _ in corpus.train), word


def test_verbs_tell_their_past_from_their_present():
    assert all(len({verb.en, verb.third, verb.past}) == 3 for verb in (*VERBS.values(), GO))


def test_nothing_contradicts_itself_and_articles_are_right(corpus):
    for source, target in corpus.pairs():
        line = " ".join(source)
        assert source.count("not") + source.count("?") <= 1, line
        for word, after in zip(source, source[1:]):
            if word in ("a", "an"):
                assert (word == "an") == (after[0] in "aeiou"), line
            assert not (word in ADJECTIVES and after in ADJECTIVES) or (
                ADJECTIVES[word].group != ADJECTIVES[after].group
            ), line
        assert target[-1] == "。" and (target[-2] == "か") == (source[-1] == "?")


def test_no_sentence_is_silly_in_either_language(corpus):
    animals = {noun.en for noun in NOUNS.values() if noun.kind == "animal"}
    vehicles = {noun.en for noun in NOUNS.values() if noun.kind == "vehicle"}
    for source, target in corpus.pairs():
        line, japanese = " ".join(source), "".join(target)
        who = next((word for word in source if word in NOUNS or word in PRONOUN_WORDS), "")
        places = {word for word in source if word in NOUNS and NOUNS[word].kind == "place"}
        if who in animals:  # no cat goes to the library
            assert not places & {"library", "school", "station", "store"}, line
        if {"see", "sees", "saw"} & {*source} and vehicles & {*source}:
            assert not places & {"room", "library", "garden"}, line
        if {*MAKING} & {*source}:
            made = source[: min((source.index(word) for word in ("in", "at") if word in source), default=None)]
            verb = next(n for n, word in enumerate(made) if word in MAKING)
            assert not {"expensive", "old", "new", "famous"} & {*made[verb:]}, line
        assert all(day not in japanese for day in ("日本", "朝水", "週本")), japanese
        assert not any(odd in target for odd in ("少年", "少女", "医者")), japanese
        assert "長い本" not in japanese and "小さい静か" not in japanese and "大きい静か" not in japanese, japanese


def test_a_seed_gives_the_same_corpus_again_and_another_seed_another_one_with_the_same_validation(corpus):
    assert make_corpus(0, 4000, 150) == corpus
    other = make_corpus(1, 4000, 150)
    assert other.train != corpus.train
    assert other.validation == corpus.validation


@pytest.mark.parametrize(("task", "expected"), [("copy", "hello"), ("reverse", "olleh"), ("sort", "ehllo")])
def test_strings_are_turned_into_what_their_name_says_and_validation_is_unseen(task, expected):
    assert strings.TASKS[task]("hello") == expected
    corpus = strings.make_corpus(task, 0, 2000, 100)
    assert all("".join(target) == strings.TASKS[task]("".join(source)) for source, target in corpus.pairs())
    assert len({source for source, _ in corpus.pairs()}) == 2100


def test_a_vocabulary_goes_there_and_back():
    vocabulary = Vocabulary.of([("b", "a"), ("c", "a")])
    assert vocabulary.tokens == ["<pad>", "<bos>", "<eos>", "a", "b", "c"]
    ids = vocabulary.encode(("c", "a", "b"))
    assert ids == [5, 3, 4]
    assert vocabulary.decode([*ids, EOS_ID, 3, PAD_ID]) == ["c", "a", "b"]
    with pytest.raises(KeyError):
        vocabulary.encode(("d",))
    with pytest.raises(ValueError, match="twice"):
        Vocabulary(["a", "<eos>"])


PAIRS = [([n] * (1 + n % 7), [n] * (1 + n % 5)) for n in range(103)]


def test_an_epoch_gives_every_pair_once_in_batches_of_similar_length():
    epoch = list(islice(training_batches(PAIRS, 10, seed=3), 11))
    assert sorted(pair for batch in epoch for pair in batch) == sorted(PAIRS)
    assert sorted(len(batch) for batch in epoch) == [3, *[10] * 10]
    assert all(max(len(t) for _, t in batch) - min(len(t) for _, t in batch) <= 1 for batch in epoch)
    again = list(islice(training_batches(PAIRS, 10, seed=3), 22))
    assert again[:11] == epoch and again[11:] != epoch
    assert list(islice(training_batches(PAIRS, 10, seed=4), 11)) != epoch
    unsorted = list(islice(training_batches(PAIRS, 10, seed=3, group=1), 11))
    assert sorted(pair for batch in unsorted for pair in batch) == sorted(PAIRS)
    assert any(max(len(t) for _, t in batch) - min(len(t) for _, t in batch) > 2 for batch in unsorted)


def test_batches_go_on_where_they_were_left():
    whole = list(islice(training_batches(PAIRS, 10, seed=3), 40))
    for start in (1, 10, 11, 25):
        assert list(islice(training_batches(PAIRS, 10, 3, start), 40 - start)) == whole[start:]


def lines(count):
    return "".join(f"word{n} end\t言葉{n}\n" for n in range(count))


def test_own_pairs_are_split_at_spaces_or_into_letters(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("\ufeff" + lines(30) + "\n" + "word0 end\t言葉0\r\n", encoding="utf-8")
    pairs = read_pairs(path)
    assert len(pairs) == 30
    assert pairs[0] == (("word0", "end"), ("言", "葉", "0"))
    corpus = part_pairs(pairs, seed=0)
    assert len(corpus.validation["unseen"]) == 3
    assert sorted(corpus.pairs()) == sorted(pairs)


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (b"no tab here", "line 31: has no tab"),
        (b"a\tb\tc", "line 31: has 2 tabs"),
        (b"\tb", "line 31: the source is empty"),
        (b"a b\t ", "line 31: the target is empty"),
        (b"\xff\xfe\tb", "line 31: is not UTF-8"),
        (b"a <eos>\tb", "line 31: <eos> is a special"),
        (b"a " * 101 + b"\tb", "line 31: is longer than 100"),
    ],
)
def test_a_bad_line_is_named_by_its_number(bad, complaint, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(lines(30).encode() + bad + b"\n")
    with pytest.raises(PairsError, match=complaint) as caught:
        read_pairs(path)
    assert "pairs.tsv" in str(caught.value)
    assert "31 行目" in caught.value.pair[1]


def test_too_few_pairs_and_a_missing_file_are_refused(tmp_path):
    path = tmp_path / "pairs.tsv"
    with pytest.raises(PairsError, match="could not be read"):
        read_pairs(path)
    path.write_text(lines(1) * 50, encoding="utf-8")
    with pytest.raises(PairsError, match="1 different pairs"):
        read_pairs(path)
