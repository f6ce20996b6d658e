"""CPU seconds and memory of process trees, read from /proc; every thread and every PostgreSQL backend counts."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def tree(root: int) -> set[int]:
    """The process and all below it that live now."""
    parents: dict[int, list[int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                parents.setdefault(parent, []).append(int(folder.name))
    found, waiting = set[int](), [root]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += parents.get(one, [])
    return found


def cpu_ns(pid: int) -> int:
    """Nanoseconds on a processor of all threads of a process so far; 0 when it is gone.

    /proc/<pid>/task/*/schedstat counts in nanoseconds; utime and stime of /proc/<pid>/stat are the same figure in
    steps of 10 ms, too coarse for thirty backends that each do a little.
    """
    total = 0
    with contextlib.suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                total += int((task / "schedstat").read_text().split()[0])
    return total


class Meter:
    """CPU of named groups of process trees since the last call of `start`.

    A backend that ends meanwhile loses its share: none does, the pools keep their connections during a round.
    """

    def __init__(self, groups: dict[str, int]) -> None:
        self._groups = groups
        self._before: dict[str, dict[int, int]] = {}

    def start(self) -> None:
        """Remember where every process stands."""
        self._before = {name: {pid: cpu_ns(pid) for pid in tree(root)} for name, root in self._groups.items()}

    def seconds(self) -> dict[str, float]:
        """CPU seconds by group since `start`; processes begun since count whole."""
        used = {}
        for name, root in self._groups.items():
            before = self._before[name]
            used[name] = sum(max(0, cpu_ns(pid) - before.get(pid, 0)) for pid in tree(root)) / 1e9
        return used


def resident_mib(roots: Iterable[int]) -> float:
    """Resident memory of the process trees together, in MiB (shared pages count in each)."""
    kib = 0
    for root in roots:
        for pid in tree(root):
            with contextlib.suppress(OSError):
                lines = (PROC / str(pid) / "status").read_text().splitlines()
                kib += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return kib / 1024
