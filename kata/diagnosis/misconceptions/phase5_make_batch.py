"""Mistakes in ``make_batch`` (phase 5)."""

from __future__ import annotations

from . import Misconception

TGT_OUT = "tgt_out = _pad([[*tgt_ids, eos_id] for _, tgt_ids in pairs], pad_id)"
SRC = "src = _pad([[*src_ids, eos_id] for src_ids, _ in pairs], pad_id)"
ROWS = "[row + [pad_id] * (length - len(row)) for row in rows]"
COUNT = "sum(len(tgt_ids) + 1 for _, tgt_ids in pairs)"

CATALOGUE = (
    Misconception(
        id="batch-source-without-eos",
        task="make_batch",
        edits=((SRC, "src = _pad([[*src_ids] for src_ids, _ in pairs], pad_id)"),),
        en="The source has no EOS at its end. The course ends both sides with EOS, so that the encoder sees where a "
        "sentence stops; a model trained with it and fed without it (or the other way round) meets input that it has "
        "never seen. An empty source would have no token to attend to at all.",
        ja="原文の末尾に EOS がありません。この教材では原文・訳文のどちらも EOS で終わり、エンコーダは文の終わりを"
        "知ることができます。EOS の有無が学習時と使用時で食い違うと、モデルは見たことのない入力を受け取ります。空の"
        "原文では注意を向けられるトークンが一つもなくなります。",
        lesson="batching",
    ),
    Misconception(
        id="batch-source-with-bos",
        task="make_batch",
        edits=((SRC, "src = _pad([[bos_id, *src_ids, eos_id] for src_ids, _ in pairs], pad_id)"),),
        en="The source begins with BOS. BOS is there to give the decoder something to start from; the encoder reads "
        "a finished sentence and needs no start. The source is `ids + [eos]`.",
        ja="原文が BOS で始まっています。BOS は、デコーダに最初の入力を与えるためのものです。エンコーダは完成した文を"
        "読むので、開始記号は要りません。原文は `ids + [eos]` です。",
        lesson="batching",
    ),
    Misconception(
        id="batch-target-not-shifted",
        task="make_batch",
        edits=((TGT_OUT, "tgt_out = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)"),),
        en="`tgt_out` is the same as `tgt_in`: the decoder is asked for the token that it is just reading. It learns "
        "to copy its input, with a loss that falls at once, and then says BOS forever when it decodes. `tgt_out` is "
        "one step ahead, `ids + [eos]`.",
        ja="`tgt_out` が `tgt_in` と同じで、いま読んでいるトークンをそのまま答えさせています。デコーダは入力を写す"
        "ことだけを覚え、損失はすぐ下がりますが、復号では BOS を出し続けます。`tgt_out` は一つ先、つまり "
        "`ids + [eos]` です。",
        lesson="batching",
    ),
    Misconception(
        id="batch-eos-in-the-decoder-input",
        task="make_batch",
        edits=(
            (
                "tgt_in = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)",
                "tgt_in = _pad([[bos_id, *tgt_ids, eos_id] for _, tgt_ids in pairs], pad_id)",
            ),
        ),
        en="`tgt_in` holds both BOS and EOS, so it is one longer than `tgt_out` and logits and answers no longer "
        "match. Nothing is predicted after EOS, so the decoder need not read it: `tgt_in = [bos] + ids`, `tgt_out = "
        "ids + [eos]`, both of one length.",
        ja="`tgt_in` に BOS と EOS の両方が入り、`tgt_out` より一つ長いので、ロジットと正解の長さが合いません。EOS "
        "の後は何も予測しないので、デコーダが EOS を読む必要はありません。`tgt_in = [bos] + ids`、"
        "`tgt_out = ids + [eos]` で、長さは同じです。",
        lesson="batching",
    ),
    Misconception(
        id="batch-target-without-eos",
        task="make_batch",
        edits=((TGT_OUT, "tgt_out = _pad([[*tgt_ids, pad_id] for _, tgt_ids in pairs], pad_id)"),),
        en="`tgt_out` has no EOS: its place is padding. EOS is a token that the model has to learn like any other; "
        "if it is never the right answer, decoding never stops and runs on to `max_len`.",
        ja="`tgt_out` に EOS がなく、その位置がパディングになっています。EOS も、ほかのトークンと同じように学習しなけ"
        "ればならない答えです。一度も正解にならなければ、復号は止まらず `max_len` まで続きます。",
        lesson="batching",
    ),
    Misconception(
        id="batch-padded-with-eos",
        task="make_batch",
        edits=((TGT_OUT, "tgt_out = _pad([[*tgt_ids, eos_id] for _, tgt_ids in pairs], eos_id)"),),
        en="The answers are padded with EOS instead of `pad_id`. The loss leaves out padding alone, so all these EOS "
        "count as real answers: in a ragged batch they soon outnumber the words, and the model learns to end early.",
        ja="正解の余りを `pad_id` ではなく EOS で埋めています。損失から除かれるのはパディングだけなので、これらの "
        "EOS がすべて本物の正解として数えられます。長さの不ぞろいなバッチでは単語より多くなり、モデルは早く終わること"
        "ばかり学びます。",
        lesson="batching",
    ),
    Misconception(
        id="batch-padded-on-the-left",
        task="make_batch",
        edits=((ROWS, "[[pad_id] * (length - len(row)) + row for row in rows]"),),
        en="The padding stands in front of the tokens. Positions are counted from the left, so a word then gets "
        "another positional encoding in every batch, depending on the longest sentence in it; and the first queries "
        "of the decoder see nothing but padding. Pad on the right.",
        ja="パディングがトークンの前に入っています。位置は左から数えるので、同じ単語でも、バッチで最長の文の長さによ"
        "って位置エンコーディングが変わってしまいます。デコーダの最初のクエリから見えるのもパディングだけになります。"
        "右側に詰めてください。",
        lesson="batching",
    ),
    Misconception(
        id="batch-cut-to-the-shortest",
        task="make_batch",
        edits=(
            ("length = max(len(row) for row in rows)", "length = min(len(row) for row in rows)"),
            (ROWS, "[row[:length] for row in rows]"),
        ),
        en="All sentences are cut to the shortest of the batch, which makes a rectangle and loses words, EOS among "
        "them. Nothing is dropped when a batch is made: shorter rows are filled up with padding, and the masks and "
        "the loss ignore it.",
        ja="すべての文をバッチで最短の文に合わせて切っています。長方形にはなりますが、単語も EOS も失われます。バッチ"
        "を作るときに捨ててよいものはありません。短い行をパディングで埋め、マスクと損失の側で無視します。",
        lesson="batching",
    ),
    Misconception(
        id="batch-sorted-by-length",
        task="make_batch",
        edits=(
            (
                SRC,
                """
                pairs = sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)
                src = _pad([[*src_ids, eos_id] for src_ids, _ in pairs], pad_id)
                """,
            ),
        ),
        en="The pairs are sorted by length before they are stacked, a habit from recurrent networks. Row `b` then is "
        "no longer pair `b`, and whoever compares answers with the sentences that went in compares the wrong ones. "
        "Sentences of like length belong together when batches are chosen, not within one.",
        ja="組を長さの順に並べ替えてから積んでいます (再帰型ネットワークでの習慣です)。行 `b` が組 `b` ではなくなる"
        "ので、答えを元の文と比べると別の文と比べることになります。長さの近い文を集めるのはバッチに分けるときの話で、"
        "バッチの中で並べ替える必要はありません。",
        lesson="batching",
    ),
    Misconception(
        id="batch-count-without-eos",
        task="make_batch",
        edits=((COUNT, "sum(len(tgt_ids) for _, tgt_ids in pairs)"),),
        en="`num_tokens` leaves out the EOS of every sentence. EOS is a token of `tgt_out` like the others, and the "
        "loss is averaged over it too; with too small a count, `evaluate` weighs the batches wrongly.",
        ja="`num_tokens` に各文の EOS が入っていません。EOS も `tgt_out` のトークンで、損失の平均にも含まれます。少な"
        "く数えると、`evaluate` でのバッチの重みが狂います。",
        lesson="batching",
    ),
    Misconception(
        id="batch-count-with-padding",
        task="make_batch",
        edits=((COUNT, "len(pairs) * max(len(tgt_ids) + 1 for _, tgt_ids in pairs)"),),
        en="`num_tokens` counts the whole rectangle, padding included. It says how many tokens of `tgt_out` are "
        "real, so that losses of batches can be averaged fairly; padded places are no answers.",
        ja="`num_tokens` がパディングを含む長方形全体を数えています。これは `tgt_out` の本物のトークンの数で、複数"
        "のバッチの損失を公平に平均するために使います。パディングは答えではありません。",
        lesson="batching",
    ),
    Misconception(
        id="batch-count-is-a-tensor",
        task="make_batch",
        edits=((COUNT, "torch.tensor(sum(len(tgt_ids) + 1 for _, tgt_ids in pairs))"),),
        en="`num_tokens` is a tensor of one number instead of an `int`. It stays on one device when the batch moves "
        "to another, and spreads into every average computed with it. `.item()` or `int(...)` makes a plain number.",
        ja="`num_tokens` が `int` ではなく、数を一つ持つテンソルです。バッチを別のデバイスに移しても元のデバイスに"
        "残り、これを使った平均もすべてテンソルになります。`.item()` か `int(...)` で普通の数にしてください。",
        lesson="batching",
    ),
    Misconception(
        id="batch-appends-to-the-callers-lists",
        task="make_batch",
        edits=(
            (
                SRC,
                """
                for src_ids, _ in pairs:
                    src_ids.append(eos_id)
                src = _pad([src_ids for src_ids, _ in pairs], pad_id)
                """,
            ),
        ),
        en="`append` writes EOS into the caller's own lists. The first batch is right; the second one made of the "
        "same sentences, in the next epoch, has two EOS, then three. `ids + [eos]` makes a new list and leaves the "
        "old one alone.",
        ja="`append` が、呼び出し側のリストそのものに EOS を書き込んでいます。最初のバッチは正しくても、同じ文から"
        "作る次のエポックのバッチでは EOS が二つ、その次は三つになります。`ids + [eos]` なら新しいリストができ、元"
        "のリストは変わりません。",
        lesson="batching",
    ),
    Misconception(
        id="batch-tokens-of-floats",
        task="make_batch",
        edits=(
            (
                "torch.tensor([row + [pad_id] * (length - len(row)) for row in rows], dtype=torch.int64)",
                "torch.Tensor([row + [pad_id] * (length - len(row)) for row in rows])",
            ),
        ),
        en="`torch.Tensor(rows)` makes `float32`, whatever it is given. Token ids are indices: an embedding refuses "
        "floats, and ids above 2**24 are rounded. `torch.tensor(rows, dtype=torch.int64)` keeps them whole, an empty "
        "batch of ids too.",
        ja="`torch.Tensor(rows)` は、何を渡しても `float32` になります。トークンの id は番号であり、埋め込みは浮動"
        "小数点数を受け付けず、2**24 を超える id は丸められます。`torch.tensor(rows, dtype=torch.int64)` を使ってく"
        "ださい。",
        lesson="batching",
    ),
    Misconception(
        id="batch-target-mask-without-padding",
        task="make_batch",
        edits=(("decoder_mask(tgt_in, pad_id)", "look_ahead_mask(tgt_in.size(1))"),),
        en="`tgt_mask` is the look-ahead mask alone, `(1, 1, L, L)`, the same for every sentence. It says nothing of "
        "which tokens are padding; each row of the batch has its own. `decoder_mask(tgt_in, pad_id)` joins both, "
        "`(B, 1, L, L)`.",
        ja="`tgt_mask` が先読みマスクだけ (形は `(1, 1, L, L)`) で、どの文でも同じです。どのトークンがパディングか"
        "は文ごとに違うのに、それが入っていません。`decoder_mask(tgt_in, pad_id)` なら両方を合わせた `(B, 1, L, L)` "
        "になります。",
        lesson="padding",
    ),
    Misconception(
        id="batch-decoder-reads-the-answer",
        task="make_batch",
        edits=(
            (
                "tgt_in = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)",
                "tgt_in = _pad([[*tgt_ids, eos_id] for _, tgt_ids in pairs], pad_id)",
            ),
        ),
        en="`tgt_in` is `ids + [eos]`, the same as `tgt_out`: the decoder reads at every position the very token that "
        "it has to say. It learns to copy, the loss falls at once, and decoding, which starts from BOS, meets a "
        "token it has never seen. `tgt_in = [bos] + ids` is one step behind.",
        ja="`tgt_in` が `tgt_out` と同じ `ids + [eos]` で、答えるべきトークンをそのまま読ませています。写すことだけを"
        "覚え、損失はすぐ下がりますが、BOS から始まる生成では見たことのないトークンに出会います。"
        "`tgt_in = [bos] + ids` は一つ手前です。",
        lesson="batching",
        met=("https://github.com/Project-MONAI/GenerativeModels/issues/314",),
    ),
    Misconception(
        id="batch-answer-with-bos",
        task="make_batch",
        edits=((TGT_OUT, "tgt_out = _pad([[bos_id, *tgt_ids, eos_id] for _, tgt_ids in pairs], pad_id)"),),
        en="`tgt_out` holds BOS as well, so it is one longer than `tgt_in`, and logits and answers no longer match. "
        "Nobody has to say BOS: it is what the decoder starts from. `tgt_out = ids + [eos]`.",
        ja="`tgt_out` に BOS も入っているので `tgt_in` より一つ長く、logits と答えが対応しません。BOS は最初に与えられ"
        "るもので、答える必要はありません。`tgt_out = ids + [eos]` です。",
        lesson="batching",
        met=("https://github.com/shmsw25/bart-closed-book-qa/issues/4",),
    ),
    Misconception(
        id="batch-decoder-without-bos",
        task="make_batch",
        edits=(
            (
                "tgt_in = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)",
                "tgt_in = _pad([[*tgt_ids] for _, tgt_ids in pairs], pad_id)",
            ),
        ),
        en="`tgt_in` has no BOS. The decoder starts from it when it decodes, so it must read it in training as well: "
        "`tgt_in = [bos] + ids` is what makes it one step behind `tgt_out` and as long.",
        ja="`tgt_in` に BOS がありません。生成は BOS から始まるので、学習でも読ませておく必要があります。"
        "`tgt_in = [bos] + ids` とすると、`tgt_out` の一つ手前になり、長さも等しくなります。",
        lesson="batching",
    ),
    Misconception(
        id="batch-padded-with-0",
        task="make_batch",
        edits=((ROWS, "[row + [0] * (length - len(row)) for row in rows]"),),
        en="Short rows are filled up with 0, whatever `pad_id` is. With another `pad_id` the zeros are taken for "
        "words: the masks show them, and the loss counts them.",
        ja="短い行を `pad_id` に関係なく 0 で埋めています。`pad_id` が 0 でないと、その 0 が単語とみなされ、マスクで隠"
        "されず、損失にも数えられます。",
        lesson="padding",
    ),
    Misconception(
        id="batch-last-column-cut",
        task="make_batch",
        edits=(
            (
                "tgt_in = _pad([[bos_id, *tgt_ids] for _, tgt_ids in pairs], pad_id)",
                "tgt_in = _pad([[bos_id, *tgt_ids, eos_id] for _, tgt_ids in pairs], pad_id)[:, :-1]",
            ),
        ),
        en="`tgt_in` is the padded `[bos] + ids + [eos]` without its last column. That takes EOS from the longest "
        "row alone; in the shorter ones padding stands last, and EOS stays in. Nothing is predicted after EOS, so "
        "leave it out before padding: `[bos] + ids`.",
        ja="`tgt_in` が、パディングした `[bos] + ids + [eos]` から最後の列を除いたものになっています。これで EOS が"
        "消えるのは最長の行だけで、短い行では最後がパディングなので EOS が残ります。EOS の後は何も予測しません。パデ"
        "ィングの前に除いて `[bos] + ids` としてください。",
        lesson="batching",
        met=("https://github.com/bentrevett/pytorch-seq2seq/issues/182",),
    ),
)
