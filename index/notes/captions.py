"""Captions of recorded lectures (SRT, WebVTT): cues merged into lines that read like sentences, with the time every half minute."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from pathlib import Path

from index.errors import NoteError
from index.notes.blocks import plain
from index.notes.decode import damage, decode
from index.notes.extract import Extract, Part, clean, joined, one_line
from index.notes.guard import refuse_binary, wrong_format

_GROUP_SECONDS = 20.0
_LONGEST_GROUP_SECONDS = 30.0
_PAUSE_SECONDS = 3.0
_SENTENCE_END = re.compile(r"""[.?!…。]["'”’)\]]*$""")
_TAG = re.compile(r"</?[a-zA-Z][^>\n]*>|<\d[\d:.]*>|\{\\[^}\n]*\}")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: seconds from the start of the recording, and its text on one line."""

    start: float
    end: float
    text: str


def read_captions(path: Path) -> Extract:
    """One part per 20 to 30 seconds, each sentence on a line of its own."""
    data = path.read_bytes()
    refuse_binary(data, "caption")
    text = clean(decode(data))
    cues = list(_without_repeats(_webvtt(text) if text.lstrip().startswith("WEBVTT") else _subrip(text)))
    if not cues and text.strip():
        raise wrong_format("caption", "no times")
    return joined((Part(plain(_lines(group)), "time", clock(group[0].start)) for group in _groups(cues)), warnings=damage(text))


def clock(seconds: float) -> str:
    """`HH:MM:SS`, as players show it."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _subrip(text: str) -> Iterator[Cue]:
    import srt

    for cue in srt.parse(text, ignore_errors=True):
        yield Cue(cue.start.total_seconds(), cue.end.total_seconds(), cue.content)


def _webvtt(text: str) -> Iterator[Cue]:
    import webvtt

    try:
        captions = list(webvtt.from_string(text))
    except webvtt.errors.MalformedFileError as error:
        raise NoteError(f"broken WebVTT file ({error})") from error
    for cue in captions:
        yield Cue(cue.start_in_seconds, cue.end_in_seconds, cue.raw_text)


def _without_repeats(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Drops tags, speaker dashes and lines that stood in the cue before: automatic captions roll, each cue repeating the last line."""
    before: list[str] = []
    for cue in cues:
        lines = [one_line(unescape(_TAG.sub("", line))).removeprefix("- ") for line in cue.text.split("\n")]
        fresh = [line for line in lines if line and line not in before]
        before = lines
        if fresh:
            yield Cue(cue.start, cue.end, " ".join(fresh))


def _groups(cues: list[Cue]) -> Iterator[list[Cue]]:
    """Cuts at the first sentence end after 20 seconds, at 30 seconds at the latest."""
    group: list[Cue] = []
    for cue in cues:
        if group and cue.end - group[0].start > _LONGEST_GROUP_SECONDS:
            yield group
            group = []
        group.append(cue)
        if cue.end - group[0].start >= _GROUP_SECONDS and _SENTENCE_END.search(cue.text):
            yield group
            group = []
    if group:
        yield group


def _lines(group: list[Cue]) -> str:
    """The cues of a group in a row; a line ends with a sentence, or where the speaker pauses."""
    out = group[0].text
    for before, cue in pairwise(group):
        ends = _SENTENCE_END.search(before.text) or cue.start - before.end > _PAUSE_SECONDS
        out += ("\n" if ends else " ") + cue.text
    return out
