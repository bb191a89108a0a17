"""Mistakes of phase 1 with a value that is read off the answers (``kata.diagnosis.fits.phase1``)."""

from __future__ import annotations

from typing import Mapping

from .fitted import NUMBER, Fitted, product
from .phase1_position_shift_matrix import ANGLE as SHIFT
from .phase1_sinusoidal_encoding import ANGLE, SINES

CATALOGUE = ()


def _angle(of: str, base: str, shift: str, scale: str, less: str) -> tuple[str, str]:
    """An angle as code and as text; what is turned is the code's ``of``."""
    column, width = (
        f"2i{_plus(shift)}",
        f"d_model{_plus(less[1:] if less[0] == '-' else '0' if less == '0' else '-' + less)}",
    )
    scaled = "" if scale == "1" else scale
    divisor = "d_model" if less == "0" else f"({width})"
    exponent = f"((torch.arange(0, d_model, 2, dtype=torch.float64) + {shift}) / max(d_model - {less}, 1))"
    told = f"{column if shift == '0' else f'({column})'} / {divisor}"
    return (
        f"{product(of, scaled)} / {float(base)} ** {exponent}",
        f"{product('pos' if of == 'position' else of, scaled)} / {base}^({told})",
    )


def _plus(summand: str) -> str:
    return "" if summand == "0" else f" - {summand[1:]}" if summand[0] == "-" else f" + {summand}"


COLUMNS = {
    "pairs": (("2i", "0::2"), ("2i + 1", "1::2")),
    "halves": (("i", ": d_model // 2"), ("i + d_model / 2", "d_model // 2 :")),
}
"""How the two groups of columns lie, as text and as code."""


def _encoding(value: str) -> Mapping[str, str]:
    layout, *numbers = value.split(",")
    words = {}
    for group, of_group in enumerate((numbers[:5], numbers[5:])):
        code, told = _angle("position", *of_group[1:])
        column, index = COLUMNS[layout][group]
        words[f"code{group}"] = f"encoding[:, {index}] = torch.{of_group[0]}({code})"
        words[f"group{group}"] = f"PE[pos, {column}] = {of_group[0]}({told})"
    return words


def _shift(value: str) -> Mapping[str, str]:
    code, told = _angle("offset", *value.split(","))
    return {"code": code, "angle": told}


def _factor(value: str) -> Mapping[str, str]:
    code = value.replace("d^", "self.d_model ** ")
    return {"code": code, "factor": code.replace("self.", "")}


FITTED = (
    Fitted(
        id="encoding-angles",
        task="sinusoidal_encoding",
        pattern=f"(pairs|halves)(,(sin|cos)(,{NUMBER}){{4}}){{2}}",
        samples=("pairs,sin,1000,0,1,0,cos,1000,0,1,0", "halves,sin,10000,0,1,2,cos,10000,0,1,2"),
        edits=((ANGLE, ""), (SINES, "{code0}\n{code1}")),
        en="The table equals `{group0}` and `{group1}`. The paper's (3.5) is `PE[pos, 2i] = sin(pos / 10000^(2i / "
        "d_model))` and `PE[pos, 2i + 1] = cos(pos / 10000^(2i / d_model))`: the two columns of a pair are "
        "neighbours and have one angle, so that they are a point on a circle, and the wavelengths run from 2π to "
        "almost 10000 · 2π. (Another base and a factor before the whole exponent come to the same.)",
        ja="この表は `{group0}`、`{group1}` に等しくなっています。論文 (3.5 節) の表は `PE[pos, 2i] = sin(pos / "
        "10000^(2i / d_model))`、`PE[pos, 2i + 1] = cos(pos / 10000^(2i / d_model))` です。組になる二つの列は隣どう"
        "しで角度が等しく、円周上の一点を表します。波長は 2π から 10000 · 2π 近くまで広がります。底を変えることと、"
        "指数全体に数を掛けることは、同じ結果になります。",
        lesson="sinusoids",
        words=_encoding,
        covers=(
            "encoding-exponent-halved",
            "encoding-exponent-doubled",
            "encoding-every-column-its-own-frequency",
            "encoding-base-by-log10",
            "encoding-twice-the-column",
            "encoding-ends-at-the-base",
            "encoding-sines-then-cosines",
            "encoding-sine-and-cosine-swapped",
            "encoding-sine-everywhere",
            "encoding-rate-rounded-down",
        ),
        met=(
            "https://github.com/maxjcohen/transformer/issues/62",
            "https://github.com/SamLynnEvans/Transformer/issues/7",
            "https://github.com/xrsrke/stable-diffusion-from-scratch",
            "https://github.com/huggingface/blog/issues/2183",
        ),
    ),
    Fitted(
        id="shift-angles",
        task="position_shift_matrix",
        pattern=",".join([NUMBER] * 4),
        samples=("1000,0,1,0",),
        edits=((SHIFT, "angle = {code}"),),
        en="The blocks of the matrix turn their pairs by `{angle}`. The encoding turns pair `i` by `1 / 10000^(2i / "
        "d_model)` a position (3.5), so a shift must turn it by `offset / 10000^(2i / d_model)`: one helper for both "
        "functions keeps them together.",
        ja="行列の各ブロックが組を `{angle}` だけ回しています。位置エンコーディングでは、組 `i` は 1 位置につき "
        "`1 / 10000^(2i / d_model)` だけ回る (3.5 節) ので、ずらす行列は `offset / 10000^(2i / d_model)` だけ回す必要が"
        "あります。角度の計算を一つの補助関数にまとめると、二つの関数がずれません。",
        lesson="rotation",
        words=_shift,
        covers=("shift-exponent-halved",),
    ),
    Fitted(
        id="embedding-factor",
        task="TokenEmbedding",
        pattern=rf"(d\^)?{NUMBER}",
        samples=("d^0.25",),
        edits=(("math.sqrt(self.d_model)", "({code})"),),
        en="The rows of the table are multiplied by `{factor}`. The paper's factor is the root of the width, "
        "`d_model ** 0.5` (3.4): with it entries of standard deviation `d_model ** -0.5` become as large as the "
        "sines and cosines that are added to them.",
        ja="表の行に `{factor}` を掛けています。論文の倍率は幅の平方根 `d_model ** 0.5` です (3.4 節)。標準偏差 "
        "`d_model ** -0.5` の成分が、これで、後から足す sin や cos と同じくらいの大きさになります。",
        lesson="embedding",
        words=_factor,
        covers=("embedding-not-scaled", "embedding-divided", "embedding-scaled-without-root"),
    ),
)
