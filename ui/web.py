"""The page in the browser: one `gr.Blocks` over a pipeline, served to this machine only.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

import json
import os
import socket
import sys
import traceback
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from errno import EACCES, EADDRINUSE
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import RagError, UsageError
from rag.types import RETRIEVERS, Answer, RetrieverName
from ui import html, html_note
from ui.examples import examples
from ui.i18n import KO, LANGS, Lang, language, texts
from ui.web_guard import LocalOnly, local_hosts
from ui.web_index import Asks, ByWords, shelf_of

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

ASSETS = Path(__file__).parent / "assets"
PICK = """element.addEventListener('click', (event) => {{
  const at = event.target.closest('[data-{0}]');
  if (at) trigger('select', {{ ...at.dataset }});
}})"""
"""Turns a click on anything with that data attribute into Gradio's select event, carrying all its data attributes."""


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


def serve(index_dir: Path, host: str = "127.0.0.1", port: int = 7860, *, open_browser: bool = False) -> None:
    """Serves the page until interrupted. An index that cannot be opened is said on the page; UsageError where the port is taken."""
    listener = listen(host, port)
    run(application(shelf_of(index_dir), local_hosts(host, port)), listener, open_browser=open_browser)


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


def application(pipeline: Callable[[], Asks], hosts: Iterable[str]) -> "FastAPI":
    """The page as an ASGI application that answers under the given hosts only."""
    blocks = build(pipeline)
    import gradio as gr
    from fastapi import FastAPI

    from ui.web_theme import theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(LocalOnly, hosts=hosts)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        favicon_path=str(ASSETS / "icon.svg"),
        theme=theme(),
        head=f"<style>{_asset('page.css')}</style><script>{_script()}</script>",
    )
    return app


def build(pipeline: Callable[[], Asks]) -> "gr.Blocks":
    """The page. `pipeline` gives the current pipeline or raises RagError, which is then shown; it is called on every question."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    with gr.Blocks(title=KO.title, analytics_enabled=False, fill_width=True) as blocks:
        parts = _layout(pipeline)
        _wire(blocks, parts, pipeline)
    return blocks


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _script() -> str:
    words = {t.lang: {"title": t.title, "note": t.note, "close": t.close, "offline": html.offline(t.lang)} for t in map(texts, LANGS)}
    return _asset("page.js").replace("__TEXTS__", json.dumps(words).replace("<", "\\u003c"))


def _layout(pipeline: Callable[[], Asks]) -> Parts:
    import gradio as gr

    lang = gr.Textbox("ko", visible=False)
    view = gr.State(html.Start())
    header = gr.HTML(html.header("ko", 0, 0), elem_id="top", js_on_load=PICK.format("lang"), apply_default_css=False)
    with gr.Column(elem_id="desk"):
        with gr.Row(elem_id="asking", equal_height=True):
            question = gr.Textbox(
                label=KO.question, placeholder=KO.placeholder, show_label=False, lines=1, max_lines=5, max_length=1000,
                container=False, elem_id="question", scale=1, min_width=200,
            )  # fmt: skip
            ask = gr.Button(KO.ask, variant="primary", elem_id="ask", scale=0, min_width=96)
        with gr.Accordion(KO.settings, open=False, elem_id="settings") as settings, gr.Row():
            retriever = gr.Radio(_methods("ko"), value="hybrid", label=KO.retriever, info=KO.retriever_info, elem_id="retriever")
            k = gr.Slider(1, 20, 5, step=1, label=KO.k, info=KO.k_info, elem_id="k", buttons=[])
        with gr.Row(elem_id="board"):
            with gr.Column(elem_id="left", min_width=0):
                answer = gr.HTML("", elem_id="answer", js_on_load=PICK.format("act"), apply_default_css=False)
            with gr.Column(elem_id="right", min_width=0):
                sources = gr.HTML(
                    "", elem_id="sources", apply_default_css=False, server_functions=[_reader(pipeline)],
                    js_on_load="window.notesPage.read = (request) => server.read_note(request);",
                )  # fmt: skip
    return Parts(lang, view, header, question, ask, settings, retriever, k, answer, sources)


def _methods(lang: Lang) -> list[tuple[str, str | int | float]]:
    return [(getattr(texts(lang), name), name) for name in RETRIEVERS]


def _wire(blocks: "gr.Blocks", parts: Parts, pipeline: Callable[[], Asks]) -> None:
    import gradio as gr

    words = [parts.lang, parts.header, parts.question, parts.ask, parts.settings, parts.retriever, parts.k]
    shown = [parts.view, parts.answer, parts.sources]
    settings = [parts.retriever, parts.k, parts.lang]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_id": "ask", "concurrency_limit": 1}

    def begin(lang: str) -> list[Any]:
        return [*_words(pipeline, language(lang)), *_show(_start(pipeline, language(lang)), language(lang))]

    def switch(view: html.View, event: gr.EventData) -> list[Any]:
        lang = language(event.lang)
        view = view if isinstance(view, Answer) else _start(pipeline, lang)
        return [*_words(pipeline, lang), *_show(view, lang)]

    def ask(question: str, retriever: RetrieverName, k: int, lang: str) -> Iterator[list[Any]]:
        for view in _respond(pipeline, question, retriever, k):
            yield [*_show(view, language(lang)), gr.Button(interactive=view is not None)]

    def act(question: str, retriever: RetrieverName, k: int, lang: str, event: gr.EventData) -> Iterator[list[Any]]:
        if event.act == "ask":
            for update in ask(event.question, retriever, k, lang):
                yield [event.question, *update]
        else:
            view = _start(pipeline, language(lang))
            yield [gr.update(), *_show(view, language(lang)), gr.update()]

    opened = blocks.load(begin, [parts.lang], [*words, *shown], js="() => [window.notesPage.language()]", **quiet)
    opened.then(None, js="() => window.notesPage.ready()")
    parts.header.select(switch, [parts.view], [*words, *shown], **quiet)
    asked = gr.on(
        [parts.ask.click, parts.question.submit], ask, [parts.question, *settings], [*shown, parts.ask], trigger_mode="once", **quiet
    )
    acted = parts.answer.select(act, [parts.question, *settings], [parts.question, *shown, parts.ask], trigger_mode="once", **quiet)
    for event in (asked, acted):
        event.success(None, js="() => window.notesPage.shown()")
        event.failure(None, None, [parts.answer, parts.sources, parts.ask], js="() => window.notesPage.lost()")


def _show(view: html.View | None, lang: Lang) -> list[Any]:
    """The state and both columns; `None` is the wait for an answer."""
    import gradio as gr

    if view is None:
        return [gr.skip(), *html.waiting(lang)]
    return [view, html.answer_side(view, lang), html.source_side(view, lang)]


def _words(pipeline: Callable[[], Asks], lang: Lang) -> list[Any]:
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


def _respond(pipeline: Callable[[], Asks], question: str, retriever: RetrieverName, k: int) -> Iterator[html.View | None]:
    """`None` while the answer is looked for, then the answer or the problem; nothing for an empty question."""
    if not question.strip():
        return
    yield None
    try:
        yield pipeline().ask(question.strip(), k=int(k), retriever=retriever)
    except RagError as error:
        yield html.Problem(str(error))
    except Exception as error:  # the page must say so and go on; the trace is for the terminal
        traceback.print_exc(file=sys.stderr)
        yield html.Problem(f"{type(error).__name__}: {error}", crashed=True)


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
