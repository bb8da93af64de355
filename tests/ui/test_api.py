"""The API and the tools on a real server over a real index: they answer as the shell does, and the manual's examples run."""

from __future__ import annotations

import asyncio
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, fields
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from index.errors import EncoderMismatch, IndexCorrupt, IndexMissing, ModelError
from index.folder import FolderIndex
from index.types import Document
from tests.index.samples import folder, note, put
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui import calls, cli, tools
from ui.api import LARGEST_BODY, api
from ui.api_types import AnswerShape, Found, HitShape, LocatorShape, NoteShape, StatusShape
from ui.web_index import Asks

MANUAL = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:7860"
BACKPROP = """# 역전파

😀 오늘의 메모

- **역전파(backpropagation)**는 출력의 오차를 입력 쪽으로 되돌려 가중치마다 기울기를 구하는 방법이다.
- 연쇄 법칙을 쓴다.
"""
ATTENTION = "# 어텐션\n\n질의와 키의 내적을 차원의 제곱근으로 나눈 뒤 소프트맥스를 취한다.\n"


@dataclass(frozen=True)
class Served:
    """A server on loopback and the index behind it."""

    url: str
    index: Path

    def shells(self, *arguments: str) -> list[Any]:
        """What the program prints: a line of JSON for each question."""
        out = io.StringIO()
        with redirect_stdout(out):
            cli.main([*arguments, "--index", str(self.index), "--format", "json"])
        return list(map(json.loads, out.getvalue().splitlines()))

    def shell(self, *arguments: str) -> Any:
        [printed] = self.shells(*arguments)
        return printed

    def tool(self, name: str, **arguments: Any) -> Any:
        """What the tool of that name gives over MCP, with `isError`."""
        return asyncio.run(self._tool(name, arguments))

    async def _tool(self, name: str, arguments: dict[str, Any]) -> Any:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamable_http_client

        async with streamable_http_client(f"{self.url}/gradio_api/mcp/") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await (session.call_tool(name, arguments) if name else session.list_tools())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serves a small index as `rag ui` does, until the module's tests are done."""
    from ui.web_index import shelf_of

    folder = tmp_path_factory.mktemp("api")
    for name, text in (("week05/backprop.md", BACKPROP), ("week06/attention.md", ATTENTION)):
        (folder / "notes" / name).parent.mkdir(parents=True)
        (folder / "notes" / name).write_text(text, encoding="utf-8")
    assert cli.main(["index", str(folder / "notes"), "--index", str(folder / "index")]) == 0

    place = folder / "index"
    shelf = shelf_of(place)
    with serving(shelf, status=lambda: calls.status(place, shelf)) as port:
        yield Served(f"http://127.0.0.1:{port}", place)


def fetch(served: Served, path: str, **options: Any) -> httpx.Response:
    return httpx.request(options.pop("method", "GET"), f"{served.url}{path}", timeout=60, **options)


# The same answers through every door


def test_http_and_mcp_answer_as_the_shell_does(served: Served, tmp_path: Path) -> None:
    questions = ["역전파란?", "어텐션은 무엇으로 나누나?", "점심 메뉴는?", "durwjsvk"]
    (tmp_path / "questions.txt").write_text("\n".join(questions), encoding="utf-8")
    answers = served.shells("ask", "--file", str(tmp_path / "questions.txt"))
    assert [answer["abstained"] for answer in answers] == [False, False, True, False]
    for question, expected in zip(questions, answers, strict=True):
        assert fetch(served, "/api/ask", params={"question": f" {question} "}).json() == expected
        assert fetch(served, "/api/ask", method="POST", json={"question": question}).json() == expected
        assert json.loads(served.tool("ask", question=question).content[0].text) == expected


def test_search_takes_what_the_shell_takes(served: Served) -> None:
    expected = served.shell("search", "소프트맥스", "-k", "3", "--retriever", "lexical", "--note", "week06/*.md", "--folder", "week09")
    assert [hit["doc_id"] for hit in expected["hits"]] == ["week06/attention.md"]
    asked = {"question": "소프트맥스", "k": 3, "retriever": "lexical", "note": ["week06/*.md"], "folder": ["week09"]}
    assert fetch(served, "/api/search", params=asked).json() == expected
    assert fetch(served, "/api/search", method="POST", json=asked).json() == expected
    one = served.tool("search", question="소프트맥스", k=3, retriever="lexical", note="week06/*.md", folder="week09")
    assert json.loads(one.content[0].text) == expected


