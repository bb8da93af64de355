"""So many at once, the doors by turns, first come first served: whoever waits is let in."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ui.turns import CAME, Threads, Turns


def queued(turns: Turns, doors: list[str], order: list[str]) -> list[threading.Thread]:
    """Threads that wait at the doors, one after the other."""

    def come(name: str, door: str) -> None:
        with turns(door):
            order.append(name)

    threads = []
    for number, door in enumerate(doors):
        threads.append(threading.Thread(target=come, args=(f"{door}{number}", door)))
        threads[-1].start()
        while sum(map(len, turns._waiting.values())) <= number:
            time.sleep(0.001)
    return threads


@settings(max_examples=15)
@given(st.lists(st.sampled_from("ab"), max_size=8))
def test_doors_take_turns_and_each_keeps_its_order(doors: list[str]) -> None:
    turns, order = Turns(1), list[str]()
    with turns("a"):
        threads = queued(turns, doors, order)
    for thread in threads:
        thread.join(5)
    left = {door: [f"{door}{n}" for n, each in enumerate(doors) if each == door] for door in "ab"}
    assert sorted(order) == sorted(left["a"] + left["b"])
    assert all([name for name in order if name[0] == door] == left[door] for door in "ab")
    shorter = min(map(len, left.values()))
    assert all({one[0], other[0]} == {"a", "b"} for one, other in zip(order[: 2 * shorter : 2], order[1 : 2 * shorter : 2], strict=True))
    assert not turns._inside


def test_no_more_than_the_slots_at_once() -> None:
    turns, inside, most = Turns(3), 0, 0
    lock = threading.Lock()

    def come() -> None:
        nonlocal inside, most
        with turns("page"):
            with lock:
                inside, most = inside + 1, max(most, inside + 1)
            time.sleep(0.01)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert most == 3 and not turns._inside


def test_who_fails_gives_the_turn_back() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns("api"):
        raise ZeroDivisionError
    with turns("api"):
        pass


class Impatient(threading.Event):
    """Stops waiting at once."""

    def wait(self, timeout: float | None = None) -> bool:
        raise KeyboardInterrupt


class Unlucky(threading.Event):
    """Is stopped just as the turn has come."""

    def wait(self, timeout: float | None = None) -> bool:
        super().wait(timeout)
        raise KeyboardInterrupt


def lets_in(turns: Turns) -> bool:
    """Whether the next to come has a turn."""
    within = threading.Event()

    def come() -> None:
        with turns("api"):
            within.set()

    threading.Thread(target=come, daemon=True).start()
    return within.wait(5)


def test_who_stops_waiting_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(1)
    with turns("page"):
        with monkeypatch.context() as here:
            here.setattr("ui.turns.Event", Impatient)
            with pytest.raises(KeyboardInterrupt), turns("api"):
                raise AssertionError("nobody is let in")
        assert not any(turns._waiting.values())
    assert lets_in(turns)


def test_who_is_stopped_as_the_turn_comes_hands_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(1)
    with monkeypatch.context() as here:
        here.setattr("ui.turns.Event", Unlucky)
        with pytest.raises(KeyboardInterrupt), turns("api"):
            raise AssertionError("it was stopped before")
    assert lets_in(turns)


def test_calls_have_threads_of_their_own_and_know_when_they_came() -> None:
    names, inside, most, lock = set[str](), 0, 0, threading.Lock()

    def call(number: int, *, more: int) -> tuple[int, float]:
        nonlocal inside, most
        with lock:
            names.add(threading.current_thread().name)
            inside, most = inside + 1, max(most, inside + 1)
        time.sleep(0.01)
        with lock:
            inside -= 1
        return number + more, time.perf_counter() - CAME.get()

    async def crowd() -> list[tuple[int, float]]:
        waiting = Threads(2)(call)
        return await asyncio.gather(*(waiting(number, more=10) for number in range(12)))

    came = asyncio.run(crowd())
    assert [number for number, _ in came] == list(range(10, 22))
    assert (most, len(names)) == (2, 2)
    assert came[-1][1] >= 0.055 and CAME.get() == 0
