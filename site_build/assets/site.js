// The language switch keeps the section that is being read; Japanese queries are cut into words.

document.addEventListener("click", (event) => {
  const link = event.target.closest(".language-switch");
  if (!link) return;
  const section = sectionInView();
  link.hash = section ? `#${section}` : "";
});

/** Id of the last heading above the middle of the upper half of the window; empty at the top of the page. */
function sectionInView() {
  const headings = [...document.querySelectorAll(".md-content :is(h2, h3, h4)[id]")];
  const above = headings.filter((heading) => heading.getBoundingClientRect().top < window.innerHeight / 4);
  return above.length ? above[above.length - 1].id : "";
}

// A formula that is wider than the page gets smaller, down to three quarters, and code down to four fifths where that
// shows all of it; what is wider even so scrolls in itself, as tables do: let the keyboard reach it.
function fit() {
  for (const code of document.querySelectorAll(".highlight pre > code")) {
    code.style.fontSize = "";
    const share = (0.99 * code.clientWidth) / code.scrollWidth;
    if (share < 0.99 && share >= 0.8) code.style.fontSize = `${share * parseFloat(getComputedStyle(code).fontSize)}px`;
  }
  for (const formula of document.querySelectorAll("div.tex")) {
    formula.style.fontSize = "";
    const share = formula.clientWidth / formula.scrollWidth;
    if (share < 1) formula.style.fontSize = `${Math.max(0.75, 0.99 * share)}em`;
  }
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap, .highlight pre, div.tex"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
}
fit();
addEventListener("load", () => setTimeout(fit)); // the theme wraps tables when it has started
addEventListener("resize", fit);
for (const hint of document.querySelectorAll("details")) hint.addEventListener("toggle", fit);
document.fonts?.ready.then(fit);

// A Japanese query is cut into words as the index is (lunr/tinyseg.js); all of them have to be found.
const QUERY = 2; // the theme's number for this message to the search's worker
if (document.documentElement.lang === "ja" && "Segmenter" in Intl) {
  const segmenter = new Intl.Segmenter("ja", { granularity: "word" });
  const cut = (term) =>
    /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u.test(term)
      ? [...segmenter.segment(term)].filter((word) => word.isWordLike).map((word) => `+${word.segment}*`).join(" ")
      : term;
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.type === QUERY) message = { ...message, data: message.data.split(/\s+/).map(cut).join(" ") };
    return post.call(this, message, ...rest);
  };
}

const search = document.querySelector(".md-search");
search?.setAttribute("aria-label", search.querySelector("input").placeholder);
