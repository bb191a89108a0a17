"""Mistakes of phase 2 with a value that is read off the answers (``kata.diagnosis.fits.phase2``)."""

from __future__ import annotations

from typing import Mapping

from .fitted import NUMBER, Fitted, power, product
from .phase2_merge_heads import MERGE
from .phase2_multi_head_attention import KEY, QUERY, VALUE
from .phase2_split_heads import SPLIT

CATALOGUE = ()


def _scores(value: str) -> Mapping[str, str]:
    constant, exponent = value.split(",")
    return {"factor": product("" if constant == "1" else constant, power("d_k", exponent))}


def _heads(value: str) -> Mapping[str, str]:
    constant, of_width, of_heads = value.split(",")
    constant = "" if constant == "1" else constant
    told = [power("d_k", of_width), power("h", of_heads)]
    if of_width == of_heads:
        told = [power("d_model", of_width)]
    code = product(constant, power("q.size(-1)", of_width), power("self.num_heads", of_heads))
    return {"code": code, "factor": product(constant, *told)}


def _sources(value: str) -> Mapping[str, str]:
    inputs = {"q": "query", "k": "key", "v": "value"}
    told = [f"w_{projection}({inputs[name]})" for projection, name in map(tuple, value.split(","))]
    code = [f"split_heads(self.{source}, self.num_heads)" for source in told]
    return {**dict(zip(("query", "key", "value"), told)), **dict(zip(("query_code", "key_code", "value_code"), code))}


def _split(value: str) -> Mapping[str, str]:
    cut, order, *flat = value.split("-")
    parts = ("num_heads", "d_model // num_heads") if cut == "hd" else ("d_model // num_heads", "num_heads")
    code = f"x.reshape(batch, length, {', '.join(parts)})"
    if order != "0123":
        code += f".permute({', '.join(order)})"
    sizes = ["B", "L", *(("h", "d_k") if cut == "hd" else ("d_k", "h"))]
    shape = [sizes[int(place)] for place in order]
    if flat:
        code, shape = f"{code}.flatten(0, 1)", [f"{shape[0]} * {shape[1]}", *shape[2:]]
    return {"code": code, "shape": f"({', '.join(shape)})"}


def _merge(value: str) -> Mapping[str, str]:
    how, order = value.split("-")
    moved = "x" if order == "0123" else f"x.permute({', '.join(order)})"
    return {"code": f"{moved}.{'flatten(2)' if how == 'flatten' else 'reshape(batch, length, num_heads * d_k)'}"}


