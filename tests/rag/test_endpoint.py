"""The chat endpoint, against a server on this machine that misbehaves; the key, which nobody may see."""

from __future__ import annotations

import logging
import time

import pytest

from index.errors import EndpointError, UsageError
from rag.endpoint import MOST_BYTES, Endpoint
from tests.chat_server import EVENTS, Reply, says, serving, streams

SECRET = "sk-secret-0123456789"
HELLO = [{"role": "user", "content": "안녕"}]


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_an_answer() -> None:
    with serving([says("반가워")]) as server, Endpoint(server.url, "small") as endpoint:
        assert endpoint.ask(HELLO) == "반가워"
    path, headers, body = server.asked[0]
    assert (path, body) == ("/v1/chat/completions", {"model": "small", "messages": HELLO})
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions"),
        ("https://host/api/v3/chat/completions", "https://host/api/v3/chat/completions"),
        ("https://host/openai/deployments/x?api-version=1", "https://host/openai/deployments/x/chat/completions?api-version=1"),
    ],
)
def test_the_address_may_be_that_of_the_api_or_of_its_endpoint(url: str, expected: str) -> None:
    with Endpoint(url, "m") as endpoint:
        assert endpoint.url == expected


@pytest.mark.parametrize(
    "url", ["", "localhost:11434", "ftp://host/v1", "http://", "http://host:port/v1", "http://ho st/v1", "http://[::1/v1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"http://localhost:11434/v1"):
        Endpoint(url, "m")


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as problem:
        Endpoint("https://me:hunter2@host/v1", "m")
    assert "hunter2" not in str(problem.value)


# ------------------------------------------------------------------ misbehaviour


@pytest.mark.parametrize(
    "first",
    [
        Reply(500, "oops"),
        Reply(429, '{"error": {"message": "slow down"}}'),
        Reply(503, ""),
        Reply(200, "<html>"),
        Reply(200, '{"choices": []}'),
        Reply(200, '{"choices": [{"message": "words"}]}'),
        Reply(200, "[1]"),
    ],
)
def test_a_failure_that_may_pass_is_tried_again(first: Reply) -> None:
    with serving([first, says("둘째")]) as server, Endpoint(server.url, "m", pause=0.01) as endpoint:
        assert endpoint.ask(HELLO) == "둘째"
    assert len(server.asked) == 2


def test_it_is_not_tried_for_ever() -> None:
    told = r"answered HTTP 500: the model fell over \(tried 3 times\)"
    with (
        serving([Reply(500, "the model\nfell over")]) as server,
        Endpoint(server.url, "m", tries=3, pause=0.01) as endpoint,
        pytest.raises(EndpointError, match=told),
    ):
        endpoint.ask(HELLO)
    assert len(server.asked) == 3


def test_the_server_says_how_long_to_wait() -> None:
    busy = Reply(429, "", headers={"Retry-After": "1"})
    with serving([busy, says("이제")]) as server, Endpoint(server.url, "m", pause=0.01) as endpoint:
        begun = time.monotonic()
        assert endpoint.ask(HELLO) == "이제"
    assert 1.0 <= time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(401, "no"), r"refused the key \(HTTP 401\): set \$OPENAI_API_KEY"),
        (Reply(404, '{"error": {"message": "model \'m\' not found"}}'), r"HTTP 404: model 'm' not found\. Expected an address such as"),
        (Reply(400, '{"error": "context too long"}'), r"HTTP 400: context too long\."),
        (Reply(307, "", headers={"Location": "http://example.org"}), r"is elsewhere \(HTTP 307\)"),
        (Reply(200, "x" * (MOST_BYTES + 1)), r"more than 4 MB"),
    ],
)
def test_a_failure_that_stays_is_told_at_once(reply: Reply, message: str) -> None:
    with serving([reply]) as server, Endpoint(server.url, "m", pause=0.01) as endpoint, pytest.raises(EndpointError, match=message):
        endpoint.ask(HELLO)
    assert len(server.asked) == 1


@pytest.mark.parametrize("slow", [Reply(200, says("늦음").body, wait=1.0), Reply(200, says("늦음").body, drip=0.05)])
def test_a_slow_answer_is_given_up(slow: Reply) -> None:
    with serving([slow]) as server, Endpoint(server.url, "m", timeout=0.3, tries=1) as endpoint:
        begun = time.monotonic()
        with pytest.raises(EndpointError, match=r"within 0\.3 seconds"):
            endpoint.ask(HELLO)
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("body", [says("늦음").body, streams("늦음").body])
def test_the_time_of_an_answer_runs_from_its_question_on(body: str) -> None:
    headers = EVENTS if body.startswith("data") else {}
    slow = Reply(200, body, wait=0.7, drip=0.2 if headers else 0.01, headers=headers)
    with (
        serving([slow]) as server,
        Endpoint(server.url, "m", timeout=1, tries=1) as endpoint,
        pytest.raises(EndpointError, match="within 1 seconds"),
    ):
        list(endpoint.stream(HELLO))


def test_nobody_is_there() -> None:
    with serving([says("")]) as server:
        url = server.url
    with Endpoint(url, "m", tries=2, pause=0.01) as endpoint, pytest.raises(EndpointError, match=r"cannot be reached: .*\(tried 2 times\)"):
        endpoint.ask(HELLO)


def test_a_silent_model_says_nothing() -> None:
    with serving([says(None)]) as server, Endpoint(server.url, "m") as endpoint:
        assert endpoint.ask(HELLO) == ""


# ----------------------------------------------------------------------- the key


