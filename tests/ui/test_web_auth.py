"""With `--auth`, nothing of the page, its API or its tools is reached without a name and a password."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import urlencode

import httpx
import pytest

from index.types import Document
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui import users, web
from ui.door import Door
from ui.observe import watch
from ui.throttle import FREE
from ui.users import Users
from ui.web_auth import Gate
from ui.web_guard import Message, local_hosts

SECRET, OTHER = "correct horse", "한글 비밀번호 여덟"
NOTE = Document("a.md", "역전파", "# 역전파\n\n역전파는 기울기를 뒤로 보낸다.")


@dataclass(frozen=True)
class Guarded:
    url: str
    file: Path
    err: io.StringIO

    def fetch(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        return httpx.request(method, f"{self.url}{path}", timeout=30, **options)

    def sign_in(self, name: str = "kim", password: str = SECRET, **headers: str) -> httpx.Response:
        return self.fetch("/login", "POST", data={"name": name, "password": password}, headers={"origin": self.url, **headers})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("auth") / "users"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(users, "LOG2_N", 4)
        users.add(found, "kim", SECRET)
        users.add(found, "민지", OTHER)
    return found


def door(file: Path, err: io.StringIO) -> Door:
    return Door(users=Users(file), rate=0, seen=watch(None, err))


@pytest.fixture(scope="module")
def guarded(file: Path) -> Iterator[Guarded]:
    err = io.StringIO()
    with serving(lambda: WordPipeline(WordIndex([NOTE])), status=lambda: {"documents": []}, door=door(file, err)) as port:
        yield Guarded(f"http://127.0.0.1:{port}", file, err)


def routes() -> list[tuple[str, str]]:
    """Every route that the application has, Gradio's with it, with something in the place of what varies."""
    app = web.application(lambda: WordPipeline(WordIndex([NOTE])), local_hosts("127.0.0.1", 1), lambda: {})
    found: set[tuple[str, str]] = set()

    def walk(routes: Any, prefix: str) -> None:
        for route in routes:
            path = prefix + re.sub(r"{[^}]*}", "x", getattr(route, "path", ""))
            for inner in (route, getattr(route, "app", None), getattr(route, "original_router", None)):
                if getattr(inner, "routes", None):
                    walk(inner.routes, path.rstrip("/"))
            if "{" not in path:
                found.update((method, path or "/") for method in (getattr(route, "methods", None) or ("GET", "POST")))

    walk(app.routes, "")
    return sorted(found)


def test_no_route_is_reached_without_a_name(guarded: Guarded) -> None:
    open_to_all = {"/login", "/logout", "/healthz"}
    asked = [(method, path) for method, path in routes() if path not in open_to_all]
    assert len(asked) > 60 and ("POST", "/gradio_api/queue/join") in asked and ("GET", "/api/ask") in asked
    asked += [("POST", "/gradio_api/mcp/"), *(("GET", path) for path in ("/metrics", "//login", "/login/", "/healthz/", "/%6cogin/x"))]
    with httpx.Client(base_url=guarded.url, timeout=30) as client:
        found = {(method, path): client.request(method, path).status_code for method, path in asked}
    assert {each: status for each, status in found.items() if status != 401} == {}


def test_the_door_leads_people_to_the_form_and_tells_programs(guarded: Guarded) -> None:
    person = guarded.fetch("/", headers={"accept": "text/html,*/*", "accept-language": "ko-KR"})
    assert (person.status_code, person.headers["location"]) == (303, "/login")
    form = guarded.fetch("/login", headers={"accept-language": "ko-KR"})
    assert (form.status_code, "비밀번호" in form.text, "<script" in form.text) == (200, True, False)
    assert 'lang="en"' in guarded.fetch("/login", headers={"accept-language": "en"}).text
    program = guarded.fetch("/api/notes")
    assert program.headers["www-authenticate"].startswith("Basic ")
    assert program.json()["error"] == "SignIn"
    script = guarded.fetch("/api/notes", headers={"sec-fetch-site": "same-origin"})
    assert (script.status_code, script.headers["www-authenticate"].split()[0]) == (401, "Form")


