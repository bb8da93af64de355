"""The page in the browser: one `gr.Blocks` over a pipeline, served to this machine only.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

import json
import os
import socket
import sys
import traceback
import webbrowser
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from errno import EACCES, EADDRINUSE
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import LogError, RagError, UsageError
from rag.querylog import QueryLog, Recorder, open_log
from rag.types import RETRIEVERS, Answer, RetrieverName, Turn
from ui import calls, earlier, html, html_earlier, html_log, html_note, tools, web_log
from ui.api import PLACE, api
from ui.earlier import Earlier, Recalled
from ui.examples import examples
from ui.i18n import KO, LANGS, Lang, language, texts
from ui.view import Json
from ui.web_guard import LocalOnly, local_hosts
from ui.web_index import Asks, ByWords, shelf_of

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

View = html.View | Recalled
Talk = tuple[Earlier, ...]
"""A conversation, oldest first."""

ASSETS = Path(__file__).parent / "assets"
PICK = """element.addEventListener('click', (event) => {{
  const at = event.target.closest('[data-{0}]');
  if (at) trigger('select', {{ ...at.dataset }});
}})"""
"""Turns a click on anything with that data attribute into Gradio's select event, carrying all its data attributes."""
SERVED = """Object.assign(window.notesPage, {
  read: (request) => server.read_note(request), rate: (request) => server.rate(request),
})"""
"""Gives the page's script what it calls on the server."""
KEPT_AS = "notes.earlier"
"""Where the browser keeps earlier answers. Key and secret are fixed, for what is kept outlives the server; the secret guards nothing."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of the page that anything is written to."""

    lang: "gr.Textbox"
    view: "gr.State"
    header: "gr.HTML"
    question: "gr.Textbox"
    ask: "gr.Button"
    settings: "gr.Accordion"
    retriever: "gr.Radio"
    k: "gr.Slider"
    answer: "gr.HTML"
    sources: "gr.HTML"
    trail: "gr.HTML"
    talk: "gr.State"
    kept: "gr.BrowserState"
    log: "gr.HTML"


def serve(index_dir: Path, host: str = "127.0.0.1", port: int = 7860, *, open_browser: bool = False) -> None:
    """Serves the page until interrupted. An index that cannot be opened is said on the page; UsageError where the port is taken."""
    listener = listen(host, port)
    status = partial(calls.status, index_dir)
    with Recorder(open_log(), index_dir) as recorder:
        run(application(shelf_of(index_dir), local_hosts(host, port), status, recorder), listener, open_browser=open_browser)


def run(app: "FastAPI", listener: socket.socket, *, open_browser: bool = False) -> None:
    """Serves an application on a listening socket until interrupted."""
    import uvicorn

    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    over = "\r\x1b[K" if sys.stderr.isatty() else ""  # the progress of an indexing beside
    print(f"{over}{address}  (Ctrl+C stops)", file=sys.stderr, flush=True)
    if open_browser:  # the socket listens already: the browser waits the moment that is left
        webbrowser.open(address)
    uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything slow is loaded; UsageError where the place is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        taken = isinstance(error, OSError) and error.errno in (EADDRINUSE, EACCES)
        mend = f"take another port: `rag ui --port {port + 1}`" if taken else "leave both out, or say `rag ui --host 127.0.0.1 --port 7860`"
        raise UsageError(f"cannot listen on {host}:{port} ({error}): {mend}") from error
    return listener


def application(
    pipeline: Callable[[], Asks], hosts: Iterable[str], status: Callable[[], Json] | None = None, recorder: Recorder | None = None
) -> "FastAPI":
    """The page and the API as an ASGI application that answers under the given hosts only; `status` is what `/api/status` answers.

    Without a recorder nothing that is asked is kept.
    """
    with_tools = tools.can_serve()
    recorder = recorder or web_log.silent()
    others = web_log.recorded(pipeline, recorder, "api")
    blocks = build(pipeline, tools.tools(others) if with_tools else (), recorder)
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import RedirectResponse

    from ui.web_theme import theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(LocalOnly, hosts=hosts)
    app.add_route(PLACE, lambda request: RedirectResponse(f"{PLACE}/docs"))  # else the page's mount below answers it
    app.mount(PLACE, api(others, status))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=with_tools,
        enable_monitoring=False,
        favicon_path=str(ASSETS / "icon.svg"),
        theme=theme(),
        head=f"<style>{_asset('page.css')}</style><script>{_script()}</script>",
    )
    return app


