"""What a search is narrowed to, on the page: chosen in the settings, taken out at the question, kept by the browser.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.errors import RagError
from index.types import Filter
from ui import html_ask, scope
from ui.i18n import Lang, language
from ui.i18n_ask import ask_texts
from ui.scope import KINDS, Offer
from ui.web_frame import PICK, QUIET, Frame
from ui.web_index import Asks

if TYPE_CHECKING:
    import gradio as gr

KEPT_AS = "notes.scope"


@dataclass(frozen=True, slots=True)
class Parts:
    """The components: what the browser keeps, the chips at the question, a dropdown for each kind."""

    kept: "gr.BrowserState"
    chips: "gr.HTML"
    dropdowns: "tuple[gr.Dropdown, ...]"

    def drawn(self) -> list[Any]:
        """What `draw` draws."""
        return [self.chips, *self.dropdowns]


def at_question() -> "tuple[gr.BrowserState, gr.HTML]":
    """What the browser keeps, and the chips. Not among the settings: what is folded away is not there, and keeps nothing."""
    import gradio as gr

    kept = gr.BrowserState({}, storage_key=KEPT_AS, secret=KEPT_AS)
    return kept, gr.HTML("", elem_id="scope", js_on_load=PICK.format("drop"), apply_default_css=False)


def in_settings() -> "tuple[gr.Dropdown, ...]":
    """The dropdowns."""
    import gradio as gr

    def dropdown(kind: str) -> gr.Dropdown:
        label = _name(kind, "ko")
        return gr.Dropdown([], value=[], multiselect=True, label=label, elem_id=f"narrow-{kind}", min_width=150, interactive=True)

    with gr.Row(elem_id="narrowing"):
        return tuple(dropdown(kind) for kind in KINDS)


def offered(pipeline: Callable[[], Asks]) -> Offer | None:
    """What the index offers; None where it cannot be opened."""
    try:
        return scope.offer(pipeline().index.documents())
    except RagError:
        return None


def draw(pipeline: Callable[[], Asks], scoped: Any, lang: Lang) -> list[Any]:
    """The chips and the dropdowns, with what the index offers now; `scoped` is what the browser keeps."""
    import gradio as gr

    there = offered(pipeline)
    kept = scope.from_json(scoped, there)
    there = there or scope.offer_of(kept)
    dropdowns = [gr.Dropdown(value=list(getattr(kept, kind)), **_offering(kind, there, lang)) for kind in KINDS]
    return [html_ask.chips(kept, there, lang), *dropdowns]


def wire(frame: Frame, parts: Parts, settings: "gr.Accordion") -> None:
    """What happens: something is chosen or taken out, the settings are unfolded."""
    import gradio as gr

    pipeline = frame.pipeline

    def narrow(*values: Any) -> list[Any]:
        *chosen, lang = values
        kept = scope.from_json(dict(zip(KINDS, chosen, strict=True)))
        return [scope.to_json(kept), html_ask.chips(kept, offered(pipeline) or scope.offer_of(kept), language(lang))]

    def drop(scoped: Any, lang: str, event: gr.EventData) -> list[Any]:
        kept = Filter() if event.drop == "all" else scope.without(scope.from_json(scoped), event.drop, event.value)
        return [scope.to_json(kept), *draw(pipeline, scope.to_json(kept), language(lang))]

    def refresh(lang: str) -> list[Any]:
        """What is chosen stays: it may be chosen while this runs."""
        there = offered(pipeline)
        return [gr.skip() if there is None else gr.Dropdown(**_offering(kind, there, language(lang))) for kind in KINDS]

    gr.on(
        [each.input for each in parts.dropdowns], narrow, [*parts.dropdowns, frame.lang], [parts.kept, parts.chips],
        trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    parts.chips.select(drop, [parts.kept, frame.lang], [parts.kept, *parts.drawn()], **QUIET)
    settings.expand(refresh, [frame.lang], list(parts.dropdowns), **QUIET)


def _name(kind: str, lang: Lang) -> str:
    return str(getattr(ask_texts(lang), f"scope_{kind.removesuffix('s')}"))


def _offering(kind: str, there: Offer, lang: Lang) -> dict[str, Any]:
    choices = html_ask.choices(kind, there, lang)
    return {"choices": choices, "multiselect": True, "label": _name(kind, lang), "visible": bool(choices)}
