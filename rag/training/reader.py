"""Trains the reader: the exact span in a window, and whether the window holds the answer at all."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rag.span_model import LONGEST
from rag.training.examples import Example
from rag.training.model import ReaderModel

WINDOW = 192
"""Tokens of a training window, question and special tokens included."""
STEP = 16
"""Lengths of batches are multiples of so many tokens."""


@dataclass(frozen=True, slots=True)
class Window:
    """A question with a piece of a passage as token ids. `first` is the first token of the passage's text, `last` the one after it;
    `span` are the answer's first and last token, None where it holds none."""

    ids: tuple[int, ...]
    first: int
    last: int
    span: tuple[int, int] | None


def window(tokenizer: Any, example: Example, answer: tuple[int, int] | None, chance: random.Random, size: int = WINDOW) -> Window | None:
    """The example as one window: round the answer at a random distance, or anywhere where there is none; None where nothing is left of it.

    The tokenizer must not truncate. The context stays in every window; only the text is cut.
    """
    head = f"{example.context}\n" if example.context else ""
    encoding = tokenizer.encode(example.question, head + example.text)
    places = [at for at, part in enumerate(encoding.sequence_ids) if part == 1]
    if not places:
        return None
    end = places[-1] + 1
    first = next((at for at in places if encoding.offsets[at][1] > len(head)), end)
    span = _tokens(encoding.offsets, first, end, answer[0] + len(head), answer[1] + len(head)) if answer else None
    if first >= end or (answer and span is None):
        return None
    room = size - first - 1
    if room < 8:
        return None
    low, high = first, end
    if end - first > room:
        left, right = (max(first, span[1] + 1 - room), min(span[0], end - room)) if span else (first, end - room)
        low = chance.randint(left, max(left, right))
        low = min(low, span[0]) if span else low  # an answer longer than the window is cut at its end
        high = low + room
    ids = (*encoding.ids[:first], *encoding.ids[low:high], encoding.ids[-1])
    shift = low - first
    kept = (span[0] - shift, min(span[1] - shift, first + high - low - 1)) if span else None
    return Window(ids, first, first + high - low, kept)


def _tokens(offsets: Sequence[tuple[int, int]], first: int, end: int, start: int, stop: int) -> tuple[int, int] | None:
    """The first and last token that overlap the characters `start:stop`."""
    held = [at for at in range(first, end) if offsets[at][0] < stop and offsets[at][1] > start]
    return (held[0], held[-1]) if held else None


def windows(tokenizer: Any, examples: Iterable[Example], negatives: Callable[[Example], Sequence[Example]], seed: int) -> list[Window]:
    """Every example as a window round one of its answers, and its negatives as windows without one."""
    out: list[Window | None] = []
    for number, example in enumerate(examples):
        chance = random.Random(f"{seed} {number}")
        out.append(window(tokenizer, example, chance.choice(example.answers) if example.answers else None, chance))
        out += [window(tokenizer, other, None, chance) for other in negatives(example)]
    return [each for each in out if each]


def batched(items: Sequence[Window], tokens: int, seed: int) -> list[list[int]]:
    """Numbers of the windows in batches of `tokens` tokens, padding counted, in random order.

    Lengths are rounded up to STEP and every length has one batch size, what is left over going with the next longer ones: each shape
    is compiled once for the processor, which takes longer than a step.
    """
    chance = random.Random(seed)
    rows: dict[int, list[int]] = defaultdict(list)
    for at in chance.sample(range(len(items)), len(items)):
        rows[_rounded(len(items[at].ids))].append(at)
    out: list[list[int]] = []
    rest: list[int] = []
    for length in sorted(rows):
        here, size = rest + rows[length], max(1, tokens // length)
        whole = len(here) // size * size
        out += [here[at : at + size] for at in range(0, whole, size)]
        rest = here[whole:]
    chance.shuffle(out)
    return out + ([rest] if rest else [])


def _rounded(length: int) -> int:
    return -(-length // STEP) * STEP


def padded(items: Sequence[Window]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids and attention mask `(batch, tokens)`, and where the passage's text stands as a mask of the same shape."""
    longest = _rounded(max(len(item.ids) for item in items))
    ids = torch.ones((len(items), longest), dtype=torch.long)  # 1 is <pad>
    held, text = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, item in enumerate(items):
        ids[row, : len(item.ids)] = torch.tensor(item.ids)
        held[row, : len(item.ids)] = 1
        text[row, item.first : item.last] = 1
    return ids, held, text.bool()


def reading_loss(model: ReaderModel, items: Sequence[Window]) -> torch.Tensor:
    """Cross-entropy of start and end over the text's tokens, where there is an answer, plus that of being answerable, over all."""
    ids, held, text = (part.to(next(model.parameters()).device) for part in padded(items))
    start, end, answerable = model(ids, held)
    start, end = (logits.float().masked_fill(~text, -1e4) for logits in (start, end))
    rows = [row for row, item in enumerate(items) if item.span]
    labels = torch.tensor([float(item.span is not None) for item in items], device=answerable.device)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(answerable.float(), labels)
    if rows:
        spans = torch.tensor([item.span for item in items if item.span], device=start.device)
        loss = loss + torch.nn.functional.cross_entropy(start[rows], spans[:, 0]) / 2
        loss = loss + torch.nn.functional.cross_entropy(end[rows], spans[:, 1]) / 2
    return loss


def best_span(start: torch.Tensor, end: torch.Tensor, first: int, last: int) -> tuple[int, int]:
    """The span of at most LONGEST tokens with the highest sum of logits."""
    scores = start[first:last, None] + end[None, first:last]
    allowed = torch.ones_like(scores).triu().tril(LONGEST - 1).bool()
    best = int(scores.masked_fill(~allowed, -1e9).argmax())
    return first + best // (last - first), first + best % (last - first)


def token_scores(model: ReaderModel, items: Sequence[Window]) -> Mapping[str, float]:
    """Over held-out windows (call it without gradients): how often the span is exact, its token F1, and how often `answerable` is right."""
    exact = overlap = spans = right = 0.0
    for batch in batched(items, 8192, 0):
        chosen = [items[at] for at in batch]
        ids, held, _ = (part.to(next(model.parameters()).device) for part in padded(chosen))
        starts, ends, answerable = (out.float() for out in model(ids, held))
        for row, item in enumerate(chosen):
            right += float((answerable[row] > 0) == (item.span is not None))
            if item.span:
                low, high = best_span(starts[row], ends[row], item.first, item.last)
                both = min(high, item.span[1]) - max(low, item.span[0]) + 1
                exact += (low, high) == item.span
                overlap += max(0, 2 * both / (high - low + item.span[1] - item.span[0] + 2))
                spans += 1
    return {"exact": exact / max(spans, 1), "token F1": overlap / max(spans, 1), "answerable": right / max(len(items), 1)}
