"""The evaluation as a page: every figure stands there, the charts draw what was measured, and nothing of a report becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from rag.evaluation.evaluate import grouped
from rag.evaluation.metrics import calibration_error, judge, ranking_metrics, risk_area
from rag.evaluation.report import HitRow, QuestionRow, Report, Table
from rag.evaluation.stats import proportion_interval
from tests.ui.parse import Tree, parse
from ui import html_questions, plots
from ui.html_report import ASSETS, report_html
from ui.html_table import number, table_html
from ui.i18n import LANGS, Lang
from ui.i18n_report import EN, KO, definition, word
from ui.plots import Axis, Bar, BarGroup, Line
from ui.report_figures import answer_figures, cut, first_rank, interval_of, judgements, retrieval_figures
from ui.view import width

KS = (1, 3, 5)
NASTY = '</script><script>window.harm=1</script><img src=x onerror="harm()"> $\\frac{a}{b}$ {0} &lt;b&gt; \x00\x07\ud800'


def ranked(system: str, number: int, place: int | None, kind: str = "factoid", split: str = "test", doc_id: str = "a.md") -> QuestionRow:
    """A ranking of five in which the hit at `place` is the relevant one."""
    ids = [f"{doc_id}#{at}" for at in range(1, 6)]
    judged = judge(ids, {f"{doc_id}#{place}": 1} if place else {"elsewhere": 1})
    hits = tuple(HitRow(doc_id, 100 * at, 100 * at + 50, 1 - at / 10 + number / 1000, gain) for at, gain in enumerate(judged.gains))
    return QuestionRow(system, f"q-{number}", kind, split, ranking_metrics(judged, KS), hits)


def answered(number: int, f1: float | None, confidence: float, refused: bool = False, kind: str = "factoid") -> QuestionRow:
    found = {"confidence": confidence}
    found |= (
        {"refused unanswerable": float(refused)} if f1 is None else {"EM": float(f1 == 1), "F1": f1, "refused answerable": float(refused)}
    )
    return QuestionRow("pipeline", f"q-{number}", kind, "test", found, ())


def ranked_rows() -> list[QuestionRow]:
    """Twelve questions: hybrid finds all but two at once, dense a rank later, and not the last three."""
    rows = [ranked("hybrid", at, 1 if at < 10 else 2, "factoid" if at % 2 else "list") for at in range(12)]
    return rows + [ranked("dense", at, 2 if at < 9 else None, "factoid" if at % 2 else "list") for at in range(12)]


def answered_rows() -> list[QuestionRow]:
    """Twelve answers, the confident ones right; two refusals; an answer where there is none."""
    rows = [answered(at, 1.0 if at >= 6 else 0.25, 0.3 + at / 20, kind="factoid" if at % 2 else "list") for at in range(12)]
    rows += [answered(12, 0.0, 0.1, refused=True), answered(13, None, 0.05, refused=True, kind="unanswerable")]
    return [*rows, answered(14, None, 0.2, kind="unanswerable")]


def report(rows: list[QuestionRow] | None = None) -> Report:
    rows = [*ranked_rows(), *answered_rows()] if rows is None else rows
    tables = [*grouped("retrieval", [row for row in rows if row.hits]), *grouped("answers", [row for row in rows if not row.hits])]
    lines = (("hybrid - dense", "hit@1", 12, 0.25, 0.05, 0.5, 0.0002), ("hybrid - dense", "MRR@10", 12, -0.1, -0.3, 0.1, 0.4))
    compared = Table("retrieval compared", ("systems", "metric", "questions", "difference", "2.5 %", "97.5 %", "p"), lines)
    return Report({"encoder": "e5", "passages": 12345, "tokens per indexed passage": 105.891}, (*tables, compared), tuple(rows))


@cache
def html(lang: Lang = "ko") -> str:
    return report_html(report(), lang)


def page(lang: Lang = "ko") -> Tree:
    return parse(html(lang))


# The page


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_of_every_table_stands_on_the_page(lang: Lang) -> None:
    tree, told = page(lang), report()
    titles = [element.text for element in tree.elements if element.tag in ("h3", "summary")]
    assert {word(table.title, lang) for table in told.tables} <= set(titles)
    cells = [element.text for element in tree.elements if element.tag == "td"]
    shown = {number(cell) for table in told.tables for row in table.rows for cell in row if isinstance(cell, int | float)}
    assert shown <= set(cells) and "< .001" in cells
    assert {(f"{word('passages', lang)}12,345"), f"{word('tokens per indexed passage', lang)}105.9"} <= {
        element.text for element in tree.elements if element.tag == "div"
    }


def test_numbers_are_short_and_say_what_is_missing() -> None:
    assert [number(cell) for cell in (None, 0.12345, 105.891, 12345, 0.0, "<b>")] == ["–", "0.123", "105.9", "12,345", "0.000", "&lt;b&gt;"]
    assert number(float("nan")) == "nan"


def test_differences_have_their_interval_drawn_and_certain_ones_are_marked() -> None:
    spans = [element for element in page().elements if element.tag == "svg" and element.attributes.get("viewbox") == "0 0 100 14"]
    assert [element.classes for element in spans] == [["sure"], []]
    reach = re.findall(r'class="reach" d="M([\d.]+) 7H([\d.]+)"', html())
    assert [tuple(map(float, each)) for each in reach] == [(54.6, 96.0), (22.4, 59.2)]  # 50 + 46 · bound / 0.5


@pytest.mark.parametrize(("adjusted", "certain"), [(0.04, ["sure"]), (0.06, [])])
def test_a_corrected_p_says_which_difference_is_certain(adjusted: float, certain: list[str]) -> None:
    table = Table("compared", ("systems", "difference", "2.5 %", "97.5 %", "p", "p (Holm)"), (("a - b", 0.1, 0.01, 0.2, 0.01, adjusted),))
    spans = [element for element in parse(table_html(table, EN)).elements if element.tag == "svg"]
    assert [element.classes for element in spans] == [certain]


def test_a_lost_precision_is_no_small_p() -> None:
    assert "&lt; .001" not in table_html(Table("changed most", ("precision@1",), ((-1.0,), (1.0,))), EN)


@pytest.mark.parametrize("lang", LANGS)
def test_what_the_columns_mean_is_said_once(lang: Lang) -> None:
    terms = [element.text for element in page(lang).elements if element.tag == "dt"]
    for name in ("hit@k", "recall@k", "MRR@10", "F1", word("difference", lang)):
        assert terms.count(name) == 1
    assert "hit@1" not in terms


def test_the_page_asks_no_host_for_anything_and_runs_one_script() -> None:
    text = html()
    assert re.findall(r"https?:|//[a-z]+\.|@import|\bsrc=", text.split("<body>")[1]) == []
    assert {link.split(":")[0] for link in re.findall(r'href="([^"#]+)"', text)} == {"data"}
    assert set(re.findall(r"url\((.)", text)) == {"#"}
    scripts = re.findall(r"(?s)<script>(.*?)</script>", text)
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert len(scripts) == 1 and f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'" in text


def test_ids_are_unique_and_what_is_referred_to_is_there() -> None:
    text = html()
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#|popovertarget=")([^")]+)', text)) <= set(ids)


def test_the_same_report_gives_the_same_bytes_whatever_a_user_has_set() -> None:
    import matplotlib

    before = html()
    with matplotlib.rc_context({"svg.fonttype": "path", "lines.linewidth": 9, "axes.grid": True, "text.usetex": True}):
        assert report_html(report()) == before
        assert matplotlib.rcParams["lines.linewidth"] == 9


def test_nothing_of_a_report_becomes_markup() -> None:
    plain = report()
    rows = tuple(
        replace(
            row, system=row.system + NASTY, question_id=row.question_id + NASTY, kind=row.kind + NASTY, split=NASTY,
            hits=tuple(hit._replace(doc_id=NASTY) for hit in row.hits),
        )
        for row in plain.rows
    )  # fmt: skip
    tables = tuple(
        Table(NASTY + table.title, (NASTY, *table.columns), tuple((NASTY, *row) for row in table.rows)) for table in plain.tables
    )
    nasty = report_html(Report({NASTY: NASTY}, tables, rows), questions={row.question_id: NASTY for row in rows})
    found, wanted = parse(nasty), parse(report_html(plain, questions={row.question_id: "q" for row in plain.rows}))
    assert {element.tag for element in found.elements} <= {element.tag for element in wanted.elements}
    assert {name for element in found.elements for name in element.attributes} <= {
        name for element in wanted.elements for name in element.attributes
    }
    assert "\x00" not in nasty and "window.harm=1" in found.elements[0].text
    nasty.encode()


# The questions


def questions_table(text: str) -> dict[str, list[str]]:
    """Question id → the texts of its cells behind the id, whose sheet is left out."""
    body = text.split('<table class="questions">')[1].split("<tbody>", 1)[1]
    out = {}
    for line in re.split(r'<tr><th scope="row">', body)[1:]:
        name, cells = re.search(r"q-\d+", line), re.split(r"(?:</div>|\d)</th>", line, maxsplit=1)[1].split("</tr>")[0]
        assert name
        out[name[0]] = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells)]
    return out


def test_a_question_shows_its_rank_by_each_ranking_and_what_was_answered() -> None:
    table = questions_table(html("en"))
    assert table["q-0"] == ["list", "1", "2", "0.250", "0.30"]
    assert table["q-11"] == ["factoid", "2", "✕ not found", "1.000", "0.85"]
    assert table["q-12"] == ["factoid", "", "", "refused", "0.10"]
    assert table["q-14"] == ["unanswerable", "", "", "answered", "0.20"]
    assert len(table) == 15


def test_right_and_wrong_and_refused_are_told_apart() -> None:
    text = html("en")
    states = re.findall(r'class="n a([^"]*)"', text)
    assert [state.split() for state in states] == [["wrong"]] * 6 + [[]] * 6 + [["wrong", "refused"], ["refused"], ["wrong"]]


def test_words_of_questions_are_shown_on_request_only() -> None:
    without, given_words = html(), report_html(report(), questions={"q-3": "역전파란 <무엇>?"})
    assert KO.private in without and KO.with_texts not in without
    assert KO.with_texts in given_words and given_words.count("역전파란 &lt;무엇&gt;?") == 2
    assert questions_table(given_words)["q-3"][0] == "역전파란 &lt;무엇&gt;?" and questions_table(given_words)["q-4"][0] == ""


def test_a_press_on_a_question_shows_all_its_metrics_and_hits() -> None:
    sheets = page("en").of("sheet")
    assert len(sheets) == 15
    assert re.search(r"hybrida\.md#0-50 1\.011a\.md#100-150 0\.911 · relevanta", sheets[11].text)
    assert "MRR@100.5000.000–" in sheets[11].text  # hybrid, dense, pipeline


def test_many_questions_keep_their_line_but_not_their_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_questions, "MOST_DETAILED", 14)
    text = report_html(report(), "en")
    assert EN.questions_lean.format(count="14") in text and "popover" not in text.split("<table")[-1]
    assert questions_table(text)["q-11"] == ["factoid", "2", "✕ not found", "1.000", "0.85"]


def test_questions_of_two_sets_may_share_their_ids() -> None:
    rows = [ranked("hybrid", at, 1, split=split) for split in ("korquad", "hf") for at in range(3)]
    assert len(parse(report_html(report(rows))).of("sheet")) == 6


def test_kind_and_split_are_columns_where_there_are_several() -> None:
    """In the table's head, and as filters."""
    for kinds, splits, shown in ((1, 1, []), (2, 1, ["kind"]), (1, 2, ["split"]), (2, 2, ["kind", "split"])):
        rows = [ranked("hybrid", at, 1, kind=f"k{at % kinds}", split=f"s{at % splits}") for at in range(4)]
        page = report_html(report(rows), "en")
        assert re.findall(r'<th scope="col" class="(kind|split)">', page) == re.findall(r'<select name="(kind|split)"', page) == shown
        assert re.findall(r'<td class="(kind|split)">', page) == shown * 4


