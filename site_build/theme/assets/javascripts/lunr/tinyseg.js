// Stands in for the theme's TinySegmenter: the browser's own dictionary cuts Japanese into words, here in the index and
// in site.js in the query, so that both are cut alike. The theme's own cutting of queries (`segment`) looks for parts of
// a query `in` the index, drops the last character and knows Han alone: it is answered that there are none.

lunr.TinySegmenter = class {
  constructor() {
    this.words = new Intl.Segmenter("ja", { granularity: "word" });
  }

  ctype_(text) {
    return /[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u.test(text) ? "H" : "O";
  }

  segment(text) {
    return [...this.words.segment(text)].map((word) => word.segment);
  }
};

const build = lunr.Builder.prototype.build;
lunr.Builder.prototype.build = function () {
  const index = build.call(this);
  index.invertedIndex = new Proxy(index.invertedIndex, { has: () => false });
  return index;
};
