"""The view in which one studies, as HTML: what is said, and that notes come out as text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from re import findall

import pytest

from index.types import Document, Filter, Locator
from rag.citations import Citation
from rag.study.book import Day, Kept
from rag.study.cards import Card
from rag.study.desk import Desk
from rag.study.overview import overview
from tests.rag.study_notes import NOTES
from ui import html_study
from ui.i18n_study import EN, KO

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SITTING = html_study.Sitting(NOW)
QUOTE = "**손실**은 <b>얼마나</b> 틀렸는지 잰 값이다."
CARD = Card("definition:손실:1", "definition", "손실<b>이란?", ("<b>얼마나</b> 틀렸는지 잰 값",), "노트 & 손실", ("정의",), Locator(3),
            (Citation("week1/a.md", 10, 10 + len(QUOTE), QUOTE, "", ""),))  # fmt: skip
LIST = replace(CARD, key="list:연산:2", kind="list", front="연산은?", back=("하나", "둘"))
GAP = replace(CARD, key="cloze:손실:3", kind="cloze", front="____은(는) 잰 값이다", back=("손실",))
INTERVALS = {1: timedelta(minutes=1), 2: timedelta(minutes=6), 3: timedelta(minutes=10), 4: timedelta(days=8)}


def desk(*cards: Card, kept: dict[str, Kept] | None = None, day: Day | None = None) -> Desk:
    return Desk(cards or (CARD, LIST, GAP), (), (), kept or {}, day or Day())


@pytest.mark.parametrize(
    ("time", "korean", "english"),
    [
        (timedelta(seconds=5), "1분", "1 min"), (timedelta(minutes=10), "10분", "10 min"), (timedelta(minutes=59.6), "1시간", "1 h"),
        (timedelta(hours=5), "5시간", "5 h"), (timedelta(days=1), "1일", "1 d"), (timedelta(days=29), "29일", "29 d"),
        (timedelta(days=45), "2개월", "2 mo"), (timedelta(days=365), "1년", "1 y"), (timedelta(days=550), "1.5년", "1.5 y"),
    ],
)  # fmt: skip
def test_times_are_told_in_few_words(time: timedelta, korean: str, english: str) -> None:
    assert (html_study.apart(time, "ko"), html_study.apart(time, "en")) == (korean, english)


def test_a_card_hides_its_answer_and_says_what_each_button_does() -> None:
    html = html_study.quiz(desk(), CARD, INTERVALS, SITTING, "ko")
    assert "손실&lt;b&gt;이란?" in html and "<b>이란" not in html
    assert '<div class="study-told" hidden>' in html and "&lt;b&gt;얼마나&lt;/b&gt; 틀렸는지 잰 값" in html
    buttons = findall(r'data-rating="(\d)" data-seen="0"><kbd aria-hidden="true">\d</kbd><b>(.+?)</b><span>(.+?)</span>', html)
    assert buttons == [("1", KO.again, "1분"), ("2", KO.hard, "6분"), ("3", KO.good, "10분"), ("4", KO.easy, "8일")]
    assert findall(r"<dd>(.+?)</dd>", html) == ["0", "3", "0"]
    assert "노트 &amp; 손실" in html and 'aria-valuenow="0"' in html


def test_the_place_of_an_answer_is_its_words() -> None:
    opened = findall(r'data-open="(.+?)"', html_study.source(CARD, "ko"))
    place = json.loads(unescape(opened[0]))
    start = 10 + QUOTE.index(CARD.back[0])
    assert (place["doc"], place["start"], place["end"]) == ("week1/a.md", 10, 10 + len(QUOTE))
    assert place["spans"] == [[start, start + len(CARD.back[0])]]
    assert json.loads(unescape(findall(r'data-open="(.+?)"', html_study.source(LIST, "ko"))[0]))["spans"] == [[10, 10 + len(QUOTE)]]


def test_a_gap_is_drawn_and_read_as_one() -> None:
    assert html_study.front(GAP) == '<span class="gap" role="img" aria-label="…"></span>은(는) 잰 값이다'


def test_items_of_a_list_are_counted_and_shown_apart() -> None:
    html = html_study.quiz(desk(), LIST, INTERVALS, SITTING, "en")
    assert f"<small>{EN.items.format(count=2)}</small>" in html
    assert '<ol><li dir="auto">하나</li><li dir="auto">둘</li></ol>' in html


def test_the_end_says_when_it_goes_on_and_offers_more() -> None:
    kept = {CARD.key: Kept(CARD, False, NOW + timedelta(days=3), False, 2)}
    html = html_study.quiz(desk(CARD, kept=kept, day=Day(2, 1)), None, {}, SITTING, "ko")
    assert KO.finished in html and KO.next_due.format(when="3일") in html and "data-do" not in html
    more = html_study.quiz(desk(CARD, GAP, kept=kept, day=Day(25, 20)), None, {}, replace(SITTING, filtered=True), "en")
    assert EN.finished_here in more and EN.more.format(count=1) in more and "25 answers today" in more
    assert 'data-do="more" data-more="1"' in more
    assert 'data-more="11"' in html_study.quiz(desk(CARD, GAP, kept=kept, day=Day(30, 30)), None, {}, SITTING, "ko")


def test_all_cards_say_when_they_come_again() -> None:
    later = Kept(LIST, False, NOW + timedelta(days=3), False, 1)
    due = Kept(GAP, False, NOW - timedelta(days=1), False, 1)
    html = html_study.cards(desk(kept={LIST.key: later, GAP.key: due}), Filter(weeks=(3,)), NOW, "ko")
    assert findall(r'study-state"><span>(.+?)</span>', html) == [KO.state_new, "3일 뒤", KO.state_due]
    assert json.loads(unescape(findall(r'data-kept="(.+?)"', html)[0])) == {"weeks": [3]}
    assert html.count('data-do="out"') == 3 and html.count("<h3>") == 1


def test_cards_put_by_can_be_taken_in_and_resting_ones_not() -> None:
    html = html_study.cards(Desk((), (CARD,), (GAP,), {}, Day()), Filter(), NOW, "en")
    assert html.count('data-do="in"') == 1 and 'data-do="out"' not in html and "data-export" not in html
    assert EN.out in html and EN.resting in html and EN.resting_note in html
    assert html.count("data-open") == 1


def test_a_long_list_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_study, "MOST", 2)
    html = html_study.cards(desk(), Filter(), NOW, "ko")
    assert html.count('study-row"') == 2 and KO.cut.format(count=2) in html and "카드 3장" in html


def test_what_cannot_be_shown_is_said() -> None:
    assert KO.nothing in html_study.nothing(False, "ko") and KO.none_here in html_study.nothing(True, "ko")
    assert "&lt;x&gt;" in html_study.problem("제목", "<x>", "ko") and 'data-do="retry"' in html_study.problem("제목", "x", "ko")
    assert 'aria-valuenow="50"' in html_study.making(0.5, "ko") and KO.making in html_study.making(None, "ko")


def test_notes_at_a_glance_come_out_as_text() -> None:
    nasty = Document("n.md", "<i>제목</i>", "# <i>제목</i>\n\n## 절\n\n손실 함수는 예측이 얼마나 틀렸는지 '재는' & 나타내는 함수이다.\n")
    found = overview([*NOTES, nasty], str.split)
    html = html_study.overview(found, "ko")
    assert html.count("glance-note") == 3 and "&lt;i&gt;제목" in html and "<i>제목" not in html
    assert html.count("data-open") == sum(len(glance.points) for glance in found)
    assert KO.overview_none in html_study.overview([], "ko")
