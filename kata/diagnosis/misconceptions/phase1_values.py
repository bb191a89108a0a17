"""Mistakes of phase 1 with a value that is read off the answers (``kata.diagnosis.fits.phase1``)."""

from __future__ import annotations

from typing import Mapping

from .fitted import NUMBER, Fitted, product
from .phase1_position_shift_matrix import ANGLE as SHIFT
from .phase1_sinusoidal_encoding import ANGLE, SINES

CATALOGUE = ()


def _angle(of: str, base: str, shift: str, scale: str) -> tuple[str, str]:
    """An angle as code and as text; what is turned is the code's ``of``."""
    column = "2i" if shift == "0" else f"2i {'-' if shift[0] == '-' else '+'} {shift.lstrip('-')}"
    scaled = "" if scale == "1" else scale
    exponent = f"((torch.arange(0, d_model, 2, dtype=torch.float64) + {shift}) / d_model)"
    told = column if shift == "0" else f"({column})"
    name = "pos" if of == "position" else of
    return (
        f"{product(of, scaled)} / {float(base)} ** {exponent}",
        f"{product(name, scaled)} / {base}^({told} / d_model)",
    )


def _encoding(value: str) -> Mapping[str, str]:
    numbers = value.split(",")
    sine, cosine = _angle("position", *numbers[:3]), _angle("position", *numbers[3:])
    return {"sine_code": sine[0], "sine": sine[1], "cosine_code": cosine[0], "cosine": cosine[1]}


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
        pattern=",".join([NUMBER] * 6),
        samples=("1000,0,1,1000,0,1", "10000,0,1,10000,2,1"),
        edits=(
            (ANGLE, "sine, cosine = {sine_code}, {cosine_code}"),
            (
                SINES,
                """
                encoding[:, 0::2] = torch.sin(sine)
                encoding[:, 1::2] = torch.cos(cosine)
                """,
            ),
        ),
        en="The table answers like `PE[pos, 2i] = sin({sine})` and `PE[pos, 2i + 1] = cos({cosine})`. In the paper "
        "(3.5) both have the angle `pos / 10000^(2i / d_model)`: the wavelengths then run from 2π to almost 10000 · "
        "2π, and the two columns of a pair are a point on a circle. (Another base and a factor before the whole "
        "exponent come to the same.)",
        ja="この表は `PE[pos, 2i] = sin({sine})`、`PE[pos, 2i + 1] = cos({cosine})` と同じ値になっています。論文 "
        "(3.5 節) の角度はどちらも `pos / 10000^(2i / d_model)` です。波長は 2π から 10000 · 2π 近くまで広がり、組に"
        "なる二つの列は円周上の一点を表します。(底を変えることと、指数全体に数を掛けることは同じ結果になります。)",
        lesson="sinusoids",
        words=_encoding,
        covers=(
            "encoding-exponent-halved",
            "encoding-exponent-doubled",
            "encoding-every-column-its-own-frequency",
            "encoding-base-by-log10",
            "encoding-twice-the-column",
        ),
        met=(
            "https://github.com/maxjcohen/transformer/issues/62",
            "https://github.com/SamLynnEvans/Transformer/issues/7",
            "https://github.com/xrsrke/stable-diffusion-from-scratch",
        ),
    ),
    Fitted(
        id="shift-angles",
        task="position_shift_matrix",
        pattern=",".join([NUMBER] * 3),
        samples=("1000,0,1",),
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
