"""Every sentence of a docstring that asks for something has a test that holds the code to it."""

from __future__ import annotations

import pytest

from kata.course import contract
from kata.course.phases import COURSE

PHASES = pytest.mark.parametrize("phase", COURSE, ids=lambda phase: phase.id)


@PHASES
def test_every_sentence_has_a_test(phase):
    rows = contract.tests_of_sentences(phase)
    assert [(task, sentence) for task, sentence, tests in rows if not tests] == []
    assert {task for task, _, _ in rows} >= {task.name for task in phase.tasks}


@PHASES
def test_every_quote_is_of_its_own_task(phase):
    sentences = contract.contract_of(phase)
    quotes = contract.quotes_of(phase)
    assert set(quotes) == {task.name for task in phase.tasks}
    stale = [
        (test, quote)
        for task, pairs in quotes.items()
        for quote, test in pairs
        if not any(quote in sentence for sentence in sentences[task] + sentences[""])
    ]
    assert stale == []


def test_what_only_explains_is_there_and_asks_for_nothing():
    said = [sentence for phase in COURSE for found in contract.contract_of(phase).values() for sentence in found]
    assert [known for known in contract.EXPLAINS if not any(known in sentence for sentence in said)] == []
    assert len(said) > 200
    assert not any("must" in sentence for sentence in said if any(known in sentence for known in contract.EXPLAINS))


def test_a_sentence_without_a_test_is_found(monkeypatch):
    sentences = {**contract.contract_of(COURSE[0]), "TokenEmbedding": ["It sings."]}
    monkeypatch.setattr(contract, "contract_of", lambda phase: sentences)
    assert ("TokenEmbedding", "It sings.", []) in contract.tests_of_sentences(COURSE[0])


def test_the_table_is_written_from_the_markers():
    assert contract.TABLE.read_text(encoding="utf-8") == contract.table(), "run python -m kata.course.contract"
