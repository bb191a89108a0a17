"""Values of mistakes are read off the answers: of the mistake with a value that value is found, of right code none."""

from __future__ import annotations

import itertools
import signal
import sys
import time
import types
from unittest import mock

import pytest
import torch

from kata.course.phases import COURSE, REFERENCE
from kata.diagnosis import diagnose
from kata.diagnosis.calls import Call
from kata.diagnosis.fits import fits
from kata.diagnosis.misconceptions import by_id, catalogue, fitted_families

WIDTHS = (8, 20, 12)


def module(source: str, name: str) -> types.ModuleType:
    """A phase's code, ready to call."""
    made = types.ModuleType(f"solutions.{name}")
    made.__package__ = "solutions"
    with mock.patch.dict(sys.modules, {made.__name__: made}):
        exec(compile(source, name, "exec"), made.__dict__)
    return made


def called(task, *args, **kwargs):
    return [Call(task.__name__, None, {}, args, kwargs, task(*args, **kwargs))]


def made(kind, args, *calls):
    """Calls of an object whose parameters are drawn and loaded."""
    thing = kind(*args)
    state = {name: torch.randn(tensor.shape) for name, tensor in thing.state_dict().items()}
    thing.load_state_dict(state)
    return [Call(kind.__name__, (args, {}), state, x, {}, thing(*x)) for x in calls]


def calls_of_encoding(task):
    return [call for width in WIDTHS for call in called(task, 60, width)]


def calls_of_shift(task):
    return [call for width in WIDTHS for call in called(task, 1, width)]


def calls_of_embedding(task):
    return [call for width in WIDTHS for call in made(task, (7, width), (torch.randint(7, (2, 5)),))]


def calls_of_attention(task):
    return [call for width in WIDTHS for call in called(task, *(torch.randn(2, 5, width) for _ in range(3)))]


def calls_of_heads(task):
    sizes = ((8, 2), (12, 3), (12, 4))
    return [
        call
        for width, heads in sizes
        for call in made(task, (width, heads), [torch.randn(2, 5, width) / 3 for _ in range(3)])
    ]


def calls_of_split(task):
    return called(task, torch.randn(2, 5, 12), 4) + called(task, torch.randn(3, 2, 6), 2)


def calls_of_merge(task):
    return called(task, torch.randn(2, 4, 5, 3)) + called(task, torch.randn(3, 2, 6, 5))


def calls_of_layer_norm(task):
    sizes = ((3, 4, 5), (2, 7, 3), (2, 3, 4, 6))
    ordinary = [call for size in sizes for call in made(task, size[-1:], (torch.randn(size) / 99,))]
    return ordinary + [call for width in WIDTHS for call in made(task, (width,), (torch.randn(2, 3, width) * 1e-5,))]


def calls_of_encoder_layer(task):
    mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    mask[0, ..., 3:] = False
    x = torch.randn(2, 5, 12)
    return made(task, (12, 3, 20, 0.0), (x, mask), (x, None)) + made(task, (12, 2, 7, 0.0), (x / 2, mask))


def calls_of_decoder_layer(task):
    memory_mask = torch.ones(2, 1, 1, 4, dtype=torch.bool)
    memory_mask[1, ..., 2:] = False
    x, memory = torch.randn(2, 4, 12), torch.randn(2, 4, 12)
    self_mask = torch.ones(1, 1, 4, 4, dtype=torch.bool).tril()
    return made(task, (12, 3, 20, 0.0), (x, memory, self_mask, memory_mask), (x / 2, memory, None, None))


def calls_of_batch(task):
    pairs = ([([4, 5], [6, 7, 8]), ([9], [4])], [([4, 5, 6], [6]), ([7, 9], [4, 4, 5])])
    calls = [call for some in pairs for call in called(task, some, 0, 1, 2)]
    return [call._replace(answer=vars(call.answer)) for call in calls]


def calls_of_loss(task):
    found = []
    for shape, eps in (((2, 3, 5), 0.1), ((4, 6, 9), 0.3)):
        target = torch.randint(shape[2], shape[:2])
        target[0, :2] = 0
        found += made(task, (0, eps), (torch.randn(shape), target))
    return found


