"""The view of the notes: what is in the index, put in, taken out, and how it was cut.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from index import inbox
from index.errors import IndexMissing, LogError, RagError, UsageError
from index.holdings import Held, Holdings, holdings, listed
from index.inbox import Offered, Refused, Taken
from index.projection import plane, sampled
from index.refresh import Refresher, Run
from index.types import Document, DocumentInfo
from rag.querylog import Retrieved, index_name
from ui import html, html_cut, html_map, html_notes
from ui.html_holdings import holdings_list, label_of
from ui.i18n import Lang, language
from ui.i18n_notes import notes_texts
from ui.web_frame import PICK, QUIET, STREAMED, Frame
from ui.web_index import held

if TYPE_CHECKING:
    import gradio as gr

    from index.engines import Stored

DROP = "window.notesView.drop(element, upload, (files) => trigger('select', { do: 'add', ...files }))"
"""Gives the page's script what it uploads with, and what it says the end of it to."""
EVERY = 0.3
"""Seconds between two looks at a run."""
Side = tuple[str, int] | None
"""What stands beside the list: a note and the first of its passages shown, the map (an empty name), or nothing yet."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of this view that anything is written to."""

    add: "gr.HTML"
    clash: "gr.HTML"
    run: "gr.HTML"
    stop: "gr.HTML"
    holdings: "gr.HTML"
    side: "gr.HTML"
    shown: "gr.State"
    staged: "gr.State"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the view works on."""

    frame: Frame
    refresher: Refresher | None

    @property
    def inbox(self) -> Path | None:
        return inbox.inbox_of(self.frame.place) if self.frame.place else None

    @property
    def is_running(self) -> bool:
        return self.refresher is not None and self.refresher.is_running

    def documents(self) -> Sequence[DocumentInfo]:
        """The notes of the index; none where there is no index yet. Raises RagError."""
        try:
            return self.frame.pipeline().index.documents()
        except IndexMissing:
            if self.frame.place is None:
                raise
            return ()

    def opened(self) -> "Stored | None":
        """The index, where it can be opened and its vectors are at hand."""
        from index.engines import Stored

        try:
            index = self.frame.pipeline().index
        except RagError:
            return None
        return index if isinstance(index, Stored) else None


def view(frame: Frame, tab: "gr.Tab") -> None:
    """Lays the view out in its tab, and says what happens there."""
    import gradio as gr

    desk = Desk(frame, Refresher(frame.place) if frame.place else None)

    def part(name: str, script: str = "") -> gr.HTML:
        return gr.HTML("", elem_id=f"notes-{name}", apply_default_css=False, js_on_load=f"{PICK.format('do')};{script}")

    shown, staged = gr.State(None), gr.State(())
    add, clash, run, stop = part("add", DROP), part("clash"), part("run"), part("stop")
    with gr.Row(elem_id="notes-board"):
        with gr.Column(elem_id="notes-left", min_width=0):
            listing = part("list")
        with gr.Column(elem_id="notes-right", min_width=0):
            side = part("side")
    _wire(desk, tab, Parts(add, clash, run, stop, listing, side, shown, staged))


def _wire(desk: Desk, tab: "gr.Tab", parts: Parts) -> None:
    import gradio as gr

    frame = desk.frame
    everything = [parts.add, parts.clash, parts.run, parts.stop, parts.holdings, parts.side]
    changing = [parts.add, parts.run, parts.stop, parts.holdings, frame.header]

    def opened(lang: str, shown: Side, staged: Sequence[Offered]) -> list[Any]:
        return [*_all(desk, staged, language(lang)), gr.skip() if shown else _side(desk, shown, language(lang))]

    def switched(shown: Side, staged: Sequence[Offered], event: gr.EventData) -> list[Any]:
        lang = language(event.lang)
        return [*_all(desk, staged, lang), _side(desk, shown, lang), lang]

    def act_or_look(lang: str, staged: Sequence[Offered], event: gr.EventData) -> list[Any]:
        if _given(event, "do") in ("cut", "map", "close"):
            shown = _looked_at(event)
            return [*[gr.skip()] * 6, _side(desk, shown, language(lang)), shown]
        told, staged = _act(desk, event, staged, language(lang))
        return [*_all(desk, staged, language(lang), told), staged, gr.skip(), gr.skip()]

    def follow(lang: str) -> Iterator[list[Any]]:
        yield from _follow(desk, language(lang))

    watching: dict[str, Any] = {**STREAMED, "concurrency_limit": 8}
    outputs = [*everything[:-1], parts.staged, parts.side, parts.shown]
    drawn = [
        tab.select(opened, [frame.lang, parts.shown, parts.staged], everything, **QUIET),
        frame.header.select(switched, [parts.shown, parts.staged], [*everything, frame.lang], **QUIET),
    ]
    for clicked in (parts.add, parts.clash, parts.run, parts.holdings, parts.side):
        done = clicked.select(act_or_look, [frame.lang, parts.staged], outputs, **QUIET)
        drawn.append(done.then(None, None, None, js="() => window.notesView.acted()"))
    follows = [each.then(follow, [frame.lang], changing, **watching) for each in drawn]
    frame.header.select(None, cancels=follows)  # they speak the language from before

    def stop(lang: str) -> str:
        if desk.refresher:
            desk.refresher.stop()
        return _stopper(desk, language(lang))

    parts.stop.select(stop, [frame.lang], [parts.stop], **QUIET)


# ------------------------------------------------------------------------ drawing


def _all(desk: Desk, staged: Sequence[Offered], lang: Lang, told: str = "") -> list[Any]:
    """Everything but what stands beside the list; `told` takes the place of what is said of a run."""
    return [
        html_notes.add(desk.inbox, lang, running=desk.is_running),
        html_notes.clash(staged, lang),
        told or _run(desk, lang),
        _stopper(desk, lang),
        _listing(desk, lang),
    ]


def _stopper(desk: Desk, lang: Lang) -> str:
    run = desk.refresher.run if desk.refresher else None
    return html_notes.stopper(run.now if run else None, lang)


def _run(desk: Desk, lang: Lang) -> str:
    """How far the run is, or what the last one did."""
    run = desk.refresher.run if desk.refresher else None
    if run is None:
        return ""
    return html_notes.progress(run.now, lang) if run.now.outcome is None else _result(desk, run, lang)


def _result(desk: Desk, run: Run, lang: Lang) -> str:
    index = desk.opened()

    def look(doc_id: str) -> Document | None:
        try:
            return index.document(doc_id) if index else None
        except (KeyError, RagError):
            return None

    return html_notes.result(run, {info.doc_id: info for info in index.documents()} if index else {}, look, lang, desk.inbox)


def _listing(desk: Desk, lang: Lang) -> str:
    try:
        held = _holdings(desk)
    except RagError as error:
        return html.answer_side(html.Problem(str(error)), lang)
    return holdings_list(held, _never(desk, lang), lang)


def _holdings(desk: Desk) -> Holdings:
    documents = desk.documents()
    return holdings(desk.frame.place, documents) if desk.frame.place else listed(documents)


def _never(desk: Desk, lang: Lang) -> Retrieved | str:
    """Which notes the questions kept have brought up, or why that is not known."""
    t, log = notes_texts(lang), desk.frame.recorder.log
    if desk.frame.place is None or not log.is_on:
        return t.never_off
    try:
        return log.retrieved(index_name(desk.frame.place))
    except LogError:
        return t.never_unread


def _side(desk: Desk, shown: Side, lang: Lang) -> str:
    index = desk.opened()
    if shown is None or index is None:
        return html_cut.start(lang, can_look=index is not None and len(index) > 0, can_draw=index is not None and len(index) > 2)
    doc_id, first = shown
    try:
        if not doc_id:
            return _map(desk, index, lang)
        document = index.document(doc_id)
        return html_cut.cut(document, index.passages(index.rows_of(doc_id)), first, lang)
    except KeyError:
        return html_cut.missing(lang)
    except RagError as error:
        return html.answer_side(html.Problem(str(error)), lang)


def _map(desk: Desk, index: "Stored", lang: Lang) -> str:
    chosen = sampled(len(index), html_map.MOST)
    vectors, passages = index.vectors(chosen), index.passages(chosen)
    held = {note.doc_id: note for note in _holdings(desk).notes}
    t = notes_texts(lang)
    labels = [label_of(held.get(passage.doc_id, Held(passage.doc_id, passage.title)), t) for passage in passages]
    if len(set(labels)) < 2:
        labels = [passage.title for passage in passages]
    return html_map.map_of(plane(vectors), passages, labels, len(index), vectors.shape[1], lang)


# ------------------------------------------------------------------------ doing


def _given(event: "gr.EventData", name: str) -> Any:
    """What a click carries; None where it does not."""
    return event._data.get(name) if isinstance(event._data, dict) else None


def _looked_at(event: "gr.EventData") -> Side:
    """What is to stand beside the list."""
    first = str(_given(event, "first"))
    match _given(event, "do"):
        case "cut":
            return str(_given(event, "doc")), int(first) if first.isdecimal() else 0
        case "map":
            return "", 0
    return None


def _act(desk: Desk, event: "gr.EventData", staged: Sequence[Offered], lang: Lang) -> tuple[str, Sequence[Offered]]:
    """Does what was clicked; what is to be said instead of how the run goes, and the files that still wait for a choice."""
    refresher, place = desk.refresher, desk.inbox
    if refresher is None or place is None:
        return "", staged
    t = notes_texts(lang)
    match _given(event, "do"):
        case "index":
            refresher.start()
        case "dismiss":
            refresher.dismiss()
        case "add":
            return _taken(desk, place, _offered(_given(event, "files")), "ask", lang, _skipped(_given(event, "skipped")))
        case "clash" if (choice := _given(event, "choice")) in ("replace", "both"):
            return _taken(desk, place, staged, choice, lang)
        case "clash":
            _forget(staged)
            return "", ()
        case "remove":
            try:
                inbox.remove(place, str(_given(event, "name")))
            except UsageError as error:
                refresher.dismiss()
                return html_notes.message(t.failed, str(error), lang), staged
            refresher.start()
    return "", staged


def _taken(
    desk: Desk, place: Path, offered: Sequence[Offered], clash: inbox.Clash, lang: Lang, skipped: Sequence[Refused] = ()
) -> tuple[str, Sequence[Offered]]:
    """Puts files in and starts a run, where there is anything new to index."""
    refresher = desk.refresher
    assert refresher is not None
    taken = inbox.take(place, offered, clash, _known(desk))
    _forget([each for each in offered if each.path not in {other.path for other in taken.clashing}])
    taken = Taken(taken.placed, taken.same, taken.clashing, taken.twins, (*taken.refused, *skipped))
    if taken.placed or taken.same:
        refresher.start(taken)
        return "", taken.clashing
    refresher.dismiss()  # what is said now takes the place of what the last run did
    return html_notes.not_now(taken, lang), taken.clashing


def _known(desk: Desk) -> dict[str, str]:
    """The notes of the index by their content; not those whose file has gone, which may well come back this way."""
    try:
        there = {note.doc_id for note in _holdings(desk).notes if note.state == "indexed"}
        return {info.content_hash: info.doc_id for info in desk.documents() if info.doc_id in there}
    except RagError:
        return {}


def _offered(files: Any) -> list[Offered]:
    """What the page's script says it uploaded: only files that the server put into its own folder for uploads are taken."""
    from gradio.utils import get_upload_folder

    uploads = Path(get_upload_folder()).resolve()
    found = [
        Offered(str(file["name"]), Path(str(file["path"])).resolve())
        for file in files or ()
        if isinstance(file, dict) and {"name", "path"} <= file.keys()
    ]
    return [each for each in found if each.path.is_relative_to(uploads) and each.path.is_file()]


