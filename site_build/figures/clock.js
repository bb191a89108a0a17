// Phase 1: a position as clock hands; a shift turns every hand by an angle of its own.

Kata.clock = {
  WIDTH: 8,

  /** Angle of every pair at a position: pos / 10000^(2i / d_model). */
  angles(position, width = this.WIDTH) {
    return Array.from({ length: width / 2 }, (_, i) => position / 10000 ** ((2 * i) / width));
  },

  /** Row of the table: sine in even columns, cosine in odd ones. */
  encoding(position, width = this.WIDTH) {
    return this.angles(position, width).flatMap((angle) => [Math.sin(angle), Math.cos(angle)]);
  },

  /** M of PE[pos + offset] = M PE[pos], as rows. */
  shift(offset, width = this.WIDTH) {
    const matrix = Array.from({ length: width }, () => new Array(width).fill(0));
    this.angles(offset, width).forEach((angle, i) => {
      matrix[2 * i][2 * i] = matrix[2 * i + 1][2 * i + 1] = Math.cos(angle);
      matrix[2 * i][2 * i + 1] = Math.sin(angle);
      matrix[2 * i + 1][2 * i] = -Math.sin(angle);
    });
    return matrix;
  },
};

Kata.define(
  "clock",
  {
    en: {
      title: "Clock hands: move the position, then the offset",
      try: "Try: leave the offset alone and move the position. The dashed hands run along, always turned by the same angles; the matrix below does not change.",
      position: "position",
      offset: "offset",
      hands: "Four clocks of pairs 0 to 3: a solid hand for the position, a dashed one for position plus offset",
      pair: "pair",
      matrix: "The shift matrix of this offset (4 blocks of 2 × 2, all else 0)",
      row: "PE[position]",
      moved: "M · PE[position]",
      gap: "greatest difference to PE[position + offset]",
    },
    ja: {
      title: "時計の針: 位置を動かし、次にずらす量を動かす",
      try: "試してみよう: ずらす量はそのままにして、位置だけを動かしてください。破線の針は、いつも同じ角度だけ回った先をついて来ます。下の行列は変わりません。",
      position: "位置",
      offset: "ずらす量",
      hands: "組 0 から 3 までの四つの時計。実線の針は位置、破線の針は位置にずらす量を足したもの",
      pair: "組",
      matrix: "このずらす量の行列 (2 × 2 のブロックが四つ、ほかはすべて 0)",
      row: "PE[位置]",
      moved: "M · PE[位置]",
      gap: "PE[位置 + ずらす量] との差の最大値",
    },
  },
  (figure, words) => {
    const state = { position: 3, offset: 2 };
    for (const name of ["position", "offset"])
      figure.slider({ name, label: words[name], min: name === "offset" ? -20 : 0, max: 40, value: state[name] }, (value) => {
        state[name] = value;
        draw();
      });
    const svg = figure.drawing(560, 150, words.hands);
    const tables = Kata.element("div");
    figure.body.append(tables);

    function hand(x, y, angle, style) {
      // as in the table: sine and cosine of the angle are the two coordinates, so the hand starts upwards
      const end = { x2: x + 52 * Math.sin(angle), y2: y - 52 * Math.cos(angle) };
      return Kata.element("line", { class: style, x1: x, y1: y, ...end });
    }

    function draw() {
      const { position, offset } = state;
      svg.replaceChildren();
      const now = Kata.clock.angles(position), then = Kata.clock.angles(position + offset);
      now.forEach((angle, i) => {
        const x = 70 + 140 * i;
        svg.append(
          Kata.element("circle", { class: "face", cx: x, cy: 66, r: 58 }),
          hand(x, 66, then[i], "hand dashed"),
          hand(x, 66, angle, "hand"),
          Kata.element("text", { class: "tick", x, y: 144, "text-anchor": "middle" }, `${words.pair} ${i}`),
        );
      });
      const matrix = Kata.clock.shift(offset), row = Kata.clock.encoding(position);
      const moved = matrix.map((line) => line.reduce((sum, value, j) => sum + value * row[j], 0));
      const wanted = Kata.clock.encoding(position + offset);
      const gap = Math.max(...moved.map((value, i) => Math.abs(value - wanted[i])));
      const columns = row.map((_, i) => String(i));
      const two = (value) => value.toFixed(2).replace("-0.00", "0.00");
      tables.replaceChildren(
        figure.table({ name: "matrix", caption: words.matrix, rows: columns, columns, values: matrix, text: two, colour: Figure.signed(1) }),
        figure.table({ name: "rows", caption: `${words.row}, ${words.moved}`, rows: ["PE", "M · PE"], columns, values: [row, moved], text: two, colour: Figure.signed(1) }),
      );
      figure.show({ gap: [words.gap, gap, gap < 1e-12 ? "0" : Kata.number(gap)] });
    }
    draw();
  },
);
