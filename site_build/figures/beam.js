// Phase 6: beam search over a small table of next tokens, step by step.

Kata.beam = {
  TOKENS: { en: ["BOS", "EOS", "a", "the", "cat", "dog", "sleeps"], ja: ["BOS", "EOS", "ある", "その", "猫", "犬", "寝る"] },
  BOS: 0,
  EOS: 1,
  MAX_LEN: 5,

  /** Probability of the next token (column) after a token (row). */
  NEXT: [
    [0.0001, 0.0049, 0.535, 0.445, 0.006, 0.007, 0.002],
    [0.0001, 0.9949, 0.001, 0.001, 0.001, 0.001, 0.001],
    [0.0001, 0.0039, 0.002, 0.003, 0.471, 0.509, 0.011],
    [0.0001, 0.0039, 0.003, 0.002, 0.901, 0.077, 0.013],
    [0.0001, 0.4819, 0.004, 0.005, 0.002, 0.003, 0.504],
    [0.0001, 0.3819, 0.007, 0.006, 0.004, 0.002, 0.599],
    [0.0001, 0.9519, 0.011, 0.012, 0.013, 0.007, 0.005],
  ],

  /** Wu et al. 2016, equation 14: ((5 + length) / 6) ** alpha. */
  penalty: (length, alpha) => ((5 + length) / 6) ** alpha,

  /**
   * All steps of a search.
   * @returns {{steps: {kept: object[], dropped: object[]}[], ranked: object[]}} hypotheses with `tokens`, `logProb`,
   *   `parent` (number among the live ones of the step before); `ranked` with `score`, best first.
   */
  search(size, alpha, maxLen = this.MAX_LEN) {
    let live = [{ tokens: [], logProb: 0 }];
    const steps = [], collected = [];
    for (let step = 0; step < maxLen && live.length; step++) {
      const extensions = live.flatMap(({ tokens, logProb }, parent) =>
        this.NEXT[tokens.length ? tokens[tokens.length - 1] : this.BOS].map((p, token) => ({
          tokens: [...tokens, token], logProb: logProb + Math.log(p), parent,
        })),
      );
      extensions.sort((one, other) => other.logProb - one.logProb);
      const kept = extensions.slice(0, size);
      steps.push({ kept, dropped: extensions.slice(size, size + 2) });
      const ends = (one) => one.tokens[one.tokens.length - 1] === this.EOS;
      collected.push(...kept.filter(ends));
      live = kept.filter((one) => !ends(one));
    }
    const ranked = [...collected, ...live]
      .map((one) => ({ ...one, score: one.logProb / this.penalty(one.tokens.length, alpha) }))
      .sort((one, other) => other.score - one.score)
      .slice(0, size);
    return { steps, ranked };
  },
};

