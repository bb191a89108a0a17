"""What the wall's codec carries over, and what it refuses."""

from __future__ import annotations

import json
import math
import time

import pytest
import torch
from safetensors.torch import save
from torch import nn

from kata.sandbox.protocol.codec import DTYPES, MAX_DEPTH, MAX_ITEMS, MAX_NUMEL, MAX_TEXT, CodecError, Decoder, Encoder


def no_object(value):
    raise CodecError(f"{type(value).__name__} is no data")


def carried(value, on_object=no_object):
    """What comes out at the other end."""
    return Decoder(*Encoder(on_object).message(value), on_object=lambda reference: ("object", reference)).value()


def forged(body, tensors=(), payload=b""):
    """What becomes of a message that no encoder wrote."""
    header = json.dumps({"body": body, "tensors": list(tensors)}).encode()
    return Decoder(header, payload, on_object=no_object).value()


VALUES = [
    None, True, False, 0, -1, 2**63 - 1, -(2**63), 2**63, -(2**200), 10**390, 0.0, -0.0, 0.1, 1e308, 5e-324,
    "", "text", "é漢\x00\ud800", (), [], {}, (1, 2.5, "x"), [None, [True, ("y",)]], {"a": 1, 2: [3], (4, 5): {}},
    torch.float64, torch.bool, torch.device("meta"), torch.device("cpu"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_out_as_they_went_in(value):
    result = carried(value)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_floats_that_json_does_not_know_come_over(value):
    result = carried([value])[0]
    assert type(result) is float
    assert result == value or (math.isnan(result) and math.isnan(value))


def test_the_sign_of_zero_comes_over():
    assert math.copysign(1.0, carried(-0.0)) == -1.0


class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1


class Whole(Yes, int):
    pass


class Broken(Yes, float):
    pass


class Text(Yes, str):
    pass


class Row(Yes, list):
    def __iter__(self):
        return iter([99])


class Table(Yes, dict):
    def items(self):
        return [(99, 99)]


class Obedient(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Whole(3), 3),
        (Broken(2.5), 2.5),
        (Text("t"), "t"),
        (Row([1]), [1]),
        (Table(a=1), {"a": 1}),
        (torch.Size([2]), (2,)),
    ],
)
def test_subclasses_are_stripped_of_what_they_say(value, plain):
    result = carried(value)
    assert type(result) is type(plain)
    assert result == plain


def test_a_tensor_subclass_comes_out_as_a_tensor():
    result = carried(torch.arange(3.0).as_subclass(Obedient))
    assert type(result) is torch.Tensor
    assert result.tolist() == [0.0, 1.0, 2.0]


def test_what_is_no_data_is_named_by_the_sender():
    assert carried([nn.Linear(1, 1)], lambda value: {"id": 7}) == [("object", {"id": 7})]
    with pytest.raises(CodecError):
        carried(object())


# -- tensors --


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)], ids=str)
def test_tensors_of_every_dtype_and_shape_come_over(dtype, shape):
    value = (torch.arange(math.prod(shape)).reshape(shape) % 2 + 1).to(dtype)
    result = carried(value)
    assert (result.dtype, result.shape) == (dtype, torch.Size(shape))
    assert torch.equal(result, value)


def test_special_numbers_keep_their_bits():
    value = torch.tensor([math.nan, math.inf, -math.inf, -0.0, 5e-324], dtype=torch.float64)
    assert carried(value).view(torch.int64).tolist() == value.view(torch.int64).tolist()


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.t(),
        lambda x: x[:, ::2],
        lambda x: x[1:, 1:3],
        lambda x: x[:1].expand(5, 4),
        lambda x: x[:, :1].expand(3, 6),
        lambda x: x.unsqueeze(0).transpose(0, 2),
    ],
)
def test_the_layout_in_memory_comes_over(view):
    value = view(torch.arange(12.0).reshape(3, 4))
    result = carried(value)
    assert torch.equal(result, value)
    assert result.stride() == value.stride()


def test_overlapping_windows_come_over_by_their_values():
    value = torch.arange(6.0).unfold(0, 3, 1)
    assert torch.equal(carried(value), value)


def test_a_meta_tensor_comes_over_without_values():
    result = carried(torch.empty(3, 4, dtype=torch.float16, device="meta"))
    assert (result.device.type, result.dtype, result.shape) == ("meta", torch.float16, (3, 4))


def test_the_same_tensor_twice_is_the_same_tensor_on_the_other_side():
    x = torch.arange(4.0)
    first, again, view, other = carried([x, x, x.view(4), x.clone()])
    assert first is again
    assert first is view
    assert first is not other
    empty = torch.empty(0)
    assert len({id(tensor) for tensor in carried([empty, torch.empty(0)])}) == 2


def test_views_of_one_memory_come_over_each_with_its_values():
    x = torch.arange(6.0)
    assert [part.tolist() for part in carried([x[:3], x[2:5], x[::2]])] == [[0, 1, 2], [2, 3, 4], [0, 2, 4]]


@pytest.mark.parametrize(
    "value", [torch.eye(2).to_sparse(), torch.zeros(2, dtype=torch.complex64), torch.zeros(1).expand(MAX_NUMEL + 1)]
)
def test_tensors_that_cannot_cross_are_refused(value):
    with pytest.raises(CodecError):
        carried(value)