def build(pipeline: Callable[[], Asks], offered: Iterable[tools.Tool], recorder: Recorder) -> "gr.Blocks":
    """The page. `pipeline` gives the current pipeline or raises RagError, which is then shown; it is called on every question.

    The tools offered are the only functions of the page that others may call.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    with gr.Blocks(title=KO.title, analytics_enabled=False, fill_width=True) as blocks:
        for tool in offered:  # before the page's own events take their names; out of the queue, which would call them over HTTP
            gr.api(tool, queue=False)
        parts = _layout(pipeline, recorder)
        _wire(blocks, parts, pipeline, recorder)
        _wire_log(parts, recorder.log)
    return blocks


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _script() -> str:
    words = {t.lang: {"title": t.title, "note": t.note, "close": t.close, "offline": html.offline(t.lang)} for t in map(texts, LANGS)}
    return _asset("page.js").replace("__TEXTS__", json.dumps(words).replace("<", "\\u003c"))


def _layout(pipeline: Callable[[], Asks], recorder: Recorder) -> Parts:
    import gradio as gr

    lang = gr.Textbox("ko", visible=False)
    view, talk = gr.State(html.Start()), gr.State(())
    kept = gr.BrowserState([], storage_key=KEPT_AS, secret=KEPT_AS)
    header = gr.HTML(html.header("ko", 0, 0), elem_id="top", js_on_load=PICK.format("lang"), apply_default_css=False)
    with gr.Column(elem_id="desk"):
        with gr.Row(elem_id="asking", equal_height=True):
            question = gr.Textbox(
                label=KO.question, placeholder=KO.placeholder, show_label=False, lines=1, max_lines=5, max_length=1000,
                container=False, elem_id="question", scale=1, min_width=200,
            )  # fmt: skip
            ask = gr.Button(KO.ask, variant="primary", elem_id="ask", scale=0, min_width=96)
        with gr.Accordion(KO.settings, open=False, elem_id="settings") as settings:
            with gr.Row():
                retriever = gr.Radio(_methods("ko"), value="hybrid", label=KO.retriever, info=KO.retriever_info, elem_id="retriever")
                k = gr.Slider(1, 20, 5, step=1, label=KO.k, info=KO.k_info, elem_id="k", buttons=[])
            log = gr.HTML("", elem_id="log", js_on_load=PICK.format("turn"), apply_default_css=False)
        with gr.Row(elem_id="board"):
            with gr.Column(elem_id="left", min_width=0):
                answer = gr.HTML("", elem_id="answer", js_on_load=PICK.format("act"), apply_default_css=False)
                trail = gr.HTML("", elem_id="trail", js_on_load=PICK.format("act"), apply_default_css=False)
            with gr.Column(elem_id="right", min_width=0):
                sources = gr.HTML(
                    "", elem_id="sources", apply_default_css=False, server_functions=[_reader(pipeline), web_log.rater(recorder)],
                    js_on_load=SERVED,
                )  # fmt: skip
    return Parts(lang, view, header, question, ask, settings, retriever, k, answer, sources, trail, talk, kept, log)


def _methods(lang: Lang) -> list[tuple[str, str | int | float]]:
    return [(getattr(texts(lang), name), name) for name in RETRIEVERS]


def _wire(blocks: "gr.Blocks", parts: Parts, pipeline: Callable[[], Asks], recorder: Recorder) -> None:
    import gradio as gr

    asking = web_log.recorded(pipeline, recorder, "page")
    words = [parts.lang, parts.header, parts.question, parts.ask, parts.settings, parts.retriever, parts.k, parts.log]
    shown = [parts.view, parts.answer, parts.sources, parts.trail, parts.talk]
    given = [parts.question, parts.retriever, parts.k, parts.lang, parts.talk, parts.kept]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_id": "ask", "concurrency_limit": 1}

    def begin(lang: str, kept: Any) -> list[Any]:
        view = _start(pipeline, language(lang))
        return [*_words(pipeline, recorder.log, language(lang)), *_show(view, (), earlier.from_json(kept), language(lang))]

    def switch(view: View, talk: Talk, kept: Any, event: gr.EventData) -> list[Any]:
        lang = language(event.lang)
        view = view if isinstance(view, Answer | Recalled) else _start(pipeline, lang)
        return [*_words(pipeline, recorder.log, lang), *_show(view, talk, earlier.from_json(kept), lang)]

    def ask(
        question: str, retriever: RetrieverName, k: int, lang: str, talk: Talk, kept: Any, as_typed: bool = False
    ) -> Iterator[list[Any]]:
        for view in _respond(asking, question, retriever, k, earlier.history(talk), as_typed):
            talk, now = _remember(pipeline, view, talk, earlier.from_json(kept))
            changed = earlier.to_json(now) if isinstance(view, Answer) else gr.skip()
            yield [*_show(view, talk, now, language(lang)), changed, gr.Button(interactive=view is not None)]

    def act(question: str, retriever: RetrieverName, k: int, lang: str, talk: Talk, kept: Any, event: gr.EventData) -> Iterator[list[Any]]:
        now = earlier.from_json(kept)
        match event.act:
            case "ask":
                for update in ask(event.question, retriever, k, lang, (), kept):
                    yield [event.question, *update]
            case "as-typed":
                for update in ask(event.question, retriever, k, lang, talk[:-1], kept, as_typed=True):
                    yield [event.question, *update]
            case "recall" if found := [each for each in now if each.key == event.key]:
                recalled = _recall(pipeline, found[0])
                yield [found[0].question, *_show(recalled, (found[0],), now, language(lang)), gr.skip(), gr.skip()]
            case "forget":
                rows = [gr.skip()] * 3
                yield [gr.skip(), *rows, html_earlier.trail((), talk, language(lang)), gr.skip(), [], gr.skip()]
            case other:
                view = _start(pipeline, language(lang))
                yield ["" if other == "anew" else gr.skip(), *_show(view, (), now, language(lang)), gr.skip(), gr.skip()]

    opened = blocks.load(begin, [parts.lang, parts.kept], [*words, *shown], js="(_, kept) => [window.notesPage.language(), kept]", **quiet)
    opened.then(None, [parts.log], js="(line) => window.notesPage.ready(line)")
    parts.header.select(switch, [parts.view, parts.talk, parts.kept], [*words, *shown], **quiet)
    asked = gr.on([parts.ask.click, parts.question.submit], ask, given, [*shown, parts.kept, parts.ask], trigger_mode="once", **quiet)
    acted = gr.on(
        [parts.answer.select, parts.trail.select], act, given, [parts.question, *shown, parts.kept, parts.ask], trigger_mode="once", **quiet
    )
    for event in (asked, acted):
        event.success(None, js="() => window.notesPage.shown()")
        event.failure(None, None, [parts.answer, parts.sources, parts.ask], js="() => window.notesPage.lost()")


def _wire_log(parts: Parts, log: QueryLog) -> None:
    import gradio as gr

    def turn(lang: str, event: gr.EventData) -> str:
        try:
            log.turn(event.turn == "on")
        except LogError as error:
            return html.answer_side(html.Problem(str(error)), language(lang))
        return html_log.settings_line(log, language(lang))

    turned = parts.log.select(turn, [parts.lang], [parts.log], show_progress="hidden", api_visibility="private")
    turned.then(None, [parts.log], js="(line) => window.notesPage.logged(line)")


def _show(view: View | None, talk: Talk, kept: Sequence[Earlier], lang: Lang) -> list[Any]:
    """The view, both columns, what stands below the answer, and the conversation; `None` is the wait for an answer."""
    import gradio as gr

    if view is None:
        return [gr.skip(), *html.waiting(lang), gr.skip(), gr.skip()]
    trail = html_earlier.trail(kept, talk, lang)
    if isinstance(view, Recalled):
        return [view, html_earlier.answer_side(view, lang), html_earlier.source_side(view, lang), trail, talk]
    return [view, html.answer_side(view, lang), html.source_side(view, lang), trail, talk]


def _words(pipeline: Callable[[], Asks], log: QueryLog, lang: Lang) -> list[Any]:
    """Everything of the page that is written in the reader's language, apart from the two columns."""
    import gradio as gr

    t = texts(lang)
    return [
        lang,
        html.header(lang, *_held(pipeline)),
        gr.Textbox(label=t.question, placeholder=t.placeholder),
        gr.Button(t.ask),
        gr.Accordion(t.settings),
        gr.Radio(_methods(lang), label=t.retriever, info=t.retriever_info),
        gr.Slider(label=t.k, info=t.k_info),
        html_log.settings_line(log, lang),
    ]


