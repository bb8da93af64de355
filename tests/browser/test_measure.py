"""The view that measures over a real index: a run and a comparison to their ends, gold out of answers, drafts judged."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from index.build import update
from index.encoder import Encoder
from index.job import Job
from index.morphemes import Analyser
from index.settings import IndexSettings
from rag.evaluation.evaluate import evaluate
from rag.evaluation.inputs import load_input
from rag.evaluation.report import by_system
from rag.pipeline import Pipeline
from rag.retriever import IndexRetriever
from tests.browser.conftest import Open
from tests.browser.test_page import ask, fits, text_of
from tests.ui.serving import serving
from ui.i18n_measure import EN, KO
from ui.web_index import shelf_of

pytestmark = pytest.mark.browser

FACTS = {
    "풀링": "최대 풀링은 창 안의 가장 큰 값을 남기는 방법이다.",
    "드롭아웃": "드롭아웃(dropout)은 학습할 때 뉴런을 무작위로 꺼서 과적합을 줄이는 기법이다.",
    "배치정규화": "배치 정규화는 층의 입력을 미니배치의 평균과 분산으로 고르게 맞추는 방법이다.",
    "학습률": "학습률은 기울기를 따라 한 번에 얼마나 움직일지 정하는 값이다.",
    "어텐션": "어텐션은 질의와 키의 내적으로 값을 가중해 더하는 방법이다 <img src=x onerror=window.harm=1>.",
    "가중치감쇠": "가중치 감쇠는 손실에 가중치의 크기를 더해 큰 가중치를 막는 방법이다.",
    "조기종료": "조기 종료는 검증 손실이 더 줄지 않을 때 학습을 멈추는 기법이다.",
    "토큰화": "토큰화는 문장을 모델이 읽는 조각으로 나누는 일이다.",
}
QUESTIONS = (
    ("풀링", "최대 풀링은 무엇을 남기나?", "가장 큰 값"), ("드롭아웃", "뉴런을 무작위로 끄는 까닭은?", "과적합을 줄이는"),
    ("배치정규화", "배치 정규화는 무엇으로 입력을 맞추나?", "평균과 분산"), ("학습률", "한 번에 얼마나 움직일지 정하는 값은?", "학습률"),
    ("어텐션", "질의와 키로 무엇을 하나?", "가중해 더하는"), ("토큰화", "문장을 조각으로 나누는 일은?", "토큰화"),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A served index, and what lies beside it."""

    url: str
    index: Path

    @property
    def questions(self) -> Path:
        return self.index.parent / "questions.jsonl"

    @property
    def gold(self) -> Path:
        return self.index.parent / "index.gold.jsonl"

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.gold.read_text(encoding="utf-8").splitlines()]


