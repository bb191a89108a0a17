"""Two transcripts are alike if a suite cannot tell them apart."""

from __future__ import annotations

import math

import pytest
import torch

from kata.diagnosis.comparison import Comparison, Diverged, alike
from kata.sandbox.host.recording import MAX_BYTES, Recording
from kata.sandbox.protocol.codec import Encoder

REQUEST = (b"{}", b"")
ONE = torch.tensor([1.0])


def answer(value, **more):
    """An answer as a guest sends it."""
    return Encoder(lambda thing: {"id": 7, "type": "Thing"}).message({"ok": value, "changed": {}, **more})


def differ(one, other):
    """Whether a comparison tells two answers apart."""
    try:
        compared(one, other)
    except Diverged:
        return True
    return False


def compared(one, other):
    """A comparison that has heard one answer."""
    recording = Recording()
    recording.note(REQUEST, one)
    comparison = Comparison(recording)
    comparison.note(REQUEST, other)
    return comparison


ALIKE = [
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0 + 1e-5])),
    (torch.tensor([math.nan, math.inf]), torch.tensor([math.nan, math.inf])),
    (1.0, 1.0 + 1e-9),
    ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)]),
    ({"a": torch.ones(2)}, {"a": torch.ones(2)}),
    (torch.ones(2, device="meta"), torch.zeros(2, device="meta")),
]
DIFFERENT = [
    (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.01])),
    (torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 2.0]])),
    (torch.tensor([1.0], dtype=torch.float64), torch.tensor([1.0])),
    (torch.tensor([1.0], dtype=torch.float64), torch.tensor([1.0 + 1e-5], dtype=torch.float64)),
    (torch.tensor([1]), torch.tensor([2])),
    (torch.tensor([math.nan]), torch.tensor([1.0])),
    (1, 2),
    (1, 1.0),
    (True, 1),
    ("a", "b"),
    ([1, 2], [2, 1]),
    ([1, 2], [1, 2, 3]),
    ([("a", 1)], [("a", 2)]),
    ({"a": 1}, {"b": 1}),
    (torch.ones(2), None),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_a_suite_cannot_tell_apart_is_alike(one, other):
    assert alike(one, other)
    assert not differ(answer(one), answer(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_a_suite_can_tell_apart_is_not(one, other):
    assert not alike(one, other)
    assert differ(answer(one), answer(other))


@pytest.mark.parametrize("size, tells_apart", [(1.0, True), (1e4, False), (math.inf, True)])
def test_float32_is_compared_less_closely_where_inputs_are_large(size, tells_apart):
    recording = Recording()
    recording.note(Encoder(lambda thing: None).message({"op": "call", "args": [torch.tensor([size])]}), answer(ONE))
    comparison = Comparison(recording)
    other = answer(torch.tensor([1.0 + 4e-3]))
    if tells_apart:
        with pytest.raises(Diverged):
            comparison.note(REQUEST, other)
    else:
        comparison.note(REQUEST, other)
    with pytest.raises(Diverged):
        compared(answer(ONE), other)


def test_how_a_guest_numbers_and_names_its_objects_does_not_count():
    thing = object()
    one = Encoder(lambda value: {"id": 1, "type": "Mine"}).message({"ok": thing, "call": 3})
    other = Encoder(lambda value: {"id": 2, "type": "Yours"}).message({"ok": thing, "call": 4})
    assert not differ(one, other)
    assert differ(one, answer(1.0))


BROADCAST = "The size of tensor a (5) must match the size of tensor b (7) at non-singleton dimension 3"
FORWARD = ("DecoderLayer.forward", "self_attention: MultiHeadAttention.forward")


def test_two_crashes_are_alike_if_type_words_and_place_are():
    crash = complaint(BROADCAST, calls=FORWARD)
    assert not differ(crash, complaint(BROADCAST, "other.py, line 7", calls=FORWARD))
    assert differ(crash, complaint(BROADCAST, calls=FORWARD, names=("IndexError", "Exception")))
    assert differ(crash, complaint(BROADCAST.replace("7", "6"), calls=FORWARD))
    assert differ(crash, complaint(BROADCAST, calls=("DecoderLayer.forward",)))
    assert differ(crash, complaint(BROADCAST, calls=(FORWARD[0], "cross_attention: MultiHeadAttention.forward")))
    assert differ(crash, answer(1.0))


def test_an_address_in_memory_is_no_difference():
    assert not differ(complaint("<Thing at 0x7f01> is no Tensor"), complaint("<Thing at 0x55aa> is no Tensor"))
    assert differ(complaint("10 is no Tensor"), complaint("11 is no Tensor"))


def test_of_the_words_of_a_raise_of_the_code_s_own_the_numbers_count():
    own = complaint("a length of 7 is more than 5", raised=True)
    assert not differ(own, complaint("max_len = 5 < 7", raised=True))
    assert differ(own, complaint("too long", raised=True))
    assert differ(own, complaint("max_len = 5 < 6", raised=True))
    assert differ(own, complaint("max_len = 5 < 7"))
    assert differ(own, complaint("max_len = 5 < 7", names=("AssertionError", "Exception"), raised=True))


def test_whether_gradients_can_be_asked_for_counts():
    def sent(facts):
        return Encoder(lambda value: None, lambda tensor: facts).message({"ok": torch.ones(2)})

    assert differ(sent({"output": 1, "group": {"id": 2}}), sent({}))
    assert not differ(sent({"output": 1, "group": {"id": 2}}), sent({"output": 9, "group": {"id": 8}}))


def test_what_a_call_did_to_its_arguments_counts():
    changed = Encoder(lambda value: None).message({"ok": None, "changed": {0: torch.ones(2)}})
    assert differ(changed, answer(None))


def test_more_answers_than_were_recorded_and_fewer_are_told_apart():
    recording = Recording()
    recording.note(REQUEST, answer(1))
    comparison = Comparison(recording)
    assert not comparison.at_end
    comparison.note(REQUEST, answer(1))
    assert comparison.at_end
    with pytest.raises(Diverged):
        comparison.note(REQUEST, answer(1))


@pytest.mark.parametrize("much", ["request", "answer"])
def test_a_recording_that_grows_too_large_is_dropped(much):
    large = (b"x" * MAX_BYTES, b"")
    recording = Recording()
    recording.note((b"x", b""), (b"x", b""))
    recording.note(large if much == "request" else REQUEST, large if much == "answer" else REQUEST)
    assert not recording.complete
    assert recording.exchanges == []


def sent(number, leaves=1):
    """An answer with an object and an end of a graph that has so many parameters, numbered by ``number``."""
    facts = {"output": number, "group": {"id": number, "leaves": [{"id": leaf} for leaf in range(leaves)]}}
    encoder = Encoder(lambda value: {"id": number, "type": "Thing"}, lambda tensor: facts)
    return encoder.message({"ok": [object(), torch.ones(2)], "changed": {}})


def complaint(message, place="phase.py, line 3", names=("ValueError", "Exception"), calls=(), raised=False):
    """An answer that tells of an exception."""
    told = {"names": list(names), "message": message, "where": place, "calls": list(calls), "raised": raised}
    return Encoder(lambda value: None).message({"error": told})


def test_answers_without_any_difference_are_exact():
    same = compared(sent(3), sent(3))
    assert (same.exact, same.numbered_alike) == (True, True)


def test_a_difference_by_rounding_is_told_and_needs_no_other_numbers():
    rounded = compared(answer(torch.ones(2)), answer(torch.ones(2) + 1e-6))
    assert (rounded.exact, rounded.numbered_alike) == (False, True)


@pytest.mark.parametrize("other", [sent(4), sent(3, leaves=2)], ids=["object", "parameters"])
def test_other_numbers_are_told(other):
    renumbered = compared(sent(3), other)
    assert (renumbered.exact, renumbered.numbered_alike) == (False, False)


def test_once_told_it_stays_so():
    recording = Recording()
    recording.note(REQUEST, sent(3))
    recording.note(REQUEST, complaint("too long"))
    comparison = Comparison(recording)
    comparison.note(REQUEST, sent(4))
    comparison.note(REQUEST, complaint("too long", "other.py, line 7"))
    assert (comparison.exact, comparison.numbered_alike) == (False, False)


def test_the_file_that_lacks_a_name_does_not_count():
    names = ("MissingName", "AttributeError", "Exception")
    assert not differ(complaint("a/x.py does not define 'f'", names=names), complaint("b/x.py does not", names=names))


def test_an_exception_of_the_same_words_is_exact_wherever_it_comes_from():
    assert compared(complaint("too long"), complaint("too long", "other.py, line 7")).exact
    assert not compared(complaint("too long", raised=True), complaint("L > max_len", raised=True)).exact
    assert not compared(complaint("a"), complaint("a", names=("ValueError", "Own"))).exact


@pytest.mark.parametrize("told", [7, "x", {"names": 7}, {"names": {"a": 1}}, {"names": [[]]}, {}], ids=str)
def test_nonsense_instead_of_an_exception_is_no_exception_of_ours(told):
    assert differ(Encoder(lambda value: None).message({"error": told}), complaint("a"))


def told(tensor, fresh=True):
    """An answer with a parameter; ``fresh``: nobody has changed it since it was made."""
    facts = {"leaf": 1, **({"fresh": True} if fresh else {})}
    return Encoder(lambda value: None, lambda tensor: facts).message({"ok": [("weight", tensor)], "changed": {}})


def drawn(kind, *shape, scale=1.0, centre=0.0, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(shape, generator=generator) if kind == "normal" else torch.rand(shape, generator=generator)
    values = values if kind == "normal" else (values - 0.5) * math.sqrt(12)  # of deviation 1
    return (values * scale + centre).to(dtype)


@pytest.mark.parametrize("kind", ["normal", "uniform"])
@pytest.mark.parametrize("shape", [(2,), (7,), (17,), (8, 13), (60, 40)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_which_random_numbers_a_parameter_was_made_with_does_not_count(kind, shape, dtype):
    for seed in range(200):
        one, other = (drawn(kind, *shape, scale=0.3, seed=number, dtype=dtype) for number in (seed, seed + 200))
        assert not differ(told(one), told(other))
        assert not compared(told(one), told(other)).exact
    assert differ(told(one, fresh=False), told(other, fresh=False))
    assert differ(told(one), told(other, fresh=False))
    assert not differ(told(one), told(one, fresh=False))


OTHERWISE = {
    "wider": drawn("normal", 60, 40, scale=1.3),
    "moved": drawn("normal", 60, 40, centre=0.3),
    "uniform": drawn("uniform", 60, 40),
    "constant": torch.ones(60, 40),
    "another shape": drawn("normal", 40, 60),
    "another dtype": drawn("normal", 60, 40).double(),
    "whole numbers": torch.ones(60, 40, dtype=torch.int64),
    "not a tensor": 1.0,
}


@pytest.mark.parametrize("other", OTHERWISE.values(), ids=OTHERWISE)
def test_how_they_are_spread_does(other):
    one = told(drawn("normal", 60, 40, seed=1))
    assert differ(one, told(other))
    assert differ(told(other), one)


def test_constants_are_told_apart():
    assert differ(told(torch.zeros(5)), told(torch.ones(5)))
    assert not differ(told(torch.ones(5)), told(torch.ones(5)))
    assert differ(told(torch.zeros(1)), told(torch.ones(1)))


def test_a_single_random_number_says_nothing():
    assert not differ(told(torch.tensor([0.3])), told(torch.tensor([-0.7])))
    assert differ(told(torch.tensor([0.3])), told(torch.zeros(1)))
