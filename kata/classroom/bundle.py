"""An autograder for Gradescope as one archive: the product, how it is set up there, and how it grades an upload."""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterator, Sequence

from ..course.edition import has_reference
from ..course.phases import COURSE, PROJECT, Phase
from ..course.release import release

SCRIPTS = Path(__file__).parent / "templates" / "gradescope"
PRODUCT = "transformer-kata"
SETTINGS = "bundle.json"
PACKED = (
    "LICENSE", "conftest.py", "edition.json", "grader.py", "pyproject.toml", "requirements.txt",
    "kata", "solutions", "stubs", "tests",
)  # fmt: skip
"""What grading needs, as far as it is there: an edition has stubs and perhaps no solutions."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same project gives the same archive, byte by byte."""


@dataclass(frozen=True)
class Settings:
    """How uploads are graded.

    Attributes:
        phases: ids of the phases.
        seed: seed of all random draws.
        lang: what students read.
        visibility: when students see the results, in Gradescope's words.
        time_limit: seconds for an upload; less than Gradescope allows, so that there are results in any case.
    """

    phases: tuple[str, ...] = tuple(phase.id for phase in COURSE)
    seed: int = 0
    lang: str = "en"
    visibility: str = "visible"
    time_limit: float = 540.0


def write_bundle(path: Path, settings: Settings, without_solutions: bool = False) -> None:
    """Write the archive.

    Args:
        path: the file.
        settings: how uploads are graded.
        without_solutions: pack a student edition of the phases in place of the whole project.

    Raises:
        CannotRelease: if an edition is wanted and cannot be made here.
    """
    with tempfile.TemporaryDirectory(prefix="kata-bundle-") as folder:
        product = PROJECT
        if without_solutions:
            product = Path(folder) / "edition"
            phases = [phase for phase in COURSE if phase.id in settings.phases]
            release(product, phases, earlier_with_reference(phases), exercises=False)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "setup.sh", (SCRIPTS / "setup.sh").read_bytes(), 0o755)
            _add(archive, "run_autograder", (SCRIPTS / "run_autograder").read_bytes(), 0o755)
            _add(archive, SETTINGS, json.dumps(asdict(settings), indent=2).encode() + b"\n", 0o644)
            for file in _files(product):
                _add(archive, f"{PRODUCT}/{file.relative_to(product).as_posix()}", file.read_bytes(), 0o644)


def earlier_with_reference(phases: Sequence[Phase]) -> list[Phase]:
    """The phases before the first of these whose solutions are here."""
    return [phase for phase in COURSE if phase.number < phases[0].number and has_reference(phase)]


def _files(product: Path) -> Iterator[Path]:
    for name in PACKED:
        place = product / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and file.suffix != ".pyc":
                yield file


def _add(archive: zipfile.ZipFile, name: str, content: bytes, mode: int) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = (0o100000 | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)
