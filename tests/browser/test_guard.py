"""The page behind names and passwords, as a person meets it: the form, the way out, and being told to wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import NOTES, PATIENCE
from tests.browser.test_page import ask, text_of
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui import users
from ui.door import Door
from ui.i18n_guard import EN, KO
from ui.users import Users

pytestmark = pytest.mark.browser

HURRY = """async () => {
  for (let n = 0; n < 60; n += 1) {
    const told = await Promise.all(Array.from({ length: 50 }, () => fetch('/api/notes')));
    if (told.some((each) => each.status === 429)) return true;
  }
  return false;
}"""
"""Asks until there is too much of it, however slow the machine."""


def test_one_signs_in_asks_is_told_to_wait_and_leaves(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "LOG2_N", 4)
    users.add(tmp_path / "users", "민지", "한글로 된 비밀번호")
    door = Door(users=Users(tmp_path / "users"))
    with serving(lambda: WordPipeline(WordIndex(NOTES)), door=door) as port:
        context = browser.new_context(locale="ko-KR")
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        assert page.url.endswith("/login")
        for password, told in (("틀린 비밀번호", KO.wrong), ("한글로 된 비밀번호", "")):
            page.get_by_label(KO.name).fill("민지")
            page.get_by_label(KO.password).fill(password)
            page.get_by_role("button", name=KO.enter).click()
            if told:
                assert page.get_by_role("alert").inner_text() == told
        page.wait_for_function("document.querySelector('#answer')?.getAttribute('aria-live') === 'polite'")
        ask(page, "Scaled dot-product attention?")
        assert "divides by the square root" in text_of(page, "#board")
        assert page.locator("#view-notes-button").is_visible() and not page.locator("#view-log-button").count()
        assert not page.locator("#log [data-turn], #logbook").count(), "the log is its owner's"
        for lang, texts in (("en", EN), ("ko", KO)):
            page.click(f'[data-lang="{lang}"]')
            assert page.locator("#leave").inner_text() == texts.leave
        assert page.evaluate(HURRY)
        assert page.locator("#told").inner_text() == KO.busy
        page.get_by_role("link", name=KO.leave).click()
        assert page.get_by_text(KO.here.format(name="민지")).is_visible()
        page.get_by_role("button", name=KO.leave).click()
        page.wait_for_selector("input[name=password]")
        page.goto(f"http://127.0.0.1:{port}/")
        assert page.url.endswith("/login")
        context.close()
