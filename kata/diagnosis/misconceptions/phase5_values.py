"""Mistakes of phase 5 with a value that is read off the answers (``kata.diagnosis.fits.phase5``)."""

from __future__ import annotations

from typing import Mapping

from .fitted import NUMBER, Fitted, power, product
from .phase5_label_smoothing_loss import MEAN, PER_TOKEN
from .phase5_make_batch import COUNT, SRC, TGT_OUT
from .phase5_noam_learning_rate import RATE

CATALOGUE = ()

TOKENS = {"b": "bos_id", "e": "eos_id", "i": "*ids", "h": "*ids[:-1]", "t": "*ids[1:]"}
TOLD = {"b": "[bos]", "e": "[eos]", "i": "ids", "h": "ids[:-1]", "t": "ids[1:]"}
"""Letters of a row's pattern as code and as text."""

WEIGHTS = {
    "paper": ("(1.0 - self.smoothing)", "self.smoothing / V", "(1 - eps) * [k == y] + eps / V"),
    "v-minus-1": ("(1.0 - self.smoothing)", "self.smoothing / max(V - 1, 1)", "(1 - eps) * [k == y] + eps / (V - 1)"),
    "undivided": ("(1.0 - self.smoothing)", "self.smoothing", "(1 - eps) * [k == y] + eps"),
    "without-eps": ("(1.0 - self.smoothing)", "1.0 / V", "(1 - eps) * [k == y] + 1 / V"),
    "little-taken": ("(1.0 - self.smoothing / V)", "self.smoothing / V", "(1 - eps / V) * [k == y] + eps / V"),
    "nothing-taken": ("1.0", "self.smoothing / V", "[k == y] + eps / V"),
    "twice-taken": ("(1.0 - 2.0 * self.smoothing)", "self.smoothing / V", "(1 - 2 * eps) * [k == y] + eps / V"),
    "uniform-only": ("0.0", "1.0 / V", "1 / V"),
}
"""Name to the number of the true token and that of every token, as code, and to both together as text."""

DIVISORS = {
    "tokens": ("is_real.sum().clamp(min=1)", "the number of real tokens", "本物のトークンの数"),
    "sentences": ("target.size(0)", "the number of sentences", "文の数"),
    "length": ("target.size(1)", "the length of the longest sentence", "最長の文の長さ"),
    "padding": ("(~is_real).sum().clamp(min=1)", "the number of padded places", "パディングの数"),
    "tokens-and-vocabulary": (
        "(is_real.sum().clamp(min=1) * logits.size(-1))",
        "the number of real tokens times the size of the vocabulary",
        "本物のトークンの数と語彙の大きさの積",
    ),
    "positions-and-vocabulary": (
        "logits.numel()",
        "the number of all logits, `B * L * V`",
        "logits 全部の個数 `B * L * V`",
    ),
    "one-more": ("(is_real.sum() + 1)", "one more than the number of real tokens", "本物のトークンの数より 1 大きい数"),
    "one-less": (
        "(is_real.sum() - 1).clamp(min=1)",
        "one less than the number of real tokens",
        "本物のトークンの数より 1 小さい数",
    ),
}
"""Name to what the losses' sum is divided by, as code and in words."""


def _batch(value: str) -> Mapping[str, str]:
    words = {}
    for name, pattern in zip(("src", "tgt_in", "tgt_out"), value.split(",")):
        row = ", ".join(TOKENS[letter] for letter in pattern).replace("ids", f"{name[:3]}_ids")
        words[f"{name}_code"] = f"[{row}]"
        words[name] = " + ".join(TOLD[letter] for letter in pattern)
    return words


def _loss(value: str) -> Mapping[str, str]:
    weights, divisor = value.split(",")
    on, off, told = WEIGHTS[weights]
    code, en, ja = DIVISORS[divisor]
    return {"on": on, "off": off, "target": told, "divisor": code, "divided": en, "divided_ja": ja}


def _equation(value: str) -> Mapping[str, str]:
    constant, factor, width, w_after, s_after, w_during, s_during, shift_after, shift_during = value.split(",")

    def branch(warmup: str, step: str, shift: str) -> str:
        name = "step" if shift == "0" else f"(step {'-' if shift[0] == '-' else '+'} {shift.lstrip('-')})"
        return product(power(name, step), power("warmup_steps", warmup))

    both = f"min({branch(w_after, s_after, shift_after)}, {branch(w_during, s_during, shift_during)})"
    before = "" if constant == "1" else constant
    return {"equation": product(before, power("factor", factor), power("d_model", width), both)}


