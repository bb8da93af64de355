"""The view in which one studies: cards to be answered, all cards, notes at a glance.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from index.errors import RagError
from index.job import Failed, Job
from index.types import Filter, Progress
from ui import html_study, scope
from ui.i18n import Lang, language
from ui.i18n_study import KO, study_texts
from ui.web_auth import signed_in
from ui.web_frame import PICK, QUIET, Frame

if TYPE_CHECKING:
    import gradio as gr

    from rag.study.book import Book
    from rag.study.cards import Card
    from rag.study.desk import Desk
    from rag.study.overview import Glance

KEPT_AS = "notes.study"
PARTS = ("quiz", "cards", "overview")
SHORT = 0.3
"""Seconds that a press waits for cards that are being made, before the page is told that they are and looks again by itself."""

SCRIPT = """
const shown = () => element.offsetParent !== null && !document.querySelector('dialog[open]');
const reveal = () => {
  const button = element.querySelector('[data-reveal]');
  if (!button || button.hidden) return;
  button.hidden = true;
  button.setAttribute('aria-expanded', 'true');
  element.querySelector('.study-told').hidden = false;
  element.querySelector('.study-back').focus({ preventScroll: true });
  element.querySelector('.rates').scrollIntoView({ block: 'nearest' });
};
let pressed = null; // what was pressed is drawn anew: the reader goes on from there
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-reveal]')) reveal();
  const act = event.target.closest('[data-do]');
  if (act) pressed = act.dataset;
});
new MutationObserver(() => {
  if (!pressed || element.querySelector('[aria-busy]')) return;
  const { do: did, key } = pressed;
  pressed = null;
  const same = element.querySelector(`.study-row [data-key="${CSS.escape(key || '')}"]`);
  const next = same || element.querySelector('.quiz .study-front, .study-done h3');
  if (next && (did !== 'retry')) next.focus({ preventScroll: Boolean(same) });
}).observe(element, { childList: true, subtree: true });
let looking = 0; // until the cards are made
const look = () => (element.querySelector('[aria-busy]') ? trigger('select', { do: 'look' }) : (looking = clearInterval(looking)));
new MutationObserver(() => {
  if (!looking && element.querySelector('[aria-busy]')) looking = setInterval(look, 500);
}).observe(element, { childList: true, subtree: true });
document.addEventListener('keydown', (event) => {
  if (!shown() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (event.target.closest?.('input:not([type=radio]), textarea, select, [role=listbox]')) return;
  const other = event.target.closest?.('button:not([data-reveal], [role=tab][aria-selected=true]), a, summary');
  if (event.key === ' ' && !other && element.querySelector('[data-reveal]:not([hidden])')) {
    event.preventDefault();
    reveal();
  }
  if (/^[1-4]$/.test(event.key) && element.querySelector('.study-told:not([hidden])')) {
    element.querySelector(`[data-rating="${event.key}"]`)?.click();
  }
});
element.addEventListener('click', async (event) => {
  const at = event.target.closest('[data-export]');
  if (!at || at.disabled) return;
  at.disabled = true;
  const request = { ending: at.dataset.export, kept: JSON.parse(at.dataset.kept), lang: document.documentElement.lang };
  const told = await server.export_cards(request).catch(() => null);
  at.disabled = false;
  element.querySelector('.study-bar .study-said').textContent = typeof told?.data === 'string' ? '' : told?.problem || at.dataset.failed;
  if (typeof told?.data !== 'string') return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([Uint8Array.from(atob(told.data), (each) => each.charCodeAt(0))], { type: told.type }));
  link.download = told.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
});
"""
"""Showing an answer is the browser's affair; so are the keys, and making a file of what is exported."""


@dataclass(slots=True)
class Made:
    """The cards of the notes, which are the same for all who study, and the book that keeps them (None: none does).

    `cards` and `found` are of the notes as they were when `stamp` was theirs.
    """

    frame: Frame
    book: "Book | None"
    lock: AbstractContextManager[Any] = field(default_factory=Lock)
    stamp: str = ""
    cards: "tuple[Card, ...]" = ()
    found: "dict[str, Card | None]" = field(default_factory=dict)
    job: "Job[tuple[Card, ...]] | None" = None

    def making(self, looking: bool) -> "Job[tuple[Card, ...]]":
        """The making of the cards of the notes as they are now, the same for all who wait; `looking`: how the last one stands."""
        job = self.job
        if job is None or not (looking or job.is_running):
            job = self.job = Job("cards", self.current)
        return job

    def current(self, progress: Progress | None = None) -> "tuple[Card, ...]":
        """The cards of the notes as they are now; one at a time makes them. Raises RagError."""
        from rag.study.desk import cards_of, stamp_of

        with self.lock:
            index = self.frame.pipeline().index
            if (stamp := stamp_of(index)) != self.stamp:
                cards = tuple(cards_of(index, self.book, progress))
                self.stamp, self.cards, self.found = stamp, cards, {}
            return self.cards


