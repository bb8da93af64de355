"""The page in the browser: one `gr.Blocks` over a pipeline, served to this machine only.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

import json
import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from errno import EACCES, EADDRINUSE
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from index.errors import UsageError
from index.notes.limits import MAX_FILE_BYTES
from index.places import Place
from rag.language_model import LanguageModel
from rag.querylog import Recorder, open_log
from ui import calls, html, html_ask, html_voice, tools, web_ask, web_log, web_measure, web_notes, web_questions, web_study
from ui.api import PLACE, api
from ui.door import Door
from ui.i18n import KO, LANGS, texts
from ui.i18n_guard import guard_texts
from ui.observe import Log, LogHandler, Observed, Told
from ui.turns import Threads
from ui.view import Json
from ui.web_auth import Gate, who
from ui.web_frame import PICK, Frame
from ui.web_guard import Bounded, Limited, LocalOnly, host_names, local_hosts, must_be_guarded
from ui.web_index import Asks, shelf_of

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("guard.js", "page.js", "ask.js", "notes.js", "voice.js")
STYLES = ("page.css", "note.css", "ask.css", "notes.css", "measure.css", "questions.css", "voice.css", "study.css", "llm.css", "guard.css")
SIGNED = "window.signedIn = true;"
"""Tells the page's script that there is a way out to be shown."""
RESTING = 0.02
"""Seconds between two looks of Gradio's queue for an event. Its own millisecond takes a tenth of a core while nobody asks anything."""
UPLOADS_LAST = (600, 3600)
"""Seconds between two looks for uploads that nobody took, and the age at which they go."""


def serve(
    index_dir: Place,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    open_browser: bool = False,
    llm: LanguageModel | None = None,
    door: Door | None = None,
    insecure: bool = False,
) -> None:
    """Serves the page until interrupted. An index that cannot be opened is said on the page.

    UsageError where the port is taken, or where others could reach the page unasked and that is not meant (`insecure`).
    """
    door = door or Door()
    must_be_guarded(host, door.names, door.users is not None, insecure)
    listener = listen(host, port)
    door = replace(door, names=tuple(host_names(door.names, port)))
    shelf = shelf_of(index_dir)
    status = partial(calls.status, index_dir, shelf)
    with _private_uploads(), Recorder(open_log(), index_dir) as recorder:
        app = application(shelf, local_hosts(host, port), status, recorder, index_dir, llm, door)
        run(app, listener, open_browser=open_browser, log=door.seen.log)


@contextmanager
def _private_uploads() -> Iterator[None]:
    """A folder for uploads that no other user of the machine reads, and that goes with the server; Gradio's own is shared and stays."""
    with TemporaryDirectory(prefix="rag-uploads-") as folder:  # made readable by its owner alone
        before = os.environ.get("GRADIO_TEMP_DIR")
        os.environ["GRADIO_TEMP_DIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("GRADIO_TEMP_DIR") if before is None else os.environ.update(GRADIO_TEMP_DIR=before)


def run(app: "FastAPI", listener: socket.socket, *, open_browser: bool = False, log: Log | None = None) -> None:
    """Serves an application on a listening socket until interrupted. What the server complains of goes to `log`, if it has a format."""
    import logging

    import uvicorn

    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    over = "\r\x1b[K" if sys.stderr.isatty() else ""  # the progress of an indexing beside
    print(f"{over}{address}  (Ctrl+C stops)", file=sys.stderr, flush=True)
    if open_browser:  # the socket listens already: the browser waits the moment that is left
        webbrowser.open(address)
    settings: dict[str, Any] = {"log_level": "warning", "timeout_graceful_shutdown": 2, "proxy_headers": False, "server_header": False}
    if log and log.format:
        logging.getLogger().addHandler(LogHandler(log))
        settings["log_config"] = None
    # Addresses are those of connections: what a proxy header says of them anybody may say.
    uvicorn.Server(uvicorn.Config(app, **settings)).run(sockets=[listener])


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
    pipeline: Callable[[], Asks],
    hosts: Iterable[str],
    status: Callable[[], Json] | None = None,
    recorder: Recorder | None = None,
    place: Place | None = None,
    llm: LanguageModel | None = None,
    door: Door | None = None,
) -> "FastAPI":
    """The page and the API as an ASGI application that answers under the given hosts only; `status` is what `/api/status` answers.

    Without a recorder nothing that is asked is kept; without `place`, the folder of the index, nothing in it can be changed. `llm` is the
    large language model that the page may ask too.
    """
    with_tools = tools.can_serve()
    recorder, door = recorder or web_log.silent(), door or Door()
    others = web_log.recorded(door.seen.answering(pipeline, "api"), recorder, "api")
    asking = Threads(2 * door.seen.turns.slots)  # as many wait for a turn as have one
    offered = map(asking, tools.tools(others)) if with_tools else ()
    blocks = build(pipeline, offered, recorder, place, llm, door.seen.answering(pipeline, "page"), door.users is not None)
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import RedirectResponse

    from ui.web_theme import theme

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _guard(app, pipeline, hosts, door)
    app.add_route(PLACE, lambda request: RedirectResponse(f"{PLACE}/docs"))  # else the page's mount below answers it
    app.mount(PLACE, api(others, status, asking))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        mcp_server=with_tools,
        max_file_size=MAX_FILE_BYTES,
        enable_monitoring=False,
        allowed_paths=[],
        blocked_paths=[str(place.resolve())] if isinstance(place, Path) else [],
        favicon_path=str(ASSETS / "icon.svg"),
        theme=theme(),
        head=f"<style>{''.join(map(_asset, STYLES))}{web_measure.style()}</style><script>{SIGNED * bool(door.users)}{_script()}</script>",
    )
    return app


