"""Which submissions are the same program but for names, comments and layout."""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from typing import Iterable, List, Mapping, Tuple

from ..course.edition import has_reference
from ..course.phases import COURSE, REFERENCE, Phase
from ..source.tree import NestedTooDeeply, parse

FEWEST_NODES = 120
"""Programs of fewer nodes are alike by chance."""


def shape(source: bytes) -> str:
    """A fingerprint of a program without docstrings, comments, layout and the names of local variables; "" if none."""
    try:
        tree = parse(source)
    except (NestedTooDeeply, SyntaxError, ValueError):
        return ""
    kept = [node for node in ast.walk(tree) if not isinstance(node, (ast.Import, ast.ImportFrom, ast.alias))]
    if len(kept) < FEWEST_NODES:
        return ""
    names: dict[str, str] = {}
    parts = []
    for node in kept:
        parts.append(type(node).__name__)
        if isinstance(node, ast.Name):
            parts.append(names.setdefault(node.id, str(len(names))))
        elif isinstance(node, ast.Attribute):
            parts.append(node.attr)
        elif isinstance(node, ast.Constant) and not isinstance(node.value, str):
            parts.append(repr(node.value))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def shapes(files: Mapping[str, bytes], phases: Iterable[Phase]) -> dict[str, str]:
    """Phase id to the fingerprint of its file."""
    return {phase.id: shape(files[phase.file]) for phase in phases if phase.file in files}


Group = Tuple[Phase, List[str]]


def alike(handed_in: Mapping[str, Mapping[str, str]], untouched: Mapping[str, set[str]]) -> list[Group]:
    """Groups of students whose file of a phase is the same program; ``solutions`` stands for the reference.

    Args:
        handed_in: student to ``shapes``.
        untouched: student to the ids of the phases in which nothing is written yet.
    """
    found = []
    for phase in COURSE:
        groups: dict[str, list[str]] = defaultdict(list)
        if has_reference(phase):
            groups[shape((REFERENCE / phase.file).read_bytes())].append("solutions")
        for student, known in sorted(handed_in.items()):
            if known.get(phase.id) and phase.id not in untouched[student]:
                groups[known[phase.id]].append(student)
        found += [(phase, group) for group in groups.values() if len(group) > 1]
    return found
