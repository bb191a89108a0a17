"""What ``trace`` prints: every step, your value beside the lesson's, the first difference marked."""

from __future__ import annotations

import re
from typing import Any, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ..course.messages import in_language
from ..course.phases import Phase
from ..i18n import choose
from ..line_breaking import pad, wrap
from ..results import printable
from ..signs import sign
from .example import Example, Pair
from .follow import BROKE, DIFFERS, NOT_CALLED, NOT_REACHED, OTHER_WAY, SAME, STILL_TO_DO, Followed, Outcome
from .values import blocks, shape_of, written

WIDTH = 100
SIGNS = {SAME: "✓", DIFFERS: "✗", BROKE: "✗", OTHER_WAY: "≈", STILL_TO_DO: "·", NOT_CALLED: "·", NOT_REACHED: "·"}
COMPARED = (SAME, DIFFERS, OTHER_WAY)
"""States in which a value came."""

STYLES = {SAME: "green", DIFFERS: "red", BROKE: "red"}

OUR_OWN = re.compile(r"\b(in_guest|tools)\.")
"""Before the names of models, optimizers and the like that stand beside the learner's code."""

SENTENCES: dict[str, Pair] = {
    "yours": ("yours", "あなたの値"),
    "lesson": ("lesson", "レッスンの値"),
    "first": ("<-- first difference", "<-- 最初の違い"),
    "look": ("Look at: {what}", "確認: {what}"),
    OTHER_WAY: (
        "another way than the lesson's, and the answer is right",
        "レッスンとは別の道筋ですが、答えは合っています",
    ),
    STILL_TO_DO: ("still to do", "まだ書かれていません"),
    "needs": ("still to do: it needs {task}", "まだ計算できません: {task} が必要です"),
    NOT_CALLED: ("your code does not call it", "あなたのコードはこれを呼んでいません"),
    NOT_REACHED: ("not reached", "ここまで届いていません"),
    "as_above": ("it breaks as above", "上と同じところで止まります"),
    "stand_ins": (
        "Not written yet: {names}. The reference stands in for it here.",
        "{names} はまだ書かれていないので、ここでは模範解答が代わりをします。",
    ),
    "printed": ("Your code printed:", "コードの出力:"),
    "inside": ("inside", "内部"),
    "all_same": (
        "{task}: all {count} steps are as in the lesson. (A few examples; the tests try many.)",
        "{task}: {count} 段階すべてがレッスンと一致しました。(例はわずかで、テストはもっと多くを試します)",
    ),
    "differs_at": (
        "{task}: the first difference is step {number}, {what}.",
        "{task}: 最初の違いは {number} 番目の「{what}」です。",
    ),
    "to_do": (
        "{task}: {count} of {total} steps are still to do.",
        "{task}: {total} 段階のうち {count} 段階がまだです。",
    ),
}


STATE: Pair = ("these weights; all others are 0, gains of norms 1", "次の重み。ほかは 0、正規化のゲインは 1")


def say(name: str, lang: str, **values: object) -> str:
    """One sentence."""
    return choose(SENTENCES[name], lang).format(**values)


