"""Markdown to tokens that know where their characters stand: markdown-it-py with formulas, and emphasis as Korean writes it.

markdown-it-py is imported at the top, for classes are built on its own; only `ui.markdown` imports this, once a note is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

Env = dict[str, Any]

LONGEST_INLINE = 10_000
"""A longer paragraph, in characters, is left without emphasis and links: looking for them may take time in the square of its length."""
_LONGEST_FORMULA_LINES = 100

_FORMULA = re.compile(
    r"\$\$(?P<display>(?:\\.|[^\\$]){1,2000}?)\$\$"
    r"|\$(?P<dollar>(?!\s)(?:\\.|[^\\$\n]){1,1000}?(?<!\s))\$(?!\d)"
    r"|\\\((?P<round>[^\n]{1,1000}?)\\\)"
    r"|\\\[(?P<square>.{1,2000}?)\\\]",
    re.DOTALL,
)
_CLOSER = {"$$": "$$", "\\[": "\\]"}


def blocks(text: str) -> tuple[list[Token], Env]:
    """The block tokens of a text, and what `inline` needs to know of it (its link definitions)."""
    env: Env = {}
    return _parser().parse(text, env), env


def inline(content: str, env: Env) -> list[Token]:
    """The tokens of a paragraph; `meta["at"]` of each is the range of `content` that it was read from."""
    parser = _parser()
    return parser.inline.parse(content, parser, env, [])


@cache
def _parser() -> MarkdownIt:
    """HTML in a note is text. Text tokens are left apart, because each knows its own place."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    parser.inline = _Inline()
    parser.enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline", "linkify", "fragments_join"])
    parser.core.ruler.disable(["inline", "text_join"])
    parser.block.ruler.before("fence", "formula_block", _formula_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return parser


class _State(StateInline):
    """Knows where the text that waits to become a token began."""

    begun = 0

    def append_pending(self, text: str) -> None:
        if not self.pending:
            self.begun = self.pos
        super().append_pending(text)

    def pushPending(self) -> Token:
        token = super().pushPending()
        token.meta["at"] = (self.begun, self.begun + len(token.content))
        return token

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:
        """CommonMark leaves `**역전파(backpropagation)**는` as it is: no mark may close between punctuation and a letter.

        Korean has no space there, so its letters count as space would.
        """
        found = super().scanDelims(start, canSplitWord)
        before, behind = self.src[start - 1 : start], self.src[start + found.length : start + found.length + 1]
        opens = found.can_open or (_is_hangul(before) and bool(behind.strip()))
        closes = found.can_close or (_is_hangul(behind) and bool(before.strip()))
        return Scanned(opens, closes, found.length) if self.src[start] in "*~" else found


def _is_hangul(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff" or "\u3131" <= char <= "\u318e" or "가" <= char <= "힣"


class _Inline(ParserInline):
    """Every rule notes where it read the tokens that it made."""

    def __init__(self) -> None:
        super().__init__()
        for rule in self.ruler.__rules__:
            if rule.name != "text":  # makes no tokens
                rule.fn = _placed(rule.fn)
        self.ruler.before("escape", "formula", _placed(_formula))

    def parse(self, src: str, md: MarkdownIt, env: Any, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


def _placed(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    def placed(state: StateInline, silent: bool) -> bool:
        start, count = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent:
            _place(state.tokens[count:], state.src, start, state.pos)
        return found

    return placed


def _place(tokens: Iterable[Token], src: str, start: int, end: int) -> None:
    """Gives tokens without a place theirs: signs stand one behind the other, anything else has the whole range that was read."""
    at = start
    for token in tokens:
        if "at" in token.meta:
            continue
        found = src.find(token.content, at, end) if token.type == "text" else -1
        if found >= 0:
            at = found + len(token.content)
            token.meta["at"] = (found, at)
        else:
            token.meta["at"] = (start, end)


def _formula(state: StateInline, silent: bool) -> bool:
    r"""`$x$`, `$$x$$`, `\(x\)` and `\[x\]`. A dollar before a digit closes nothing: it is a price."""
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if not found or not found[found.lastgroup or 0].strip():
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = found[found.lastgroup or 0]
        token.info = "block" if found.lastgroup in ("display", "square") else "inline"
        token.meta["inside"] = found.span(found.lastgroup or 0)
    state.pos = found.end()
    return True


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Lines from `$$` to `$$`, or from `\[` to `\]`, which may hold signs that would begin a list or a heading."""
    first = state.bMarks[start] + state.tShift[start]
    closer = _CLOSER.get(state.src[first : first + 2])
    if closer is None or state.is_code_block(start):
        return False
    rows: list[str] = []
    for line in range(start, min(end, start + _LONGEST_FORMULA_LINES)):
        at = first + 2 if line == start else state.bMarks[line] + state.tShift[line]
        if line > start and state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return False
        closed = state.src.find(closer, at, state.eMarks[line])
        rows.append(state.src[at : closed if closed >= 0 else state.eMarks[line]])
        if closed >= 0:
            break
    if closed < 0 or state.src[closed + 2 : state.eMarks[line]].strip() or not "".join(rows).strip():
        return False
    if not silent:
        token = state.push("formula_block", "math", 0)
        token.content = "\n".join(rows)
        token.map = [start, line + 1]
        token.meta["inside"] = (first + 2, closed)
        state.line = line + 1
    return True
