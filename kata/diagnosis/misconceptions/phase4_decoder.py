"""Mistakes in ``Decoder`` (phase 4)."""

from __future__ import annotations

from . import Misconception

DECODER_LAYERS = "nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])"
DECODER_LOOP = """
for layer in self.layers:
    x = layer(x, memory, self_mask, memory_mask)
return x
"""

CATALOGUE = (
    Misconception(
        id="decoder-one-layer-many-times",
        task="Decoder",
        edits=((DECODER_LAYERS, "nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff, dropout)] * num_layers)"),),
        en="All places of the stack hold one and the same layer, as `[layer] * N` makes them: there are N entries and "
        "a single set of parameters. Each of the paper's N layers has its own (3.1), so make a new `DecoderLayer` "
        "for each place. The gradients of all places add up in one layer, which learns a compromise.",
        ja="スタックのどの場所にも同じ一つの層が入っています。`[layer] * N` とするとこうなり、見かけは N 個でもパラメ"
        "ータは 1 組しかありません。論文の N 個の層はそれぞれ自分のパラメータを持つので (3.1 節)、場所ごとに新しい "
        "`DecoderLayer` を作ってください。このままでは N か所分の勾配が一つの層に足され、妥協した値を学習します。",
        lesson="stacks",
    ),
    Misconception(
        id="decoder-plain-list",
        task="Decoder",
        edits=((DECODER_LAYERS, "[DecoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)]"),),
        en="The layers are in a plain list, which `nn.Module` does not search for submodules. Use `nn.ModuleList`. "
        "As it is, the decoder has no parameters as far as the optimizer, `state_dict()` and `.to(device)` know, and "
        "`eval()` does not switch off its dropout.",
        ja="層がただのリストに入っていて、`nn.Module` がサブモジュールとして見つけられません。`nn.ModuleList` を使っ"
        "てください。このままでは、オプティマイザにも `state_dict()` にも `.to(device)` にもデコーダのパラメータが見"
        "えず、`eval()` でドロップアウトも止まりません。",
        lesson="mistakes",
    ),
    Misconception(
        id="decoder-does-not-chain",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                """
                for layer in self.layers:
                    output = layer(x, memory, self_mask, memory_mask)
                return output
                """,
            ),
        ),
        en="All layers get the embedded target, and only the answer of the last one counts. Each layer continues "
        "from the one before (3.1): `x = layer(x, memory, ...)`. As it is, the layers before the last get no "
        "gradient, and six layers are worth one.",
        ja="すべての層に埋め込み直後の値を渡し、最後の層の結果だけを使っています。各層は前の層の出力から続けるので "
        "(3.1 節)、`x = layer(x, memory, ...)` とします。このままでは最後以外の層に勾配が届かず、6 層あっても 1 層"
        "分の働きしかしません。",
        lesson="stacks",
    ),
    Misconception(
        id="decoder-self-mask-forgotten",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                """
                for layer in self.layers:
                    x = layer(x, memory, None, memory_mask)
                return x
                """,
            ),
        ),
        en="`self_mask` does not reach the layers. Every layer needs it, or its self-attention looks at tokens that "
        "have not been said yet (3.1). In training the answer leaks and the loss looks wonderful; in decoding "
        "nothing is left of it.",
        ja="`self_mask` が層に渡っていません。どの層にもこれが必要で、ないと自己注意がまだ出力していないトークンを"
        "見てしまいます (3.1 節)。学習中は答えが漏れて損失がとても良く見えますが、生成では何の役にも立ちません。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-memory-mask-forgotten",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                """
                for layer in self.layers:
                    x = layer(x, memory, self_mask)
                return x
                """,
            ),
        ),
        en="`memory_mask` is accepted and not passed to the layers. Their cross-attention then reads the source's "
        "padding as if it were words, and a translation changes with the length of the longest sentence in the "
        "batch.",
        ja="`memory_mask` を受け取っていますが、層に渡していません。交差注意が原文のパディングを単語のように読み、"
        "バッチでいちばん長い文の長さによって翻訳が変わります。",
        lesson="cross-attention",
    ),
    Misconception(
        id="decoder-causal-in-the-first-layer-only",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                """
                for layer in self.layers:
                    x, self_mask = layer(x, memory, self_mask, memory_mask), None
                return x
                """,
            ),
        ),
        en="Only the first layer gets `self_mask`. One layer without it is enough to see the future: the second "
        "layer reads, at every position, what the first has made of the tokens behind it. Pass the mask to all "
        "layers.",
        ja="`self_mask` が最初の層にしか渡っていません。マスクのない層が一つでもあれば未来が見えます。2 層目の各位"
        "置が、後ろのトークンについての 1 層目の結果を読むからです。すべての層に渡してください。",
        lesson="decoder",
    ),
    Misconception(
        id="decoder-norm-at-the-end",
        task="Decoder",
        edits=(
            (
                "super().__init__()",
                """
                super().__init__()
                self.norm = AddAndNorm(d_model, dropout).norm
                """,
            ),
            (
                DECODER_LOOP,
                """
                for layer in self.layers:
                    x = layer(x, memory, self_mask, memory_mask)
                return self.norm(x)
                """,
            ),
        ),
        en="A layer norm is applied after the last layer. In the paper the last `Add & Norm` of the stack leads "
        "straight to the output projection (figure 1). `nn.Transformer` adds this norm, and pre-norm models need it; "
        "in post-norm the values are normalised already, so it is a second one with parameters of its own.",
        ja="最後の層の後に層正規化をかけています。論文では、スタックの最後の `Add & Norm` がそのまま出力の射影につ"
        "ながります (図 1)。`nn.Transformer` はこの正規化を加え、Pre-LN では必要ですが、Post-LN の値はすでに正規化"
        "されています。余分なパラメータを持つ二重の正規化です。",
        lesson="stacks",
    ),
    Misconception(
        id="decoder-skips-a-layer",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                """
                for layer in self.layers[:-1]:
                    x = layer(x, memory, self_mask, memory_mask)
                return x
                """,
            ),
        ),
        en="The loop stops one layer early. All `num_layers` layers take part, the last one included. The layer left "
        "out has parameters that are counted and saved, and gets no gradient.",
        ja="ループが 1 層手前で終わっています。最後の層も含め、`num_layers` 個すべてを使います。抜けた層のパラメータ"
        "は数えられて保存もされますが、勾配が届きません。",
        lesson="mistakes",
    ),
    Misconception(
        id="decoder-dropout-not-passed-on",
        task="Decoder",
        edits=((DECODER_LAYERS, "nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)])"),),
        en="The layers are made without `dropout` and keep their default of 0.1. Pass the argument on to each. With "
        "`dropout=0` the decoder is still random in training mode, so two runs of one model never agree.",
        ja="層を作るときに `dropout` を渡していないので、既定値の 0.1 のままです。すべての層に引数を渡してください。"
        "`dropout=0` を指定しても学習モードではデコーダが乱数の影響を受け、同じモデルを 2 回動かしても結果が一致しま"
        "せん。",
        lesson="mistakes",
    ),
    Misconception(
        id="decoder-masks-swapped",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                """
                for layer in self.layers:
                    x = layer(x, memory, memory_mask, self_mask)
                return x
                """,
            ),
        ),
        en="The two masks are exchanged in the call of the layers: they take `(x, memory, self_mask, memory_mask)`. "
        "With different lengths this is an error; with equal lengths the self-attention sees the future and the "
        "cross-attention only a part of the source.",
        ja="層を呼ぶとき、二つのマスクの順序が逆です。引数は `(x, memory, self_mask, memory_mask)` の順です。長さが違"
        "えばエラーになり、等しければ、自己注意から未来が見え、交差注意からは原文の一部しか見えません。",
        lesson="decoder",
    ),
)
