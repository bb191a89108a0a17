"""Phase 6: mistakes in the beam search itself: what is extended, kept and collected."""

from __future__ import annotations

from . import Misconception

_ENTER = "    with _evaluation_mode(model):\n        memory = model.encode(src, src_mask)  # (1, L_src, d_model)\n"
_START = "live: list[tuple[list[int], float]] = [([], 0.0)]  # tokens and log-probability"
_LOOP = "for _ in range(max_len):\n            tgt ="
_DECODE = "hidden = model.decode(tgt, _repeat(memory, len(live)), tgt_mask, _repeat(src_mask, len(live)))"
_LOG_PROBS = "torch.log_softmax(model.output_projection(hidden[:, -1]), dim=-1)"
_SUM = "extensions = so_far.unsqueeze(1) + step_log_probs"
_KEPT = "kept = extensions.flatten().topk(min(beam_size, extensions.numel()))"
_EACH = "for total, index in zip(kept.values.tolist(), kept.indices.tolist()):"
_TOKENS = "tokens = [*parents[index // vocab_size][0], index % vocab_size]"
_SORTED_IN = "(collected if tokens[-1] == eos_id else live).append((tokens, total))"
_STOP = "            if not live:\n                break\n"

CATALOGUE = (
    Misconception(
        id="beam-ended-hypotheses-go-on",
        task="beam_search",
        edits=((_SORTED_IN, "live.append((tokens, total))"),),
        lesson="beam",
        en="A hypothesis that has said EOS stays in the beam and is extended further, so EOS stands in the middle of "
        "answers and their scores are mixed with words after the end. What ends in EOS leaves the beam and is "
        "collected.",
        ja="EOS を出した仮説がビームに残って伸び続けるので、答えの途中に EOS が現れ、終わった後の単語の確率までスコア"
        "に混ざります。EOS で終わったものはビームから外して、集めておきます。",
    ),
    Misconception(
        id="beam-appends-by-rank",
        task="beam_search",
        edits=(
            (_EACH, "for rank, (total, index) in enumerate(zip(kept.values.tolist(), kept.indices.tolist())):"),
            (_TOKENS, "tokens = [*parents[min(rank, len(parents) - 1)][0], index % vocab_size]"),
        ),
        lesson="beam",
        en="The new token is put on the hypothesis of the same rank, not on the one it extends. Tokens and "
        "log-probability then belong to different sentences. The parent is `index // vocab_size`, the token `index % "
        "vocab_size`.",
        ja="新しいトークンを、それが伸ばした仮説ではなく、同じ順位の仮説に付けています。トークン列と対数確率が別々の"
        "文のものになってしまいます。親は `index // vocab_size`、トークンは `index % vocab_size` です。",
    ),
    Misconception(
        id="beam-starts-with-equal-hypotheses",
        task="beam_search",
        edits=((_START, _START.replace("[([], 0.0)]", "[([], 0.0)] * beam_size")),),
        lesson="beam",
        en="The search starts with `beam_size` equal hypotheses. Their best extensions are equal too, so the beam "
        "fills with copies of one sentence, and the search is greedy at several times the price. It starts with one.",
        ja="同じ仮説を `beam_size` 個並べて探索を始めています。最良の伸ばし方もすべて同じなので、ビームが一つの文の"
        "写しで埋まり、何倍もの計算をする貪欲法になります。最初の仮説は一つです。",
    ),
    Misconception(
        id="beam-refills-after-eos",
        task="beam_search",
        edits=(
            (_KEPT, _KEPT.replace("min(beam_size,", "min(2 * beam_size,")),
            (
                _SORTED_IN,
                "if tokens[-1] == eos_id:\n                    collected.append((tokens, total))\n"
                "                elif len(live) < beam_size:\n                    live.append((tokens, total))",
            ),
        ),
        lesson="beam",
        en="Twice `beam_size` extensions are looked at, so that the beam stays full when some end, and an EOS that "
        "ranks below the first `beam_size` is collected as well. Several libraries do so; the rule of this course "
        "keeps `beam_size` in all, EOS or not, and what is not kept is gone.",
        ja="終わる仮説があってもビームが減らないように `beam_size` の 2 倍まで候補を見ており、上位 `beam_size` に入"
        "らない EOS まで集めています。そうするライブラリもありますが、この教材の規則では、EOS かどうかによらず全部"
        "で `beam_size` 個を残し、残らなかったものは捨てます。",
    ),
    Misconception(
        id="beam-greedy-side-by-side",
        task="beam_search",
        edits=(
            (
                "            " + _KEPT,
                "            if tgt.size(1) > 1:\n"
                "                best = extensions.amax(dim=1, keepdim=True)\n"
                '                extensions = extensions.masked_fill(extensions < best, float("-inf"))\n'
                "            width = beam_size if tgt.size(1) == 1 else len(live)\n"
                "            kept = extensions.flatten().topk(min(width, extensions.numel()))",
            ),
        ),
        lesson="beam",
        en="After the first step each hypothesis keeps its own best extension only: several greedy searches side by "
        "side. A good hypothesis may have two good continuations and a bad one none, so all extensions of all "
        "hypotheses compete for the `beam_size` places together.",
        ja="2 ステップ目からは、各仮説が自分の最良の伸ばし方だけを残しており、貪欲法を並べたのと同じです。良い仮説"
        "には良い続きが二つあり、悪い仮説には一つもないかもしれません。全仮説のすべての伸ばし方を合わせて、"
        "`beam_size` 個の枠を争わせてください。",
    ),
    Misconception(
        id="beam-forgets-the-past",
        task="beam_search",
        edits=((_SUM, "extensions = step_log_probs"),),
        lesson="beam",
        en="Only the log-probability of the last token counts; what a hypothesis had before is not added. An "
        "improbable sentence wins as soon as it ends in a safe word. The log-probability of a sentence is the sum "
        "over all its tokens.",
        ja="最後のトークンの対数確率だけを使い、それまでの分を足していません。ありそうもない文でも、確実な単語で終"
        "われば勝ってしまいます。文の組数確率は、全トークンの対数確率の和です。",
    ),
    Misconception(
        id="beam-adds-logits",
        task="beam_search",
        edits=((_LOG_PROBS, "model.output_projection(hidden[:, -1])"),),
        lesson="beam",
        en="Raw logits are added up. They are not normalised: after one prefix they may all lie higher than after "
        "another, and that decides the search. `log_softmax` over the vocabulary makes log-probabilities of them, "
        "which may be compared and added.",
        ja="ロジットをそのまま足しています。ロジットは正規化されておらず、ある接頭辞の後では全体に高く、別の接頭辞"
        "の後では低いことがあり、それが探索を左右してしまいます。語彙についての `log_softmax` で対数確率にすれば、"
        "比べたり足したりできます。",
    ),
    Misconception(
        id="beam-adds-probabilities",
        task="beam_search",
        edits=((_LOG_PROBS, _LOG_PROBS.replace("log_softmax", "softmax")),),
        lesson="beam",
        en="Probabilities are added instead of their logarithms. Probabilities of successive tokens multiply; a sum "
        "of them grows with every token, so the longest answer wins. Use `log_softmax`.",
        ja="対数確率ではなく、確率そのものを足しています。続くトークンの確率は掛け合わせるもので、和にすると長い答え"
        "ほど大きくなって勝ってしまいます。`log_softmax` を使ってください。",
    ),
    Misconception(
        id="beam-stops-at-the-first-eos",
        task="beam_search",
        edits=((_STOP, _STOP.replace("not live", "collected or not live")),),
        lesson="beam",
        en="The search ends as soon as one hypothesis has ended. A longer one that is still live may turn out better "
        "once it ends, because its score is divided by a larger penalty. It ends when nothing is live or `max_len` "
        "is reached.",
        ja="一つの仮説が終わったところで探索をやめています。まだ伸びている長い仮説は、より大きなペナルティで割られ"
        "るので、終わってみると上回ることがあります。探索が終わるのは、伸びている仮説がなくなるか `max_len` に達し"
        "たときです。",
    ),
    Misconception(
        id="beam-stops-when-enough-have-ended",
        task="beam_search",
        edits=((_STOP, _STOP.replace("not live", "len(collected) >= beam_size or not live")),),
        lesson="beam",
        en="The search ends as soon as `beam_size` hypotheses have ended, an early stop that several libraries "
        "offer. A live one may still overtake them, because a longer answer is divided by a larger penalty. Stop "
        "early only where no live hypothesis can get among the best any more.",
        ja="`beam_size` 個の仮説が終わったところで探索をやめています (この打ち切りを選べるライブラリもあります)。長"
        "い答えはより大きなペナルティで割られるので、まだ伸びている仮説が後で上回ることがあります。早く打ち切ってよ"
        "いのは、伸びている仮説が上位に入る可能性がなくなったときだけです。",
    ),
    Misconception(
        id="beam-max-len-counts-bos",
        task="beam_search",
        edits=((_LOOP, _LOOP.replace("max_len", "max_len - 1")),),
        lesson="beam",
        en="Hypotheses end up one token short: BOS is counted into `max_len`. `max_len` is the number of tokens "
        "said, EOS counted, BOS not.",
        ja="BOS を `max_len` に含めているため、仮説が 1 トークン短くなります。`max_len` は出力するトークンの数で、"
        "EOS は数え、BOS は数えません。",
    ),
    Misconception(
        id="beam-wider-than-the-vocabulary",
        task="beam_search",
        edits=((_KEPT, "kept = extensions.flatten().topk(beam_size)"),),
        lesson="beam",
        en="`topk` is asked for more than there is: the first step has one hypothesis and so only `V` extensions, "
        "and a wider beam raises an error. Take `min(beam_size, number of extensions)`.",
        ja="`topk` に、ある数より多くを要求しています。最初のステップの仮説は一つなので伸ばし方は `V` 通りしかなく、"
        "ビームがそれより広いとエラーになります。`min(beam_size, 伸ばし方の数)` にしてください。",
    ),
    Misconception(
        id="beam-without-source-mask",
        task="beam_search",
        edits=((_DECODE, _DECODE.replace("_repeat(src_mask, len(live))", "None")),),
        lesson="beam",
        en="`src_mask` goes to the encoder and not to the decoder: cross-attention reads the padding of the source. "
        "Pass it to `model.decode` as well, once for every hypothesis.",
        ja="`src_mask` をエンコーダには渡し、デコーダには渡していないので、交差注意が原文のパディングを読みます。"
        "`model.decode` にも、仮説の数だけ広げて渡してください。",
    ),
    Misconception(
        id="beam-without-look-ahead",
        task="beam_search",
        edits=((_DECODE, _DECODE.replace("tgt_mask", "None")),),
        lesson="beam",
        en="The decoder runs without a look-ahead mask, so earlier positions see the tokens after them, which they "
        "never did in training. From the second layer on this changes the last position too, and the scores are not "
        "those of the model that was trained.",
        ja="先読みマスクなしでデコーダを動かしているので、前の位置から、学習時には見えなかった後ろのトークンが見え"
        "ます。2 層目からは最後の位置にも影響し、学習したモデルのスコアではなくなります。",
    ),
    Misconception(
        id="beam-in-training-mode",
        task="beam_search",
        edits=((_ENTER, _ENTER.replace("_evaluation_mode(model)", "torch.no_grad()")),),
        lesson="beam",
        en="The search runs in the mode the model is in. In training mode dropout changes the probabilities at every "
        "step, and hypotheses are compared by chance. `model.eval()` while searching, and back afterwards.",
        ja="そのときのモードのまま探索しています。学習モードでは、ドロップアウトのために確率が毎回変わり、偶然で仮説"
        "を比べることになります。探索の間は `model.eval()` とし、終わったら戻してください。",
    ),
)
