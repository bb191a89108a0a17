"""``python grader.py doctor``: what this machine offers, and whether the reference passes here."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Iterator, Sequence

from rich.console import Console

from ..course.phases import COURSE, REFERENCE
from ..grading.grade import grade
from ..grading.run import SuitesBroken
from ..i18n import LANGUAGES, choose, text
from ..sandbox.host.launch import can_fork
from ..signs import output_encoding, sign
from .options import GRADED, MACHINE, Parser

OK, NOTE, BROKEN = "ok", "note", "broken"
PACKAGES = ("torch", "numpy", "pytest", "pytest-timeout", "hypothesis", "rich", "safetensors")
TIMEOUT = "3"
"""Seconds that a test of the probe may take."""

DISK, MEMORY = 1.0, 2.0
"""GiB below which a grade may fail."""

# The reference of phase 1, whose tasks misbehave: each in a way that is to cost its own tests and nothing else.
PROBE = """

import os

def sinusoidal_encoding(max_len, d_model):
    print("\\u8aad\\u3081\\u308b")
    raise SystemExit

def position_shift_matrix(offset, d_model):
    os._exit(7)

class TokenEmbedding(TokenEmbedding):
    def forward(self, tokens):
        bytearray(8 * 2**30)
        return super().forward(tokens)

class PositionalEncoding(PositionalEncoding):
    def __init__(self, *arguments, **options):
        while True:
            pass
"""

EXAMPLES = """\
examples:
  python grader.py doctor              look at this machine
  python grader.py doctor --json -     the same for programs
"""

TEXTS = {
    "python": ("Python and system", "Python と OS"),
    "packages": ("Packages", "パッケージ"),
    "missing": (
        " (missing: python -m pip install -r requirements.txt)",
        " (未インストール: python -m pip install -r requirements.txt)",
    ),
    "start": ("How submissions start", "提出コードの起動方法"),
    "fork": ("forked from a prepared process", "準備済みのプロセスから fork"),
    "spawn": ("as programs of their own (slower)", "独立したプログラムとして起動 (遅め)"),
    "devices": ("Devices for `train`", "`train` で使えるデバイス"),
    "output": ("Terminal", "端末"),
    "plain": (
        "{encoding}, plain signs; PYTHONUTF8=1 brings bars and Japanese",
        "{encoding}、記号は ASCII のみ。PYTHONUTF8=1 で日本語も表示できます",
    ),
    "fonts": ("Japanese in pictures", "図の日本語"),
    "no_fonts": (
        "matplotlib-fontja is missing; grading does not need it",
        "matplotlib-fontja がありません (採点には不要)",
    ),
    "room": ("Free disk and memory", "ディスクとメモリの空き"),
    "little": (
        "; a grade may need {disk:g} GiB and {memory:g} GiB",
        "。採点には {disk:g} GiB と {memory:g} GiB ほど必要です",
    ),
    "reference": ("Reference: values, gradients", "模範解答: 値と勾配"),
    "passes": ("passes phase 1 in {seconds:.1f} s", "フェーズ 1 に合格 ({seconds:.1f} 秒)"),
    "fails": ("{task}: {message}", "{task}: {message}"),
    "no_reference": ("this edition has no solutions: not tried", "この版には解答がないため、試していません"),
    "confined": ("Confinement", "制限"),
    "prints": ("Caught: output, SystemExit", "捕捉: 出力と SystemExit"),
    "crash": ("Caught: a crash", "捕捉: 異常終了"),
    "memory": ("Caught: too much memory", "捕捉: メモリの使いすぎ"),
    "no_memory": (
        "no limit here: code that takes all memory slows the machine",
        "この環境では制限できません。メモリを使い切るコードは PC 全体を遅くします",
    ),
    "loop": ("Caught: an endless loop", "捕捉: 無限ループ"),
    "well": ("Everything that grading needs works here.", "採点に必要なものはすべて動いています。"),
    "ill": (
        "This machine cannot grade yet. Ask in an issue, with the output of `python grader.py doctor --json -`.",
        "このままでは採点できません。`python grader.py doctor --json -` の出力を添えて issue で相談してください。",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        id: what was looked at, a key of ``TEXTS``.
        state: ``OK``, ``NOTE`` (works, but less well) or ``BROKEN``.
        found: what was found, and where it helps what to do.
    """

    id: str
    state: str
    found: str


