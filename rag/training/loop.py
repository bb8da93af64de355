"""One training loop for both models: bf16 where the machine has it, checkpoints by the clock, exact resumption, time left on screen."""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from index.errors import UsageError
from index.files import DISK, make_folder, put

Batch = Sequence[int]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a stage is trained. `minutes` is the clock between two checkpoints."""

    rate: float
    warm_up: float = 0.06
    decay: float = 0.01
    clip: float = 1.0
    seed: int = 13
    minutes: float = 10.0


@cache
def fast_type(device: str) -> torch.dtype | None:
    """bfloat16 where it multiplies clearly faster than float32, else None.

    A processor that has it is timed first: AMD's Zen 4 takes half as long, Intel's without AMX twice as long.
    """
    if device != "cpu":
        return torch.bfloat16
    if not (torch.backends.mkldnn.is_available() and _has_bf16()):
        return None
    return torch.bfloat16 if _seconds(torch.bfloat16) < 0.8 * _seconds(torch.float32) else None


def _seconds(kind: torch.dtype) -> float:
    """The least time of a few products as large as those of a step."""
    left, right = torch.ones((2048, 384), dtype=kind), torch.ones((384, 1536), dtype=kind)
    times = []
    for _ in range(8):
        began = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - began)
    return min(times)


def _has_bf16() -> bool:
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def device() -> str:
    """The GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def train(
    model: torch.nn.Module,
    batches: Sequence[Batch],
    loss_of: Callable[[Batch], torch.Tensor],
    schedule: Schedule,
    checkpoint: Path,
    work: str,
    cost: Callable[[Batch], int] = len,
    unit: str = "tokens",
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    validate: Callable[[], Mapping[str, float]] | None = None,
    checks: int = 4,
) -> Mapping[str, float]:
    """Runs over `batches` once, from the checkpoint where there is one; the batches and the seed decide every bit of the result.

    `work` is a digest of what the batches hold (`digest`); a checkpoint of other work is refused, and one is gone on with in the
    precision it was begun in. `cost` is the work in a batch (in `unit`s), for the time left. `validate` is called `checks` times, evenly
    spread; what it found at the end is returned. UsageError where there is nothing to train on.
    """
    if not batches:
        raise UsageError("there is too little to train on: not one batch; give more data, or a larger --share")
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    optimizer = torch.optim.AdamW(_groups(trained, schedule.decay), lr=schedule.rate)
    where = device()
    model.to(where).train()
    step, precision = _resume(checkpoint, trained, optimizer, work)
    if step:
        say(f"resumed from {checkpoint} at step {step} of {len(batches)}")
    costs = [cost(batch) for batch in batches]
    started, done, saved, running = time.monotonic(), 0, time.monotonic(), 0.0
    while step < len(batches):
        torch.manual_seed(schedule.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate * _shape(step, len(batches), schedule.warm_up)
        with torch.autocast(where, precision or torch.float32, enabled=precision is not None):
            loss = loss_of(batches[step])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.values(), schedule.clip)
        optimizer.step()
        optimizer.zero_grad()
        running = 0.95 * running + 0.05 * loss.item() if running else loss.item()
        done += costs[step]
        step += 1
        speed = done / (time.monotonic() - started)
        if step == 5 or step % 50 == 0 or step == len(batches):
            left = sum(costs[step:]) / speed / 60
            say(f"step {step}/{len(batches)}  loss {running:.4f}  {speed:.0f} {unit}/s  {left:.1f} min left")
        if validate and step % max(1, math.ceil(len(batches) / checks)) == 0 and step < len(batches):
            say("  ".join(f"{name} {value:.4f}" for name, value in _validated(model, validate).items()))
        if time.monotonic() - saved > schedule.minutes * 60:
            _save(checkpoint, step, trained, optimizer, work, precision)
            saved = time.monotonic()
    _save(checkpoint, step, trained, optimizer, work, precision)
    model.eval()
    found = validate() if validate else {}
    if found:
        say("  ".join(f"{name} {value:.4f}" for name, value in found.items()))
    return found


def _validated(model: torch.nn.Module, validate: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
    model.eval()
    try:
        return validate()
    finally:
        model.train()


def _shape(step: int, steps: int, warm_up: float) -> float:
    """Linear warm-up, then linear decay to nothing."""
    first = max(1.0, steps * warm_up)
    return min((step + 1) / first, (steps - step) / max(1.0, steps - first))


def _groups(trained: Mapping[str, torch.nn.Parameter], decay: float) -> list[dict[str, Any]]:
    """Matrices are decayed; biases and layer norms are not."""
    plain = [value for value in trained.values() if value.ndim < 2]
    return [
        {"params": [value for value in trained.values() if value.ndim >= 2], "weight_decay": decay},
        {"params": plain, "weight_decay": 0.0},
    ]


def digest(parts: Iterable[object]) -> str:
    """What tells one run's work from another's."""
    found = hashlib.sha256()
    for part in parts:
        found.update(repr(part).encode())
    return found.hexdigest()


def _resume(
    checkpoint: Path, trained: Mapping[str, torch.nn.Parameter], optimizer: torch.optim.Optimizer, work: str
) -> tuple[int, torch.dtype | None]:
    """Loads what was saved: the step to go on with and the precision; 0 and the fastest where nothing was saved."""
    if not checkpoint.exists():
        return 0, fast_type(device())
    state = torch.load(checkpoint, map_location=device(), weights_only=True)
    if state.get("work") != work:
        raise UsageError(f"{checkpoint} is of other data, or of another version: choose another --out, or remove it to begin anew")
    for name, value in trained.items():
        value.data.copy_(state["trained"][name])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), torch.bfloat16 if state["bf16"] else None


def _save(
    checkpoint: Path,
    step: int,
    trained: Mapping[str, torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    work: str,
    precision: torch.dtype | None,
) -> None:
    """Whole or not at all. Serialised in memory first: torch's own writer answers a full disk with an error that says nothing of it."""
    state = {
        "step": step,
        "trained": {name: value.data for name, value in trained.items()},
        "optimizer": optimizer.state_dict(),
        "work": work,
        "bf16": precision is not None,
    }
    file = BytesIO()
    torch.save(state, file)
    make_folder(DISK, checkpoint.parent)
    put(DISK, checkpoint, file.getbuffer())
