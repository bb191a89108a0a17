"""Put the code of one task, as a notebook's cell holds it, into the phase's file; all else in the file stays as it is.

Of the cell go into the file: the task's definition, other functions and classes, imports that the file lacks, and
assignments to a name that stand above the task. A definition takes the place of the one that has its name, or comes to
stand beside the task. What comes along with a task bears a mark, ``# from the notebook: split_heads``, and goes when
the cell no longer holds it. What else the cell holds (a call, a print) is for the notebook and not for the file.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..course.phases import REFERENCE, Phase
from ..python_source import syntax_tree
from .progress import is_stub
from .reset import (
    CannotReset,
    is_same,
    keep,
    places,
    read_source,
    span,
    split_lines,
    with_newlines_of,
    write_atomically,
)

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


MARK = "# from the notebook: "

_MARKED = re.compile(re.escape(MARK) + r"(.+?)\s*$")


class CannotPlace(Exception):
    """Nothing was changed.

    Attributes:
        reason: ``"cell"`` (the cell is no Python), ``"no_task"`` (it does not define the task), ``"other_task"`` (it
            defines another one), ``"file"`` (the phase's file is no Python), ``"missing"`` (there is no such file),
            ``"reference"`` (the folder is the one of the solutions) or ``"disk"`` (reading or writing failed).
        detail: what Python or the system says, or the other task.
        line: the line of the cell, where that helps.
    """

    def __init__(self, reason: str, detail: str = "", line: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.line = reason, detail, line


@dataclass(frozen=True)
class Placed:
    """What was done.

    Attributes:
        path: the phase's file.
        line: where the task stands in it now.
        names: what of the cell stands in the file now, the task included.
        rest: the cell's other statements, as source; empty if there are none.
        kept: the copy of the file as it was; None if it has not changed.
        yours: whether the cell is still the stub and the file is not, so that the file was left alone.
    """

    path: Path
    line: int
    names: tuple[str, ...]
    rest: str = ""
    kept: Path | None = None
    yours: bool = False


class _Cell(NamedTuple):
    """A cell taken apart: imports, then name to source of what goes before the task and after it, and the rest."""

    task: ast.stmt
    imports: list[ast.Import | ast.ImportFrom]
    before: dict[str, str]
    after: dict[str, str]
    rest: str


def put(phase: Phase, target: Path, task: str, cell: str) -> Placed:
    """Put a cell's code into a phase's file.

    Args:
        phase, task: what the cell is to define.
        target: the folder with the learner's files.
        cell: source of the cell.

    Raises:
        CannotPlace: if it was not done; the file is as it was.
    """
    path = target / phase.file
    if is_same(target, REFERENCE) or is_same(path, REFERENCE / phase.file):
        raise CannotPlace("reference")
    parts = _take_apart(phase, task, cell)
    if not path.is_file():
        raise CannotPlace("missing")
    try:
        before = path.read_bytes()
        tree, text, encoding = read_source(before)
        found = [node for node in tree.body if isinstance(node, Definition) and node.name == task]
        if is_stub(parts.task) and found and not is_stub(found[-1]):
            return Placed(path, span(found[-1])[0], (task,), parts.rest, yours=True)
        text = with_newlines_of(before, _with_cell(tree, text.replace("\r\n", "\n"), task, parts))
        after = text.encode(encoding)
        [(first, _)] = places(syntax_tree(after), task)
        names = (*parts.before, *parts.after)
        if after == before:
            return Placed(path, first, names, parts.rest)
        kept = keep(path, before)
        write_atomically(path, after)
    except CannotReset as error:
        raise CannotPlace("file", error.detail) from None
    except UnicodeEncodeError as error:
        raise CannotPlace("file", f"{error.encoding}: {error.object[error.start : error.end]!r}") from None
    except OSError as error:
        raise CannotPlace("disk", error.strerror or str(error)) from None
    return Placed(path, first, names, parts.rest, kept)


def _take_apart(phase: Phase, task: str, cell: str) -> _Cell:
    """What of a cell goes where.

    Raises:
        CannotPlace: if it is no Python, or does not define the task and no other one.
    """
    try:
        body = syntax_tree(cell).body
    except SyntaxError as error:
        raise CannotPlace("cell", error.msg, error.lineno) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise CannotPlace("cell", str(error)) from None
    defined = {node.name: node for node in body if isinstance(node, Definition)}
    others = [other.name for other in phase.tasks if other.name in defined and other.name != task]
    if others:
        raise CannotPlace("other_task", others[0], defined[others[0]].lineno)
    if task not in defined:
        raise CannotPlace("no_task")
    lines = split_lines(cell)
    imports: list[ast.Import | ast.ImportFrom] = []
    rest: list[str] = []
    sources: dict[bool, dict[str, str]] = {True: {}, False: {}}
    above = True  # the task's own definition is the last of what stands above
    for node in body:
        first, last = span(node)
        source = "".join(lines[first - 1 : last]).rstrip() + "\n"
        name = _assigned(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(node)
        elif isinstance(node, Definition):
            sources[not above].pop(node.name, None)
            sources[above][node.name] = source
            above = above and node.name != task
        elif name is not None and above:
            sources[above][name] = (ast.get_source_segment(cell, node) or source.rstrip()) + "\n"
        else:
            rest.append(ast.get_source_segment(cell, node) or source.rstrip())
    return _Cell(defined[task], imports, sources[True], sources[False], "\n".join(rest))


def _assigned(node: ast.stmt) -> str | None:
    """The one name that a statement gives a value; None for any other statement."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else None


class _Standing(NamedTuple):
    """A statement in a file: its lines, with the mark above, and the tasks whose cells it came with."""

    first: int
    last: int
    owners: tuple[str, ...]


def _with_cell(tree: ast.Module, text: str, task: str, cell: _Cell) -> str:
    """A file's text (lines end with a line feed) with the parts of a cell in their places."""
    lines = split_lines(text)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    standing = _standing(tree, lines)
    marked = {name: f"{MARK}{task}\n" + source for name, source in (*cell.before.items(), *cell.after.items())}
    marked[task] = cell.before[task]
    edits: list[tuple[int, int, str]] = []  # first and last line (last < first: insert before), new text
    for name, found in standing.items():
        for number, (first, last, owners) in enumerate(found):
            if name in marked:
                # Of several definitions the first becomes the cell's, so that none is left that hides it.
                edits.append((first, last, marked[name] if number == 0 else ""))
            elif owners == (task,):
                edits.append((first, _with_empty_lines(lines, last), ""))
    above = [marked[name] for name in cell.before if name not in standing and name != task]
    below = [marked[name] for name in cell.after if name not in standing]
    blank = "\n\n"
    if task in standing:
        first, last, _ = standing[task][0]
        edits.append((first, first - 1, "".join(source + blank for source in above)))
        edits.append((last + 1, last, "".join(blank + source for source in below)))
    else:
        end = len(lines)
        edits.append((end + 1, end, "".join(blank + source for source in (*above, marked[task], *below))))
    edits += _edits_of_imports(tree, lines, task, cell.imports)
    # From the bottom up; a line is replaced before something is inserted above it.
    for first, last, source in sorted(edits, key=lambda edit: (-edit[0], edit[1] < edit[0])):
        lines[first - 1 : last] = [source] if source else []
    return "".join(lines)


def _standing(tree: ast.Module, lines: list[str]) -> dict[str, list[_Standing]]:
    """Name to where it is defined at the top of the file, if each statement has its lines for itself."""
    crowded = _lines_of_several(tree)
    standing: dict[str, list[_Standing]] = {}
    for node in tree.body:
        name = node.name if isinstance(node, Definition) else _assigned(node)
        first, last = span(node)
        if name is None or crowded & {*range(first, last + 1)}:
            continue
        mark = _MARKED.match(lines[first - 2]) if first > 1 else None
        owners = tuple(mark.group(1).split(", ")) if mark else ()
        standing.setdefault(name, []).append(_Standing(first - bool(mark), last, owners))
    return standing


def _with_empty_lines(lines: list[str], last: int) -> int:
    """The last of the empty lines after a line."""
    while last < len(lines) and not lines[last].strip():
        last += 1
    return last


def _lines_of_several(tree: ast.Module) -> set[int]:
    """Lines on which more than one statement stands: ``a = 1; b = 2``."""
    counted: dict[int, int] = {}
    for node in tree.body:
        for line in range(span(node)[0], span(node)[1] + 1):
            counted[line] = counted.get(line, 0) + 1
    return {line for line, count in counted.items() if count > 1}


def _edits_of_imports(
    tree: ast.Module, lines: list[str], task: str, wanted: list[ast.Import | ast.ImportFrom]
) -> list[tuple[int, int, str]]:
    """Add the imports that a file lacks, drop those that came with this task's cell and are in it no longer.

    ``from __future__`` is the file's own business.
    """
    keys = {
        key: f"{_origin(node)}import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
        for node in wanted
        for alias, key in zip(node.names, _imported(node))
        if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")
    }
    edits: list[tuple[int, int, str]] = []
    there: set[tuple[object, ...]] = set()
    for node in tree.body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        mark = _MARKED.search(lines[node.lineno - 1])
        if mark is None:
            there |= {*_imported(node)}
            continue
        [key] = _imported(node)[:1]
        owners = [owner for owner in mark.group(1).split(", ") if owner != task] + [task] * (key in keys)
        code = lines[node.lineno - 1][: mark.start()].rstrip()
        edits.append((node.lineno, node.lineno, f"{code}  {MARK}{', '.join(owners)}\n" if owners else ""))
        there.add(key)
    missing = "".join(f"{code}  {MARK}{task}\n" for key, code in keys.items() if key not in there)
    at = _end_of_imports(tree) + 1
    return [*edits, (at, at - 1, missing)]


def _origin(node: ast.Import | ast.ImportFrom) -> str:
    return f"from {'.' * node.level}{node.module or ''} " if isinstance(node, ast.ImportFrom) else ""


def _imported(node: ast.Import | ast.ImportFrom) -> list[tuple[object, ...]]:
    origin = (node.module, node.level) if isinstance(node, ast.ImportFrom) else ()
    return [(*origin, alias.name, alias.asname) for alias in node.names]


def _end_of_imports(tree: ast.Module) -> int:
    """The line after which a further import stands: the last of the imports at the head, or the docstring."""
    end = 0
    for number, node in enumerate(tree.body):
        if isinstance(node, (ast.Import, ast.ImportFrom)) or (number == 0 and isinstance(node, ast.Expr)):
            end = span(node)[1]
        elif isinstance(node, Definition):
            break
    return end
