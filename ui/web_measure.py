"""The view that measures: an evaluation run, two settings compared, gold questions made.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import RagError
from index.job import Failed, Stopped
from rag.types import RETRIEVERS
from ui import html_measure, html_own, html_sides
from ui.bench import Bench, Choice, Which
from ui.count import Count
from ui.i18n import Lang, language
from ui.i18n_measure import KO, MeasureTexts, measure_texts
from ui.web_frame import PICK, QUIET, Frame, drawn

if TYPE_CHECKING:
    import gradio as gr

TICK = 0.4
"""Seconds between two looks at what runs."""
_CHOOSING = """
  const show = (part) => {
    document.documentElement.dataset.measure = part;
    for (const each of element.querySelectorAll('[data-part]')) {
      const pressed = String(each.dataset.part === part);
      if (each.getAttribute('aria-pressed') !== pressed) each.setAttribute('aria-pressed', pressed);
    }
  };
  const KEY = 'notes.measure';
  const kept = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const now = () => ['run', 'compare', 'gold'].includes(kept()) ? kept() : 'run';
  element.addEventListener('click', (event) => {
    const at = event.target.closest('[data-part]');
    if (!at) return;
    try { localStorage.setItem(KEY, at.dataset.part); } catch { /* it then lasts for this page only */ }
    show(at.dataset.part);
  });
  new MutationObserver(() => show(document.documentElement.dataset.measure || now()))
    .observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ['aria-pressed'] });
  show(now());
"""
"""Which part of the view is shown is the browser's affair alone."""
_OPENING = """
  element.addEventListener('click', async (event) => {
    const at = event.target.closest('[data-sides]');
    if (!at) return;
    const box = at.nextElementSibling, open = at.getAttribute('aria-expanded') === 'true';
    at.setAttribute('aria-expanded', String(!open));
    box.hidden = open;
    if (open) return;
    box.innerHTML = '<i class="bone wide"></i><i class="bone"></i><i class="bone short"></i>';
    const said = await server.open_question({ id: at.dataset.sides, which: at.dataset.which, lang: document.documentElement.lang })
      .catch(() => '');
    box.innerHTML = typeof said === 'string' ? said : '';
    for (const each of box.querySelectorAll('.found .passage')) {
      const mark = each.querySelector('mark');
      if (mark) each.scrollTop += mark.getBoundingClientRect().top - each.getBoundingClientRect().top - 40;
    }
  });
"""
"""Opens a question in place: the server is asked only for the one that is looked at."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of this view."""

    nav: "gr.HTML"
    gold: "gr.Radio"
    upload: "gr.UploadButton"
    split: "gr.Radio"
    told: "gr.HTML"
    names: "gr.CheckboxGroup"
    k: "gr.Slider"
    answers: "gr.Checkbox"
    run: "gr.Button"
    sides: tuple[tuple["gr.Dropdown", "gr.Slider"], ...]
    reader: tuple["gr.Dropdown", ...]
    compare: "gr.Button"
    job: "gr.HTML"
    found: "gr.HTML"
    compared: "gr.HTML"
    count: "gr.Slider"
    draft: "gr.Button"
    drafted: "gr.HTML"
    mine: "gr.HTML"
    timer: "gr.Timer"

    def all(self) -> list[Any]:
        """Everything that is drawn when the view is opened."""
        words = [self.gold, self.upload, self.split, self.told, self.names, self.k, self.answers, self.run]
        return [*words, *(each for side in self.sides for each in side), *self.reader, self.compare, self.count, self.draft, *self.live()]

    def live(self) -> list[Any]:
        """What changes while something runs, and when it ends."""
        return [self.nav, self.job, self.found, self.compared, self.drafted, self.mine, self.timer]


def style() -> str:
    """The report's own style sheet for what this view shows of a report, and for nothing else."""
    return f"#measure .report {{ {(Path(__file__).parent / 'assets' / 'report.css').read_text(encoding='utf-8')} }}"


def view(frame: Frame, tab: "gr.Tab") -> None:
    """Lays the view out in its tab, and says what happens there."""
    bench = Bench(frame.pipeline, frame.place)
    parts = _layout(bench)
    drawn(frame, tab, lambda lang: _draw(bench, lang), parts.all())
    _wire(frame, bench, parts)


