"""What the views of the page stand in: the language, the header, and what lies behind them.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.places import Place
from rag.language_model import LanguageModel
from rag.querylog import Recorder
from ui.i18n import Lang, language
from ui.web_index import Asks

if TYPE_CHECKING:
    import gradio as gr

PICK = """element.addEventListener('click', (event) => {{
  const at = event.target.closest('[data-{0}]');
  if (at) trigger('select', {{ ...at.dataset }});
}})"""
"""Turns a click on anything with that data attribute into Gradio's select event, carrying all its data attributes."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
"""What holds for every event of the page: we show progress ourselves, and no other program may call it.

It is answered by its own request. Gradio's queue answers by a stream that ends with the last event it knows of; an event that joins just
then is told nothing until the next one opens a stream (6.31, `queue_data_helper` in its routes.py).
"""

STREAMED: dict[str, Any] = {**QUIET, "queue": True}
"""The same for an event that tells its result step by step, or must wait for one that does."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every view is built with. `pipeline` gives the current pipeline or raises RagError; it is called on every question.

    `asked` gives it as those ask it who take their turn.

    `place` is the folder of the index, None where the page stands before an index that is not its own to change; `llm` is the large
    language model that is asked beside it, where one is set. The page is `shared` where people with names use it.
    """

    blocks: "gr.Blocks"
    lang: "gr.Textbox"
    header: "gr.HTML"
    pipeline: Callable[[], Asks]
    asked: Callable[[], Asks]
    recorder: Recorder
    place: Place | None
    llm: LanguageModel | None = None
    shared: bool = False


def drawn(frame: Frame, tab: "gr.Tab", draw: Callable[[Lang], list[Any]], outputs: Sequence[Any]) -> None:
    """Draws a view when it is opened, and again when the language is switched."""
    import gradio as gr

    def opened(lang: str) -> list[Any]:
        return draw(language(lang))

    def switched(event: gr.EventData) -> list[Any]:
        return draw(language(event.lang))

    tab.select(opened, [frame.lang], list(outputs), **QUIET)
    frame.header.select(switched, None, list(outputs), **QUIET)
