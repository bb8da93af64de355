"""What is seen of the server: a line for each request and each answer, counts for Prometheus, its health; never what was asked."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import Encoder
from index.errors import IndexCorrupt
from index.morphemes import Analyser
from index.types import Document
from rag.evaluation.datasets import Context
from rag.evaluation.yardstick import passage_index
from rag.pipeline import Pipeline
from rag.stages import stage, timed
from rag.types import Answer
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui.door import Door
from ui.metrics import BUCKETS, Metrics
from ui.observe import Log, LogHandler, route_of, watch
from ui.web_index import Before

NOTE = Document("week01/비밀노트.md", "역전파", "# 역전파\n\n역전파는 기울기를 뒤로 보낸다.")


@dataclass
class Staged(Before):
    """A pipeline with stages, which a test may break."""

    pipeline: WordPipeline = field(default_factory=lambda: WordPipeline(WordIndex([NOTE])))
    broken: Exception | None = None

    def __call__(self) -> Staged:
        if self.broken:
            raise self.broken
        return self

    def ask(self, question: str, **settings: Any) -> Answer:
        with stage("search"), stage("encode"):
            pass
        return self.pipeline.ask(question, **settings)


@dataclass(frozen=True)
class Site:
    url: str
    desk: Staged
    err: io.StringIO

    def fetch(self, path: str, **options: Any) -> httpx.Response:
        return httpx.request(options.pop("method", "GET"), f"{self.url}{path}", timeout=30, **options)

    def lines(self, count: int = 0) -> list[dict[str, Any]]:
        """What is told so far, waiting until it is so many lines: a request is told of only when its response has gone out."""
        until = time.monotonic() + 30
        while len(found := self.err.getvalue().splitlines()) < count:
            assert time.monotonic() < until, f"{len(found)} lines of {count} after half a minute"
            time.sleep(0.02)
        return [json.loads(line) for line in found]

    def value(self, series: str) -> float:
        found = re.search(rf"(?m)^{re.escape(series)} (\S+)$", self.fetch("/metrics").text)
        return float(found[1]) if found else 0.0


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    err, desk = io.StringIO(), Staged()
    with serving(desk, door=Door(rate=0, seen=watch("json", err))) as port:
        yield Site(f"http://127.0.0.1:{port}", desk, err)


# Lines


def test_each_request_and_each_answer_is_a_line_without_what_was_asked(site: Site) -> None:
    begun = len(site.lines())
    found = site.fetch("/api/ask", params={"question": "역전파는 무엇인가?", "note": "week01/비밀노트.md"})
    site.fetch("/api/notes/week01/비밀노트.md")
    answer, request, note = site.lines(begun + 3)[begun:]
    assert (answer["event"], answer["door"], answer["abstained"]) == ("answer", "api", False)
    assert set(answer["milliseconds"]) == {"wait", "search", "encode", "answer"}
    assert (request["event"], request["route"], request["method"], request["status"]) == ("request", "/api/ask", "GET", 200)
    assert found.headers["x-request-id"] == request["id"] == answer["id"] != note["id"]
    assert (note["route"], note["status"]) == ("/api/notes/{doc_id}", 200)
    assert request["milliseconds"] > 0 and request["time"].endswith("+00:00")
    assert not re.search("역전파|비밀노트|question", site.err.getvalue())


def test_what_is_asked_by_the_page_is_told_of_too(site: Site) -> None:
    before = site.value('rag_answers_total{door="api",outcome="answered"}')
    found = site.fetch("/gradio_api/run/ask", method="POST", json={"data": ["역전파는 무엇인가?", 5, "hybrid", "", "", 0, ""]})
    assert json.loads(found.json()["data"][0])["spans"]
    assert site.value('rag_answers_total{door="api",outcome="answered"}') == before + 1
    assert "/gradio_api/run" in {line.get("route") for line in site.lines()}
    assert "역전파" not in site.err.getvalue()


@given(st.text(max_size=40))
def test_a_line_for_people_is_one_line(text: str) -> None:
    out = io.StringIO()
    Log("text", out).event("request", route=text, stages={"a": text})
    assert out.getvalue().count("\n") == 1
    assert len(out.getvalue().splitlines()) == 1


def test_without_a_format_only_warnings_are_written() -> None:
    out = io.StringIO()
    log = Log(None, out)
    log.event("request", route="/")
    assert out.getvalue() == ""
    log.warning("sign-in", what="wrong name or password from 10.0.0.1")
    assert re.fullmatch(r"\S+ warning sign-in what=wrong_name_or_password_from_10\.0\.0\.1\n", out.getvalue())


def test_what_the_server_complains_of_is_a_line_with_its_trace() -> None:
    out = io.StringIO()
    logger = logging.Logger("uvicorn.error")
    logger.addHandler(LogHandler(Log("json", out)))
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        logger.exception("Exception in %s", "ASGI")
    logger.info("nothing of note")
    [line] = map(json.loads, out.getvalue().splitlines())
    assert (line["source"], line["message"], line["level"]) == ("uvicorn.error", "Exception in ASGI", "warning")
    assert line["trace"].endswith("ZeroDivisionError: by zero")


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", "/"), ("/api/ask", "/api/ask"), ("/api/notes", "/api/notes"), ("/api/notes/a/b.md", "/api/notes/{doc_id}"),
        ("/api/evil-123", "/api/*"), ("/gradio_api/queue/data", "/gradio_api/queue/data"), ("/gradio_api/file=/tmp/x", "/gradio_api/file"),
        ("/gradio_api/heartbeat/abc123", "/gradio_api/heartbeat"), ("/gradio_api/other/x", "/gradio_api/*"), ("/assets/a.js", "/assets/*"),
        ("/wp-login.php", "other"), ("", "other"),
    ],
)  # fmt: skip
def test_routes_are_of_a_fixed_set(path: str, route: str) -> None:
    assert route_of(path) == route


@given(st.lists(st.text(max_size=30), max_size=200))
def test_no_path_makes_the_counts_grow(paths: list[str]) -> None:
    assert len({route_of(path) for path in paths}) <= 40
    assert all(re.fullmatch(r"[\w/{}*.\-]+", route_of(path)) for path in paths)


# Counts


def test_counts_are_what_happened(site: Site) -> None:
    asked = 'rag_requests_total{route="/api/ask",method="GET",status="200"}'
    refused = 'rag_answers_total{door="api",outcome="refused"}'
    before = site.value(asked), site.value(refused), site.value('rag_stage_seconds_count{stage="encode"}')
    for question in ("역전파는 무엇인가?", "점심", "저녁"):
        site.fetch("/api/ask", params={"question": question})
    after = site.value(asked), site.value(refused), site.value('rag_stage_seconds_count{stage="encode"}')
    assert [new - old for new, old in zip(after, before, strict=True)] == [3, 2, 3]
    assert (site.value("rag_index_healthy"), site.value("rag_index_passages"), site.value("rag_index_generation")) == (1, 1, 0)
    answered = site.value('rag_answers_total{door="api",outcome="answered"}')
    assert site.value("rag_refusal_ratio") == pytest.approx(after[1] / (after[1] + answered), abs=1e-5)


@given(st.lists(st.floats(0, 60), max_size=40))
def test_buckets_hold_what_took_at_most_so_long(seconds: list[float]) -> None:
    metrics = Metrics()
    for each in seconds:
        metrics.request("/", "GET", 200, each)
    found = dict(re.findall(r'rag_request_seconds_bucket\{route="/",le="(\S+)"\} (\d+)', metrics.text({})))
    if seconds:
        assert {bound: int(count) for bound, count in found.items()} == {
            **{str(bound): sum(each <= bound for each in seconds) for bound in BUCKETS}, "+Inf": len(seconds),
        }  # fmt: skip


def test_the_text_is_prometheus_own() -> None:
    metrics = Metrics()
    metrics.request('/a"b\\c\nd', "GET", 200, 0.2)
    metrics.answer("page", True, {"read": 0.1})
    lines = metrics.text({"index_generation": 3, "share": 0.5}).splitlines()
    sample = re.compile(r'[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"(,[a-z]+="([^"\\\n]|\\["\\n])*")*\})? [\d.]+')
    assert [line for line in lines if not line.startswith("# ") and not sample.fullmatch(line)] == []
    named = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(named) == len(set(named)) and "rag_index_generation 3" in lines and "rag_share 0.5" in lines
    assert "rag_refusal_ratio 1.000000" in lines


# Health


def test_health_says_what_is_wrong_and_no_folder(site: Site) -> None:
    assert (site.fetch("/healthz").status_code, site.fetch("/healthz").json()) == (200, {"healthy": True})
    for problem in (IndexCorrupt("/home/kim/secret/index is broken"), ZeroDivisionError("/home/kim")):
        site.desk.broken = problem
        try:
            found = site.fetch("/healthz")
            assert (found.status_code, found.json()) == (503, {"healthy": False, "problem": f"{type(problem).__name__}: run `rag doctor`"})
            assert site.value("rag_index_healthy") == 0
        finally:
            site.desk.broken = None
    assert site.fetch("/metrics", method="POST").status_code == 405


# Stages


def test_stages_are_timed_where_somebody_listens() -> None:
    with stage("nobody"):
        pass
    with timed() as heard:
        with stage("a"), stage("b"):
            pass
        with stage("a"):
            pass
        with timed() as inner, stage("c"):
            pass
    assert (set(heard), set(inner)) == ({"a", "b"}, {"c"})
    assert 0 <= heard["b"] <= heard["a"] < 1


def test_an_answer_of_the_program_has_its_stages(shipped: Encoder, analyser: Analyser, tmp_path: Path) -> None:
    index = passage_index([Context("a", "역전파", "역전파는 기울기를 뒤로 보낸다.")], shipped, analyser.terms, tmp_path)
    with timed() as heard:
        Pipeline.over(index, shipped, reader="sentence").ask("역전파는 무엇인가?")
    assert set(heard) == {"mend", "search", "encode", "read"}
    assert heard["encode"] <= heard["search"]