def _layout(bench: Bench) -> Parts:
    import gradio as gr

    t = KO
    plain: dict[str, Any] = {"apply_default_css": False}
    with gr.Column(elem_id="measure"):
        nav = gr.HTML("", elem_id="measure-nav", js_on_load=_CHOOSING, **plain)
        with gr.Column(elem_id="measure-asked"):
            with gr.Row(elem_id="measure-gold-row"):
                gold = gr.Radio([], label=t.asked_with, elem_id="measure-gold-choice", elem_classes="pills", scale=1)
                split = gr.Radio([], label=t.split, elem_id="measure-split", elem_classes="pills", scale=1)
                upload = gr.UploadButton(t.upload, file_count="multiple", elem_id="measure-upload", size="sm", scale=0, min_width=150)
            told = gr.HTML("", elem_id="measure-told", **plain)
        with gr.Column(elem_id="measure-run"):
            with gr.Row(elem_classes="measure-form"):
                names = gr.CheckboxGroup(
                    _methods("ko"), value=["hybrid"], label=t.retrievers, elem_id="measure-names", elem_classes="pills", scale=3
                )
                k = gr.Slider(1, 20, 5, step=1, label=t.k, info=t.k_info, buttons=[], elem_id="measure-k", scale=2)
                answers = gr.Checkbox(False, label=t.answers, info=t.answers_info, elem_id="measure-answers", scale=2)
            run = gr.Button(t.start_run, variant="primary", elem_id="measure-start-run", elem_classes="measure-start")
        with gr.Column(elem_id="measure-compare"):
            with gr.Row(elem_id="measure-sides"):
                one, read_one = _side("a", "hybrid")
                two, read_two = _side("b", "dense")
            compare = gr.Button(t.start_compare, variant="primary", elem_id="measure-start-compare", elem_classes="measure-start")
        job = gr.HTML("", elem_id="measure-job", js_on_load=PICK.format("cancel"), **plain)
        opened: dict[str, Any] = {"js_on_load": _OPENING, "server_functions": [_opener(bench)], **plain}
        found = gr.HTML("", elem_id="measure-found", **opened)
        compared = gr.HTML("", elem_id="measure-compared", **opened)
        with gr.Column(elem_id="measure-own"):
            with gr.Row(elem_id="measure-drafting"):
                count = gr.Slider(5, 100, 20, step=5, label=t.draft_n, info=t.draft_about, buttons=[], elem_id="measure-count", scale=3)
                draft = gr.Button(t.start_draft, variant="primary", elem_id="measure-start-draft", scale=0, min_width=140)
            drafted = gr.HTML("", elem_id="measure-drafted", js_on_load=html_own.JUDGE, **plain)
            mine = gr.HTML("", elem_id="measure-mine", js_on_load=html_own.JUDGE, **plain)
        timer = gr.Timer(TICK, active=False)
    return Parts(
        nav, gold, upload, split, told, names, k, answers, run, (one, two), (read_one, read_two), compare, job, found, compared, count,
        draft, drafted, mine, timer,
    )  # fmt: skip


def _side(name: str, retriever: str) -> tuple[tuple["gr.Dropdown", "gr.Slider"], "gr.Dropdown"]:
    """One of the two settings that are compared."""
    import gradio as gr

    with gr.Column(elem_id=f"measure-side-{name}", elem_classes="measure-side"):
        title = KO.side_a if name == "a" else KO.side_b
        way = gr.Dropdown(
            _methods("ko"), value=retriever, label=f"{title} · {KO.retriever}", elem_id=f"measure-way-{name}", filterable=False
        )
        reader = gr.Dropdown(_readers("ko"), value="", label=KO.reader, elem_id=f"measure-reader-{name}", filterable=False)
        k = gr.Slider(1, 20, 5, step=1, label=KO.k, buttons=[], elem_id=f"measure-k-{name}")
    return (way, k), reader


def _methods(lang: Lang) -> list[tuple[str, str | int | float]]:
    return [(html_measure.method_name(name, measure_texts(lang)), name) for name in RETRIEVERS]


def _splits(bench: Bench, lang: Lang, found: Sequence[Choice]) -> "gr.Radio":
    """The splits of the chosen set; not to be seen where it names none."""
    import gradio as gr

    t = measure_texts(lang)
    words = {"dev": t.split_dev, "test": t.split_test, "all": t.split_all}
    names: list[tuple[str, str | int | float]] = [(words.get(name, name), name) for name in bench.splits(found)]
    return gr.Radio(names, value=bench.chosen_split(found) if names else None, label=t.split, visible=bool(names))


def _readers(lang: Lang) -> list[tuple[str, str | int | float]]:
    t = measure_texts(lang)
    return [(t.reader_none, ""), (t.reader_span, "span"), (t.reader_sentence, "sentence")]


# Drawing