FITTED = (
    Fitted(
        id="batch-tokens",
        task="make_batch",
        pattern=r"[be]*[iht][be]*,[be]*[iht][be]*,[be]*[iht][be]*",
        samples=("ie,ei,ie", "ie,bi,t"),
        edits=(
            (SRC, "src = _pad([{src_code} for src_ids, _ in pairs], pad_id)"),
            (
                "tgt_in = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)",
                "tgt_in = _pad([{tgt_in_code} for _, tgt_ids in pairs], pad_id)",
            ),
            (TGT_OUT, "tgt_out = _pad([{tgt_out_code} for _, tgt_ids in pairs], pad_id)"),
            (COUNT, "int((tgt_out != pad_id).sum())"),
        ),
        en="The rows are `src = {src}`, `tgt_in = {tgt_in}` and `tgt_out = {tgt_out}`. By the contract they are `src = "
        "ids + [eos]`, `tgt_in = [bos] + ids` and `tgt_out = ids + [eos]`: the decoder starts from BOS, answers each "
        "token one step before it reads it, and EOS last; the source needs no start.",
        ja="各行が `src = {src}`、`tgt_in = {tgt_in}`、`tgt_out = {tgt_out}` になっています。取り決めは `src = ids +"
        " [eos]`、`tgt_in = [bos] + ids`、`tgt_out = ids + [eos]` です。デコーダは BOS から始め、どのトークンも読む"
        "一歩手前で答え、最後に EOS を答えます。原文に開始記号は要りません。",
        lesson="batching",
        words=_batch,
        covers=(
            "batch-source-without-eos",
            "batch-source-with-bos",
            "batch-target-not-shifted",
            "batch-eos-in-the-decoder-input",
            "batch-decoder-reads-the-answer",
            "batch-answer-with-bos",
            "batch-decoder-without-bos",
        ),
    ),
    Fitted(
        id="loss-weights",
        task="LabelSmoothingLoss",
        pattern=f"({'|'.join(WEIGHTS)}),({'|'.join(DIVISORS)})",
        samples=("v-minus-1,tokens", "paper,sentences"),
        edits=(
            (PER_TOKEN, "V = logits.size(-1)\nper_token = -{on} * at_target - {off} * log_probs.sum(dim=-1)"),
            (MEAN, "return per_token.masked_fill(~is_real, 0.0).sum() / {divisor}"),
        ),
        en="The loss equals that of the target `q(k) = {target}`, summed over the real tokens and divided by "
        "{divided}. The paper's (5.4) is the mean over the real tokens with `q(k) = (1 - eps) * [k == y] + eps / V`: "
        "`q` then adds up to 1, and the loss does not depend on how the sentences were put into batches.",
        ja="この損失は、目標分布 `q(k) = {target}` との交差エントロピーを本物のトークンについて足し、{divided_ja}で"
        "割った値になっています。論文 (5.4 節) のものは `q(k) = (1 - eps) * [k == y] + eps / V` を使った、本物のトー"
        "クンについての平均です。これなら `q` の和が 1 になり、損失がバッチの分け方に左右されません。",
        lesson="label-smoothing",
        words=_loss,
        met=(
            "https://github.com/bys0318/SQUIRE/issues/8",
            "https://github.com/TimDettmers/ConvE/issues/55",
            "https://github.com/ildoonet/pytorch-randaugment/issues/30",
            "https://github.com/huggingface/transformers/pull/5919",
            "https://github.com/huggingface/transformers/issues/6331",
        ),
    ),
    Fitted(
        id="noam-equation",
        task="noam_learning_rate",
        pattern=",".join([NUMBER] * 9),
        samples=("1,1,-0.5,0,-0.5,-1,1,0,0", "1,1,-0.5,0,-0.5,-1.5,1,0,-1"),
        edits=((RATE, "return {equation}"),),
        en="The rates are those of `{equation}`. Equation 3 (5.3) is `factor * d_model**-0.5 * min(step**-0.5, step * "
        "warmup_steps**-1.5)`: the straight rise meets the falling root at step `warmup_steps`, where the rate is "
        "highest. Compare term by term: another exponent or another step moves that peak, or changes its height.",
        ja="学習率が `{equation}` の値になっています。式 3 (5.3 節) は `factor * d_model**-0.5 * min(step**-0.5, "
        "step * warmup_steps**-1.5)` で、直線の上昇と平方根の下降がステップ `warmup_steps` で出会い、そこで学習率が"
        "最大になります。項ごとに見比べてください。指数やステップが違うと、頂点の位置や高さが変わります。",
        lesson="noam",
        words=_equation,
        covers=(
            "noam-warmup-exponent",
            "noam-without-d-model",
            "noam-grows-with-d-model",
            "noam-constant-after-warmup",
            "noam-falls-with-the-step",
            "noam-one-step-ahead",
            "noam-rises-with-the-root",
        ),
        met=(
            "https://github.com/Kyubyong/transformer/issues/89",
            "https://github.com/espnet/espnet/pull/1519",
            "https://github.com/tugstugi/pytorch-saltnet/issues/7",
        ),
    ),
)
