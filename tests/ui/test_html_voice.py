"""What is read aloud, and how the page asks for it."""

from __future__ import annotations

import base64

import pytest

from index.errors import IndexMissing
from rag import voice
from rag.spoken import Wording
from rag.voice import Heard
from tests.ui.shelf import WordIndex, WordPipeline
from ui.html_voice import microphone, plain, read_aloud, script_words, voice_of
from ui.i18n_voice import EN, KO
from ui.web_voice import hearer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("**역전파(backpropagation)**는 `기울기`를 뒤로 보낸다", "역전파(backpropagation)는 기울기를 뒤로 보낸다"),
        ("# 제목\n- 첫째\n  * 둘째\n> 인용", "제목\n첫째\n둘째\n인용"),
        ("[논문](https://a.b/c)과 ![그림](x.png)", "논문과 그림"),
        ("| 방법 | 효과 |\n|---|:--:|\n| 끈다 | 좋다 |", "방법, 효과\n끈다, 좋다"),
        ("```python\nx = a_b * 2\n```", "x = a_b  2"),
        ("손실 $L = 3$ 이다", "손실 L = 3 이다"),
        ("5 - 3 = 2, 2018-03, snake_case", "5 - 3 = 2, 2018-03, snake_case"),
        ("---\n***\n", ""),
        ("-" * 4_000 + "끝", "-" * 4_000 + "끝"),
    ],
)
def test_signs_of_markdown_are_not_read(text: str, said: str) -> None:
    assert plain(text) == said


def test_the_text_decides_the_voice() -> None:
    assert voice_of("BM25는 점수를 매긴다") == "ko" and voice_of("It divides by the root.") == "en"


def test_the_button_holds_what_is_read_escaped() -> None:
    made = read_aloud('<b onclick="x">"위험"</b> & 값', "ko")
    assert 'data-aloud="&lt;b onclick=&quot;x&quot;&gt;&quot;위험&quot;&lt;/b&gt; &amp; 값"' in made
    assert f'data-voice="ko" aria-pressed="false" aria-label="{KO.read}"' in made
    assert read_aloud("** — **", "ko") == ""


def test_the_microphone_has_a_name_in_each_language() -> None:
    assert f'aria-label="{KO.speak}"' in microphone("ko") and f'aria-label="{EN.speak}"' in microphone("en")
    assert script_words("en")["voice"]["absent"].endswith("pip install '.[voice]'")


# What the page calls


def given(sound: bytes) -> dict[str, object]:
    return {"wav": base64.b64encode(sound).decode()}


def test_the_server_hears_in_the_words_of_the_open_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.browser.conftest import NOTES

    asked: list[tuple[bytes, Wording | None]] = []

    def heard(sound: bytes, listened: Wording | None = None) -> Heard:
        asked.append((sound, listened))
        return Heard("역전파", "이 없다") if sound else Heard("")

    monkeypatch.setattr(voice, "heard", heard)
    monkeypatch.setattr(voice, "knows", lambda piece: True)
    pipelines = [WordPipeline(WordIndex(NOTES))]
    hear = hearer(lambda: pipelines[0])
    assert hear(given(b"abc")) == {"text": "역전파", "other": "이 없다"}
    assert hear(given(b"")) == {"problem": "nothing"}
    assert asked[0][0] == b"abc" and asked[0][1] is asked[1][1] and asked[0][1] is not None and asked[0][1].holds("역전파가")
    pipelines[0] = WordPipeline(WordIndex(NOTES[:1]))
    hear(given(b"abc"))
    assert asked[2][1] is not asked[0][1], "other notes have other words"


def test_what_is_no_recording_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hear = hearer(lambda: WordPipeline(WordIndex(())))
    for wav in ("%%%", 5, None, "A" * 46_000_000):
        assert hear({"wav": wav}) == {"problem": "failed"}
    assert hear(given(b"no wave")) == {"problem": "failed"}
    monkeypatch.setattr(voice, "is_installed", lambda: False)
    assert hear({}) == hear(given(b"")) == {"problem": "absent"}


def test_a_question_is_heard_where_no_index_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> WordPipeline:
        raise IndexMissing("There is no index")

    monkeypatch.setattr(voice, "heard", lambda sound, listened=None: Heard("안녕") if listened is None else Heard(""))
    assert hearer(missing)(given(b"abc")) == {"text": "안녕", "other": ""}
