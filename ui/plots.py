"""Charts as SVG to stand inside a page, drawn by matplotlib: plain numbers in, one `<svg>` out.

Every chart is WIDTH wide, so that a telephone shows it as it was drawn. Text stays text in the page's own font. Colours are names that the
page fills in (`var(--s1)`, `var(--ink)`), so that one drawing is right in light and in dark.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 360
"""Pixels, as are all sizes here: at 72 dots per inch matplotlib's points are pixels."""

SLOTS = 8
"""How many systems look different: each slot has a colour and a mark of its own."""

MARKS = ("o", "s", "D", "^", "v", "P", "X", "d")
RIGHT_SLOT, WRONG_SLOT = 0, 1
"""The slots whose colours stand for right and wrong."""

_NAMES = ("ink", "soft", "line", "card", *(f"s{slot + 1}" for slot in range(SLOTS)))
_PAINT = {name: f"#fe01{number:02x}" for number, name in enumerate(_NAMES)}  # stand-ins: matplotlib knows no CSS variables
_NAME_OF = {paint: name for name, paint in _PAINT.items()}
_INK, _SOFT, _LINE, _CARD = (_PAINT[name] for name in ("ink", "soft", "line", "card"))

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "text.parse_math": False,
    "text.color": _INK,
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that places are the same on every machine
    "font.size": 11,
    "axes.edgecolor": _SOFT,
    "axes.labelcolor": _SOFT,
    "axes.labelsize": 11,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.formatter.useoffset": False,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.8,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "ytick.major.size": 0,
    "ytick.major.pad": 6,
}


@dataclass(frozen=True, slots=True)
class Line:
    """The points of one system."""

    slot: int
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A mean of one system and its interval."""

    slot: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BarGroup:
    """The bars of one kind of question."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Axis:
    """What stands along the bottom, and above the left edge."""

    x: str
    y: str


def curves(name: str, lines: Sequence[Line], axis: Axis, lowest: float) -> str:
    """Shares over ranks, from a little below `lowest`; the ranks are spread by their logarithm, and labelled where they were measured."""
    with _drawing():
        figure, axes = _axes(236, axis)
        axes.set_xscale("log")
        for line in lines:
            colour, mark = _look(line.slot)
            axes.plot(line.x, line.y, color=colour, marker=mark, markersize=5.5, linewidth=1.8, markeredgecolor=_CARD, clip_on=False)
        ranks = _spread(sorted({rank for line in lines for rank in line.x}))
        axes.set_xticks(ranks, [f"{rank:g}" for rank in ranks])
        axes.set_xticks([], minor=True)
        axes.set_ylim(max(0.0, np.floor(lowest * 10 - 0.2) / 10), 1)
        return _inlined(figure, name)


def bars(name: str, groups: Sequence[BarGroup], axis: str) -> str:
    """Horizontal bars from 0 to 1, one group below the other, each with its interval as a line and its value at the right."""
    thick, gap = 11, 13
    places, at = [], 0.0
    for group in groups:
        places.append(at)
        at += thick * len(group.bars) + gap
    with _drawing():
        figure, axes = _axes(int(at) + 52, Axis(axis, ""), left=112, right=36, top=4)
        for group, start in zip(groups, places, strict=True):
            for row, bar in enumerate(group.bars):
                _bar(axes, bar, start + thick * (row + 0.5), thick)
        middles = [start + thick * len(group.bars) / 2 for group, start in zip(groups, places, strict=True)]
        axes.set_yticks(middles, [group.label for group in groups], color=_INK)
        axes.set(xlim=(0, 1), ylim=(at - gap / 2, -gap / 2), xticks=np.linspace(0, 1, 6))
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x")
        return _inlined(figure, name)


def distributions(name: str, right: Sequence[float], wrong: Sequence[float], axis: str) -> str:
    """Two histograms over the same bins, each as shares of its own: the right filled, the wrong dashed. ValueError where both are empty."""
    edges = np.histogram_bin_edges(np.asarray([*right, *wrong], np.float64), 32)
    with _drawing():
        figure, axes = _axes(172, Axis(axis, ""), left=14, top=8)
        for scores, slot, dash in ((wrong, WRONG_SLOT, (0, (3, 1.5))), (right, RIGHT_SLOT, "solid")):
            colour, _ = _look(slot)
            heights = np.histogram(scores, edges)[0] / max(1, len(scores))
            axes.stairs(heights, edges, fill=True, color=colour, alpha=0.16)
            axes.stairs(heights, edges, color=colour, linewidth=1.6, linestyle=dash)
        axes.set_yticks([])
        axes.set_ylim(bottom=0)
        return _inlined(figure, name)


