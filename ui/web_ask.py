"""The view that asks: the question, its answer beside its sources, and what was asked before.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.errors import LogError, RagError
from index.types import Filter
from rag.types import RETRIEVERS, Answer, RetrieverName, Turn
from ui import calls, earlier, html, html_ask, html_earlier, html_log, scope, web_llm, web_log, web_scope, web_voice
from ui.drawer import drawer
from ui.earlier import Earlier, Recalled
from ui.examples import examples
from ui.html_gold import GOLD
from ui.i18n import KO, Lang, language, texts
from ui.web_frame import PICK, QUIET, STREAMED, Frame
from ui.web_gold import marker
from ui.web_index import Asks, ByWords, held

if TYPE_CHECKING:
    import gradio as gr

View = html.View | Recalled
Talk = tuple[Earlier, ...]
"""A conversation, oldest first."""

SERVED = """Object.assign(window.notesPage, {
  read: (request) => server.read_note(request), rate: (request) => server.rate(request), glance: (request) => server.glance(request),
})"""
"""Gives the page's script what it calls on the server."""
KEPT_AS = "notes.earlier"
"""Where the browser keeps earlier answers. Key and secret are fixed, for what is kept outlives the server; the secret guards nothing."""
GLANCED = 8
"""Passages shown while a question is typed."""
EVERYTHING = Filter()


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of this view that anything is written to."""

    view: "gr.State"
    question: "gr.Textbox"
    ask: "gr.Button"
    settings: "gr.Accordion"
    retriever: "gr.Radio"
    k: "gr.Slider"
    scope: web_scope.Parts
    answer: "gr.HTML"
    sources: "gr.HTML"
    trail: "gr.HTML"
    talk: "gr.State"
    kept: "gr.BrowserState"
    log: "gr.HTML"
    llm: web_llm.Parts | None = None


def layout(frame: Frame) -> Parts:
    """The components, where they stand."""
    import gradio as gr

    view, talk = gr.State(html.Start()), gr.State(())
    kept = gr.BrowserState([], storage_key=KEPT_AS, secret=KEPT_AS)
    with gr.Column(elem_id="desk"):
        with gr.Row(elem_id="asking", equal_height=True):
            question = gr.Textbox(
                label=KO.question, placeholder=KO.placeholder, show_label=False, lines=1, max_lines=5, max_length=calls.MOST_CHARACTERS,
                container=False, elem_id="question", scale=1, min_width=200,
            )  # fmt: skip
            web_voice.microphone(frame)
            ask = gr.Button(KO.ask, variant="primary", elem_id="ask", scale=0, min_width=96)
        scoped, chips = web_scope.at_question()
        with gr.Accordion(KO.settings, open=False, elem_id="settings") as settings:
            with gr.Row():
                retriever = gr.Radio(
                    _methods("ko"), value="hybrid", label=KO.retriever, info=KO.retriever_info, elem_id="retriever", elem_classes="pills"
                )
                k = gr.Slider(1, 20, 5, step=1, label=KO.k, info=KO.k_info, elem_id="k", buttons=[])
            dropdowns = web_scope.in_settings()
            log = gr.HTML("", elem_id="log", js_on_load=PICK.format("turn"), apply_default_css=False)
        with gr.Row(elem_id="board"):
            with gr.Column(elem_id="left", min_width=0):
                answer = gr.HTML("", elem_id="answer", js_on_load=PICK.format("act"), apply_default_css=False)
                llm = web_llm.below_answer(frame)
                trail = gr.HTML("", elem_id="trail", js_on_load=PICK.format("act"), apply_default_css=False)
            with gr.Column(elem_id="right", min_width=0):
                sources = gr.HTML(
                    "", elem_id="sources", apply_default_css=False, js_on_load=SERVED + GOLD,
                    server_functions=[_reader(frame.pipeline), web_log.rater(frame.recorder), _glancer(frame.pipeline), marker(frame)],
                )  # fmt: skip
                gr.HTML('<div class="typed"></div>', elem_id="typed", apply_default_css=False)
    narrowing = web_scope.Parts(scoped, chips, dropdowns)
    return Parts(view, question, ask, settings, retriever, k, narrowing, answer, sources, trail, talk, kept, log, llm)


def _methods(lang: Lang) -> list[tuple[str, str | int | float]]:
    return [(getattr(texts(lang), name), name) for name in RETRIEVERS]


def wire(frame: Frame, parts: Parts, tabs: Sequence["gr.Tab"], again: "gr.HTML") -> None:
    """What happens: the page is opened, a question is asked, an answer's buttons are pressed, the language is switched.

    The view is returned to by the first of the tabs. A click in `again`, which is in another view, asks a question anew.
    """
    import gradio as gr

    pipeline, recorder, lang = frame.pipeline, frame.recorder, frame.lang
    asking = web_log.recorded(frame.asked, recorder, "page")
    words = [lang, frame.header, *tabs, parts.question, parts.ask, parts.settings, parts.retriever, parts.k, parts.log]
    shown = [parts.view, parts.answer, parts.sources, parts.trail, parts.talk]
    given = [parts.question, parts.retriever, parts.k, parts.scope.kept, lang, parts.talk, parts.kept]
    narrowed = parts.scope.drawn()
    # One at a time, though Turns would let in as many as there are cores: each begins with the view and conversation that the one before
    # it on the same page ended with, and Gradio's queue keeps no order within a page: a second question or language could overtake a first.
    in_turn: dict[str, Any] = {**STREAMED, "concurrency_id": "ask", "concurrency_limit": 1}

    def begin(lang: str, kept: Any, scoped: Any) -> list[Any]:
        view = _start(pipeline, language(lang))
        shown = _show(view, (), earlier.from_json(kept), language(lang))
        return [*_words(frame, language(lang)), *web_scope.draw(pipeline, scoped, language(lang)), *shown]

    def switch(view: View, talk: Talk, kept: Any, scoped: Any, event: gr.EventData) -> list[Any]:
        lang = language(event.lang)
        view = view if isinstance(view, html.Narrow | Answer | Recalled) else _start(pipeline, lang)
        shown = _show(view, talk, earlier.from_json(kept), lang)
        return [*_words(frame, lang), *web_scope.draw(pipeline, scoped, lang), *shown]

    def returned(view: View, talk: Talk, kept: Any, scoped: Any, lang: str) -> list[Any]:
        """Where nothing was asked yet, the start is drawn anew: notes may have been put in meanwhile.

        Gradio calls it as the page is opened too, before there is a language; what `begin` draws then is not to be drawn over.
        """
        if not lang or talk or not isinstance(view, html.Start | html.Problem):
            return [gr.skip()] * (len(narrowed) + len(shown))
        start = _start(pipeline, language(lang))
        return [*web_scope.draw(pipeline, scoped, language(lang)), *_show(start, talk, earlier.from_json(kept), language(lang))]

    def ask(
        question: str, retriever: RetrieverName, k: int, scoped: Any, lang: str, talk: Talk, kept: Any, as_typed: bool = False
    ) -> Iterator[list[Any]]:
        narrowed_to = scope.from_json(scoped, web_scope.offered(pipeline))
        for view in _respond(asking, question, retriever, k, earlier.history(talk), as_typed, narrowed_to):
            talk, now = _remember(pipeline, view, talk, earlier.from_json(kept))
            changed = earlier.to_json(now) if isinstance(view, Answer) else gr.skip()
            yield [*_show(view, talk, now, language(lang)), changed, gr.Button(interactive=view is not None)]

    def act(
        question: str, retriever: RetrieverName, k: int, scoped: Any, lang: str, talk: Talk, kept: Any, event: gr.EventData
    ) -> Iterator[list[Any]]:
        now, same = earlier.from_json(kept), [gr.skip()] * (1 + len(narrowed))
        match event.act:
            case "ask":
                for update in ask(event.question, retriever, k, scoped, lang, (), kept):
                    yield [event.question, *update, *same]
            case "as-typed":
                for update in ask(event.question, retriever, k, scoped, lang, talk[:-1], kept, as_typed=True):
                    yield [event.question, *update, *same]
            case "unfilter":
                asked_last = bool(talk) and talk[-1].question == question.strip()
                for update in ask(question, retriever, k, {}, lang, talk[:-1] if asked_last else talk, kept):
                    yield [gr.skip(), *update, {}, *web_scope.draw(pipeline, {}, language(lang))]
            case "recall" if found := [each for each in now if each.key == event.key]:
                recalled = _recall(pipeline, found[0])
                yield [found[0].question, *_show(recalled, (found[0],), now, language(lang)), gr.skip(), gr.skip(), *same]
            case "forget":
                rows = [gr.skip()] * 3
                yield [gr.skip(), *rows, html_earlier.trail((), talk, language(lang)), gr.skip(), [], gr.skip(), *same]
            case other:
                view = _start(pipeline, language(lang))
                question = "" if other == "anew" else gr.skip()
                offered = web_scope.draw(pipeline, scoped, language(lang))
                yield [question, *_show(view, (), now, language(lang)), gr.skip(), gr.skip(), gr.skip(), *offered]

    opened = frame.blocks.load(
        begin, [lang, parts.kept, parts.scope.kept], [*words, *narrowed, *shown],
        js="(_, kept, scope) => [window.notesPage.language(), kept, scope]", **QUIET,
    )  # fmt: skip
    opened.then(None, [parts.log], js="(line) => window.notesPage.ready(line)")
    frame.header.select(switch, [parts.view, parts.talk, parts.kept, parts.scope.kept], [*words, *narrowed, *shown], **in_turn)
    tabs[0].select(
        returned, [parts.view, parts.talk, parts.kept, parts.scope.kept, lang], [*narrowed, *shown],
        js="(...given) => [...given.slice(0, -1), window.notesPage.begun() ? given.at(-1) : '']", **QUIET,
    )  # fmt: skip
    asked = gr.on([parts.ask.click, parts.question.submit], ask, given, [*shown, parts.kept, parts.ask], trigger_mode="once", **in_turn)
    acted = gr.on(
        [parts.answer.select, parts.trail.select, again.select], act, given,
        [parts.question, *shown, parts.kept, parts.ask, parts.scope.kept, *narrowed], trigger_mode="once", **in_turn,
    )  # fmt: skip
    for event in (asked, acted):
        event.success(None, js="() => window.notesPage.shown()")
        event.failure(None, None, [parts.answer, parts.sources, parts.ask], js="() => window.notesPage.lost()")
    changes = (parts.ask.click, parts.question.submit, parts.answer.select, parts.trail.select, again.select)
    web_llm.wire(frame, parts.llm, parts.view, changes, (asked, acted))
    if not frame.shared:
        _wire_log(frame, parts)
    web_scope.wire(frame, parts.scope, parts.settings)


def _wire_log(frame: Frame, parts: Parts) -> None:
    import gradio as gr

    log = frame.recorder.log

    def turn(lang: str, event: gr.EventData) -> str:
        try:
            log.turn(event.turn == "on")
        except LogError as error:
            return html.answer_side(html.Problem(str(error)), language(lang))
        return html_log.settings_line(log, language(lang))

    turned = parts.log.select(turn, [frame.lang], [parts.log], **QUIET)
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


def _words(frame: Frame, lang: Lang) -> list[Any]:
    """Everything of the page that is written in the reader's language, apart from the two columns."""
    import gradio as gr

    t = texts(lang)
    return [
        lang,
        html.header(lang, *held(frame.pipeline)),
        *(gr.Tab(name) for name in (t.view_ask, t.view_notes, t.view_study, t.view_measure, t.view_log)),
        gr.Textbox(label=t.question, placeholder=t.placeholder),
        gr.Button(t.ask),
        gr.Accordion(t.settings),
        gr.Radio(_methods(lang), label=t.retriever, info=t.retriever_info),
        gr.Slider(label=t.k, info=t.k_info),
        html_log.settings_line(frame.recorder.log, lang, frame.shared),
    ]


