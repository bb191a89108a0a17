// Phase 5: two typed sentences in one batch, and who may attend to whom.

Kata.masks = {
  PAD: 0,

  /** Sentences to rows of numbers of one length, padded on the right; a word's number is its place among all words. */
  tokens(sentences) {
    const rows = sentences.map((text) => text.trim().split(/\s+/).filter(Boolean));
    const words = [...new Set(rows.flat())];
    const length = Math.max(1, ...rows.map((row) => row.length));
    const fill = (row, value) => [...row, ...new Array(length - row.length).fill(value)];
    return {
      words: rows.map((row) => fill(row, "<pad>")),
      ids: rows.map((row) => fill(row.map((word) => 1 + words.indexOf(word)), this.PAD)),
    };
  },

  /** For each query (row) and key (column) of one sentence: may it attend? */
  padding: (ids, pad) => ids.map(() => ids.map((id) => id !== pad)),
  lookAhead: (ids) => ids.map((_, query) => ids.map((_, key) => key <= query)),
  decoder(ids, pad) {
    const [hides, later] = [this.padding(ids, pad), this.lookAhead(ids)];
    return hides.map((row, i) => row.map((may, j) => may && later[i][j]));
  },
};

Kata.define(
  "masks",
  {
    en: {
      title: "Two sentences in one batch, and their masks",
      try: "Try: make the first sentence longer than the second. Columns of padding appear in the second one; then look at the decoder's mask, which hides both padding and future.",
      first: "first sentence",
      second: "second sentence",
      mask: "mask",
      padding: "padding mask",
      lookAhead: "look-ahead mask",
      decoder: "decoder mask (both)",
      caption: "sentence {n}: row = query, column = key; 1 = may attend",
      share: "pairs that may attend",
      start: ["a cat sleeps", "the old dog chased a cat"],
    },
    ja: {
      title: "一つのバッチに入れた二つの文と、そのマスク",
      try: "試してみよう: 一つ目の文を二つ目より長くしてください (語は空白で区切ります)。二つ目にパディングの列が現れます。次に、パディングと未来の両方を隠すデコーダのマスクを見てください。",
      first: "一つ目の文",
      second: "二つ目の文",
      mask: "マスク",
      padding: "パディングマスク",
      lookAhead: "先読みマスク",
      decoder: "デコーダのマスク (両方)",
      caption: "文 {n}: 行がクエリ、列がキー。1 は注意を向けてよい",
      share: "注意を向けてよい組の数",
      start: ["猫 が 眠る", "古い 犬 が 猫 を 追いかけた"],
    },
  },
  (figure, words) => {
    const state = { sentences: [...words.start], mask: "decoder" };
    ["first", "second"].forEach((name, i) =>
      figure.line({ name, label: words[name], value: state.sentences[i] }, (text) => {
        state.sentences[i] = text;
        draw();
      }),
    );
    const options = ["padding", "lookAhead", "decoder"].map((name) => [name, words[name]]);
    figure.choice({ name: "mask", label: words.mask, options, value: state.mask }, (mask) => {
      state.mask = mask;
      draw();
    });
    const tables = Kata.element("div");
    figure.body.append(tables);
    function draw() {
      const batch = Kata.masks.tokens(state.sentences);
      const masks = batch.ids.map((ids) => Kata.masks[state.mask](ids, Kata.masks.PAD));
      tables.replaceChildren(
        ...masks.map((mask, n) =>
          figure.table({
            name: `mask${n}`,
            caption: words.caption.replace("{n}", n + 1),
            rows: batch.words[n],
            columns: batch.words[n],
            values: mask.map((row) => row.map(Number)),
            text: String,
          }),
        ),
      );
      figure.show({ share: [words.share, masks.flat(2).filter(Boolean).length, `${masks.flat(2).filter(Boolean).length} / ${masks.flat(2).length}`] });
    }
    draw();
  },
);