def show(phase: Phase, task: str, followed: Sequence[Followed], console: Console, lang: str) -> None:
    """Print the worked examples of a task and, last, one line that sums them up."""
    width = min(console.width, WIDTH)
    console.print(Text(f"{phase.number} {sign('·')} {task}", style="bold"))
    number = 0
    if followed and followed[0].stand_ins:
        for line in wrap(say("stand_ins", lang, names=", ".join(followed[0].stand_ins)), width - 2):
            console.print(Text("  " + line, style="yellow"))
    for one in followed:
        _heading(phase, one.example, console, lang, width)
        side = max(12, (width - 9) // 2)
        titles = (say("yours", lang), say("lesson", lang))
        console.print(Text(" " * 5 + pad(titles[0], side) + "  " + titles[1], style="dim"))
        for outcome in one.outcomes:
            number += 1
            _step(number, task, outcome, console, lang, width, side)
        if one.printed.strip():
            console.print(Text(f"  {say('printed', lang)}", style="dim"))
            for line in one.printed.splitlines()[:MOST_PRINTED]:
                console.print(Text(f"    {line}"[:width], style="dim"))
    for line in wrap(summary(task, followed, lang), width):
        console.print(Text(line, style="bold"))
    console.print()


MOST_PRINTED = 10
"""Lines of what the learner's code printed that are shown."""


def summary(task: str, followed: Sequence[Followed], lang: str) -> str:
    """How a task stands, in one line."""
    outcomes = [outcome for one in followed for outcome in one.outcomes]
    for number, outcome in enumerate(outcomes, start=1):
        if outcome.first:
            return say("differs_at", lang, task=task, number=number, what=choose(outcome.step.what, lang))
    waiting = sum(outcome.state in (STILL_TO_DO, NOT_REACHED) for outcome in outcomes)
    if waiting:
        return say("to_do", lang, task=task, count=waiting, total=len(outcomes))
    return say("all_same", lang, task=task, count=len(outcomes))


def _heading(phase: Phase, example: Example, console: Console, lang: str, width: int) -> None:
    """The title of an example with its inputs and calls."""
    for number, line in enumerate(wrap(choose(example.title, lang), width - 2)):
        console.print(Text("  " + line, style="underline" if number == 0 else ""))
    console.print(Text(f"  {phase.lesson(lang)}#{example.anchor}", style="dim"))
    for name, value in example.given.items():
        if name not in example.hidden:
            _assigned(name, value, console, lang, width)
    for name, code in example.calls.items():
        if name not in example.hidden and name != "probe":
            said = f"{name} = {OUR_OWN.sub('', code)}"
            for line in wrap(said, width - 4, hanging=4):
                console.print(Text("    " + line, style="cyan"))


def _assigned(name: str, value: Any, console: Console, lang: str, width: int) -> None:
    head = f"    {name} {shape_of(value)} ".replace("  ", "  ")
    head = f"    {name} = " if not shape_of(value) else f"    {name} {shape_of(value)} = "
    if isinstance(value, dict):
        console.print(Text(f"    {name}: {choose(STATE, lang)}", style="dim"))
        for part, numbers in value.items():
            _assigned(part, numbers, console, lang, width)
        return
    room = max(10, width - len(head))
    lines = wrap(repr(value), room) if isinstance(value, list) else written(value, room)
    for number, line in enumerate(lines):
        console.print(Text((head if number == 0 else " " * len(head)) + line, style="dim"))


def _step(number: int, task: str, outcome: Outcome, console: Console, lang: str, width: int, side: int) -> None:
    step, style = outcome.step, STYLES.get(outcome.state, "dim")
    head = f"  {sign(SIGNS[outcome.state])} {number:2} "
    what = choose(step.what, lang) + (f" [{say('inside', lang)}]" if step.inner else "")
    shapes = (
        [shape_of(outcome.got), shape_of(step.expected)] if outcome.state in COMPARED else [shape_of(step.expected)]
    )
    if len(set(shapes)) == 1 and shapes[0]:
        what = f"{what}  {shapes[0]}"
    lines = wrap(what, width - len(head))
    for place, line in enumerate(lines):
        text = Text((head if place == 0 else " " * len(head)) + line, style=f"bold {style}" if outcome.first else style)
        if outcome.first and place == len(lines) - 1:
            mark = "  " + say("first", lang)
            if text.cell_len + cell_len(mark) <= width:
                text.append(mark, style="bold reverse red")
            else:
                console.print(text)
                text = Text(" " * len(head) + mark.strip(), style="bold reverse red")
        console.print(text)
    indent = " " * 5
    if outcome.state in COMPARED:
        mine = written(outcome.got, side - 1, step.expected)
        wanted = written(step.expected, side - 1, outcome.got)
        if len(set(shapes)) > 1:
            mine, wanted = [shapes[0], *mine], [shapes[1], *wanted]
    else:
        mine, wanted = [], written(step.expected, side - 1)
        why = _why(outcome, task, lang)
        if outcome.state == BROKE:
            for line in wrap(why, width - len(indent)):
                console.print(Text(indent + line, style="red"))
        else:
            mine = wrap(why, side - 1)
    for left, right in blocks(mine, wanted, side):
        plain = "" if outcome.state in COMPARED else "dim"
        line_text = Text(indent + left, style="red" if outcome.state == DIFFERS else plain)
        line_text.append("  " + right, style="" if outcome.state == DIFFERS else "dim")
        line_text.rstrip()
        console.print(line_text)
    if outcome.state == OTHER_WAY:
        console.print(Text(f"{indent}{say(OTHER_WAY, lang)}", style="dim"))
    if outcome.first and outcome.state == DIFFERS and step.look[0]:
        for line in wrap(say("look", lang, what=choose(step.look, lang)), width - len(indent), hanging=2):
            console.print(Text(indent + line))


def _why(outcome: Outcome, task: str, lang: str) -> str:
    if outcome.state == BROKE:
        return printable(" ".join(in_language(outcome.message, lang).split())) or say("as_above", lang)
    if outcome.state == STILL_TO_DO and outcome.message not in ("", task):
        return say("needs", lang, task=outcome.message)
    return say(outcome.state, lang)
