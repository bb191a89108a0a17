"""What guests write in all: counted over folders, links not followed, and no longer than needed."""

from __future__ import annotations

import ctypes
import os
import sys

import pytest

from kata.sandbox.confinement.scratch import remove
from kata.sandbox.host.scratch_watch import is_overfull


@pytest.mark.parametrize("size, count, overfull", [(100, 10, False), (101, 10, True), (100, 9, True)])
def test_bytes_and_files_of_all_folders_are_counted(tmp_path, size, count, overfull):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("one", "a/two", "a/b/three"):
        (tmp_path / name).write_bytes(bytes(20))
    for number in range(4):
        (tmp_path / "a" / str(number)).touch()
    (tmp_path / "rest").write_bytes(bytes(size - 60))
    # One file, one folder in each of two, and the rest: ten entries.
    assert is_overfull(tmp_path, most_bytes=100, most_files=count) == overfull


def test_what_lies_elsewhere_does_not_count(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "large").write_bytes(bytes(1000))
    if not hasattr(os, "symlink"):
        pytest.skip("no links here")
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "large")
    (tmp_path / "mine" / "around").symlink_to(tmp_path / "mine")
    assert not is_overfull(tmp_path / "mine", most_bytes=500, most_files=10)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fallocate is Linux's")
def test_room_that_is_kept_behind_the_end_of_a_file_counts(tmp_path):
    keep_size, room = 1, 2**20
    with (tmp_path / "small").open("wb") as file:
        file.write(b"x")
        file.flush()
        if ctypes.CDLL(None, use_errno=True).fallocate(file.fileno(), keep_size, 0, ctypes.c_long(room)):
            pytest.skip(f"this file system keeps no room: {os.strerror(ctypes.get_errno())}")
    assert (tmp_path / "small").stat().st_size == 1
    assert is_overfull(tmp_path, most_bytes=room // 2)
    assert not is_overfull(tmp_path, most_bytes=2 * room)


def test_a_folder_that_is_gone_is_not_too_full(tmp_path):
    assert not is_overfull(tmp_path / "gone")


def test_what_lies_deep_counts(tmp_path):
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        for _ in range(40):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
        with open("large", "wb") as file:
            file.write(bytes(1000))
    finally:
        os.chdir(here)
    try:
        assert is_overfull(tmp_path, most_bytes=900)
        assert not is_overfull(tmp_path, most_bytes=1001)
        assert is_overfull(tmp_path, most_files=40)
    finally:
        for folder in tmp_path.iterdir():
            remove(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look into every folder")
def test_what_cannot_be_looked_at_counts_as_too_much(tmp_path):
    (tmp_path / "closed").mkdir(0o300)
    assert is_overfull(tmp_path)
