"""A note as Markdown means it: the marks hold exactly the words that were cited, and nothing of the note becomes markup."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.types import Document
from tests.ui.parse import Tree, parse
from ui import html_note
from ui.formula import mathml
from ui.highlight import Interval, marked, merged
from ui.html_note import Look, Target, digest
from ui.markdown import Note, rendered

TAGS = {
    *("html", "details", "summary", "p", "div", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "em", "strong", "del", "a", "span", "mark"),
}
FORMULA_TAGS = {
    *("math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt"),
    *("mover", "munder", "mtable", "mtr", "mtd", "mstyle", "mpadded"),
}
ATTRIBUTES = {
    *("class", "dir", "start", "open", "data-lang", "data-source", "role", "aria-label", "tabindex", "href", "title", "target", "rel"),
}
FORMULA = re.compile(r"<math.*?<annotation[^>]*>(.*?)</annotation></semantics></math>", re.DOTALL)


def html_of(text: str, *spans: Interval, place: Interval = (0, 0)) -> str:
    def source(start: int, end: int) -> str:
        return f'<div data-source="">{marked(text, spans, (), start, end)}</div>'

    return "".join(rendered(Note(text, spans, place, source, "표", "머리말"), 0, len(text)))


def tree_of(html: str) -> Tree:
    """The elements, a formula being its TeX, which it carries for those who copy it."""
    return parse(FORMULA.sub(r"\1", html))


def evidence(html: str) -> str:
    return "".join(element.text for element in tree_of(html).of("evidence"))


def is_safe(html: str) -> bool:
    tree = parse(html)
    known = {element.tag for element in tree.elements} <= TAGS | FORMULA_TAGS
    plain = all(set(element.attributes) <= ATTRIBUTES or element.tag in FORMULA_TAGS for element in tree.elements)
    links = [element.attributes for element in tree.elements if element.tag == "a"]
    return known and plain and all(re.match(r"(?:https?|mailto):", link["href"]) and "noopener" in link["rel"] for link in links)


# What Markdown means


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# 제목", '<h3 dir="auto" class="head-1">제목</h3>'),
        ("###### 작은\n", '<h6 dir="auto" class="head-6">작은</h6>'),
        ("**굵게** *기울여* ~~지움~~", '<p dir="auto"><strong>굵게</strong> <em>기울여</em> <del>지움</del></p>'),
        ("`코드`", '<p dir="auto"><code dir="auto">코드</code></p>'),
        ("**역전파(backpropagation)**는", '<p dir="auto"><strong>역전파(backpropagation)</strong>는</p>'),
        ("값**(value)**은", '<p dir="auto">값<strong>(value)</strong>은</p>'),
        ("가_나_다", '<p dir="auto">가_나_다</p>'),
        ("가\n나", '<p dir="auto">가<br>\n나</p>'),
        ("- 가\n- 나", '<ul><li><div dir="auto">가</div></li><li><div dir="auto">나</div></li></ul>'),
        ("3. 셋", '<ol start="3"><li><div dir="auto">셋</div></li></ol>'),
        ("> 말", '<blockquote><p dir="auto">말</p></blockquote>'),
        ("---", "<hr>"),
        ("```python\nif a < b:\n    c\n```", '<pre dir="ltr" data-lang="python"><code>if a &lt; b:\n    c</code></pre>'),
        ("$5와 $10", '<p dir="auto">$5와 $10</p>'),
        ("![그림](http://evil.example/a.png)", '<p dir="auto"><span class="image">그림</span></p>'),
        ("<b>굵게</b>", '<p dir="auto">&lt;b&gt;굵게&lt;/b&gt;</p>'),
        ("[눌러](javascript:alert(1))", '<p dir="auto">[눌러](javascript:alert(1))</p>'),
        ("[다른](../b.md)", '<p dir="auto"><span class="link" title="../b.md">다른</span></p>'),
        (
            "[밖](https://a.example/?q=1&r=\"2)",
            '<p dir="auto"><a href="https://a.example/?q=1&amp;r=%222" title="https://a.example/?q=1&amp;r=%222" '
            'target="_blank" rel="noopener noreferrer nofollow">밖</a></p>',
        ),
    ],
)  # fmt: skip
def test_markdown_is_shown_as_what_it_means(text: str, wanted: str) -> None:
    assert html_of(text) == wanted


def test_a_table_is_one_and_says_what_it_is() -> None:
    html = html_of("| 모델 | 값 |\n|---|--:|\n| BERT \\| GPT | `a` |\n")
    assert html.startswith('<div class="table" role="group" aria-label="표" tabindex="0"><table><thead><tr><th dir="auto">모델</th>')
    assert '<td dir="auto">BERT | GPT</td><td dir="auto" class="right"><code dir="auto">a</code></td>' in html


@pytest.mark.parametrize("text", ["$x^2$", "\\(x^2\\)", "$$x^2$$", "\\[x^2\\]", "$$\nx^2\n$$", "- 가\n\n  $$\n  x^2\n  $$\n"])
def test_formulas_are_mathematics(text: str) -> None:
    html = html_of(text)
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in html
    assert ('display="block"' in html) == (("$$" in text) or ("[" in text))


def test_a_formula_of_lines_that_would_begin_lists_and_headings_stays_whole() -> None:
    html = html_of("$$\na\n+ b\n= c\n---\n$$\n\n끝")
    assert html.count("<math") == 1 and "<li>" not in html and "<h" not in html.replace("<html", "")
    assert "<math" not in html_of("- $$\n  x\n\n밖\n\n$$"), "a formula ends with its list"


@pytest.mark.parametrize("tex", ["\\frac", "x^", "\\newcommand\\a{\\b\\b}\\a", "{" * 200 + "}" * 200, "x" * 3000])
def test_what_is_no_formula_stays_tex(tex: str) -> None:
    assert mathml(tex) is None
    assert f'<code class="tex" dir="ltr">{tex}</code>' in html_of(f"${tex}$") or len(tex) > 1000


@pytest.mark.parametrize(
    "tex",
    [
        "\\href{javascript:alert(1)}{x}", "\\style{position:fixed}{x}", "\\class{evidence}{x}", "\\text{<script>}",
        "\\text{&lt;script&gt;}",
        "\\hspace{9999em}x", "\\color{expression(alert(1))}x", "\\rule{999em}{999em}",
    ],
)  # fmt: skip
def test_a_formula_brings_in_nothing_but_mathematics(tex: str) -> None:
    html = mathml(tex) or ""
    shown = re.sub(r"<annotation.*?</annotation>", "", html)
    assert "<script" not in html and "999" not in shown
    assert not re.search(r"href|style=|class=|javascript|expression", shown)


def test_front_matter_and_definitions_of_links_are_shown_as_they_are() -> None:
    text = "---\ntitle: 가\n---\n\n[글][가]\n\n[가]: http://a.example\n"
    html = html_of(text)
    assert '<details class="front"><summary>머리말</summary><div data-source="">---\ntitle: 가\n---\n</div></details>' in html
    assert html_of(text, (4, 9)).startswith('<details class="front" open><summary>'), "where words in it are marked it is not folded"
    assert '<div data-source="">[가]: http://a.example\n</div>' in html and ">글</a>" in html


def test_a_line_at_the_top_of_a_note_folds_nothing() -> None:
    html = html_of("---\n\n첫 글\n\n---\n")
    assert html == '<hr><p dir="auto">첫 글</p><hr>'


def test_the_place_is_tinted_where_its_blocks_are() -> None:
    text = "# 가\n\n나\n\n- 다\n- 라\n\n| 마 | 바 |\n|---|---|\n| 사 | 아 |\n"
    here = [element.text for element in tree_of(html_of(text, place=(text.index("라"), text.index("|---")))).of("here")]
    assert here == ["라", "마바"]


# The exact words


@pytest.mark.parametrize(
    ("text", "cited", "shown"),
    [
        ("- **역전파(backprop)**는 기울기를 🙂 보낸다\n", "**역전파(backprop)**는 기울기를 🙂", "역전파(backprop)는 기울기를 🙂"),
        ("😀𝒳 앞 `코드 조각` 뒤", "코드 조", "코드 조"),
        ("## 정의와 *뜻* ##", "의와 *뜻*", "의와 뜻"),
        ("| 가 | 나 \\| 다 |\n|--|--|\n| 가 | **나** |\n", "나 \\| 다 |", "나 | 다"),
        ("> 1. 첫째\n>    줄 둘\n> 2. 둘째\n", "첫째\n>    줄 둘", "첫째줄 둘"),
        ("[학습률](https://a.example)은 작다", "률](https://a.example)은", "률은"),
        ("가 $x^2+1$ 나", "$x^2+1$ 나", "x^2+1 나"),
        ("가 $x^2+1$ 나", "^2", "^2"),
        ("$$\nE=mc^2\n$$\n", "E=mc^2", "\nE=mc^2\n"),
        ("$$\nE=mc^2\n$$\n", "mc", "mc"),
        ("a \\* b &amp; c", "\\* b &amp;", "* b &"),
        ("a \\* b &amp; c", "&am", "&am"),
        ("```\n첫 줄\n\n  둘째 줄\n```\n", "줄\n\n  둘째", "줄\n\n  둘째"),
        ("제목\n===\n\n글", "제목", "제목"),
        ("가<br>나 <http://a.example> 다", "<http://a.example> 다", "http://a.example 다"),
        ("\t들여 쓴\n\t코드\n", "쓴\n\t코", "쓴\n코"),
        ("[가]: http://a.example\n\n글", "http://a", "http://a"),
        ("![그림 설명](a.png) 뒤", "![그림 설명](a.png)", "그림 설명"),
        ("![그림 설명](a.png) 뒤", "설명", "설명"),
        ("[가](http://a.example/뜻)", "뜻", "뜻"),
        ("- 가 나\n\n\t\t코드\n", "나\n\n\t\t코드", "나\n\n\t\t코드"),
        ("> | 가 | 나 |\n> |--|--|\n> | **다** | 라 |\n", "**다**", "다"),
        ("- 가\n- 나\n\t다\n", "가\n- 나\n\t다", "가\n- 나\n\t다"),
    ],
)  # fmt: skip
def test_the_words_cited_are_the_words_marked(text: str, cited: str, shown: str) -> None:
    start = text.index(cited)
    html = html_of(text, (start, start + len(cited)))
    assert evidence(html) == shown
    assert is_safe(html)


WORDS = st.text(st.sampled_from("가나다라abc😀𝒳é"), min_size=1, max_size=5)


@dataclass(frozen=True)
class Written:
    """Markdown, and for each of its characters whether it is seen."""

    text: str
    seen: tuple[bool, ...]

    def __add__(self, other: Written) -> Written:
        return Written(self.text + other.text, self.seen + other.seen)


def sign(text: str) -> Written:
    return Written(text, (False,) * len(text))


def word(text: str) -> Written:
    return Written(text, (True,) * len(text))


def joined(parts: list[Written], between: str) -> Written:
    out = parts[0]
    for part in parts[1:]:
        out = out + sign(between) + part
    return out


pieces = st.one_of(
    WORDS.map(word),
    WORDS.map(lambda each: sign("**") + word(each) + sign("**")),
    WORDS.map(lambda each: sign("`") + word(each) + sign("`")),
    WORDS.map(lambda each: sign("[") + word(each) + sign("](https://a.example/x)")),
    WORDS.map(lambda each: sign("\\") + word("*") + word(each)),
)
phrases = st.lists(pieces, min_size=1, max_size=5).map(lambda each: joined(each, " "))
nodes = st.one_of(
    phrases,
    phrases.map(lambda each: sign("## ") + each),
    st.lists(phrases, min_size=1, max_size=3).map(lambda each: sign("- ") + joined(each, "\n- ")),
    st.lists(phrases, min_size=2, max_size=2).map(lambda each: sign("> ") + joined(each, "\n> ")),
    st.lists(phrases, min_size=2, max_size=2).map(lambda each: sign("| ") + joined(each, " | ") + sign(" |\n|---|---|")),
    st.lists(WORDS.map(word), min_size=1, max_size=3).map(lambda each: sign("```\n") + joined(each, "\n") + sign("\n```")),
)
notes = st.lists(nodes, min_size=1, max_size=4).map(lambda each: joined(each, "\n\n") + sign("\n"))


@settings(max_examples=150, deadline=None)
@given(notes, st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=3))
def test_of_well_formed_markdown_exactly_the_seen_characters_of_the_spans_are_marked(written: Written, drawn: list[Interval]) -> None:
    text = written.text
    spans = merged([(min(pair), max(pair)) for pair in drawn], 0, len(text))
    html = html_of(text, *spans)
    assert is_safe(html)
    if "data-source" in html:  # the whole span lies in what is not seen, or cuts a sign: shown as it is written
        assert any(not all(written.seen[a:b]) for a, b in spans)
        return
    wanted = "".join(char for a, b in spans for char, seen in zip(text[a:b], written.seen[a:b], strict=True) if seen)
    found = evidence(html)
    cut = any((text[a : a + 1] == "*" and text[a - 1 : a] == "\\") or text[b - 1 : b + 1] == "\\*" for a, b in spans)
    assert re.sub(r"\s|\\", "", found) == re.sub(r"\s|\\", "", wanted) if cut else squeezed(found) == squeezed(wanted)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


SIGNS = [
    *"*_`~#>-+|[]()!<>\\$:=.&;\"' \n\t",
    "\n\n",
    "**",
    "```\n",
    "$$",
    "\\(",
    "\\)",
    "](http://x)",
    "- ",
    "1. ",
    "> ",
    "|-|-|\n",
    "&amp;",
    "\\*",
]
LETTERS = "가나다라마바사아자차카타파하고노도로모보소오조초코토포호BCDEFGIJ😀𝒳éñ"


@st.composite
def soups(draw: st.DrawFn) -> str:
    """Signs in any order around letters of which each stands once."""
    letters = iter(draw(st.permutations(LETTERS)))
    parts = draw(st.lists(st.one_of(st.sampled_from(SIGNS), st.just("")), max_size=60))
    return "".join(part or next(letters, "") for part in parts)


@settings(max_examples=300, deadline=None)
@given(soups(), st.tuples(st.integers(0, 80), st.integers(0, 80)))
@example("| 가 \\| 나 | ", (2, 9))
@example("> - ```\n>   가\n", (0, 20))
def test_whatever_the_signs_no_letter_outside_the_span_is_marked_and_none_inside_is_left_bare(text: str, drawn: Interval) -> None:
    start, end = min(*drawn, len(text)), min(max(drawn), len(text))
    html = html_of(text, (start, end))
    assert is_safe(html)
    whole = letters_in(tree_of(html).elements[0].text)
    inside = letters_in(evidence(html))
    assert inside == "".join(char for char in letters_in(text[start:end]) if char in whole)
    if text[start:end].strip():
        assert squeezed(evidence(html))


def letters_in(text: str) -> str:
    return "".join(char for char in text if char in LETTERS)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(SIGNS), max_size=40).map("".join),
    st.tuples(st.integers(0, 200), st.integers(0, 200)),
)
def test_any_text_is_shown_safely(text: str, drawn: Interval) -> None:
    assert is_safe(html_of(text, (min(drawn), max(drawn))))


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, "*a " * 30_000, "> " * 20_000 + "a", "`" * 9_000 + "a", "\\(" * 4_900, "$a" * 4_900, "![" * 4_900, "<" * 9_900,
     "- " * 5_000 + "a",
     "|a" * 5_000 + "|\n" + "|-" * 5_000 + "|\n|b|\n" * 500, "_a*" * 3_300, "[a](" * 2_400, "&#" * 4_900, "~~a" * 3_300,
     "`a` " * 20_000, "`**a `" * 30_000, "**a " * 30_000],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_no_note_takes_long(text: str) -> None:
    target = Target("a.md", 0, 5, ((0, 5),), digest([text[:5]] * 2))
    start = time.process_time()
    html_of(text, (0, 5))
    html_note.note(Document("a.md", "A", text), target, "ko", Look("source"))
    assert time.process_time() - start < 15


def test_escaping_is_that_of_the_library() -> None:
    assert (
        html_of('<img src=x onerror="a()"> &lt;b&gt;') == f'<p dir="auto">{escape("<img src=x onerror=")}&quot;a()&quot;&gt; &lt;b&gt;</p>'
    )
