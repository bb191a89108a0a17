"""Phase 4: mistakes in the stacks of layers, Encoder and Decoder."""

from __future__ import annotations

from . import Misconception

ENCODER_LAYERS = "nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])"
DECODER_LAYERS = "nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff, dropout) for _ in range(num_layers)])"
ENCODER_LOOP = "for layer in self.layers:\n            x = layer(x, mask)\n        return x"
DECODER_LOOP = "for layer in self.layers:\n            x = layer(x, memory, self_mask, memory_mask)\n        return x"
ALSO = ("Transformer",)

CATALOGUE = (
    # -- Encoder --
    Misconception(
        id="encoder-one-layer-many-times",
        task="Encoder",
        edits=((ENCODER_LAYERS, "nn.ModuleList([EncoderLayer(d_model, num_heads, d_ff, dropout)] * num_layers)"),),
        en="`[layer] * N` holds one layer N times. The N layers of the paper have parameters of their own (3.1): "
        "make a new one for each place, in a loop. The model still trains, but it has an Nth of the parameters, and "
        "the checkpoint of a true Transformer does not fit.",
        ja="`[layer] * N` は一つの層を N 回並べただけのリストです。論文の N 個の層はそれぞれ自分のパラメータを持つ"
        "ので (3.1 節)、ループで一つずつ作ってください。このままでも学習はできますが、パラメータが N 分の 1 しかな"
        "く、本来の Transformer の重みを読み込めません。",
        lesson="counting",
        also=ALSO,
    ),
    Misconception(
        id="encoder-plain-list",
        task="Encoder",
        edits=((ENCODER_LAYERS, ENCODER_LAYERS.replace("nn.ModuleList(", "list(")),),
        en="The layers are kept in a plain Python list, where `nn.Module` does not look. Put them in an "
        "`nn.ModuleList`. As it is, `parameters()`, `state_dict()`, `eval()` and `.to(device)` do not reach them: "
        "the optimizer never trains the encoder, and nothing warns you.",
        ja="層をただの Python のリストに入れているので、`nn.Module` からは見えません。`nn.ModuleList` に入れてくださ"
        "い。このままでは `parameters()` も `state_dict()` も `eval()` も `.to(device)` も層に届かず、エンコーダは警"
        "告もなく学習されないままになります。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="encoder-does-not-chain",
        task="Encoder",
        edits=(
            (ENCODER_LOOP, "for layer in self.layers:\n            output = layer(x, mask)\n        return output"),
        ),
        en="Every layer is given the stack's input, and only the last one's answer is returned. Each layer works on "
        "the output of the one before (3.1): `x = layer(x, mask)`. As it is, the depth is an illusion: all layers "
        "but the last are computed for nothing and get no gradient.",
        ja="どの層にもスタックの入力を渡し、最後の層の結果だけを返しています。各層は前の層の出力を受け取るので (3.1 "
        "節)、`x = layer(x, mask)` とします。このままでは層を重ねた意味がなく、最後以外の層は計算が捨てられ、勾配も"
        "届きません。",
        lesson="encoder",
        also=ALSO,
    ),
    Misconception(
        id="encoder-mask-in-the-first-layer-only",
        task="Encoder",
        edits=(
            (ENCODER_LOOP, "for layer in self.layers:\n            x, mask = layer(x, mask), None\n        return x"),
        ),
        en="The mask reaches the first layer only. Padding positions have values in every layer, so every layer "
        "needs the mask. As it is, the padding that the first layer hid is read by the second.",
        ja="マスクが最初の層にしか渡っていません。パディングの位置はどの層でも値を持つので、すべての層にマスクが必要"
        "です。このままでは、1 層目が隠したパディングを 2 層目が読んでしまいます。",
        lesson="encoder",
        also=ALSO,
    ),
    Misconception(
        id="encoder-mask-forgotten",
        task="Encoder",
        edits=((ENCODER_LOOP, ENCODER_LOOP.replace("layer(x, mask)", "layer(x)")),),
        en="`mask` is accepted and given to no layer. Pass it to every one. As it is, all positions attend to the "
        "padding behind the sentence, and what the encoder makes of a sentence depends on its neighbours in the "
        "batch.",
        ja="`mask` を受け取っていますが、どの層にも渡していません。すべての層に渡してください。このままでは、すべて"
        "の位置が文の後ろのパディングにも注意を向け、文の表現が同じバッチの隣の文に左右されます。",
        lesson="encoder",
        also=ALSO,
    ),
    Misconception(
        id="encoder-norm-at-the-end",
        task="Encoder",
        edits=(
            (ENCODER_LAYERS, f"{ENCODER_LAYERS}\n        self.norm = AddAndNorm(d_model, dropout).norm"),
            (ENCODER_LOOP, ENCODER_LOOP.replace("return x", "return self.norm(x)")),
        ),
        en="A layer norm follows the last layer. The paper has none there (3.1, figure 1): in post-norm every layer "
        "already ends with one. `nn.Transformer` adds this norm and pre-norm models need it; here it normalises "
        "twice, which hardly shows at first, and has `2 * d_model` parameters that no other post-norm model has.",
        ja="最後の層の後に層正規化があります。論文のこの場所にはありません (3.1 節、図 1)。Post-LN では、各層がすで"
        "に正規化で終わっているからです。`nn.Transformer` はこの正規化を加え、Pre-LN では必要になりますが、ここでは"
        "二重の正規化です。最初はほとんど違いが見えないうえ、余分なパラメータが `2 * d_model` 個増えます。",
        lesson="encoder",
        also=ALSO,
    ),
    Misconception(
        id="encoder-skips-a-layer",
        task="Encoder",
        edits=((ENCODER_LOOP, ENCODER_LOOP.replace("self.layers:", "self.layers[1:]:")),),
        en="The loop runs over one layer too few. All `num_layers` layers take part, from index 0 on. The layer left "
        "out is counted, saved and moved about, but it gets no gradient and does nothing.",
        ja="ループの回る層が一つ足りません。添字 0 から始めて `num_layers` 個すべてを使います。抜けた層もパラメータ"
        "として数えられ、保存もされますが、勾配が届かず、何の働きもしません。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="encoder-dropout-not-passed-on",
        task="Encoder",
        edits=((ENCODER_LAYERS, ENCODER_LAYERS.replace("d_ff, dropout", "d_ff")),),
        en="The layers are made without `dropout`, so all keep their default of 0.1. Pass the argument on. An "
        "encoder made with `dropout=0` is still random in training mode, and another rate never arrives.",
        ja="層を作るときに `dropout` を渡していないので、どの層も既定値の 0.1 のままです。引数をそのまま渡してくださ"
        "い。`dropout=0` で作ったエンコーダでも学習モードでは乱数の影響を受け、別の率を指定しても届きません。",
        lesson="mistakes",
        also=ALSO,
    ),
    # -- Decoder --
    Misconception(
        id="decoder-one-layer-many-times",
        task="Decoder",
        edits=((DECODER_LAYERS, "nn.ModuleList([DecoderLayer(d_model, num_heads, d_ff, dropout)] * num_layers)"),),
        en="`[layer] * N` holds one layer N times: the list has N entries and a single set of parameters. Each of "
        "the paper's N layers has its own (3.1), so make a new `DecoderLayer` for each place. The gradients of all "
        "places add up in one layer, which learns a compromise.",
        ja="`[layer] * N` は一つの層を N 回並べたもので、要素は N 個あってもパラメータは 1 組しかありません。論文の "
        "N 個の層はそれぞれ自分のパラメータを持つので (3.1 節)、場所ごとに新しい `DecoderLayer` を作ってください。"
        "このままでは N か所分の勾配が一つの層に足され、妥協した値を学習します。",
        lesson="counting",
        also=ALSO,
    ),
    Misconception(
        id="decoder-plain-list",
        task="Decoder",
        edits=((DECODER_LAYERS, DECODER_LAYERS.replace("nn.ModuleList(", "list(")),),
        en="The layers are in a plain list, which `nn.Module` does not search for submodules. Use `nn.ModuleList`. "
        "As it is, the decoder has no parameters as far as the optimizer, `state_dict()` and `.to(device)` know, and "
        "`eval()` does not switch off its dropout.",
        ja="層がただのリストに入っていて、`nn.Module` がサブモジュールとして見つけられません。`nn.ModuleList` を使っ"
        "てください。このままでは、オプティマイザにも `state_dict()` にも `.to(device)` にもデコーダのパラメータが見"
        "えず、`eval()` でドロップアウトも止まりません。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="decoder-does-not-chain",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                DECODER_LOOP.replace("x = layer", "output = layer").replace("return x", "return output"),
            ),
        ),
        en="All layers get the embedded target, and only the answer of the last one counts. Each layer continues "
        "from the one before (3.1): `x = layer(x, memory, ...)`. As it is, the layers before the last get no "
        "gradient, and six layers are worth one.",
        ja="すべての層に埋め込み直後の値を渡し、最後の層の結果だけを使っています。各層は前の層の出力から続けるので "
        "(3.1 節)、`x = layer(x, memory, ...)` とします。このままでは最後以外の層に勾配が届かず、6 層あっても 1 層"
        "分の働きしかしません。",
        lesson="decoder",
        also=ALSO,
    ),
    Misconception(
        id="decoder-self-mask-forgotten",
        task="Decoder",
        edits=((DECODER_LOOP, DECODER_LOOP.replace("self_mask, memory", "None, memory")),),
        en="`self_mask` does not reach the layers. Every layer needs it, or its self-attention looks at tokens that "
        "have not been said yet (3.1). In training the answer leaks and the loss looks wonderful; in decoding "
        "nothing is left of it.",
        ja="`self_mask` が層に渡っていません。どの層にもこれが必要で、ないと自己注意がまだ出力していないトークンを"
        "見てしまいます (3.1 節)。学習中は答えが漏れて損失がとても良く見えますが、生成では何の役にも立ちません。",
        lesson="decoder",
        also=ALSO,
    ),
    Misconception(
        id="decoder-memory-mask-forgotten",
        task="Decoder",
        edits=((DECODER_LOOP, DECODER_LOOP.replace(", memory_mask)", ")")),),
        en="`memory_mask` is accepted and not passed to the layers. Their cross-attention then reads the source's "
        "padding as if it were words, and a translation changes with the length of the longest sentence in the "
        "batch.",
        ja="`memory_mask` を受け取っていますが、層に渡していません。交差注意が原文のパディングを単語のように読み、"
        "バッチでいちばん長い文の長さによって翻訳が変わります。",
        lesson="cross-attention",
        also=ALSO,
    ),
    Misconception(
        id="decoder-causal-in-the-first-layer-only",
        task="Decoder",
        edits=(
            (
                DECODER_LOOP,
                DECODER_LOOP.replace("x = layer(", "x, self_mask = layer(").replace("_mask)", "_mask), None"),
            ),
        ),
        en="Only the first layer gets `self_mask`. One layer without it is enough to see the future: the second "
        "layer reads, at every position, what the first has made of the tokens behind it. Pass the mask to all "
        "layers.",
        ja="`self_mask` が最初の層にしか渡っていません。マスクのない層が一つでもあれば未来が見えます。2 層目の各位"
        "置が、後ろのトークンについての 1 層目の結果を読むからです。すべての層に渡してください。",
        lesson="decoder",
        also=ALSO,
    ),
    Misconception(
        id="decoder-norm-at-the-end",
        task="Decoder",
        edits=(
            (DECODER_LAYERS, f"{DECODER_LAYERS}\n        self.norm = AddAndNorm(d_model, dropout).norm"),
            (DECODER_LOOP, DECODER_LOOP.replace("return x", "return self.norm(x)")),
        ),
        en="A layer norm is applied after the last layer. In the paper the last `Add & Norm` of the stack leads "
        "straight to the output projection (figure 1). `nn.Transformer` adds this norm, and pre-norm models need it; "
        "in post-norm the values are normalised already, so it is a second one with parameters of its own.",
        ja="最後の層の後に層正規化をかけています。論文では、スタックの最後の `Add & Norm` がそのまま出力の射影につ"
        "ながります (図 1)。`nn.Transformer` はこの正規化を加え、Pre-LN では必要ですが、Post-LN の値はすでに正規化"
        "されています。余分なパラメータを持つ二重の正規化です。",
        lesson="decoder",
        also=ALSO,
    ),
    Misconception(
        id="decoder-skips-a-layer",
        task="Decoder",
        edits=((DECODER_LOOP, DECODER_LOOP.replace("self.layers:", "self.layers[:-1]:")),),
        en="The loop stops one layer early. All `num_layers` layers take part, the last one included. The layer left "
        "out has parameters that are counted and saved, and gets no gradient.",
        ja="ループが 1 層手前で終わっています。最後の層も含め、`num_layers` 個すべてを使います。抜けた層のパラメータ"
        "は数えられて保存もされますが、勾配が届きません。",
        lesson="mistakes",
        also=ALSO,
    ),
    Misconception(
        id="decoder-dropout-not-passed-on",
        task="Decoder",
        edits=((DECODER_LAYERS, DECODER_LAYERS.replace("d_ff, dropout", "d_ff")),),
        en="The layers are made without `dropout` and keep their default of 0.1. Pass the argument on to each. With "
        "`dropout=0` the decoder is still random in training mode, so two runs of one model never agree.",
        ja="層を作るときに `dropout` を渡していないので、既定値の 0.1 のままです。すべての層に引数を渡してください。"
        "`dropout=0` を指定しても学習モードではデコーダが乱数の影響を受け、同じモデルを 2 回動かしても結果が一致しま"
        "せん。",
        lesson="mistakes",
        also=ALSO,
    ),
)
