"""``certificate.html``: a page to keep once everything passes, with the learner's own pictures inside."""

from __future__ import annotations

import base64
import platform
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Sequence

from jinja2 import Environment
from markupsafe import Markup, escape

from .. import __version__
from ..course.phases import Phase
from ..grading.scoring import Report
from ..i18n import choose

TEMPLATE = Path(__file__).with_suffix(".html")
PACKAGES = ("torch", "numpy")

SENTENCES = {
    "title": ("I wrote a Transformer", "Transformer を書き上げました"),
    "done": (
        "Six files, {tasks} tasks, {tests} tests: embedding, attention, layers, the model, its mechanics and training, "
        "after “Attention Is All You Need” (Vaswani et al., 2017). Together the six files train a model and decode "
        "with it.",
        "六つのファイル、{tasks} 個の課題、{tests} 個のテスト。"
        "埋め込み、注意、層、モデル、学習の仕組み、学習と復号まで、"
        "論文 “Attention Is All You Need” (Vaswani ら、2017) のとおりに書きました。"
        "六つのファイルは一緒に動き、モデルを学習して復号できます。",
    ),
    "of": ("{score:g} of {most:g} points", "{most:g} 点中 {score:g} 点"),
    "phase": ("Phase", "フェーズ"),
    "points": ("Points", "点"),
    "tests": ("Tests", "テスト"),
    "seconds": ("Seconds", "秒"),
    "trainings": ("What it has learned", "学習したもの"),
    "training": (
        "{toy}: {exact:.1%} of the unseen sequences exactly right after {steps:,} steps{took}",
        "{toy}: {steps:,} ステップ{took}後、未知の系列の {exact:.1%} が完全に一致",
    ),
    "took": (" in {duration}", " ({duration}) "),
    "untrained": (
        "Nothing yet: `python grader.py train reverse` trains your model; then make this page anew.",
        "まだありません。`python grader.py train reverse --lang ja` でモデルを学習してから、このページを作り直せます。",
    ),
    "pictures": ("What the code does", "コードの動き"),
    "no_pictures": (
        "No pictures: `python -m pip install -r requirements.txt` brings matplotlib.",
        "図はありません。`python -m pip install -r requirements.txt` で matplotlib を入れると描けます。",
    ),
    "made": ("Made on {date} with {versions}, seed {seed}.", "作成: {date}、{versions}、シード {seed}"),
    "worth": (
        "This page is a keepsake and proves nothing: anybody can edit it, and an instructor grades anew.",
        "このページは記念のもので、証明にはなりません。誰でも書き換えられますし、成績は教員が採点し直して決めます。",
    ),
}


@dataclass(frozen=True)
class Training:
    """One training: the toy, its steps, the share of unseen sequences that the model got exactly right, and how long
    it took in seconds, None where that is not known."""

    toy: str
    steps: int
    exact: float
    seconds: float | None = None

    def told(self, lang: str) -> str:
        """In a sentence."""
        took = ""
        if self.seconds is not None:
            took = choose(SENTENCES["took"], lang).format(duration=duration(self.seconds, lang))
        sentence = choose(SENTENCES["training"], lang)
        return sentence.format(toy=self.toy, steps=self.steps, exact=self.exact, took=took)


def duration(seconds: float, lang: str) -> str:
    """``42 s``, ``3 min 5 s``, ``1 h 4 min``."""
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    of_an_hour, of_a_minute, of_a_second = (" 時間", " 分", " 秒") if lang == "ja" else (" h", " min", " s")
    if hours:
        return f"{hours}{of_an_hour} {minutes}{of_a_minute}"
    return f"{minutes}{of_a_minute} {rest}{of_a_second}" if minutes else f"{rest}{of_a_second}"


def render(
    report: Report,
    pictures: Sequence[tuple[Phase, Path]],
    trainings: Sequence[Training],
    date: str,
    lang: str,
    name: str = "",
) -> str:
    """The page, without a request to anywhere.

    Args:
        report: one in which everything passes.
        pictures: PNG files, each with the phase that it shows.
        trainings: the last training of every toy.
        date: when.
        lang: ``"en"`` or ``"ja"``.
        name: whose it is; may be empty.

    Raises:
        OSError: if a picture cannot be read.
    """
    say = {key: choose(sentence, lang) for key, sentence in SENTENCES.items()}
    tasks = [task for phase in report.phases for task in phase.tasks]
    versions = [f"Transformer Kata {__version__}", f"Python {platform.python_version()}"]
    versions += [f"{package} {metadata.version(package)}" for package in PACKAGES]
    values = {
        "lang": lang,
        "say": say,
        "name": name,
        "done": say["done"].format(tasks=len(tasks), tests=sum(task.total for task in tasks)),
        "score": say["of"].format(score=report.score, most=report.max_score),
        "phases": [
            {
                "number": phase.phase.number,
                "title": phase.phase.title(lang),
                "points": f"{phase.score:g} / {phase.max_score:g}",
                "tests": sum(task.passed for task in phase.tasks),
                "seconds": f"{phase.seconds:.1f}",
                "pictures": [_inside(path) for shown, path in pictures if shown == phase.phase],
            }
            for phase in report.phases
        ],
        "trainings": [training.told(lang) for training in trainings],
        "made": say["made"].format(date=date, versions=", ".join(versions), seed=report.seed),
        "has_pictures": bool(pictures),
    }
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["code"] = _with_code
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(values)


def _with_code(sentence: str) -> Markup:
    """HTML in which what stands in backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(sentence))))


def _inside(path: Path) -> dict[str, str]:
    """A picture as part of the page, and the text that goes along with it."""
    content = path.read_bytes()
    return {"data": base64.b64encode(content).decode("ascii"), "text": _description(content)}


def _description(png: bytes) -> str:
    """The text in a PNG file's ``Description``: its title and caption; empty if it has none."""
    at = 8
    while at + 8 <= len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + size]
        key, _, value = body.partition(b"\0")
        if key == b"Description" and kind == b"tEXt":
            return value.decode("latin-1")
        if key == b"Description" and kind == b"iTXt" and value[:2] == b"\0\0":  # neither compressed nor a language
            return value[2:].split(b"\0", 2)[2].decode("utf-8", "replace")
        at += size + 12
    return ""
