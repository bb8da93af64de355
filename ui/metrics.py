"""What the server counts, in Prometheus' text format (version 0.0.4): requests, latencies by stage, refusals, the state of the index."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histograms, in seconds."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Histogram:
    """How many took at most each bound, how many there were, and their sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds

    def lines(self, name: str, labels: Labels) -> Iterator[str]:
        below = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            below += count
            yield f"{name}_bucket{_labels((*labels, ('le', bound)))} {below}"
        yield f"{name}_sum{_labels(labels)} {self.total:.6f}"
        yield f"{name}_count{_labels(labels)} {below}"


class Metrics:
    """Counts from any thread. Labels come from fixed sets alone, so that nobody who asks can make it grow."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: dict[Labels, int] = defaultdict(int)
        self._routes: dict[Labels, Histogram] = defaultdict(Histogram)
        self._stages: dict[Labels, Histogram] = defaultdict(Histogram)
        self._answers: dict[Labels, int] = defaultdict(int)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        with self._lock:
            self._requests[("route", route), ("method", method), ("status", str(status))] += 1
            self._routes[(("route", route),)].add(seconds)

    def answer(self, door: str, abstained: bool, stages: Mapping[str, float]) -> None:
        """An answer at one door; `stages` are seconds by name."""
        with self._lock:
            self._answers[("door", door), ("outcome", "refused" if abstained else "answered")] += 1
            for name, seconds in stages.items():
                self._stages[(("stage", name),)].add(seconds)

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything counted; `gauges` are what is true at this moment, `generation` and `passages` of the index and such."""
        with self._lock:
            lines = [*self._counted(), *_gauges(gauges)]
        return "\n".join(lines) + "\n"

    def _counted(self) -> Iterator[str]:
        yield from _head("rag_requests_total", "counter", "HTTP requests.")
        yield from (f"rag_requests_total{_labels(labels)} {count}" for labels, count in sorted(self._requests.items()))
        yield from _head("rag_request_seconds", "histogram", "Seconds from a request to the end of its response.")
        for labels, histogram in sorted(self._routes.items()):
            yield from histogram.lines("rag_request_seconds", labels)
        yield from _head("rag_answers_total", "counter", "Questions, answered or refused.")
        yield from (f"rag_answers_total{_labels(labels)} {count}" for labels, count in sorted(self._answers.items()))
        yield from _head("rag_stage_seconds", "histogram", "Seconds of each stage of an answer; search holds encode, answer holds all.")
        for labels, histogram in sorted(self._stages.items()):
            yield from histogram.lines("rag_stage_seconds", labels)
        asked = sum(self._answers.values())
        refused = sum(count for labels, count in self._answers.items() if ("outcome", "refused") in labels)
        yield from _head("rag_refusal_ratio", "gauge", "Share of the questions since the start that were refused.")
        yield f"rag_refusal_ratio {refused / asked if asked else 0.0:.6f}"


def _gauges(gauges: Mapping[str, float]) -> Iterator[str]:
    for name, value in gauges.items():
        yield from _head(f"rag_{name}", "gauge", f"{name.replace('_', ' ').capitalize()}.")
        yield f"rag_{name} {value:g}" if value != int(value) else f"rag_{name} {int(value)}"


def _head(name: str, kind: str, help: str) -> tuple[str, str]:
    return f"# HELP {name} {help}", f"# TYPE {name} {kind}"


def _labels(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
