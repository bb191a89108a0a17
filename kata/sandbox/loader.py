"""Load phases from chosen folders into a virtual package.

A phase under test comes from the target folder, the others from the reference, and each still writes
``from .phase2_attention import MultiHeadAttention``: the package is made in memory and its modules are
found in whatever folder they were assigned. Nothing is imported as ``exercises`` or ``solutions``, no byte
code is read or written, and several packages live side by side.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import itertools
import marshal
import sys
import types
from pathlib import Path
from typing import Mapping, NamedTuple, Sequence

from ..course.dependencies import builds_on
from ..results import printable
from ..source.files import complaint_about, display_path

_numbers = itertools.count(1)


class SubmissionError(Exception):
    """A phase's file could not be loaded; the message names the file and what to do about it."""


class MissingName(AttributeError):
    """A phase's file does not define what the course asks for."""


class _SourceLoader(importlib.abc.Loader):
    """Run one source file, read at this moment, with no byte-code cache."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        code = compile(self.path.read_bytes(), str(self.path), "exec", dont_inherit=True)
        exec(code, module.__dict__)

    def get_source(self, fullname: str) -> str:
        return self.path.read_text(encoding="utf-8-sig")


class _CodeLoader(importlib.abc.Loader):
    """Run code that was compiled elsewhere: there is no source to read."""

    def __init__(self, code: bytes) -> None:
        self._code = code

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        exec(marshal.loads(self._code), module.__dict__)


class Substitutes(NamedTuple):
    """Compiled code whose definitions take the place of some tasks of a phase (``source.neighbours``).

    Attributes:
        phase: id of the phase.
        names: the tasks.
        code: defines them.
        shared: names that the code takes from the file under test.
    """

    phase: str
    names: Sequence[str]
    code: bytes
    shared: Sequence[str]

    def put_in_place(self, module: types.ModuleType) -> None:
        """Let the tasks' names stand for the reference from now on; the submission's other names stay as they are."""
        namespace = {"__name__": module.__name__, "__package__": module.__package__}
        exec(marshal.loads(self.code), namespace)
        namespace.update({name: getattr(module, name) for name in self.shared if hasattr(module, name)})
        for name in self.names:
            setattr(module, name, namespace[name])


class VirtualPackage(importlib.abc.MetaPathFinder):
    """A package in memory whose phases come from the folders that ``folders`` names.

    Args:
        folders: phase id to folder. Other modules that a phase imports relatively (helper files of the
            learner's) are found beside the phases in ``default``.
        default: folder of everything that is not a phase.
        compiled: phase id to code, for phases that have no file here (``host.reference``).
        substitutes: take the place of some tasks once their phase is loaded.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        default: Path,
        compiled: Mapping[str, bytes] | None = None,
        substitutes: Substitutes | None = None,
    ) -> None:
        self.name = f"kata_submission_{next(_numbers)}"
        self._folders = dict(folders)
        self._default = default
        self._compiled = dict(compiled or {})
        self._substitutes = substitutes
        self._failures: dict[str, BaseException] = {}
        package = types.ModuleType(self.name)
        package.__path__ = []  # a package by this alone; modules are found by find_spec below
        package.__package__ = self.name
        sys.modules[self.name] = package
        sys.meta_path.insert(0, self)

    def close(self) -> None:
        """Forget the package and all its modules."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for name in [n for n in sys.modules if n == self.name or n.startswith(self.name + ".")]:
            del sys.modules[name]

    def path_of(self, module: str) -> Path:
        """Where the source of a module of this package lies; for a compiled one, where it would."""
        return self._folders.get(module, self._default) / f"{module}.py"

    def find_spec(self, fullname, path=None, target=None):  # noqa: D102 (importlib's interface)
        package, _, module = fullname.rpartition(".")
        if package != self.name:
            return None
        if module in self._compiled:
            return importlib.machinery.ModuleSpec(fullname, _CodeLoader(self._compiled[module]))
        source = self.path_of(module)
        if complaint_about(source):
            return None
        return importlib.machinery.ModuleSpec(fullname, _SourceLoader(source), origin=str(source))

    def load(self, phase_id: str) -> types.ModuleType:
        """Import one phase, once; a failure is kept and raised again at the next call.

        Raises:
            SubmissionError: if the file is missing, is not Python, or raises or exits while it runs.
        """
        if phase_id in self._failures:
            raise self._failures[phase_id]
        path = self.path_of(phase_id)
        try:
            return self._import(phase_id, path)
        except BaseException as error:  # a time-out too: a file that hangs must hang once only
            self._failures[phase_id] = error
            raise

    def _import(self, phase_id: str, path: Path) -> types.ModuleType:
        complaint = "" if phase_id in self._compiled else complaint_about(path)
        if complaint:
            raise SubmissionError(complaint)
        try:
            module = importlib.import_module(f"{self.name}.{phase_id}")
            if self._substitutes is not None and self._substitutes.phase == phase_id:
                self._substitutes.put_in_place(module)
                self._substitutes = None
            return module
        except (Exception, SystemExit, GeneratorExit) as error:
            if type(error).__name__ == "ForbiddenPrimitive":  # of forbidden_operators: a rule is broken
                raise
            raise SubmissionError(explain_import_failure(error, path)) from error


def explain_import_failure(error: BaseException, path: Path) -> str:
    """Say in one paragraph why importing ``path`` failed and what to do."""
    name = display_path(path)
    if isinstance(error, (SyntaxError, ValueError)) and "null byte" in str(error):
        return f"{name} contains a NUL byte, so Python cannot read it: save it again as UTF-8 text"
    if isinstance(error, SyntaxError) and "codec can't decode" in str(error):
        return f"{name} is not valid Python: it is not UTF-8 text ({error.msg}): save it again as UTF-8"
    if isinstance(error, SyntaxError):
        where = display_path(Path(error.filename)) if error.filename else name
        line = f":{error.lineno}" if error.lineno else ""
        text = printable((error.text or "").strip()[:200])
        quoted = f": {text}" if text else ""
        return f"{where}{line} is not valid Python ({error.msg}){quoted}"
    if isinstance(error, SystemExit):
        return f"{name} calls sys.exit() while it is imported: keep such code under `if __name__ == '__main__':`"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"{_place_of(error, path)} imports {error.name!r}, which cannot be found"
    if isinstance(error, NotImplementedError):
        return f"{_place_of(error, path)} runs an unfinished function while it is imported: {error}"
    return f"{_place_of(error, path)} raises {type(error).__name__} while it is imported: {error}"


def _place_of(error: BaseException, path: Path) -> str:
    """``path`` and the last line of it that the error passed through, as ``exercises/phase2_attention.py:12``."""
    line = None
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return display_path(path) + (f":{line}" if line else "")


def package_for(phase_id: str, target: Path, reference: Path, assembled: bool = False) -> VirtualPackage:
    """Make the package for testing one phase: that phase from ``target``, those it builds on from ``reference``.

    With ``assembled`` all six come from ``target``.
    """
    given = () if assembled else builds_on(phase_id, reference)
    return VirtualPackage(dict.fromkeys(given, reference), default=target)