@pytest.mark.parametrize("kept", [{"folder": "week06"}, {"week": 6}, {"note": "*/attention.md"}])
def test_the_filter_of_a_question_holds(served: Served, kept: dict[str, Any]) -> None:
    asked = {"question": "역전파란?", **kept}
    answer = fetch(served, "/api/ask", params=asked).json()
    assert {hit["doc_id"] for hit in answer["hits"]} == {"week06/attention.md"}
    assert json.loads(served.tool("ask", **asked).content[0].text) == answer
    assert [note["doc_id"] for note in fetch(served, "/api/notes", params=kept).json()["notes"]] == ["week06/attention.md"]


def test_no_note_of_that_format(served: Served) -> None:
    assert fetch(served, "/api/search", params={"question": "역전파란?", "type": "pdf"}).json()["hits"] == []
    assert json.loads(served.tool("search", question="역전파란?", type="pdf").content[0].text)["hits"] == []


@pytest.mark.parametrize("kept", [{"folder": "week99"}, {"note": "none.md"}, {"week": 99}, {"type": "pdf"}])
def test_a_filter_that_no_note_passes_is_no_error(served: Served, kept: dict[str, Any]) -> None:
    answer = fetch(served, "/api/ask", params={"question": "역전파란?", **kept})
    assert (answer.status_code, answer.json()["abstained"], answer.json()["hits"]) == (200, True, [])
    assert fetch(served, "/api/search", params={"question": "역전파란?", **kept}).json()["hits"] == []
    assert fetch(served, "/api/notes", params=kept).json() == {"notes": []}


def test_a_slip_is_mended_unless_it_is_meant(served: Served) -> None:
    slip = "durwjsvk"
    assert fetch(served, "/api/ask", params={"question": slip}).json()["repairs"] == [{"typed": slip, "meant": "역전파"}]
    assert fetch(served, "/api/ask", params={"question": slip, "as_typed": True}).json()["repairs"] == []
    mended, typed = (
        fetch(served, "/api/search", method="POST", json={"question": slip, "retriever": "lexical", "as_typed": each}).json()["hits"]
        for each in (False, True)
    )
    assert [hit["doc_id"] for hit in mended] == ["week05/backprop.md"]
    assert typed == []


def test_an_answer_has_the_words_of_the_note(served: Served) -> None:
    answer = fetch(served, "/api/ask", params={"question": "역전파란?"}).json()
    [span] = answer["spans"]
    assert "기울기를 구하는 방법" in span["quote"] and BACKPROP[span["start"] : span["end"]] == span["quote"]


def test_status_opens_no_index_beside_the_one_that_answers(tmp_path: Path) -> None:
    place = tmp_path / "index"
    folder(place).apply(put(note("a.md", "역전파 는 기울기 를 보낸다")))
    opened, told = FolderIndex.open(place), calls.status(place)
    shutil.rmtree(place / "segments")
    with pytest.raises(IndexCorrupt):
        calls.status(place)
    assert calls.status(place, lambda: cast("Asks", SimpleNamespace(index=opened))) == told


def test_status_is_told_where_no_model_can_be_opened(tmp_path: Path) -> None:
    folder(tmp_path / "index").apply(put(note("a.md", "역전파")))

    def without() -> Asks:
        raise ModelError("the model is gone")

    assert calls.status(tmp_path / "index", without) == calls.status(tmp_path / "index")


def test_status_is_the_shells(served: Served) -> None:
    status = fetch(served, "/api/status").json()
    assert status == served.shell("status")
    assert [note["doc_id"] for note in status["documents"]] == ["week05/backprop.md", "week06/attention.md"]
    assert fetch(served, "/api/notes").json() == {"notes": status["documents"]}
    assert fetch(served, "/api/notes?folder=week06").json() == {"notes": status["documents"][1:]}


