// Render lessons as a reader sees them on GitHub: Markdown with $`inline`$ and ```math to HTML (MathML made by MathJax,
// with GitHub's version and limits: github.json), and with Chromium and pdftoppm to one picture a page. For maintainers:
// the course itself does not need it.
//
//   node render.mjs OUT LESSON.md ...     writes OUT/<lang>_<lesson>.html, .pdf and <lang>_<lesson>-01.png ...
//   node render.mjs --check LESSON.md ... only reports what would look wrong; exit status 1 if anything would
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import MarkdownIt from "markdown-it";

const require = createRequire(import.meta.url);
const { mathjax } = require("mathjax-full/js/mathjax.js");
const { TeX } = require("mathjax-full/js/input/tex.js");
const { AllPackages } = require("mathjax-full/js/input/tex/AllPackages.js");
const { liteAdaptor } = require("mathjax-full/js/adaptors/liteAdaptor.js");
const { RegisterHTMLHandler } = require("mathjax-full/js/handlers/html.js");
const { SerializedMmlVisitor } = require("mathjax-full/js/core/MmlTree/SerializedMmlVisitor.js");
const { STATE } = require("mathjax-full/js/core/MathItem.js");
const GITHUB = require("./github.json");

RegisterHTMLHandler(liteAdaptor());
// bussproofs needs an output that draws; without noundefined an unknown macro is an error instead of red text.
const LEFT_OUT = [...GITHUB.removedPackages, "bussproofs", "noundefined"];
const MATHJAX = mathjax.document("", {
  InputJax: new TeX({
    packages: AllPackages.filter((name) => !LEFT_OUT.includes(name)),
    formatError: (_, error) => { throw error; },
  }),
});
const MATHML = new SerializedMmlVisitor();

const STYLE = `
@page { size: 225mm 300mm; margin: 12mm; }
body { font: 16px/1.6 "Noto Sans", "DejaVu Sans", "Noto Sans CJK JP", sans-serif; max-width: 860px; margin: 0 auto; color: #1f2328; }
html[lang=ja] body { font-family: "Noto Sans CJK JP", sans-serif; line-height: 1.75; line-break: strict; }
h1, h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em; }
h2, h3, h4 { break-after: avoid; }
pre { background: #f6f8fa; padding: 12px; border-radius: 6px; font-size: 85%; line-height: 1.45; break-inside: avoid; white-space: pre; overflow: hidden; }
code { font-family: "DejaVu Sans Mono", "Noto Sans Mono CJK JP", monospace; background: #eff1f3; padding: .15em .35em; border-radius: 5px; font-size: 85%; }
math { font-family: "Latin Modern Math", "STIX Two Math", "DejaVu Math TeX Gyre", math; }
pre code { background: none; padding: 0; font-size: 100%; }
table { border-collapse: collapse; margin: 1em 0; break-inside: avoid; }
td, th { border: 1px solid #d1d9e0; padding: 5px 12px; }
tr:nth-child(2n) { background: #f6f8fa; }
img { max-width: 100%; background: white; break-inside: avoid; }
blockquote { border-left: .25em solid #d1d9e0; color: #59636e; margin: 0 0 1em; padding: 0 1em; }
details { border-left: 3px solid #b6e3ff; padding-left: 12px; margin: .6em 0; }
summary { color: #0969da; break-after: avoid; }
.missing { background: #ffb3b3; }
`;

class Lesson {
  constructor(path) {
    this.path = resolve(path);
    this.source = readFileSync(this.path, "utf8");
    this.lang = /\/ja\/|\.ja\.md$/.test(this.path) ? "ja" : "en";
    this.name = basename(this.path, ".md").replace(/\.ja$/, "");
    this.problems = [];
    this.braces = 0;
  }

  tex(source, display) {
    try {
      return `<!--math-->${this.mathml(source, display)}<!--/math-->`;
    } catch (error) {
      this.problems.push(`${error.message}: ${source}`);
      return `<span class="missing">${MarkdownIt().utils.escapeHtml(source)}</span>`;
    }
  }

  mathml(source, display) {
    const refused = GITHUB.refused.filter((macro) => source.includes(`\\${macro}`));
    if (refused.length) throw new Error(`The following macros are not allowed: ${refused.join(", ")}`);
    const braces = source.split("{").length;
    this.braces += braces;
    if (braces > GITHUB.bracesInAFormula || this.braces > GITHUB.bracesOnAPage) throw new Error("Too many braces");
    return MATHML.visitTree(MATHJAX.convert(source, { display, end: STATE.CONVERT }));
  }

