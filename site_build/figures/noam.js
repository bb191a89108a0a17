// Phase 5: the Noam schedule (paper 5.3, equation 3).

Kata.noam = {
  rate: (step, width, warmup, factor) => factor * width ** -0.5 * Math.min(step ** -0.5, step * warmup ** -1.5),
};

Kata.define(
  "noam",
  {
    en: {
      title: "The Noam schedule",
      try: "Try: halve the warm-up. The peak comes earlier and is higher by √2; then double d_model, which lowers the whole curve by √2.",
      width: "d_model",
      warmup: "warm-up steps",
      factor: "factor",
      step: "step",
      rate: "learning rate",
      peak: "peak",
      curve: "The learning rate over the steps: it rises in a line to the end of the warm-up and falls like one over the root of the step",
    },
    ja: {
      title: "Noam スケジュール",
      try: "試してみよう: ウォームアップを半分にしてください。山は早く来て、√2 倍高くなります。次に d_model を 2 倍にすると、曲線全体が √2 分の 1 に下がります。",
      width: "d_model",
      warmup: "ウォームアップのステップ数",
      factor: "係数",
      step: "ステップ",
      rate: "学習率",
      peak: "最大値",
      curve: "ステップに対する学習率。ウォームアップの終わりまで直線で上がり、その後はステップの平方根に反比例して下がる",
    },
  },
  (figure, words) => {
    const state = { width: 512, warmup: 4000, factor: 1, step: 4000 };
    const sliders = { width: [64, 1024, 64], warmup: [500, 16000, 500], factor: [0.1, 2, 0.1], step: [1, 20000, 1] };
    for (const [name, [min, max, step]] of Object.entries(sliders))
      figure.slider({ name, label: words[name], min, max, step, value: state[name] }, (value) => {
        state[name] = value;
        draw();
      });
    const svg = figure.drawing(560, 280, words.curve);
    function draw() {
      const { width, warmup, factor, step } = state;
      const rate = (at) => Kata.noam.rate(at, width, warmup, factor);
      const high = [1, 2, 5, 10].map((m) => m * 10 ** Math.floor(Math.log10(rate(warmup)))).find((limit) => limit >= rate(warmup));
      const at = figure.plot(svg, {
        width: 560, height: 280, x: [0, 20000], y: [0, high], xTicks: [0, 5000, 10000, 15000, 20000],
        yTicks: [0, 0.25, 0.5, 0.75, 1].map((share) => share * high), xLabel: words.step, yLabel: words.rate,
        tick: (v) => (v !== 0 && v < 0.1 ? v.toExponential(1) : String(v)),
      });
      const points = Array.from({ length: 401 }, (_, i) => Math.max(1, 50 * i)).map((x) => `${at.x(x)},${at.y(rate(x))}`);
      svg.append(
        Kata.element("polyline", { class: "curve one", points: points.join(" ") }),
        Kata.element("circle", { class: "dot", cx: at.x(step), cy: at.y(rate(step)), r: 6 }),
      );
      figure.show({ rate: [words.rate, rate(step), rate(step).toExponential(3)], peak: [words.peak, rate(warmup), rate(warmup).toExponential(3)] });
    }
    draw();
  },
);