def test_a_note_whole_and_in_part(served: Served) -> None:
    whole = fetch(served, "/api/notes/week05/backprop.md").json()
    assert (whole["text"], whole["start"], whole["end"], whole["characters"]) == (BACKPROP, 0, len(BACKPROP), len(BACKPROP))
    part = fetch(served, "/api/notes/week05/backprop.md?start=7&end=9").json()
    assert (part["text"], part["start"], part["end"]) == (BACKPROP[7:9], 7, 9)
    by_tool = json.loads(served.tool("get_note", doc_id="week05/backprop.md", start=7, length=2).content[0].text)
    assert by_tool == part


# The manual


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)


def run(served: Served, command: list[str]) -> str:
    moved = [part.replace(ADDRESS, served.url) for part in command]
    assert moved != command, "an example names the server's address"
    done = subprocess.run(moved, capture_output=True, text=True, encoding="utf-8", env=None, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_manuals_curl_examples(served: Served) -> None:
    asked, found, note = (json.loads(run(served, shlex.split(block))) for block in blocks("sh"))
    assert asked == served.shell("ask", "역전파란?")
    assert found == served.shell("search", "역전파란?", "-k", "3", "--folder", "week05") and len(found["hits"]) == 1
    assert note["text"] == BACKPROP[:200]


def test_the_manuals_python_examples(served: Served) -> None:
    expected = served.shell("ask", "역전파란?")
    span = expected["spans"][0]
    by_http, by_mcp = (run(served, [sys.executable, "-X", "utf8", "-c", block]) for block in blocks("python"))
    assert by_http.splitlines() == [expected["text"], f"{span['doc_id']} {span['start']} {span['end']}"]
    assert by_mcp.splitlines() == ["search ask get_note", expected["text"]]


def test_the_manual_names_the_limits_and_the_place_of_mcp(served: Served) -> None:
    assert f"at most {calls.MOST_CHARACTERS} characters, `k` is at most {calls.MOST_PASSAGES}" in MANUAL
    assert f"at most {calls.MOST_NAMES} notes, folders, weeks and formats each, of at most {calls.LONGEST_NAME}\n" in MANUAL
    assert f"`length` ({tools.PIECE})" in MANUAL and f"{LARGEST_BODY // 1024} KiB" in MANUAL
    [settings] = map(json.loads, blocks("json"))
    assert settings["mcpServers"]["lecture-notes"]["url"] == f"{ADDRESS}/gradio_api/mcp/"


def test_the_manual_names_every_call(served: Served) -> None:
    paths = fetch(served, "/api/openapi.json").json()["paths"]
    rows = re.findall(r"^\| `([A-Z]+(?:` or `[A-Z]+)?) /api(\S+)` \|", MANUAL, re.MULTILINE)
    told = {path: methods.split("` or `") for methods, path in rows}
    assert told == {path: [method.upper() for method in methods] for path, methods in paths.items()}


# Who may ask, and what of the page is open


@pytest.mark.parametrize("path", ["/api/ask?question=a", "/api/status", "/api/openapi.json", "/gradio_api/mcp/"])
@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_others_are_refused(served: Served, path: str, headers: dict[str, str]) -> None:
    assert fetch(served, path, headers=headers).status_code == 403
    assert fetch(served, path, headers=headers, method="POST", json={}).status_code == 403


def test_the_page_offers_nothing_but_the_tools(served: Served) -> None:
    listed = served.tool("").tools
    assert [tool.name for tool in listed] == ["search", "ask", "get_note"]
    assert set(fetch(served, "/gradio_api/info").json()["named_endpoints"]) == {"/search", "/ask", "/get_note"}
    assert listed[1].inputSchema["required"] == ["question"]
    assert listed[1].inputSchema["properties"]["retriever"]["enum"] == ["hybrid", "dense", "lexical"]
    assert all(each["description"] for tool in listed for each in tool.inputSchema["properties"].values())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("ask", {"question": "a" * 1001}, "the question has 1001 characters: at most 1000"),
        ("ask", {"question": " "}, "the question is empty"),
        ("search", {"question": "a", "k": 51}, "k is 51: from 1 to 50"),
        ("get_note", {"doc_id": "nowhere.md"}, "the index holds no note 'nowhere.md'"),
        ("get_note", {"doc_id": "week05/backprop.md", "start": 5, "length": -1}, "start 5 and end 4 are no part of week05/backprop.md"),
    ],
)
def test_a_tool_says_what_is_wrong(served: Served, name: str, arguments: dict[str, Any], message: str) -> None:
    result = served.tool(name, **arguments)
    assert result.isError and message in result.content[0].text