def _skipped(files: Any) -> list[Refused]:
    """What the page's script did not upload."""
    reasons: dict[str, inbox.Refusal] = {"kind": "kind", "size": "size", "empty": "empty", "unread": "unread"}
    return [
        Refused(str(file.get("name", "")), reasons[file["reason"]], str(file.get("detail", ""))[:40])
        for file in (files or ())[: inbox.MOST_FILES]
        if isinstance(file, dict) and file.get("reason") in reasons
    ]


def _forget(files: Sequence[Offered]) -> None:
    """Uploads have been copied or turned down; nobody else refers to them."""
    for each in files:
        each.path.unlink(missing_ok=True)


def _follow(desk: Desk, lang: Lang) -> Iterator[list[Any]]:
    """Shows a run as it goes on, and at its end what it did and what the index now holds; nothing where there is none.

    A run that has ended already is shown too: a short one may end between the click and this.
    """
    import gradio as gr

    refresher = desk.refresher
    if refresher is None or refresher.run is None:
        yield [gr.skip()] * 5  # an event that yields nothing would empty its outputs
        return
    while refresher.is_running:
        yield [gr.skip(), _run(desk, lang), gr.skip(), gr.skip(), gr.skip()]
        sleep(EVERY)
    yield [
        html_notes.add(desk.inbox, lang),
        _run(desk, lang),
        "",
        _listing(desk, lang),
        html.header(lang, *held(desk.frame.pipeline)),
    ]
