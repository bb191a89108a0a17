// Phase 2: a softmax with a temperature, and its Jacobian.

Kata.softmax = {
  /** Shares of 1, with the greatest score subtracted first. */
  weights(scores) {
    const top = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - top));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  },

  /** diag(a) - a a^T. */
  jacobian(weights) {
    return weights.map((a, i) => weights.map((b, j) => (i === j ? a : 0) - a * b));
  },

  norm: (matrix) => Math.sqrt(matrix.flat().reduce((sum, value) => sum + value * value, 0)),
};

Kata.define(
  "softmax",
  {
    en: {
      title: "The softmax at a temperature, and its Jacobian",
      try: "Try: make all scores eight times larger (factor 8). One weight takes everything, and no entry of the Jacobian is left for the gradient to pass through.",
      factor: "factor on all scores",
      score: "score",
      weights: "Weights",
      bars: "Bars of the four weights",
      jacobian: "Jacobian: how weight i (row) changes with score j (column), for scores after the factor",
      norm: "norm of the Jacobian",
      greatest: "greatest weight",
    },
    ja: {
      title: "温度を変えたソフトマックスと、そのヤコビ行列",
      try: "試してみよう: 係数を 8 にして、すべてのスコアを 8 倍にしてください。一つの重みがすべてを取り、勾配が通るはずのヤコビ行列の成分がほとんど消えます。",
      factor: "スコアに掛ける係数",
      score: "スコア",
      weights: "重み",
      bars: "四つの重みの棒グラフ",
      jacobian: "ヤコビ行列: スコア j (列) を動かしたときの重み i (行) の変化。スコアは係数を掛けた後のもの",
      norm: "ヤコビ行列のノルム",
      greatest: "最大の重み",
    },
  },
  (figure, words) => {
    const scores = [2, 1, 0, -1];
    let power = 0; // of 2, so that the slider treats halving and doubling alike
    const factor = () => 2 ** power;
    figure.slider(
      { name: "factor", label: words.factor, min: -4, max: 5, step: 0.5, value: 0, format: (v) => Kata.number(2 ** v) },
      (value) => { power = value; draw(); },
    );
    scores.forEach((score, i) =>
      figure.slider({ name: `score${i}`, label: `${words.score} ${i}`, min: -4, max: 4, step: 0.1, value: score }, (value) => {
        scores[i] = value;
        draw();
      }),
    );
    const svg = figure.drawing(420, 150, words.bars);
    const tables = Kata.element("div");
    figure.body.append(tables);
    function draw() {
      const weights = Kata.softmax.weights(scores.map((score) => factor() * score));
      const jacobian = Kata.softmax.jacobian(weights);
      svg.replaceChildren();
      weights.forEach((weight, i) => {
        const x = 30 + 100 * i, height = 110 * weight;
        svg.append(
          Kata.element("rect", { class: "bar", x, y: 126 - height, width: 60, height }),
          Kata.element("text", { class: "tick", x: x + 30, y: 120 - height, "text-anchor": "middle" }, weight.toFixed(3)),
          Kata.element("text", { class: "tick", x: x + 30, y: 144, "text-anchor": "middle" }, String(i)),
        );
      });
      const names = scores.map((_, i) => String(i));
      tables.replaceChildren(
        figure.table({ name: "jacobian", caption: words.jacobian, rows: names, columns: names, values: jacobian, text: (v) => v.toFixed(3).replace("-0.000", "0.000"), colour: Figure.signed(0.25) }),
      );
      figure.show({
        greatest: [words.greatest, Math.max(...weights)],
        norm: [words.norm, Kata.softmax.norm(jacobian)],
      });
      svg.dataset.output = "weights";
      svg.dataset.value = JSON.stringify(weights);
    }
    draw();
  },
);