def test_the_key_goes_to_this_machine_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with serving([says("")]) as server, Endpoint(server.url, "m") as endpoint:
        endpoint.ask(HELLO)
    assert server.asked[0][1]["authorization"] == f"Bearer {SECRET}"
    with Endpoint("https://example.org/v1", "m") as far, Endpoint("http://example.org/v1", "m") as plain:
        assert (far._key, plain._key) == (SECRET, "")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_the_key_is_never_told(
    status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    with (
        serving([Reply(status, f'{{"error": {{"message": "bad key {SECRET}"}}}}')]) as server,
        Endpoint(server.url, "m", tries=2, pause=0.01) as endpoint,
        pytest.raises(EndpointError) as problem,
    ):
        endpoint.ask(HELLO)
    shown = capsys.readouterr()
    told = (str(problem.value), str(problem.value.__cause__), repr(endpoint), caplog.text, shown.out, shown.err)
    assert [text for text in told if SECRET in text] == []


def test_a_key_that_is_none_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "열쇠")
    with pytest.raises(UsageError, match="set it anew") as problem:
        Endpoint("https://example.org/v1", "m")
    assert "열쇠" not in str(problem.value)


# --------------------------------------------------------------------- streaming


def test_an_answer_comes_in_pieces() -> None:
    with serving([streams("안녕하세요. 반가워요.", step=4)]) as server, Endpoint(server.url, "m") as endpoint:
        assert list(endpoint.stream(HELLO)) == ["안녕하세", "요. 반", "가워요."]
    assert server.asked[0][2] == {"model": "m", "messages": HELLO, "stream": True}


def test_the_first_piece_comes_before_the_last_is_sent() -> None:
    with serving([streams("하나둘셋", step=2, drip=0.4)]) as server, Endpoint(server.url, "m") as endpoint:
        begun = time.monotonic()
        first = next(endpoint.stream(HELLO))
        assert (first, time.monotonic() - begun < 1.2) == ("하나", True)


def test_an_error_that_is_null_is_none() -> None:
    body = streams("하나둘").body.replace('{"choices"', '{"error": null, "choices"')
    with serving([Reply(200, body, headers=EVENTS)]) as server, Endpoint(server.url, "m", tries=1) as endpoint:
        assert list(endpoint.stream(HELLO)) == ["하나둘"]


@pytest.mark.parametrize("first", [Reply(500, "oops"), Reply(503, ""), Reply(200, "data: <html>\n\n", headers=EVENTS)])
def test_a_stream_that_fails_before_its_first_piece_is_tried_again(first: Reply) -> None:
    with serving([first, streams("둘째")]) as server, Endpoint(server.url, "m", pause=0.01) as endpoint:
        assert "".join(endpoint.stream(HELLO)) == "둘째"
    assert len(server.asked) == 2


def test_a_server_that_does_not_stream_answers_in_one_piece() -> None:
    with serving([says("통째로 왔어요")]) as server, Endpoint(server.url, "m") as endpoint:
        assert list(endpoint.stream(HELLO)) == ["통째로 왔어요"]


def test_without_the_extra_it_is_asked_unstreamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.endpoint.find_spec", lambda name: None)
    with serving([says("통째로")]) as server, Endpoint(server.url, "m") as endpoint:
        assert list(endpoint.stream(HELLO)) == ["통째로"]
    assert "stream" not in server.asked[0][2]


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (streams("하나둘셋", ends=False), "hung up before the end of its answer; the answer broke off"),
        (streams("하나둘셋", ends=False, lacking=50), r"hung up: .*; the answer broke off"),
        (
            Reply(200, streams("하나둘셋", ends=False).body + 'data: {"error": {"message": "out of memory"}}\n\n', headers=EVENTS),
            "out of memory",
        ),
        (Reply(200, streams("하나둘셋", ends=False).body + "data: nonsense\n\n", headers=EVENTS), "did not answer as a chat endpoint"),
    ],
)
def test_what_breaks_off_is_told_and_not_asked_again(reply: Reply, message: str) -> None:
    with serving([reply]) as server, Endpoint(server.url, "m", pause=0.01) as endpoint:
        pieces = endpoint.stream(HELLO)
        assert next(pieces) == "하나둘셋"
        with pytest.raises(EndpointError, match=message):
            next(pieces)
    assert len(server.asked) == 1


def test_a_stream_keeps_to_the_limits_of_time_and_size() -> None:
    endless = Reply(200, "data: " + "x" * (MOST_BYTES + 1), headers=EVENTS)
    with serving([endless]) as server, Endpoint(server.url, "m") as endpoint, pytest.raises(EndpointError, match="more than 4 MB"):
        list(endpoint.stream(HELLO))
    with (
        serving([streams("하나둘셋넷", step=1, drip=0.2)]) as server,
        Endpoint(server.url, "m", timeout=0.5, tries=1) as endpoint,
        pytest.raises(EndpointError, match=r"within 0\.5 seconds"),
    ):
        list(endpoint.stream(HELLO))


@pytest.mark.parametrize("body", [f"data: {SECRET}\n\n", f'data: {{"error": {{"message": "bad key {SECRET}"}}}}\n\n'])
def test_a_stream_never_tells_the_key(body: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    with (
        serving([Reply(200, body, headers=EVENTS)]) as server,
        Endpoint(server.url, "m", tries=1) as endpoint,
        pytest.raises(EndpointError) as problem,
    ):
        list(endpoint.stream(HELLO))
    assert server.asked[0][1]["authorization"] == f"Bearer {SECRET}"
    assert [text for text in (str(problem.value), str(problem.value.__cause__), caplog.text) if SECRET in text] == []
