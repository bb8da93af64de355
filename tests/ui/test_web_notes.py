"""What the view of the notes asks of the index."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.index.samples import folder, note, put
from ui import html_cut
from ui.web_notes import Desk, _side


def test_a_note_is_shown_as_it_was_cut_without_a_look_through_the_terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = folder(tmp_path / "index").apply(put(note("a.md", "첫 줄\n둘째 줄\n셋째 줄"), note("b.md", "다른 글")))
    held = index.indexed("a.md")
    monkeypatch.setattr("index.folder.terms_of", lambda *given: pytest.fail("the terms were looked through"))
    frame: Any = SimpleNamespace(pipeline=lambda: SimpleNamespace(index=index))
    assert _side(Desk(frame, None), ("a.md", 0), "ko") == html_cut.cut(held.document, held.passages, 0, "ko")
    assert _side(Desk(frame, None), ("gone.md", 0), "ko") == html_cut.missing("ko")
