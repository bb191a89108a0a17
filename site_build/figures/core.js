// What the figures have in common. Plain scripts, not ES modules: a page opened from disk may not load those.

const Kata = {
  data: {}, // filled by data_*.js
  lang: document.documentElement.lang === "ja" ? "ja" : "en",
  figures: {},

  /**
   * Add a figure.
   * @param {string} name what the page calls it, in `data-figure`
   * @param {{en: object, ja: object}} words `title`, `try` (one sentence on what to try) and the figure's own
   * @param {(box: Figure, words: object) => void} build fills the figure
   */
  define(name, words, build) {
    this.figures[name] = { words: words[this.lang], build };
  },

  start() {
    for (const place of document.querySelectorAll(".figure[data-figure]")) {
      const figure = this.figures[place.dataset.figure];
      if (!figure) continue;
      const id = `figure-${place.dataset.figure}`;
      place.setAttribute("role", "group");
      place.setAttribute("aria-labelledby", id);
      place.append(
        Kata.element("p", { class: "figure-title", id }, figure.words.title),
        Kata.element("p", { class: "figure-try" }, figure.words.try),
      );
      figure.build(new Figure(place), figure.words);
    }
  },

  element(tag, attributes = {}, ...children) {
    const svg = /^(svg|g|line|circle|rect|path|text|polyline|title)$/.test(tag);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  },

  /** A number as people read it: `digits` significant ones, 1.7e-4 where it is very small or large. */
  number(value, digits = 3) {
    if (value === 0 || !Number.isFinite(value)) return String(value);
    const size = Math.abs(value);
    if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(digits)));
    return value.toExponential(digits - 1);
  },

  /** Axis of `count` ticks: from the value to the place. */
  scale(from, to, start, end) {
    return (value) => start + ((value - from) / (to - from)) * (end - start);
  },
};

/** One figure's controls, drawing and numbers. */
class Figure {
  constructor(place) {
    this.place = place;
    this.controls = Kata.element("div", { class: "controls" });
    this.body = Kata.element("div", { class: "figure-body" });
    this.said = Kata.element("p", { class: "figure-said", role: "status" });
    place.append(this.controls, this.body, this.said);
    this.outputs = {};
  }

  /** A range of numbers with its value beside it; `onInput(value)` at every change. */
  slider({ name, label, min, max, step = 1, value, format = (v) => String(v) }, onInput) {
    const input = Kata.element("input", { type: "range", min, max, step, value, "data-control": name });
    const output = Kata.element("output", { "aria-hidden": "true" }, format(value)); // the slider itself says its value
    input.setAttribute("aria-valuetext", format(value));
    input.addEventListener("input", () => {
      const text = format(Number(input.value));
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
      onInput(Number(input.value));
    });
    this.controls.append(Kata.element("label", {}, Kata.element("span", {}, label), input, output));
    return input;
  }

  /** One of several values; `options` are pairs of value and text. */
  choice({ name, label, options, value }, onChange) {
    const select = Kata.element("select", { "data-control": name });
    for (const [key, text] of options) select.append(Kata.element("option", { value: key }, text));
    select.value = value;
    select.addEventListener("change", () => onChange(select.value));
    this.controls.append(Kata.element("label", {}, Kata.element("span", {}, label), select));
    return select;
  }

  /** A line of text; `onInput(text)` at every change. */
  line({ name, label, value }, onInput) {
    const input = Kata.element("input", { type: "text", value, "data-control": name, autocomplete: "off" });
    input.addEventListener("input", () => onInput(input.value));
    this.controls.append(Kata.element("label", {}, Kata.element("span", {}, label), input));
    return input;
  }

  button({ name, label }, onClick) {
    const button = Kata.element("button", { type: "button", "data-control": name, class: "md-button" }, label);
    button.addEventListener("click", onClick);
    this.controls.append(button);
    return button;
  }

  /** An empty drawing of this size that scales with the page; `label` says what it shows. */
  drawing(width, height, label) {
    const svg = Kata.element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    svg.style.maxWidth = `${width}px`;
    this.body.append(svg);
    return svg;
  }

