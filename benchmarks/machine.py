"""What a measurement ran on, and whether anything else was running: a timing taken on a busy machine is worth nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from index.errors import RagError

LOAD_PER_CORE = 0.25
"""Most tasks running or waiting per core, as a mean over the last minute, of a machine that is called quiet."""

CPU = 0.10
"""Most of the CPU time of all cores that others may use on a quiet machine, over one second."""

PAUSE = 10.0
"""Seconds between two looks at a machine that is waited for."""

LIBRARIES = ("numpy", "onnxruntime", "tokenizers", "faiss-cpu", "python-mecab-ko", "sentence-transformers", "transformers", "torch")


class MachineBusy(RagError):
    """Something else loads the machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a measurement ran; `memory` in GiB, `libraries` name → version."""

    cpu: str
    cores: int
    memory: float
    system: str
    python: str
    libraries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """Tasks running or waiting (mean over a minute), and the share of all cores' time in use (over a second)."""

    average: float
    cpu: float

    def is_quiet(self, cores: int) -> bool:
        return self.average <= LOAD_PER_CORE * cores and self.cpu <= CPU


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds: of the wall, of all cores' work, and of this process with the children it has waited for."""

    wall: float
    all: float
    own: float


def describe() -> Machine:
    """This machine, without its name."""
    memory = round(psutil.virtual_memory().total / 2**30, 1)
    return Machine(cpu_model(), cores(), memory, system(), platform.python_version(), dict(_versions()))


def cores() -> int:
    return os.cpu_count() or 1


def cpu_model() -> str:
    """`AMD EPYC 7B13`; the architecture where the system does not tell."""
    found = ""
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        found = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
    elif sys.platform == "darwin":
        found = subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True).stdout
    return found.strip() or platform.processor() or platform.machine()


def system() -> str:
    """`Debian GNU/Linux 12 (bookworm), x86_64`."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = f"{platform.system()} {platform.release()}"
    return f"{name}, {platform.machine()}"


def _versions() -> Iterator[tuple[str, str]]:
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def sample() -> Load:
    """The load of this moment; takes a second, in which this process does nothing."""
    return Load(round(psutil.getloadavg()[0], 2), round(psutil.cpu_percent(interval=1.0) / 100, 3))


def require_quiet(*, wait: float = 0.0, even_if_busy: bool = False, look: Callable[[], Load] = sample) -> Load:
    """The load found once the machine is quiet, for at most `wait` seconds; MachineBusy where it stays busy."""
    deadline = time.monotonic() + wait
    load = look()
    while not (even_if_busy or load.is_quiet(cores())):
        if time.monotonic() >= deadline:
            raise MachineBusy(
                f"the machine is busy: load average {load.average:.2f} over the last minute, {load.cpu:.0%} of the CPU in use now; "
                f"expected at most {LOAD_PER_CORE * cores():.2f} and {CPU:.0%} on {cores()} cores. End what else runs and try again, "
                "let --wait SECONDS wait for quiet, or add --even-if-busy, which the result records."
            )
        print(f"waiting: load average {load.average:.2f}, {load.cpu:.0%} of the CPU in use", file=sys.stderr, flush=True)
        time.sleep(PAUSE)
        load = look()
    return load


def clock() -> Clock:
    used, own = psutil.cpu_times(), os.times()
    idle = used.idle + getattr(used, "iowait", 0.0) + getattr(used, "guest", 0.0) + getattr(used, "guest_nice", 0.0)
    return Clock(time.perf_counter(), sum(used) - idle, sum(own[:4]))  # a guest's time is counted in `user` already


def others(before: Clock, after: Clock, cores: int) -> float:
    """Share of all cores' time, 0 to 1, that went to other processes between two moments."""
    foreign = (after.all - before.all) - (after.own - before.own)
    return min(1.0, max(0.0, foreign / (cores * (after.wall - before.wall))))