def _draw(bench: Bench, lang: Lang) -> list[Any]:
    """Everything in the reader's language, with what there is to measure with, what runs, and what was found."""
    import gradio as gr

    t = measure_texts(lang)
    found = bench.choices()
    words = [
        _choices(bench, lang, found),
        gr.UploadButton(t.upload),
        _splits(bench, lang, found),
        _told(bench, lang, found),
        gr.CheckboxGroup(_methods(lang), label=t.retrievers),
        gr.Slider(label=t.k, info=t.k_info),
        gr.Checkbox(label=t.answers, info=t.answers_info),
        gr.Button(t.start_run),
    ]
    sides = [
        part
        for title in (t.side_a, t.side_b)
        for part in (gr.Dropdown(_methods(lang), label=f"{title} · {t.retriever}"), gr.Slider(label=t.k))
    ]
    readers = [gr.Dropdown(_readers(lang), label=t.reader) for _ in range(2)]
    drafting = [gr.Slider(label=t.draft_n, info=t.draft_about), gr.Button(t.start_draft)]
    return [*words, *sides, *readers, gr.Button(t.start_compare), *drafting, *_live(bench, lang)]


def _choices(bench: Bench, lang: Lang, found: Sequence[Choice]) -> "gr.Radio":
    """The sets of questions that there are, the one picked last among them."""
    import gradio as gr

    names: list[tuple[str, str | int | float]] = [(html_measure.choice_name(each, lang), each.which) for each in found]
    return gr.Radio(names, value=bench.chosen(found), label=measure_texts(lang).asked_with, visible=bool(names))


def _told(bench: Bench, lang: Lang, found: Sequence[Choice]) -> str:
    try:
        _, names = bench.measured()
    except RagError as error:
        return html_measure.problem(measure_texts(lang).no_place if bench.place is None else str(error), lang)
    less = "" if len(names) > 1 else html_measure.notice(measure_texts(lang).by_words_only)
    return less + html_measure.told(found, bench.chosen_split(found), lang)


def _live(bench: Bench, lang: Lang) -> list[Any]:
    """What runs, and all that was found."""
    import gradio as gr

    found = html_measure.run_result(bench.run, lang) if bench.run else ""
    compared = html_measure.compare_result(bench.compared, lang) if bench.compared else ""
    nav, *own = _own(bench, lang)
    return [nav, _job(bench, lang), found, compared, *own, gr.Timer(active=bench.is_running)]


def _job(bench: Bench, lang: Lang) -> str:
    """How far the job is, or what became of it where that is not to be seen elsewhere."""
    if bench.job is None:
        return ""
    standing = bench.job.standing()
    if standing.outcome is None:
        return html_measure.progress(bench.job.name, standing, lang)
    return html_measure.only_in(bench.job.name, _ended(standing.outcome, lang))


def _ended(outcome: object, lang: Lang) -> str:
    """What a job came to, where that is not shown as its result."""
    t = measure_texts(lang)
    match outcome:
        case Stopped():
            return html_measure.notice(t.cancelled)
        case Failed() as failed:
            return html_measure.problem(failed.message, lang, failed.crashed)
        case int() as drafted:
            return html_measure.notice(t.drafted_added.format(count=Count(drafted)) if drafted else t.drafted_no_more)
    return ""


def _own(bench: Bench, lang: Lang) -> list[str]:
    """The parts of the view with how many drafted questions wait, the one to judge, and the gold that counts."""
    waiting, draft, mine = 0, "", ""
    if bench.place is not None:
        try:
            golds = bench.golds()
            waiting, draft = html_own.waiting(golds), html_own.draft_html(golds, bench, lang)
            mine = html_own.gold_html(golds, bench.gold.path, bench, lang)
        except RagError as error:
            mine = html_measure.problem(str(error), lang)
    return [html_measure.nav(lang, waiting), draft, mine]


def _opener(bench: Bench) -> Callable[[dict[str, Any]], str]:
    """What the page calls to open a question in place; it returns HTML."""

    def open_question(request: dict[str, Any]) -> str:
        lang = language(request.get("lang"))
        outcome = bench.run if request.get("which") == "run" else bench.compared
        if outcome is None:
            return html_measure.notice(measure_texts(lang).gone_question)
        try:
            return html_sides.sides_html(bench, outcome, str(request.get("id")), lang)
        except RagError as error:
            return html_measure.problem(str(error), lang)

    return open_question


# What happens