def _held(pipeline: Callable[[], Asks]) -> tuple[int, int]:
    """How many notes and passages are open."""
    try:
        index = pipeline().index
    except RagError:
        return 0, 0
    return len(index.documents()), len(index)


def _start(pipeline: Callable[[], Asks], lang: Lang) -> html.View:
    try:
        opened = pipeline()
        notices = (opened.notice,) if isinstance(opened, ByWords) else ()
        return html.Start(examples(opened.index.documents(), lang), notices)
    except RagError as error:
        return html.Problem(str(error))


def _respond(
    pipeline: Callable[[], Asks], question: str, retriever: RetrieverName, k: int, history: Sequence[Turn] = (), as_typed: bool = False
) -> Iterator[html.View | None]:
    """`None` while the answer is looked for, then the answer or the problem; nothing for an empty question."""
    if not question.strip():
        return
    yield None
    try:
        yield pipeline().ask(question.strip(), history=history, k=int(k), retriever=retriever, as_typed=as_typed)
    except RagError as error:
        yield html.Problem(str(error))
    except Exception as error:  # the page must say so and go on; the trace is for the terminal
        traceback.print_exc(file=sys.stderr)
        yield html.Problem(f"{type(error).__name__}: {error}", crashed=True)


def _remember(
    pipeline: Callable[[], Asks], view: html.View | None, talk: Talk, kept: tuple[Earlier, ...]
) -> tuple[Talk, tuple[Earlier, ...]]:
    """The conversation and the answers kept, with the answer that the view shows."""
    if not isinstance(view, Answer):
        return talk, kept
    try:
        new = earlier.earlier_of(view, pipeline().index)
    except RagError:  # the index went away behind the answer, which is shown all the same
        return talk, kept
    return (*talk, new)[-earlier.KEPT :], earlier.keep(kept, new)


def _recall(pipeline: Callable[[], Asks], kept: Earlier) -> View:
    """An earlier answer over today's notes."""
    try:
        return earlier.recall(kept, pipeline().index)
    except RagError as error:
        return html.Problem(str(error))


def _reader(pipeline: Callable[[], Asks]) -> Callable[[dict[str, Any]], str]:
    """What the page calls to show a whole note; it returns HTML, also where there is no such note any more."""

    def read_note(request: dict[str, Any]) -> str:
        lang = language(request.get("lang"))
        target = html_note.parse_target(request.get("place"))
        try:
            return html_note.note(pipeline().index.document(target.doc), target, lang)
        except KeyError:
            return html_note.missing_note(lang)
        except RagError as error:
            return html.answer_side(html.Problem(str(error)), lang)

    return read_note
