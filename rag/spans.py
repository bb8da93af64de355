"""From a sentence of a passage to the exact words of an answer: a list, a table cell, a quantity, what a label names, or all of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import pairwise

from index.sentences import BREAK, BULLET, ROW, sentences
from index.types import Passage
from rag.questions import Wants, asks_cause, asks_number, count_asked, place_asked, wants
from rag.snippets import opened
from rag.types import Span

_SIGN = rf"(?:{BULLET}(?=[ \t])|\d{{1,2}}\.(?=\*\*|[가-힣A-Z`]))"
"""The sign of a list item: "1.**전위**" is one too."""
_ITEM = re.compile(rf"[ \t]*({_SIGN})[ \t]*")
_SIGNS = re.compile(rf"[ \t]*(?:{_SIGN}[ \t]*|>[ \t]*|#{{1,6}}[ \t]+)*")
_BREAK = re.compile(rf"\s*{BREAK}\s*")
_LABEL = re.compile(r"[*_`]{0,4}([^:：|$\n]{1,40}?)[*_`]{0,4}(?:[:：]|[ \t]=)[ \t]+(?=\S)")
_COMMA = re.compile(r",\s+|(?<!\s)\s*+[·/、→]\s*|(?<!\s)\s++(?:and|및|그리고)\s+")
_RULED = re.compile(r"[ \t]*\|[\s:|-]+\|[ \t]*$")
_WORD = re.compile(r"[^\W_]+")
_LINE = re.compile(r"[^\n]+")
_BAR = re.compile(r"(?<!\\)\|")
"""What parts the cells of a table; `\\|` is a bar within one."""
_OVER_TABLE = re.compile(r"\s*\n(?=[ \t]*\|)")
_EMPHASIS = re.compile(r"`([^`]+)`|`|(?<![A-Za-z0-9)])\*\*(?!\s)|(?<!\s)\*\*(?![A-Za-z0-9(])")
"""Signs of code, whose inside stays as it is, and of bold, which neither "2**8" nor "2 ** 8" is."""
_BOLD = re.compile(r"(`[^`]+`)|(?<![A-Za-z0-9)])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*")
"""Bold from its beginning to its end, whatever stands behind it: **ViT**(Vision Transformer)."""
_ITALIC = re.compile(r"(`[^`]+`)|(?<![\w*\\])([*_])(?![\s*_])([^*_`\n]+)(?<!\s)\2(?![\w*])")
"""Italics, which neither "*args, *rest" nor "A*" is."""
_LINK = re.compile(r"(`[^`]+`)|(?<!!)\[([^\[\]\n]+)\]\((?:https?://|[./#])[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?: \"[^\"\n]*\")?\)")
"""A link to a page, or to a place in the notes; "[1, 2](x)" of mathematics is none."""
_TAG = re.compile(r"(`[^`\n]+`)|(?<!\s)\s*+<(br) ?/?>\s*|</?(?:u|b|i|em|strong|sub|sup|span|font|center|kbd|mark)\b[^<>\n]*>")
_ENTITY = re.compile(r"(`[^`\n]+`)|&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]{2,8});")
_QUOTED = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_SAYS = re.compile(r"[:：=]|(?:[다요음함됨임]|[.!?])[\"'”’)\]*`]*\s*$|\b(?:is|are|means)\b")
"""What a line has that says something, rather than only naming what hangs under it."""
_ANNOUNCED = r"명령|문장|코드|예[제시를]|식|방법|단계|순서|절차|과정|내용|항목|조건|규칙|설정|구문|형식|두 |세 |네 |몇 |다섯|여섯|\d"
_ANNOUNCES = re.compile(
    rf"(?:다음|아래|이하)(?:[과와] ?같|처럼|[은의에]? ?(?:{_ANNOUNCED}))[^.\n]{{0,40}}(?:[다요][.:：]?|[:：])[*_`]*\s*$"
    r"|\bfollow(?:s|ing)\b[^.\n]{0,40}[.:]\s*$"
    r"|\b(?:holds?|contains?|includes?|comprises?|consists? of|requires?|are|is)(?: [\w-]+){0,4}:\s*$",
    re.IGNORECASE,
)
"""A sentence that says that what it tells comes behind it."""
_CAUSES = re.compile(
    r"때문|덕분|까닭|이유[는은]|[가-힣](?:므로|니까)(?![가-힣])|위해|위함|[가-힣](?:[아어여]서|라서)(?:이다|임|다)?[.)\s]*$"
    r"|\b(?:because|since|due to|so that|in order to)\b",
    re.IGNORECASE,
)
"""Words by which a sentence gives a cause."""
_NAMES_IT = re.compile(
    r"(?:(?:그래서|따라서|즉|보통|흔히),? )?(?:(?:이|그)를|(?:이|그)것을|이걸|(?:이|그|이런|그런|이러한|그러한) [가-힣 ]{1,12}[을를]) "
    r"[^\n]{1,80}?라고? ?(?:하|한|합|해|부르|부른|부릅|불)"
)
"""A sentence that names what the one before it told."""
_UNIT = (
    r"%p?|퍼센트|포인트|개월|개|장|번|명|년|월|일|주|시간|분|초|층|차원|단계|배|쪽|종|가지|회|대|비트|바이트|점|토큰|단어|문장|쌍|건|에폭|스텝|픽셀|곳|편|원|인|세기|세|살|마일"
    r"|(?:[KMGT]B|[KMB]|mmHg|m?L(?:/min)?|[kcmn]?m(?:/s)?|[kmµ]?g|[kMG]?Hz|kWh|kcal|mol|℃|°C|ms|tokens?|words?|epochs?|layers?|images?|keys|bits?|bytes?|days?|hours?|minutes?|seconds?|dimensions?|times|percent)(?![A-Za-z\d])"
)
_NATIVE = "한|두|세|네|다섯|여섯|일곱|여덟|아홉|열"
_ALONE = "둘|셋|넷|다섯|여섯|일곱|여덟|아홉"
_END = (
    r"(?![가-힣])|(?=[이가은는을를의에로와과도만쯤씩인였뿐밖안후뒤째간당들대별입임예야라나으]"
    r"|마다|까지|부터|정도|미만|보다|동안|짜리|다(?![가-힣]))"
)
_DIGITS = r"\d(?:[\d,.]*\d)?"
_QUANTITY = re.compile(
    r"(?<![\w.])(?:"
    r"\d{4}\.\s?\d{1,2}\.(?:\s?\d{1,2}\.?)?(?!\d)|\d{4}년\s?\d{1,2}월(?:\s?\d{1,2}일)?|\d{1,2}월\s?\d{1,2}일|\d+분의 \d+"
    rf"|{_DIGITS}(?:\s?[x×*]\s?{_DIGITS})+(?:\s?(?:{_UNIT})(?:{_END}))?"
    rf"|[~≈±]?{_DIGITS}(?:e[-+]?\d+)?(?:[-/~–±]{_DIGITS})*(?:\s?[만억천조](?:\s?\d[\d,]*)?)*(?:\s?(?:{_UNIT})(?:{_END}))?"
    rf"|(?:{_NATIVE})\s?(?:{_UNIT})(?:{_END})|(?:{_ALONE})(?:{_END}))"
)
"""Numbers with their units: 3e-4, 1/2, 32x32 픽셀, 4분의 1, 1억 3,500만, 2024년 5월 7일, 여섯 개. "4분류" is no four minutes."""
_VERSION = re.compile(r"\s?(?:판(?:[부에은이의\s]|$)|버전)")
_YEAR = re.compile(r"(?:19|20)\d\d년?")
_ASKED_UNIT = re.compile(rf"몇 ?({_UNIT})(?:{_END})|(며칠|퍼센트)|(개|장|명|층|번)수|how many (\w+)", re.IGNORECASE)


_ASKED = re.compile(r"(?<![가-힣a-z])([가-힣a-z]+?)(?:들)?(?:은|는|이|가)?(?:\s*(?:무엇|뭐)[가-힣]*)?\s*[?？.]*$")
"""The noun that a question ends with: what it asks for."""
_LONGEST = 80
"""How many characters of a question's end are searched for that noun, in time that grows with their cube."""
_LAST = " \t\n:：*_"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a passage: where its words stand (without bullet), its indentation, of a list item the sort of its sign, and whether
    a blank line stands before it."""

    start: int
    end: int
    indent: int
    sign: str
    gap: bool


Part = tuple[int, int]
"""Offsets within the text of a passage."""


def answer_spans(passage: Passage, start: int, end: int, question: str, known: Collection[str] = ()) -> tuple[Span, ...]:
    """The spans that answer, given the sentence `passage.text[start:end]` and the question's own morphemes (`known`).

    A question for one item of a list ("세 번째 단계는?") gets that. A list question gets the items that the sentence opens, enumerates, or
    stands among, if they are no more than it asks for. A fact gets the table cell under the header that the question names, the quantity
    it asks for, or what stands behind a label it names: "학습률: 3e-4" gives "3e-4". A bullet that says no more than the question does
    ("OCR" to "OCR이 뭐야?"), or defines nothing, gives what hangs under it; a sentence that names what the one before it told
    ("이를 캐시라고 한다") gives both, and one that announces ("다음과 같다") what stands behind it.
    """
    wanted, text = wants(question), passage.text
    parts: Sequence[Part] = ()
    most = (count_asked(question) if wanted is Wants.LIST else None) or len(text)
    heads_only = is_bare(text[start:end], known) or (wanted is Wants.DEFINITION and not _SAYS.search(text[start:end]))
    heads_only = heads_only or names_what_is_asked(text, start, end, question, known)
    if place_asked(question):
        parts = item_asked(text, start, end, question, known)
    elif heads_only and 0 < len(below := children(text, start, end)) <= most:
        parts = below
    elif wanted is Wants.LIST:
        parts = next((each for each in _lists(text, start, end, known) if 0 < len(each) <= most), ())
    elif told := _told_in_two(text, start, end, question):
        parts = [told]
    elif wanted is Wants.FACT:
        fact = (
            _cell(text, start, end, question, known)
            or _quantity(text, start, end, question, known)
            or _behind_label(text, start, end, known)
        )
        parts = [fact] if fact else ()
    parts = parts or announced(text, start, end)
    return tuple(_span(passage, *part) for part in parts or [_whole(text, start, end, known)])


def announced(text: str, start: int, end: int) -> list[Part]:
    """What a sentence announces ("다음 명령어로 설치합니다:"): the list behind it, or the few lines of code."""
    if not _ANNOUNCES.search(text, start, end):
        return []
    lines, here = _lines(text, start, end)
    below = lines[here + 1 :]
    listed = bool(below) and bool(below[0].sign) and below[0].indent >= lines[here].indent + bool(lines[here].sign)
    return _list(below, 0) if listed else opened(text, end)


def labelled(passage: Passage, start: int, end: int) -> tuple[Span, ...]:
    """The sentence `passage.text[start:end]` with its label, and where it only names something with what hangs under it."""
    below = () if _SAYS.search(passage.text[start:end].rstrip(_LAST)) else children(passage.text, start, end)
    return tuple(_span(passage, *part) for part in (_whole(passage.text, start, end, ()), *below))


def shown(spans: Sequence[Span]) -> str:
    """The text of an answer: its spans without emphasis, tags and entities of HTML, the targets of links, and the signs before bars.

    Several are joined by commas or, where long, by line breaks.
    """
    quotes = [_TAG.sub(lambda match: match[1] or (" " if match[2] else ""), span.quote) for span in spans]
    quotes = [_LINK.sub(lambda match: match[1] or match[2], quote) for quote in quotes]
    quotes = [_BOLD.sub(lambda match: match[1] or match[2], quote) for quote in quotes]
    quotes = [quote if "$" in quote else _ITALIC.sub(lambda match: match[1] or match[3], quote).replace("\\|", "|") for quote in quotes]
    quotes = [_ENTITY.sub(lambda match: match[1] or unescape(match[0]), quote) for quote in quotes]
    texts = [_EMPHASIS.sub(lambda match: match[1] or "", quote).strip() for quote in quotes]
    texts = [text or span.quote.strip() for text, span in zip(texts, spans, strict=True)]
    if len(texts) > 1:
        texts = [" ".join(_QUOTED.sub("", text).split()) for text in texts]
    return (", " if all(len(text) <= 40 and not text.endswith((".", "!", "?")) for text in texts) else "\n").join(texts)


def _span(passage: Passage, start: int, end: int) -> Span:
    quote = passage.text[start:end]
    start += len(quote) - len(quote.lstrip())
    end -= len(quote) - len(quote.rstrip())
    return Span(passage.doc_id, passage.start + start, passage.start + end, passage.text[start:end])


def _words(text: str, start: int, end: int) -> int:
    """Where the words of a line begin behind its bullet, quote or heading signs."""
    signs = _SIGNS.match(text, start, end)
    return signs.end() if signs and signs.end() < end else start


def _whole(text: str, start: int, end: int, known: Collection[str]) -> Part:
    """The sentence without the signs before it, a table row without its outer bars, or of two cells the one that says what the other is."""
    cells = _cells(text, start, end)
    if len(cells) == 2 and _names(text[slice(*cells[0])], known):
        return cells[1]
    if len(cells) == 2 and is_bare(text[slice(*cells[1])], known):
        return cells[0]
    return (cells[0][0], cells[-1][1]) if cells else (_words(text, start, end), end)


def told_before(text: str, start: int, end: int) -> Part | None:
    """The sentence with the one before it, where it gives that its name: "… 기다린다. 이를 교착 상태라고 한다."."""
    before = [each for each in sentences(text) if each[1] <= start]
    if not before or not _NAMES_IT.match(text, _words(text, start, end), end) or text.count("\n", before[-1][1], start) > 1:
        return None
    return _words(text, *before[-1]), end


def _told_in_two(text: str, start: int, end: int, question: str) -> Part | None:
    """The sentence with the one before or behind it, where only both define or say why."""
    if wants(question) is Wants.DEFINITION:
        return told_before(text, start, end)
    return with_cause(text, start, end) if asks_cause(question) else None


def gives_cause(text: str) -> bool:
    """Whether the text says why: "… 때문이다"."""
    return _CAUSES.search(text) is not None


def with_cause(text: str, start: int, end: int) -> Part | None:
    """The sentence with the next one on its line, where only that says why."""
    behind = next((each for each in sentences(text) if each[0] >= end), None)
    if not behind or gives_cause(text[start:end]) or not gives_cause(text[slice(*behind)]) or "\n" in text[end : behind[0]]:
        return None
    return _words(text, start, end), behind[1]


def _names(text: str, known: Collection[str]) -> bool:
    return any(_begins_word(word, text.lower()) if word.isascii() else word in text.lower() for word in known if len(word) > 1)


def _begins_word(term: str, text: str) -> bool:
    """Whether a word of the text begins with the English term: "map" is not in "pmap"."""
    return re.search(rf"(?<![a-z\d]){re.escape(term)}", text) is not None


# Lists


def _lists(text: str, start: int, end: int, known: Collection[str]) -> tuple[list[Part], ...]:
    """The lists that the sentence may stand for: the one it opens or enumerates, the one it stands among, a column of its table."""
    return items(text, start, end), _siblings(text, start, end), _column(text, start, end, known)


def item_asked(text: str, start: int, end: int, question: str, known: Collection[str]) -> list[Part]:
    """The one item that the question asks for ("세 번째 단계는?") of a list that the sentence stands for; none where that has no such."""
    place = place_asked(question)
    lists = _lists(text, start, end, known) if place else ()
    return next(([each[place - (place > 0)]] for each in lists if place and abs(place) <= len(each)), [])


def items(text: str, start: int, end: int) -> list[Part]:
    """The list that the sentence opens (its line's children, or the list after it), else what it enumerates itself."""
    lines, here = _lines(text, start, end)
    below = lines[here + 1 :]
    if below and below[0].sign and below[0].indent >= lines[here].indent + bool(lines[here].sign):
        return _list(below, 0)
    return _enumerated(text, start, end)


def children(text: str, start: int, end: int) -> list[Part]:
    """What hangs under the line of the sentence."""
    lines, here = _lines(text, start, end)
    below = lines[here + 1 :]
    if not below or not below[0].sign or below[0].indent <= lines[here].indent:
        return []
    return _list(below, 0) or [(below[0].start, below[0].end)]


def is_bare(sentence: str, known: Collection[str]) -> bool:
    """Whether every word of the sentence is one of the question's (`known`, lower-cased morphemes)."""
    words = _WORD.findall(sentence.lower())
    return bool(words) and all(any(_says(word, term) for term in known) for word in words)


def _says(word: str, term: str) -> bool:
    """Whether a word is the term with a particle at most: "512차원" is not "차원", nor "하한" the "하" of "하다", nor "불안정" "안정"."""
    return word == term or (len(term) > 1 and term in word and _digits(word) == _digits(term) and not word.startswith(_opposites(term)))


def _opposites(term: str) -> tuple[str, ...]:
    return tuple(sign + term for sign in "불비미무반")


def _digits(word: str) -> str:
    return "".join(sign for sign in word if sign.isdigit())


def may_list(sentence: str, question: str, known: Collection[str]) -> bool:
    """Whether a list that the sentence opens, or stands in, may answer: the question wants one, or the sentence only names something."""
    if wants(question) is Wants.LIST or is_bare(sentence, known):
        return True
    names = wants(question) is Wants.DEFINITION or bool(_ends_as_asked(sentence, question))
    return names and not _SAYS.search(sentence.rstrip(_LAST))


def names_what_is_asked(text: str, start: int, end: int, question: str, known: Collection[str]) -> bool:
    """Whether the sentence only names what the question asks for, which hangs under it: "갖춰야 할 것" of "주니어가 갖춰야 할 것은?"."""
    sentence = text[start:end].lower()
    if not (noun := _ends_as_asked(sentence, question)) or _SAYS.search(sentence.rstrip(_LAST)) or not children(text, start, end):
        return False
    return _names(sentence, [word for word in known if word not in noun])


def _ends_as_asked(sentence: str, question: str) -> str:
    """The noun that the question ends with, where the sentence ends with it too; "" where not."""
    noun = _noun_asked(question)
    return noun if noun and sentence.lower().rstrip(_LAST).removesuffix("들").endswith(noun) else ""


@lru_cache(256)
def _noun_asked(question: str) -> str:
    asked = _ASKED.search(question.lower()[-_LONGEST:])
    return asked[1] if asked else ""


def heads(text: str, start: int, end: int) -> str:
    """The words of the lines under which the sentence hangs by indentation, outermost first."""
    lines, here = _lines(text, start, end)
    found: list[str] = []
    indent = lines[here].indent if lines else 0
    for line in reversed(lines[:here]):
        if line.indent < indent and line.sign:
            found.append(text[line.start : line.end])
            indent = line.indent
    return " › ".join(reversed(found))


def _siblings(text: str, start: int, end: int) -> list[Part]:
    """The items among which the sentence stands, in the line of one or below it."""
    lines, here = _lines(text, start, end)
    while here > 0 and lines[here].indent and not lines[here].sign:
        here -= 1
    return _list(lines, here) if lines and lines[here].sign else []


def _lines(text: str, start: int, end: int) -> tuple[list[Line], int]:
    """The lines that are not blank, and the number of the one in which the sentence `text[start:end]` begins."""
    lines: list[Line] = []
    at, gap = 0, False
    for raw in text.split("\n"):
        blank = not raw.strip() or _BREAK.fullmatch(raw) is not None
        if not blank:
            expanded = raw.expandtabs(4)
            indent = len(expanded) - len(expanded.lstrip())
            item = _ITEM.match(raw)
            sign = re.sub(r"\w+", "1", item.group(1)) if item else ""
            lines.append(Line(_words(text, at, at + len(raw)), at + len(raw.rstrip()), indent, sign, gap))
        gap = blank
        at += len(raw) + 1
    words = _words(text, start, end)
    return lines, max((number for number, line in enumerate(lines) if line.start <= words), default=0)


def _list(lines: Sequence[Line], here: int) -> list[Part]:
    """The items of the list in which `lines[here]` stands, wrapped lines with them; one item alone is no list.

    As in Markdown, a list ends where something less indented stands, or at its own indentation what is no item or has another sign.
    Where blank lines stand between some bullets only, they end it too.
    """
    kind, indent = lines[here].sign, lines[here].indent
    first = end = here
    while first > 0 and _within(lines[first - 1], kind, indent):
        first -= 1
    while end < len(lines) and _within(lines[end], kind, indent):
        end += 1
    tops = [at for at in range(first, end) if lines[at].sign and lines[at].indent == indent]
    gaps = [at for at in tops[1:] if lines[at].gap]
    if len(gaps) < len(tops) - 1 and "1" not in kind:
        first = max((at for at in gaps if at <= here), default=first)
        end = min((at for at in gaps if at > here), default=end)
    parts: list[Part] = []
    wraps = False
    for line in lines[first:end]:
        if line.sign and line.indent == indent:
            parts.append((line.start, line.end))
        elif wraps and not line.sign and not line.gap:
            parts[-1] = (parts[-1][0], line.end)
        wraps = bool(parts) and parts[-1][1] == line.end
    return parts if len(parts) > 1 else []


def _within(line: Line, sign: str, indent: int) -> bool:
    return line.indent > indent or (line.indent == indent and line.sign == sign)


def _enumerated(text: str, start: int, end: int) -> list[Part]:
    """The members of "연산: CARRYOVER, DELETE, UPDATE"; nothing for less than three members or long ones."""
    label = _LABEL.match(text, _words(text, start, end), end)
    if not label:
        return []
    cuts = [match.span() for match in _COMMA.finditer(text, label.end(), end)]
    bounds = [label.end(), *(at for cut in cuts for at in cut), end]
    parts = list(zip(bounds[::2], bounds[1::2], strict=True))
    return parts if len(parts) > 2 and all(0 < stop - begin <= 40 for begin, stop in parts) else []


# Facts


def _cell(text: str, start: int, end: int, question: str, known: Collection[str]) -> Part | None:
    """The cell of a table row under the header with most of the question's words; where a number is asked, the first cell with one.

    Where the question says that cell itself ("2018년에 공개된 모델은?") it is the first cell of the row.
    """
    cells = _columns(text, start, end)
    header, _ = _table(text, start)
    names = _columns(text, *header) if header else []
    if cells and len(names) == len(cells) and (at := _named(text, names, known)) and _holds(text, cells[at]):
        return cells[0] if text[slice(*cells[at])].strip() in question else cells[at]
    numbers = [cell for cell in cells[1:] if any(sign.isdigit() for sign in text[slice(*cell)])]
    return numbers[0] if numbers and asks_number(question) else None


def _named(text: str, names: Sequence[Part], known: Collection[str]) -> int:
    """Which column but the first has most of the question's words in its header; 0 where none has any."""
    fits = _fits(text, names, known)
    return max(range(1, len(names)), key=lambda at: fits[at], default=0) if any(fits[1:]) else 0


def _fits(text: str, names: Sequence[Part], known: Collection[str]) -> list[int]:
    """How many of the question's words stand in each header."""
    return [sum(_stands(word, text[slice(*name)].lower()) for word in known) for name in names]


def in_other_column(text: str, start: int, end: int, known: Collection[str]) -> bool:
    """Whether a cell of a table row, not its first, holds `text[start:end]`, and the question names another column better."""
    header, _ = _table(text, start)
    row = next(line.span() for line in _LINE.finditer(text) if start < line.end())
    cells, names = _columns(text, *row), _columns(text, *header) if header else []
    here = next((at for at, cell in enumerate(cells) if cell[0] <= start and end <= cell[1]), 0)
    fits = _fits(text, names, known)
    return 0 < here < len(fits) == len(cells) and fits[here] < max(fits[1:])


def _stands(term: str, text: str) -> bool:
    """Whether the term stands in the text; one of one syllable, such as the "하" of "하다", only as a word."""
    return term in text if len(term) > 1 else term in _WORD.findall(text)


def _cells(text: str, start: int, end: int) -> list[Part]:
    """The cells of a table row that hold anything; none where `text[start:end]` is no row."""
    return [cell for cell in _columns(text, start, end) if _holds(text, cell)]


def _columns(text: str, start: int, end: int) -> list[Part]:
    """The cells of a table row, empty ones too; none where `text[start:end]` is no row."""
    if not ROW.match(text, start, end):
        return []
    bars = [at for at in range(start, end) if text[at] == "|" and text[at - 1 : at] != "\\"]
    return [(before + 1, after) for before, after in pairwise(bars)]


def _holds(text: str, cell: Part) -> bool:
    return bool(text[slice(*cell)].strip())


def crosses_cells(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` holds words of two cells of a table row."""
    return _BAR.search(text[start:end].strip("| \t")) is not None and in_table(text, start)


def in_table(text: str, start: int) -> bool:
    """Whether the line at `start` is a row of a table."""
    line = text[text.rfind("\n", 0, start) + 1 :].partition("\n")[0]
    return ROW.match(line) is not None


def headless(text: str, start: int) -> bool:
    """Whether the line at `start` is a row of a table whose header does not stand in the text."""
    return in_table(text, start) and _table(text, start)[0] is None


def is_header(text: str, start: int) -> bool:
    """Whether the sentence at `start` is the header row of a table."""
    header, _ = _table(text, start)
    return header is not None and start < header[1]


def _table(text: str, start: int) -> tuple[Part | None, list[Part]]:
    """The header row (None where no rule stands under it) and the other rows of the table in which the line at `start` stands."""
    lines = [match.span() for match in _LINE.finditer(text)]
    here = next((number for number, line in enumerate(lines) if start < line[1]), 0)
    rows: list[Part] = []
    for line in lines[here:]:
        if not ROW.match(text, *line) or (rows and rows[-1][1] + 1 < line[0]):
            break
        rows.append(line)
    for line in reversed(lines[:here] if rows else []):
        if not ROW.match(text, *line) or line[1] + 1 < rows[0][0]:
            break
        rows.insert(0, line)
    ruled = len(rows) > 1 and _RULED.match(text, *rows[1])
    return (rows[0], rows[2:]) if ruled else (None, rows)


def _column(text: str, start: int, end: int, known: Collection[str]) -> list[Part]:
    """Of the table in which the sentence stands, or over which it stands, the column that the question names, else the first.

    Where the question says cells themselves ("2020년에 공개된 모델들은?"), only of their rows.
    """
    above = _OVER_TABLE.match(text, end)
    header, rows = _table(text, above.end() if above and not ROW.match(text, start, end) else start)
    at = _named(text, _columns(text, *header), known) if header else 0
    cells = [_columns(text, *row) for row in rows]
    said = [{number for number, cell in enumerate(row[1:], 1) if is_bare(text[slice(*cell)], known)} for row in cells]
    if any(said) and not all(said):
        at = 0 if any(at in columns for columns in said) else at
        cells = [row for row, columns in zip(cells, said, strict=True) if columns]
    parts = [row[at] for row in cells if len(row) > at and _holds(text, row[at])]
    return parts if len(parts) > 1 else []


def _quantity(text: str, start: int, end: int, question: str, known: Collection[str]) -> Part | None:
    """The quantity that the question asks for: the one that it does not name itself; of several the one in its unit, else the one that
    stands nearest behind a word of the question."""
    if not asks_number(question):
        return None
    found = [match for match in _QUANTITY.finditer(text, _words(text, start, end), end) if match.group().strip("~≈ ") not in question]
    unit = _asked_unit(question)
    found = [match for match in found if not _VERSION.match(text, match.end())]
    others = [match for match in found if not ((unit or "얼마" in question) and unit != "년" and _YEAR.fullmatch(match.group()))]
    found = [match for match in others if _is_in(match, unit)] or others
    sentence = text[start:end].lower()
    words = [match for word in known if len(word) > 1 for match in re.finditer(re.escape(word), sentence)]
    best = min(found, key=lambda match: min((_distance(match.start() - start, word) for word in words), default=0.0), default=None)
    return best.span() if best else None


def is_quantity(quote: str) -> bool:
    """Whether it is a number with its unit, or a date, and nothing else."""
    return _QUANTITY.fullmatch(quote) is not None


def unit_missing(question: str, sentence: str) -> bool:
    """Whether the question names a unit ("며칠", "몇 %", "how many layers") in which the sentence gives no quantity."""
    unit = _asked_unit(question)
    return bool(unit) and not any(_is_in(match, unit) for match in _QUANTITY.finditer(sentence))


def _is_in(quantity: re.Match[str], unit: str) -> bool:
    """Whether the quantity has the unit: its own, a native numeral without one for things counted, an English noun that follows it."""
    said = quantity.group().lower().replace("퍼센트", "%")
    if said.endswith(unit) or (unit in ("년", "월") and unit in said):
        return True
    if unit in ("개", "가지", "명", "종"):
        return re.fullmatch(_ALONE, said) is not None
    noun = re.compile(rf" ?(?:thousand |million |billion )?(?:[\w-]+ )?{unit.removesuffix('s')}s?\b", re.IGNORECASE)
    return unit.isascii() and unit.isalpha() and noun.match(quantity.string, quantity.end()) is not None


def _asked_unit(question: str) -> str:
    asked = _ASKED_UNIT.search(question)
    unit = next((group.lower() for group in asked.groups() if group), "") if asked else ""
    return {"며칠": "일", "퍼센트": "%"}.get(unit, unit)


def _distance(at: int, word: re.Match[str]) -> float:
    """Characters between a word and a quantity: one behind the word is nearer than one before it, a longer word pulls harder."""
    away = at - word.end() if at >= word.end() else 3 * (word.end() - at)
    return away / len(word.group())


def _behind_label(text: str, start: int, end: int, known: Collection[str]) -> Part | None:
    label = _LABEL.match(text, _words(text, start, end), end)
    return (label.end(), end) if label and _names(label.group(1), known) else None
