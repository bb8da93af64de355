"""A language model behind an OpenAI-compatible chat endpoint: Ollama, vLLM, llama.cpp, LM Studio, or a service.

The key comes from `$OPENAI_API_KEY` alone, goes out over https or to this machine alone, and appears in no message.
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import SplitResult, urlsplit, urlunsplit

from index.errors import EndpointError, UsageError

if TYPE_CHECKING:
    import httpx

KEY = "OPENAI_API_KEY"
MOST_BYTES = 4 * 1024**2
"""Longer replies are cut off: no answer is that long."""
_LONGEST_WAIT = 30.0
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))

UNSTREAMED = "answers come whole, not word by word: pip install '.[llm]'"
"""What to say where the extra is absent."""

Message = Mapping[str, str]
"""`{"role": "system" | "user" | "assistant", "content": …}`"""


class _Transient(EndpointError):
    """Another try may succeed; `wait` is what the server asked for, in seconds."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Endpoint:
    """One model behind one address. May be shared by threads; close it when done, or use it in a `with` block."""

    def __init__(self, url: str, model: str, *, timeout: float = 120.0, tries: int = 3, pause: float = 1.0) -> None:
        """`url` is the address of the API (`http://localhost:11434/v1`) or of its chat endpoint. `timeout` is in seconds, for one answer as
        a whole (what falls silent half-way is given up after twice that at most); a failed try is repeated after `pause`, then twice that,
        and so on. UsageError where the address is none."""
        import httpx

        address = _address(url)
        self.url, self.model = urlunsplit(address), model
        self._timeout, self._tries, self._pause = timeout, tries, pause
        is_here = _is_here(address.hostname or "")
        key = _key()
        self._key = key if address.scheme == "https" or is_here else ""
        self._withheld = key != self._key
        # A proxy of the environment is for the world outside.
        self._client = httpx.Client(timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)), trust_env=not is_here)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, {self.model!r})"

    def close(self) -> None:
        self._client.close()

    def ask(self, messages: Sequence[Message]) -> str:
        """The model's answer. EndpointError where no try brought one."""
        return "".join(self._tried(self._whole, messages))

    def stream(self, messages: Sequence[Message]) -> Generator[str]:
        """The model's answer piece by piece as it comes; in one piece where the extra `llm` is absent (`can_stream`).

        A try that fails before the first piece is repeated. EndpointError where none brought one, or where the answer broke off behind it.
        """
        yield from self._tried(self._pieces if can_stream() else self._whole, messages)

    def _tried(self, pieces: Callable[[dict[str, Any]], Iterator[str]], messages: Sequence[Message]) -> Generator[str]:
        """The pieces of the first try that brings one."""
        body = {"model": self.model, "messages": [dict(message) for message in messages]}
        problem = _Transient("")
        for number in range(self._tries):
            if number:
                time.sleep(min(max(problem.wait, self._pause * 2 ** (number - 1)), _LONGEST_WAIT))
            begun = False
            try:
                for piece in pieces(body):
                    begun = True
                    yield piece
                return
            except _Transient as error:
                if begun:
                    raise EndpointError(f"{error}; the answer broke off") from error
                problem = error
        raise EndpointError(f"{problem} (tried {self._tries} times)") from problem

    def _whole(self, body: dict[str, Any]) -> Iterator[str]:
        with self._posted(body) as (_, parts):
            yield self._answer(b"".join(parts))

    def _pieces(self, body: dict[str, Any]) -> Iterator[str]:
        """The pieces of one try. A server that does not stream sends its answer as one."""
        import httpx
        from httpx_sse import EventSource

        with self._posted({**body, "stream": True}) as (kind, parts):
            if "text/event-stream" not in kind:
                yield self._answer(b"".join(parts))
                return
            bounded = httpx.Response(200, headers={"Content-Type": kind}, content=parts)
            ended = False
            for event in EventSource(bounded).iter_sse():
                if event.data.strip() == "[DONE]":
                    return
                piece, last = self._delta(event.data)
                ended = ended or last
                if piece:
                    yield piece
        if not ended:
            raise _Transient(f"{self.url} hung up before the end of its answer")

    def _delta(self, data: str) -> tuple[str, bool]:
        """The words of one event, and whether the model says that it is through."""
        try:
            value = json.loads(data)
            if value.get("error"):
                raise EndpointError(f"{self.url} broke off: {self._safe(_error_of(data.encode()))}")
            if not value["choices"]:  # some close with what was used
                return "", False
            choice = value["choices"][0]
            return str((choice.get("delta") or {}).get("content") or ""), bool(choice.get("finish_reason"))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise _Transient(f"{self.url} did not answer as a chat endpoint: {type(error).__name__} in its reply") from error

    @contextmanager
    def _posted(self, body: Mapping[str, Any]) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The content type and the body of a reply of status 200; whatever goes wrong on the way is told as our own error."""
        import httpx

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        begun = time.monotonic()
        try:
            with self._client.stream("POST", self.url, json=body, headers=headers) as response:
                parts = self._parts(response, begun)
                if response.status_code != 200:
                    raise self._refused(response.status_code, response.headers.get("Retry-After", ""), b"".join(parts))
                yield response.headers.get("Content-Type", ""), parts
        except httpx.TimeoutException as error:
            raise _Transient(f"{self.url} did not answer within {self._timeout:g} seconds: is the model loaded?") from error
        except httpx.RemoteProtocolError as error:
            raise _Transient(f"{self.url} hung up: {self._safe(str(error))}") from error
        except httpx.HTTPError as error:
            reason = self._safe(str(error) or type(error).__name__)
            raise _Transient(f"{self.url} cannot be reached: {reason}. Is the server running, and the address right?") from error

    def _parts(self, response: httpx.Response, begun: float) -> Iterator[bytes]:
        """The body, within the time and the size that an answer may have: httpx's own limit is for each piece of it."""
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise EndpointError(f"{self.url} sent more than {MOST_BYTES // 1024**2} MB for one answer: is it a chat endpoint?")
            if time.monotonic() - begun > self._timeout:
                raise _Transient(f"{self.url} did not finish its answer within {self._timeout:g} seconds")
            yield part

    def _refused(self, status: int, retry_after: str, content: bytes) -> EndpointError:
        said = self._safe(_error_of(content))
        if status in (401, 403):
            hint = "it is sent over https or to this machine only" if self._withheld else f"set ${KEY} to a valid one"
            return EndpointError(f"{self.url} refused the key (HTTP {status}): {hint}")
        if status in (301, 302, 307, 308):
            return EndpointError(f"{self.url} is elsewhere (HTTP {status}): give the address itself, with https where it has that")
        message = f"{self.url} answered HTTP {status}{f': {said}' if said else ''}"
        if status in _TRANSIENT:
            return _Transient(message, float(retry_after) if retry_after.isdigit() else 0.0)
        hint = f". Expected an address such as http://localhost:11434/v1, and a model that it serves (asked for {self.model!r})"
        return EndpointError(message + (hint if status in (400, 404, 405) else ""))

    def _answer(self, content: bytes) -> str:
        """The words of the first choice; empty where the model said nothing."""
        try:
            message = json.loads(content)["choices"][0]["message"]
            return str(message.get("content") or "")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise _Transient(f"{self.url} did not answer as a chat endpoint: {type(error).__name__} in its reply") from error

    def _safe(self, text: str) -> str:
        """What a server or a library said, short, on one line and without the key."""
        text = text.replace(self._key, "…") if self._key else text
        return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]


def can_stream() -> bool:
    """Whether the extra `llm` is installed, which reads an answer as it comes."""
    return find_spec("httpx_sse") is not None


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not key.isascii() or not key.isprintable():
        raise UsageError(f"${KEY} holds signs that no key has: set it anew")
    return key


def _address(url: str) -> SplitResult:
    """The chat endpoint that is meant."""
    try:
        parts = urlsplit(url.strip())
        has_host = bool(parts.hostname) and (parts.port or True)
    except ValueError:
        has_host = False
    if not has_host or parts.scheme not in ("http", "https"):
        raise UsageError("the endpoint is no http or https address; expected one such as http://localhost:11434/v1")
    if parts.username or parts.password:
        raise UsageError(f"the endpoint's address holds a name or a password: leave them out, and set ${KEY} instead")
    if not url.strip().isprintable() or " " in url.strip():
        raise UsageError("the endpoint's address holds white space; expected one such as http://localhost:11434/v1")
    path = parts.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path = f"{path or '/v1'}/chat/completions"
    return parts._replace(path=path, fragment="")


def _is_here(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _error_of(content: bytes) -> str:
    """What an error reply says: its message where it has OpenAI's form, else its beginning."""
    text = content[:2000].decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
        return str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return text
