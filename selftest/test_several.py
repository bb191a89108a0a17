"""Which mistakes are named together: the smallest set that explains what failed, if it is the only one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kata.diagnosis import several
from kata.diagnosis.several import find_several


@dataclass(frozen=True)
class Entry:
    id: str
    fitted: bool = False


class Tried:
    """Ten failed tests, named by digits; ``explained``: id to those that a candidate answers alike."""

    failed = list("0123456789")

    def __init__(self, explained, guilty=(), crashes="", pairs=(), copies=None, fitted=""):
        self._explained, self._guilty, self._pairs = explained, guilty, list(map(set, pairs))
        self._copies = copies or {}
        self.failed_by_values = set(self.failed) - set(crashes)
        self.candidates = [Entry(name, name in fitted) for name in explained]

    def passes_the_rest(self, candidate):
        return candidate.id not in self._guilty

    def explained(self, candidate):
        parts = candidate.id.split("+")
        return set(self._copies.get("".join(parts), "".join(self._explained[part] for part in parts)))

    def fails_alike(self, candidate):
        return set(candidate.id.split("+")) in self._pairs


@pytest.fixture(autouse=True)
def copies(monkeypatch):
    monkeypatch.setattr(several, "together", lambda *entries: Entry("+".join(one.id for one in entries)))
    monkeypatch.setattr(several, "_fit", lambda *entries: True)


def found(explained, **options):
    tried = Tried(explained, **options)
    result = find_several(tried, tried.candidates)
    return [entry.id for entry in result.entries], result.unexplained


def test_those_that_explain_everything_together_are_named():
    assert found({"a": "01234", "b": "456789", "c": "0"}) == (["a", "b"], 0)
    assert found({"a": "0123", "b": "456", "c": "789"}) == (["a", "b", "c"], 0)


def test_what_could_be_another_one_as_well_is_not_named():
    assert found({"a": "012345678", "b": "9", "c": "9"}) == (["a"], 1)
    assert found({"a": "01234", "b": "56789", "c": "56789"}) == ([], 0)


def test_one_that_fails_what_the_submission_passes_is_none_of_them():
    assert found({"a": "01234", "b": "456789"}, guilty="b") == ([], 0)


def test_a_crash_alone_explains_nothing():
    assert found({"a": "012345678", "b": "9"}, crashes="9") == (["a"], 1)
    assert found({"a": "0123456789"}, crashes="0123456789") == ([], 0)


def test_where_much_is_left_nothing_is_named():
    assert found({"a": "012345678"}) == (["a"], 1)
    assert found({"a": "01234567"}) == ([], 0)


def test_those_that_answer_otherwise_in_one_copy_are_not_named():
    assert found({"a": "01234", "b": "456789"}, copies={"ab": "0123456"}) == ([], 0)
    assert found({"a": "01234", "b": "56789", "c": "56789"}, copies={"ac": "01234"}) == (["a", "b"], 0)
    assert found({"a": "01234", "b": "456789"}, copies={"ab": "0123456789"}, guilty=["a+b"]) == ([], 0)


def test_two_in_one_copy_that_explain_all_are_named():
    assert found({"a": "0", "b": "", "c": "1"}, pairs=["ab"]) == (["a", "b"], 0)
    assert found({"a": "0", "b": "", "c": "1"}, pairs=["ab"], guilty="b") == ([], 0)


def test_a_listed_mistake_comes_before_one_with_a_value_that_does_as_well():
    assert found({"a": "0", "b": "1", "c": "0"}, pairs=["ab", "bc"], fitted="c") == (["a", "b"], 0)
    assert found({"a": "01234", "b": "56789", "c": "56789"}, fitted="c") == (["a", "b"], 0)
    assert found({"a": "0", "b": "1", "c": "2"}, pairs=["bc"], fitted="c") == (["b", "c"], 0)


def test_of_one_that_every_pair_holds_is_told_what_it_leaves():
    assert found({"a": "0", "b": "12", "c": "0"}, pairs=["ab", "bc"]) == (["b"], 8)
