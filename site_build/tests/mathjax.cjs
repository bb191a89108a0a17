// Reads a JSON list of [display, TeX] from standard input and writes the list of those that MathJax, set up as GitHub
// sets it up, does not understand: [TeX, what it says]. Needs the package mathjax in the working directory.

const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const removed = ["newcommand", "require", "bbox", "html", "action", "colortbl", "autoload", "configmacros"];
const forgiving = ["noerrors", "noundefined"];
const unusable = ["bussproofs"]; // it wants to measure boxes on a page
createRequire(process.cwd() + "/")("mathjax")
  .init({ loader: { load: ["input/tex-full"] }, tex: { packages: { "[-]": [...removed, ...forgiving, ...unusable] } } })
  .then((MathJax) => {
    const failed = [];
    for (const [display, tex] of JSON.parse(readFileSync(0, "utf8"))) {
      const said = /<merror[^>]*data-mjx-error="([^"]*)"/.exec(MathJax.tex2mml(tex, { display }));
      if (said) failed.push([tex, said[1]]);
    }
    process.stdout.write(JSON.stringify(failed));
  })
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
