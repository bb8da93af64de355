"""Long work beside a page: its share, the time left, its being stopped, and how it ends."""

from __future__ import annotations

from threading import Event

import pytest

from index.errors import DataError, IndexBusy
from index.job import TELLING, Clock, Failed, Job, Stopped
from index.types import Progress


@pytest.mark.parametrize(("costs", "share"), [({"quick": 1.0, "slow": 3.0}, 2.5 / 4), (None, 1 / 2)])
def test_the_share_follows_what_stages_cost(costs: dict[str, float] | None, share: float) -> None:
    told, go = Event(), Event()

    def work(progress: Progress) -> str:
        progress("quick", 0, 0)
        progress("slow", 1, 2)
        told.set()
        assert go.wait(10)
        progress("slow", 2, 2)
        return "found"

    job = Job("run", work, costs)
    assert told.wait(10)
    now = job.standing()
    assert (now.stage, now.done, now.total, now.left, now.stopping, now.outcome) == ("slow", 1, 2, None, False, None)
    assert (now.share, job.is_running) == (pytest.approx(share), True)
    go.set()
    job.wait(10)
    assert (job.standing().outcome, job.standing().share, job.is_running) == ("found", 1, False)


def test_a_job_stops_when_it_next_tells_how_far_it_is() -> None:
    began, go = Event(), Event()
    done: list[int] = []

    def work(progress: Progress) -> None:
        for number in range(3):
            began.set()
            assert go.wait(10)
            progress("stage", number, 3)
            done.append(number)

    job = Job("run", work)
    assert began.wait(10)
    job.stop()
    assert job.standing().stopping and job.is_running
    go.set()
    job.wait(10)
    assert (type(job.standing().outcome), job.standing().stopping, done) == (Stopped, False, [])


@pytest.mark.parametrize(
    ("error", "outcome", "traced"),
    [
        (DataError("the file is broken"), Failed("the file is broken"), False),
        (IndexBusy("another writes"), Failed("another writes", busy=True), False),
        (ZeroDivisionError("by zero"), Failed("ZeroDivisionError: by zero", crashed=True), True),
    ],
)
def test_what_goes_wrong_is_kept(error: Exception, outcome: Failed, traced: bool, capsys: pytest.CaptureFixture[str]) -> None:
    def work(progress: Progress) -> None:
        raise error

    job = Job("run", work)
    job.wait(10)
    assert job.standing().outcome == outcome
    assert ("Traceback" in capsys.readouterr().err) == traced


def test_the_time_left_is_told_part_by_part_and_not_too_early() -> None:
    now = 0.0
    clock = Clock(lambda: now)
    assert clock.left("read", 0.1) is None
    now += TELLING / 2
    assert clock.left("read", 0.4) is None
    now += TELLING
    assert clock.left("read", 0.4) == pytest.approx(TELLING * 1.5 / 0.3 * 0.6)
    assert clock.left("encode", 0) is None
    now += 4
    assert clock.left("encode", 0) is None, "nothing is done yet"
    assert clock.left("encode", 0.1) == pytest.approx(36)
    assert clock.left("encode", 1) is None
