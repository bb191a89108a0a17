"""Mistakes in ``greedy_decode`` (phase 6)."""

from __future__ import annotations

from . import Misconception

DECODE = "hidden = model.decode(tokens, memory, tgt_mask, src_mask)"
NEXT = "next_token = logits.argmax(dim=-1).masked_fill(ended, pad_id)"
STOP = """
if ended.all():
    break
"""
ANSWER = "return tokens[:, 1:]"
RUN = """
with _evaluation_mode(model):
    ...
"""

CATALOGUE = (
    Misconception(
        id="greedy-ignores-eos",
        task="greedy_decode",
        edits=(
            (NEXT, "next_token = logits.argmax(dim=-1)"),
            (STOP, ""),
        ),
        en="EOS has no effect: every row goes on to `max_len`, with whatever the model says after the end of a "
        "sentence. A row ends with its first EOS, is filled up with padding, and the loop stops once all have ended.",
        ja="EOS が効いておらず、どの行も `max_len` まで続き、文が終わった後のでたらめまで出力しています。各行は最初の"
        " EOS で終わり、その後はパディングで埋め、すべての行が終わったらループを止めます。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-words-after-eos",
        task="greedy_decode",
        edits=((NEXT, "next_token = logits.argmax(dim=-1)"),),
        en="A row that has ended goes on talking while others are not finished. With one sentence nobody notices; in "
        "a batch the short answers have words after their EOS. From its EOS on a row gets `pad_id`, whatever the "
        "model says.",
        ja="終わった行が、ほかの行を待つ間も出力を続けています。1 文だけなら気づきませんが、バッチでは短い答えの "
        "EOS の後に単語が並びます。EOS の後は、モデルが何を出しても `pad_id` にしてください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-stops-at-the-first-end",
        task="greedy_decode",
        edits=(
            (
                STOP,
                """
                if ended.any():
                    break
                """,
            ),
        ),
        en="Decoding stops as soon as one row has ended (`any`), and all the longer answers of the batch are cut off "
        "there. It goes on until every row has ended: `all`.",
        ja="一つの行が終わったところで (`any`) 止めているので、バッチ内のもっと長い答えがすべて途中で切れます。すべ"
        "ての行が終わるまで (`all`) 続けてください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-never-stops-early",
        task="greedy_decode",
        edits=((STOP, ""),),
        en="The loop always makes `max_len` steps. When every row has ended it only adds padding, at the price of a "
        "decoder pass for each: answers of 10 tokens with `max_len` 200 cost 20 times the steps. Leave the loop when "
        "all rows have ended.",
        ja="いつも `max_len` 回ループしています。すべての行が終わった後は、デコーダを動かしてパディングを足している"
        "だけです。10 トークンの答えでも `max_len` が 200 なら 20 倍の回数になります。すべて終わったらループを抜け"
        "てください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-keeps-bos",
        task="greedy_decode",
        edits=((ANSWER, "return tokens"),),
        en="The answer begins with BOS. BOS was put in to get the decoder started; it is no token that the model has "
        "said, and the first column must go: `tokens[:, 1:]`.",
        ja="答えが BOS で始まっています。BOS はデコーダを動かし始めるために入れたもので、モデルの出力ではありません。"
        "最初の列を除いて `tokens[:, 1:]` を返してください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-drops-eos",
        task="greedy_decode",
        edits=((ANSWER, "return tokens[:, 1:].masked_fill(tokens[:, 1:] == eos_id, pad_id)"),),
        en="EOS is replaced by padding in the answer. It is what tells an answer that came to its end from one that "
        "was cut off at `max_len`, so it stays in.",
        ja="答えの中の EOS をパディングに置き換えています。EOS があるかどうかで、最後まで出力した答えと `max_len` で"
        "打ち切られた答えを区別するので、残してください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-max-len-counts-bos",
        task="greedy_decode",
        edits=(("range(max_len)", "range(max_len - 1)"),),
        en="One token too few is made: BOS is counted into `max_len`. Here `max_len` is the number of tokens that "
        "the model says, EOS included, so an answer that just fits loses its EOS.",
        ja="BOS を `max_len` に含めているため、出力が 1 トークン足りません。ここでの `max_len` は、EOS を含めてモデ"
        "ルが出力するトークンの数です。ちょうど収まるはずの答えから EOS が欠けてしまいます。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-reads-the-first-position",
        task="greedy_decode",
        edits=(("logits = model.output_projection(hidden[:, -1])", "logits = model.output_projection(hidden[:, 0])"),),
        en="Every token is chosen by the logits of the first position, as with `hidden[:, 0]`, or where those of the "
        "first step are kept. That position sees BOS alone, so the model says the same first word again and again. "
        "The next token is predicted at the last position of what has been said so far, `hidden[:, -1]`.",
        ja="どのトークンも最初の位置のロジットで選んでいます (`hidden[:, 0]` を使ったり、最初のステップのロジットを使"
        "い続けたりした場合です)。その位置に見えるのは BOS だけなので、同じ最初の単語を繰り返します。次のトークンを予測"
        "するのは、それまでの出力の最後の位置 `hidden[:, -1]` です。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-without-look-ahead",
        task="greedy_decode",
        edits=((DECODE, "hidden = model.decode(tokens, memory, None, src_mask)"),),
        en="The decoder runs without a look-ahead mask. The last position has no future to see, but the earlier ones "
        "now see what came after them, which they never did in training: from the second layer on, the numbers are "
        "others, and answers drift off.",
        ja="先読みマスクなしでデコーダを動かしています。最後の位置に未来はありませんが、それより前の位置から、学習"
        "時には見えなかった後ろのトークンが見えてしまいます。2 層目から計算が変わり、答えがずれていきます。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-shows-the-last-token-only",
        task="greedy_decode",
        edits=(
            ("look_ahead_mask(tokens.size(1), tokens.device)", "look_ahead_mask(1, tokens.device)"),
            (
                "model.decode(tokens, memory, tgt_mask, src_mask)",
                "model.decode(tokens[:, -1:], memory, tgt_mask, src_mask)",
            ),
        ),
        en="The decoder is given the last token alone. It has no memory of its own: without the tokens before, it "
        "neither knows what was said nor at which position it stands (everything is position 0). Give it the whole "
        "prefix, BOS included, at every step.",
        ja="デコーダに最後のトークンだけを渡しています。デコーダ自身は何も覚えていないので、それまでに出力したこと"
        "も、いまの位置も分かりません (常に位置 0 になります)。毎回、BOS から始まる系列全体を渡してください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-starts-from-eos",
        task="greedy_decode",
        edits=(
            (
                "torch.full((batch, 1), bos_id, dtype=torch.int64, device=src.device)",
                "torch.full((batch, 1), eos_id, dtype=torch.int64, device=src.device)",
            ),
        ),
        en="The decoder is started with EOS instead of BOS. In training every target began with BOS, so the model "
        "has never seen this beginning, and its first words are a guess.",
        ja="BOS ではなく EOS からデコーダを始めています。学習時の訳文はすべて BOS で始まっていたので、モデルはこの"
        "始まり方を見たことがなく、最初の単語が当て推量になります。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-first-row-for-all",
        task="greedy_decode",
        edits=((NEXT, "next_token = logits[0].argmax().repeat(logits.size(0)).masked_fill(ended, pad_id)"),),
        en="Every row gets the token of the first row. One sentence alone is decoded properly, in a batch all "
        "answers are the same. The argmax runs over the vocabulary, the last dimension, for each row by itself.",
        ja="すべての行に、最初の行のトークンを入れています。1 文だけなら正しくても、バッチではどの答えも同じになり"
        "ます。argmax は、行ごとに、語彙の次元 (最後の次元) で取ってください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-without-source-mask",
        task="greedy_decode",
        edits=((DECODE, "hidden = model.decode(tokens, memory, tgt_mask, None)"),),
        en="`src_mask` goes to the encoder and not to the decoder, so cross-attention reads the padding of short "
        "sources: an answer depends on the other sentences of its batch. Pass it to `model.decode` too.",
        ja="`src_mask` をエンコーダには渡し、デコーダには渡していません。交差注意が短い原文のパディングを読むので、同"
        "じバッチのほかの文によって答えが変わります。`model.decode` にも渡してください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-pads-with-eos",
        task="greedy_decode",
        edits=((NEXT, "next_token = logits.argmax(dim=-1).masked_fill(ended, eos_id)"),),
        en="After its end a row is filled up with EOS. What follows the first EOS is padding, `pad_id`, so that an "
        "answer looks like a target of a batch and EOS occurs once.",
        ja="終わった行を EOS で埋めています。最初の EOS の後はパディング (`pad_id`) です。そうすれば、答えがバッチ"
        "の訳文と同じ形になり、EOS は 1 回だけ現れます。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-encodes-at-every-step",
        task="greedy_decode",
        edits=(
            (
                DECODE,
                """
                memory = model.encode(src, src_mask)
                hidden = model.decode(tokens, memory, tgt_mask, src_mask)
                """,
            ),
        ),
        en="The source is encoded anew at every step. The memory does not depend on what was said, so it is the same "
        "each time and costs a whole encoder pass: encode once, before the loop.",
        ja="ステップのたびに原文をエンコードし直しています。メモリ (エンコーダの出力) は出力したトークンに依存せず、"
        "毎回同じになるのに、エンコーダ全体の計算がかかります。ループの前に 1 回だけ行ってください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-in-training-mode",
        task="greedy_decode",
        edits=(("_evaluation_mode(model)", "torch.no_grad()"),),
        en="The model decodes in the mode it is in. Right after training that is training mode: dropout goes on "
        "dropping and answers differ from call to call. `model.eval()` while decoding, and back afterwards.",
        ja="そのときのモードのまま復号しています。学習の直後なら学習モードなので、ドロップアウトが働き、呼ぶたびに答"
        "えが変わります。復号の間は `model.eval()` とし、終わったら戻してください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-leaves-evaluation-mode",
        task="greedy_decode",
        edits=(
            (
                RUN,
                """
                model.eval()
                with torch.no_grad():
                    ...
                """,
            ),
        ),
        en="The model is left in evaluation mode. Decode a few sentences in the middle of training, to see how it is "
        "getting on, and training continues without dropout. Put it back into the mode it came in.",
        ja="モデルを評価モードにしたまま戻していません。学習の途中で様子を見るために数文を復号すると、その後の学習が"
        "ドロップアウトなしになります。元のモードに戻してください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-keeps-gradients",
        task="greedy_decode",
        edits=(
            (
                RUN,
                """
                with _evaluation_mode(model), torch.enable_grad():
                    ...
                """,
            ),
        ),
        en="Gradients stay on while decoding. The answer is the same, but each step keeps its graph although nothing "
        "will ever be differentiated: memory grows with every token. Use `torch.no_grad()`.",
        ja="復号の間も勾配の記録が有効です。答えは同じでも、微分することのない計算グラフがステップごとに作られ、無駄"
        "な時間とメモリがかかります。`torch.no_grad()` を使ってください。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-samples",
        task="greedy_decode",
        edits=(
            (
                NEXT,
                """
                drawn = torch.multinomial(torch.softmax(logits, dim=-1), 1).squeeze(1)
                next_token = drawn.masked_fill(ended, pad_id)
                """,
            ),
        ),
        en="The next token is drawn at random from the distribution, as language models do for variety. Greedy "
        "decoding takes the most probable one, `logits.argmax(dim=-1)`: the answer is then the same at every call.",
        ja="次のトークンを、確率分布から無作為に引いています。文章に変化をつけるための方法です。貪欲法ではもっとも確"
        "率の高いトークン `logits.argmax(dim=-1)` を選ぶので、答えは毎回同じになります。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-starts-with-bos-twice",
        task="greedy_decode",
        edits=(
            (
                "torch.full((batch, 1), bos_id, dtype=torch.int64, device=src.device)",
                "torch.full((batch, 2), bos_id, dtype=torch.int64, device=src.device)",
            ),
            (ANSWER, "return tokens[:, 2:]"),
        ),
        en="The decoder starts from two BOS. In training a target had one, so every token now stands one position "
        "further on than the model has learned. Start from one column of BOS.",
        ja="デコーダを BOS 二つから始めています。学習時の訳文の BOS は一つなので、どのトークンも、学習したより一つ後"
        "ろの位置に来てしまいます。BOS 一列から始めてください。",
        lesson="greedy",
        met=("https://github.com/facebookresearch/ParlAI/pull/1486",),
    ),
    Misconception(
        id="greedy-drops-the-last-token",
        task="greedy_decode",
        edits=((ANSWER, "return tokens[:, 1:-1]"),),
        en="The last column of the answer is cut off. What stands there the model has said: the EOS of the longest "
        "row, or the last token before `max_len`. Only BOS, the first column, is no part of the answer.",
        ja="答えの最後の列を切り落としています。そこにあるのはモデルが出力したトークンで、最長の行の EOS か、"
        "`max_len` で終わる前の最後のトークンです。答えに含めないのは、先頭の BOS の列だけです。",
        lesson="greedy",
        met=("https://github.com/harvardnlp/annotated-transformer/pull/106",),
    ),
    Misconception(
        id="greedy-one-token-too-many",
        task="greedy_decode",
        edits=(("range(max_len)", "range(max_len + 1)"),),
        en="An answer may have one token more than `max_len`. `max_len` counts the tokens that are made, EOS "
        "included and BOS not; where positions are limited, the one too many is an error.",
        ja="答えが `max_len` より 1 トークン長くなることがあります。`max_len` は出力するトークンの数で、EOS を含み、"
        "BOS を含みません。位置の数に上限があるモデルでは、余分な一つがエラーになります。",
        lesson="greedy",
    ),
    Misconception(
        id="greedy-inverts-the-look-ahead",
        task="greedy_decode",
        edits=((DECODE, "hidden = model.decode(tokens, memory, ~tgt_mask, src_mask)"),),
        en="The look-ahead mask is the wrong way round: each position is shown what comes after it, and hidden what "
        "came before. True means `may attend`; the mask of training and that of decoding are the same.",
        ja="先読みマスクの向きが逆で、各位置に後ろのトークンだけを見せ、前のトークンを隠しています。True は「見てよ"
        "い」で、学習のときも生成のときも同じマスクを使います。",
        lesson="greedy",
        met=("https://github.com/hkproj/pytorch-transformer/issues/19",),
    ),
)