def calls_of_noam(task):
    settings = ((4, 4, 1.0), (64, 7, 2.0), (9, 20, 0.5), (16, 25, 1.0), (512, 12, 3.0))
    found = []
    for step in itertools.product((1, 2, 5, 9, 30, 77), settings):
        try:
            found += called(task, step[0], *step[1])
        except ZeroDivisionError:  # `(step - 1) ** -0.5`: an answer that came is what is read
            continue
    return found


def calls_of_padding(task):
    rows = [([[4, 3, 0], [5, 3, 3]], 3), ([[1, 2, 7, 5], [5, 1, 5, 5]], 5), ([[3, 0, 9, 0, 9, 1]], 9)]
    return [call for tokens, pad_id in rows for call in called(task, torch.tensor(tokens), pad_id)]


def calls_of_look_ahead(task):
    return called(task, 4) + called(task, 6)


def calls_of_penalty(task):
    return [call for length in (1, 4, 9) for alpha in (0.0, 0.6, 1.3) for call in called(task, length, alpha)]


CALLS = {
    "sinusoidal_encoding": calls_of_encoding,
    "position_shift_matrix": calls_of_shift,
    "TokenEmbedding": calls_of_embedding,
    "scaled_dot_product_attention": calls_of_attention,
    "MultiHeadAttention": calls_of_heads,
    "split_heads": calls_of_split,
    "merge_heads": calls_of_merge,
    "LayerNorm": calls_of_layer_norm,
    "padding_mask": calls_of_padding,
    "look_ahead_mask": calls_of_look_ahead,
    "decoder_mask": calls_of_padding,
    "EncoderLayer": calls_of_encoder_layer,
    "DecoderLayer": calls_of_decoder_layer,
    "make_batch": calls_of_batch,
    "LabelSmoothingLoss": calls_of_loss,
    "noam_learning_rate": calls_of_noam,
    "length_penalty": calls_of_penalty,
}

FURTHER = (
    "encoder-layer-wiring=None,x,y,y",
    "encoder-layer-wiring=mask,a,y,f",
    "decoder-layer-wiring=self_mask,x,y,memory+memory,self_mask,y,z,z",
    "decoder-layer-wiring=self_mask,a,y,memory+memory,memory_mask,y,y,z",
    "decoder-layer-wiring=None,x,y,memory+x,memory_mask,y,z,z",
    "heads-sources=kq,kk,vv",
    "heads-sources=qq,kk,kv",
    "heads-sources=vq,qk,kv",
    "layer-norm-formula=second,last,biased,outside",
    "layer-norm-formula=before-last,all-but-last,unbiased,inside",
    "shift-angles=10000,1,1,0",
    "embedding-factor=22.5",
    "attention-factor=0.125,0",
    "split-order=hd-0213-flat",
    "merge-order=reshape-2013",
    "layer-norm-default-eps=1e-12",
    "batch-tokens=bie,bie,bie",
    "decoder-mask-form=keys,and,tril(-1),bool,b1ll",
    "loss-weights=without-eps,tokens",
    "loss-weights=paper,padding",
    "noam-equation=1,1,0,0.5,-0.5,-1,1,0,0",
    "encoding-angles=pairs,sin,100,0,1,0,cos,100,0,1,0",
    "encoding-angles=pairs,sin,10000,0,1,0,cos,10000,1,1,0",
    "encoding-angles=pairs,sin,10000,0,0.5,0,cos,10000,0,0.5,0",
    "encoding-angles=pairs,sin,500,2,2,0,cos,10000,0,1,0",
    "encoding-angles=pairs,cos,10000,0,1,0,sin,10000,0,1,0",
    "encoding-angles=pairs,sin,10000,0,1,0,sin,10000,0,1,0",
    "encoding-angles=pairs,sin,10000,0,1,1,cos,10000,0,1,1",
    "encoding-angles=halves,cos,1000,0,1,0,sin,1000,0,1,0",
    "encoding-angles=halves,sin,10000,0,1,2,cos,10000,0,1,2",
    "shift-angles=10000,0,2,0",
    "shift-angles=10000,0,1,2",
    "embedding-factor=d^1",
    "embedding-factor=1",
    "attention-factor=1,0.5",
    "attention-factor=0.5,-0.5",
    "attention-factor=1,-0.75",
    "heads-factor=0.25,0,0",
    "heads-factor=1,-1,0",
    "split-order=dh-0312",
    "split-order=hd-1203",
    "merge-order=flatten-2103",
    "merge-order=flatten-0231",
    "layer-norm-default-eps=0.001",
    "layer-norm-default-eps=1e-08",
    "padding-mask-form=zero,bool,b11l",
    "padding-mask-form=real,inf,bl",
    "look-ahead-form=triu(2),bool,11ll",
    "look-ahead-form=tril(0),inf,ll",
    "decoder-mask-form=queries,or,tril(1),bool,b1ll",
    "decoder-mask-form=both,and,tril(0),big,bll",
    "batch-tokens=i,bi,ie",
    "batch-tokens=ie,bbi,ie",
    "batch-tokens=ie,ebi,bie",
    "batch-tokens=ie,bh,ie",
    "loss-weights=uniform-only,length",
    "loss-weights=undivided,tokens-and-vocabulary",
    "noam-equation=1,1,-1,0,-0.5,-1.5,1,0,0",
    "noam-equation=1,1,-0.5,0,-0.25,-1.5,1,0,0",
    "noam-equation=2,1,-0.5,0,-0.5,-1.5,1,0,0",
    "noam-equation=1,1,-0.5,0,-0.5,-1.5,1,1,1",
    "noam-equation=1,2,-0.5,0.5,-1,-1,1,0,0",
    "penalty-numbers=5,5",
    "penalty-numbers=0,1",
)
"""Values beside the samples of the families."""


