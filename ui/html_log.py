"""What the page shows of the log of questions, as HTML fragments: thumbs on an answer, and the line in the settings."""

from __future__ import annotations

from html import escape

from rag.querylog import QueryLog, key_of
from rag.types import Answer
from ui.i18n import Lang, Texts, texts

HAND = "M4 11h3v10H4zM9 11l4-8c1.6 0 2.5 1 2.2 2.6L14.5 9H20c1.2 0 2 1 1.7 2.2l-2 8c-.2 1-1 1.8-2.1 1.8H9z"


def thumbs(answer: Answer, t: Texts) -> str:
    """Two buttons that say what the answer was worth; shown where the log is on."""
    buttons = "".join(
        f'<button type="button" class="thumb" data-thumb="{thumb}" data-key="{key_of(answer.question, answer.text)}" aria-pressed="false" '
        f'aria-label="{name}" title="{name}"><svg class="{side}" viewBox="0 0 24 24" aria-hidden="true"><path d="{HAND}"/></svg></button>'
        for thumb, side, name in ((1, "up", t.thumb_up), (-1, "down", t.thumb_down))
    )
    return f'<p class="thumbs" role="group" aria-label="{t.thumbs}"><span aria-hidden="true">{t.thumbs}</span>{buttons}</p>'


def settings_line(log: QueryLog, lang: Lang, shared: bool = False) -> str:
    """Where questions are kept, or that they are not, and the switch, which is the owner's alone where others share the page."""
    t = texts(lang)
    if log.forbidden:
        return f'<p class="log">{t.log_forbidden}</p>'
    if shared:
        return f'<p class="log">{t.log_shared if log.is_on else t.log_not_shared}</p>'
    said, turn, button = (t.log_on, "off", t.log_turn_off) if log.is_on else (t.log_off, "on", t.log_turn_on)
    place = f"<code>{escape(str(log.file))}</code>"
    return f'<p class="log">{said.format(file=place)} <button type="button" class="turn" data-turn="{turn}">{button}</button></p>'
