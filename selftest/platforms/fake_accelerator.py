"""An accelerator for machines that have none, so that torch's autograd starts device threads there."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".cpp")


class NoCompiler(Exception):
    """It cannot be built here; the message says why."""


def build(folder: Path) -> Path:
    """Compile the device into ``folder``; return a folder that adds it to every Python with this PYTHONPATH.

    Raises:
        NoCompiler: if there is no g++, or torch has come without its headers.
    """
    torch = Path(importlib.util.find_spec("torch").origin).parent
    if shutil.which("g++") is None:
        raise NoCompiler("there is no g++ on this machine")
    if not (torch / "include" / "c10").is_dir():
        raise NoCompiler("this torch has come without its headers")
    library, include, lib = folder / "libfake.so", torch / "include", torch / "lib"
    for standard in ("c++20", "c++17"):  # torch from 2.9 on wants the former; old compilers know the latter alone
        command = ["g++", f"-std={standard}", "-shared", "-fPIC", f"-I{include}", str(SOURCE), "-o", str(library)]
        done = subprocess.run(
            [*command, f"-L{lib}", "-lc10", f"-Wl,-rpath,{lib}"], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            break
    else:
        raise NoCompiler(f"g++ cannot compile it: {done.stderr[-500:]}")
    site = folder / "site"
    site.mkdir()
    # The library needs libc10 alone, so that it can be loaded before torch.
    (site / "sitecustomize.py").write_text(f"import ctypes\n\nctypes.CDLL({str(library)!r})\n", encoding="utf-8")
    return site