def test_hits_that_are_not_shown_are_counted() -> None:
    hits = tuple(HitRow("a.md", at, at + 1, 1.0, 0) for at in range(13))
    page = report_html(report([QuestionRow("hybrid", "q", "", "", {"hit@1": 0.0}, hits)]), "en")
    assert EN.more_hits.format(count=3) in page and page.count("<code>a.md#") == 10


def test_a_report_without_rows_or_tables_is_a_page_too() -> None:
    tree = parse(report_html(Report({}, ()), "en"))
    assert EN.nothing in tree.elements[0].text
    assert tree.of("sheet") == [] and [element.tag for element in tree.elements].count("figure") == 0


# The charts' numbers


def test_curves_hold_the_means_of_the_table() -> None:
    curves = retrieval_figures(ranked_rows(), EN)[0]
    assert [panel.label for panel in curves.panels] == ["hit@k"], "recall is the same, answers were not looked for"
    assert curves.panels[0].summary == "hybrid 1: 0.83, 3: 1.00, 5: 1.00; dense 1: 0.00, 3: 0.75, 5: 0.75"


def test_splits_have_panels_of_their_own_on_one_scale() -> None:
    rows = [ranked("hybrid", at, at % 4 or None, split=split) for split in ("dev", "test") for at in range(8 if split == "dev" else 6)]
    curves = retrieval_figures(rows, EN)[0]
    assert [panel.label for panel in curves.panels] == ["dev", "test"] and curves.title.endswith("hit@k")
    ticks = [re.findall(r">(0\.\d+|1\.0)</text>", panel.svg) for panel in curves.panels]
    assert ticks[0] == ticks[1] and len(ticks[0]) > 3


