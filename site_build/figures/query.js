// Phase 2: one query among keys in the plane.

Kata.query = {
  KEYS: [[1.6, 0.4], [0.5, 1.6], [-1.4, 0.9], [-0.6, -1.5], [1.2, -1.2]],
  VALUES: [[2, 0], [0, 2], [-2, 1], [-1, -2], [2, -2]],

  /** Equation 1 for one query: weights and output. */
  attend(query, keys, values, scaled = true) {
    const divisor = scaled ? Math.sqrt(query.length) : 1;
    const scores = keys.map((key) => key.reduce((sum, k, i) => sum + k * query[i], 0) / divisor);
    const weights = Kata.softmax.weights(scores);
    return { scores, weights, output: values[0].map((_, i) => weights.reduce((sum, w, j) => sum + w * values[j][i], 0)) };
  },
};

Kata.define(
  "query",
  {
    en: {
      title: "A query among keys",
      try: "Try: drag the query (or move the sliders) to a key, then further out in the same direction. A longer query makes the choice sharper; in the middle all keys share alike.",
      x: "query, first number",
      y: "query, second number",
      plane: "The query as a diamond among five numbered keys; the thicker the line to a key, the greater its weight",
      key: "key",
      table: "Scores q · k / √2 and weights; the output is the weighted average of the values",
      score: "score",
      weight: "weight",
      value: "value",
      output: "output",
    },
    ja: {
      title: "キーの中のクエリ",
      try: "試してみよう: クエリをドラッグする (またはスライダーで動かす) と重みが変わります。あるキーの方へ動かし、同じ向きにさらに遠くへ動かしてください。クエリが長いほど選び方は鋭くなり、中央ではどのキーも同じ重みになります。",
      x: "クエリの一つ目の数",
      y: "クエリの二つ目の数",
      plane: "番号の付いた五つのキーと、ひし形のクエリ。キーへの線が太いほど重みが大きい",
      key: "キー",
      table: "スコア q · k / √2 と重み。出力はバリューの加重平均",
      score: "スコア",
      weight: "重み",
      value: "バリュー",
      output: "出力",
    },
  },
  (figure, words) => {
    const { KEYS, VALUES } = Kata.query;
    const query = [1, 0.6];
    const format = (value) => value.toFixed(1);
    const sliders = ["x", "y"].map((name, i) =>
      figure.slider({ name, label: words[name], min: -3, max: 3, step: 0.1, value: query[i], format }, (value) => {
        query[i] = value;
        draw();
      }),
    );
    const svg = figure.drawing(360, 360, words.plane);
    const place = Kata.scale(-3, 3, 0, 360), up = Kata.scale(-3, 3, 360, 0);
    const tables = Kata.element("div");
    figure.body.append(tables);

    const drag = (event) => {
      const box = svg.getBoundingClientRect();
      const at = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
      at.forEach((share, i) => {
        sliders[i].value = 6 * share - 3;
        sliders[i].dispatchEvent(new Event("input"));
      });
    };
    // A finger moves the query where it takes hold of it or taps; from anywhere else it scrolls the page.
    let held = null; // the pointer that drags
    const others = Kata.element("g"), grip = Kata.element("g", { class: "grip" });
    grip.append(Kata.element("circle", { r: 34 }), Kata.element("path", { class: "query", d: "M0 -12 l12 12 l-12 12 l-12 -12 z" }));
    svg.append(others, grip);
    grip.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // no part of an SVG has `touch-action`
    svg.addEventListener("click", drag);
    svg.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" && !grip.contains(event.target)) return;
      held = event.pointerId;
      svg.setPointerCapture(held);
      drag(event);
    });
    svg.addEventListener("pointermove", (event) => event.pointerId === held && drag(event));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { held = null; });

    function draw() {
      const { scores, weights, output } = Kata.query.attend(query, KEYS, VALUES);
      const [x, y] = [place(query[0]), up(query[1])];
      others.replaceChildren(
        Kata.element("line", { class: "grid", x1: 0, x2: 360, y1: 180, y2: 180 }),
        Kata.element("line", { class: "grid", x1: 180, x2: 180, y1: 0, y2: 360 }),
      );
      KEYS.forEach(([kx, ky], i) => {
        const at = { cx: place(kx), cy: up(ky) };
        others.append(
          Kata.element("line", { class: "link", x1: x, y1: y, x2: at.cx, y2: at.cy, "stroke-width": 0.3 + 14 * weights[i] }),
          Kata.element("circle", { class: "key", ...at, r: 13 }),
          Kata.element("text", { class: "on-key", x: at.cx, y: at.cy + 4, "text-anchor": "middle" }, String(i + 1)),
        );
      });
      grip.setAttribute("transform", `translate(${x} ${y})`);
      tables.replaceChildren(
        figure.table({
          name: "weights", caption: words.table, rows: [words.score, words.weight], columns: KEYS.map((_, i) => `${words.key} ${i + 1}`),
          values: [scores, weights], text: (v) => v.toFixed(2).replace("-0.00", "0.00"), colour: (v) => Figure.blue(weights.includes(v) ? v : 0),
        }),
      );
      figure.show({ output: [words.output, output, `(${output.map((v) => v.toFixed(2)).join(", ")})`] });
    }
    draw();
  },
);
