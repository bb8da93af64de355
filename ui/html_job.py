"""How far long work is, as HTML fragments: a bar, and the time left in words."""

from __future__ import annotations

from ui.count import Count
from ui.i18n import Lang, texts

MINUTES = 90
"""From so many seconds on, minutes are told."""


def bar(label: str, share: float | None) -> str:
    """A bar that says its share, or moves to and fro where none is known; the label is our own words."""
    if share is None:
        return f'<div class="track" role="progressbar" aria-label="{label}"><i class="glides"></i></div>'
    percent = round(100 * share)
    return (
        f'<div class="track" role="progressbar" aria-label="{label}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}">'
        f'<i style="width:{percent}%"></i></div>'
    )


def left(seconds: float, lang: Lang) -> str:
    """The time left in words."""
    t = texts(lang)
    if seconds < MINUTES:
        return t.left_seconds.format(value=max(1, round(seconds)))
    return t.left_minutes.format(value=Count(round(seconds / 60)))