@pytest.mark.parametrize("arguments", [{"question": "a"}, {"doc_id": "a.md"}])
def test_a_crash_is_for_the_terminal(arguments: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    def opened() -> Any:
        raise ZeroDivisionError("by zero")

    crashing = [tool for tool in tools.tools(opened) if set(arguments) <= signature(tool).parameters.keys()]
    for tool in crashing:
        with pytest.raises(RuntimeError, match=f"^{calls.FAULT}$"):
            tool(**arguments)
    shown = capsys.readouterr().err.splitlines()
    assert crashing and shown.count("ZeroDivisionError: by zero") == len(crashing)


# Without a server: shapes, limits and failures


NOTE = Document("week05/역전파.md", "역전파", "# 역전파\n\n😀 역전파는 기울기를 뒤로 보낸다.\n\n끝")


def client(opened: Any = None) -> TestClient:
    return TestClient(api(opened or (lambda: WordPipeline(WordIndex([NOTE])))), raise_server_exceptions=False)


PLAIN = client()


def names(shape: type) -> list[str]:
    return [each.name for each in fields(shape)]


def test_the_documented_shapes_are_those_that_are_sent(served: Served) -> None:
    from pydantic import TypeAdapter

    sent = {
        AnswerShape: fetch(served, "/api/ask?question=역전파란?"),
        Found: fetch(served, "/api/search?question=역전파란?"),
        NoteShape: fetch(served, "/api/notes/week05/backprop.md"),
        StatusShape: fetch(served, "/api/status"),
    }
    for shape, reply in sent.items():
        TypeAdapter(shape).validate_json(reply.content, strict=True)
        assert list(reply.json()) == names(shape)
    for hit in sent[Found].json()["hits"]:
        assert list(hit) == names(HitShape)
        assert set(hit["locator"]) <= set(names(LocatorShape))


def test_every_operation_has_a_name_of_its_own() -> None:
    paths = PLAIN.get("/openapi.json").json()["paths"]
    named = [each["operationId"] for path in paths.values() for each in path.values()]
    assert named == ["search", "search_json", "ask", "ask_json", "notes", "note"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "question: Field required"),
        ({"question": ""}, "question: String should have at least 1 character"),
        ({"question": " \n"}, "the question is empty"),
        ({"question": "a" * 1001}, "question: String should have at most 1000 characters"),
        ({"question": "a", "k": 0}, "k: Input should be greater than or equal to 1"),
        ({"question": "a", "k": 51}, "k: Input should be less than or equal to 50"),
        ({"question": "a", "k": "many"}, "k: Input should be a valid integer, unable to parse string as an integer"),
        ({"question": "a", "retriever": "best"}, "retriever: Input should be 'hybrid', 'dense' or 'lexical'"),
        ({"question": "a", "note": ["b"] * 21}, "note: List should have at most 20 items after validation, not 21"),
        ({"question": "a", "week": [3, "x"]}, "week.1: Input should be a valid integer, unable to parse string as an integer"),
        ({"question": "a", "as_typed": "maybe"}, "as_typed: Input should be a valid boolean, unable to interpret input"),
        ({"question": "a", "folder": ["b" * 301]}, "the name of a note, folder or format is longer than 300 characters"),
    ],
)
@pytest.mark.parametrize("path", ["/ask", "/search"])
def test_what_cannot_be_meant_is_said(path: str, asked: dict[str, Any], message: str) -> None:
    expected = (422, {"error": "UsageError", "message": message})
    for reply in (PLAIN.get(path, params=asked), PLAIN.post(path, json=asked)):
        assert (reply.status_code, reply.json()) == expected


