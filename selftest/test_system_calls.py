"""What the filter of system calls says of every call, on both machines, and that it is what the kernel does."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import subprocess
import sys

import pytest

from kata.course.phases import PROJECT
from kata.sandbox.confinement import seccomp
from kata.sandbox.confinement.system_calls import ALLOWED, DEPENDS, LAST_KNOWN, WRITES
from kata.sandbox.host.scratch_watch import is_overfull

ALLOW, REFUSE, MISSING = seccomp.ALLOW, seccomp.ERRNO | errno.EPERM, seccomp.ERRNO | errno.ENOSYS
UP_TO = 600


def verdict(program: bytes, machine: str, number: int, *arguments: int) -> int:
    """What classic BPF returns for a call: the few instructions that the filter has."""
    data = struct.pack("<IIQ6Q", number, seccomp.MACHINES[machine], 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("=HBBI", program))
    place, held = 0, 0
    while True:
        code, if_true, if_false, value = steps[place]
        place += 1
        if code == seccomp.LOAD:
            (held,) = struct.unpack_from("<I", data, value)
        elif code == seccomp.AND:
            held &= value
        elif code == seccomp.RETURN:
            return value
        else:
            holds = {
                seccomp.JUMP_EQUAL: held == value,
                seccomp.JUMP_ANY_BIT: bool(held & value),
                seccomp.JUMP_AT_LEAST: held >= value,
            }[code]
            place += if_true if holds else if_false


@pytest.mark.parametrize("machine", sorted(seccomp.MACHINES))
@pytest.mark.parametrize("writes", [True, False])
def test_a_call_that_is_not_listed_is_refused(machine, writes):
    column = list(seccomp.MACHINES).index(machine)
    program = seccomp._program(machine, writes)
    allowed = {numbers[column] for numbers in [*ALLOWED.values(), *(WRITES.values() if writes else ())]}
    depends = {numbers[column] for numbers in DEPENDS.values()}
    for number in range(UP_TO):
        if number in depends:
            continue
        expected = ALLOW if number in allowed else MISSING if number > LAST_KNOWN else REFUSE
        assert verdict(program, machine, number) == expected, number


@pytest.mark.parametrize("machine", sorted(seccomp.MACHINES))
def test_a_call_that_depends_on_an_argument(machine):
    column = list(seccomp.MACHINES).index(machine)

    def of(name: str, *arguments: int, writes: bool = True) -> int:
        return verdict(seccomp._program(machine, writes), machine, DEPENDS[name][column], *arguments)

    own = os.getpid()
    assert [of("kill", pid, 9) for pid in (own, 0, own + 1, 2**32 - 1)] == [ALLOW, REFUSE, REFUSE, REFUSE]
    assert [of("tgkill", pid) for pid in (own, own + 1)] == [ALLOW, REFUSE]
    assert [of("prlimit64", pid) for pid in (0, own, own + 1)] == [ALLOW, ALLOW, REFUSE]
    assert [of("sched_getaffinity", pid) for pid in (0, own, own + 1)] == [ALLOW, ALLOW, REFUSE]
    of_libraries = (0x3D0F00, 0x7D0F00)  # glibc, musl
    assert [of("clone", flags) for flags in (*of_libraries, 0x11, 0x10100, 0x10B00, 0x12010F00)] == [ALLOW] * 2 + [
        REFUSE
    ] * 4
    assert of("clone3", 0) == MISSING
    assert [of("sendto", 3, 1, 1, 0, address) for address in (0, 5, 1 << 40)] == [ALLOW, REFUSE, REFUSE]
    assert [of("mmap", 0, 1, 1, flags) for flags in (0x02, 0x21, 0x01, 0x03)] == [ALLOW, ALLOW, REFUSE, REFUSE]
    assert [of("fcntl", 3, command) for command in (1, 1030, 5, 7, 1024)] == [ALLOW, ALLOW, REFUSE, REFUSE, REFUSE]
    assert [of("ioctl", 3, command) for command in (0x5401, 0x5412)] == [ALLOW, REFUSE]
    assert [of("prctl", option) for option in (15, 22, 4)] == [ALLOW, REFUSE, REFUSE]
    for clock in ("clock_gettime", "clock_getres", "clock_nanosleep"):
        assert [of(clock, which) for which in (0, 1, 3, 2**32 - 14)] == [ALLOW, ALLOW, ALLOW, REFUSE]
    for name, arguments in (("openat", (0, 0)), ("open", (0,))):
        if DEPENDS[name][column] is not None:
            flags = (os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_CREAT)
            assert [of(name, *arguments, flag) for flag in flags] == [ALLOW] * 3
            assert [of(name, *arguments, flag, writes=False) for flag in flags] == [ALLOW, REFUSE, REFUSE]
            assert of(name, *arguments, getattr(os, "O_TMPFILE", 0o20200000) | os.O_RDWR) == REFUSE
            emptying = [access | os.O_TRUNC for access in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR)]
            assert [of(name, *arguments, flag) for flag in emptying] == [REFUSE, ALLOW, ALLOW]
    assert [of("socketpair", family) for family in (1, 2, 30)] == [ALLOW, REFUSE, REFUSE]


def test_no_call_stands_in_two_tables():
    tables = (ALLOWED, WRITES, DEPENDS)
    assert sum(map(len, tables)) == len({name for table in tables for name in table})
    for column in range(len(seccomp.MACHINES)):
        numbers = [calls[column] for table in tables for calls in table.values() if calls[column] is not None]
        assert len(numbers) == len(set(numbers)) and max(numbers) <= LAST_KNOWN


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seccomp is Linux's")
def test_the_kernel_holds_to_it():
    names = {"sethostname": 170, "setsid": 112, "getpgid": 121, "bind": 49, "ioprio_get": 252, "getpid": 39}
    if os.uname().machine != "x86_64":
        names = {"sethostname": 161, "setsid": 157, "getpgid": 155, "bind": 200, "ioprio_get": 31, "getpid": 172}
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        held = seccomp.restrict(allow_writes=True)
        library = ctypes.CDLL(None, use_errno=True)
        said = []
        for number in [*names.values(), 599]:
            ctypes.set_errno(0)
            library.syscall(ctypes.c_long(number), ctypes.c_long(0), ctypes.c_long(0))
            said.append(errno.errorcode.get(ctypes.get_errno(), "fine"))
        os.write(write_end, " ".join(said).encode() if held else b"")
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as told:
        said = told.read().split()
    os.wait()
    if not said:
        pytest.skip("this kernel has no seccomp")
    assert said == ["EPERM"] * 5 + ["fine", "ENOSYS"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seccomp is Linux's")
def test_a_file_is_emptied_neither_by_its_name_nor_by_who_may_read_it(tmp_path):
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "own").write_text("own")
    status = _in_a_child(lambda: _empty(tmp_path) if seccomp.restrict(allow_writes=True) else os._exit(9))
    if os.WEXITSTATUS(status) == 9:
        pytest.skip("this kernel has no seccomp")
    assert status == 0
    assert (tmp_path / "kept").read_text() == "kept"
    assert (tmp_path / "own").read_text() == "new"


def _empty(folder):
    (folder / "own").write_text("new")  # what a guest does in its scratch folder works as ever
    libc = ctypes.CDLL(None, use_errno=True)
    for attempt in (
        lambda: os.truncate(folder / "kept", 0),
        lambda: os.open(folder / "kept", os.O_RDONLY | os.O_TRUNC),
        lambda: os.listxattr(folder / "kept"),
    ):
        try:
            attempt()
        except PermissionError:
            continue
        raise AssertionError("not refused")
    descriptor = os.open(folder / "room", os.O_WRONLY | os.O_CREAT)
    if libc.fallocate(descriptor, 1, ctypes.c_long(0), ctypes.c_long(2**20)) == 0:
        raise AssertionError("room is taken that no size tells of")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fallocate is Linux's")
def test_room_behind_the_end_of_a_file_is_counted(tmp_path):
    with open(tmp_path / "empty", "wb") as file:
        if ctypes.CDLL(None).fallocate(file.fileno(), 1, ctypes.c_long(0), ctypes.c_long(2**22)) != 0:
            pytest.skip("this file system takes no room ahead")
    assert (tmp_path / "empty").stat().st_size == 0
    assert is_overfull(tmp_path, most_bytes=2**21)
    assert not is_overfull(tmp_path, most_bytes=2**23)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's")
def test_no_process_of_the_same_user_looks_into_the_grader():
    code = (
        "from kata import cli\nfrom kata.sandbox.confinement import _libc\n"
        "try:\n    cli.main(['frobnicate'])\nexcept SystemExit:\n    pass\nprint(_libc.prctl(3))"  # PR_GET_DUMPABLE
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert run.stdout.split()[-1:] == ["0"], run


def _in_a_child(run):
    """The exit status of a process that does so; 1 for an exception."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            run()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1]
