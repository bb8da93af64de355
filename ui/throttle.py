"""How often one client may ask, and how often one may be wrong about a password. Clocks are in seconds; all is bounded in memory."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic

MOST_CLIENTS = 10_000
"""That are remembered; those longest unheard of are forgotten first."""
FREE, LONGEST_WAIT, FORGOTTEN = 5, 60.0, 900.0
"""Wrong tries before any wait; the most seconds of one; seconds after which a client's wrong tries are forgotten.

The longest wait is short: whoever knows a name can hold its owner up for no longer than that.
"""


def client_of(address: str) -> str:
    """What counts as one client: an address, or of IPv6 the network of 64 bits that one subscriber has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 and not ip.is_loopback else str(ip)


class Buckets:
    """A token bucket for each client: `rate` requests a second on the average, `burst` at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self.rate, self.burst = rate, burst
        self._clock = clock
        self._held: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, client: Hashable) -> float:
        """Takes a token: 0, or the seconds until there is one."""
        now = self._clock()
        left, at = self._held.pop(client, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.rate)
        taken = left >= 1
        self._held[client] = (left - taken, now)
        while len(self._held) > MOST_CLIENTS:
            self._held.popitem(last=False)
        return 0.0 if taken else (1 - left) / self.rate


class WrongTries:
    """Slows down those who are wrong about passwords, by address and by the name that is tried: each further wrong try doubles the wait."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[Hashable, tuple[int, float]] = OrderedDict()

    def begin(self, *keys: Hashable) -> float:
        """0 where a try may be made, which counts as wrong until `right` says otherwise; else the seconds to wait."""
        now = self._clock()
        wait = max(self._wait(key, now) for key in keys)
        if wait <= 0:
            for key in keys:
                self._held[key] = (self._count(key, now) + 1, now)
                self._held.move_to_end(key)
            while len(self._held) > MOST_CLIENTS:
                self._held.popitem(last=False)
        return max(0.0, wait)

    def right(self, address: Hashable, name: Hashable) -> None:
        """A try was right: the name's are forgotten, the address is only given this one back, for others may sit behind it."""
        self._held.pop(name, None)
        count, at = self._held.pop(address, (1, 0.0))
        if count > 1:
            self._held[address] = (count - 1, at)

    def _count(self, key: Hashable, now: float) -> int:
        count, at = self._held.get(key, (0, now))
        return count if now - at < FORGOTTEN else 0

    def _wait(self, key: Hashable, now: float) -> float:
        over = self._count(key, now) - FREE
        return 0.0 if over < 0 else self._held[key][1] + min(LONGEST_WAIT, 2.0 ** min(over, 30)) - now