  html() {
    const md = new MarkdownIt({ html: true, linkify: false });
    md.inline.ruler.before("backticks", "math", (state, silent) => {
      if (!state.src.startsWith("$`", state.pos)) return false;
      const end = state.src.indexOf("`$", state.pos + 2);
      if (end < 0) return false;
      // GitHub looks for formulas in plain text alone, after a space or a bracket.
      if (/[^\s(*|]/.test(state.src[state.pos - 1] ?? " ")) this.problems.push(`no space before ${state.src.slice(state.pos, end + 2)}`);
      if (!silent) state.push("math_inline", "", 0).content = state.src.slice(state.pos + 2, end);
      state.pos = end + 2;
      return true;
    });
    md.renderer.rules.math_inline = (tokens, i) => this.tex(tokens[i].content, false);
    const fence = md.renderer.rules.fence;
    md.renderer.rules.fence = (tokens, i, ...rest) =>
      tokens[i].info.trim() === "math" ? this.tex(tokens[i].content, true) : fence(tokens, i, ...rest);
    const image = md.renderer.rules.image;
    md.renderer.rules.image = (tokens, i, ...rest) => {
      const source = tokens[i].attrGet("src");
      if (!/^https?:/.test(source)) {
        const file = resolve(dirname(this.path), source);
        if (!existsSync(file)) this.problems.push(`no such picture: ${source}`);
        tokens[i].attrSet("src", pathToFileURL(file).href);
      }
      return image(tokens, i, ...rest);
    };
    const body = md.render(this.source).replaceAll("<details>", "<details open>");
    this.checkText(body);
    return `<!doctype html><html lang="${this.lang}"><meta charset="utf-8"><title>${this.name}</title>
<style>${STYLE}</style><body>${body}</body></html>`;
  }

  // What a reader should never see: TeX, dollars, asterisks or fences that were not understood.
  checkText(body) {
    const plain = body
      .replace(/<!--math-->.*?<!--\/math-->/gs, "")
      .replace(/<pre>.*?<\/pre>/gs, "")
      .replace(/<code>.*?<\/code>/gs, "")
      .replace(/<[^>]*>/g, "");
    for (const [pattern, what] of [
      [/\$/g, "a dollar sign"],
      [/\*\*/g, "asterisks of a bold that was not understood"],
      [/```/g, "a fence inside a paragraph"],
      [/\\(frac|sqrt|mathrm|sum|text|cdot)\b/g, "raw TeX"],
      [/&lt;\/?(details|summary|a )/g, "an HTML tag shown as text"],
    ])
      for (const hit of plain.matchAll(pattern))
        this.problems.push(`${what}: ...${plain.slice(Math.max(0, hit.index - 40), hit.index + 40).replace(/\s+/g, " ")}...`);
    const open = (this.source.match(/<details>/g) || []).length;
    const closed = (this.source.match(/<\/details>/g) || []).length;
    if (open !== closed) this.problems.push(`${open} <details> but ${closed} </details>`);
  }
}

function main(args) {
  const checkOnly = args[0] === "--check";
  const out = checkOnly ? null : resolve(args[0] ?? "");
  const files = args.slice(1);
  if (files.length === 0) {
    console.error("usage: node render.mjs OUT LESSON.md ...   or   node render.mjs --check LESSON.md ...");
    return 2;
  }
  let bad = 0;
  for (const file of files) {
    const lesson = new Lesson(file);
    const html = lesson.html();
    for (const problem of lesson.problems) console.log(`${file}: ${problem}`);
    bad += lesson.problems.length;
    if (!checkOnly) pictures(lesson, html, out);
  }
  return bad ? 1 : 0;
}

function pictures(lesson, html, out) {
  mkdirSync(out, { recursive: true });
  const stem = join(out, `${lesson.lang}_${lesson.name}`);
  writeFileSync(`${stem}.html`, html);
  const profile = mkdtempSync(join(tmpdir(), "render-"));
  try {
    execFileSync(
      process.env.CHROMIUM ?? "chromium",
      ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, "--no-pdf-header-footer",
        `--print-to-pdf=${stem}.pdf`, pathToFileURL(`${stem}.html`).href],
      { stdio: "ignore", timeout: 120000 },
    );
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
  execFileSync("pdftoppm", ["-r", "80", "-png", `${stem}.pdf`, stem]);
  console.log(`${stem}.html, .pdf and -*.png`);
}

process.exitCode = main(process.argv.slice(2));
