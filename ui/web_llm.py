"""The card below the answer in which a large language model answers too, where an endpoint is set.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import TYPE_CHECKING, Any

from rag.language_model import LanguageModel, Reply
from rag.querylog import Recorder
from rag.types import Answer
from ui import html_llm
from ui.i18n import Lang, language
from ui.web_frame import PICK, QUIET, STREAMED, Frame

if TYPE_CHECKING:
    import gradio as gr

KEPT_AS = "notes.llm"
"""Where the browser keeps whether the model is always asked; key and secret are fixed, the secret guards nothing."""
Told = tuple[Answer, Reply]
"""The answer beside which the model was asked, and what it said."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The card; whether the model is always asked; what it said last."""

    card: "gr.HTML"
    always: "gr.BrowserState"
    told: "gr.State"


def below_answer(frame: Frame) -> Parts | None:
    """The components, where they stand; None where no endpoint is set."""
    if frame.llm is None:
        return None
    import gradio as gr

    card = gr.HTML("", elem_id="llm", js_on_load=PICK.format("llm"), apply_default_css=False)
    return Parts(card, gr.BrowserState(False, storage_key=KEPT_AS, secret=KEPT_AS), gr.State(None))


def wire(frame: Frame, parts: Parts | None, view: "gr.State", begun: Sequence[Callable[..., Any]], shown: Sequence[Any]) -> None:
    """What happens: whatever changes the answer (`begun`) stops the model; once the answer is `shown` the card is offered or follows."""
    if parts is None or frame.llm is None:
        return
    import gradio as gr

    llm, recorder = frame.llm, frame.recorder
    outputs = [parts.card, parts.told]

    def follow(view: Any, told: Told | None, always: Any, lang: str) -> Iterator[list[Any]]:
        """The card below a new answer; the model is asked at once where it always is, unless it has said all of this one."""
        yield [_drawn(llm, view, told, always is True, language(lang)), gr.skip()]
        if always is True and not (told and told[0] == view and told[1].done):
            yield from _asked(llm, recorder, view, True, language(lang))

    def pressed(view: Any, told: Told | None, always: Any, lang: str, event: gr.EventData) -> Iterator[list[Any]]:
        if event.llm == "ask":
            for update in _asked(llm, recorder, view, always is True, language(lang)):
                yield [*update, gr.skip()]
        elif event.llm == "always":
            turned = always is not True
            yield [_drawn(llm, view, told, turned, language(lang)), gr.skip(), turned]

    def switched(view: Any, told: Told | None, always: Any, event: gr.EventData) -> str:
        return _drawn(llm, view, told, always is True, language(event.lang))

    # a model that was stopped may still be waited for: that must not hold up the next one
    in_turn: dict[str, Any] = {**STREAMED, "concurrency_id": "llm", "concurrency_limit": 8, "trigger_mode": "multiple"}
    following = [each.success(follow, [view, parts.told, parts.always, frame.lang], outputs, **in_turn) for each in shown]
    asking = parts.card.select(pressed, [view, parts.told, parts.always, frame.lang], [*outputs, parts.always], **in_turn)
    frame.header.select(switched, [view, parts.told, parts.always], [parts.card], **QUIET)
    for event in begun:
        event(None, None, None, cancels=[*following, asking], **QUIET)
        event(None, None, [parts.card], js="() => ''", **QUIET)  # in the page, so that it surely comes before what follows


def _offered(llm: LanguageModel, view: Any, always: bool, lang: Lang) -> str:
    return html_llm.offer(llm.name, always, lang) if isinstance(view, Answer) and view.hits else ""


def _drawn(llm: LanguageModel, view: Any, told: Told | None, always: bool, lang: Lang) -> str:
    """What the model said of the answer shown, where it came to its end, or the offer to ask it."""
    if told and told[0] == view and told[1].done:
        return html_llm.card(told[1], told[0].hits, always, lang)
    return _offered(llm, view, always, lang)


def _asked(llm: LanguageModel, recorder: Recorder, view: Any, always: bool, lang: Lang) -> Iterator[list[Any]]:
    """The card sentence by sentence. No failure gets out of it: the answer above stands by itself."""
    if not isinstance(view, Answer) or not view.hits:
        return
    question = view.searched or view.question
    reply = Reply(question, llm.name)
    try:
        for reply in llm.answer(question, view.hits):
            yield [html_llm.card(reply, view.hits, always, lang), (view, reply)]
    except Exception as error:  # the card must say so; the trace is for the terminal
        traceback.print_exc(file=sys.stderr)
        reply = replace(reply, done=True, problem=f"{type(error).__name__}: {error}")
        yield [html_llm.card(reply, view.hits, always, lang), (view, reply)]
    _keep(recorder, view, reply)


def _keep(recorder: Recorder, view: Answer, reply: Reply) -> None:
    """Where the log is on: that the model was asked, and its words."""
    held = 1 - reply.unsupported / len(reply.said) if reply.said else 0.0
    said = replace(view, text=reply.text, confidence=held, abstained=not reply.said, spans=(), message=reply.problem)
    recorder.note("page", said, retriever="", reader=f"llm {reply.model}", when=time() - reply.seconds, seconds=reply.seconds)
