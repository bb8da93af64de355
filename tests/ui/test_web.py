"""What the page does without a browser: which view comes of a question, when the index is opened, and where it listens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexMissing, UsageError
from index.types import Document
from rag.types import Answer
from tests.ui.parse import parse
from tests.ui.shelf import WordIndex, WordPipeline
from ui import html, html_note, web, web_ask, web_index
from ui.web_index import Shelf

NOTE = Document("a.md", "역전파", "# 역전파\n\n역전파는 기울기를 뒤로 보낸다.\n\n끝")


def pipeline() -> WordPipeline:
    return WordPipeline(WordIndex([NOTE]))


def missing() -> WordPipeline:
    raise IndexMissing("no index in data/index. Make one: rag index NOTES")


class Broken(WordPipeline):
    def ask(self, question: str, **settings: Any) -> Answer:
        raise ZeroDivisionError("by zero")


# Questions


def test_a_question_is_waited_for_and_answered() -> None:
    asked = pipeline()
    waiting, answer = web_ask._respond(lambda: asked, "  역전파는? ", "lexical", 3)
    assert waiting is None
    assert isinstance(answer, Answer)
    assert [span.quote for span in answer.spans] == ["역전파는 기울기를 뒤로 보낸다."]
    assert asked.asked == [("역전파는?", 3, "lexical")]


@pytest.mark.parametrize("question", ["", "  \n "])
def test_an_empty_question_asks_nothing(question: str) -> None:
    assert list(web_ask._respond(missing, question, "hybrid", 5)) == []


def test_a_missing_index_is_a_view() -> None:
    assert list(web_ask._respond(missing, "역전파", "hybrid", 5)) == [
        None,
        html.Problem("no index in data/index. Make one: rag index NOTES"),
    ]
    assert web_ask._start(missing, "ko") == html.Problem("no index in data/index. Make one: rag index NOTES")
    assert web_index.held(missing) == (0, 0)


def test_a_fault_of_the_program_is_a_view_and_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    broken = Broken(WordIndex([NOTE]))
    assert list(web_ask._respond(lambda: broken, "역전파", "hybrid", 5)) == [None, html.Problem("ZeroDivisionError: by zero", crashed=True)]
    assert "Traceback" in capsys.readouterr().err


def test_the_first_view_counts_the_notes_and_offers_questions() -> None:
    assert web_index.held(pipeline) == (1, 2)
    assert web_ask._start(pipeline, "ko") == html.Start(("역전파는 무엇인가요?",))


# Notes


def place(doc: str) -> dict[str, Any]:
    return {"doc": doc, "start": 7, "end": 10, "spans": [], "check": html_note.digest([NOTE.text[7:10]])}


def test_a_note_is_read_at_a_place() -> None:
    tree = parse(web_ask._reader(pipeline)({"lang": "ko", "place": place("a.md")}))
    assert [row.text for row in tree.of("here")] == ["역전파는 기울기를 뒤로 보낸다."]
    source = parse(web_ask._reader(pipeline)({"lang": "ko", "place": place("a.md"), "shape": "source"}))
    assert [row.text for row in source.of("here")] == ["역전파는 기울기를 뒤로 보낸다.\n"]


def test_a_note_that_is_gone_is_said() -> None:
    assert web_ask._reader(pipeline)({"lang": "en", "place": place("b.md")}) == html_note.missing_note("en")
    assert "rag index NOTES" in web_ask._reader(missing)({"lang": "en", "place": place("a.md")})


# The index


def test_the_index_is_opened_once_for_each_generation() -> None:
    opened: list[WordPipeline] = []
    stamps: list[Hashable] = [1, 1, 2, 2]

    def open_one() -> WordPipeline:
        opened.append(pipeline())
        return opened[-1]

    shelf = Shelf(open_one, lambda: stamps.pop(0))
    held = [shelf() for _ in range(4)]
    assert [id(each) for each in held] == [id(opened[n]) for n in (0, 0, 1, 1)]


def test_an_index_that_could_not_be_opened_is_tried_again() -> None:
    ways = [missing, pipeline]
    shelf = Shelf(lambda: ways.pop(0)(), lambda: 1)
    with pytest.raises(IndexMissing):
        shelf()
    assert len(shelf().index) == 2


def test_a_broken_new_generation_is_not_hidden_by_the_old_one() -> None:
    ways, stamps = [pipeline, missing], [1, 2]
    shelf = Shelf(lambda: ways.pop(0)(), lambda: stamps.pop(0))
    shelf()
    with pytest.raises(IndexMissing):
        shelf()


# The server


def test_uploads_lie_where_nobody_else_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradio.utils import get_upload_folder

    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    with web._private_uploads():
        folder = Path(get_upload_folder())
        assert os.name == "nt" or folder.stat().st_mode & 0o777 == 0o700
        (folder / "a.md").write_text("a")
    assert not folder.exists()
    assert "GRADIO_TEMP_DIR" not in os.environ


def test_a_taken_port_names_the_next() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"rag ui --port {port + 1}"):
            web.listen("127.0.0.1", port)


def test_a_place_that_is_not_ours_cannot_be_listened_on() -> None:
    with pytest.raises(UsageError, match="65535"):
        web.listen("127.0.0.1", 65536)
    with pytest.raises(UsageError, match=r"cannot listen on 192\.0\.2\.1.*rag ui --host 127\.0\.0\.1"):
        web.listen("192.0.2.1", 0)


def test_importing_the_page_loads_no_gradio_and_sets_nothing() -> None:
    code = "import os, sys, ui.web; print('gradio' in sys.modules, 'uvicorn' in sys.modules, os.environ.get('GRADIO_ANALYTICS_ENABLED'))"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRADIO")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], env=clean, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False None\n"


def test_the_script_carries_both_languages_and_cannot_end_early() -> None:
    script = web._script()
    assert "__TEXTS__" not in script
    assert "</script" not in script and "<p" not in script.split("const KEY")[0]
    assert '"ko": {' in script and '"en": {' in script
