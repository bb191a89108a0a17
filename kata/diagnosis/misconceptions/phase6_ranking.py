"""Phase 6: mistakes in the length penalty and in the ranking of the answers of a beam search."""

from __future__ import annotations

from . import Misconception

_PENALTY = "return ((5 + length) / 6) ** alpha"
_SCORE = "Hypothesis(tokens, log_prob / length_penalty(len(tokens), alpha)) for tokens, log_prob in collected + live"
_RANK = "    ranked.sort(key=lambda hypothesis: hypothesis.score, reverse=True)\n"
_ANSWER = "return ranked[:beam_size]"
_BEAM = ("beam_search",)

CATALOGUE = (
    # -- length_penalty --
    Misconception(
        id="penalty-is-a-power-of-the-length",
        task="length_penalty",
        edits=((_PENALTY, "return length**alpha"),),
        also=_BEAM,
        lesson="length-penalty",
        en="The penalty is `length ** alpha`. Some implementations use it; the paper follows Wu et al., `((5 + "
        "length) / 6) ** alpha`, which is 1 for one token and treats short answers more gently: for 10 tokens at "
        "alpha 0.6 it is 1.73, not 3.98.",
        ja="ペナルティが `length ** alpha` になっています。これを使う実装もありますが、論文が従う Wu らの式は "
        "`((5 + length) / 6) ** alpha` です。長さ 1 で 1 になり、短い答えの扱いがより穏やかです。10 トークン、alpha "
        "0.6 なら 3.98 ではなく 1.73 です。",
    ),
    Misconception(
        id="penalty-alpha-above-the-line-only",
        task="length_penalty",
        edits=((_PENALTY, "return (5 + length) ** alpha / 6"),),
        also=_BEAM,
        lesson="length-penalty",
        en="Only `5 + length` is raised to alpha, not the whole quotient; `**` binds more tightly than `/`. The "
        "penalty of one token is then not 1, and alpha 0 gives 1/6 instead of switching the penalty off. It takes "
        "parentheses: `((5 + length) / 6) ** alpha`.",
        ja="商の全体ではなく `5 + length` だけを alpha 乗しています (`**` は `/` より先に計算されます)。1 トークン"
        "で 1 にならず、alpha 0 でもペナルティなしにならず 1/6 になります。`((5 + length) / 6) ** alpha` と括弧を付"
        "けてください。",
    ),
    Misconception(
        id="penalty-rounded-down",
        task="length_penalty",
        edits=((_PENALTY, "return float(((5 + length) // 6) ** alpha)"),),
        also=_BEAM,
        lesson="length-penalty",
        en="`//` rounds the quotient down to a whole number, so answers of 1 to 6 tokens all have the same penalty, "
        "and then it jumps. `/` gives the quotient itself.",
        ja="`//` が商を整数に切り捨てるので、1 から 6 トークンまでの答えがすべて同じペナルティになり、その先で急に"
        "変わります。`/` を使ってください。",
    ),
    Misconception(
        id="penalty-times-alpha",
        task="length_penalty",
        edits=((_PENALTY, "return alpha * (5 + length) / 6"),),
        also=_BEAM,
        lesson="length-penalty",
        en="Alpha multiplies instead of being the exponent. A factor that is the same for all answers changes no "
        "ranking, so alpha would have no effect on which answer wins, and alpha 0 would divide by 0. The exponent "
        "sets how strongly length counts.",
        ja="alpha を指数にせず、掛けています。すべての答えに共通の倍率では順位が変わらないので、alpha が結果に影響"
        "せず、alpha 0 では 0 で割ることになります。長さをどれだけ重く見るかを決めるのは、指数としての alpha です。",
    ),
    # -- beam_search --
    Misconception(
        id="beam-without-length-penalty",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace(" / length_penalty(len(tokens), alpha)", "")),),
        lesson="length-penalty",
        en="Answers are ranked by log-probability alone, and alpha has no effect. Every token adds a negative "
        "number, so short answers win although they leave out half of the sentence; the penalty makes up for that.",
        ja="対数確率だけで順位を付けており、alpha が効いていません。トークンごとに負の数が足されるので、文の半分を落"
        "としていても短い答えが勝ちます。それを補うのが長さペナルティです。",
    ),
    Misconception(
        id="beam-multiplies-by-the-penalty",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace("log_prob / length", "log_prob * length")),),
        lesson="length-penalty",
        en="The log-probability is multiplied by the penalty. It is negative, so long answers get worse twice over, "
        "the opposite of what the penalty is for. Divide by it.",
        ja="対数確率にペナルティを掛けています。対数確率は負なので、長い答えが二重に不利になり、目的と逆です。ペナル"
        "ティで割ってください。",
    ),
    Misconception(
        id="beam-length-counts-bos",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace("len(tokens)", "len(tokens) + 1")),),
        lesson="length-penalty",
        en="The length in the penalty is one too large: BOS is counted. The number of tokens counts EOS, which the "
        "model has said, and not BOS, which it was given. Rankings change only now and then, so this is easily "
        "overlooked.",
        ja="ペナルティの長さに BOS を数えているため、一つ大きくなっています。モデルが出した EOS は数え、与えられた "
        "BOS は数えません。順位はたまにしか変わらないので、見落としやすい間違いです。",
    ),
    Misconception(
        id="beam-length-leaves-out-eos",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace("len(tokens)", "len(tokens) - (tokens[-1] == eos_id)")),),
        lesson="length-penalty",
        en="EOS is not counted in the length. The log-probability of EOS is in the sum, so EOS belongs in the number "
        "of tokens as well; otherwise ended and unended answers are measured differently.",
        ja="長さに EOS を数えていません。EOS の対数確率は和に入っているので、トークンの数にも入れます。そうしないと、"
        "終わった答えと終わっていない答えで測り方が変わってしまいます。",
    ),
    Misconception(
        id="beam-mean-log-probability",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace("length_penalty(len(tokens), alpha)", "len(tokens)")),),
        lesson="length-penalty",
        en="The log-probability is divided by the number of tokens, the mean per token, and alpha is ignored. That "
        "favours long answers more than Wu et al. do: use `length_penalty(number of tokens, alpha)`.",
        ja="対数確率をトークン数で割って 1 トークン当たりの平均にしており、alpha を使っていません。Wu らの式より長"
        "い答えが有利になります。`length_penalty(トークン数, alpha)` で割ってください。",
    ),
    Misconception(
        id="beam-ranks-before-the-penalty",
        task="beam_search",
        edits=(
            (_SCORE, _SCORE.replace("in collected + live", "in sorted(collected + live, key=lambda one: -one[1])")),
            (_RANK, ""),
        ),
        lesson="length-penalty",
        en="The answers are sorted by log-probability and divided by the penalty afterwards: the scores are right, "
        "their order is not, and the cut to `beam_size` drops the wrong ones. Sort by the score.",
        ja="対数確率で並べてからペナルティで割っています。スコアは正しくても順序が違い、`beam_size` 個に切るときに残"
        "すものも違ってきます。スコアで並べてください。",
    ),
    Misconception(
        id="beam-drops-the-unended",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace("in collected + live", "in collected or live")),),
        lesson="beam",
        en="What is still live at `max_len` is dropped as soon as anything has ended. The collected and the live are "
        "ranked together, and an unended hypothesis may be the best of them.",
        ja="終わったものが一つでもあると、`max_len` の時点でまだ伸びている仮説を捨てています。集めたものと伸びてい"
        "るものを一緒に順位付けしてください。終わっていない仮説が最良のこともあります。",
    ),
    Misconception(
        id="beam-worst-first",
        task="beam_search",
        edits=((_RANK, _RANK.replace(", reverse=True", "")),),
        lesson="beam",
        en="The answers are sorted from low to high, so the worst comes first and the cut to `beam_size` throws away "
        "the best. Scores are negative; the best is the one nearest to 0: `reverse=True`.",
        ja="低い順に並べているので、最悪のものが先頭になり、`beam_size` 個に切るときに最良のものを捨ててしまいます。"
        "スコアは負で、0 に近いほど良いものです。`reverse=True` を付けてください。",
    ),
    Misconception(
        id="beam-returns-everything",
        task="beam_search",
        edits=((_ANSWER, "return ranked"),),
        lesson="beam",
        en="All hypotheses that were ever collected are returned. Each step can collect several, so there may be far "
        "more than `beam_size` of them; the answer is the best `beam_size` at most.",
        ja="集めた仮説をすべて返しています。ステップごとに複数集まることもあるので、`beam_size` よりずっと多くなるこ"
        "とがあります。返すのは、上位 `beam_size` 個までです。",
    ),
    Misconception(
        id="beam-returns-the-best-alone",
        task="beam_search",
        edits=((_ANSWER, "return ranked[:1]"),),
        lesson="beam",
        en="Only the best hypothesis comes back. The answer is a list of up to `beam_size`, best first: the others "
        "show how sure the search is, and serve for re-ranking.",
        ja="最良の仮説だけを返しています。返すのは、良い順に最大 `beam_size` 個のリストです。残りの仮説から探索の確信"
        "の度合いが分かり、並べ直しにも使えます。",
    ),
    Misconception(
        id="beam-drops-eos",
        task="beam_search",
        edits=(
            (
                _SCORE,
                _SCORE.replace("Hypothesis(tokens,", "Hypothesis([token for token in tokens if token != eos_id],"),
            ),
        ),
        lesson="beam",
        en="EOS is taken out of the tokens that are returned. It stays in where a hypothesis ended, so that one can "
        "tell it from a hypothesis that was cut off at `max_len`, and the length that was scored is the length one "
        "sees.",
        ja="返すトークン列から EOS を除いています。EOS で終わった仮説では残してください。`max_len` で打ち切られた仮説"
        "と区別でき、スコアに使った長さとも一致します。",
    ),
    Misconception(
        id="beam-keeps-bos",
        task="beam_search",
        edits=((_SCORE, _SCORE.replace("Hypothesis(tokens,", "Hypothesis([bos_id, *tokens],")),),
        lesson="beam",
        en="The tokens that are returned begin with BOS. BOS starts the decoder and is no part of the answer: a "
        "hypothesis holds what the model said, EOS included.",
        ja="返すトークン列が BOS で始まっています。BOS はデコーダを動かし始めるためのもので、答えの一部ではありませ"
        "ん。仮説には、モデルが出力したもの (EOS を含む) だけを入れます。",
    ),
    Misconception(
        id="beam-keeps-and-counts-bos",
        task="beam_search",
        edits=(
            (
                _SCORE,
                "Hypothesis([bos_id, *tokens], log_prob / length_penalty(len(tokens) + 1, alpha))\n"
                "        for tokens, log_prob in collected + live",
            ),
        ),
        lesson="beam",
        en="Every answer begins with BOS, and the length penalty counts it. BOS is what the decoder is given to start "
        "from, not what the model said: a hypothesis holds the tokens that were made, EOS included, and its length is "
        "their number.",
        ja="答えの先頭に BOS が残り、長さペナルティの長さにも数えられています。BOS はデコーダに最初に与えるもので、"
        "モデルの出力ではありません。仮説に入れるのは出力したトークン (EOS を含む) だけで、長さもその個数です。",
    ),
)
