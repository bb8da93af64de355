"""What the view in which one studies does where its book cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rag.study.book import book_of
from rag.study.cards import make_cards
from tests.rag.study_notes import NOTES, shelf
from ui.i18n_study import KO
from ui.web_study import Made, Study, _drawn

CARD = make_cards(NOTES)[0]


@pytest.mark.parametrize("part", ["quiz", "cards"])
def test_a_press_that_cannot_be_kept_is_told(tmp_path: Path, part: str) -> None:
    (tmp_path / "file").write_text("no folder")
    book = book_of(tmp_path / "file" / "index")
    frame: Any = SimpleNamespace(pipeline=lambda: SimpleNamespace(index=shelf()))
    study = Study(Made(frame, book), book, lambda: datetime(2026, 11, 23, tzinfo=UTC))
    press: Any = SimpleNamespace(do="out", key=CARD.key)
    shown = _drawn(study, part, {}, 0, "ko", press)
    assert KO.problem in shown and "can be written to" in shown and 'data-do="retry"' in shown
    shown = _drawn(study, part, {}, 0, "ko")
    assert KO.problem not in shown