def make_parser() -> Parser:
    """The options of ``doctor``."""
    parser = Parser(
        prog="python grader.py doctor",
        description="Look at what grading needs on this machine, and put the reference through it.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--json", metavar="FILE", help="write the findings as JSON; - is standard output")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the findings")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Look and tell; return 0, or 3 if this machine cannot grade."""
    options = make_parser().parse_args(arguments)
    console = Console(highlight=False, stderr=options.json == "-")
    findings = []
    for finding in look(options.lang):
        findings.append(finding)
        mark = {OK: "ok", NOTE: sign("·"), BROKEN: sign("✗")}[finding.state]
        style = {OK: "green", NOTE: "yellow", BROKEN: "red"}[finding.state]
        console.print(f"[{style}]{mark:>3}[/] ", end="")
        console.print(f"{choose(TEXTS[finding.id], options.lang)}: {finding.found}", markup=False)
    broken = any(finding.state == BROKEN for finding in findings)
    console.print(choose(TEXTS["ill" if broken else "well"], options.lang), style="bold", markup=False)
    if options.json is not None:
        told = json.dumps({"version": 1, "findings": [asdict(finding) for finding in findings]}, indent=2)
        if options.json == "-":
            print(told)
        else:
            Path(options.json).write_text(told + "\n", encoding="utf-8")
    return MACHINE if broken else GRADED


def look(lang: str) -> Iterator[Finding]:
    """All findings, one after another."""

    def say(key: str, **values: object) -> str:
        return choose(TEXTS[key], lang).format(**values)

    yield Finding("python", OK, f"{platform.python_version()}, {platform.platform()}, {os.cpu_count()} cores")
    versions = {name: _version(name) for name in PACKAGES}
    listed = ", ".join(f"{name} {version or '-'}" for name, version in versions.items())
    whole = all(versions.values())
    yield Finding("packages", OK if whole else BROKEN, listed + ("" if whole else say("missing")))
    yield Finding("start", OK, say("fork" if can_fork() else "spawn"))
    yield Finding("devices", OK, _devices())
    encoding = output_encoding() or "?"
    plain = sign("✓") != "✓"
    yield Finding("output", NOTE if plain else OK, say("plain", encoding=encoding) if plain else encoding)
    fonts = importlib.util.find_spec("matplotlib_fontja") is not None
    yield Finding("fonts", OK if fonts else NOTE, "matplotlib-fontja" if fonts else say("no_fonts"))
    disk, memory = shutil.disk_usage(tempfile.gettempdir()).free / 2**30, _free_memory()
    little = disk < DISK or (memory is not None and memory < MEMORY)
    room = f"{disk:.1f} GiB, {'?' if memory is None else format(memory, '.1f')} GiB"
    yield Finding("room", NOTE if little else OK, room + (say("little", disk=DISK, memory=MEMORY) if little else ""))
    if not all((REFERENCE / phase.file).is_file() for phase in COURSE):
        yield Finding("reference", NOTE, say("no_reference"))
        return
    try:
        yield from _run_reference(lang)
    except SuitesBroken as error:
        yield Finding("reference", BROKEN, str(error))


def _run_reference(lang: str) -> Iterator[Finding]:
    phases = COURSE[:1]
    report = grade(REFERENCE, phases, lang=lang)
    [phase] = report.phases
    failing = next((task for task in phase.tasks if task.score < task.max_score), None)
    if failing is None:
        yield Finding("reference", OK, choose(TEXTS["passes"], lang).format(seconds=phase.seconds))
    else:
        yield Finding("reference", BROKEN, f"{failing.name}: {failing.message}")
    confined, lacks, _ = report.trust.partition(text("trust_lacking", lang, lacking="\0").split("\0")[0])
    beginning = text("trust_wall", lang, held="\0").split("\0")[0]
    yield Finding("confined", NOTE if lacks else OK, report.trust[len(beginning) :])
    with tempfile.TemporaryDirectory(prefix="kata-") as folder:
        source = (REFERENCE / phases[0].file).read_text(encoding="utf-8")
        (Path(folder) / phases[0].file).write_text(source + PROBE, encoding="utf-8")
        before = os.environ.get("KATA_TEST_TIMEOUT")
        os.environ["KATA_TEST_TIMEOUT"] = TIMEOUT
        try:
            tasks = {task.name: task for task in grade(Path(folder), phases, lang=lang).phases[0].tasks}
        finally:
            del os.environ["KATA_TEST_TIMEOUT"]
            if before is not None:
                os.environ["KATA_TEST_TIMEOUT"] = before
    limited = text("held_memory", lang) in confined
    for key, name, word in (
        ("prints", "sinusoidal_encoding", "SystemExit"),
        ("crash", "position_shift_matrix", "exit status 7"),
        ("memory", "TokenEmbedding", "MemoryError"),
        ("loop", "PositionalEncoding", "no answer after"),
    ):
        task = tasks[name]
        caught = word in task.message and (key != "prints" or "\u8aad\u3081\u308b" in task.output)
        if key == "memory" and not limited:
            yield Finding(key, NOTE, choose(TEXTS["no_memory"], lang))
        else:
            yield Finding(key, OK if caught else BROKEN, word if caught else task.message or task.state)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _devices() -> str:
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"torch cannot be imported: {error}"
    found = ["cpu"]
    if torch.cuda.is_available():
        found += [f"cuda ({torch.cuda.get_device_name(number)})" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return ", ".join(found)


def _free_memory() -> float | None:
    """GiB that programs can have; None where that cannot be asked."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 2**20
    except (OSError, ValueError):
        pass
    return None
