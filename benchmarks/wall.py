"""What the wall costs: a call, and a full grade, against direct mode. ``python -m benchmarks.wall [ROUNDS]``."""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any, Callable

import torch

from benchmarks.timing import IMPORT_TORCH, PROJECT, in_turns, table
from kata.course.phases import REFERENCE
from kata.sandbox.host.submission import WalledSubmission
from kata.testing.in_process import DirectSubmission

CALLS = 300
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--assert=plain", "--target", "solutions"]
DIRECT, WALLED = "suites, direct", "suites, --wall"


def milliseconds(call: Callable[[], Any]) -> float:
    """Median of one call."""
    call()
    taken = []
    for _ in range(CALLS):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return 1000.0 * statistics.median(taken)


def calls(submission: Any) -> dict[str, float]:
    """Milliseconds of typical requests."""
    submission.begin("phase2_attention", 0, 0.0)
    phase = submission.phase("phase2_attention", "phase2_attention")
    module = phase.MultiHeadAttention(16, 4)
    x = torch.randn(2, 5, 16)
    leaf = torch.randn(2, 5, 16, requires_grad=True)
    output = module(leaf, leaf, leaf)[0].sum()
    measured = {
        "read an attribute": milliseconds(lambda: module.training),
        "split_heads": milliseconds(lambda: phase.split_heads(x, 4)),
        "multi-head attention": milliseconds(lambda: module(x, x, x)),
        "gradient of the same": milliseconds(lambda: torch.autograd.grad(output, [leaf], retain_graph=True)),
        "state_dict": milliseconds(module.state_dict),
    }
    submission.end()
    submission.close()
    return measured


def main() -> None:
    """Run and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    direct = calls(DirectSubmission(REFERENCE, REFERENCE, False))
    walled = calls(WalledSubmission(REFERENCE, REFERENCE, False))
    print(f"{'milliseconds a request':34}{'direct':>9}{'wall':>8}{'more':>8}")
    for name, value in direct.items():
        print(f"{name:34}{value:9.3f}{walled[name]:8.3f}{walled[name] - value:8.3f}")
    print()
    commands = {
        "import torch": IMPORT_TORCH,
        DIRECT: [*PYTEST, "tests"],
        WALLED: [*PYTEST, "--wall", "tests"],
        "grader.py, untouched stubs": [sys.executable, str(PROJECT / "grader.py")],
        "grader.py, all phases": [sys.executable, str(PROJECT / "grader.py"), "--target", "solutions"],
    }
    medians = in_turns(commands, rounds)
    print(table(medians, "import torch", {"grader.py, untouched stubs": 2.0}))
    for name in (WALLED, "grader.py, all phases"):
        print(f"{name} / {DIRECT}: {medians[name] / medians[DIRECT]:.2f} (goal <= 1.3)")


if __name__ == "__main__":
    main()
