"""The card and the shell's words for a large language model's answer, as pure functions; what the shell prints over a server."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from functools import cache

import pytest

from index.morphemes import Analyser
from index.types import Locator, Passage
from rag.endpoint import Endpoint
from rag.language_model import SILENT, LanguageModel, Reply, Said
from rag.support import Checker, Fault
from rag.types import Answer, Hit
from tests.chat_server import Reply as Sent
from tests.chat_server import serving, streams
from tests.ui.parse import parse
from ui import cli, cli_llm, html_llm
from ui.arguments import Options
from ui.i18n_llm import EN, KO, problem, reason

TEXT = "역전파는 오차를 뒤로 보내며 기울기를 구한다."
HIT = Hit(Passage("n.md", "역<전>파", (), TEXT, 0, len(TEXT), Locator(1)), 1.0)
ANSWER = Answer("역전파는?", TEXT, (), 0.9, (HIT,), searched="역전파는?")
GOOD = Said("기울기를 <b>구합니다</b>.", (1,))
WRONG = Said("1986년입니다.", (1, 9), (Fault("number", ("1986년",), (1,)), Fault("range", ("9",), (9,))))


def reply(*said: Said, **state: object) -> Reply:
    return Reply("역전파는?", "작은 <모델>", said, 1.25, 0.5, done=True, **state)  # type: ignore[arg-type]


def test_both_languages_have_every_word() -> None:
    for each in dataclasses.fields(KO):
        assert getattr(KO, each.name) and getattr(EN, each.name)


@pytest.mark.parametrize(
    ("fault", "ko", "en"),
    [
        (Fault("number", ("1986",), (2,)), "수 1986이 [2]에 없어요", "the number 1986 is not in [2]"),
        (Fault("number", ("3", "12"), (1, 2)), "수 3, 12가 [1][2]에 없어요", "the number 3, 12 is not in [1][2]"),
        (Fault("name", ("Hinton",), (1,)), "‘Hinton’ 낱말이 [1]에 없어요", "the name ‘Hinton’ is not in [1]"),
        (Fault("word", ("벡터",), (1,)), "‘벡터’가 [1]에 없어요", "‘벡터’ is not in [1]"),
        (Fault("negation", ("보내",), (1,)), "‘보내’: [1]에서는 반대로 말해요", "‘보내’: [1] says the opposite"),
        (Fault("range", ("9",), (9,)), "9번 단락은 없어요", "there is no passage 9"),
        (Fault("uncited"), "인용한 단락이 없어요", "no passage is cited"),
        (Fault("meaning", (), (1,)), "[1]에 이런 뜻의 문장이 없어요", "[1] says nothing of this meaning"),
        (Fault("quote", ("그 말",), (1,)), "따온 말이 [1]에 없어요: ‘그 말’", "the quoted ‘그 말’ is not in [1]"),
    ],
)
def test_reasons(fault: Fault, ko: str, en: str) -> None:
    assert (reason(fault, "ko"), reason(fault, "en")) == (ko, en)


def test_problems_of_ours_are_translated() -> None:
    assert (problem(SILENT, "ko"), problem("HTTP 500", "ko")) == (KO.silent, "HTTP 500")


def test_the_words_of_the_model_are_text() -> None:
    shown = html_llm.card(reply(GOOD, WRONG), (HIT,), False, "ko")
    parse(shown)
    assert "<b>" not in shown.replace("<b aria", "") and "작은 &lt;모델&gt;" in shown
    assert "기울기를 &lt;b&gt;구합니다&lt;/b&gt;." in shown
    assert KO.some.format(count=2, wrong=1) in shown and "1.2초" in shown
    assert shown.count('class="cite"') == 2 and shown.count('class="cite gone"') == 1
    assert "수 1986년이 [1]에 없어요" in shown and "9번 단락은 없어요" in shown


def test_while_it_is_written_there_is_no_button_and_no_verdict() -> None:
    shown = html_llm.card(dataclasses.replace(reply(GOOD), done=False), (HIT,), False, "en")
    assert 'aria-busy="true"' in shown and EN.going in shown
    assert "data-llm" not in shown and "verdict" not in shown


def test_the_switch_says_its_state() -> None:
    assert [html_llm.offer("m", always, "ko").count('aria-checked="true"') for always in (False, True)] == [0, 1]


def test_how_it_ended() -> None:
    assert KO.declined in html_llm.card(reply(declined=True), (HIT,), False, "ko")
    broken = html_llm.card(reply(GOOD, problem="<x> hung up"), (HIT,), False, "ko")
    assert KO.broke_off in broken and "&lt;x&gt; hung up" in broken and KO.unharmed in broken
    assert "pip install" in html_llm.card(reply(GOOD, notices=("n",)), (HIT,), False, "ko")


# The shell


@cache
def checker() -> Checker:
    return Checker(Analyser())


def test_the_shell_shows_each_sentence_and_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    options = Options(format="text")
    said = streams("기울기를 구합니다 [1]. 1986년입니다 [1]. \x1b[31m")
    with serving([said]) as server, Endpoint(server.url, "m") as endpoint:
        cli_llm.beside(options, LanguageModel(endpoint, checker), ANSWER)
    shown = capsys.readouterr().out
    assert shown.startswith(TEXT)
    below = shown.split("-- large model m\n")[1].splitlines()
    assert below[:3] == ["  기울기를 구합니다. [1]", "! 1986년입니다. [1]", "    not verified: the number 1986년 is not in [1]"]
    assert "\x1b" not in shown


def test_the_shell_as_json_and_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with serving([Sent(500, "oops")]) as server, Endpoint(server.url, "m", tries=1) as endpoint:
        cli_llm.beside(Options(format="json"), LanguageModel(endpoint, checker), ANSWER)
    found = json.loads(capsys.readouterr().out)
    assert found["text"] == TEXT
    assert (found["llm"]["sentences"], "HTTP 500" in found["llm"]["problem"]) == ([], True)


def test_without_a_model_nothing_changes(capsys: pytest.CaptureFixture[str]) -> None:
    cli_llm.beside(Options(format="json"), None, ANSWER)
    assert "llm" not in json.loads(capsys.readouterr().out)


def test_half_of_an_endpoint_is_wrong_usage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAG_LLM_URL", "RAG_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main(["ask", "역전파", "--llm", "http://localhost:1"]) == 2
    assert "--llm URL and --llm-model NAME" in capsys.readouterr().err


def test_the_front_door_does_not_load_it() -> None:
    code = "import sys, ui.cli; print([name for name in ('rag.language_model', 'rag.support', 'httpx') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
