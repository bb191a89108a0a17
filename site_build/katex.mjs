// Formulas to HTML with MathML: reads a JSON list of [display, TeX] from standard input, writes a list of HTML.
// Standard error names every formula that KaTeX does not understand; the exit status is 1 then.

import { readFileSync } from "node:fs";
import katex from "katex";

const failed = [];
const made = JSON.parse(readFileSync(0, "utf8")).map(([displayMode, tex]) => {
  try {
    return katex.renderToString(tex, { displayMode, throwOnError: true, strict: "ignore" });
  } catch (error) {
    failed.push(`${error.message}: ${tex}`);
    return "";
  }
});
if (failed.length) {
  console.error(failed.join("\n"));
  process.exit(1);
}
process.stdout.write(JSON.stringify(made));
