"""What the view that measures shows: counts in words, the verdict that the figures allow, and nothing of a note unescaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from index.index import Index
from index.job import Standing
from index.morphemes import Analyser
from rag.drafting.draft import Draft
from rag.drafting.gold_file import Gold, Piece
from rag.evaluation.compare import pairs_of, significance
from rag.evaluation.datasets import Context, Evidence, Question
from rag.evaluation.report import HitRow, QuestionRow, Report, Table
from rag.evaluation.setups import SHOWN, Setup
from rag.types import Span
from tests.rag.samples import memory_index
from ui import html_measure, html_own, html_sides
from ui.bench import Bench, Choice, Outcome
from ui.count import Count
from ui.html_gold import gold_button
from ui.i18n_measure import EN, KO

HARM = '<script>window.harm=1</script><img src=x onerror="window.harm=1">'
NOTES = {"풀링.md": f"최대 풀링은 큰 값을 남긴다 {HARM}.", "b.md": "드롭아웃은 뉴런을 끈다."}
METRICS = ("hit@1", "hit@3", "hit@5", "hit@10", "hit@20")


class Still:
    """A pipeline that is never asked: only its index is looked at."""

    def __init__(self, index: Index) -> None:
        self.index = index


@pytest.fixture
def bench(analyser: Analyser, tmp_path: Path) -> Bench:
    still: Any = Still(memory_index(analyser, NOTES))
    return Bench(lambda: still, tmp_path / "index")


def ranked(system: str, name: str, rank: int | None, kind: str = "factoid") -> QuestionRow:
    """A row whose right passage stands at that rank of five."""
    hits = tuple(HitRow("풀링.md", 0, len(NOTES["풀링.md"]), 1 / place, int(place == rank)) for place in range(1, 6))
    found = {metric: float(rank is not None and rank <= int(metric[4:])) for metric in METRICS}
    return QuestionRow(
        system, name, kind, "dev", {SHOWN: found["hit@5"], **found, "MRR@10": 1 / rank if rank else 0.0, "nDCG@10": 0.0}, hits
    )


def outcome(rows: Sequence[QuestionRow], setups: tuple[Setup, ...] = (Setup(),), generation: int = 1, **more: Any) -> Outcome:
    report = Report({}, more.pop("tables", ()), tuple(rows))
    ids = dict.fromkeys(row.question_id for row in rows)
    evidence = (Evidence("풀링.md", NOTES["풀링.md"]),)
    questions = {name: Question(name, f"{name} {HARM}", ("큰 값",), evidence, "factoid") for name in ids}
    settings: dict[str, Any] = {"contexts": {}, "name": HARM, "split": "dev", "seconds": 3.0, "answers": False} | more
    return Outcome(report, setups, questions, generation=generation, **settings)


def text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_a_run_is_told_in_counts_of_questions() -> None:
    ranks = [1, 1, 1, 2, 3, 20, None, 1]
    html = html_measure.run_result(outcome([ranked("hybrid", f"q{at}", rank) for at, rank in enumerate(ranks)]), "ko")
    assert "8문항 중 4문항은 맞는 단락이 맨 위에 있습니다" in text(html)
    assert "위의 5개 안에는 6문항이 있습니다" in text(html)
    assert "50.0 % 95 % 구간 22–78 %" in text(html)
    counts = re.findall(r"<summary>([^<]+) <span>(\d+)</span>", html)
    assert counts == [(KO.group_missed.format(k=5), "2"), (KO.group_low, "2"), (KO.group_top, "4")]
    assert html.count('<div class="panel"') >= 2


def test_answers_and_their_confidence_are_told() -> None:
    answered = [
        QuestionRow("pipeline", name, "factoid", "dev", metrics)
        for name, metrics in {
            "q0": {"F1": 1.0, "EM": 1.0, "confidence": 0.9, "refused answerable": 0.0},
            "q1": {"F1": 0.0, "EM": 0.0, "confidence": 0.2, "refused answerable": 1.0},
            "q2": {"refused unanswerable": 1.0, "confidence": 0.1},
        }.items()
    ]
    table = Table("confidence", ("measure", "questions", "value"), (("ECE", 2, 0.123),))
    rows = [*(ranked("hybrid", f"q{at}", 1) for at in range(2)), *answered]
    said = text(html_measure.run_result(outcome(rows, answers=True, tables=(table,)), "en"))
    assert "Answered right: 1 of 2 answerable questions" in said
    assert "Rightly refused: 1 of 1 question without an answer" in said
    assert "off by 12.3 points on average. It should be taken with care." in said


def compared(first: Sequence[int | None], second: Sequence[int | None]) -> Outcome:
    rows = [ranked(side, f"q{at}", rank) for side, ranks in (("a", first), ("b", second)) for at, rank in enumerate(ranks)]
    tables = (significance(pairs_of(rows), (SHOWN, "hit@1", "MRR@10", "nDCG@10")),)
    return outcome(rows, (Setup("hybrid", 5), Setup("dense", 5)), tables=tables)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [([1] * 12, [None] * 12, KO.better_a), ([None] * 12, [1] * 12, KO.better_b), ([1] * 12, [1] * 11 + [2], KO.no_difference)],
)
def test_a_comparison_says_what_its_test_allows(first: list[int | None], second: list[int | None], verdict: str) -> None:
    html = html_measure.compare_result(compared(first, second), "ko")
    assert re.findall(r'<h3 class="verdict \w+">([^<]+)</h3>', html) == [verdict]


def test_a_difference_at_the_top_alone_leads() -> None:
    said = text(html_measure.compare_result(compared([1] * 12, [2] * 12), "en"))
    top, shown = (
        said.index("Questions whose first passage is right: A 100.0 %, B 0.0 %"),
        said.index("Questions whose right passage is shown"),
    )
    assert said.index(EN.better_a) < top < shown
    assert "chance would part them this far 0.05 times in 100 (p &lt; .001)" in said
    assert EN.wins_said.format(won=Count(12), lost=Count(0), same=Count(0)) in said


def test_a_question_is_opened_with_both_rankings_and_its_gold(bench: Bench) -> None:
    found = compared([2], [None])
    html = html_sides.sides_html(bench, found, "q0", "ko")
    assert html.count("<section>") == 2 and html.count('class="found gold"') == 1
    assert re.findall(r'<span class="rank">(\d)</span><span class="badge">', html) == ["2"]
    assert text(html).count(KO.gold_elsewhere) == 1
    assert "harm=1&lt;/script&gt;" in html and "<script" not in html and "<img" not in html
    assert html.count("data-open=") == 1 + 2 * 10
    assert KO.index_changed in html_sides.sides_html(bench, outcome(found.report.rows, found.setups, generation=9), "q0", "ko")
    assert KO.gone_question in html_sides.sides_html(bench, found, "none", "ko")


def test_a_place_is_seen_in_the_passage_that_holds_most_of_it(bench: Bench) -> None:
    index: Any = bench.pipeline().index
    passages = index.passages(range(len(index)))
    assert [each.doc_id for each in passages] == sorted(NOTES)
    assert [bench.around(each.doc_id, each.start + 1, each.end + 9) for each in passages] == passages
    nowhere = bench.around("b.md", 1000, 1001)
    assert nowhere and (nowhere.doc_id, nowhere.start, nowhere.text) == ("b.md", 1000, "")
    assert bench.around("c.md", 0, 1) is None


def test_a_set_with_passages_shows_those(bench: Bench) -> None:
    row = QuestionRow("hybrid", "q0", "", "", {"hit@1": 1.0, "MRR@10": 1.0}, (HitRow("c1", 0, 3, 1.0, 1), HitRow("c2", 0, 3, 0.5, 0)))
    contexts = {"c1": Context("c1", "제목", HARM), "c2": Context("c2", "", "둘")}
    html = html_sides.sides_html(bench, outcome([row], contexts=contexts), "q0", "en")
    assert "제목" in html and "harm=1&lt;/script&gt;" in html and "<script" not in html


def test_nothing_of_a_note_or_a_file_reaches_the_page_unescaped(bench: Bench) -> None:
    run = html_measure.run_result(outcome([ranked("hybrid", f"q{HARM}", 1, kind=HARM)]), "ko")
    comparison = html_measure.compare_result(compared([1], [2]), "en")
    span = Span("풀링.md", 0, len(NOTES["풀링.md"]), NOTES["풀링.md"])
    golds = [
        Gold(HARM, HARM, (HARM,), "drafted", HARM, (Piece("풀링.md", span.quote, "whole", span),)),
        Gold(HARM, HARM, (HARM,), "accepted", HARM, (Piece(HARM, HARM, "gone", None), Piece("풀링.md", span.quote, "moved", span))),
    ]
    own = html_own.draft_html(golds, bench, "ko") + html_own.gold_html(golds, Path(HARM), bench, "ko")
    told = html_measure.choice_name(Choice("file", HARM, 3, ()), "ko"), html_measure.problem(HARM, "ko", crashed=True)
    for html in (run, comparison, own, told[1], gold_button("&quot;", "ko")):
        assert "<script" not in html and "<img" not in html
    assert KO.is_stale in own and KO.is_moved in own and KO.stale_note.format(count=1) in own
    assert "harm=1&lt;/script&gt;" in own


def test_a_draft_is_shown_with_its_answer_marked(bench: Bench) -> None:
    draft = Draft("definition", "definition", "무엇을 끄나?", ("뉴런",), "b.md", NOTES["b.md"], 0)
    bench.gold.add([draft], bench.pipeline().index)
    html = html_own.draft_html(bench.golds(), bench, "ko")
    assert re.findall(r'<mark class="evidence">(.*?)</mark>', html) == ['<span class="match">뉴런</span>']
    assert KO.drafted_left.format(count=1) in html and draft.id in html
    assert html_own.waiting(bench.golds()) == 1


@pytest.mark.parametrize(("left", "said"), [(None, KO.left_unknown), (0.2, "약 1초 남음"), (44.4, "약 44초 남음"), (200.0, "약 3분 남음")])
def test_progress_tells_the_stage_and_the_time_left(left: float | None, said: str) -> None:
    html = html_measure.progress("compare", Standing("b retrieve lexical", 3, 150, 0.42, left), "ko")
    assert said in html and 'aria-valuenow="42"' in html and "data-cancel" in html
    assert "B · 단락 찾기 · 낱말로 · 3 / 150" in text(html)


def test_what_the_test_split_is_for_is_said_where_it_is_picked() -> None:
    choices = [Choice("index", "questions.jsonl", 3, ("dev", "test"))]
    assert KO.test_once in html_measure.told(choices, "test", "ko")
    assert KO.test_once not in html_measure.told(choices, "dev", "ko")
    assert KO.no_gold in html_measure.told([], "", "ko")