def _wire(frame: Frame, bench: Bench, parts: Parts) -> None:
    import gradio as gr

    lang = frame.lang

    def started(part: str, lang: str, start: Callable[[], None]) -> list[Any]:
        if not bench.is_running:  # else what runs is shown instead
            try:
                start()
            except RagError as error:
                return [html_measure.only_in(part, html_measure.problem(str(error), language(lang))), gr.skip()]
        return [_job(bench, language(lang)), gr.Timer(active=True)]

    def run(which: Which, split: str | None, names: list[Any], k: int, answers: bool, lang: str) -> list[Any]:
        if not names:
            return [html_measure.only_in("run", html_measure.notice(measure_texts(language(lang)).pick_one)), gr.skip()]
        chosen = [name for name in RETRIEVERS if name in names]
        return started("run", lang, lambda: bench.start_run(which, split or "all", chosen, int(k), bool(answers)))

    def compare(
        which: Which, split: str | None, way_a: Any, k_a: int, way_b: Any, k_b: int, read_a: Any, read_b: Any, lang: str
    ) -> list[Any]:
        from rag.evaluation.setups import Setup

        t = measure_texts(language(lang))
        first, second = Setup(way_a, int(k_a), read_a or None), Setup(way_b, int(k_b), read_b or None)
        wrong = t.same_setups if first == second else t.both_or_none if bool(read_a) != bool(read_b) else ""
        if wrong:
            return [html_measure.only_in("compare", html_measure.notice(wrong)), gr.skip()]
        return started("compare", lang, lambda: bench.start_compare(which, split or "all", first, second))

    def draft(count: int, lang: str) -> list[Any]:
        return started("draft", lang, lambda: bench.start_draft(int(count)))

    def tick(lang: str) -> list[Any]:
        if bench.is_running:
            return [gr.skip(), _job(bench, language(lang)), *[gr.skip()] * 6]
        return [*_live(bench, language(lang)), _choices(bench, language(lang), bench.choices())]

    def cancel(lang: str) -> str:
        if bench.job:
            bench.job.stop()
            bench.job.wait(5)
        return _job(bench, language(lang))

    def upload(files: list[str], lang: str) -> list[Any]:
        try:
            bench.upload([Path(file) for file in files])
        except RagError as error:
            return [gr.skip(), html_measure.problem(str(error), language(lang)), gr.skip()]
        found = bench.choices()
        return [_choices(bench, language(lang), found), _told(bench, language(lang), found), _splits(bench, language(lang), found)]

    def judge(lang: str, event: gr.EventData) -> list[Any]:
        if said := _judge(bench, event, language(lang)):  # what was typed stays as it is
            return [said, *[gr.skip()] * 4]
        return ["", *_own(bench, language(lang)), _choices(bench, language(lang), bench.choices())]

    def pick(which: Which, split: str | None, lang: str) -> list[Any]:
        bench.which, bench.split = which, split or bench.split
        found = bench.choices()
        return [_splits(bench, language(lang), found), _told(bench, language(lang), found)]

    gr.on(
        [parts.gold.input, parts.split.input], pick, [parts.gold, parts.split, lang], [parts.split, parts.told],
        trigger_mode="always_last", **QUIET,
    )  # fmt: skip
    shown = [parts.job, parts.timer]
    asked = [parts.gold, parts.split]
    ways = [each for side in parts.sides for each in side]
    parts.run.click(run, [*asked, parts.names, parts.k, parts.answers, lang], shown, trigger_mode="once", **QUIET)
    parts.compare.click(compare, [*asked, *ways, *parts.reader, lang], shown, trigger_mode="once", **QUIET)
    parts.draft.click(draft, [parts.count, lang], shown, trigger_mode="once", **QUIET)
    parts.timer.tick(tick, [lang], [*parts.live(), parts.gold], trigger_mode="once", **QUIET)
    parts.job.select(cancel, [lang], [parts.job], **QUIET)
    parts.upload.upload(upload, [parts.upload, lang], [parts.gold, parts.told, parts.split], **QUIET)
    gr.on([parts.drafted.select, parts.mine.select], judge, [lang], [parts.job, parts.nav, parts.drafted, parts.mine, parts.gold], **QUIET)


def _accept(bench: Bench, event: Any, t: MeasureTexts) -> str:
    """Accepts a question with the words of its fields; why not, else nothing."""
    if event.fields != event.id:
        return t.other_fields
    if not str(event.question).strip():
        return t.empty_question
    return "" if bench.gold.accept(event.id, bench.pipeline().index, str(event.question), str(event.answer)) else t.answer_nowhere


def _judge(bench: Bench, event: Any, lang: Lang) -> str:
    """Does what a button says; what went wrong, else nothing."""
    try:
        match event.judge:
            case "accept" | "mend":
                if wrong := _accept(bench, event, measure_texts(lang)):
                    return html_measure.only_in("draft", f'<div class="refused">{html_measure.notice(wrong)}</div>')
            case "reject":
                bench.gold.judge(event.id, "rejected")
            case "delete":
                bench.gold.delete(event.id)
    except RagError as error:
        return html_measure.only_in("draft", html_measure.problem(str(error), lang))
    return ""