FITTED = (
    Fitted(
        id="attention-factor",
        task="scaled_dot_product_attention",
        pattern=f"{NUMBER},{NUMBER}",
        samples=("1,-0.25",),
        edits=(("query @ key.transpose(-2, -1) / math.sqrt(d_k)", "query @ key.transpose(-2, -1) * ({factor})"),),
        en="Before the softmax the products of queries and keys are multiplied by `{factor}`. The paper's factor is "
        "`d_k**-0.5` (3.2.1): a product of two random vectors of width `d_k` has a spread of `d_k**0.5`, and only that "
        "factor brings it to 1 for every width.",
        ja="ソフトマックスの前に、クエリとキーの内積に `{factor}` を掛けています。論文の倍率は `d_k**-0.5` です "
        "(3.2.1 節)。幅 `d_k` のランダムなベクトルどうしの内積は `d_k**0.5` ほどばらつくので、どの幅でもばらつきを 1"
        " にするのは、この倍率だけです。",
        lesson="scaling",
        words=_scores,
        covers=("attention-not-scaled", "attention-divided-by-d-k", "attention-scores-multiplied"),
        met=("https://github.com/esceptico/perceiver-io/issues/9",),
    ),
    Fitted(
        id="heads-factor",
        task="MultiHeadAttention",
        pattern=f"{NUMBER},{NUMBER},{NUMBER}",
        samples=("1,-1,-1",),
        edits=(
            (
                "heads, weights = scaled_dot_product_attention(q, k, v, mask)",
                "heads, weights = scaled_dot_product_attention(q * (q.size(-1) ** 0.5 * {code}), k, v, mask)",
            ),
        ),
        en="In every head the products of queries and keys are multiplied by `{factor}`. The paper's factor is "
        "`d_k**-0.5` (3.2.1), where `d_k = d_model / h` is the width of one head: that many products are added up in a "
        "score. `scaled_dot_product_attention` has this factor already, so nothing needs to be scaled around it.",
        ja="各ヘッドで、クエリとキーの内積に `{factor}` が掛かっています。論文の倍率は `d_k**-0.5` (3.2.1 節) で、"
        "`d_k = d_model / h` は一つのヘッドの幅、つまりスコアで足し合わされる積の個数です。この倍率は "
        "`scaled_dot_product_attention` がすでに掛けているので、その外側で何かを掛ける必要はありません。",
        lesson="scaling",
        words=_heads,
        covers=("heads-scaled-by-d-model", "attention-not-scaled", "attention-divided-by-d-k"),
        met=(
            "https://github.com/omihub777/ViT-CIFAR/pull/11",
            "https://github.com/Graylab/DL4Proteins-notebooks/issues/12",
            "https://github.com/juho-lee/set_transformer/issues/18",
        ),
    ),
    Fitted(
        id="heads-sources",
        task="MultiHeadAttention",
        pattern="[qkv]{2},[qkv]{2},[qkv]{2}",
        samples=("qq,vk,kv",),
        edits=((QUERY, "q = {query_code}"), (KEY, "k = {key_code}"), (VALUE, "v = {value_code}")),
        en="The queries of the heads are made of `{query}`, the keys of `{key}` and the values of `{value}`. It is "
        "`w_q(query)`, `w_k(key)` and `w_v(value)` (3.2.2): what asks, what is compared and what is taken are three "
        "things, each with a projection of its own. Weights that were trained elsewhere go by these names.",
        ja="各ヘッドのクエリが `{query}`、キーが `{key}`、バリューが `{value}` から作られています。正しくは "
        "`w_q(query)`、`w_k(key)`、`w_v(value)` です (3.2.2 節)。尋ねるもの、比べるもの、取り出すものは別々で、それ"
        "ぞれに自分の射影があります。ほかで学習した重みも、この名前で読み込まれます。",
        lesson="heads",
        words=_sources,
        covers=(
            "heads-key-projection-for-values",
            "heads-everything-from-the-query",
            "heads-values-from-the-key",
            "heads-one-projection-for-query-and-key",
            "heads-keys-ask-queries",
            "heads-one-projection-for-all",
        ),
        met=(
            "https://github.com/jsbaan/transformer-from-scratch/issues/1",
            "https://github.com/meta-pytorch/torchtune/pull/21",
        ),
    ),
    Fitted(
        id="split-order",
        task="split_heads",
        pattern=r"(hd|dh)-[0-3]{4}(-flat)?",
        samples=("hd-2013",),
        edits=((SPLIT, "return {code}"),),
        en="The answer equals `{code}`, of shape `{shape}`. The order is `(B, h, L, d_k)`, and head `j` holds the "
        "features from `j * d_k` on: cut the last dimension into `(h, d_k)`, then exchange L and h, and leave the "
        "batch in front. Masks and `merge_heads` count on that order.",
        ja="答えは `{code}` に等しく、形は `{shape}` です。正しい順序は `(B, h, L, d_k)` で、ヘッド `j` は `j * d_k`"
        " 番目からの特徴を持ちます。最後の次元を `(h, d_k)` に切り、L と h を入れ替え、バッチは先頭のままにしてくだ"
        "さい。マスクも `merge_heads` も、この順序を前提にしています。",
        lesson="split-merge",
        words=_split,
        covers=("split-interleaves-features", "split-without-transpose"),
        met=(
            "https://github.com/lsdefine/attention-is-all-you-need-keras/issues/36",
            "https://github.com/hackiey/QAnet-pytorch/issues/2",
        ),
    ),
    Fitted(
        id="merge-order",
        task="merge_heads",
        pattern=r"(flatten|reshape)-[0-3]{4}",
        samples=("flatten-2013",),
        edits=((MERGE, "return {code}"),),
        en="The answer equals `{code}`, with `(B, h, L, d_k)` as the order of `x`. The heads of one position must "
        "stand side by side, first head first: bring the tensor to `(B, L, h, d_k)`, with the batch in front, and "
        "join the last two dimensions. A reshape alone never moves a number.",
        ja="答えは `{code}` に等しくなっています (`x` の順序は `(B, h, L, d_k)`)。一つの位置のヘッドを、最初のヘッド"
        "から順に横に並べる必要があります。バッチを先頭にしたまま `(B, L, h, d_k)` にして、最後の二つの次元をつなげ"
        "てください。`reshape` だけでは、数の並びは変わりません。",
        lesson="split-merge",
        words=_merge,
        covers=("merge-by-view-alone", "merge-interleaves-features"),
        met=(
            "https://github.com/gazelle93/Transformer-Various-Positional-Encoding/issues/1",
            "https://github.com/hackiey/QAnet-pytorch/issues/2",
            "https://github.com/huggingface/diffusers/issues/10303",
        ),
    ),
)
