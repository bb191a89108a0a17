// Phase 5: the smoothed target, and the logits that fit it best.

Kata.smoothing = {
  /** (1 - eps) one-hot + eps / V; the right token is the first. */
  target(eps, V) {
    return Array.from({ length: V }, (_, i) => (i === 0 ? 1 - eps : 0) + eps / V);
  },

  /** Loss where the right token's logit is `lead` above the others, which are equal. */
  loss(lead, eps, V) {
    const target = this.target(eps, V);
    const total = Math.log(Math.exp(lead) + V - 1);
    return total - target[0] * lead;
  },

  /** The lead with the smallest loss: log of the ratio of the target's two values. */
  bestLead(eps, V) {
    return Math.log((1 - eps + eps / V) / (eps / V));
  },
};

Kata.define(
  "smoothing",
  {
    en: {
      title: "What label smoothing asks for",
      try: "Try: set the lead to the dashed line, then push it further. With smoothing the loss rises again; with ε = 0.001 it hardly does, and the best lead runs away.",
      eps: "ε",
      V: "vocabulary V",
      lead: "lead of the right token's logit",
      loss: "loss",
      best: "best lead",
      floor: "smallest loss",
      right: "target of the right token",
      other: "target of every other",
      curve: "The loss over the lead of the right token's logit, with its minimum marked",
    },
    ja: {
      title: "ラベル平滑化が求めるもの",
      try: "試してみよう: 差を破線に合わせ、さらに大きくしてください。平滑化があると損失はまた増えます。ε = 0.001 ではほとんど増えず、最適な差はずっと先へ行ってしまいます。",
      eps: "ε",
      V: "語彙の大きさ V",
      lead: "正解のロジットとほかとの差",
      loss: "損失",
      best: "最適な差",
      floor: "損失の最小値",
      right: "正解のトークンの目標",
      other: "ほかのトークンの目標",
      curve: "正解のロジットとほかとの差に対する損失の曲線。最小の点に印がある",
    },
  },
  (figure, words) => {
    const state = { eps: 0.1, V: 13, lead: 2 };
    const sliders = { eps: [0.001, 0.5, 0.001], V: [2, 100, 1], lead: [-2, 14, 0.1] };
    for (const [name, [min, max, step]] of Object.entries(sliders))
      figure.slider({ name, label: words[name], min, max, step, value: state[name], format: (v) => Kata.number(v) }, (value) => {
        state[name] = value;
        draw();
      });
    const svg = figure.drawing(560, 280, words.curve);
    function draw() {
      const { eps, V, lead } = state;
      const best = Kata.smoothing.bestLead(eps, V), floor = Kata.smoothing.loss(best, eps, V);
      const target = Kata.smoothing.target(eps, V);
      const at = figure.plot(svg, {
        width: 560, height: 280, x: [-2, 14], y: [0, 5], xTicks: [-2, 0, 2, 4, 6, 8, 10, 12, 14], yTicks: [0, 1, 2, 3, 4, 5],
        xLabel: words.lead, yLabel: words.loss,
      });
      const points = Array.from({ length: 161 }, (_, i) => -2 + 0.1 * i)
        .map((x) => [at.x(x), at.y(Math.min(5, Kata.smoothing.loss(x, eps, V)))].join(","));
      svg.append(
        Kata.element("line", { class: "hand dashed", x1: at.x(Math.min(14, best)), x2: at.x(Math.min(14, best)), y1: at.y(0), y2: at.y(5) }),
        Kata.element("polyline", { class: "curve one", points: points.join(" ") }),
        Kata.element("circle", { class: "dot", cx: at.x(lead), cy: at.y(Math.min(5, Kata.smoothing.loss(lead, eps, V))), r: 6 }),
      );
      figure.show({
        loss: [words.loss, Kata.smoothing.loss(lead, eps, V), Kata.smoothing.loss(lead, eps, V).toFixed(4)],
        best: [words.best, best, best.toFixed(3)],
        floor: [words.floor, floor, floor.toFixed(4)],
        right: [words.right, target[0]],
        other: [words.other, target[1]],
      });
    }
    draw();
  },
);
