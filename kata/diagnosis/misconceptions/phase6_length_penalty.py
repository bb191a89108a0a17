"""Mistakes in ``length_penalty`` (phase 6)."""

from __future__ import annotations

from . import Misconception

PENALTY = "return ((5 + length) / 6) ** alpha"

CATALOGUE = (
    Misconception(
        id="penalty-is-a-power-of-the-length",
        task="length_penalty",
        edits=((PENALTY, "return length**alpha"),),
        en="The penalty is `length ** alpha`. Some implementations use it; the paper follows Wu et al., `((5 + "
        "length) / 6) ** alpha`, which is 1 for one token and treats short answers more gently: for 10 tokens at "
        "alpha 0.6 it is 1.73, not 3.98.",
        ja="ペナルティが `length ** alpha` になっています。これを使う実装もありますが、論文が従う Wu らの式は "
        "`((5 + length) / 6) ** alpha` です。長さ 1 で 1 になり、短い答えの扱いがより穏やかです。10 トークン、alpha "
        "0.6 なら 3.98 ではなく 1.73 です。",
        lesson="length-penalty",
    ),
    Misconception(
        id="penalty-alpha-above-the-line-only",
        task="length_penalty",
        edits=((PENALTY, "return (5 + length) ** alpha / 6"),),
        en="Only `5 + length` is raised to alpha, not the whole quotient; `**` binds more tightly than `/`. The "
        "penalty of one token is then not 1, and alpha 0 gives 1/6 instead of switching the penalty off. It takes "
        "parentheses: `((5 + length) / 6) ** alpha`.",
        ja="商の全体ではなく `5 + length` だけを alpha 乗しています (`**` は `/` より先に計算されます)。1 トークン"
        "で 1 にならず、alpha 0 でもペナルティなしにならず 1/6 になります。`((5 + length) / 6) ** alpha` と括弧を付"
        "けてください。",
        lesson="length-penalty",
    ),
    Misconception(
        id="penalty-rounded-down",
        task="length_penalty",
        edits=((PENALTY, "return float(((5 + length) // 6) ** alpha)"),),
        en="`//` rounds the quotient down to a whole number, so answers of 1 to 6 tokens all have the same penalty, "
        "and then it jumps. `/` gives the quotient itself.",
        ja="`//` が商を整数に切り捨てるので、1 から 6 トークンまでの答えがすべて同じペナルティになり、その先で急に"
        "変わります。`/` を使ってください。",
        lesson="length-penalty",
    ),
    Misconception(
        id="penalty-times-alpha",
        task="length_penalty",
        edits=((PENALTY, "return alpha * (5 + length) / 6"),),
        en="Alpha multiplies instead of being the exponent. A factor that is the same for all answers changes no "
        "ranking, so alpha would have no effect on which answer wins, and alpha 0 would divide by 0. The exponent "
        "sets how strongly length counts.",
        ja="alpha を指数にせず、掛けています。すべての答えに共通の倍率では順位が変わらないので、alpha が結果に影響"
        "せず、alpha 0 では 0 で割ることになります。長さをどれだけ重く見るかを決めるのは、指数としての alpha です。",
        lesson="length-penalty",
    ),
)
