"""``python -m kata.diagnosis.misconceptions``: write the table of all known mistakes, ``docs/mistakes.md``."""

from __future__ import annotations

from ...course.phases import COURSE, PROJECT
from . import catalogue

TABLE = PROJECT / "docs" / "mistakes.md"

HEAD = """\
# Known mistakes

Written by `python -m kata.diagnosis.misconceptions` from the entries in `kata/diagnosis/misconceptions/`, one file a
task: edit those, not this file. "Met" says where a mistake was seen in other people's code, or in a question about such
code; where nothing stands, no place has been noted.
"""


def table() -> str:
    """The text of ``docs/mistakes.md``."""
    lines = [HEAD]
    for phase in COURSE:
        entries = [entry for entry in catalogue() if entry.phase == phase]
        lines += [f"## Phase {phase.number}: {phase.title_en} ({len(entries)})", ""]
        lines += ["| mistake | task | met |", "|---|---|---|"]
        for entry in sorted(entries, key=lambda entry: [task.name for task in phase.tasks].index(entry.task)):
            lines.append(f"| `{entry.id}` | `{entry.task}` | {'<br>'.join(map(_link, entry.met))} |")
        lines.append("")
    return "\n".join(lines)


def _link(address: str) -> str:
    """An address as a link with a short text."""
    return f"[{address.split('//')[1].split('/', 1)[1]}]({address})"


def write() -> None:
    """Write ``docs/mistakes.md``."""
    TABLE.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    write()
