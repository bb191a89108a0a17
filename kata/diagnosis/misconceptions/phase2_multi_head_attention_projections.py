"""Mistakes around the projections and heads of ``MultiHeadAttention`` (phase 2), seen in public code."""

from __future__ import annotations

from . import Misconception
from .phase2_multi_head_attention import KEY, QUERY, RETURN, VALUE

CATALOGUE = (
    Misconception(
        id="heads-relu-on-the-projections",
        task="MultiHeadAttention",
        edits=(
            (QUERY, "q = split_heads(torch.relu(self.w_q(query)), self.num_heads)"),
            (KEY, "k = split_heads(torch.relu(self.w_k(key)), self.num_heads)"),
            (VALUE, "v = split_heads(torch.relu(self.w_v(value)), self.num_heads)"),
        ),
        en="A ReLU stands behind the projections of queries, keys and values. The paper's projections are linear "
        "(3.2.2): with a ReLU no score can be negative, and no head can pass on a negative number.",
        ja="クエリ・キー・バリューの射影の後に ReLU があります。論文の射影は線形です (3.2.2 節)。ReLU があると、スコ"
        "アが負になることも、ヘッドが負の値を伝えることもできません。",
        lesson="heads",
        met=("https://github.com/Kyubyong/transformer/issues/4",),
    ),
    Misconception(
        id="heads-relu-on-the-output",
        task="MultiHeadAttention",
        edits=((RETURN, "return torch.relu(self.w_o(merge_heads(heads))), weights"),),
        en="A ReLU stands behind `w_o`. The paper's output projection is linear (3.2.2); with a ReLU the sublayer "
        "can only add to the residual stream, never take away.",
        ja="`w_o` の後に ReLU があります。論文の出力の射影は線形です (3.2.2 節)。ReLU があると、このサブ層は残差スト"
        "リームに足すことしかできず、引くことができません。",
        lesson="heads",
    ),
    Misconception(
        id="heads-output-projection-twice",
        task="MultiHeadAttention",
        edits=((RETURN, "return self.w_o(self.w_o(merge_heads(heads))), weights"),),
        en="The output goes through `w_o` twice. `MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O` has it once "
        "(3.2.2), after the heads are merged.",
        ja="出力を `w_o` に 2 回通しています。`MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W_O` では、ヘッドを"
        "まとめた後に 1 回だけです (3.2.2 節)。",
        lesson="heads",
    ),
    Misconception(
        id="heads-mix-sentences",
        task="MultiHeadAttention",
        edits=(
            (
                RETURN,
                """
                mixed = heads.flatten(0, 1).unflatten(0, (self.num_heads, -1)).transpose(0, 1)
                return self.w_o(merge_heads(mixed)), weights
                """,
            ),
        ),
        en="Batch and heads are taken apart in another order than they were joined: what has the shape `(B * h, L, "
        "d_k)`, sentences first, is read as `(h, B, L, d_k)`. A sentence then gets heads of other sentences; with a "
        "batch of one nothing shows. Keep the order `(B, h, L, d_k)`.",
        ja="バッチとヘッドを、まとめたときと違う順序でほどいています。文が先の `(B * h, L, d_k)` を `(h, B, L, d_k)`"
        " として読むので、文にほかの文のヘッドが混ざります。バッチが 1 文なら気づきません。`(B, h, L, d_k)` の順序を"
        "保ってください。",
        lesson="split-merge",
        met=("https://github.com/gazelle93/Transformer-Various-Positional-Encoding/issues/1",),
    ),
)
