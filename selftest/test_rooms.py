"""The imports of ``kata/`` run one way: a room imports from those below it only, and nothing goes round in a circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kata.course.phases import PROJECT

FLOORS = (
    {
        "results",
        "i18n",
        "line_breaking",
        "python_source",
        "session_protocol",
        "settings",
        "signs",
        "streams",
        "__init__",
    },
    {"course"},
    {"source"},
    {"sandbox"},
    {"testing", "grading"},
    {"diagnosis"},
    {"session", "reports", "toys", "pictures", "tracing"},
    {"classroom"},
    {"commands"},
    {"cli", "notebook"},
    {"__main__"},
)
"""From the bottom up. What stands on one floor does not know of one another; ``docs/architecture.md`` says why."""

BESIDE = {("session_protocol", "results"), ("streams", "signs"), ("__init__", "notebook")}
"""Imports that are meant: on one floor, and ``from kata import check``, which imports when it is called."""

NEVER_IMPORT_TORCH = ("__init__", "course", "source", "grading", "reports", "commands", "cli", "notebook")
"""Rooms of the grader's own process: they load torch, if at all, inside a function of ``train`` or ``show``."""

WITH_TORCH = {"kata.commands.training_report", "kata.commands.ablation_report"}
"""What ``train`` imports once it trains."""

FILES = sorted((PROJECT / "kata").rglob("*.py"))


def room_of(module: str) -> str:
    """``kata.source.tree`` is in ``source``; ``kata`` itself in ``__init__``."""
    return (module.split(".") + ["__init__"])[1]


def module_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, only_at_the_top: bool = False) -> set[str]:
    """The modules that a file imports, those inside functions too; of ``kata`` as ``kata.room.module``."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in _at_the_top(tree) if only_at_the_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            names = {f"{origin}.{name.name}" for name in node.names}
            found |= {name if _is_module(name) else origin for name in names}
    return found


def _at_the_top(tree: ast.Module) -> list[ast.stmt]:
    """Statements that run on import: not those for type checkers."""
    return [inner for node in tree.body for inner in ([node] if not isinstance(node, ast.If) else node.orelse)]


def _is_module(name: str) -> bool:
    place = PROJECT.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def floor_of(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_run_down(path):
    room = room_of(module_of(path))
    for name in imports_of(path):
        other = room_of(name)
        if name.split(".")[0] != "kata" or other == room or (room, other) in BESIDE:
            continue
        assert floor_of(other) < floor_of(room), f"{module_of(path)} imports {name}: from {room} up to {other}"


def test_nothing_imports_in_a_circle():
    edges = {module_of(path): imports_of(path) for path in FILES}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join([*above[above.index(module) :], module])
        if module not in done:
            for other in edges.get(module, ()):
                if other != module:
                    visit(other, (*above, module))
            done.add(module)

    for module in edges:
        visit(module, ())


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if room_of(module_of(path)) in NEVER_IMPORT_TORCH and module_of(path) not in WITH_TORCH],
    ids=module_of,
)
def test_the_graders_process_does_not_import_torch(path):
    assert not {name for name in imports_of(path, only_at_the_top=True) if name.split(".")[0] == "torch"}


def test_every_room_is_on_a_floor():
    assert {room_of(module_of(path)) for path in FILES} == set().union(*FLOORS)
