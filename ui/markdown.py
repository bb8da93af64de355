"""A Markdown note as HTML, its places still marked to the character although the signs around them are gone.

Every character shown knows where in the note it stands, by the ranges that the parser gives and by comparison with the note itself. A block
in which that cannot be known, or in which a marked place would not be seen, is shown as its source. Nothing of a note becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ui.formula import mathml
from ui.highlight import Interval, merged

if TYPE_CHECKING:
    from markdown_it.token import Token

    from ui.markdown_parser import Env

Source = Callable[[int, int], str]
"""A range of whole lines of the note as HTML that shows their source."""

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(?=\w[\w -]*[:=]).*?\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_CONTAINERS = {
    "bullet_list_open": "<ul>", "bullet_list_close": "</ul>", "ordered_list_close": "</ol>", "list_item_open": "<li>",
    "list_item_close": "</li>", "blockquote_open": "<blockquote>", "blockquote_close": "</blockquote>", "table_close": "</table></div>",
    "thead_open": "<thead>", "thead_close": "</thead>", "tbody_open": "<tbody>", "tbody_close": "</tbody>", "tr_close": "</tr>",
    "th_close": "</th>", "td_close": "</td>", "hr": "<hr>",
}  # fmt: skip
_EMPHASIS = {
    "em_open": "<em>", "em_close": "</em>", "strong_open": "<strong>", "strong_close": "</strong>", "s_open": "<del>", "s_close": "</del>",
}  # fmt: skip
_SAFE_SCHEMES = ("http", "https", "mailto")
_CELL_SIGNS = " \t|"
_ROW_PREFIX = re.compile(r"(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))*[ \t]*")


@dataclass(frozen=True, slots=True)
class Note:
    """The text of a note, the places to mark in it and the one to tint, as offsets of that text, and how its source looks."""

    text: str
    strong: Sequence[Interval]
    place: Interval
    source: Source
    table: str
    """What a table is called for those who cannot see it."""
    front: str
    """What the front matter is called, which is folded."""


def rendered(note: Note, start: int, end: int) -> Iterator[str]:
    """The lines `[start, end)` of a note, block by block."""
    front = _FRONT_MATTER.match(note.text) if start == 0 else None
    if front and front.end() <= end:
        asked = " open" if merged([note.place, *note.strong], 0, front.end()) else ""
        yield f'<details class="front"{asked}><summary>{escape(note.front)}</summary>{note.source(0, front.end())}</details>'
        start = front.end()
    if "\r" in note.text[start:end] or "\0" in note.text[start:end]:  # the parser would change them, and with them every place
        yield note.source(start, end)
        return
    yield from _parts(note, start, end)


def _parts(note: Note, start: int, end: int) -> Iterator[str]:
    from ui.markdown_parser import blocks

    tokens, env = blocks(note.text[start:end])
    page = _Page(note, start, [*_line_starts(note.text, start, end), end], env)
    shown = 0
    for first, last, group in _groups(tokens):
        yield page.left_out(shown, first)
        yield page.block(first, last, group)
        shown = last
    yield page.left_out(shown, len(page.starts) - 1)


def _line_starts(text: str, start: int, end: int) -> Iterator[int]:
    if start < end:
        yield start
        yield from (found.end() for found in re.compile("\n").finditer(text, start, end) if found.end() < end)


def _groups(tokens: Sequence[Token]) -> Iterator[tuple[int, int, list[Token]]]:
    """The outermost blocks: first line, line after the last, tokens."""
    group: list[Token] = []
    depth = 0
    for token in tokens:
        group.append(token)
        depth += token.nesting
        if depth == 0:
            first, last = group[0].map or (0, 0)
            yield first, last, group
            group = []


@dataclass(slots=True)
class _Writer:
    """HTML in which a mark never crosses a tag, and what of the note was marked in it."""

    text: str
    strong: Sequence[Interval]
    out: list[str] = field(default_factory=list)
    marked: list[Interval] = field(default_factory=list)
    open: bool = False
    unplaced: bool = False

    def tag(self, html: str) -> None:
        self._turn(False)
        self.out.append(html)

    def words(self, start: int, end: int) -> None:
        """Characters of the note as they are."""
        at = start
        for left, right in merged(self.strong, start, end):
            self._put(escape(self.text[at:left]), False)
            self._put(escape(self.text[left:right]), True)
            self.marked.append((left, right))
            at = right
        self._put(escape(self.text[at:end]), False)

    def whole(self, html: str, start: int, end: int) -> bool:
        """Something drawn instead of characters of the note, which is marked with all of them; False where only some are marked."""
        inside = merged(self.strong, start, end)
        if inside and not _covers(self.text, inside[0], (start, end)):
            return False
        self._put(html, bool(inside))
        self.marked += inside
        return True

    def _put(self, html: str, marked: bool) -> None:
        if html:
            self._turn(marked)
            self.out.append(html)

    def _turn(self, marked: bool) -> None:
        if marked != self.open:
            self.out.append('<mark class="evidence">' if marked else "</mark>")
            self.open = marked


def _covers(text: str, outer: Interval, inner: Interval) -> bool:
    """Whether one range holds the other, white space at its ends aside."""
    return not text[inner[0] : max(inner[0], outer[0])].strip() and not text[min(inner[1], outer[1]) : inner[1]].strip()


Places = Sequence[int]
"""Where in the note each character of a paragraph's content stands."""


