// Phase 3: how large activations and gradients are after many layers, with and without residual and normalisation.

Kata.define(
  "depth",
  {
    en: {
      title: "Through 24 layers: with and without the residual connection and the normalisation",
      try: "Try: change the gain of the weights. Without the residual connection the gradient vanishes or explodes with it; with both, 24 layers hardly notice.",
      quantity: "shown",
      gradient: "gradient that has come back through the layers (share of its first norm)",
      size: "size of the activations (root mean square)",
      gain: "gain of the weights",
      depth: "layer",
      plain: "F(x)",
      residual: "x + F(x)",
      post: "LayerNorm(x + F(x))",
      curve: "Three curves over the number of layers on a logarithmic axis: F(x), x + F(x), LayerNorm(x + F(x))",
    },
    ja: {
      title: "24 層を通った後: 残差接続と正規化があるとき、ないとき",
      try: "試してみよう: 重みの大きさ (ゲイン) を変えてください。残差接続がないと、それだけで勾配が消えたり爆発したりします。両方があれば、24 層でもほとんど変わりません。",
      quantity: "表示するもの",
      gradient: "層を戻ってきた勾配 (最初のノルムに対する比)",
      size: "活性の大きさ (二乗平均の平方根)",
      gain: "重みのゲイン",
      depth: "層",
      plain: "F(x)",
      residual: "x + F(x)",
      post: "LayerNorm(x + F(x))",
      curve: "層の数に対する三本の曲線 (対数目盛り): F(x)、x + F(x)、LayerNorm(x + F(x))",
    },
  },
  (figure, words) => {
    const data = Kata.data.depth;
    const state = { quantity: "gradient", gain: "1", depth: 24 };
    figure.choice(
      { name: "quantity", label: words.quantity, options: [["gradient", words.gradient], ["size", words.size]], value: "gradient" },
      (value) => { state.quantity = value; draw(); },
    );
    figure.choice(
      { name: "gain", label: words.gain, options: Object.keys(data.plain).sort().map((gain) => [gain, gain]), value: "1" },
      (value) => { state.gain = value; draw(); },
    );
    figure.slider({ name: "depth", label: words.depth, min: 0, max: 24, value: 24 }, (value) => { state.depth = value; draw(); });
    const svg = figure.drawing(560, 300, words.curve);
    function draw() {
      const curves = Object.fromEntries(["plain", "residual", "post"].map((kind) => [kind, data[kind][state.gain][state.quantity]]));
      const all = Object.values(curves).flat().filter((value) => value > 0).map(Math.log10);
      const low = Math.floor(Math.min(...all, -1)), high = Math.ceil(Math.max(...all, 1));
      const every = Math.max(1, Math.ceil((high - low) / 6));
      const yTicks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => 10 ** (low + every * i));
      const at = figure.plot(svg, {
        width: 560, height: 300, x: [0, 24], y: [10 ** low, 10 ** high], logY: true, xTicks: [0, 4, 8, 12, 16, 20, 24], yTicks,
        xLabel: words.depth, yLabel: "", tick: (v) => (v >= 1e-3 && v <= 1e3 ? String(v) : v.toExponential(0)),
      });
      const shown = {};
      Object.entries(curves).forEach(([kind, values], i) => {
        const style = ["two", "one", "three"][i]; // the colours of the static picture above
        svg.append(
          Kata.element("polyline", { class: `curve ${style}`, points: values.map((value, x) => `${at.x(x)},${at.y(value)}`).join(" ") }),
          Kata.element("circle", { class: `dot ${style}`, cx: at.x(state.depth), cy: at.y(values[state.depth]), r: 5 }),
        );
        shown[kind] = [words[kind], values[state.depth]];
      });
      figure.show(shown);
    }
    draw();
  },
);
