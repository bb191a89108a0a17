"""Mistakes in ``beam_search`` (phase 6) at the start and the end of hypotheses, and in numbers on the way."""

from __future__ import annotations

from . import Misconception
from .phase6_beam_search import HYPOTHESIS, LOG_PROBS

TGT = "tgt = torch.tensor([[bos_id, *tokens] for tokens, _ in live], device=src.device)"
STEP_END = """
vocab_size = extensions.size(1)
kept = extensions.flatten().topk(min(beam_size, extensions.numel()))
...
live = extended
if not live{or_if}:
    break
"""
EXTENDED = """
tokens = [*live[index // vocab_size][0], index % vocab_size]
if tokens[-1] == eos_id:
"""

CATALOGUE = (
    Misconception(
        id="beam-starts-with-bos-twice",
        task="beam_search",
        edits=((TGT, "tgt = torch.tensor([[bos_id, bos_id, *tokens] for tokens, _ in live], device=src.device)"),),
        en="The decoder is given two BOS. In training a target had one, so every token stands one position further "
        "on than the model has learned: `[bos_id, *tokens]`.",
        ja="デコーダに BOS を二つ渡しています。学習時の訳文の BOS は一つなので、どのトークンも、学習したより一つ後ろ"
        "の位置に来てしまいます。渡すのは `[bos_id, *tokens]` です。",
        lesson="beam",
        met=("https://github.com/facebookresearch/ParlAI/pull/1486",),
    ),
    Misconception(
        id="beam-starts-from-eos",
        task="beam_search",
        edits=((TGT, "tgt = torch.tensor([[eos_id, *tokens] for tokens, _ in live], device=src.device)"),),
        en="The decoder is started with EOS instead of BOS. In training every target began with BOS, so the model "
        "has never seen this beginning, and its first words are a guess.",
        ja="BOS ではなく EOS からデコーダを始めています。学習時の訳文はすべて BOS で始まっていたので、モデルはこの始"
        "まり方を見たことがなく、最初の単語が当て推量になります。",
        lesson="beam",
    ),
    Misconception(
        id="beam-divides-for-the-parent",
        task="beam_search",
        edits=(("live[index // vocab_size][0]", "live[index / vocab_size][0]"),),
        en="The parent of an extension is `index / vocab_size`, which is a fraction, and no index. The flat list "
        "holds a row of `vocab_size` extensions for each live hypothesis: whole rows are counted by `//`, and the "
        "token is the rest, `%`.",
        ja="伸ばす前の仮説を `index / vocab_size` で求めていますが、これは小数で、添字になりません。平らに並べた候補"
        "には、仮説ごとに `vocab_size` 個の行があります。何行目かを数えるのは `//`、トークンは余り `%` です。",
        lesson="beam",
        met=(
            "https://github.com/pcyin/pytorch_basic_nmt/issues/3",
            "https://github.com/Tbabm/CUP/issues/1",
            "https://github.com/huggingface/transformers/pull/18165",
        ),
    ),
    Misconception(
        id="beam-stops-when-the-best-has-ended",
        task="beam_search",
        edits=(
            (
                STEP_END.replace("{or_if}", ""),
                STEP_END.replace("{or_if}", " or kept.indices[0] % vocab_size == eos_id"),
            ),
        ),
        en="The search ends as soon as the most probable extension is an EOS. A longer hypothesis that is still live "
        "may have the better score, because the length penalty comes afterwards: go on while any is live, up to "
        "`max_len`.",
        ja="もっとも確率の高い伸ばし方が EOS になったところで、探索を終えています。長さペナルティは後で割るので、まだ続"
        "いている長い仮説のほうが高いスコアになることがあります。続いている仮説がある間は `max_len` まで進めてくださ"
        "い。",
        lesson="beam",
        met=("https://github.com/joeynmt/joeynmt/issues/148",),
    ),
    Misconception(
        id="beam-log-of-softmax",
        task="beam_search",
        edits=((LOG_PROBS, "torch.log(torch.softmax(model.output_projection(hidden[:, -1]), dim=-1))"),),
        en="`log(softmax(x))` breaks in floating point: a token 104 or more below the best has probability 0 in "
        "float32, and its logarithm is minus infinity. Hypotheses that are improbable, but needed to fill the beam, "
        "are then all alike. `log_softmax` keeps their log-probability finite.",
        ja="`log(softmax(x))` は浮動小数点数では壊れます。最大値より 104 ほど低いトークンの確率は float32 で 0 にな"
        "り、対数は -inf です。ビームを埋めるのに必要な確率の低い仮説が、どれも区別できなくなります。`log_softmax` "
        "なら有限の値のままです。",
        lesson="beam",
    ),
    Misconception(
        id="beam-drops-the-last-token",
        task="beam_search",
        edits=((HYPOTHESIS, "Hypothesis(tokens[:-1], log_prob / length_penalty(len(tokens), alpha))"),),
        en="The last token of every hypothesis is cut off, whether it is EOS or a word at which `max_len` was "
        "reached. EOS stays in where a hypothesis ended; nothing is cut from the others.",
        ja="どの仮説からも、EOS であれ `max_len` で終わった単語であれ、最後のトークンを切り落としています。終わった"
        "仮説の EOS は残し、ほかの仮説からは何も取り除きません。",
        lesson="beam",
    ),
    Misconception(
        id="beam-one-token-too-many",
        task="beam_search",
        edits=(("range(max_len)", "range(max_len + 1)"),),
        en="An answer may have one token more than `max_len`. `max_len` counts the tokens that are made, EOS "
        "included and BOS not; where positions are limited, the one too many is an error.",
        ja="答えが `max_len` より 1 トークン長くなることがあります。`max_len` は出力するトークンの数で、EOS を含み、"
        "BOS を含みません。位置の数に上限があるモデルでは、余分な一つがエラーになります。",
        lesson="beam",
        met=("https://github.com/PaddlePaddle/models/pull/1023",),
    ),
    Misconception(
        id="beam-eos-not-scored",
        task="beam_search",
        edits=(
            (
                EXTENDED + "    collected.append((tokens, total))\nelse:\n    ...",
                EXTENDED + "    collected.append((tokens, live[index // vocab_size][1]))\nelse:\n    ...",
            ),
        ),
        en="A hypothesis that ends keeps the log-probability from before its EOS: how improbable the end was does "
        "not count. An end is a token like the others, and its log-probability belongs to the sum.",
        ja="終わった仮説の対数確率が EOS の前のままで、終わりがどれほどありそうかが数えられていません。EOS もほかと"
        "同じトークンなので、その対数確率も和に含めてください。",
        lesson="beam",
        met=("https://github.com/OpenNMT/OpenNMT-tf/issues/432",),
    ),
)
