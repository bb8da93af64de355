"""The span model: which words of a passage answer a question, and whether any do. onnxruntime and tokenizers, no torch.

Spans as Devlin et al. 2019 decode them; `answerable` chooses among passages as in DPR's reader (Karpukhin et al. 2020).
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.encoder import MODEL_FILE, SHIPPED, TRUNK_FILE, open_session, verify_files
from index.errors import ModelError
from index.sentences import logical_lines

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

FOLDER = Path(__file__).parent / "models" / "reader"
LONGEST = 40
"""Tokens of the longest span."""
_UNSEEN = "\u200b\ufeff"
"""What is neither seen nor white space to Python."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the model makes of a stretch of a passage's text: of each of its n tokens where it stands, `text[starts[i]:ends[i]]`, and the
    logits `(n,)` that an answer starts or ends with it; and the logit that the stretch holds an answer at all.

    `lines` `(n,)` numbers the line or list item of each token: no answer goes from one into another. None: all are one.
    """

    passage: int
    starts: Places
    ends: Places
    start_logits: Floats
    end_logits: Floats
    answerable: float
    lines: Places | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A span `text[start:end]` of a passage and its log probability among all spans of its window."""

    passage: int
    start: int
    end: int
    log_probability: float
    answerable: float

    @property
    def log_answerable(self) -> float:
        """Log probability that the window holds an answer."""
        return -float(np.logaddexp(0.0, -self.answerable))

    @property
    def score(self) -> float:
        """Log probability that the window holds an answer and that this is it."""
        return self.log_probability + self.log_answerable


class WindowReader(Protocol):
    """Reads passages, given as `(context, text)`, for the answer to a question: at most `limit` windows, in the order of the passages.

    The context ("title › heading") is read along; no token of it is part of a window.
    """

    def read(self, question: str, passages: Sequence[tuple[str, str]], limit: int | None = None) -> list[Window]: ...


