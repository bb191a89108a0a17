"""Mistakes in ``LabelSmoothingLoss`` (phase 5)."""

from __future__ import annotations

from . import Misconception

LOG_PROBS = "torch.log_softmax(logits, dim=-1)"
PER_TOKEN = "per_token = -(1.0 - self.smoothing) * at_target - self.smoothing * log_probs.mean(dim=-1)"
MEAN = "return per_token.masked_fill(~is_real, 0.0).sum() / is_real.sum().clamp(min=1)"

CATALOGUE = (
    Misconception(
        id="smoothing-exchanged",
        task="LabelSmoothingLoss",
        edits=(
            (PER_TOKEN, "per_token = -self.smoothing * at_target - (1.0 - self.smoothing) * log_probs.mean(dim=-1)"),
        ),
        en="`smoothing` and `1 - smoothing` are exchanged: the right token gets 0.1 of the target and the uniform "
        "distribution 0.9. The model learns to be almost undecided; greedy decoding may still work, because the "
        "largest probability is still the right one, and so this stays unnoticed.",
        ja="`smoothing` と `1 - smoothing` が入れ替わり、正解のトークンに 0.1、一様分布に 0.9 を割り当てています。"
        "モデルはほとんど迷ったままになるように学習します。それでも最大の確率は正解のものなので、貪欲法では動くこと"
        "があり、気づきにくい間違いです。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="smoothing-ignored",
        task="LabelSmoothingLoss",
        edits=((PER_TOKEN, "per_token = -at_target"),),
        en="This is plain cross-entropy: `smoothing` has no effect. The paper softens the target with epsilon 0.1, "
        "which makes perplexity worse and accuracy and BLEU better (5.4): the model is no longer pushed towards a "
        "probability of exactly 1.",
        ja="`smoothing` が効かず、普通の交差エントロピーになっています。論文は epsilon 0.1 で目標分布をやわらげ、パー"
        "プレキシティは悪くなるものの正解率と BLEU は良くなると述べています (5.4 節)。確率をちょうど 1 に近づけよう"
        "とし続けることがなくなるためです。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="smoothing-over-the-other-tokens",
        task="LabelSmoothingLoss",
        edits=(
            (
                PER_TOKEN,
                """
                off = self.smoothing / (logits.size(-1) - 1)
                per_token = -(1.0 - self.smoothing - off) * at_target - off * log_probs.sum(dim=-1)
                """,
            ),
        ),
        en="Epsilon is shared out over the `V - 1` wrong tokens alone, `eps / (V - 1)` each. Szegedy et al. mix with "
        "the uniform distribution over all `V` tokens, so every token gets `eps / V` and the right one `1 - eps + "
        "eps / V`. The other form is used elsewhere too, but then eps means something a little different.",
        ja="epsilon を正解以外の `V - 1` 個だけに `eps / (V - 1)` ずつ配っています。Szegedy らは `V` 個すべての一様分"
        "布と混ぜるので、どのトークンも `eps / V` を受け取り、正解は `1 - eps + eps / V` になります。前者を使う実装も"
        "ありますが、eps の意味が少し変わります。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="smoothing-leaves-out-the-padding-token",
        task="LabelSmoothingLoss",
        edits=(
            (
                PER_TOKEN,
                """
                off = self.smoothing / max(logits.size(-1) - 2, 1)
                others = log_probs.sum(dim=-1) - at_target - log_probs[..., self.pad_id]
                per_token = -(1.0 - self.smoothing) * at_target - off * others
                """,
            ),
        ),
        en="The padding token gets nothing, and the rest is shared out over `V - 2` tokens. Some well-known "
        "implementations do so; the formula of the paper's source is a mixture with the uniform distribution, `eps / "
        "V` for every token of the vocabulary, the padding token and the right one included.",
        ja="パディングのトークンには何も配らず、残りを `V - 2` 個に配っています。そうする有名な実装もありますが、論文"
        "が引用する式は一様分布との混合です。パディングや正解も含め、語彙のすべてのトークンに `eps / V` を配ります。",
        lesson="label-smoothing",
        met=("https://github.com/OpenNMT/OpenNMT-py/issues/1463",),
    ),
    Misconception(
        id="smoothing-target-below-one",
        task="LabelSmoothingLoss",
        edits=(
            (
                PER_TOKEN,
                """
                off = self.smoothing / logits.size(-1)
                per_token = -(1.0 - self.smoothing) * at_target - off * (log_probs.sum(dim=-1) - at_target)
                """,
            ),
        ),
        en="The wrong tokens get `eps / V`, the right one `1 - eps` and not its own `eps / V` on top, as when the "
        "table is filled with `eps / V` and `1 - eps` is written over it. The target adds up to `1 - eps / V` only "
        "and is no distribution: equal logits should cost exactly `log V`.",
        ja="正解以外に `eps / V`、正解に `1 - eps` を与え、正解自身の `eps / V` を足していません (`eps / V` で埋め"
        "てから `1 - eps` を上書きすると、こうなります)。合計が `1 - eps / V` にしかならず、分布ではありません。ロ"
        "ジットがすべて等しいときの損失は、ちょうど `log V` になるはずです。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="smoothing-only-in-training-mode",
        task="LabelSmoothingLoss",
        edits=(
            (
                PER_TOKEN,
                """
                eps = self.smoothing if self.training else 0.0
                per_token = -(1.0 - eps) * at_target - eps * log_probs.mean(dim=-1)
                """,
            ),
        ),
        en="The loss smooths in training mode only. Dropout changes with the mode, a loss does not: otherwise the "
        "losses of training and of evaluation are two different quantities, and the gap between them says nothing "
        "about overfitting. For plain cross-entropy, build the loss with `smoothing=0.0`.",
        ja="学習モードのときだけ平滑化しています。モードで変わるのはドロップアウトであって、損失ではありません。そう"
        "しないと学習時と評価時の損失が別の量になり、両者の差から過学習を読み取れなくなります。普通の交差エントロピー"
        "が欲しければ `smoothing=0.0` で作ってください。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-is-a-kl-divergence",
        task="LabelSmoothingLoss",
        edits=(
            (
                PER_TOKEN,
                """
                import math

                vocab_size = logits.size(-1)
                off = self.smoothing / vocab_size
                on = 1.0 - self.smoothing + off
                entropy = -sum(n * q * math.log(q) for n, q in ((1, on), (vocab_size - 1, off)) if q > 0)
                per_token = -(1.0 - self.smoothing) * at_target - self.smoothing * log_probs.mean(dim=-1) - entropy
                """,
            ),
        ),
        en="This is the KL divergence from the smoothed target, `sum q log(q / p)`, as `nn.KLDivLoss` computes it. "
        "It differs from cross-entropy, `-sum q log p`, by the entropy of the target, a constant: the gradients are "
        "the same, but the reported loss goes to 0 instead of the floor of 0.537 (eps 0.1, V = 13).",
        ja="平滑化した目標分布との KL ダイバージェンス `sum q log(q / p)` になっています (`nn.KLDivLoss` と同じ)。"
        "交差エントロピー `-sum q log p` との差は目標分布のエントロピーという定数なので、勾配は同じですが、表示され"
        "る損失の下限が変わります (eps 0.1、V = 13 なら、0.537 であるべきところが 0)。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-is-a-kl-divergence-without-the-padding-token",
        task="LabelSmoothingLoss",
        edits=(
            (
                PER_TOKEN,
                """
                import math

                others = max(logits.size(-1) - 2, 1)
                on, off = 1.0 - self.smoothing, self.smoothing / others
                entropy = -sum(n * q * math.log(q) for n, q in ((1, on), (others, off)) if q > 0)
                unlike = log_probs.sum(dim=-1) - at_target - log_probs[..., self.pad_id]
                per_token = -on * at_target - off * unlike - entropy
                """,
            ),
        ),
        en="This is the KL divergence from a target with `1 - eps` at the right token, 0 at the padding token and "
        "`eps / (V - 2)` at the others, as a well-known annotated implementation has it with `nn.KLDivLoss`. The "
        "paper's source (Szegedy et al.) mixes with `eps / V` over all tokens, and asks for cross-entropy, which is "
        "larger by the entropy of the target: the loss here goes to 0 instead.",
        ja="正解のトークンが `1 - eps`、パディングが 0、残りが `eps / (V - 2)` の目標分布との KL ダイバージェンスになっ"
        "ています (`nn.KLDivLoss` を使う有名な注釈つき実装と同じ)。論文の元 (Szegedy ら) は全トークンに `eps / V` を混"
        "ぜ、交差エントロピーをとります。その差は目標分布のエントロピーで、ここでは損失の下限が 0 になります。",
        lesson="label-smoothing",
        met=("https://github.com/harvardnlp/annotated-transformer/blob/master/the_annotated_transformer.py",),
    ),
    Misconception(
        id="loss-of-probabilities-taken-for-logits",
        task="LabelSmoothingLoss",
        edits=((LOG_PROBS, "torch.log_softmax(torch.softmax(logits, dim=-1), dim=-1)"),),
        en="Softmax is taken twice: first to get probabilities, then inside `log_softmax`. Probabilities lie between "
        "0 and 1, so taken for logits they can never give more than `e / (e + V - 1)`: the loss stays high however "
        "good the model is, and the gradients are weak.",
        ja="ソフトマックスを 2 回適用しています (確率にしてから、さらに `log_softmax` へ)。確率は 0 から 1 の範囲な"
        "ので、ロジットとみなすと、どれほど良いモデルでも `e / (e + V - 1)` を超える確率になりません。損失は高いま"
        "ま下がらず、勾配も弱くなります。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-log-of-softmax",
        task="LabelSmoothingLoss",
        edits=((LOG_PROBS, "torch.log(torch.softmax(logits, dim=-1))"),),
        en="`log(softmax(x))` is right on paper and breaks in floating point: a token 104 or more below the best has "
        "probability 0 in float32, its logarithm is -inf, and the loss is inf with NaN gradients. `log_softmax` "
        "subtracts the maximum and never takes the logarithm of 0.",
        ja="`log(softmax(x))` は紙の上では正しくても、浮動小数点数では壊れます。最大値より 104 ほど低いトークンの確"
        "率は float32 で 0 になり、その対数は -inf、損失は inf、勾配は NaN です。`log_softmax` は最大値を引いて計算"
        "し、0 の対数を取りません。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-softmax-over-positions",
        task="LabelSmoothingLoss",
        edits=((LOG_PROBS, "torch.log_softmax(logits, dim=1)"),),
        en="The softmax runs over the positions of the sentence (`dim=1`) instead of the vocabulary. Every position "
        "has a distribution of its own over the `V` tokens, so the sum must go over the last dimension of `(B, L, "
        "V)`; as it is, padding and other words decide how probable a word is.",
        ja="ソフトマックスを語彙ではなく文の位置の次元 (`dim=1`) で計算しています。各位置が `V` 個のトークンについ"
        "ての分布を持つので、和を取るのは `(B, L, V)` の最後の次元です。このままでは、パディングやほかの単語が単語"
        "の確率を左右します。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-padding-counts",
        task="LabelSmoothingLoss",
        edits=((MEAN, "return per_token.mean()"),),
        en="Padding is averaged like any other token. In a ragged batch it can be half of the positions; the model "
        "learns to say padding after padding, which is easy, and the loss looks better than the model is. Positions "
        "whose target is `pad_id` count neither in the sum nor in the number.",
        ja="パディングもほかのトークンと同じように平均しています。長さが不ぞろいなバッチでは半分を占めることもあり、"
        "モデルは「パディングの次はパディング」という簡単なことを覚え、損失が実力より良く見えます。目標が `pad_id` の"
        "位置は、和にも個数にも入れません。",
        lesson="padding",
        met=("https://github.com/k-tahiro/bert-summarizer/pull/41",),
    ),
    Misconception(
        id="loss-divides-by-all-positions",
        task="LabelSmoothingLoss",
        edits=((MEAN, "return per_token.masked_fill(~is_real, 0.0).mean()"),),
        en="The padding is taken out of the sum but not out of the number that it is divided by (`B * L`, as "
        "`.mean()` does after masking). The more padding a batch has, the smaller its loss and its gradients become. "
        "Divide by the number of real tokens.",
        ja="パディングを和からは除いていますが、割る数からは除いていません (マスクした後の `.mean()` は `B * L` で"
        "割ります)。パディングの多いバッチほど損失も勾配も小さくなります。本物のトークンの数で割ってください。",
        lesson="padding",
        met=("https://github.com/eladhoffer/utils.pytorch/issues/4",),
    ),
    Misconception(
        id="loss-mean-of-row-means",
        task="LabelSmoothingLoss",
        edits=(
            (
                MEAN,
                """
                rows = per_token.masked_fill(~is_real, 0.0).sum(dim=1) / is_real.sum(dim=1).clamp(min=1)
                return rows.sum() / is_real.any(dim=1).sum().clamp(min=1)
                """,
            ),
        ),
        en="Each sentence is averaged first, then the sentences. A token of a short sentence counts more than one of "
        "a long sentence; without padding nobody sees the difference. The mean goes over all real tokens of the "
        "batch at once.",
        ja="文ごとに平均してから、文の間で平均しています。短い文のトークンが長い文のトークンより重くなります (パディ"
        "ングがなければ違いは見えません)。平均は、バッチのすべての本物のトークンについて一度に取ります。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-is-a-sum",
        task="LabelSmoothingLoss",
        edits=((MEAN, "return per_token.masked_fill(~is_real, 0.0).sum()"),),
        en="The losses of the tokens are summed and not averaged. Loss and gradients then grow with the size of the "
        "batch, as if the learning rate did; Adam and clipping hide it, and losses of two batches cannot be "
        "compared. Divide by the number of real tokens.",
        ja="トークンの損失を合計するだけで、平均していません。損失と勾配がバッチの大きさに比例し、学習率を変えたの"
        "と同じことになります。Adam やクリッピングがあると気づきにくく、バッチ同士の損失も比べられません。本物のトー"
        "クンの数で割ってください。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-nan-without-real-tokens",
        task="LabelSmoothingLoss",
        edits=((MEAN, "return per_token.masked_fill(~is_real, 0.0).sum() / is_real.sum()"),),
        en="A batch of padding alone gives 0 / 0, which is NaN; one such batch, and after `backward()` every weight "
        "of the model is NaN. Divide by at least 1 (`clamp(min=1)`): the sum above is 0 then, and so are the "
        "gradients.",
        ja="パディングだけのバッチで 0 / 0 となり、NaN になります。そのようなバッチが一つあるだけで、`backward()` "
        "と更新の後にはモデルの全重みが NaN です。少なくとも 1 で割ってください (`clamp(min=1)`)。分子の和は 0 なの"
        "で、損失も勾配も 0 になります。",
        lesson="padding",
    ),
    Misconception(
        id="loss-assumes-padding-id-0",
        task="LabelSmoothingLoss",
        edits=(("is_real = target != self.pad_id", "is_real = target != 0"),),
        en="Padding is recognised by the id 0 instead of by `self.pad_id`. With another `pad_id`, the real padding "
        "counts as an answer, and the ordinary token with id 0 is never learned.",
        ja="パディングを `self.pad_id` ではなく id 0 で判定しています。`pad_id` が 0 でなければ、本物のパディングが"
        "答えとして数えられ、id 0 の普通のトークンは学習されません。",
        lesson="padding",
    ),
    Misconception(
        id="loss-detached-where-all-is-padding",
        task="LabelSmoothingLoss",
        edits=(
            (
                MEAN,
                """
                if not is_real.any():
                    return logits.new_zeros(())
                return per_token.masked_fill(~is_real, 0.0).sum() / is_real.sum().clamp(min=1)
                """,
            ),
        ),
        en="Where all targets are padding, a fresh tensor of 0 is returned. The number is right, but it hangs on "
        "nothing: `backward()` raises, and the training loop dies on the first such batch. A sum over the masked "
        "losses is 0 as well and keeps its path to the logits.",
        ja="目標がすべてパディングのとき、新しく作った 0 のテンソルを返しています。値は正しくても、どこにもつながっ"
        "ていないので `backward()` が例外になり、そのようなバッチが来たとたんに学習が止まります。マスクした損失の和"
        "なら、同じ 0 でもロジットへの勾配の経路が残ります。",
        lesson="padding",
    ),
    Misconception(
        id="loss-multiplied-by-the-mask",
        task="LabelSmoothingLoss",
        edits=((MEAN, "return (per_token * is_real).sum() / is_real.sum().clamp(min=1)"),),
        en="Padding is taken out by multiplying its loss by 0. That holds for finite numbers only: logits of 3e38 are "
        "finite, their loss overflows to infinity, and infinity times 0 is NaN. `masked_fill(~is_real, 0.0)` puts "
        "a 0 in its place, whatever stood there.",
        ja="パディングの損失に 0 を掛けて除いています。これでよいのは有限の数だけです。3e38 の logits は有限ですが、損"
        "失は無限大にあふれ、無限大に 0 を掛けると NaN になります。`masked_fill(~is_real, 0.0)` なら、何があっても "
        "0 に置き換わります。",
        lesson="padding",
    ),
    Misconception(
        id="loss-of-probabilities",
        task="LabelSmoothingLoss",
        edits=((LOG_PROBS, "torch.softmax(logits, dim=-1)"),),
        en="The logarithm is missing: the loss sums `-q p` instead of `-q log p`. It is negative and hardly punishes "
        "a right token of probability 0. Use `log_softmax`.",
        ja="対数がなく、`-q log p` ではなく `-q p` を足しています。損失が負になり、正解の確率が 0 でもほとんど罰になり"
        "ません。`log_softmax` を使ってください。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-of-the-wrong-sign",
        task="LabelSmoothingLoss",
        edits=(
            (PER_TOKEN, "per_token = (1.0 - self.smoothing) * at_target + self.smoothing * log_probs.mean(dim=-1)"),
        ),
        en="The minus is missing: the loss is `sum q log p`, which is negative, and making it smaller makes the right "
        "token less probable. Cross-entropy is `-sum q log p`.",
        ja="マイナスがなく、損失が `sum q log p` という負の数になっています。これを小さくすると正解の確率は下がってし"
        "まいます。交差エントロピーは `-sum q log p` です。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-softmax-over-sentences",
        task="LabelSmoothingLoss",
        edits=((LOG_PROBS, "torch.log_softmax(logits, dim=0)"),),
        en="The softmax runs over dimension 0, the sentences of the batch: by `dim=0`, or without a `dim`, which "
        "torch takes for 0 where there are three dimensions. Every position has a distribution of its own over the "
        "`V` tokens, so the last dimension counts: `dim=-1`.",
        ja="ソフトマックスを次元 0、つまりバッチの文の方向に取っています。`dim=0` と書いたか、`dim` を省いています "
        "(3 次元のとき torch は 0 とみなします)。各位置が `V` 個のトークンについての分布を持つので、最後の次元 "
        "`dim=-1` で計算します。",
        lesson="label-smoothing",
    ),
    Misconception(
        id="loss-of-raw-logits",
        task="LabelSmoothingLoss",
        edits=((LOG_PROBS, "logits"),),
        en="The logits are taken for log-probabilities: the softmax is missing. The loss can then fall without end, "
        "by making the logit of the right token larger, and says nothing of the other tokens. "
        "`torch.log_softmax(logits, dim=-1)` comes first.",
        ja="logits をそのまま対数確率として使っていて、ソフトマックスがありません。正解の logit を大きくするだけで損"
        "失がいくらでも下がり、ほかのトークンとの比較になりません。まず `torch.log_softmax(logits, dim=-1)` を計算し"
        "ます。",
        lesson="label-smoothing",
    ),
)
