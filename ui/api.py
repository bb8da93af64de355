"""The HTTP API: an application of its own, mounted at `/api` beside the page and behind the same guard.

No annotations are postponed here: FastAPI reads those of the routes, and FastAPI itself is imported only when a page is built.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from index.errors import RagError, UsageError
from rag import __version__
from rag.types import RetrieverName
from ui import calls
from ui.api_page import page
from ui.api_types import AnswerShape, Found, NoteList, NoteShape, ProblemShape, StatusShape
from ui.turns import Threads
from ui.view import Json
from ui.web_guard import SmallBodies
from ui.web_index import Asks

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse
    from fastapi.routing import APIRoute

PLACE = "/api"
"""Where the page's application mounts it."""
LARGEST_BODY = 262_144
"""Bytes of a request; the largest that `ui.calls` lets through fits, every character written as an escape."""
READING = 4
"""Threads that read notes and the state of the index."""
DESCRIPTION = "Ask your lecture notes: every answer is a quote with its source. Answers this machine only, as `rag --format json` would."
PROBLEMS: dict[int | str, dict[str, Any]] = {
    422: {"model": ProblemShape, "description": "The request cannot be meant as it stands"},
    503: {"model": ProblemShape, "description": "The index or its model cannot be used; the message says what mends it"},
}
NO_NOTE: dict[int | str, dict[str, Any]] = {404: {"model": ProblemShape, "description": "The index holds no note of that name"}}
QUESTION: dict[str, Any] = {"min_length": 1, "max_length": calls.MOST_CHARACTERS, "description": "what is asked"}
K: dict[str, Any] = {"ge": 1, "le": calls.MOST_PASSAGES, "description": "how many passages at most"}
RETRIEVER: dict[str, Any] = {"description": "by words (lexical), by meaning (dense), or both (hybrid)"}
NOTE: dict[str, Any] = {"max_length": calls.MOST_NAMES, "description": "only notes of these names, such as `week05/*.md`"}
FOLDER: dict[str, Any] = {"max_length": calls.MOST_NAMES, "description": "only notes of these folders"}
WEEK: dict[str, Any] = {"max_length": calls.MOST_NAMES, "description": "only notes and folders named after these weeks (week03, 3주차)"}
TYPE: dict[str, Any] = {"max_length": calls.MOST_NAMES, "description": "only notes of these formats, such as `pdf`"}
AS_TYPED: dict[str, Any] = {"description": "mend no slips of the keyboard"}
NUMBERS = ("k", "week")
"""Where pydantic would take true for 1."""
TOLD, LONGEST = 5, 100
"""How many unknown names are told, and how many characters of each: a request may hold nothing else."""
EXPECTED = 'expected a JSON object such as {"question": "…"}'
KINDS = {list: "an array", str: "a string", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
"""What JSON may be instead of an object."""


def api(pipeline: Callable[[], Asks], status: Callable[[], Json] | None = None, asking: Threads | None = None) -> "FastAPI":
    """The API as an ASGI application. `pipeline` gives the current pipeline or raises RagError; without `status` there is no such route.

    Questions are answered by the threads `asking`; notes, which nobody waits for long, by others.
    """
    from fastapi import Depends, FastAPI

    routes = FastAPI(
        title="lecture-notes-rag", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None,
        servers=[{"url": PLACE}], responses=PROBLEMS, generate_unique_id_function=_operation,
        dependencies=[Depends(_nothing_lost())],
    )  # fmt: skip
    routes.add_middleware(SmallBodies, most=LARGEST_BODY)
    _report_problems(routes)
    asking, reading = asking or Threads(READING), Threads(READING)
    _add_questions(routes, pipeline, asking, "/search", "the passages nearest to a question", calls.search, Found)
    _add_questions(routes, pipeline, asking, "/ask", "the answer to a question, with its source", calls.ask, AnswerShape)
    _add_notes(routes, pipeline, reading)
    if status:
        _add_status(routes, status, reading)
    _add_page(routes)
    return routes


def _operation(route: "APIRoute") -> str:
    """`ask`, `ask_json`, `notes`, `note`, `status`: what a generated client calls its methods."""
    return {"by_query": route.path.strip("/"), "by_body": f"{route.path.strip('/')}_json"}.get(route.name, route.name)


def _nothing_lost() -> Callable[..., Awaitable[None]]:
    """A dependency of every call that raises UsageError where something of the request would not be looked at."""
    from fastapi import Request

    async def nothing_lost(request: Request) -> None:
        route: APIRoute = request.scope["route"]
        if not route.include_in_schema:  # pages for people
            return
        _refuse_unknown("query parameter", request.query_params, [each.alias for each in route.dependant.query_params])
        if "POST" not in (route.methods or ()):
            return
        kind = request.headers.get("content-type", "")
        if not await request.body():
            raise UsageError(f"the request has no body: {EXPECTED}")
        if not re.fullmatch(r"application/(?:[^\s;]+\+)?json\s*(?:;.*)?", kind, re.IGNORECASE):
            raise UsageError(f"the body's Content-Type is {kind or 'not given'}: expected application/json, as curl's --json sends it")
        sent = await request.json()
        if not isinstance(sent, dict):
            raise UsageError(f"the body is {KINDS[type(sent)]}: {EXPECTED}")
        _refuse_unknown("key", sent, [each.alias for each in route.dependant.body_params])
        for name in NUMBERS:
            if any(isinstance(each, bool) for each in (sent.get(name), *_items(sent.get(name)))):
                raise UsageError(f"{name}: Input should be a valid integer, found true or false")

    return nothing_lost


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _refuse_unknown(what: str, given: Iterable[str], known: Sequence[str]) -> None:
    if unknown := [name for name in dict.fromkeys(given) if name not in known]:
        there = f"known are {', '.join(known)}" if known else "this call takes none"
        more = f" and {len(unknown) - TOLD} more" if len(unknown) > TOLD else ""
        raise UsageError(f"unknown {what} {', '.join(repr(name[:LONGEST]) for name in unknown[:TOLD])}{more}: {there}")


def _add_questions(
    routes: "FastAPI",
    pipeline: Callable[[], Asks],
    threads: Threads,
    path: str,
    summary: str,
    answering: calls.Answering,
    shape: type[Found | AnswerShape],
) -> None:
    """One question by GET, for a browser or curl, or by POST as JSON."""
    from fastapi import Body, Query
    from fastapi.responses import JSONResponse

    def answer(*asked: Any) -> Json:
        return answering(pipeline(), calls.Asked(*asked))

    @routes.get(path, summary=summary, response_model=shape)
    @threads
    def by_query(
        question: Annotated[str, Query(**QUESTION)],
        k: Annotated[int, Query(**K)] = 5,
        retriever: Annotated[RetrieverName, Query(**RETRIEVER)] = "hybrid",
        note: Annotated[list[str], Query(**NOTE)] = [],  # noqa: B006 - FastAPI copies it
        folder: Annotated[list[str], Query(**FOLDER)] = [],  # noqa: B006
        week: Annotated[list[int], Query(**WEEK)] = [],  # noqa: B006
        type: Annotated[list[str], Query(**TYPE)] = [],  # noqa: B006
        as_typed: Annotated[bool, Query(**AS_TYPED)] = False,
    ) -> JSONResponse:
        return JSONResponse(answer(question, k, retriever, calls.kept(note, folder, week, type), as_typed))

    @routes.post(path, summary=f"{summary}, asked as JSON", response_model=shape)
    @threads
    def by_body(
        question: Annotated[str, Body(**QUESTION)],
        k: Annotated[int, Body(**K)] = 5,
        retriever: Annotated[RetrieverName, Body(**RETRIEVER)] = "hybrid",
        note: Annotated[list[str], Body(**NOTE)] = [],  # noqa: B006
        folder: Annotated[list[str], Body(**FOLDER)] = [],  # noqa: B006
        week: Annotated[list[int], Body(**WEEK)] = [],  # noqa: B006
        type: Annotated[list[str], Body(**TYPE)] = [],  # noqa: B006
        as_typed: Annotated[bool, Body(**AS_TYPED)] = False,
    ) -> JSONResponse:
        return JSONResponse(answer(question, k, retriever, calls.kept(note, folder, week, type), as_typed))


def _add_notes(routes: "FastAPI", pipeline: Callable[[], Asks], threads: Threads) -> None:
    from fastapi import Path, Query
    from fastapi.responses import JSONResponse

    @routes.get("/notes", summary="the notes of the index", response_model=NoteList)
    @threads
    def notes(
        note: Annotated[list[str], Query(**NOTE)] = [],  # noqa: B006
        folder: Annotated[list[str], Query(**FOLDER)] = [],  # noqa: B006
        week: Annotated[list[int], Query(**WEEK)] = [],  # noqa: B006
        type: Annotated[list[str], Query(**TYPE)] = [],  # noqa: B006
    ) -> JSONResponse:
        return JSONResponse(calls.notes(pipeline(), calls.kept(note, folder, week, type)))

    @routes.get("/notes/{doc_id:path}", summary="the text of a note, or a part of it", response_model=NoteShape, responses=NO_NOTE)
    @threads
    def note(
        doc_id: Annotated[str, Path(max_length=1000, description="the note's name, `/` and all")],
        start: Annotated[int, Query(ge=0, description="the first code point")] = 0,
        end: Annotated[int | None, Query(ge=0, description="the code point behind the last; the note's end if left out")] = None,
    ) -> JSONResponse:
        return JSONResponse(calls.note(pipeline(), doc_id, start, end))


def _add_status(routes: "FastAPI", status: Callable[[], Json], threads: Threads) -> None:
    from fastapi.responses import JSONResponse

    @routes.get("/status", summary="what the index holds", response_model=StatusShape, name="status")
    @threads
    def index_status() -> JSONResponse:
        return JSONResponse(status())


def _add_page(routes: "FastAPI") -> None:
    from fastapi.responses import HTMLResponse, RedirectResponse

    @routes.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(page(routes.openapi()))

    @routes.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("docs")


def _report_problems(routes: "FastAPI") -> None:
    """Every failure is JSON of one shape; what only a fault of the program can cause is printed to stderr by the server, too."""
    from fastapi import Request
    from fastapi.exceptions import RequestValidationError
    from starlette.exceptions import HTTPException

    def known(request: Request, problem: RagError) -> "JSONResponse":
        code = 404 if isinstance(problem, calls.NoteMissing) else 422 if isinstance(problem, UsageError) else 503
        return _problem(code, type(problem).__name__, str(problem))

    def invalid(request: Request, problem: RequestValidationError) -> "JSONResponse":
        return _problem(422, UsageError.__name__, "; ".join(map(_told, problem.errors())))

    def refused(request: Request, problem: HTTPException) -> "JSONResponse":
        if problem.status_code == 400:  # a body that is no text, or too deep
            return _problem(422, UsageError.__name__, f"the body cannot be read as JSON in UTF-8: {EXPECTED}")
        return _problem(problem.status_code, "HTTPError", f"{problem.detail}: {request.method} {request.url.path}")

    def crashed(request: Request, problem: Exception) -> "JSONResponse":
        return _problem(500, type(problem).__name__, f"{calls.FAULT}: {problem}")

    handlers: tuple[tuple[type[Exception], Callable[..., JSONResponse]], ...] = (
        (RagError, known), (RequestValidationError, invalid), (HTTPException, refused), (Exception, crashed),
    )  # fmt: skip
    for kind, handler in handlers:
        routes.add_exception_handler(kind, handler)


def _told(error: Json) -> str:
    """One thing that a validator found wrong."""
    if error["type"] == "json_invalid":
        return f"the body is no JSON ({error['ctx']['error']} at character {error['loc'][-1]}): {EXPECTED}"
    return f"{'.'.join(map(str, error['loc'][1:])) or 'request'}: {error['msg']}"


def _problem(status: int, error: str, message: str) -> "JSONResponse":
    from fastapi.responses import JSONResponse

    return JSONResponse({"error": error, "message": message}, status)