def reliability(name: str, groups: Sequence[tuple[Line, Sequence[tuple[float, float]]]], axis: Axis) -> str:
    """Share of right over stated confidence, with the interval of each point, against the diagonal where both agree."""
    with _drawing():
        figure, axes = _axes(300, axis)
        axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
        for line, spans in groups:
            colour, mark = _look(line.slot)
            if spans:
                axes.vlines(line.x, *zip(*spans, strict=True), color=colour, alpha=0.45, linewidth=1.6, clip_on=False)
            axes.plot(line.x, line.y, color=colour, marker=mark, markersize=6, linewidth=1.3, markeredgecolor=_CARD, clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.grid(axis="x")
        return _inlined(figure, name)


def risks(name: str, lines: Sequence[Line], axis: Axis) -> str:
    """Risk over coverage; each line ends with a mark, at what is answered now."""
    with _drawing():
        figure, axes = _axes(236, axis)
        for line in lines:
            colour, mark = _look(line.slot)
            axes.plot(line.x, line.y, color=colour, linewidth=1.8)
            axes.plot(line.x[-1:], line.y[-1:], color=colour, marker=mark, markersize=7.5, markeredgecolor=_CARD, clip_on=False)
        highest = max(max(line.y) for line in lines)
        axes.set(xlim=(0, 1), ylim=(0, min(1.0, max(0.1, np.ceil(highest * 10) / 10))))
        return _inlined(figure, name)


def mark_path(slot: int) -> str:
    """The mark of a slot as an SVG path in a square of 12 by 12, for a legend."""
    from matplotlib.markers import MarkerStyle

    marker = MarkerStyle(MARKS[slot % SLOTS])
    path = marker.get_path().transformed(marker.get_transform())
    return "".join(_step(code, points) for points, code in path.iter_segments())


def _step(code: int, points: Sequence[float]) -> str:
    """One segment of a path; a marker is one unit wide and its y points up."""
    letter = {1: "M", 2: "L", 3: "Q", 4: "C", 79: "Z"}[int(code)]
    shifted = (6 + 9 * value * (-1 if place % 2 else 1) for place, value in enumerate(points))
    return letter if letter == "Z" else letter + " ".join(f"{value:.4g}" for value in shifted)


def _bar(axes: Axes, bar: Bar, middle: float, thick: float) -> None:
    colour, mark = _look(bar.slot)
    axes.barh(middle, bar.value, height=thick - 2, color=colour, alpha=0.26)
    axes.plot([bar.low, bar.high], [middle, middle], color=colour, linewidth=1.8, clip_on=False)
    axes.plot([bar.value], [middle], color=colour, marker=mark, markersize=6, markeredgecolor=_CARD, clip_on=False)
    axes.text(1.035, middle, f"{bar.value:.2f}", color=_SOFT, fontsize=9.5, verticalalignment="center")


def _look(slot: int) -> tuple[str, str]:
    return _PAINT[f"s{slot % SLOTS + 1}"], MARKS[slot % SLOTS]


def _spread(ranks: Sequence[float]) -> list[float]:
    """The ranks whose labels do not run into each other: from the last one down, each at most 4/5 of the one after it."""
    kept: list[float] = []
    for rank in reversed(ranks):
        if not kept or rank <= 0.8 * kept[-1]:
            kept.append(rank)
    return kept[::-1]


def _axes(height: int, axis: Axis, left: int = 36, right: int = 14, top: int = 30) -> tuple[Figure, Axes]:
    """One pair of axes with margins in pixels, the title of the upright one written flat above it."""
    from matplotlib.figure import Figure

    bottom = 40
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    axes = figure.add_axes((left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - bottom - top) / height))
    for patch in (figure.patch, axes.patch):
        patch.set_visible(False)
    axes.set_xlabel(axis.x)
    axes.grid(axis="y")
    axes.annotate(axis.y, (0, height - 14), xycoords="figure pixels", color=_SOFT)
    return figure, axes


@contextmanager
def _drawing() -> Iterator[None]:
    """matplotlib as it comes, whatever the user has set, and in our style."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the page's font draws the text, not matplotlib's
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def _inlined(figure: Figure, name: str) -> str:
    """The drawing as an element of a page: colours by name, ids that no other drawing has, nothing that names another host."""
    file = io.StringIO()
    figure.savefig(file, format="svg")
    text = file.getvalue()
    text = re.sub(r"(?s)<metadata>.*?</metadata>|<style.*?</style>|(?<=>)\s+(?=<)", "", text[text.index("<svg") :])
    used = set(re.findall(r'(?:href="|url\()#([\w-]+)', text))
    return re.sub(r"<[^>]+>", lambda tag: _tag(tag[0], name, used), text).strip()


def _tag(tag: str, name: str, used: set[str]) -> str:
    """One tag of a drawing; matplotlib escapes `<` and `>` in texts and attributes, so a tag ends where it seems to."""
    if tag.startswith("<svg"):
        box = re.findall(r'viewBox="([^"]*)"', tag)[0]
        return f'<svg viewBox="{box}" aria-hidden="true">'
    tag = re.sub(r' transform="rotate\(-0 [^"]*"|font-family: [^;"]*;? ?', "", tag)
    tag = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", tag)
    tag = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', tag).replace("url(#", f"url(#{name}-")
    return re.sub(r"#fe01[0-9a-f]{2}", lambda found: f"var(--{_NAME_OF[found[0]]})", tag)