@dataclass(frozen=True, slots=True)
class Study:
    """What one who studies stands before: the cards of the notes, where learning is kept (None: nowhere), and the time."""

    made: Made
    book: "Book | None"
    now: Callable[[], datetime]

    @property
    def frame(self) -> Frame:
        return self.made.frame

    def desk(self, cards: "Sequence[Card]", kept: Filter) -> "Desk":
        """Raises RagError."""
        from rag.study.book import Day
        from rag.study.cards import chosen
        from rag.study.desk import Desk, desk_of

        if self.book is None:
            return Desk(tuple(chosen(cards, kept)), (), (), {}, Day())
        midnight = self.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return desk_of(self.frame.pipeline().index, self.book, cards, kept, midnight, self.made.found)


def view(frame: Frame, tab: "gr.Tab", now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    """Lays the view out in its tab, and says what happens there."""
    import gradio as gr

    from rag.study.book import book_of

    made = Made(frame, book_of(frame.place) if frame.place else None)

    def study_of(request: gr.Request) -> Study:
        return Study(made, book_of(frame.place, signed_in(request)) if frame.place else None, now)

    with gr.Column(elem_id="study"):
        kept = gr.BrowserState({}, storage_key=KEPT_AS, secret=KEPT_AS)
        more, seen = gr.State(0), gr.State(False)
        head = gr.HTML(html_study.head("ko"), elem_id="study-top", apply_default_css=False)
        with gr.Row(elem_id="study-scope"):
            part = gr.Radio(
                _parts("ko"), value="quiz", label=KO.part, show_label=False, elem_id="study-part", elem_classes="pills", scale=1
            )
            weeks = _dropdown("weeks", KO.weeks)
            notes = _dropdown("notes", KO.notes)
        body = gr.HTML(
            "", elem_id="study-body", js_on_load=SCRIPT + PICK.format("do"), server_functions=[_exporter(study_of)], apply_default_css=False
        )
    shown = [body, head, part, weeks, notes, more]

    def whole(study: Study, part: str, scoped: Any, more: int, lang: Lang) -> list[Any]:
        words = [html_study.head(lang), gr.Radio(_parts(lang), label=study_texts(lang).part), *_offered(study, scoped, lang), more]
        return [_drawn(study, part, scoped, more, lang), *words]

    def opened(part: str, scoped: Any, lang: str, request: gr.Request) -> list[Any]:
        return [*whole(study_of(request), part, scoped, 0, language(lang)), True]

    def switched(part: str, scoped: Any, more: int, seen: bool, event: gr.EventData, request: gr.Request) -> list[Any]:
        """A view that was never opened has nothing to say in another language, and no cards are made for it."""
        return whole(study_of(request), part, scoped, more, language(event.lang)) if seen else [gr.skip()] * len(shown)

    def chose(part: str, weeks: list[int], notes: list[str], more: int, lang: str, request: gr.Request) -> list[Any]:
        scoped = scope.to_json(scope.from_json({"weeks": weeks, "notes": notes}))
        return [_drawn(study_of(request), part, scoped, more, language(lang)), scoped]

    def acted(part: str, scoped: Any, more: int, lang: str, event: gr.EventData, request: gr.Request) -> list[Any]:
        more = int(getattr(event, "more", more))
        return [_drawn(study_of(request), part, scoped, more, language(lang), event), more]

    tab.select(opened, [part, kept, frame.lang], [*shown, seen], **QUIET)
    frame.header.select(switched, [part, kept, more, seen], shown, **QUIET)
    gr.on(
        [part.input, weeks.input, notes.input], chose, [part, weeks, notes, more, frame.lang], [body, kept],
        trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    body.select(acted, [part, kept, more, frame.lang], [body, more], trigger_mode="multiple", **QUIET)


def _dropdown(kind: str, label: str) -> "gr.Dropdown":
    import gradio as gr

    return gr.Dropdown([], value=[], multiselect=True, label=label, elem_id=f"study-{kind}", min_width=150, interactive=True, scale=1)


def _parts(lang: Lang) -> list[tuple[str, str | int | float]]:
    return [(getattr(study_texts(lang), name), name) for name in PARTS]


def _offered(study: Study, scoped: Any, lang: Lang) -> list[Any]:
    """The dropdowns, with what the notes offer."""
    import gradio as gr

    t = study_texts(lang)
    try:
        there = scope.offer(study.frame.pipeline().index.documents())
    except RagError:
        there = scope.Offer()
    kept = scope.from_json(scoped, there)
    weeks = [(t.week.format(week=week), week) for week in there.weeks]
    notes = [(title, doc_id) for doc_id, title in there.titles]
    return [
        gr.Dropdown(weeks, value=list(kept.weeks), label=t.weeks, visible=bool(weeks)),
        gr.Dropdown(notes, value=list(kept.notes), label=t.notes, visible=len(notes) > 1),
    ]


def _drawn(study: Study, part: str, scoped: Any, more: int, lang: Lang, event: "gr.EventData | None" = None) -> str:
    """The part of the view after what was pressed, or how far the making of its cards is; or what is wrong."""
    t = study_texts(lang)
    try:
        said = _act(study, event, lang) if event else ""
        documents = study.frame.pipeline().index.documents()
        kept = scope.from_json(scoped, scope.offer(documents))
        if part == "overview":
            chosen = [info.doc_id for info in documents if not kept or kept.keeps(info.doc_id)]
            return html_study.overview(_glances(study, chosen[: html_study.MOST_NOTES]), lang, len(chosen) > html_study.MOST_NOTES)
        looking = getattr(event, "do", "") == "look"
        job = study.made.making(looking)
        job.wait(0 if looking else SHORT)
        standing = job.standing()
        if isinstance(standing.outcome, tuple):
            return _body(study, part, standing.outcome, kept, more, lang, said)
        if standing.outcome is None:
            return html_study.making(standing.share if standing.total else None, lang)
        message = standing.outcome.message if isinstance(standing.outcome, Failed) else ""
        return html_study.problem(t.stopped, message, lang)
    except RagError as error:
        return html_study.problem(t.problem, str(error), lang)


def _body(study: Study, part: str, made: "Sequence[Card]", kept: Filter, more: int, lang: Lang, said: str) -> str:
    """The quiz or the list."""
    desk, now = study.desk(made, kept), study.now()
    if not (desk.cards or (part == "cards" and (desk.out or desk.resting))):
        return html_study.nothing(bool(kept and made), lang)
    if part == "cards":
        return html_study.cards(desk, kept, now, lang)
    if study.book is None:
        return html_study.no_place(lang)
    card = desk.next(now, more)
    intervals = dict(study.book.intervals(card, now)) if card else {}
    sitting = html_study.Sitting(now, more, bool(kept), said)
    return html_study.quiz(desk, card, {int(rating): time for rating, time in intervals.items()}, sitting, lang)


def _act(study: Study, event: "gr.EventData", lang: Lang) -> str:
    """Does what a button says, and returns what is to be said of it. What was pressed twice is done once. Raises RagError."""
    from rag.study.book import RATINGS

    asked, key = getattr(event, "do", ""), getattr(event, "key", "")
    if study.book is None or asked not in ("rate", "out", "in"):
        return ""
    known = study.book.kept().get(key)
    cards = study.made.cards or study.made.current()
    card = next((card for card in cards if card.key == key), known.card if known else None)
    if card is None:
        return ""
    if asked != "rate":
        study.book.leave_out(card, asked == "out")
        return study_texts(lang).left_out if asked == "out" else ""
    rating = next((each for each in RATINGS if str(each) == str(getattr(event, "rating", ""))), None)
    if rating:
        study.book.rate(card, rating, study.now(), int(getattr(event, "seen", -1)))
    return ""


def _glances(study: Study, doc_ids: Sequence[str]) -> "list[Glance]":
    from rag.study.overview import overview

    index = study.frame.pipeline().index
    return overview([index.document(doc_id) for doc_id in doc_ids], lambda text: (token.term for token in _analyser().tokens(text)))


@cache
def _analyser() -> Any:
    from index.morphemes import Analyser

    return Analyser()


def _exporter(study_of: "Callable[[gr.Request], Study]") -> Callable[..., dict[str, str]]:
    """What the page calls for a file of cards, or the problem of making it."""
    import gradio as gr

    def export_cards(asked: dict[str, Any], request: gr.Request) -> dict[str, str]:
        from rag.study.export import FORMATS

        t, ending, study = study_texts(language(asked.get("lang"))), str(asked.get("ending")), study_of(request)
        write = FORMATS.get(ending)
        if write is None:
            return {"problem": t.failed}
        try:
            cards = study.desk(study.made.current(), scope.from_json(asked.get("kept"))).cards
        except RagError as error:
            return {"problem": str(error)}
        data = write(cards, t.deck, study.now().timestamp())
        kind = "text/csv" if ending == ".csv" else "application/octet-stream"
        return {"data": b64encode(data).decode(), "name": f"{t.deck}{ending}", "type": kind}

    return export_cards