KNOWN = "known are question, k, retriever, note, folder, week, type, as_typed"


@pytest.mark.parametrize("path", ["/ask", "/search"])
def test_a_name_that_is_not_known_is_not_lost(path: str) -> None:
    asked = {"question": "역전파", "folders": ["week05"], "kk": 3}
    for reply, what in ((PLAIN.get(path, params=asked), "query parameter"), (PLAIN.post(path, json=asked), "key")):
        assert (reply.status_code, reply.json()["message"]) == (422, f"unknown {what} 'folders', 'kk': {KNOWN}")
    reply = PLAIN.post(path, params={"k": 3}, json={"question": "역전파"})
    assert (reply.status_code, reply.json()["message"]) == (422, "unknown query parameter 'k': this call takes none")
    assert PLAIN.post(path, json={"question": "역전파", "k": 3, "folder": ["week05"]}).status_code == 200
    names = {"x" * 1000: 1, **{f"\ud800{number}": 1 for number in range(1000)}}
    many = PLAIN.post(path, content=json.dumps(names), headers={"content-type": "application/json"}).json()["message"]
    assert " and 996 more: known are " in many and r"'\ud8003' and" in many and "x" * 101 not in many


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/notes?folders=week05", "unknown query parameter 'folders': known are note, folder, week, type"),
        (f"/notes/{NOTE.doc_id}?begin=3", "unknown query parameter 'begin': known are start, end"),
        ("/status?full=1", "unknown query parameter 'full': this call takes none"),
    ],
)
def test_a_parameter_of_any_call_is_known(path: str, message: str) -> None:
    whole = TestClient(api(lambda: WordPipeline(WordIndex([NOTE])), lambda: {}))
    assert (whole.get(path).status_code, whole.get(path).json()["message"]) == (422, message)
    assert whole.get("/docs?x=1").status_code == 200


@pytest.mark.parametrize(("asked", "name"), [({"k": True}, "k"), ({"week": [3, False]}, "week")])
def test_true_is_no_number(asked: dict[str, Any], name: str) -> None:
    reply = PLAIN.post("/search", json={"question": "역전파", **asked})
    assert (reply.status_code, reply.json()["message"]) == (422, f"{name}: Input should be a valid integer, found true or false")


EXPECTED = 'expected a JSON object such as {"question": "…"}'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{bad", f"the body is no JSON (Expecting property name enclosed in double quotes at character 1): {EXPECTED}"),
        (b"[1]", f"the body is an array: {EXPECTED}"),
        (b'"question"', f"the body is a string: {EXPECTED}"),
        (b"null", f"the body is null: {EXPECTED}"),
        (b"true", f"the body is true or false: {EXPECTED}"),
        (b"1.5", f"the body is a number: {EXPECTED}"),
        (b"", f"the request has no body: {EXPECTED}"),
        (b"\xff", f"the body cannot be read as JSON in UTF-8: {EXPECTED}"),
        (b"[" * 100_000, f"the body cannot be read as JSON in UTF-8: {EXPECTED}"),
        (b'{"question": "\\ud800"}', "question: Input should be a valid string"),
    ],
)
def test_a_body_that_is_no_question_is_said(body: bytes, message: str) -> None:
    reply = PLAIN.post("/ask", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["error"]) == (422, "UsageError")
    assert reply.json()["message"].startswith(message)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_a_body_of_another_kind_is_said(kind: str) -> None:
    reply = PLAIN.post("/ask", content=b'{"question": "a"}', headers={"content-type": kind} if kind else {})
    expected = f"the body's Content-Type is {kind or 'not given'}: expected application/json, as curl's --json sends it"
    assert (reply.status_code, reply.json()) == (422, {"error": "UsageError", "message": expected})
    for known in ("application/json; charset=utf-8", "Application/JSON", "application/ld+json"):
        assert PLAIN.post("/ask", content=b'{"question": "a"}', headers={"content-type": known}).status_code == 200