def test_recall_is_drawn_where_it_differs_from_hits() -> None:
    rows = [replace(row, metrics={**row.metrics, "recall@1": row.metrics["hit@1"] / 2}) for row in ranked_rows()]
    assert [panel.label for panel in retrieval_figures(rows, EN)[0].panels] == ["hit@k", "recall@k"]


def test_bars_are_over_all_questions_and_over_each_kind() -> None:
    bars = retrieval_figures(ranked_rows(), KO)[1]
    assert bars.title == KO.by_kind.format(metric="hit@1")
    assert bars.panels[0].summary == "전체 (12): 0.83, 0.00; 목록 (6): 0.83, 0.00; 사실 (6): 0.83, 0.00"


def test_bars_are_over_sets_where_there_is_one_kind() -> None:
    rows = [ranked("hybrid", at, 1 + (split == "hf"), split=split) for split in ("korquad", "hf") for at in range(4)]
    bars = retrieval_figures(rows, EN)[1]
    assert bars.panels[0].summary == "all (8): 0.50; korquad (4): 1.00; hf (4): 0.00"


def test_scores_tell_right_from_wrong_where_there_are_both() -> None:
    scores = retrieval_figures([ranked("hybrid", 0, 1), ranked("dense", 0, 5), ranked("lexical", 0, None)], EN)[-1]
    assert [panel.label for panel in scores.panels] == ["hybrid · AUROC 1.00", "dense · AUROC 0.00"]
    endless = replace(ranked("hybrid", 0, 1), hits=(HitRow("a", 0, 1, float("inf"), 1), HitRow("b", 0, 1, 0.5, 0)))
    assert retrieval_figures([endless], EN)[-1].title != EN.scores_title


