"""Mistakes in ``Encoder`` (phase 4)."""

from __future__ import annotations

from . import Misconception

ENCODER_LAYERS = "nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])"
ENCODER_LOOP = """
for layer in self.layers:
    x = layer(x, mask)
return x
"""

CATALOGUE = (
    Misconception(
        id="encoder-one-layer-many-times",
        task="Encoder",
        edits=((ENCODER_LAYERS, "nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout)] * num_layers)"),),
        en="All places of the stack hold one and the same layer, as `[layer] * N` makes them. The N layers of the "
        "paper have parameters of their own (3.1): make a new one for each place, in a loop. The model still "
        "trains, but it has an Nth of the parameters, and the checkpoint of a true Transformer does not fit.",
        ja="スタックのどの場所にも同じ一つの層が入っています。`[layer] * N` とするとこうなります。論文の N 個の層はそ"
        "れぞれ自分のパラメータを持つので (3.1 節)、ループで一つずつ作ってください。このままでも学習はできますが、"
        "パラメータが N 分の 1 しかなく、本来の Transformer の重みを読み込めません。",
        lesson="stacks",
    ),
    Misconception(
        id="encoder-plain-list",
        task="Encoder",
        edits=((ENCODER_LAYERS, "[EncoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)]"),),
        en="The layers are kept in a plain Python list, where `nn.Module` does not look. Put them in an "
        "`nn.ModuleList`. As it is, `parameters()`, `state_dict()`, `eval()` and `.to(device)` do not reach them: "
        "the optimizer never trains the encoder, and nothing warns you.",
        ja="層をただの Python のリストに入れているので、`nn.Module` からは見えません。`nn.ModuleList` に入れてくださ"
        "い。このままでは `parameters()` も `state_dict()` も `eval()` も `.to(device)` も層に届かず、エンコーダは警"
        "告もなく学習されないままになります。",
        lesson="mistakes",
    ),
    Misconception(
        id="encoder-does-not-chain",
        task="Encoder",
        edits=(
            (
                ENCODER_LOOP,
                """
                for layer in self.layers:
                    output = layer(x, mask)
                return output
                """,
            ),
        ),
        en="Every layer is given the stack's input, and only the last one's answer is returned. Each layer works on "
        "the output of the one before (3.1): `x = layer(x, mask)`. As it is, the depth is an illusion: all layers "
        "but the last are computed for nothing and get no gradient.",
        ja="どの層にもスタックの入力を渡し、最後の層の結果だけを返しています。各層は前の層の出力を受け取るので (3.1 "
        "節)、`x = layer(x, mask)` とします。このままでは層を重ねた意味がなく、最後以外の層は計算が捨てられ、勾配も"
        "届きません。",
        lesson="stacks",
    ),
    Misconception(
        id="encoder-mask-in-the-first-layer-only",
        task="Encoder",
        edits=(
            (
                ENCODER_LOOP,
                """
                for layer in self.layers:
                    x, mask = layer(x, mask), None
                return x
                """,
            ),
        ),
        en="The mask reaches the first layer only. Padding positions have values in every layer, so every layer "
        "needs the mask. As it is, the padding that the first layer hid is read by the second.",
        ja="マスクが最初の層にしか渡っていません。パディングの位置はどの層でも値を持つので、すべての層にマスクが必要"
        "です。このままでは、1 層目が隠したパディングを 2 層目が読んでしまいます。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-mask-forgotten",
        task="Encoder",
        edits=(
            (
                ENCODER_LOOP,
                """
                for layer in self.layers:
                    x = layer(x)
                return x
                """,
            ),
        ),
        en="`mask` is accepted and given to no layer. Pass it to every one. As it is, all positions attend to the "
        "padding behind the sentence, and what the encoder makes of a sentence depends on its neighbours in the "
        "batch.",
        ja="`mask` を受け取っていますが、どの層にも渡していません。すべての層に渡してください。このままでは、すべて"
        "の位置が文の後ろのパディングにも注意を向け、文の表現が同じバッチの隣の文に左右されます。",
        lesson="encoder",
    ),
    Misconception(
        id="encoder-norm-at-the-end",
        task="Encoder",
        edits=(
            (
                "super().__init__()",
                """
                super().__init__()
                self.norm = AddAndNorm(d_model, dropout).norm
                """,
            ),
            (
                ENCODER_LOOP,
                """
                for layer in self.layers:
                    x = layer(x, mask)
                return self.norm(x)
                """,
            ),
        ),
        en="A layer norm follows the last layer. The paper has none there (3.1, figure 1): in post-norm every layer "
        "already ends with one. `nn.Transformer` adds this norm and pre-norm models need it; here it normalises "
        "twice, which hardly shows at first, and has `2 * d_model` parameters that no other post-norm model has.",
        ja="最後の層の後に層正規化があります。論文のこの場所にはありません (3.1 節、図 1)。Post-LN では、各層がすで"
        "に正規化で終わっているからです。`nn.Transformer` はこの正規化を加え、Pre-LN では必要になりますが、ここでは"
        "二重の正規化です。最初はほとんど違いが見えないうえ、余分なパラメータが `2 * d_model` 個増えます。",
        lesson="stacks",
    ),
    Misconception(
        id="encoder-skips-a-layer",
        task="Encoder",
        edits=(
            (
                ENCODER_LOOP,
                """
                for layer in self.layers[1:]:
                    x = layer(x, mask)
                return x
                """,
            ),
        ),
        en="The loop runs over one layer too few. All `num_layers` layers take part, from index 0 on. The layer left "
        "out is counted, saved and moved about, but it gets no gradient and does nothing.",
        ja="ループの回る層が一つ足りません。添字 0 から始めて `num_layers` 個すべてを使います。抜けた層もパラメータ"
        "として数えられ、保存もされますが、勾配が届かず、何の働きもしません。",
        lesson="mistakes",
    ),
    Misconception(
        id="encoder-dropout-not-passed-on",
        task="Encoder",
        edits=((ENCODER_LAYERS, "nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff) for _ in range(num_layers)])"),),
        en="The layers are made without `dropout`, so all keep their default of 0.1. Pass the argument on. An "
        "encoder made with `dropout=0` is still random in training mode, and another rate never arrives.",
        ja="層を作るときに `dropout` を渡していないので、どの層も既定値の 0.1 のままです。引数をそのまま渡してくださ"
        "い。`dropout=0` で作ったエンコーダでも学習モードでは乱数の影響を受け、別の率を指定しても届きません。",
        lesson="mistakes",
    ),
)
