// Phase 6: a small trained Transformer, run in the page, and what its heads look at.

Kata.model = {
  PAD: 0,
  BOS: 1,
  EOS: 2,

  /** Weights as rows of numbers (a vector as one row), decoded from float16 once. */
  get weights() {
    const read = (name) => {
      const { shape, half } = Kata.data.heads.weights[name];
      const bytes = Uint8Array.from(atob(half), (char) => char.charCodeAt(0));
      const view = new DataView(bytes.buffer);
      const columns = shape[shape.length - 1], rows = shape.length === 2 ? shape[0] : 1;
      return Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, j) => this.fromHalf(view.getUint16(2 * (i * columns + j), true))),
      );
    };
    const value = Object.fromEntries(Object.keys(Kata.data.heads.weights).map((name) => [name, read(name)]));
    Object.defineProperty(this, "weights", { value });
    return value;
  },

  /** IEEE 754 half precision to a number. */
  fromHalf(bits) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 0) return sign * 2 ** -24 * fraction;
    return sign * 2 ** (exponent - 25) * (1024 + fraction);
  },

  linear(x, name) {
    const weight = this.weights[`${name}.weight`], bias = this.weights[`${name}.bias`]?.[0];
    return x.map((row) => weight.map((line, i) => line.reduce((sum, w, j) => sum + w * row[j], bias ? bias[i] : 0)));
  },

  addAndNorm(x, y, name) {
    const [gain] = this.weights[`${name}.norm.weight`], [bias] = this.weights[`${name}.norm.bias`];
    return x.map((row, i) => {
      const sum = row.map((value, j) => value + y[i][j]);
      const mean = sum.reduce((a, b) => a + b) / sum.length;
      const variance = sum.reduce((a, b) => a + (b - mean) ** 2, 0) / sum.length;
      return sum.map((value, j) => (gain[j] * (value - mean)) / Math.sqrt(variance + 1e-5) + bias[j]);
    });
  },

  /** Multi-head attention; `causal` hides later keys. Returns the output rows and the weights by head. */
  attention(query, memory, name, causal) {
    const heads = Kata.data.heads.num_heads, size = query[0].length / heads;
    const [q, k, v] = [this.linear(query, `${name}.w_q`), this.linear(memory, `${name}.w_k`), this.linear(memory, `${name}.w_v`)];
    const joined = query.map(() => []), weights = [];
    for (let head = 0; head < heads; head++) {
      const part = (rows) => rows.map((row) => row.slice(head * size, (head + 1) * size));
      const [keys, values] = [part(k), part(v)];
      weights.push(
        part(q).map((one, i) => {
          const seen = causal ? i + 1 : keys.length;
          const { weights: shares, output } = Kata.query.attend(one, keys.slice(0, seen), values.slice(0, seen));
          joined[i].push(...output);
          return [...shares, ...new Array(keys.length - seen).fill(0)];
        }),
      );
    }
    return [this.linear(joined, `${name}.w_o`), weights];
  },

  feedForward: (x, name) =>
    Kata.model.linear(Kata.model.linear(x, `${name}.linear1`).map((row) => row.map((v) => Math.max(0, v))), `${name}.linear2`),

  embed(tokens, name) {
    const table = this.weights[`${name}.embedding.weight`], width = table[0].length;
    return tokens.map((token, position) => {
      const code = Kata.clock.encoding(position, width);
      return table[token].map((value, i) => value * Math.sqrt(width) + code[i]);
    });
  },

  encode(source) {
    let x = this.embed(source, "src_embedding"), y, self;
    [y, self] = this.attention(x, x, "encoder.layers.0.self_attention", false);
    x = this.addAndNorm(x, y, "encoder.layers.0.add_norm1");
    x = this.addAndNorm(x, this.feedForward(x, "encoder.layers.0.feed_forward"), "encoder.layers.0.add_norm2");
    return { memory: x, encoder: self };
  },

  decode(target, memory) {
    const layer = "decoder.layers.0";
    let x = this.embed(target, "tgt_embedding"), y, self, cross;
    [y, self] = this.attention(x, x, `${layer}.self_attention`, true);
    x = this.addAndNorm(x, y, `${layer}.add_norm1`);
    [y, cross] = this.attention(x, memory, `${layer}.cross_attention`, false);
    x = this.addAndNorm(x, y, `${layer}.add_norm2`);
    x = this.addAndNorm(x, this.feedForward(x, `${layer}.feed_forward`), `${layer}.add_norm3`);
    return { logits: this.linear(x, "output_projection"), decoder: self, cross };
  },

  /** Greedy answer to a source without special tokens, and the attention of the whole answer. */
  translate(source, maxLen = 30) {
    const { memory, encoder } = this.encode([...source, this.EOS]);
    const answer = [];
    while (answer.length < maxLen && answer[answer.length - 1] !== this.EOS) {
      const { logits } = this.decode([this.BOS, ...answer], memory);
      const last = logits[logits.length - 1];
      answer.push(last.indexOf(Math.max(...last)));
    }
    return { answer, encoder, ...this.decode([this.BOS, ...answer].slice(0, answer.length), memory) };
  },
};