def test_answers_are_judged_as_the_evaluation_judges_them() -> None:
    found = judgements(answered_rows())
    assert found.right == (False,) * 6 + (True,) * 6 + (False,)
    assert found.asked == 15 and found.confidences[-1] == 0.2
    bars, reliability, risks = answer_figures(answered_rows(), EN)
    assert bars.panels[0].summary.startswith("all (13): 0.58; list (6): 0.62; factoid (7): 0.54")
    assert f"(ECE): {calibration_error(found.confidences, found.right):.3f}." in reliability.note
    assert f"(AURC): {risk_area(found.confidences, found.right):.3f}." in risks.note
    assert risks.panels[0].summary == "pipeline 0.87: 0.54", "13 of 15 answered, 7 of 13 wrong"


def test_few_answers_give_no_curve_of_confidence() -> None:
    assert [figure.title for figure in answer_figures(answered_rows()[:5], EN)] == [EN.by_kind.format(metric="F1")]


def test_several_systems_are_named_with_their_errors() -> None:
    rows = [replace(row, system=system) for system in ("span", "sentence") for row in answered_rows()]
    _, reliability, _ = answer_figures(rows, EN)
    assert re.search(r"\(ECE\): span 0\.\d{3}, sentence 0\.\d{3}\.", reliability.note) and EN.reliability_spans not in reliability.note