def write_notes(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, fact in FACTS.items():
        filler = "".join(f"\n## {name} 메모 {number}\n\n{name} 실습에서 적은 {number}번째 줄은 채우는 글이다.\n" for number in range(3))
        (folder / f"{name}.md").write_text(f"# {name}\n\n{fact}\n{filler}", encoding="utf-8")


def write_questions(path: Path) -> None:
    rows = [
        {
            "id": f"q{at}",
            "question": question,
            "answers": [answer],
            "evidence": [{"doc": f"{name}.md", "quote": FACTS[name]}],
            "kind": "factoid" if at % 2 else "why",
            "split": "test" if at >= 4 else "dev",
        }
        for at, (name, question, answer) in enumerate(QUESTIONS)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, shipped: Encoder, analyser: Analyser) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("measured")
    write_notes(folder / "notes")
    update(folder / "index", [folder / "notes"], encoder=shipped, analyse=analyser.terms, settings=IndexSettings())
    write_questions(folder / "questions.jsonl")
    with serving(shelf_of(folder / "index"), place=folder / "index") as port:
        url = f"http://127.0.0.1:{port}/"
        urlopen(url).close()  # what is built for the first visit only
        yield Place(url, folder / "index")


@pytest.fixture(autouse=True)
def fresh(place: Place) -> None:
    place.gold.unlink(missing_ok=True)


def measure(open_page: Open, place: Place, part: str = "run", **options: Any) -> Any:
    """The page with that part of the view open."""
    page = open_page(place.url, **options)
    page.click("#view-measure-button")
    page.wait_for_selector("#measure .parts")
    page.click(f"[data-part={part}]")
    page.wait_for_selector("#measure-start-draft" if part == "gold" else f"#measure-start-{part}")
    return page


def picked(page: Any, question: str) -> None:
    """Opens a question of the results that are seen."""
    page.evaluate("document.querySelectorAll('.group').forEach((group) => { group.open = true; })")
    page.click(f".asked-row:visible:has-text('{question}')")
    page.wait_for_selector(".sides:visible .columns")


def test_a_run_to_its_end_has_the_figures_of_the_library(open_page: Open, place: Place) -> None:
    page = measure(open_page, place)
    page.click("#measure-names label:has-text('뜻으로')")
    page.click("#measure-answers input")
    page.click("#measure-start-run")
    page.wait_for_selector("#measure-found .result", timeout=60_000)
    questions = load_input(place.questions, None, "dev").questions
    rows = by_system(evaluate(Pipeline.open(place.index), questions, names=("hybrid", "dense")).rows)
    top, shown = (round(sum(row.metrics[f"hit@{k}"] for row in rows["hybrid"])) for k in (1, 5))
    right = sum(row.metrics["F1"] >= 0.5 for row in rows["pipeline"])
    said = page.inner_text("#measure-found .result")
    assert f"4문항 중 {top}문항은 맞는 단락이 맨 위에 있습니다" in said
    assert f"위의 5개 안에는 {shown}문항이 있습니다" in said
    assert f"답이 있는 4문항 중 {right}문항은 답이 맞습니다" in said
    dense = 100 * sum(row.metrics["hit@1"] for row in rows["dense"]) / 4
    assert f"{dense:.1f} %" in page.inner_text("#measure-found .methods tr:has-text('뜻으로')")
    assert page.locator("#measure-found .panel svg").count() >= 4
    assert "dev · 4문항" in page.inner_text("#measure-found .bar-title")

    page.click("[data-lang=en]")
    page.wait_for_function(
        "said => document.querySelector('#measure-found .result')?.innerText.includes(said)", arg=f"In {top} of 4 questions"
    )
    page.reload()
    page.wait_for_selector("#measure-found .result")
    expect(page.locator("#measure-start-run")).to_have_text(EN.start_run)
    assert fits(page)


def test_a_run_shows_how_far_it_is_and_is_cancelled(open_page: Open, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    retrieve, stop, gate, asked = IndexRetriever.retrieve, Job.stop, threading.Event(), []

    def held(self: IndexRetriever, question: str, k: int, filter: Any = None) -> Any:
        asked.append(question)
        assert len(asked) == 1 or gate.wait(60)
        return retrieve(self, question, k, filter)

    def stopped(self: Job[Any]) -> None:
        stop(self)
        gate.set()

    monkeypatch.setattr(IndexRetriever, "retrieve", held)
    monkeypatch.setattr(Job, "stop", stopped)
    page = measure(open_page, place)
    page.click("#measure-start-run")
    page.wait_for_selector("#measure-job .stage:has-text('단락 찾기 · 함께 · 1 / 4')")
    assert page.get_attribute("#measure-job [role=progressbar]", "aria-valuenow") == "25"
    page.click("#view-ask-button")
    page.click("#view-measure-button")
    page.wait_for_selector("#measure-job .job")
    page.click("#measure-job [data-cancel]")
    page.wait_for_selector(f"#measure-job :text('{KO.cancelled}')")
    assert len(asked) == 2
    page.wait_for_timeout(600)
    expect(page.locator("#measure-job .job")).to_have_count(0)


def test_two_settings_are_compared_and_a_question_is_opened(open_page: Open, place: Place) -> None:
    page = measure(open_page, place, "compare")
    page.fill("#measure-k-b input[type=number]", "1")
    page.press("#measure-k-b input[type=number]", "Tab")
    page.click("#measure-split label:has-text('모두')")
    page.click("#measure-start-compare")
    page.wait_for_selector("#measure-compared .verdict")
    assert page.inner_text("#measure-compared .setups").split("\n") == ["A", "함께 · k = 5", "B", "뜻으로 · k = 1"]
    questions = load_input(place.questions, None, "all").questions
    rows = by_system(evaluate(Pipeline.open(place.index), questions, names=("hybrid", "dense"), answers=False).rows)
    a, b = 100 * sum(row.metrics["hit@5"] for row in rows["hybrid"]) / 6, 100 * sum(row.metrics["hit@1"] for row in rows["dense"]) / 6
    assert f"A {a:.1f} %, B {b:.1f} %" in page.inner_text("#measure-compared .result")
    counts = [int(count) for count in page.locator("#measure-compared .group > summary span").all_inner_texts()]
    assert sum(counts) == 6

    picked(page, "질의와 키로 무엇을 하나?")
    assert page.locator(".sides:visible .columns > section").count() == 2
    assert text_of(page, ".sides:not([hidden]) .gold-words q") == FACTS["어텐션"]
    gold = page.locator(".sides:visible .found.gold").first
    assert "어텐션은 질의와 키의 내적으로" in gold.locator("mark.evidence").first.inner_text()
    gold.locator(".open").click()
    page.wait_for_function(
        "said => document.querySelector('#note .sheet-body').innerText.includes(said)", arg="어텐션은 질의와 키의 내적으로"
    )
    page.keyboard.press("Escape")
    assert page.evaluate("window.harm") is None


def test_settings_that_cannot_be_compared_are_refused(open_page: Open, place: Place) -> None:
    page = measure(open_page, place, "compare")
    page.click("#measure-way-b input")
    page.click("[role=option]:has-text('함께')")
    page.click("#measure-start-compare")
    page.wait_for_selector(f"#measure-job :text('{KO.same_setups}')")


def test_a_file_of_questions_is_taken_and_measured(open_page: Open, place: Place, tmp_path: Path) -> None:
    file = tmp_path / "문제.csv"
    file.write_text("질문,답\n최대 풀링이 남기는 값은?,가장 큰 값\n토큰화란?,조각으로 나누는\n", encoding="utf-8")
    page = measure(open_page, place)
    page.set_input_files("#measure-asked input[type=file]", str(file))
    page.wait_for_selector("#measure-gold-choice label:has-text('2문항')")
    expect(page.locator("#measure-split")).to_be_hidden()
    page.click("#measure-start-run")
    page.wait_for_function("document.querySelector('#measure-found .bar-title')?.innerText.includes('2문항')")
    broken = tmp_path / "broken.json"
    broken.write_text("{}", encoding="utf-8")
    page.set_input_files("#measure-asked input[type=file]", str(broken))
    page.wait_for_selector("#measure-told .problem")
    assert "not a set of questions" in page.inner_text("#measure-told .problem")
    page.click("#measure-gold-choice label:has-text('6문항')")
    page.wait_for_selector("#measure-split:visible")


def test_a_passage_is_made_gold_out_of_an_answer_and_taken_back(open_page: Open, place: Place) -> None:
    page = open_page(place.url)
    ask(page, "최대 풀링은 무엇을 남기나?")
    button = "#sources .source:has(mark.evidence) .gold-button >> nth=0"
    page.wait_for_selector(f"{button} >> visible=true")
    assert page.get_attribute(button, "aria-pressed") == "false"
    page.click(button)
    page.wait_for_selector("#sources .gold-button[aria-pressed=true]")
    (row,) = place.rows()
    (item,) = row["evidence"]
    assert (row["question"], item["doc"]) == ("최대 풀링은 무엇을 남기나?", "풀링.md")
    assert item["quote"] in FACTS["풀링"] and "가장 큰 값" in item["quote"] and len(item["version"]) == 64
    assert len(load_input(place.gold).questions) == 1

    ask(page, "토큰화란?")
    page.wait_for_selector("#sources .gold-button >> visible=true")
    expect(page.locator("#sources .gold-button[aria-pressed=true]")).to_have_count(0)
    ask(page, "최대 풀링은 무엇을 남기나?")
    page.wait_for_selector("#sources .gold-button[aria-pressed=true]")

    page.click("#view-measure-button")
    page.click("[data-part=gold]")
    page.wait_for_selector(".gold-list > li")
    assert page.inner_text(".gold-list .words") == "최대 풀링은 무엇을 남기나?"
    assert page.inner_text(".gold-list .made") == KO.made_page
    page.click("[data-part=run]")
    page.wait_for_selector("#measure-gold-choice label:has-text('1문항')")
    page.click("#view-ask-button")
    page.click("#sources .gold-button[aria-pressed=true]")
    page.wait_for_function("!document.querySelector('#sources .gold-button[aria-pressed=true]')")
    assert place.rows() == []


def test_gold_whose_note_lost_its_words_is_said_to_be_stale_and_deleted(open_page: Open, place: Place) -> None:
    row = {"id": "old", "question": "무엇이었나?", "answers": ["옛말"], "evidence": [{"doc": "풀링.md", "quote": "이제는 없는 옛말"}]}
    place.gold.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    page = measure(open_page, place, "gold", locale="en-US")
    page.wait_for_selector(".gold-list > li.stale")
    assert page.inner_text(".gold-list .badge") == EN.is_stale
    assert page.inner_text(".gold-list .gone q") == "이제는 없는 옛말"
    page.click(".gold-list [data-judge=delete]")
    page.wait_for_function("!document.querySelector('.gold-list > li')")
    assert place.rows() == []


def test_drafts_are_accepted_mended_and_rejected_and_stay_so(open_page: Open, place: Place) -> None:
    page = measure(open_page, place, "gold")
    page.click("#measure-start-draft")
    page.wait_for_selector("#measure-drafted .draft")
    drafted = len(place.rows())
    assert drafted > 3 and all(row["status"] == "drafted" for row in place.rows())
    expect(page.locator("#measure-nav i")).to_have_text(str(drafted))
    assert page.locator("#measure-drafted mark.evidence").count() >= 1

    def judge(what: str) -> str:
        name = str(page.get_attribute("#measure-drafted .draft", "data-draft"))
        page.click(f"#measure-drafted [data-judge={what}]")
        page.wait_for_selector(f"#measure-drafted .draft:not([data-draft='{name}'])")
        return name

    before = {row["id"]: row for row in place.rows()}

    def shows_its_own_words() -> None:
        row = before[str(page.get_attribute("#measure-drafted .draft", "data-draft"))]
        fields = [page.input_value(f"#measure-drafted [name={name}]") for name in ("question", "answer")]
        assert fields == [row["question"], row["answers"][0]]
        assert page.get_attribute("#measure-drafted [data-fields]", "data-fields") == row["id"]

    page.fill("#measure-drafted [name=question]", "")
    page.click("#measure-drafted [data-judge=accept]")
    page.wait_for_selector(f"#measure-job :text('{KO.empty_question}')")
    page.fill("#measure-drafted [name=question]", "다르게 물은 <b>질문</b>은?")
    page.fill("#measure-drafted [name=answer]", "고친 답")
    page.click("#measure-drafted [data-judge=accept]")
    page.wait_for_selector(f"#measure-job :text('{KO.answer_nowhere}')")
    assert page.input_value("#measure-drafted [name=answer]") == "고친 답"
    assert all(row["status"] == "drafted" for row in place.rows())
    first = place.rows()[0]
    answer = " ".join(first["evidence"][0]["quote"].split()[:2])
    page.fill("#measure-drafted [name=answer]", answer)
    mended = judge("accept")
    assert mended == first["id"]
    expect(page.locator("#measure-job .refused")).to_have_count(0)
    shows_its_own_words()
    page.fill("#measure-drafted [name=question]", "버릴 질문에 쓴 말")
    rejected = judge("reject")
    shows_its_own_words()
    accepted = judge("accept")
    shows_its_own_words()
    found = {row["id"]: row for row in place.rows()}
    assert (found[mended]["status"], found[mended]["question"], found[mended]["answers"][0]) == (
        "accepted",
        "다르게 물은 <b>질문</b>은?",
        answer,
    )
    assert (found[accepted]["status"], found[rejected]["status"]) == ("accepted", "rejected")
    assert [found[accepted][name] for name in ("question", "answers")] == [before[accepted][name] for name in ("question", "answers")]
    assert {question.id for question in load_input(place.gold).questions} == {mended, accepted}

    page.reload()
    page.wait_for_selector("#measure-drafted .draft")
    assert page.get_attribute("#measure-drafted .draft", "data-draft") not in (mended, accepted, rejected)
    expect(page.locator("#measure-nav i")).to_have_text(str(drafted - 3))
    expect(page.locator(f".gold-list [data-gold-id='{mended}'] .words")).to_have_text("다르게 물은 <b>질문</b>은?")
    page.click(f".gold-list [data-gold-id='{accepted}'] .mending summary")
    page.fill(f".gold-list [data-gold-id='{accepted}'] [name=question]", "또 고친 질문은?")
    page.click(f".gold-list [data-gold-id='{accepted}'] [data-judge=mend]")
    page.wait_for_selector(".gold-list .words:text-is('또 고친 질문은?')")
    assert {row["id"]: row["question"] for row in place.rows()}[accepted] == "또 고친 질문은?"


def test_mended_gold_keeps_its_own_words_when_the_list_changes(open_page: Open, place: Place) -> None:
    names = ("풀링", "학습률", "토큰화")
    rows = [
        {"id": name, "question": f"{name}?", "answers": [name], "evidence": [{"doc": f"{name}.md", "quote": FACTS[name]}]} for name in names
    ]
    place.gold.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    page = measure(open_page, place, "gold")
    newest = ".gold-list > li:first-child"
    page.click(f"{newest} summary")
    page.fill(f"{newest} [name=question]", "지울 것에 쓴 질문")
    page.fill(f"{newest} [name=answer]", "지울 것에 쓴 답")
    page.click(f"{newest} [data-judge=mend]")
    page.wait_for_selector(f"#measure-job :text('{KO.answer_nowhere}')")
    page.click(f"{newest} [data-judge=delete]")
    page.wait_for_selector(f"{newest}[data-gold-id='학습률']")
    assert [page.input_value(f"{newest} [name={name}]") for name in ("question", "answer")] == ["학습률?", "학습률"]
    page.click(f"{newest} summary")
    page.fill(f"{newest} [name=answer]", "  기울기를   따라 ")
    page.click(f"{newest} [data-judge=mend]")
    page.wait_for_selector(f"{newest} .answer-of:text-is('기울기를 따라')")
    assert page.input_value(f"{newest} [name=answer]") == "기울기를 따라"
    assert [(row["id"], row["question"], row["answers"]) for row in place.rows()] == [
        ("풀링", "풀링?", ["풀링"]),
        ("학습률", "학습률?", ["기울기를 따라"]),
    ]


def test_words_are_never_stored_under_another_id(open_page: Open, place: Place) -> None:
    rows = [
        {"id": name, "question": f"{name}?", "answers": [name], "evidence": [{"doc": f"{name}.md", "quote": FACTS[name]}]}
        for name in ("풀링", "학습률")
    ]
    place.gold.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    before = place.gold.read_bytes()
    page = measure(open_page, place, "gold")
    newest = ".gold-list > li:first-child"
    page.click(f"{newest} summary")
    page.evaluate("document.querySelector('.gold-list [data-judge=mend]').dataset.id = '풀링'")
    page.click(f"{newest} [data-judge=mend]")
    page.wait_for_selector(f"#measure-job :text('{KO.other_fields}')")
    assert place.gold.read_bytes() == before


def test_a_phone_shows_every_part_without_scrolling_sideways(open_page: Open, place: Place) -> None:
    page = measure(open_page, place, "run", width=390, height=844, has_touch=True, is_mobile=True, color_scheme="dark")
    page.click("#measure-start-run")
    page.wait_for_selector("#measure-job .job", state="attached")  # until then the result of an earlier run may stand there
    page.wait_for_function("document.querySelector('#measure-found .result') && !document.querySelector('#measure-job .job')")
    picked(page, QUESTIONS[0][1])
    assert fits(page)
    for part in ("compare", "gold"):
        page.click(f"[data-part={part}]")
        page.wait_for_selector("#measure-start-draft" if part == "gold" else "#measure-start-compare")
        assert fits(page)


def test_a_page_before_no_index_of_its_own_says_so(open_page: Open) -> None:
    page = open_page()
    page.click("#view-measure-button")
    page.wait_for_selector("#measure-told .problem")
    assert page.inner_text("#measure-told .what") == KO.no_place.replace("`", "")
    page.click("#measure-start-run")
    page.wait_for_selector("#measure-job .problem")
    page.click("#view-ask-button")
    ask(page, "backpropagation")
    page.wait_for_timeout(300)
    assert page.locator("#sources .gold-button >> visible=true").count() == 0
