"""Mistakes in ``beam_search`` (phase 6)."""

from __future__ import annotations

from . import Misconception

DECODE = "hidden = model.decode(tgt, memory.expand(len(live), -1, -1), tgt_mask, _repeat(src_mask, len(live)))"
LOG_PROBS = "torch.log_softmax(model.output_projection(hidden[:, -1]), dim=-1)"
KEPT = "kept = extensions.flatten().topk(min(beam_size, extensions.numel()))"
COLLECT = """
if tokens[-1] == eos_id:
    collected.append((tokens, total))
else:
    extended.append((tokens, total))
"""
RANK = "ranked.sort(key=lambda hypothesis: hypothesis.score, reverse=True)"
ANSWER = "return ranked[:beam_size]"
STOP = """
for total, index in zip(kept.values.tolist(), kept.indices.tolist()):
    ...
    if tokens[-1] == eos_id:
        collected.append((tokens, total))
    else:
        ...
live = extended
if not live:
    break
"""
SCORE = "log_prob / length_penalty(len(tokens), alpha)"
HYPOTHESIS = "Hypothesis(tokens, log_prob / length_penalty(len(tokens), alpha))"

CATALOGUE = (
    Misconception(
        id="beam-ended-hypotheses-go-on",
        task="beam_search",
        edits=((COLLECT, "extended.append((tokens, total))"),),
        en="A hypothesis that has said EOS stays in the beam and is extended further, so EOS stands in the middle of "
        "answers and their scores are mixed with words after the end. What ends in EOS leaves the beam and is "
        "collected.",
        ja="EOS を出した仮説がビームに残って伸び続けるので、答えの途中に EOS が現れ、終わった後の単語の確率までスコア"
        "に混ざります。EOS で終わったものはビームから外して、集めておきます。",
        lesson="beam",
        met=("https://github.com/jarobyte91/pytorch_beam_search/issues/5",),
    ),
    Misconception(
        id="beam-appends-by-rank",
        task="beam_search",
        edits=(
            (
                """
                for total, index in zip(kept.values.tolist(), kept.indices.tolist()):
                    tokens = [*live[index // vocab_size][0], index % vocab_size]
                    ...
                """,
                """
                for rank, (total, index) in enumerate(zip(kept.values.tolist(), kept.indices.tolist())):
                    tokens = [*live[min(rank, len(live) - 1)][0], index % vocab_size]
                    ...
                """,
            ),
        ),
        en="The new token is put on the hypothesis of the same rank, not on the one it extends. Tokens and "
        "log-probability then belong to different sentences. The parent is `index // vocab_size`, the token `index % "
        "vocab_size`.",
        ja="新しいトークンを、それが伸ばした仮説ではなく、同じ順位の仮説に付けています。トークン列と対数確率が別々の"
        "文のものになってしまいます。親は `index // vocab_size`、トークンは `index % vocab_size` です。",
        lesson="beam",
    ),
    Misconception(
        id="beam-starts-with-equal-hypotheses",
        task="beam_search",
        edits=(
            (
                "live: list[tuple[list[int], float]] = [([], 0.0)]",
                "live: list[tuple[list[int], float]] = [([], 0.0)] * beam_size",
            ),
        ),
        en="The search starts with `beam_size` equal hypotheses. Their best extensions are equal too, so the beam "
        "fills with copies of one sentence, and the search is greedy at several times the price. It starts with one.",
        ja="同じ仮説を `beam_size` 個並べて探索を始めています。最良の伸ばし方もすべて同じなので、ビームが一つの文の"
        "写しで埋まり、何倍もの計算をする貪欲法になります。最初の仮説は一つです。",
        lesson="beam",
    ),
    Misconception(
        id="beam-refills-after-eos",
        task="beam_search",
        edits=(
            (KEPT, "kept = extensions.flatten().topk(min(2 * beam_size, extensions.numel()))"),
            (
                COLLECT,
                """
                if tokens[-1] == eos_id:
                    collected.append((tokens, total))
                elif len(extended) < beam_size:
                    extended.append((tokens, total))
                """,
            ),
        ),
        en="Twice `beam_size` extensions are looked at, so that the beam stays full when some end, and an EOS that "
        "ranks below the first `beam_size` is collected as well. Several libraries do so; the rule of this course "
        "keeps `beam_size` in all, EOS or not, and what is not kept is gone.",
        ja="終わる仮説があってもビームが減らないように `beam_size` の 2 倍まで候補を見ており、上位 `beam_size` に入"
        "らない EOS まで集めています。そうするライブラリもありますが、この教材の規則では、EOS かどうかによらず全部"
        "で `beam_size` 個を残し、残らなかったものは捨てます。",
        lesson="beam",
    ),
    Misconception(
        id="beam-greedy-side-by-side",
        task="beam_search",
        edits=(
            (
                """
                for _ in range(max_len):
                    tgt = torch.tensor([[bos_id, *tokens] for tokens, _ in live], device=src.device)
                    ...
                    kept = extensions.flatten().topk(min(beam_size, extensions.numel()))
                    ...
                """,
                """
                for _ in range(max_len):
                    tgt = torch.tensor([[bos_id, *tokens] for tokens, _ in live], device=src.device)
                    ...
                    if tgt.size(1) > 1:
                        best = extensions.amax(dim=1, keepdim=True)
                        extensions = extensions.masked_fill(extensions < best, float("-inf"))
                    width = beam_size if tgt.size(1) == 1 else len(live)
                    kept = extensions.flatten().topk(min(width, extensions.numel()))
                    ...
                """,
            ),
        ),
        en="After the first step each hypothesis keeps its own best extension only: several greedy searches side by "
        "side. A good hypothesis may have two good continuations and a bad one none, so all extensions of all "
        "hypotheses compete for the `beam_size` places together.",
        ja="2 ステップ目からは、各仮説が自分の最良の伸ばし方だけを残しており、貪欲法を並べたのと同じです。良い仮説"
        "には良い続きが二つあり、悪い仮説には一つもないかもしれません。全仮説のすべての伸ばし方を合わせて、"
        "`beam_size` 個の枠を争わせてください。",
        lesson="beam",
    ),
    Misconception(
        id="beam-forgets-the-past",
        task="beam_search",
        edits=(("extensions = so_far.unsqueeze(1) + step_log_probs", "extensions = step_log_probs"),),
        en="Only the log-probability of the last token counts; what a hypothesis had before is not added. An "
        "improbable sentence wins as soon as it ends in a safe word. The log-probability of a sentence is the sum "
        "over all its tokens.",
        ja="最後のトークンの対数確率だけを使い、それまでの分を足していません。ありそうもない文でも、確実な単語で終"
        "われば勝ってしまいます。文の組数確率は、全トークンの対数確率の和です。",
        lesson="beam",
    ),
    Misconception(
        id="beam-adds-logits",
        task="beam_search",
        edits=((LOG_PROBS, "model.output_projection(hidden[:, -1])"),),
        en="Raw logits are added up. They are not normalised: after one prefix they may all lie higher than after "
        "another, and that decides the search. `log_softmax` over the vocabulary makes log-probabilities of them, "
        "which may be compared and added.",
        ja="ロジットをそのまま足しています。ロジットは正規化されておらず、ある接頭辞の後では全体に高く、別の接頭辞"
        "の後では低いことがあり、それが探索を左右してしまいます。語彙についての `log_softmax` で対数確率にすれば、"
        "比べたり足したりできます。",
        lesson="beam",
    ),
    Misconception(
        id="beam-adds-probabilities",
        task="beam_search",
        edits=((LOG_PROBS, "torch.softmax(model.output_projection(hidden[:, -1]), dim=-1)"),),
        en="Probabilities are added instead of their logarithms. Probabilities of successive tokens multiply; a sum "
        "of them grows with every token, so the longest answer wins. Use `log_softmax`.",
        ja="対数確率ではなく、確率そのものを足しています。続くトークンの確率は掛け合わせるもので、和にすると長い答え"
        "ほど大きくなって勝ってしまいます。`log_softmax` を使ってください。",
        lesson="beam",
    ),
    Misconception(
        id="beam-stops-at-the-first-eos",
        task="beam_search",
        edits=(
            (
                STOP,
                """
                for total, index in zip(kept.values.tolist(), kept.indices.tolist()):
                    ...
                    if tokens[-1] == eos_id:
                        collected.append((tokens, total))
                    else:
                        ...
                live = extended
                if collected or not live:
                    break
                """,
            ),
        ),
        en="The search ends as soon as one hypothesis has ended. A longer one that is still live may turn out better "
        "once it ends, because its score is divided by a larger penalty. It ends when nothing is live or `max_len` "
        "is reached.",
        ja="一つの仮説が終わったところで探索をやめています。まだ伸びている長い仮説は、より大きなペナルティで割られ"
        "るので、終わってみると上回ることがあります。探索が終わるのは、伸びている仮説がなくなるか `max_len` に達し"
        "たときです。",
        lesson="beam",
    ),
    Misconception(
        id="beam-stops-when-enough-have-ended",
        task="beam_search",
        edits=(
            (
                STOP,
                """
                for total, index in zip(kept.values.tolist(), kept.indices.tolist()):
                    ...
                    if tokens[-1] == eos_id:
                        collected.append((tokens, total))
                    else:
                        ...
                live = extended
                if len(collected) >= beam_size or not live:
                    break
                """,
            ),
        ),
        en="The search ends as soon as `beam_size` hypotheses have ended, an early stop that several libraries "
        "offer. A live one may still overtake them, because a longer answer is divided by a larger penalty. Stop "
        "early only where no live hypothesis can get among the best any more.",
        ja="`beam_size` 個の仮説が終わったところで探索をやめています (この打ち切りを選べるライブラリもあります)。長"
        "い答えはより大きなペナルティで割られるので、まだ伸びている仮説が後で上回ることがあります。早く打ち切ってよ"
        "いのは、伸びている仮説が上位に入る可能性がなくなったときだけです。",
        lesson="beam",
        met=("https://github.com/OpenNMT/OpenNMT-py/issues/1320",),
    ),
    Misconception(
        id="beam-max-len-counts-bos",
        task="beam_search",
        edits=(("range(max_len)", "range(max_len - 1)"),),
        en="Hypotheses end up one token short: BOS is counted into `max_len`. `max_len` is the number of tokens "
        "said, EOS counted, BOS not.",
        ja="BOS を `max_len` に含めているため、仮説が 1 トークン短くなります。`max_len` は出力するトークンの数で、"
        "EOS は数え、BOS は数えません。",
        lesson="beam",
    ),
    Misconception(
        id="beam-wider-than-the-vocabulary",
        task="beam_search",
        edits=((KEPT, "kept = extensions.flatten().topk(beam_size)"),),
        en="`topk` is asked for more than there is: the first step has one hypothesis and so only `V` extensions, "
        "and a wider beam raises an error. Take `min(beam_size, number of extensions)`.",
        ja="`topk` に、ある数より多くを要求しています。最初のステップの仮説は一つなので伸ばし方は `V` 通りしかなく、"
        "ビームがそれより広いとエラーになります。`min(beam_size, 伸ばし方の数)` にしてください。",
        lesson="beam",
    ),
    Misconception(
        id="beam-without-source-mask",
        task="beam_search",
        edits=((DECODE, "hidden = model.decode(tgt, memory.expand(len(live), -1, -1), tgt_mask, None)"),),
        en="`src_mask` goes to the encoder and not to the decoder: cross-attention reads the padding of the source. "
        "Pass it to `model.decode` as well, once for every hypothesis.",
        ja="`src_mask` をエンコーダには渡し、デコーダには渡していないので、交差注意が原文のパディングを読みます。"
        "`model.decode` にも、仮説の数だけ広げて渡してください。",
        lesson="beam",
    ),
    Misconception(
        id="beam-without-look-ahead",
        task="beam_search",
        edits=(
            (
                DECODE,
                "hidden = model.decode(tgt, memory.expand(len(live), -1, -1), None, _repeat(src_mask, len(live)))",
            ),
        ),
        en="The decoder runs without a look-ahead mask, so earlier positions see the tokens after them, which they "
        "never did in training. From the second layer on this changes the last position too, and the scores are not "
        "those of the model that was trained.",
        ja="先読みマスクなしでデコーダを動かしているので、前の位置から、学習時には見えなかった後ろのトークンが見え"
        "ます。2 層目からは最後の位置にも影響し、学習したモデルのスコアではなくなります。",
        lesson="beam",
    ),
    Misconception(
        id="beam-in-training-mode",
        task="beam_search",
        edits=(("_evaluation_mode(model)", "torch.no_grad()"),),
        en="The search runs in the mode the model is in. In training mode dropout changes the probabilities at every "
        "step, and hypotheses are compared by chance. `model.eval()` while searching, and back afterwards.",
        ja="そのときのモードのまま探索しています。学習モードでは、ドロップアウトのために確率が毎回変わり、偶然で仮説"
        "を比べることになります。探索の間は `model.eval()` とし、終わったら戻してください。",
        lesson="beam",
    ),
    Misconception(
        id="beam-without-length-penalty",
        task="beam_search",
        edits=((SCORE, "log_prob"),),
        en="Answers are ranked by log-probability alone, and alpha has no effect. Every token adds a negative "
        "number, so short answers win although they leave out half of the sentence; the penalty makes up for that.",
        ja="対数確率だけで順位を付けており、alpha が効いていません。トークンごとに負の数が足されるので、文の半分を落"
        "としていても短い答えが勝ちます。それを補うのが長さペナルティです。",
        lesson="length-penalty",
        met=("https://github.com/jarobyte91/pytorch_beam_search/issues/5",),
    ),
    Misconception(
        id="beam-multiplies-by-the-penalty",
        task="beam_search",
        edits=((SCORE, "log_prob * length_penalty(len(tokens), alpha)"),),
        en="The log-probability is multiplied by the penalty. It is negative, so long answers get worse twice over, "
        "the opposite of what the penalty is for. Divide by it.",
        ja="対数確率にペナルティを掛けています。対数確率は負なので、長い答えが二重に不利になり、目的と逆です。ペナル"
        "ティで割ってください。",
        lesson="length-penalty",
    ),
    Misconception(
        id="beam-length-counts-bos",
        task="beam_search",
        edits=((SCORE, "log_prob / length_penalty(len(tokens) + 1, alpha)"),),
        en="The length in the penalty is one too large: BOS is counted. The number of tokens counts EOS, which the "
        "model has said, and not BOS, which it was given. Rankings change only now and then, so this is easily "
        "overlooked.",
        ja="ペナルティの長さに BOS を数えているため、一つ大きくなっています。モデルが出した EOS は数え、与えられた "
        "BOS は数えません。順位はたまにしか変わらないので、見落としやすい間違いです。",
        lesson="length-penalty",
    ),
    Misconception(
        id="beam-length-leaves-out-eos",
        task="beam_search",
        edits=((SCORE, "log_prob / length_penalty(len(tokens) - (tokens[-1] == eos_id), alpha)"),),
        en="EOS is not counted in the length. The log-probability of EOS is in the sum, so EOS belongs in the number "
        "of tokens as well; otherwise ended and unended answers are measured differently.",
        ja="長さに EOS を数えていません。EOS の対数確率は和に入っているので、トークンの数にも入れます。そうしないと、"
        "終わった答えと終わっていない答えで測り方が変わってしまいます。",
        lesson="length-penalty",
        met=("https://github.com/huggingface/transformers/pull/8890",),
    ),
    Misconception(
        id="beam-mean-log-probability",
        task="beam_search",
        edits=((SCORE, "log_prob / len(tokens)"),),
        en="The log-probability is divided by the number of tokens, the mean per token, and alpha is ignored. That "
        "favours long answers more than Wu et al. do: use `length_penalty(number of tokens, alpha)`.",
        ja="対数確率をトークン数で割って 1 トークン当たりの平均にしており、alpha を使っていません。Wu らの式より長"
        "い答えが有利になります。`length_penalty(トークン数, alpha)` で割ってください。",
        lesson="length-penalty",
    ),
    Misconception(
        id="beam-ranks-before-the-penalty",
        task="beam_search",
        edits=(
            ("collected + live", "sorted(collected + live, key=lambda one: -one[1])"),
            (RANK, ""),
        ),
        en="The answers are sorted by log-probability and divided by the penalty afterwards: the scores are right, "
        "their order is not, and the cut to `beam_size` drops the wrong ones. Sort by the score.",
        ja="対数確率で並べてからペナルティで割っています。スコアは正しくても順序が違い、`beam_size` 個に切るときに残"
        "すものも違ってきます。スコアで並べてください。",
        lesson="length-penalty",
    ),
    Misconception(
        id="beam-drops-the-unended",
        task="beam_search",
        edits=(("collected + live", "collected or live"),),
        en="What is still live at `max_len` is dropped as soon as anything has ended. The collected and the live are "
        "ranked together, and an unended hypothesis may be the best of them.",
        ja="終わったものが一つでもあると、`max_len` の時点でまだ伸びている仮説を捨てています。集めたものと伸びてい"
        "るものを一緒に順位付けしてください。終わっていない仮説が最良のこともあります。",
        lesson="beam",
    ),
    Misconception(
        id="beam-worst-first",
        task="beam_search",
        edits=((RANK, "ranked.sort(key=lambda hypothesis: hypothesis.score)"),),
        en="The answers are sorted from low to high, so the worst comes first and the cut to `beam_size` throws away "
        "the best. Scores are negative; the best is the one nearest to 0: `reverse=True`.",
        ja="低い順に並べているので、最悪のものが先頭になり、`beam_size` 個に切るときに最良のものを捨ててしまいます。"
        "スコアは負で、0 に近いほど良いものです。`reverse=True` を付けてください。",
        lesson="beam",
    ),
    Misconception(
        id="beam-returns-everything",
        task="beam_search",
        edits=((ANSWER, "return ranked"),),
        en="All hypotheses that were ever collected are returned. Each step can collect several, so there may be far "
        "more than `beam_size` of them; the answer is the best `beam_size` at most.",
        ja="集めた仮説をすべて返しています。ステップごとに複数集まることもあるので、`beam_size` よりずっと多くなるこ"
        "とがあります。返すのは、上位 `beam_size` 個までです。",
        lesson="beam",
    ),
    Misconception(
        id="beam-returns-the-best-alone",
        task="beam_search",
        edits=((ANSWER, "return ranked[:1]"),),
        en="Only the best hypothesis comes back. The answer is a list of up to `beam_size`, best first: the others "
        "show how sure the search is, and serve for re-ranking.",
        ja="最良の仮説だけを返しています。返すのは、良い順に最大 `beam_size` 個のリストです。残りの仮説から探索の確信"
        "の度合いが分かり、並べ直しにも使えます。",
        lesson="beam",
    ),
    Misconception(
        id="beam-drops-eos",
        task="beam_search",
        edits=(
            (
                HYPOTHESIS,
                """
                Hypothesis(
                    [token for token in tokens if token != eos_id],
                    log_prob / length_penalty(len(tokens), alpha),
                )
                """,
            ),
        ),
        en="EOS is taken out of the tokens that are returned. It stays in where a hypothesis ended, so that one can "
        "tell it from a hypothesis that was cut off at `max_len`, and the length that was scored is the length one "
        "sees.",
        ja="返すトークン列から EOS を除いています。EOS で終わった仮説では残してください。`max_len` で打ち切られた仮説"
        "と区別でき、スコアに使った長さとも一致します。",
        lesson="beam",
    ),
    Misconception(
        id="beam-keeps-bos",
        task="beam_search",
        edits=((HYPOTHESIS, "Hypothesis([bos_id, *tokens], log_prob / length_penalty(len(tokens), alpha))"),),
        en="The tokens that are returned begin with BOS. BOS starts the decoder and is no part of the answer: a "
        "hypothesis holds what the model said, EOS included.",
        ja="返すトークン列が BOS で始まっています。BOS はデコーダを動かし始めるためのもので、答えの一部ではありませ"
        "ん。仮説には、モデルが出力したもの (EOS を含む) だけを入れます。",
        lesson="beam",
    ),
    Misconception(
        id="beam-keeps-and-counts-bos",
        task="beam_search",
        edits=((HYPOTHESIS, "Hypothesis([bos_id, *tokens], log_prob / length_penalty(len(tokens) + 1, alpha))"),),
        en="Every answer begins with BOS, and the length penalty counts it. BOS is what the decoder is given to start "
        "from, not what the model said: a hypothesis holds the tokens that were made, EOS included, and its length is "
        "their number.",
        ja="答えの先頭に BOS が残り、長さペナルティの長さにも数えられています。BOS はデコーダに最初に与えるもので、"
        "モデルの出力ではありません。仮説に入れるのは出力したトークン (EOS を含む) だけで、長さもその個数です。",
        lesson="beam",
    ),
    Misconception(
        id="beam-penalty-is-a-power-of-the-length",
        task="beam_search",
        edits=((SCORE, "log_prob / len(tokens) ** alpha"),),
        en="The log-probability is divided by `len(tokens) ** alpha`. Some implementations use it; the paper follows "
        "Wu et al., and `length_penalty(len(tokens), alpha)` has it: `((5 + length) / 6) ** alpha`, which favours "
        "long answers less.",
        ja="対数確率を `len(tokens) ** alpha` で割っています。これを使う実装もありますが、論文は Wu らの式に従います。"
        "`length_penalty(len(tokens), alpha)` の `((5 + length) / 6) ** alpha` で、長い答えをこれほど優遇しません。",
        lesson="length-penalty",
        met=("https://github.com/vllm-project/vllm/issues/2606",),
    ),
    Misconception(
        id="beam-penalty-of-the-longest",
        task="beam_search",
        edits=((SCORE, "log_prob / length_penalty(max_len, alpha)"),),
        en="All answers are divided by the penalty of `max_len`, one and the same number, which changes no order: "
        "short answers win as if there were no penalty. Each is divided by the penalty of its own length.",
        ja="どの答えも `max_len` のペナルティという同じ数で割っているので、順位は変わらず、ペナルティがないかのように"
        "短い答えが勝ちます。それぞれの長さのペナルティで割ってください。",
        lesson="length-penalty",
        met=("https://github.com/OpenNMT/OpenNMT-tf/pull/456",),
    ),
)
