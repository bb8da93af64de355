"""The API's page for people in a real browser: nothing is fetched from elsewhere, nothing faults, and its links lead somewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Site, Watch

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 360])
def test_the_page_stands_by_itself(site: Site, browser: Any, watch: Watch, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    try:
        page = context.new_page()
        watch.attend(page, site.url)
        page.goto(f"{site.url}api/docs")
        assert page.inner_text("h3 >> nth=0") == "GET /api/search"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.click("a[href='#AnswerShape'] >> nth=0")
        assert page.evaluate("document.querySelector(':target').innerText") == "AnswerShape"
        page.click("text=openapi.json")
        assert page.evaluate("JSON.parse(document.body.innerText).servers") == [{"url": "/api"}]
    finally:
        context.close()
    assert watch.faults == []