def _guard(app: "FastAPI", pipeline: Callable[[], Asks], hosts: Iterable[str], door: Door) -> None:
    """Puts the layers before everything that is served; the one added last is met first."""
    app.add_middleware(Told, seen=door.seen, pipeline=pipeline)
    app.add_middleware(Bounded)
    app.add_middleware(Limited, rate=door.rate, key=who)
    if door.users:
        wrong = partial(door.seen.log.warning, "sign-in")
        app.add_middleware(Gate, users=door.users, told=lambda line: wrong(what=line))
    app.add_middleware(LocalOnly, hosts=hosts, names=door.names)
    app.add_middleware(Observed, seen=door.seen)


def build(
    pipeline: Callable[[], Asks],
    offered: Iterable[Callable[..., Any]],
    recorder: Recorder,
    place: Place | None = None,
    llm: LanguageModel | None = None,
    asked: Callable[[], Asks] | None = None,
    shared: bool = False,
) -> "gr.Blocks":
    """The page. `pipeline` gives the current pipeline or raises RagError, which is then shown; it is called on every question.

    `asked` gives it as those ask it who take their turn. Where the page is `shared` by people with names, the log of questions, which holds
    all of theirs, is neither shown nor switched on it.

    The tools offered are the only functions of the page that others may call.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    with gr.Blocks(title=KO.title, analytics_enabled=False, fill_width=True, delete_cache=UPLOADS_LAST) as blocks:
        blocks._queue.sleep_when_free = RESTING
        for tool in offered:  # before the page's own events take their names; out of the queue, which would call them over HTTP
            gr.api(tool, queue=False)
        lang = gr.Textbox("ko", visible=False)
        header = gr.HTML(html.header("ko", 0, 0), elem_id="top", js_on_load=PICK.format("lang"), apply_default_css=False)
        frame = Frame(blocks, lang, header, pipeline, asked or pipeline, recorder, place, llm, shared)
        with gr.Tabs(elem_id="views", selected="ask"):
            with gr.Tab(KO.view_ask, id="ask", elem_id="view-ask") as asking:
                parts = web_ask.layout(frame)
            with gr.Tab(KO.view_notes, id="notes", elem_id="view-notes") as notes:
                web_notes.view(frame, notes)
            with gr.Tab(KO.view_study, id="study", elem_id="view-study") as study:
                web_study.view(frame, study)
            with gr.Tab(KO.view_measure, id="measure", elem_id="view-measure") as measure:
                web_measure.view(frame, measure)
            with gr.Tab(KO.view_log, id="log", elem_id="view-log", visible=not shared) as kept:
                again = gr.HTML(visible=False) if shared else web_questions.view(frame, kept, parts.log)
        web_ask.wire(frame, parts, (asking, notes, study, measure, kept), again)
    return blocks


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _script() -> str:
    words = {
        t.lang: {
            "title": t.title,
            "note": t.note,
            "close": t.close,
            "offline": html.offline(t.lang),
            **html_ask.script_words(t.lang),
            **html_voice.script_words(t.lang),
            "guard": asdict(guard_texts(t.lang)),
        }
        for t in map(texts, LANGS)
    }
    return "".join(map(_asset, SCRIPTS)).replace("__TEXTS__", json.dumps(words).replace("<", "\\u003c"))