Kata.define(
  "beam",
  {
    en: {
      title: "Beam search, step by step",
      try: "Try: search with beam size 1, then 2: the first token's favourite loses. Then move α and watch short and long answers change places in the ranking.",
      size: "beam size",
      alpha: "α of the length penalty",
      next: "next step",
      back: "one step back",
      tree: "Steps from left to right; kept extensions in boxes joined to the hypothesis they extend, the next two that were not kept struck through",
      step: "step",
      kept: "kept",
      dropped: "not kept",
      table: "Ranking after the last step",
      columns: ["log-probability", "tokens", "penalty", "score"],
      answer: "answer",
      unfinished: "(search not finished)",
    },
    ja: {
      title: "ビームサーチを一歩ずつ",
      try: "試してみよう: ビーム幅 1 で探し、次に 2 で探してください。最初のトークンでいちばんだったものが負けます。次に α を動かして、短い答えと長い答えの順位が入れ替わるのを見てください。",
      size: "ビーム幅",
      alpha: "長さペナルティの α",
      next: "次のステップ",
      back: "一歩戻る",
      tree: "左から右へ進むステップ。残した拡張は箱で示し、元の仮説と線で結ぶ。残さなかったもののうち上位二つは取り消し線で示す",
      step: "ステップ",
      kept: "残した",
      dropped: "残さなかった",
      table: "最後のステップの後の順位",
      columns: ["対数確率", "トークン数", "ペナルティ", "スコア"],
      answer: "答え",
      unfinished: "(探索の途中)",
    },
  },
  (figure, words) => {
    const names = Kata.beam.TOKENS[Kata.lang];
    const state = { size: 2, alpha: 0.6, step: 1 };
    figure.slider({ name: "size", label: words.size, min: 1, max: 4, value: 2 }, (value) => { state.size = value; draw(); });
    figure.slider({ name: "alpha", label: words.alpha, min: 0, max: 1.5, step: 0.1, value: 0.6 }, (value) => { state.alpha = value; draw(); });
    const back = figure.button({ name: "back", label: words.back }, () => { state.step -= 1; draw(); });
    const next = figure.button({ name: "next", label: words.next }, () => { state.step += 1; draw(); });
    const box = Kata.element("div", { class: "figure-scroll", tabindex: "0", role: "region", "aria-label": words.tree });
    const svg = Kata.element("svg", { viewBox: "0 0 660 250", role: "img", "aria-label": words.tree, class: "wide" });
    box.append(svg);
    const ranking = Kata.element("div");
    figure.body.append(box, ranking);
    const say = (one) => one.tokens.map((token) => names[token]).join(" ");

    function draw() {
      const { steps, ranked } = Kata.beam.search(state.size, state.alpha);
      state.step = Math.max(1, Math.min(state.step, steps.length));
      back.disabled = state.step === 1;
      next.disabled = state.step === steps.length;
      svg.replaceChildren();
      let before = [{ x: 8, y: 110 }];
      steps.slice(0, state.step).forEach(({ kept, dropped }, n) => {
        const x = 30 + 128 * n, places = [];
        svg.append(Kata.element("text", { class: "tick", x: x + 50, y: 14, "text-anchor": "middle" }, `${words.step} ${n + 1}`));
        kept.forEach((one, i) => {
          const y = 24 + 36 * i, parent = before[one.parent];
          const token = one.tokens[one.tokens.length - 1];
          svg.append(
            Kata.element("line", { class: "branch", x1: parent.x, y1: parent.y, x2: x, y2: y + 14 }),
            Kata.element("rect", { class: token === Kata.beam.EOS ? "node done" : "node", x, y, width: 100, height: 28, rx: 4 }),
            Kata.element("text", { class: "on-node", x: x + 6, y: y + 19 }, `${names[token]} ${one.logProb.toFixed(2)}`),
          );
          if (token !== Kata.beam.EOS) places.push({ x: x + 100, y: y + 14 });
        });
        dropped.forEach((one, i) =>
          svg.append(
            Kata.element("text", { class: "tick dropped", x: x + 6, y: 24 + 36 * kept.length + 20 + 20 * i }, `${names[one.tokens[one.tokens.length - 1]]} ${one.logProb.toFixed(2)}`),
          ),
        );
        before = places;
      });
      const { kept, dropped } = steps[state.step - 1];
      const finished = state.step === steps.length;
      ranking.replaceChildren();
      if (finished)
        ranking.append(
          figure.table({
            name: "ranking", caption: words.table, rows: ranked.map(say), columns: words.columns,
            values: ranked.map((one) => [one.logProb, one.tokens.length, Kata.beam.penalty(one.tokens.length, state.alpha), one.score]),
            text: (v) => (Number.isInteger(v) ? String(v) : v.toFixed(3)), colour: () => ({}),
          }),
        );
      figure.show({
        kept: [words.kept, kept.map((one) => one.tokens), kept.map(say).join(" / ")],
        dropped: [words.dropped, dropped.map((one) => one.tokens), dropped.map(say).join(" / ")],
        answer: [words.answer, finished ? ranked[0].tokens : null, finished ? say(ranked[0]) : words.unfinished],
      });
    }
    draw();
  },
);
