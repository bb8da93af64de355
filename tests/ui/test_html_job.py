"""How far long work is: the bar, and the time left in words."""

from __future__ import annotations

import pytest

from tests.ui.parse import parse
from ui import html_job
from ui.i18n import Lang


def test_a_bar_says_its_share_or_that_none_is_known() -> None:
    known, unknown = (parse(html_job.bar("읽기", share)).of("track")[0] for share in (0.254, None))
    assert (known.attributes["aria-label"], known.attributes["aria-valuenow"]) == ("읽기", "25")
    assert 'style="width:25%"' in html_job.bar("읽기", 0.254)
    assert "aria-valuenow" not in unknown.attributes


@pytest.mark.parametrize(
    ("seconds", "lang", "said"),
    [
        (0.2, "ko", "약 1초 남음"),
        (89.4, "ko", "약 89초 남음"),
        (90, "ko", "약 2분 남음"),
        (90, "en", "about 2 min left"),
        (44.4, "en", "about 44 s left"),
        (120_000, "en", "about 2,000 min left"),
    ],
)
def test_the_time_left_is_told_in_seconds_then_in_minutes(seconds: float, lang: Lang, said: str) -> None:
    assert html_job.left(seconds, lang) == said