  /** Numbers by name, shown in a row and announced; what a test compares is kept unrounded. */
  show(values) {
    for (const [name, [label, value, text = Kata.number(value)]] of Object.entries(values)) {
      if (!this.outputs[name]) {
        const output = Kata.element("b", { "data-output": name });
        this.outputs[name] = [Kata.element("span"), output];
        this.said.append(Kata.element("span", { class: "figure-number" }, this.outputs[name][0], " ", output));
      }
      this.outputs[name][0].textContent = label;
      this.outputs[name][1].textContent = text;
      this.outputs[name][1].dataset.value = JSON.stringify(value);
    }
  }

  /** A table of weights between 0 and 1, or signed numbers: rows, columns, numbers in the cells. */
  table({ name, caption, rows, columns, values, text = (v) => Kata.number(v, 2), colour = Figure.blue }) {
    const table = Kata.element("table", { class: "figure-table", "data-output": name, "aria-label": caption });
    table.dataset.value = JSON.stringify(values);
    const head = Kata.element("tr", {}, Kata.element("td"));
    for (const column of columns) head.append(Kata.element("th", { scope: "col" }, column));
    table.append(head);
    values.forEach((row, i) => {
      const line = Kata.element("tr", {}, Kata.element("th", { scope: "row" }, rows[i]));
      for (const value of row) {
        const cell = Kata.element("td", {}, text(value));
        for (const [property, one] of Object.entries(colour(value))) cell.style.setProperty(property, one);
        line.append(cell);
      }
      table.append(line);
    });
    const scroll = Kata.element("div", { class: "figure-scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
    return Kata.element("div", {}, Kata.element("p", { class: "figure-caption" }, caption), scroll);
  }

  /** Backgrounds and inks for a share of 1. */
  static blue(value) {
    return Figure.mixed([27, 95, 168], [125, 180, 239], value);
  }

  /** Backgrounds and inks for a number from -limit to limit: orange below zero, blue above. */
  static signed(limit) {
    return (value) =>
      value < 0 ? Figure.mixed([168, 72, 11], [240, 160, 102], -value / limit) : Figure.blue(value / limit);
  }

  /** The properties of a cell on a light page and on a dark one (`site.css` takes the page's own). */
  static mixed(onLight, onDark, share) {
    const [light, inkOnLight] = Figure.upon(246, onLight, share), [dark, inkOnDark] = Figure.upon(44, onDark, share);
    return { "--on-light": light, "--ink-on-light": inkOnLight, "--on-dark": dark, "--ink-on-dark": inkOnDark };
  }

  /** A colour mixed into grey, and black or white upon it: the one that stands out more (at least 4.58 : 1). */
  static upon(grey, colour, share) {
    const part = Math.max(0, Math.min(1, share));
    const mixed = colour.map((value) => Math.round(part * value + (1 - part) * grey));
    const [r, g, b] = mixed.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return [`rgb(${mixed.join(", ")})`, 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? "#fff" : "#000"];
  }

  /** Axes, ticks and curves; returns the functions that place a point. */
  plot(svg, { width, height, x, y, logY = false, xTicks, yTicks, xLabel, yLabel, tick = (v) => Kata.number(v, 2) }) {
    const left = 70, bottom = height - 48;
    const placeX = Kata.scale(x[0], x[1], left, width - 14);
    const placeY = logY
      ? ((scale) => (v) => scale(Math.log10(Math.max(v, y[0]))))(Kata.scale(Math.log10(y[0]), Math.log10(y[1]), bottom, 12))
      : Kata.scale(y[0], y[1], bottom, 12);
    svg.replaceChildren();
    for (const value of yTicks) {
      svg.append(
        Kata.element("line", { class: "grid", x1: left, x2: width - 14, y1: placeY(value), y2: placeY(value) }),
        Kata.element("text", { class: "tick", x: left - 6, y: placeY(value) + 4, "text-anchor": "end" }, tick(value)),
      );
    }
    for (const value of xTicks)
      svg.append(Kata.element("text", { class: "tick", x: placeX(value), y: bottom + 18, "text-anchor": "middle" }, String(value)));
    svg.append(
      Kata.element("text", { class: "tick", x: (left + width) / 2, y: height - 6, "text-anchor": "middle" }, xLabel),
      Kata.element("text", { class: "tick axis-y", transform: `translate(13 ${bottom / 2 + 6}) rotate(-90)`, "text-anchor": "middle" }, yLabel),
    );
    return { x: placeX, y: placeY };
  }
}

addEventListener("DOMContentLoaded", () => Kata.start());
