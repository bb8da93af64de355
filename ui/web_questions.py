"""The view of the log: what was asked here, and how it went.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Any, get_args

from index.errors import LogError
from rag import logbook
from rag.logbook import Period
from rag.querylog import Choice, QueryLog
from ui import html_log, html_logbook
from ui.count import Count
from ui.html_logbook import Rows
from ui.i18n import Lang, language
from ui.i18n_log import KO, log_texts
from ui.web_frame import PICK, QUIET, Frame

if TYPE_CHECKING:
    import gradio as gr

PAGE = 50
"""Rows that a list shows at first, and that each press of the button adds."""
CHOICES: tuple[Choice, ...] = get_args(Choice)
PERIODS: tuple[Period, ...] = get_args(Period)

AGAIN = """
element.addEventListener('click', (event) => {
  if (event.target.closest('[data-act]')) document.querySelector('#view-ask-button').click();
});"""
EXPORT = """
element.addEventListener('click', async (event) => {
  const at = event.target.closest('[data-export]');
  if (!at || at.disabled) return;
  at.disabled = true;
  const told = await server.export_log({ lang: document.documentElement.lang }).catch(() => null);
  at.disabled = false;
  if (typeof told?.lines !== 'string') {
    element.querySelector('.log-said').textContent = told?.problem || at.dataset.failed;
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([told.lines], { type: 'application/jsonl' }));
  link.download = told.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
});"""
"""The browser makes the file out of the text: what the log holds leaves no copy in a folder of temporary files."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The log as one drawing of the view finds it."""

    over: logbook.Overview
    rows: Rows
    counts: dict[Choice, int]


def find(log: QueryLog, period: Period, which: Choice, most: int, here: str) -> Shown | None:
    """What the view shows of the log; None where it holds nothing at all. Raises LogError."""
    over = logbook.overview(log, period, time())
    if not over.totals.asked and not log.read(most=1):
        return None
    sums = over.totals
    counts: dict[Choice, int] = {"recent": sums.asked, "refused": sums.refused, "slow": sums.asked, "thumbs": sums.up + sums.down}
    return Shown(over, Rows(log.read(which, since=over.since, most=most), counts[which], here), counts)


def view(frame: Frame, tab: "gr.Tab", line: "gr.HTML") -> "gr.HTML":
    """Lays the view out in its tab, and says what happens there. `line` is that of the Ask view's settings, which says of the log too.

    Returns the list, whose clicks ask again.
    """
    import gradio as gr

    log, here = frame.recorder.log, frame.recorder.index
    with gr.Column(elem_id="logbook"):
        head = gr.HTML("", elem_id="log-head", apply_default_css=False)
        period = gr.Radio(_periods("ko"), value="week", label=KO.period, show_label=False, elem_id="log-period", elem_classes="pills")
        over = gr.HTML("", elem_id="log-over", apply_default_css=False)
        which = gr.Radio(_choices("ko", {}), value="recent", label=KO.which, show_label=False, elem_id="log-which", elem_classes="pills")
        rows = gr.HTML("", elem_id="log-rows", js_on_load=PICK.format("act") + AGAIN, apply_default_css=False)
        more = gr.HTML("", elem_id="log-more", js_on_load=PICK.format("more"), apply_default_css=False)
        keeping = gr.HTML(
            "", elem_id="log-keeping", js_on_load=PICK.format("turn") + EXPORT, server_functions=[_exporter(log)], apply_default_css=False
        )
        most = gr.State(PAGE)
    listed = [over, which, rows, more, period]

    def lists(period: Period, which: Choice, most: int, lang: Lang) -> list[Any]:
        try:
            shown, instead = find(log, period, which, most, here), html_logbook.empty(log, lang)
        except LogError as error:
            shown, instead = None, html_logbook.broken(str(error), lang)
        if shown is None:
            return ["", gr.Radio(visible=False), instead, "", gr.Radio(visible=False)]
        return [
            html_logbook.overview(shown.over, lang),
            gr.Radio(_choices(lang, shown.counts), label=log_texts(lang).which, visible=True),
            html_logbook.rows(shown.rows, lang),
            html_logbook.more(shown.rows, PAGE, lang),
            gr.Radio(_periods(lang), label=log_texts(lang).period, visible=True),
        ]

    def whole(period: Period, which: Choice, most: int, lang: Lang, **told: Any) -> list[Any]:
        return [*lists(period, which, most, lang), html_logbook.head(lang), html_logbook.keeping(log, lang, **told)]

    def opened(period: Period, which: Choice, lang: str) -> list[Any]:
        return [*whole(period, which, PAGE, language(lang)), PAGE]

    def switched(period: Period, which: Choice, most: int, event: gr.EventData) -> list[Any]:
        return whole(period, which, most, language(event.lang))

    def chosen(period: Period, which: Choice, lang: str) -> list[Any]:
        return [*lists(period, which, PAGE, language(lang)), PAGE]

    def lengthened(period: Period, which: Choice, most: int, lang: str) -> list[Any]:
        return [*lists(period, which, most + PAGE, language(lang)), most + PAGE]

    def turned(period: Period, which: Choice, lang: str, event: gr.EventData) -> list[Any]:
        told = _turn(log, event.turn, language(lang))
        return [*whole(period, which, PAGE, language(lang), **told), PAGE, html_log.settings_line(log, language(lang))]

    drawn = [*listed, head, keeping]
    tab.select(opened, [period, which, frame.lang], [*drawn, most], **QUIET)
    frame.header.select(switched, [period, which, most], drawn, **QUIET)
    # a second choice while the first is looked up must not be lost, nor taken back by it: no value is written
    gr.on([period.input, which.input], chosen, [period, which, frame.lang], [*listed, most], trigger_mode="always_last", **QUIET)
    more.select(lengthened, [period, which, most, frame.lang], [*listed, most], **QUIET)
    keeping.select(turned, [period, which, frame.lang], [*drawn, most, line], **QUIET).then(
        None, [line], js="(line) => window.notesPage.logged(line)"
    )
    return rows


def _turn(log: QueryLog, turn: str, lang: Lang) -> dict[str, Any]:
    """Does what a button of the log says; what there is to be told of it."""
    try:
        match turn:
            case "on" | "off":
                log.turn(turn == "on")
            case "delete":
                return {"asking": True}
            case "sure":
                return {"said": log_texts(lang).deleted.format(count=Count(log.delete()))}
    except LogError as error:
        return {"said": html_logbook.plain(error)}
    return {}


def _periods(lang: Lang) -> list[tuple[str, str]]:
    return [(getattr(log_texts(lang), period), period) for period in PERIODS]


def _choices(lang: Lang, counts: dict[Choice, int]) -> list[tuple[str, str]]:
    names = [(getattr(log_texts(lang), choice), choice) for choice in CHOICES]
    return [(f"{name} {counts[choice]:,}" if choice in counts and choice != "slow" else name, choice) for name, choice in names]


def _exporter(log: QueryLog) -> Callable[[dict[str, Any]], dict[str, str]]:
    """What the page calls for the whole log as the text of a file, or the problem of reading it."""

    def export_log(request: dict[str, Any]) -> dict[str, str]:
        try:
            lines = "".join(f"{row}\n" for row in logbook.exported(log))
        except LogError as error:
            return {"problem": str(error)}
        return {"lines": lines, "name": logbook.file_name(time())}

    return export_log
