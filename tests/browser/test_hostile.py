"""Notes that attack, that are endless or that reorder text: safe in the answer, the sources, the drawer and among earlier answers."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest

from index.types import Document
from tests.browser.conftest import Open, Site
from tests.browser.test_note import open_source, shelve
from tests.browser.test_page import ask, fits, source, text_of
from ui.html_note import digest

pytestmark = pytest.mark.browser

ATTACKS = (
    "<script>window.harm=1</script>",
    '<img src=x onerror="window.harm=1">',
    "[눌러](javascript:window.harm=1)",
    "[눌러](JaVaScRiPt&#58;window.harm=1)",
    "<javascript:window.harm=1>",
    "![그림](https://evil.example/a.png)",
    "![그림](data:image/svg+xml;base64,PHN2Zz4=)",
    "[자료](data:text/html,<script>window.harm=1</script>)",
    "$\\href{javascript:window.harm=1}{x}$",
    "$\\text{<img src=x onerror=window.harm=1>}$",
    "<style>body{display:none}</style>",
    '<iframe src="https://evil.example"></iframe>',
    "&lt;script&gt;window.harm=1&lt;/script&gt;",
    "[a]: javascript:window.harm=1",
    '[밖](https://evil.example/"onclick="window.harm=1 "제목\\"onmouseover=window.harm=1")',
    "<a href=x onclick=window.harm=1>b</a>",
)
SURROUNDED = "위험한 노트의 글"


def hostile() -> Document:
    attacks = "\n\n".join(ATTACKS)
    text = f"# <img src=x onerror=window.harm=1>\n\n{SURROUNDED} {ATTACKS[0]}{ATTACKS[1]}\n\n{attacks}\n\n```\n{ATTACKS[0]}\n```\n"
    return Document("week01/<b onmouseover=window.harm=1>.md", "<script>window.harm=1</script>", text)


LIVE = ":is(script, img, iframe, style, object, embed, [onclick], [onerror], [onmouseover])"


def is_unharmed(page: Any) -> bool:
    page.wait_for_timeout(150)
    found = page.locator(", ".join(f"{part} {LIVE}" for part in ("#answer", "#sources", "#note", "#trail"))).count()
    links = page.evaluate("[...document.querySelectorAll('#note a, #board a')].map(a => a.protocol)")
    return page.evaluate("window.harm") is None and found == 0 and set(links) <= {"https:", "http:", "mailto:"}


def test_a_note_that_attacks_is_text_everywhere(open_page: Open, site: Site) -> None:
    page = open_page()
    shelve(site, [hostile()])
    open_source(page, "위험한")
    page.wait_for_selector("#note .read")
    assert is_unharmed(page)
    assert text_of(page, "#note mark.evidence") == f"{SURROUNDED} {ATTACKS[0]}{ATTACKS[1]}"
    for attack in (ATTACKS[0], ATTACKS[2], ATTACKS[10], ATTACKS[11], ATTACKS[15]):
        assert attack in text_of(page, "#note .read")
    source(page)
    assert text_of(page, "#note .verse") == hostile().text
    assert is_unharmed(page)
    page.keyboard.press("Escape")
    page.wait_for_function("!history.state?.note")  # to go back and to load again at once is one too many for the browser

    page.reload()
    page.click("#trail .recall >> nth=0")
    page.wait_for_selector("#answer .recalled")
    page.click("#answer .origin")
    page.wait_for_selector("#note .read")
    assert text_of(page, "#note mark.evidence") == f"{SURROUNDED} {ATTACKS[0]}{ATTACKS[1]}"
    assert is_unharmed(page)


@pytest.mark.parametrize("shape", ["lines", "table", "one line"])
def test_ten_megabytes_open_at_their_place_in_reasonable_time(open_page: Open, site: Site, shape: str) -> None:
    filler = {"lines": "- 채우는 *글*이다\n\n", "table": "| 가 | 나 | 다 |\n", "one line": "채우는 글 "}[shape]
    head = "| a | b | c |\n|---|---|---|\n" if shape == "table" else ""
    half = filler * (5_000_000 // len(filler))
    needle = {"lines": "\n\n😀 찾는 보물은 여기\n\n", "table": "| 찾는 보물은 | 여기 | 끝 |\n", "one line": "😀 찾는 보물은 여기"}[shape]
    text = head + half + needle + half
    document = Document("week01/huge.md", "큰 노트", text)
    start = text.index("찾는 보물은")
    page = open_page()  # before the note is there: the pipeline of the tests would cut it into passages
    shelve(site, [document])
    words = text[start : start + 6]
    place = {"doc": document.doc_id, "start": start, "end": start + 6, "spans": [[start, start + 6]], "check": digest([words, words])}
    page.evaluate(
        """(place) => {
          const button = document.createElement('button');
          button.id = 'huge';
          button.dataset.open = JSON.stringify(place);
          document.querySelector('#answer').append(button);
        }""",
        place,
    )
    began = time.monotonic()
    page.locator("#huge").dispatch_event("click")
    page.wait_for_selector("#note mark.evidence")
    assert time.monotonic() - began < 6
    assert text_of(page, "#note mark.evidence") == "찾는 보물은"
    box, seen = page.locator("#note mark.evidence").bounding_box(), page.locator("#note .sheet-body").bounding_box()
    assert seen["y"] <= box["y"] <= seen["y"] + seen["height"]
    assert page.evaluate("document.querySelector('#note .sheet-body').textContent.length") < 500_000


def test_text_that_reorders_stays_in_its_own_line(open_page: Open, site: Site) -> None:
    override = "\u202e"
    document = Document(f"week02/{override}gpj.md", f"{override}제목", f"# 가\n\n{override}뒤집는 보물 글\n\n다음 줄 그대로\n")
    shelve(site, [document])
    page = open_page()
    open_source(page, "보물")
    page.wait_for_selector("#note .read")
    assert text_of(page, "#note mark.evidence") == f"{override}뒤집는 보물 글"
    left = """(selector) => {
      const range = document.createRange(), node = document.querySelector(selector);
      const text = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
      let at = text.nextNode();
      while (at && !at.data.trim()) at = text.nextNode();
      const x = (n) => { range.setStart(at, n); range.setEnd(at, n + 1); return range.getBoundingClientRect().left; };
      return x(at.data.length - 1) > x(0);
    }"""
    assert page.evaluate(left, "#note .read p:last-child"), "the next paragraph runs from left to right"
    assert page.evaluate(left, "#note .close") and page.evaluate(left, "#note .shapes button")
    page.keyboard.press("Escape")
    for ours in ("#sources .cited .where", "#sources .cited .open", "#answer .origin .where"):
        assert page.evaluate(left, ours), f"{ours} is not reordered by the name before it"


def test_right_to_left_notes_run_from_the_right(open_page: Open, site: Site) -> None:
    text = "# שלום\n\nהתשובה treasure כאן\n\n- פריט\n"
    shelve(site, [Document("he.md", "שלום עולם", text)])
    page = open_page()
    open_source(page, "treasure")
    page.wait_for_selector("#note .read")
    directions = page.evaluate("[...document.querySelectorAll('#note .read :is(h3, p, li > div)')].map(e => getComputedStyle(e).direction)")
    assert directions == ["rtl"] * 3
    assert text_of(page, "#note mark.evidence") == "התשובה treasure כאן"


def test_decomposed_names_and_astral_letters_are_shown_and_marked(open_page: Open, site: Site) -> None:
    name = unicodedata.normalize("NFD", "한글 이름")
    text = f"# 👩‍👩‍👧‍👦 {name}\n\n𝒳𝒴 😀 **보물(treasure)**은 e\u0301 여기 🇰🇷\n"
    shelve(site, [Document(f"week03/{name}.md", name, text)])
    page = open_page()
    open_source(page, "treasure")
    page.wait_for_selector("#note .read")
    assert text_of(page, "#note mark.evidence") == "𝒳𝒴 😀 보물(treasure)은 e\u0301 여기 🇰🇷"
    assert page.inner_text("#note h2") == name


def test_a_huge_table_and_a_long_word_stay_in_the_window(open_page: Open, site: Site) -> None:
    rows = "\n".join("| " + " | ".join(f"칸{row}-{n}" for n in range(30)) + " |" for row in range(150))
    text = f"# 표\n\n보물 표\n\n| {' | '.join(f'열{n}' for n in range(30))} |\n|{'---|' * 30}\n{rows}\n\n{'길' * 3000}\n"
    shelve(site, [Document("t.md", "표", text)])
    page = open_page(width=390, height=844)
    ask(page, "보물")
    assert fits(page)
    page.click("#sources .cited .open")
    page.wait_for_selector("#note .read table")
    assert page.locator("#note .read tbody tr").count() == 150
    assert fits(page) and page.locator("#note .sheet-body").evaluate("e => e.scrollWidth <= e.clientWidth")