# -- limits --


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_depth_count_and_length_have_limits():
    assert carried(nested(MAX_DEPTH)) == nested(MAX_DEPTH)
    endless = []
    endless.append(endless)
    for value in (nested(MAX_DEPTH + 1), endless, [0] * MAX_ITEMS, "x" * (MAX_TEXT + 1)):
        with pytest.raises(CodecError):
            carried(value)


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"l": 1, "u": 2}, {"x": 1}, {"l": 5}, {"d": [1]}, {"d": [[{"l": []}, 1]]}, {"f": "inf or so"}, {"f": 3},
        {"f": "0x1p99999"}, {"big": "1" * 500}, {"big": 3}, {"big": "no"}, {"t": 0}, {"t": -1}, {"t": "0"}, {"t": 1.5},
        {"dtype": "float8"}, {"dtype": []}, {"device": "moon:3"}, {"device": 7}, {"o": None}, 1.5,
        {"l": [{"l": [[]]}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_body_that_is_none_is_refused(body):
    with pytest.raises(CodecError):
        forged(body)


@pytest.mark.parametrize(
    "header",
    [
        b"", b"no json", b"\xff\xfe", b"[]", b"3", b'{"body": 1}', b'{"tensors": []}', b'{"body": 1, "tensors": 3}',
        b'{"body": ' + b"[" * 100_000, b'{"body": ' + b"9" * 100_000 + b', "tensors": []}',
        b'{"body": 1, "tensors": [' + b"{}," * MAX_ITEMS + b"{}]}",
    ],
    ids=lambda header: repr(header[:30]),
)  # fmt: skip
def test_a_header_that_is_none_is_refused(header):
    with pytest.raises(CodecError):
        Decoder(header, b"", on_object=no_object)


PACK = save({"float32": torch.arange(4.0)})
GOOD = {"shape": [4], "dtype": "float32", "at": 0}


def test_an_honest_message_by_hand_is_understood():
    assert forged({"t": 0}, [GOOD], PACK).tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "lie",
    [
        {"shape": [5]}, {"shape": [-4]}, {"shape": [2.0, 2]}, {"shape": [True, 4]}, {"shape": "4"}, {"shape": None},
        {"shape": [1] * 21}, {"shape": [2**40]}, {"shape": [2**31, 2**31, 0]}, {"dtype": "float64"},
        {"dtype": "object"}, {"dtype": []}, {"at": 1}, {"at": -1}, {"at": 2**70}, {"at": "0"}, {"at": None},
        {"shape": [2**24] * 5, "meta": True}, {"strides": [-1]}, {"strides": [1, 1]}, {"strides": [2**40]},
        {"strides": ["1"]}, {"strides": [0.5]}, {"strides": 4},
    ],
    ids=str,
)  # fmt: skip
def test_a_tensor_that_is_not_what_it_says_is_refused(lie):
    with pytest.raises(CodecError):
        forged({"t": 0}, [{**GOOD, **lie}], PACK)


def test_no_message_grows_by_telling_of_the_same_values_again():
    with pytest.raises(CodecError):
        forged({"t": 0}, [GOOD] * 2, PACK)
    wide = {"shape": [2], "dtype": "float32", "strides": [MAX_NUMEL // 2]}
    with pytest.raises(CodecError):
        forged({"t": 0}, [{**wide, "at": 0}, {**wide, "at": 2}, {**wide, "at": 4}], save({"float32": torch.zeros(6)}))


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"x", b"\xff" * 8, PACK[:-1], PACK[:-8], (2**62).to_bytes(8, "little") + PACK[8:],
        PACK.replace(b"F32", b"F64"), PACK.replace(b"F32", b"I32"), PACK.replace(b'"float32"', b'"float64"'),
        save({"float32": torch.zeros(2, 2)}), b"\x80\x04N.",
    ],
    ids=lambda payload: repr(payload[:12]),
)  # fmt: skip
def test_a_payload_that_lies_is_refused(payload):
    with pytest.raises(CodecError):
        forged({"t": 0}, [GOOD], payload)


def test_one_tensor_told_of_many_times_counts_each_time():
    large = torch.zeros(MAX_NUMEL // 2)
    assert len(carried([large] * 4)) == 4
    with pytest.raises(CodecError):
        carried([large] * 5)
    table = json.dumps({"float32": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    wide = {"shape": [1, MAX_NUMEL // 2], "dtype": "float32", "at": 0, "meta": True}
    payload = len(table).to_bytes(8, "little") + table + bytes(4)
    with pytest.raises(CodecError):
        forged({"l": [{"t": 0}] * 5}, [wide], payload)


@pytest.mark.parametrize(
    "header",
    [
        b'{"body": {"t": 0}, "tensors": [{"dtype": "float32", "at": 0, "shape": [' + b"32000000," * 200_000 + b"1]}]}",
        b'{"body": {"d": [' + b",".join(b"[%d, 1]" % (n * (2**61 - 1)) for n in range(60_000)) + b']}, "tensors": []}',
        b'{"body": "' + b"a" * (MAX_TEXT + 1) + b'", "tensors": []}',
        b'{"body": [' + b"[]," * 4_000_000 + b'1], "tensors": []}',
    ],
    ids=["a shape of many sizes", "keys that meet", "a long text", "many empty lists"],
)
def test_a_header_that_would_take_minutes_or_gigabytes_is_refused_at_once(header):
    start = time.process_time()
    with pytest.raises(CodecError):
        Decoder(header, PACK, on_object=no_object).value()
    assert time.process_time() - start < 10.0  # of the machine's; the worst took hours