@pytest.mark.parametrize(("name", "password"), [("kim", SECRET), ("민지", OTHER), (normalize("NFD", "민지"), normalize("NFD", OTHER))])
def test_programs_show_their_password(guarded: Guarded, name: str, password: str) -> None:
    shown = httpx.BasicAuth(name.encode(), password.encode())
    found = guarded.fetch("/api/ask", params={"question": "역전파는?"}, auth=shown)
    assert found.json()["spans"][0]["quote"] == "역전파는 기울기를 뒤로 보낸다."
    assert guarded.fetch("/metrics", auth=shown).status_code == 200
    assert guarded.fetch("/", auth=shown).status_code == 200


def test_tools_are_called_with_a_password_alone(guarded: Guarded) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def call() -> str:
        async with (
            httpx.AsyncClient(auth=("kim", SECRET), timeout=30) as client,
            streamable_http_client(f"{guarded.url}/gradio_api/mcp/", http_client=client) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return str((await session.call_tool("get_note", {"doc_id": "a.md"})).content[0].text)  # type: ignore[union-attr]

    assert json.loads(asyncio.run(call()))["text"] == NOTE.text


def test_the_form_lets_in_until_one_leaves(guarded: Guarded) -> None:
    entered = guarded.sign_in()
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")) and "Secure" not in cookie
    with httpx.Client(base_url=guarded.url, cookies=entered.cookies, timeout=30) as client:
        assert client.get("/api/notes").json()["notes"][0]["doc_id"] == "a.md"
        assert "window.signedIn = true;" in client.get("/").text
        assert "kim" in client.get("/login").text
        assert client.post("/logout", headers={"origin": guarded.url}).status_code == 303
    with httpx.Client(base_url=guarded.url, timeout=30) as client:
        old = {"cookie": cookie.split(";")[0]}
        assert client.get("/api/notes", headers=old).status_code == 401  # also with the cookie that was kept
        assert client.get("/api/notes", headers={"cookie": old["cookie"][:-1] + "x"}).status_code == 401
        assert client.get("/api/notes", headers={"cookie": "\x01;;==,"}).status_code == 401


def test_a_new_password_ends_what_the_old_one_opened(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "LOG2_N", 4)
    users.add(guarded.file, "lee", SECRET)
    entered = guarded.sign_in("lee")
    assert guarded.fetch("/api/notes", cookies=entered.cookies).status_code == 200
    assert guarded.fetch("/api/notes", auth=("lee", SECRET)).status_code == 200
    users.add(guarded.file, "lee", "quite another")
    assert guarded.fetch("/api/notes", cookies=entered.cookies).status_code == 401
    assert guarded.fetch("/api/notes", auth=("lee", SECRET)).status_code == 401
    assert guarded.fetch("/api/notes", auth=("lee", "quite another")).status_code == 200
    users.remove(guarded.file, "lee")
    assert guarded.fetch("/api/notes", auth=("lee", "quite another")).status_code == 401


@pytest.mark.parametrize("path", ["/login", "/logout"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:3000"])
def test_another_site_signs_nobody_in_or_out(guarded: Guarded, path: str, origin: str) -> None:
    refused = guarded.fetch(path, "POST", data={"name": "kim", "password": SECRET}, headers={"origin": origin})
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)


def test_a_form_that_is_none_is_a_wrong_try(guarded: Guarded) -> None:
    for content in (b"", b"\xff\xfe", b"name=kim", b"&" * 3000, b"name=" + b"x" * 10_000):
        assert guarded.fetch("/login", "POST", content=content).status_code in (403, 429)
    assert guarded.fetch("/login", "DELETE").status_code == 405


def test_the_health_of_the_server_is_nobodys_secret(guarded: Guarded) -> None:
    assert guarded.fetch("/healthz").json() == {"healthy": True}


# Wrong tries, on a gate of its own


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


Knocked = tuple[int, dict[str, str], str]


def knock(gate: Gate, header: tuple[bytes, bytes] | None = None, body: bytes = b"", address: str = "10.0.0.1") -> Knocked:
    """Status, headers and body of one request at a gate: of the form where there is a body, else of the page."""
    sent: list[Message] = []
    headers = [header] if header else []
    scope = {
        "type": "http", "method": "POST" if body else "GET", "path": "/login" if body else "/", "headers": headers, "client": (address, 1),
        "server": ("127.0.0.1", 7860),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(gate(scope, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, sent[1]["body"].decode()


async def behind(scope: Message, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["rag.user"].encode()})


def basic(name: str, password: str) -> tuple[bytes, bytes]:
    import base64

    return b"authorization", b"Basic " + base64.b64encode(f"{name}:{password}".encode())


def test_wrong_tries_are_slowed_down_and_told_without_the_password(file: Path) -> None:
    time, told = Time(), list[str]()
    gate = Gate(behind, Users(file), time, told.append)
    wrong = [knock(gate, basic("kim", f"guess {n}"))[0] for n in range(FREE)]
    status, headers, said = knock(gate, basic("kim", SECRET))
    assert (wrong, status, headers["retry-after"], "wait 1 s" in said) == ([401] * FREE, 429, "1", True)
    assert knock(gate, basic("kim", SECRET), address="10.0.0.2")[0] == 429  # the name is guarded wherever one comes from
    assert knock(gate, basic("민지", OTHER), address="10.0.0.2")[::2] == (200, "민지")  # and nobody else is held up
    assert told == ["wrong name or password from 10.0.0.1"] * FREE
    time.now += 1
    assert knock(gate, basic("kim", SECRET))[::2] == (200, "kim")


def test_the_form_says_how_long_to_wait(file: Path) -> None:
    gate = Gate(behind, Users(file), Time(), lambda line: None)
    assert [knock(gate, body=b"name=kim&password=x")[0] for _ in range(FREE)] == [403] * FREE
    status, headers, said = knock(gate, body=b"name=kim&password=x")
    assert (status, headers["retry-after"]) == (429, "1")
    assert "1초 뒤에" in said


def test_a_known_password_is_not_hashed_again_and_a_session_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time, hashed = Time(), list[int]()
    whole = users._scrypt

    def counted(*given: Any) -> bytes:
        hashed.append(1)
        return whole(*given)

    monkeypatch.setattr(users, "_scrypt", counted)
    gate = Gate(behind, Users(file), time, lambda line: None)
    assert [knock(gate, basic("kim", SECRET))[0] for _ in range(20)] == [200] * 20
    assert len(hashed) == 1
    cookie = (b"cookie", knock(gate, body=f"name=kim&password={SECRET}".encode())[1]["set-cookie"].split(";")[0].encode())
    assert knock(gate, cookie)[::2] == (200, "kim")
    time.now += 12 * 3600 + 1
    assert knock(gate, cookie)[0] == 401


def test_an_unknown_name_takes_as_long_as_a_known_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs: list[tuple[int, int, int]] = []
    monkeypatch.setattr(users, "_scrypt", lambda password, salt, *cost: costs.append(cost) or bytes(1))
    monkeypatch.setattr(users, "NOBODY", users.NOBODY)
    assert knock(Gate(behind, Users(file), Time(), lambda line: None), basic("nobody", "guess guess"))[0] == 401
    assert costs == [(users.LOG2_N, users.BLOCK, users.LANES)]


@pytest.mark.parametrize("shown", [b"Basic", b"Basic !!!", b"Basic " + b"\xff\xfe", b"Bearer abc", b"Basic a2lt", b"Digest x"])
def test_what_is_no_password_is_none(file: Path, shown: bytes) -> None:
    assert knock(Gate(behind, Users(file), Time(), lambda line: None), (b"authorization", shown))[0] == 401


@pytest.mark.parametrize("other", ['prefs={"theme":"dark"}', "sb[1]=2", "a=hello world", ";", "=", "caf\xe9=1"])
def test_cookies_of_other_programs_on_the_host_keep_nobody_out(file: Path, other: str) -> None:
    gate = Gate(behind, Users(file), Time(), lambda line: None)
    entered = knock(gate, body=urlencode({"name": "kim", "password": SECRET}).encode())[1]["set-cookie"].split(";")[0]
    for cookies in (f"{other}; {entered}", f"{entered}; {other}"):
        assert knock(gate, (b"cookie", cookies.encode("latin-1")))[::2] == (200, "kim")


def test_over_https_the_cookie_is_for_https_alone(file: Path) -> None:
    gate = Gate(behind, Users(file), Time(), lambda line: None)
    found = knock(gate, (b"origin", b"https://notes.example.org"), f"name=kim&password={SECRET}".encode())[1]["set-cookie"]
    assert found.endswith("; Secure")