Kata.define(
  "heads",
  {
    en: {
      title: "The heads of a trained Transformer",
      try: "Try: step through the four heads of the decoder-encoder attention and look for the word that each Japanese token comes from. Then choose a longer sentence: do the heads keep their roles?",
      sentence: "sentence (none of these was learned)",
      which: "attention",
      encoder: "encoder, self-attention",
      decoder: "decoder, self-attention",
      cross: "decoder to encoder",
      head: "head",
      table: "Weights: each row is one query and adds up to 1",
      answer: "translation by the model in this page",
    },
    ja: {
      title: "学習した Transformer のヘッド",
      try: "試してみよう: デコーダからエンコーダへの注意の四つのヘッドを順に見て、日本語の各トークンがどの単語から来たかを探してください。次に長い文を選ぶと、ヘッドの役割は変わるでしょうか。",
      sentence: "文 (どれも学習には使っていない)",
      which: "注意",
      encoder: "エンコーダの自己注意",
      decoder: "デコーダの自己注意",
      cross: "デコーダからエンコーダへ",
      head: "ヘッド",
      table: "重み: 各行が一つのクエリで、合計は 1",
      answer: "このページの中のモデルによる訳",
    },
  },
  (figure, words) => {
    const { sentences, source, target, num_heads } = Kata.data.heads;
    const say = (ids, names, space) => ids.filter((id) => id > 2).map((id) => names[id]).join(space);
    const state = { sentence: 0, which: "cross", head: 1, found: null };
    figure.choice(
      { name: "sentence", label: words.sentence, options: sentences.map(([src], i) => [i, say(src, source, " ")]), value: 0 },
      (value) => { state.sentence = Number(value); state.found = null; draw(); },
    );
    figure.choice(
      { name: "which", label: words.which, options: ["cross", "encoder", "decoder"].map((name) => [name, words[name]]), value: "cross" },
      (value) => { state.which = value; draw(); },
    );
    figure.slider({ name: "head", label: words.head, min: 1, max: num_heads, value: 1 }, (value) => { state.head = value; draw(); });
    const tables = Kata.element("div");
    figure.body.append(tables);
    function draw() {
      const [src] = sentences[state.sentence];
      state.found ??= Kata.model.translate(src);
      const { answer } = state.found;
      const from = [...src, Kata.model.EOS].map((id) => source[id]);
      const to = [Kata.model.BOS, ...answer].slice(0, answer.length).map((id) => target[id]);
      const [rows, columns] = { cross: [to, from], encoder: [from, from], decoder: [to, to] }[state.which];
      tables.replaceChildren(
        figure.table({
          name: "weights", caption: `${words[state.which]}, ${words.head} ${state.head}. ${words.table}`, rows, columns,
          values: state.found[state.which][state.head - 1], text: (v) => (v < 0.005 ? "·" : v.toFixed(2).slice(1).replace(/^\.00$/, "1.0")),
        }),
      );
      figure.show({ answer: [words.answer, answer, say(answer, target, "")] });
    }
    draw();
  },
);
