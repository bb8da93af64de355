"""What is settled about the page's door before it opens."""

from __future__ import annotations

from dataclasses import dataclass, field

from ui.observe import Watch, watch
from ui.users import Users
from ui.web_guard import RATE


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in, and how often. `names` are the host names that others know the server by; `rate` is requests a second of one
    client, 0 for any number; without `users` nobody is asked who they are."""

    names: tuple[str, ...] = ()
    users: Users | None = None
    rate: float = RATE
    seen: Watch = field(default_factory=watch)
