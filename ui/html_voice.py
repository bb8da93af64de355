"""The microphone beside the question and the loudspeaker beside an answer, as HTML fragments."""

from __future__ import annotations

import re
from dataclasses import asdict
from html import escape

from ui.i18n import Lang
from ui.i18n_voice import voice_texts

_MICROPHONE = '<path d="M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11.5v.5a6 6 0 0 0 12 0v-.5M12 18v3"/>'
_SQUARE = '<rect class="square" x="7.5" y="7.5" width="9" height="9" rx="1.5"/>'
_SPEAKER = '<path d="M5 9.5h3l4-3.5v12l-4-3.5H5z"/><path class="wave" d="M15.5 9.5a3.5 3.5 0 0 1 0 5M18 7a7 7 0 0 1 0 10"/>'

_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_LEADING = re.compile(r"^[ \t]*(?:(?:#{1,6}|>|[-*+])[ \t]+)+", re.MULTILINE)
_RULE = re.compile(r"^(?=.*---)[ \t:|-]+$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_SIGNS = re.compile(r"\*+|`+|~~|\$+|(?<!\w)_+|_+(?!\w)|\\(?=\W)")
_CELLS = re.compile(r"[ \t]*\|[ \t]*")


def microphone(lang: Lang) -> str:
    """The button that listens; the page's script gives it its states."""
    t = voice_texts(lang)
    return (
        f'<button type="button" id="mic" data-state="idle" aria-label="{t.speak}" title="{t.speak}"><span class="ring" aria-hidden="true">'
        f'</span><svg viewBox="0 0 24 24" aria-hidden="true"><g class="microphone">{_MICROPHONE}</g>{_SQUARE}</svg></button>'
    )


def read_aloud(text: str, lang: Lang) -> str:
    """The button that reads an answer; shown where the browser has a voice for it. Empty where nothing can be read."""
    said = plain(text)
    if not said:
        return ""
    name = voice_texts(lang).read
    return (
        f'<button type="button" class="aloud" data-aloud="{escape(said)}" data-voice="{voice_of(said)}" aria-pressed="false" '
        f'aria-label="{name}" title="{name}"><svg viewBox="0 0 24 24" aria-hidden="true">{_SPEAKER}</svg></button>'
    )


def plain(text: str) -> str:
    """A text without the signs of Markdown, line by line, as it is read out."""
    bare = _LINK.sub(r"\1", _RULE.sub("", _LEADING.sub("", _FENCE.sub("", text))))
    lines = (_CELLS.sub(", ", _SIGNS.sub("", line)).strip(" ,\t") for line in bare.split("\n"))
    return "\n".join(line for line in lines if any(map(str.isalnum, line)))


def voice_of(text: str) -> Lang:
    """The language a text is read in: Korean where it has any Hangul."""
    return "ko" if re.search("[ㄱ-ㅣ가-힣]", text) else "en"


def script_words(lang: Lang) -> dict[str, dict[str, str]]:
    """What the page's script says by itself."""
    return {"voice": asdict(voice_texts(lang))}