@pytest.mark.parametrize(("hits", "items"), [(0, 7), (7, 7), (1, 3), (40, 180), (179, 180)])
def test_a_share_has_wilsons_interval(hits: int, items: int) -> None:
    found = proportion_interval(hits, items)
    oracle = binomtest(hits, items).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high), abs=1e-6)
    assert interval_of([1.0] * hits + [0.0] * (items - hits)) == found


def test_a_share_of_nothing_is_an_error_and_a_mean_has_the_bootstraps_interval() -> None:
    with pytest.raises(ValueError, match="found none"):
        interval_of([])
    found = interval_of([0.5, 1.0, 0.0, 0.25])
    assert found.value == 0.4375 and 0 < found.low < found.value < found.high < 1


def test_the_first_rank_comes_from_hits_or_from_the_reciprocal_rank() -> None:
    row = ranked("hybrid", 0, 4)
    assert [first_rank(each) for each in (row, replace(row, hits=()), ranked("hybrid", 0, None))] == [4, 4, None]
    assert first_rank(replace(ranked("hybrid", 0, None), hits=())) is None


@given(st.text(max_size=30), st.integers(1, 25))
def test_a_label_is_cut_to_its_columns(text: str, columns: int) -> None:
    assert (
        cut(text, columns) == text if width(text) <= columns else width(cut(text, columns)) <= columns and cut(text, columns).endswith("…")
    )


# The drawings


def paths(svg: str, paint: str) -> list[list[tuple[float, float]]]:
    """The corners of each path that is painted so."""
    found = re.findall(rf'<path d="([^"]*)"[^>]*style="[^"]*{re.escape(paint)}', svg)
    return [[(float(x), float(y)) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path)] for path in found]


def test_a_bar_is_as_long_as_its_value() -> None:
    svg = plots.bars("b", [BarGroup("all", (Bar(0, 0.25, 0.125, 0.5), Bar(1, 0.75, 0.75, 0.75)))], "F1")
    first, second = ({round(x, 3) for x, _ in path} for path in (paths(svg, "fill: var(--s1)")[0], paths(svg, "fill: var(--s2)")[0]))
    assert (first, second) == ({112, 112 + 212 * 0.25}, {112, 112 + 212 * 0.75})  # 212 of 360 pixels stand for 1
    assert [x for x, _ in paths(svg, "stroke: var(--s1)")[0]] == [112 + 212 * 0.125, 112 + 212 * 0.5]


def test_a_curve_goes_through_its_points() -> None:
    svg = plots.curves("c", [Line(2, (1, 10, 100), (0.5, 0.75, 1.0))], Axis("k", "share"), 0.5)
    (a, b, c), *_ = paths(svg, "stroke: var(--s3)")
    assert b[0] - a[0] == pytest.approx(c[0] - b[0]), "ranks are spread by their logarithm"
    assert a[1] - b[1] == pytest.approx(b[1] - c[1]) and c[1] == 30, "1 is at the top"


def test_the_diagonal_is_where_confidence_is_right() -> None:
    svg = plots.reliability("r", [(Line(0, (0.1, 0.9), (0.1, 0.9)), ())], Axis("confidence", "right"))
    diagonal, points = paths(svg, "stroke-dasharray: 4,3")[0], paths(svg, "stroke: var(--s1)")[0]
    (x0, y0), (x1, y1) = diagonal
    expected = [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)) for share in (0.1, 0.9)]
    assert [value for point in points for value in point] == pytest.approx([value for point in expected for value in point], abs=1e-3)


def test_text_stays_text_and_no_dollar_sign_makes_a_formula() -> None:
    svg = plots.bars("b", [BarGroup("$x_1$ <b> (3)", (Bar(0, 0.5, 0.4, 0.6),))], "비율")
    assert ">$x_1$ &lt;b&gt; (3)</text>" in svg and ">비율</text>" in svg
    assert re.findall(r"#[0-9a-f]{6}\b", svg) == [], "every colour is a name that the page fills in"


