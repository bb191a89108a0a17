"""Files that cannot be loaded: each costs its own phase alone, and the message says what to do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from selftest.grader_runs import TEST_TIMEOUT, run_grader, scores_of
from selftest.submissions import make_target, phase, solution

pytestmark = pytest.mark.timeout(300)

# Phase to what its file holds (None: there is no file) and what the message says besides the file's name.
BROKEN = {
    2: (
        solution(2).replace("def merge_heads(", "def merge_heads((").encode(),
        ["phase2_attention.py:63 is not valid Python", "def merge_heads(("],
    ),
    3: (solution(3).encode() + b"\x00\n", ["NUL"]),
    4: (None, ["missing"]),
    5: (solution(5).encode() + b"\nwhile True:\n    pass\n", ["endless loop", "no answer after 4 s"]),
    6: (solution(6).encode() + b"\nimport sys\nsys.exit(3)\n", ["sys.exit()", "__main__"]),
}
ALSO_BROKEN = {
    1: (solution(1).replace("sine", "S\xefnus").encode("latin-1"), ["not valid Python", "utf-8"]),
    2: (solution(2).encode() + b"\nraise RuntimeError('[bold]half done[/bold]')\n", ["RuntimeError", "half done"]),
    4: (solution(4).encode() + b"\nEncoder(1, 4, 2, 8).no_such_thing\n", ["AttributeError", "no_such_thing"]),
    5: (solution(5).encode() + b"\nimport os\nos._exit(0)\n", ["ended its process"]),
    6: (solution(6).encode() + b"\nfrom .phase9_dreams import everything\n", ["phase9_dreams", "cannot be found"]),
}


def graded(folder, broken, solved):
    """The report on a folder with broken files, one phase solved and one a stub."""
    target = make_target(folder, solved=solved)
    for number, (content, _) in broken.items():
        path = target / phase(number).file
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    if 1 in solved:  # as an editor on Windows saves it
        text = solution(1).replace("\n", "\r\n")
        (target / phase(1).file).write_bytes(b"\xef\xbb\xbf" + text.encode())
    run = run_grader("--target", target, "--json", "-", KATA_TEST_TIMEOUT=TEST_TIMEOUT)
    assert run.status == 0, run.err
    return run.report


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The two graded folders."""
    folder = tmp_path_factory.mktemp("bad_files")
    with ThreadPoolExecutor(2) as pool:  # side by side: they mostly wait for endless loops
        one = pool.submit(graded, folder / "one", BROKEN, solved=(1,))
        two = pool.submit(graded, folder / "two", ALSO_BROKEN, solved=())
        return one.result(), two.result()


CASES = [(0, number) for number in BROKEN] + [(1, number) for number in ALSO_BROKEN]
IDS = [
    "syntax error", "NUL byte", "missing", "endless loop", "sys.exit",
    "not UTF-8", "raises", "wrong use", "os._exit", "unknown module",
]  # fmt: skip


@pytest.mark.parametrize(("which", "number"), CASES, ids=IDS)
def test_a_file_that_cannot_be_loaded_is_an_error_of_all_its_tasks_and_worth_nothing(which, number, reports):
    entry = reports[which]["phases"][number - 1]
    assert entry["score"] == 0.0
    for task in entry["tasks"]:
        assert (task["state"], task["score"], task["passed"]) == ("error", 0.0, 0), task


@pytest.mark.parametrize(("which", "number"), CASES, ids=IDS)
def test_the_message_names_the_file_and_the_way_out(which, number, reports):
    for task in reports[which]["phases"][number - 1]["tasks"]:
        if "not run: " not in task["message"]:
            for part in (BROKEN, ALSO_BROKEN)[which][number][1]:
                assert part in task["message"]
            assert phase(number).file in task["message"]
        assert "Traceback" not in task["message"]


def test_a_byte_order_mark_and_crlf_do_no_harm_and_neither_do_the_broken_neighbours(reports):
    assert scores_of(reports[0]) == {1: 100.0, 2: 0.0, 3: 0.0, 4: 0.0, 5: 0.0, 6: 0.0}


def test_an_untouched_phase_stays_to_do_among_broken_ones(reports):
    assert {task["state"] for task in reports[1]["phases"][2]["tasks"]} == {"todo"}
