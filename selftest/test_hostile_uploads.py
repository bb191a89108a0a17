"""What a stranger hands in for a class may lie about itself: it costs little, and nobody else's grade."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest

from kata.classroom import archives, gradescope, records
from kata.classroom.likeness import shape
from kata.classroom.submissions import find, find_one
from kata.course.phases import COURSE
from kata.grading.warm_grade import _files_of, _key
from kata.sandbox.confinement.scratch import remove
from selftest.submissions import solution

FILE = COURSE[0].file
REAL = solution(1).encode()
BOMB = 96 * 2**20


def zipped(method=zipfile.ZIP_DEFLATED, content=REAL):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(FILE, content)
    return bytearray(packed.getvalue())


def lying_zip():
    """An entry that unfolds to far more than it says."""
    packed = zipped(content=REAL + bytes(BOMB))
    entry = packed.rfind(b"PK\1\2")
    packed[entry + 16 : entry + 20] = struct.pack("<I", zlib.crc32(REAL))
    packed[entry + 24 : entry + 28] = struct.pack("<I", len(REAL))
    return packed


def long_table_zip():
    """A directory that is said to be as large as the archive."""
    packed = zipped(zipfile.ZIP_STORED)
    end = packed.rfind(b"PK\5\6")
    start = struct.unpack_from("<I", packed, end + 16)[0]
    packed[start:start] = bytes(BOMB)
    end = packed.rfind(b"PK\5\6")
    struct.pack_into("<II", packed, end + 12, end - start, start)
    return packed


def tarred(*members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def long_name_tar():
    """A name of many MiB."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = b"L", BOMB
    return gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + b"a" * BOMB + tarred((FILE, REAL)), 1)


def damaged(data):
    data = bytearray(data)
    for place in range(60, 200):
        data[place] ^= 0x5A
    return bytes(data)