@settings(max_examples=8, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_both_histograms_have_the_same_area(right: list[float], wrong: list[float]) -> None:
    svg = plots.distributions("d", right, wrong, "score")
    areas = [sum(b[0] * a[1] - a[0] * b[1] for a, b in pairwise(path)) for path in paths(svg, "opacity: 0.16")]
    assert len(areas) == 2 and areas[0] == pytest.approx(areas[1], rel=1e-3)


def test_each_system_has_a_mark_of_its_own() -> None:
    marks = {plots.mark_path(slot) for slot in range(plots.SLOTS)}
    assert len(marks) == plots.SLOTS
    assert plots.mark_path(plots.SLOTS) == plots.mark_path(0)
    assert plots.mark_path(1) == "M1.5 10.5L10.5 10.5L10.5 1.5L1.5 1.5Z", "a square of 9 in the middle of 12"


# The colours

CSS = (ASSETS / "report.css").read_text(encoding="utf-8")
Triple = tuple[float, float, float]
MACHADO = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""What is left of a colour, linear RGB, where one sort of cone is missing (Machado, Oliveira and Fernandes 2009)."""


def palettes() -> dict[str, dict[str, str]]:
    """Scheme → name → colour."""
    light, dark = re.findall(r":root {(.*?)}", CSS, re.DOTALL)
    return {scheme: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for scheme, block in (("light", light), ("dark", dark))}


def linear(colour: str) -> Triple:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    high, low = sorted(
        (sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(each), strict=True)) for each in (one, other)), reverse=True
    )
    return (high + 0.05) / (low + 0.05)


def oklab(rgb: Triple) -> Triple:
    """Ottosson 2020: distances are about as the eye sees them."""

    def times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
        a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
        return a, b, c

    cones = times(
        (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        ),
        rgb,
    )
    a, b, c = (cone ** (1 / 3) for cone in cones)
    return times(
        (
            (0.2104542553, 0.793617785, -0.0040720468),
            (1.9779984951, -2.428592205, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.808675766),
        ),
        (a, b, c),
    )


def seen(colour: str, sight: str) -> Triple:
    red, green, blue = (min(1.0, max(0.0, sum(m * c for m, c in zip(row, linear(colour), strict=True)))) for row in MACHADO[sight])
    return oklab((red, green, blue))


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_systems_stay_apart_for_the_colour_blind(scheme: str, sight: str) -> None:
    colours = [palettes()[scheme][f"s{slot + 1}"] for slot in range(plots.SLOTS)]
    points = [seen(colour, sight) for colour in colours]
    apart = [sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 for a, b in combinations(points, 2)]
    assert min(apart) > 0.085  # Okabe and Ito's blue-green and vermilion come as close as 0.079
    first = [sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 for a, b in combinations(points[:3], 2)]
    assert min(first) > 0.2


TEXT = [
    ("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("accent", "paper"), ("accent", "card"), ("warn", "card"),
    ("marker-ink", "marker"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_marks_stand_out(scheme: str) -> None:
    colours = palettes()[scheme]
    assert min(contrast(colours[front], colours[back]) for front, back in TEXT) >= 4.5
    assert min(contrast(colours[f"s{slot + 1}"], colours["card"]) for slot in range(plots.SLOTS)) >= 3


def test_both_schemes_name_the_same_colours_and_all_are_used() -> None:
    light, dark = palettes().values()
    used = set(re.findall(r"var\(--([\w-]+)\)", CSS + html())) - {"sans", "mono", "v"}
    assert light.keys() == dark.keys()
    assert used - {f"s{slot + 1}" for slot in range(plots.SLOTS)} <= light.keys()


# The words


@pytest.mark.parametrize("lang", LANGS)
def test_every_metric_of_a_ranking_and_of_an_answer_has_a_meaning(lang: Lang) -> None:
    names = {name for row in report().rows for name in row.metrics} | {"answer@20", "recall@1000c", "tokens/passage", "KLUE ROUGE-W"}
    assert [name for name in names if not definition(name, lang)] == []
    assert definition("recall@1000c", lang) != definition("recall@10", lang)
    assert definition("system", lang) == ""