@dataclass(slots=True)
class _Page:
    """One run of the parser over some lines of a note: `starts` are their offsets, and behind them the end of the last."""

    note: Note
    base: int
    starts: list[int]
    env: Env
    links: list[str] = field(default_factory=list)
    cell: int = 0

    def left_out(self, first: int, last: int) -> str:
        """Lines that belong to no block (definitions of links) as source; nothing for empty lines."""
        last = min(last, len(self.starts) - 1)
        full = [line for line in range(first, last) if self.note.text[self.starts[line] : self.starts[line + 1]].strip()]
        return self.note.source(self.starts[full[0]], self.starts[full[-1] + 1]) if full else ""

    def block(self, first: int, last: int, tokens: Sequence[Token]) -> str:
        """A block, as its source where a marked place in it would be lost."""
        start, end = self.starts[first], self.starts[min(last, len(self.starts) - 1)]
        strong = merged(self.note.strong, start, end)
        writer = _Writer(self.note.text, strong)
        for at, token in enumerate(tokens):
            self._write(writer, token, tokens[at - 1] if at else token)
        writer.tag("")
        if strong and (writer.unplaced or not all(self._is_seen(each, writer.marked) for each in strong)):
            return self.note.source(start, end)
        return "".join(writer.out)

    def _is_seen(self, place: Interval, marked: Sequence[Interval]) -> bool:
        text = self.note.text
        return not text[slice(*place)].strip() or any(text[a:b].strip() for a, b in merged(marked, *place))

    def _write(self, writer: _Writer, token: Token, before: Token) -> None:
        match token.type:
            case "inline":
                self._inline(writer, token, before)
            case "fence" | "code_block":
                self._code(writer, token)
            case "formula_block":
                start, end = token.meta["inside"]
                self._formula(writer, token, self.base + start, self.base + end, "block")
            case "table_open":
                writer.tag(f'<div class="table" role="group" aria-label="{escape(self.note.table)}" tabindex="0"><table>')
            case "tr_open":
                self.cell = self._line(token)[0]
                writer.tag(f"<tr{self._here(token)}>")
            case "ordered_list_open":
                writer.tag(f'<ol start="{int(token.attrs.get("start", 1))}">')
            case "th_open" | "td_open":
                side = str(token.attrs.get("style", "")).removeprefix("text-align:")
                aligned = f' class="{side}"' if side in ("right", "center") else ""
                writer.tag(f'<{token.tag} dir="auto"{aligned}>')
            case "heading_open" | "heading_close" | "paragraph_open" | "paragraph_close":
                writer.tag(self._leaf(token))
            case kind:
                writer.tag(_CONTAINERS[kind])

    def _leaf(self, token: Token) -> str:
        """The tags of headings, which stand below the drawer's own, and of paragraphs, which are none in a narrow list."""
        level = int(token.tag[1]) if token.tag.startswith("h") else 0
        tag = f"h{min(level + 2, 6)}" if level else "div" if token.hidden else "p"
        return f'<{tag} dir="auto"{self._here(token, f"head-{level}" if level else "")}>' if token.nesting > 0 else f"</{tag}>"

    def _here(self, token: Token, name: str = "") -> str:
        """The class attribute of a block that stands in the tinted place, or has a name of its own."""
        here = "here" if merged([self.note.place], *self._range(token)) else ""
        names = " ".join(filter(None, (name, here)))
        return f' class="{names}"' if names else ""

    def _range(self, token: Token) -> Interval:
        first, last = token.map or (0, 0)
        return self.starts[first], self.starts[min(last, len(self.starts) - 1)]

    def _line(self, token: Token, number: int = 0) -> Interval:
        """A line of a block, without its line feed."""
        at = (token.map or [0])[0] + number
        if at + 1 >= len(self.starts):
            return self.starts[-1], self.starts[-1]
        start, end = self.starts[at], self.starts[at + 1]
        return start, end - self.note.text.endswith("\n", start, end)

    # Places

    def _places(self, token: Token, before: Token) -> Places | None:
        """Where the characters of an inline token stand; None where that is not sure."""
        if before.type in ("th_open", "td_open"):
            places = self._cell_places(token)
        elif before.type == "heading_open" and before.markup.startswith("#"):
            places = self._heading_places(token, before.markup)
        else:
            places = self._row_places(token, token.content.split("\n"), 0)
        return self._agreed(token.content, places)

    def _agreed(self, content: str, places: Places | None) -> Places | None:
        """The places if the note's characters there are the content's."""
        same = places is not None and content == "".join(map(self.note.text.__getitem__, places))
        return places if same else None

    def _heading_places(self, token: Token, markup: str) -> Places | None:
        start, end = self._line(token)
        found = re.compile(re.escape(markup) + r"[ \t]+").search(self.note.text, start, end)
        return range(found.end(), found.end() + len(token.content)) if found else None

    def _cell_places(self, token: Token) -> Places | None:
        """A cell's words begin behind the last cell's, where bars and blanks end. A bar in a cell has a backslash before it."""
        start, end = self._line(token)
        text, content = self.note.text, token.content
        if not content:
            return ()
        written = content.replace("|", "\\|")
        candidates = [self.cell + len(text[self.cell : end]) - len(text[self.cell : end].lstrip(_CELL_SIGNS))]
        if self.cell == start:
            prefix = _ROW_PREFIX.match(text, start, end)
            after = prefix.end() if prefix else start
            candidates.append(after + len(text[after:end]) - len(text[after:end].lstrip(_CELL_SIGNS)))
        at = next((each for each in candidates if text.startswith(written, each, end)), None)
        if at is None:
            return None
        self.cell = at + len(written)
        return [at + n for n, (char, after) in enumerate(pairwise(written + " ")) if (char, after) != ("\\", "|")]

    def _row_places(self, token: Token, rows: Sequence[str], first: int) -> Places | None:
        """Each row of the content ends its line, blanks at both ends aside: what stands before it belongs to the blocks around."""
        places: list[int] = []
        for number, row in enumerate(rows):
            start, end = self._line(token, first + number)
            line, words = self.note.text[start:end], row.strip()
            at = start + len(line.rstrip()) - len(words)
            if at < start or not self.note.text.startswith(words, at, end):
                return None
            lead = len(row) - len(row.lstrip()) if words else 0
            begin = at - lead if words else end - len(row)
            if begin < start or self.note.text[begin : begin + len(row)] != row:
                return None
            places += range(begin, begin + len(row))
            places.append(end)
        return places[:-1]

    # Content

    def _code(self, writer: _Writer, token: Token) -> None:
        info = re.split(r"[\s{]", token.info.strip(), maxsplit=1)[0][:20]
        name = f' data-lang="{escape(info)}"' if info else ""
        writer.tag(f'<pre dir="ltr"{self._here(token)}{name}><code>')
        content = token.content.removesuffix("\n")
        rows = self._row_places(token, content.split("\n"), int(token.type == "fence")) if token.content else ()
        places = self._agreed(content, rows)
        writer.unplaced |= places is None
        self._slice(writer, content, places, 0, len(content))
        writer.tag("</code></pre>")

    def _inline(self, writer: _Writer, token: Token, before: Token) -> None:
        from ui.markdown_parser import LONGEST_INLINE, inline

        if not token.content:  # a row may leave out thousands of cells
            return
        places = self._places(token, before)
        writer.unplaced |= places is None
        if len(token.content) > LONGEST_INLINE:
            writer.tag('<span class="plain">')
            self._slice(writer, token.content, places, 0, len(token.content))
            writer.tag("</span>")
            return
        for child in inline(token.content, self.env):
            self._child(writer, child, token.content, places)

    def _child(self, writer: _Writer, token: Token, content: str, places: Places | None) -> None:
        start, end = token.meta.get("at", (0, 0))
        match token.type:
            case "text" | "text_special" if content[start:end] == token.content:
                self._slice(writer, content, places, start, end)
            case "text" | "text_special":
                if token.content:
                    self._instead(writer, escape(token.content), content, places, start, end)
            case "code_inline":
                self._code_inline(writer, token, content, places)
            case "formula":
                self._inline_formula(writer, token, content, places)
            case "image":
                label = f'<span class="image">{escape(token.content)}</span>'
                self._instead(writer, label, content, places, start, end)
            case "softbreak" | "hardbreak":
                writer.tag("<br>\n")
            case "link_open":
                self.links.append(_link(writer, str(token.attrs.get("href", ""))))
            case "link_close":
                writer.tag(self.links.pop())
            case kind:
                writer.tag(_EMPHASIS[kind])

    def _slice(self, writer: _Writer, content: str, places: Places | None, start: int, end: int) -> None:
        """Characters of the note, or where their places are not known the same without marks."""
        if places is None:
            writer.tag(escape(content[start:end]))
            return
        for left, right in _runs(places[start:end]):
            writer.words(left, right)

    def _instead(self, writer: _Writer, html: str, content: str, places: Places | None, start: int, end: int) -> None:
        """Something that stands for a range of the content; where the mark cuts it, the range itself."""
        if places is None:
            writer.tag(html)
        elif not writer.whole(html, places[start], places[end - 1] + 1):
            self._slice(writer, content, places, start, end)

    def _code_inline(self, writer: _Writer, token: Token, content: str, places: Places | None) -> None:
        start, end = token.meta["at"]
        start, end = start + len(token.markup), end - len(token.markup)
        if end - start == len(token.content) + 2:  # a blank on each side is the signs'
            start, end = start + 1, end - 1
        writer.tag('<code dir="auto">')
        self._slice(writer, content, places, start, end)
        writer.tag("</code>")

    def _inline_formula(self, writer: _Writer, token: Token, content: str, places: Places | None) -> None:
        start, end = token.meta["inside"]
        if places is None:
            writer.tag(mathml(token.content, token.info) or f'<code class="tex">{escape(token.content)}</code>')
        else:
            self._formula(writer, token, places[start], places[end - 1] + 1, token.info)

    def _formula(self, writer: _Writer, token: Token, start: int, end: int, display: str) -> None:
        """A formula as mathematics, as TeX where that cannot be drawn or only a part of it is marked."""
        drawn = mathml(token.content, display)
        if token.type == "formula_block":
            writer.tag(f'<div{self._here(token, "formula")} role="group" tabindex="0">')
        if drawn is None or not writer.whole(drawn, start, end):
            self._tex(writer, start, end)
        if token.type == "formula_block":
            writer.tag("</div>")

    def _tex(self, writer: _Writer, start: int, end: int) -> None:
        writer.tag('<code class="tex" dir="ltr">')
        writer.words(start, end)
        writer.tag("</code>")


def _link(writer: _Writer, address: str) -> str:
    """Opens a link and gives the tag that ends it. Only addresses on the web and of mail are links; others only say where they lead."""
    try:
        safe = urlsplit(address).scheme.lower() in _SAFE_SCHEMES
    except ValueError:
        safe = False
    where = escape(address)
    if safe:
        writer.tag(f'<a href="{where}" title="{where}" target="_blank" rel="noopener noreferrer nofollow">')
        return "</a>"
    writer.tag(f'<span class="link" title="{where}">')
    return "</span>"


def _runs(places: Places) -> Iterator[Interval]:
    """Ranges of places that follow one another."""
    start = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or places[at] != places[at - 1] + 1:
            yield places[start], places[at - 1] + 1
            start = at