def _start(pipeline: Callable[[], Asks], lang: Lang) -> html.View:
    try:
        opened = pipeline()
        notices = (opened.notice,) if isinstance(opened, ByWords) else ()
        return html.Start(examples(opened.index.documents(), lang), notices)
    except RagError as error:
        return html.Problem(str(error))


def _respond(
    pipeline: Callable[[], Asks],
    question: str,
    retriever: RetrieverName,
    k: int,
    history: Sequence[Turn] = (),
    as_typed: bool = False,
    kept: Filter = EVERYTHING,
) -> Iterator[html.View | None]:
    """`None` while the answer is looked for, then the answer or the problem; nothing for an empty question."""
    if not question.strip():
        return
    yield None
    try:
        asks = pipeline()
        if scope.keeps_any(kept, asks.index.documents()):
            yield asks.ask(question.strip(), history=history, filter=kept or None, k=int(k), retriever=retriever, as_typed=as_typed)
        else:
            yield html.Narrow(kept, scope.offer(asks.index.documents()))
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
        try:
            return drawer(pipeline().index, request)
        except RagError as error:
            return html.answer_side(html.Problem(str(error)), language(request.get("lang")))

    return read_note


def _glancer(pipeline: Callable[[], Asks]) -> Callable[[dict[str, Any]], str]:
    """What the page calls while a question is typed: HTML, empty where there is nothing to be said. Nothing of it is recorded."""

    def glance(request: dict[str, Any]) -> str:
        lang, kept = language(request.get("lang")), scope.from_json(request.get("kept"))
        question, before = (str(request.get(name) or "")[: calls.MOST_CHARACTERS] for name in ("question", "before"))
        try:
            asks = pipeline()
            if not scope.keeps_any(kept, asks.index.documents()):
                return html.narrow(html.Narrow(kept, scope.offer(asks.index.documents())), "clear", lang)
            history = (Turn(before, ""),) if before else ()
            as_typed = request.get("as_typed") is True
            return html_ask.glanced(asks.glance(question, history=history, filter=kept or None, k=GLANCED, as_typed=as_typed), lang)
        except RagError:  # asking will say it
            return ""

    return glance