class SpanModel:
    """The reader's folder, run on the trunk and with the tokenizer of the encoder's folder: one thread and one run a window, unpadded.

    The encoder's folder is the shipped one, whichever encoder retrieves. What it makes of the last `remembered` windows is kept. Raises
    ModelError where a file is missing or damaged, or where the two folders do not belong together.
    """

    def __init__(self, folder: Path = FOLDER, encoder: Path = SHIPPED, remembered: int = 0) -> None:
        from tokenizers import Tokenizer

        self.fingerprint = verify_files(folder)
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self.max_tokens = int(config["max_tokens"])
        _verify_trunk(folder, encoder / TRUNK_FILE, config["trunk_sha256"])
        self._tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._session = open_session(folder / MODEL_FILE, encoder / TRUNK_FILE)
        self._workers = os.cpu_count() or 1
        self._logits = lru_cache(maxsize=remembered)(self._run)

    def read(self, question: str, passages: Sequence[tuple[str, str]], limit: int | None = None) -> list[Window]:
        """The windows of the passages. Where there are more than `limit`, the first of every passage come before any second one."""
        cut = [
            (number, at, piece)
            for at, (context, text) in enumerate(passages)
            for number, piece in enumerate(_pieces(self._tokenizer.encode(question, _head(context) + text), context, text, self.max_tokens))
        ]
        kept = sorted(sorted(cut, key=lambda each: each[:2])[:limit], key=lambda each: (each[1], each[0]))
        breaks = [np.array([start for start, _ in logical_lines(text)], np.int64) for _, text in passages]
        with ThreadPoolExecutor(self._workers) as pool:
            return list(pool.map(lambda each: self._window(each[1], each[2], breaks[each[1]]), kept))

    def best_spans(self, question: str, context: str, text: str, count: int = 5) -> list[tuple[int, int, float]]:
        """`(start, end, score)` in `text`, best first, none overlapping another; scores are log probabilities."""
        found = best_spans(self.read(question, [(context, text)]), count)
        return [(each.start, each.end, each.score) for each in found]

    def _window(self, passage: int, piece: _Piece, breaks: Places) -> Window:
        start, end, answerable = self._logits(tuple(piece.ids))
        lines = np.searchsorted(breaks, piece.starts, side="right")
        return Window(passage, piece.starts, piece.ends, start[piece.at], end[piece.at], answerable, lines)

    def _run(self, tokens: tuple[int, ...]) -> tuple[Floats, Floats, float]:
        """The logits of every token and of the window."""
        ids = np.array([tokens], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        start, end, answerable = self._session.run(["start_logits", "end_logits", "answerable"], inputs)
        return start[0], end[0], float(answerable[0])


def _verify_trunk(folder: Path, trunk: Path, expected: str) -> None:
    try:
        found = hashlib.sha256(trunk.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"model file {trunk} cannot be read ({error.strerror}); reinstall the package") from error
    if found != expected:
        raise ModelError(
            f"the reader in {folder} was trained on another encoder: {trunk} has sha256 {found[:12]}…, not {expected[:12]}…;"
            " reinstall the package, or train the reader on this encoder"
        )


# Windows


@dataclass(frozen=True, slots=True)
class _Piece:
    """The token ids of a window, which of them are tokens of the passage's text, and where those stand in it."""

    ids: Sequence[int]
    at: Places
    starts: Places
    ends: Places


def _head(context: str) -> str:
    return f"{context}\n" if context else ""


def _pieces(encoding: Any, context: str, text: str, size: int) -> Iterator[_Piece]:
    """The windows of an encoded pair of at most `size` tokens: question and context stay, the text is cut, a third of it twice.

    Question and context keep a quarter of the window each: the question its beginning, the context its end.
    """
    offset = len(_head(context))
    text_from = next((at for at in _second(encoding) if encoding.offsets[at][1] > offset), len(encoding.ids) - 1)
    asked = next(iter(_second(encoding)), text_from)
    quarter = size // 4
    question = [*encoding.ids[: min(asked - 2, quarter)], *encoding.ids[asked - 2 : asked]]  # what ends with </s> </s>
    before = [*question, *encoding.ids[max(asked, text_from - quarter) : text_from]]
    room = size - len(before) - 1
    places = np.array([_place(text, start - offset, end - offset) for start, end in encoding.offsets[text_from:-1]], np.int64)
    for low in range(0, max(1, len(places) - room // 3), room - room // 3):
        starts, ends = places.reshape(-1, 2)[low : low + room].T
        at = np.flatnonzero(starts < ends)
        if at.size:
            ids = encoding.ids[text_from + low : text_from + low + room]
            yield _Piece([*before, *ids, encoding.ids[-1]], len(before) + at, starts[at], ends[at])


def _second(encoding: Any) -> Iterable[int]:
    """The tokens of the passage."""
    return (at for at, sequence in enumerate(encoding.sequence_ids) if sequence == 1)


def _place(text: str, start: int, end: int) -> tuple[int, int]:
    """Where a token's characters stand, without the white space that its piece begins with, and with the marks on its last letter."""
    start = max(start, 0)
    while start < end and (text[start].isspace() or text[start] in _UNSEEN):
        start += 1
    while start < end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return start, end


# Decoding


def log_probabilities(window: Window) -> Floats:
    """`(n, LONGEST)`: of the span from token i to token i + j, the share among all that are allowed; -inf for the others."""
    count = len(window.starts)
    ends = np.full(count + LONGEST, -np.inf, np.float64)
    ends[:count] = window.end_logits
    scores = window.start_logits[:, None] + _windows_over(ends)[:count]
    if window.lines is not None:
        scores[_windows_over(np.pad(window.lines, (0, LONGEST)))[:count] != window.lines[:, None]] = -np.inf
    top = scores.max()
    return np.asarray(scores - top - np.log(np.exp(scores - top).sum()), np.float32)


def _windows_over(values: NDArray[Any]) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(values, LONGEST)


def best_spans(windows: Sequence[Window], count: int) -> list[Found]:
    """The best spans of all windows, best first by `score`; none overlaps another of its passage."""
    found = sorted((span for window in windows for span in _best_of(window, count)), key=lambda each: -each.score)
    kept: list[Found] = []
    for each in found:
        if not any(each.passage == other.passage and each.start < other.end and other.start < each.end for other in kept):
            kept.append(each)
    return kept[:count]


def _best_of(window: Window, count: int) -> Iterator[Found]:
    left = log_probabilities(window)
    first, last = np.arange(len(left))[:, None], np.arange(len(left))[:, None] + np.arange(LONGEST)
    for _ in range(count):
        start, length = np.unravel_index(int(left.argmax()), left.shape)
        if left[start, length] == -np.inf:
            return
        yield _found(window, int(start), int(length), float(left[start, length]))
        left[(first <= start + length) & (last >= start)] = -np.inf


def best_within(window: Window, grid: Floats, low: int, high: int) -> tuple[Found, float] | None:
    """The best span that starts in `text[low:high]`, and the probability that the answer starts there; None where no token does.

    `grid` are the window's `log_probabilities`.
    """
    rows = np.flatnonzero((window.starts >= low) & (window.starts < high))
    if not rows.size:
        return None
    part = grid[rows[0] : rows[-1] + 1]
    row, length = np.unravel_index(int(part.argmax()), part.shape)
    span = _found(window, int(rows[0] + row), int(length), float(part[row, length]))
    return span, float(np.exp(part).sum())


def _found(window: Window, start: int, length: int, log_probability: float) -> Found:
    place = int(window.starts[start]), int(window.ends[start + length])
    return Found(window.passage, *place, log_probability, window.answerable)