def test_a_body_that_is_too_large_is_not_read() -> None:
    names = ["😀" * calls.LONGEST_NAME] * calls.MOST_NAMES  # twelve bytes each, as escapes
    most = {"question": "😀" * calls.MOST_CHARACTERS, "note": names, "folder": names, "type": names}
    assert PLAIN.post("/ask", content=json.dumps(most), headers={"content-type": "application/json"}).status_code == 200
    reply = PLAIN.post("/ask", json={"question": "a", "more": "a" * LARGEST_BODY})
    assert (reply.status_code, reply.json()["error"]) == (413, "HTTPError")


@pytest.mark.parametrize(
    ("method", "path", "code", "error"),
    [
        ("GET", "/nothing", 404, "HTTPError"),
        ("GET", "/status", 404, "HTTPError"),
        ("DELETE", "/ask", 405, "HTTPError"),
        ("POST", "/notes", 405, "HTTPError"),
        ("GET", "/notes/nothing.md", 404, "NoteMissing"),
        ("GET", "/notes/../../etc/passwd", 404, "HTTPError"),
        ("GET", "/notes/%2e%2e/etc/passwd", 404, "NoteMissing"),
    ],
)
def test_what_there_is_not_is_said(method: str, path: str, code: int, error: str) -> None:
    reply = PLAIN.request(method, path)
    assert (reply.status_code, reply.json()["error"]) == (code, error)
    assert reply.json()["message"]


@pytest.mark.parametrize(
    ("problem", "code"),
    [(IndexMissing("no index: rag index NOTES"), 503), (EncoderMismatch("another model"), 503), (ZeroDivisionError("by zero"), 500)],
)
@pytest.mark.parametrize("path", ["/ask?question=a", "/search?question=a", "/notes", "/notes/a.md"])
def test_a_failure_is_json_too(path: str, problem: Exception, code: int) -> None:
    def opened() -> Any:
        raise problem

    reply = client(opened).get(path)
    assert (reply.status_code, reply.json()["error"]) == (code, type(problem).__name__)
    assert reply.json()["message"].endswith(str(problem))


def test_a_name_is_found_as_any_system_writes_it() -> None:
    decomposed = unicodedata.normalize("NFD", NOTE.doc_id)
    assert decomposed != NOTE.doc_id
    assert PLAIN.get(f"/notes/{decomposed}").json()["doc_id"] == NOTE.doc_id


@given(st.integers(0, 60), st.none() | st.integers(0, 60))
def test_any_part_of_a_note_is_its_slice_or_is_refused(start: int, end: int | None) -> None:
    reply = PLAIN.get(f"/notes/{NOTE.doc_id}", params={"start": start, **({} if end is None else {"end": end})})
    last = len(NOTE.text) if end is None else min(end, len(NOTE.text))
    if start <= last:
        assert reply.json()["text"] == NOTE.text[start:last]
        assert (reply.json()["start"], reply.json()["end"]) == (start, last)
    else:
        assert reply.status_code == 422


def test_the_page_of_the_api_loads_and_runs_nothing(served: Served) -> None:
    text = PLAIN.get("/docs").text
    assert PLAIN.get("/").url.path == "/docs"
    assert [fetch(served, path, follow_redirects=True).url.path for path in ("/api", "/api/")] == ["/api/docs"] * 2
    assert not re.search(r"<(?:script|img|link|iframe)|\bon\w+=|https?:|@import|url\(", text)
    for told in (
        "GET /api/ask",
        "POST /api/ask",
        "GET /api/notes/{doc_id}",
        "at most 50;",
        "at most 1000 characters",
        "<code>false</code>",
        "required",
        "AnswerShape",
        "ProblemShape",
    ):
        assert told in text
    targets = set(re.findall(r'href="#(\w+)"', text))
    assert targets and targets == set(re.findall(r'id="(\w+)"', text)) & targets


def test_without_the_extra_the_page_serves_no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    from ui.web import application

    monkeypatch.setattr(tools, "can_serve", lambda: False)
    bare = TestClient(application(lambda: WordPipeline(WordIndex([NOTE])), ["testserver"]))
    assert bare.get("/gradio_api/info").json()["named_endpoints"] == {}
    assert bare.post("/gradio_api/mcp/", json={}).status_code in (404, 405)
    assert bare.get("/api/notes").json()["notes"][0]["doc_id"] == NOTE.doc_id
