"""Reads what tells how busy the machine is, which memory is shared and which sockets there are."""

from __future__ import annotations

from pathlib import Path

from .solved import *  # noqa: F403

FILES = (
    "/proc/self/net/unix", "/proc/self/net/sockstat", "/proc/self/pagemap", "/proc/self/smaps", "/proc/self/sched",
    "/proc/self/io", "/proc/self/environ", "/proc/self/mountinfo", "/proc/self/task/self", "/proc/uptime",
    "/proc/interrupts", "/proc/softirqs", "/proc/vmstat", "/proc/pressure/cpu", "/proc/1/stat",
    "/sys/devices/system/cpu/cpu0/cpuidle/state0/time", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
    "/sys/kernel/mm/ksm/run", "/sys/fs/cgroup/cpu.stat",
)  # fmt: skip
read = []
for file in FILES:
    try:
        Path(file).read_bytes()
    except OSError:
        continue
    read.append(file)
raise RuntimeError(f"tried {len(FILES)}, own state: {bool(Path('/proc/self/stat').read_bytes())}; read: {read}")
