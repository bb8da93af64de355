"""Numbers of things in words."""

from __future__ import annotations


class Count(int):
    """How many of something, with its thousands apart; a text may name the one and the many: `{notes:note|notes}`."""

    def __format__(self, names: str) -> str:
        one, _, many = names.partition("|")
        return f"{int(self):,} {one if self == 1 else many}".rstrip()
