"""How often one may ask, and be wrong: bounded, forgetful, and never unfair to who was right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import throttle
from ui.throttle import FREE, LONGEST_WAIT, Buckets, WrongTries, client_of


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 2), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 8))
def test_no_span_of_time_holds_more_than_its_tokens(pauses: list[float], rate: int, burst: int) -> None:
    time = Time()
    buckets, taken = Buckets(rate, burst, time), []
    for pause in pauses:
        time.now += pause
        wait = buckets.take("a")
        if wait:
            assert 0 < wait <= 1 / rate
        else:
            taken.append(time.now)
    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= burst + (end - begin) * rate + 1e-6


def test_who_waits_as_told_is_let_in() -> None:
    time = Time()
    buckets = Buckets(2.0, 3, time)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    time.now += 0.5
    assert buckets.take("a") == 0


def test_clients_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_CLIENTS", 10)
    buckets, wrong = Buckets(1, 1), WrongTries()
    for number in range(100):
        buckets.take(number)
        wrong.begin(number, ("name", number))
    assert (len(buckets._held), len(wrong._held)) == (10, 10)


def test_each_wrong_try_doubles_the_wait_up_to_a_minute() -> None:
    time, waits = Time(), []
    wrong = WrongTries(time)
    for _ in range(FREE + 9):
        wait = wrong.begin("a", "name")
        while wait:
            waits.append(wait)
            time.now += wait
            wait = wrong.begin("a", "name")
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]


def test_a_name_is_guarded_from_many_addresses_and_an_address_from_trying_many_names() -> None:
    wrong = WrongTries(Time())
    assert [wrong.begin(f"address {n}", "kim") for n in range(FREE + 1)] == [0] * FREE + [1]
    other = WrongTries(Time())
    assert [other.begin("address", f"name {n}") for n in range(FREE + 1)] == [0] * FREE + [1]


def test_who_is_right_is_not_held_up_and_buys_no_further_guesses() -> None:
    wrong = WrongTries(Time())
    for _ in range(50):
        assert wrong.begin("address", "kim") == 0
        wrong.right("address", "kim")
    waits = []
    for n in range(FREE):  # a guess at another's password, then one's own, which is right
        waits.append(wrong.begin("address", f"other {n}"))
        waits.append(wrong.begin("address", "kim"))
        wrong.right("address", "kim")
    assert any(waits)


def test_wrong_tries_are_forgotten() -> None:
    time = Time()
    wrong = WrongTries(time)
    for _ in range(FREE):
        wrong.begin("a")
    assert wrong.begin("a") == 1
    time.now += throttle.FORGOTTEN
    assert [wrong.begin("a") for _ in range(FREE + 1)] == [0] * FREE + [1]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.168.0.7", "192.168.0.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::1"), ("testclient", "testclient"), ("", ""),
    ],
)  # fmt: skip
def test_one_subscriber_is_one_client(address: str, client: str) -> None:
    assert client_of(address) == client