BROKEN = {
    "deflate.zip": lambda: damaged(zipped()),
    "lzma.zip": lambda: damaged(zipped(zipfile.ZIP_LZMA)),
    "gz.tar.gz": lambda: damaged(gzip.compress(tarred((FILE, REAL)))),
    "bz2.tar.bz2": lambda: damaged(bz2.compress(tarred((FILE, REAL)))),
    "xz.tar.xz": lambda: damaged(lzma.compress(tarred((FILE, REAL)))),
    "table.zip": long_table_zip,
    "name.tar.gz": long_name_tar,
    "bzip2.zip": lambda: zipped(zipfile.ZIP_BZIP2),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_archive_loses_itself_alone(tmp_path, name):
    (tmp_path / name).write_bytes(BROKEN[name]())
    (tmp_path / "right.zip").write_bytes(zipped())
    found = {one.name: one for one in find(tmp_path)}
    assert found["right"].files == {FILE: REAL}
    assert found[name.split(".")[0]].problem
    (tmp_path / "right.zip").unlink()
    assert find_one(tmp_path).problem


@pytest.mark.parametrize("make", [lying_zip, long_table_zip, long_name_tar], ids=lambda make: make.__name__)
def test_an_archive_that_lies_takes_no_memory(tmp_path, make):
    packed = make()
    path = tmp_path / ("a.zip" if packed[:2] == b"PK" else "a.tar.gz")
    path.write_bytes(packed)
    del packed
    tracemalloc.start()
    try:
        with contextlib.suppress(ValueError):
            list(archives.members(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < BOMB // 2


def test_an_archive_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_IN_ALL", 2**20)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(tarred(("data.bin", bytes(2**22)), (FILE, REAL))))
    with pytest.raises(ValueError, match="unfolds to more than"):
        list(archives.members(tmp_path / "a.tar.gz"))


def long_digits_tar():
    """A header of digits, over which some versions of Python search for hours (CVE-2024-6232)."""
    digits = b"1" * (4 * 2**20 - 1024)
    entry = tarfile.TarInfo("././@PaxHeader")
    entry.type, entry.size = b"x", len(digits)
    return entry.tobuf(tarfile.USTAR_FORMAT) + digits + bytes(-len(digits) % 512) + tarred((FILE, REAL))


def long_map_tar():
    """A map of a sparse file that never comes to the end of its first number."""
    entry = tarfile.TarInfo("sparse.bin")
    entry.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sparse.bin"}
    entry.size = 300 * 2**20
    return entry.tobuf(tarfile.PAX_FORMAT) + b"1" * entry.size


@pytest.mark.parametrize("make", [long_digits_tar, long_map_tar], ids=lambda make: make.__name__)
@pytest.mark.timeout(200)
def test_an_archive_that_keeps_its_reader_busy_costs_seconds(tmp_path, monkeypatch, make):
    monkeypatch.setattr(archives, "PATIENCE", 5.0)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(make(), 1))
    (tmp_path / "right.zip").write_bytes(zipped())
    found = {one.name: one for one in find(tmp_path)}
    assert found["right"].files == {FILE: REAL}
    assert not found["a"].files


def test_pipes_and_links_are_no_archives(tmp_path):
    (tmp_path / "link.zip").symlink_to("/dev/zero")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.tar")
    assert all("not an ordinary file" in one.problem for one in find(tmp_path))


def test_a_folder_of_too_many_helpers_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_SOURCE", 2**20)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / FILE).write_bytes(REAL)
    for number in range(9):
        (tmp_path / "mine" / f"helper{number}.py").write_bytes(bytes(120 * 2**10))
    read, real = [], archives.Path.read_bytes
    monkeypatch.setattr(archives.Path, "read_bytes", lambda path: (read.append(path.name), real(path))[1])
    assert "MiB" in find(tmp_path)[0].problem
    assert find_one(tmp_path / "mine").files == {FILE: REAL}  # the phases alone
    assert read == [FILE]


def test_a_deep_folder_hides_nothing_that_lies_near_the_top(tmp_path):
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / FILE).write_bytes(REAL)
    here = os.getcwd()
    os.chdir(tmp_path / "up")
    try:
        for _ in range(1200):
            os.mkdir("a")
            os.chdir("a")
        os.chdir(here)
        assert find(tmp_path)[0].files == {FILE: REAL}
        assert find_one(tmp_path / "up").files == {FILE: REAL}
    finally:
        os.chdir(here)
        remove(tmp_path / "up")


def test_names_that_cannot_be_printed_are_printed_and_each_is_another(tmp_path):
    strange = [os.fsdecode(name) for name in (b"\x89\xdb\x93c", b"\x89\xdc\x93c", b"\x1b[31mred")]
    for name in strange:
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE).write_bytes(REAL)
    (tmp_path / "tarred.tar").write_bytes(
        tarred((FILE, REAL), (os.fsdecode(b"\xff\xfe.py"), b"x = 1\n"), ("a" * 300 + ".py", b""))
    )
    found = find(tmp_path)
    assert len({one.name for one in found}) == 4
    for one in found:
        assert one.name.isprintable()
        one.name.encode()
        assert one.files == {FILE: REAL}
        records.digest(one.files, 0, COURSE)


def test_a_helper_whose_name_is_no_utf_8_has_a_key(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.py")).write_bytes(b"x = 1\n")
    (tmp_path / FILE).write_bytes(REAL)
    assert _key(COURSE[0].id, _files_of(COURSE[0].id, tmp_path), 0)


def test_a_number_that_cannot_be_written_in_digits_has_no_fingerprint():
    assert shape(REAL)
    assert shape(REAL + b"\nx = 0x" + b"f" * 20_000) == ""


def test_gradescope_gets_results_whatever_was_uploaded(tmp_path, monkeypatch):
    def raises(folder):
        raise RecursionError("\x1b[31m \ud800")

    monkeypatch.setattr(gradescope, "find_one", raises)
    (tmp_path / "source").mkdir()
    settings = {"phases": [COURSE[0].id], "seed": 0, "lang": "en", "time_limit": 10.0, "visibility": "visible"}
    (tmp_path / "source" / gradescope.SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    assert gradescope.main([str(tmp_path)]) == 0
    told = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    assert told["score"] == 0.0
    assert "RecursionError" in told["tests"][0]["output"]