def values_found(family, source):
    torch.manual_seed(5)
    phase = next(phase for phase in COURSE if family.task in [task.name for task in phase.tasks])
    task = getattr(module(source, phase.id), family.task)
    with torch.no_grad():
        return [f"{family.id}={value}" for value in fits()[family.id](CALLS[family.task](task))]


@pytest.mark.parametrize("name", [*(entry.id for entry in catalogue() if entry.fitted), *FURTHER])
def test_the_value_of_a_mistake_is_found_first(name):
    entry = by_id(name)
    assert values_found(fitted_families()[name.partition("=")[0]], entry.source())[:1] == [name]


@pytest.mark.parametrize("family", fitted_families().values(), ids=lambda family: family.id)
def test_right_code_has_no_value(family):
    phase = next(phase for phase in COURSE if family.task in [task.name for task in phase.tasks])
    assert values_found(family, (REFERENCE / phase.file).read_text(encoding="utf-8")) == []


def test_every_family_can_be_fitted_and_says_what_it_covers():
    assert set(fits()) == set(fitted_families())
    known = {entry.id for entry in catalogue()}
    assert [name for family in fitted_families().values() for name in family.covers if name not in known] == []


@pytest.mark.parametrize("value", ["", "x", "1,2", "1;import os", "1,1,1,1,1,1,1"])
def test_what_is_no_value_of_a_family_makes_no_mistake(value):
    with pytest.raises(KeyError):
        by_id(f"encoding-angles={value}")


def test_nothing_is_said_of_rows_that_no_test_has_looked_at():
    family = fitted_families()["batch-tokens"]
    source = by_id("batch-tokens=ie,ebi,bie").source()
    calls = calls_of_batch(module(source, "phase5_mechanics").make_batch)
    assert list(fits()[family.id](calls)) == ["ie,ebi,bie"]
    unseen = [call._replace(answer={**call.answer}) for call in calls]
    for call in unseen:
        del call.answer["tgt_out"]
    assert list(fits()[family.id](unseen)) == []


def test_columns_that_nobody_asked_for_are_not_looked_at():
    many = Call("sinusoidal_encoding", None, {}, (3, 8), {}, torch.zeros(3, 10**6))
    began = time.process_time()
    assert list(fits()["encoding-angles"]([many] * 8)) == []
    assert time.process_time() - began < 5.0  # of the machine's; a second each before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such alarms")
def test_looking_for_values_ends(monkeypatch):
    monkeypatch.setattr(diagnose, "FIT_SECONDS", 0.05)
    monkeypatch.setattr(diagnose, "fitted", lambda families, recordings: iter(lambda: time.sleep(0.01), 0))
    assert diagnose._with_values([], []) == []
