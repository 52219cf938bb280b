"""Seconds and memory of a step, and steps in processes of their own (Linux: memory is read from /proc)."""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def peak_mb() -> float:
    """Most memory that this process ever held, in MiB.

    Not ru_maxrss: a child process inherits its parent's.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def reset_peak() -> float:
    """Forget the peak so far, where the system allows it; the MiB held now."""
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mb()


def timed(step: Callable[[], T]) -> tuple[T, float, float]:
    """The value of a step, its wall seconds and its CPU seconds, those of processes that it ran included."""
    began, used = time.perf_counter(), _cpu_seconds()
    value = step()
    return value, time.perf_counter() - began, _cpu_seconds() - used


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def in_fresh_process(
    script: Path, task: list[Any], *, python: str = sys.executable, limit: float = 7200.0
) -> dict[str, Any]:
    """What ``script --task JSON`` prints as its last line; ``{"status": ...}`` if it fails or takes too long.

    Parameters
    ----------
    python
        The interpreter to run it with.
    limit
        Seconds after which it is ended.
    """
    command = [python, str(script), "--task", json.dumps(task)]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"status": f"ended after {limit:.0f} s"}
    if ran.returncode:
        return {"status": "failed: " + (ran.stderr.strip().splitlines() or ["no message"])[-1]}
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found
