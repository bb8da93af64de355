"""The view of the notes in a real Chromium, over a real index in a folder: putting in, stopping, taking out, looking inside, the map."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from index import disk
from index.build import update
from index.encoder import Vectors
from index.files import DISK
from index.folder import FolderIndex
from index.inbox import inbox_of
from index.morphemes import Analyser
from index.refresh import Refresher
from index.settings import IndexSettings
from index.types import Progress
from index.verify import verify
from rag.pipeline import Pipeline
from rag.querylog import QueryLog, Recorder
from tests.browser.conftest import NASTY, Open, Site, Watch
from tests.browser.test_page import ask, fits, text_of
from tests.browser.test_served import Served, served  # noqa: F401
from tests.fakes import HashEncoder
from tests.index.notes import make
from tests.ui.serving import serving
from ui.i18n_notes import EN, KO
from ui.web_index import Shelf

pytestmark = pytest.mark.browser

OVERFIT = "# 과적합\n\n## 뜻\n\n- **과적합(overfitting)**은 훈련 데이터의 잡음까지 외우는 현상이다.\n\n## 막는 법\n\n- 드롭아웃을 쓴다.\n"
ATTENTION = f"# 어텐션\n\n질의와 키의 내적을 차원의 제곱근으로 나눈다.\n\n{NASTY}\n"


class Gated(HashEncoder):
    """Waits before each passage as long as the gate is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        for number in range(len(texts)):
            if progress:  # readers, which have none, are not held up
                assert self.gate.wait(30)
                progress("encode", number + 1, len(texts))
        return super().encode_passages(texts)


@dataclass
class Desk:
    """A page over an index in a folder."""

    url: str
    place: Path
    encoder: Gated
    recorder: Recorder
    refresher: Refresher

    @property
    def index(self) -> Path:
        return self.place / "index"

    @property
    def inbox(self) -> Path:
        return inbox_of(self.index)

    def doc_ids(self) -> list[str]:
        return [info.doc_id for info in FolderIndex.open(self.index).documents()]

    def put_in(self) -> list[str]:
        return sorted(path.relative_to(self.inbox).as_posix() for path in self.inbox.rglob("*") if path.is_file())

    def file(self, name: str, text: str) -> Path:
        path = self.place / "mine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server for all tests of this file; `desk` gives each of them the same notes to begin with."""
    from ui import web_notes

    place, encoder, patch = tmp_path_factory.mktemp("desk").resolve(), Gated(), pytest.MonkeyPatch()
    index = place / "index"
    refresher = Refresher(index, lambda _: encoder)
    patch.setattr(DISK, "sync", lambda descriptor: None)
    patch.setattr(web_notes, "Refresher", lambda _: refresher)
    shelf = Shelf(
        lambda: Pipeline.over(FolderIndex.open(index), encoder, reader="sentence", threshold=0.0),
        lambda: disk.read_manifest(index).generation,
    )
    recorder = Recorder(QueryLog(place / "log" / "questions.sqlite"), index)
    with serving(shelf, recorder=recorder, place=index) as port:
        yield Desk(f"http://127.0.0.1:{port}/", place, encoder, recorder, refresher)
    patch.undo()


@pytest.fixture
def desk(kept: Desk) -> Iterator[Desk]:
    for folder in ("notes", "mine", "index.notes"):
        shutil.rmtree(kept.place / folder, ignore_errors=True)
    for name, text in (("week2/overfit.md", OVERFIT), ("week10/attention.md", ATTENTION)):
        file = kept.place / "notes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    update(kept.index, [kept.place / "notes"], encoder=kept.encoder, analyse=Analyser().terms, settings=IndexSettings(), replace=True)
    kept.recorder.log.delete()
    yield kept
    kept.encoder.gate.set()
    kept.refresher.wait(30)
    kept.refresher.dismiss()


@pytest.fixture
def view(open_page: Open, desk: Desk) -> Callable[..., Any]:
    """Opens the view of the notes."""

    def opened(**options: Any) -> Any:
        page = open_page(desk.url, **options)
        page.click("#view-notes-button")
        page.wait_for_selector("#notes-list section")
        return page

    return opened


def add(page: Any, *files: Path) -> None:
    page.set_input_files("[data-from=files]", [str(file) for file in files])


def ended(page: Any) -> None:
    """Waits until a run has said what it did, and all is drawn."""
    page.wait_for_selector(".result")
    page.wait_for_selector("[data-pick=files]:enabled")


def rows(page: Any, name: str) -> list[str]:
    return list(page.locator(f".files .{name} .name").all_inner_texts())


# ------------------------------------------------------------------------ putting in


def each_format(folder: Path) -> list[Path]:
    """A note of every format, each with one sentence of its own."""
    import docx
    import nbformat
    import pptx

    folder.mkdir()
    said = "{}에서 감자의 색은 보라색이다."
    plain = {
        "md": "# 감자\n\n{}\n", "txt": "{}\n", "html": "<html><body><p>{}</p></body></html>",
        "srt": "1\n00:00:01,000 --> 00:00:04,000\n{}\n", "vtt": "WEBVTT\n\n00:01.000 --> 00:04.000\n{}\n",
    }  # fmt: skip
    for suffix, form in plain.items():
        (folder / f"n.{suffix}").write_text(form.format(said.format(suffix)), encoding="utf-8")
    make.pdf(folder / "n.pdf", [[(72, 700, 12, said.format("pdf"))], [(72, 700, 12, "둘째 쪽")]])
    document = docx.Document()
    document.add_paragraph(said.format("docx"))
    document.save(str(folder / "n.docx"))
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = said.format("pptx")
    deck.save(str(folder / "n.pptx"))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(said.format("ipynb"))])
    nbformat.write(book, str(folder / "n.ipynb"))
    make.hwp(folder / "n.hwp", [make.hwp_paragraph(said.format("hwp"))])
    make.hwpx(folder / "n.hwpx", [[make.hwpx_paragraph(said.format("hwpx"))]])
    return sorted(folder.iterdir())


def test_notes_of_every_format_are_put_in_and_answer(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    files = each_format(desk.place / "mine")
    broken = desk.place / "mine" / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and nothing more")
    add(page, *files, broken, desk.file("old.doc", "옛 형식"), desk.file("nothing.md", ""))
    ended(page)
    names = [file.name for file in files]
    assert sorted(rows(page, "new")) == sorted(names)
    assert rows(page, "unread") == ["broken.pdf"]
    assert "깨진 PDF 파일입니다" in page.inner_text(".files .unread p")
    assert rows(page, "refused") == ["old.doc", "nothing.md"]
    assert page.inner_text(".files .new:has-text('n.pdf') .facts").startswith("2쪽 · 단락")
    assert "그대로인 노트 2개" in page.inner_text(".result")
    assert desk.put_in() == sorted([*names, "broken.pdf"])
    assert desk.doc_ids() == [*sorted(f"index.notes/{name}" for name in names), "week10/attention.md", "week2/overfit.md"]
    expect(page.locator("#top .held")).to_contain_text(f"노트 {len(files) + 2}개")
    page.click("#view-ask-button")
    ask(page, "hwpx에서 감자의 색은?")
    assert "hwpx에서 감자의 색은 보라색이다." in text_of(page, "#sources .cited mark.evidence")


def test_a_folder_keeps_its_shape(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    for name in ("강의/3주차/a.md", "강의/b.txt"):
        desk.file(name, f"{name}의 글")
    desk.file("강의/.git/c.md", "숨은 글")
    desk.file("강의/그림.svg", "그림")
    page.set_input_files("[data-from=folder]", str(desk.place / "mine" / "강의"))
    ended(page)
    assert desk.put_in() == ["강의/3주차/a.md", "강의/b.txt"]
    assert page.locator(".files .refused").count() == 0
    labels = [f"{KO.put_in} › 강의", f"{KO.put_in} › 강의/3주차", "week2", "week10"]
    expect(page.locator(".group > summary span")).to_have_text(labels)


def test_files_dropped_anywhere_on_the_view_are_put_in(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    data = page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['# 끌어 넣은 노트\\n\\n글'], 'dropped.md')); return data; }"
    )
    page.dispatch_event("#notes-list", "dragenter", {"dataTransfer": data})
    assert page.is_visible(".hovered .over")
    page.dispatch_event("#notes-list", "drop", {"dataTransfer": data})
    ended(page)
    assert (desk.put_in(), page.locator(".hovered").count()) == (["dropped.md"], 0)


DROPPED = """() => {
  const file = (name, open) => ({ isFile: true, name, fullPath: `/강의/${name}`, file: open });
  const note = (name) => new File(["# 노트\\n\\n글"], name);
  const locked = note("locked.md");
  locked.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) });
  const folder = (name, parts) => ({ isDirectory: true, name, fullPath: `/${name}`, createReader: () => ({
    readEntries: (done, failed) => (parts.length ? done(parts.shift()) : failed(new DOMException("", "NotReadableError"))) }) });
  const whole = [file("a.md", (done) => done(note("a.md"))), file("gone.md", (_, failed) => failed(new DOMException("", "NotFoundError"))),
    file("locked.md", (done) => done(locked)), folder("강의/잠긴 폴더", [])];
  DataTransferItem.prototype.webkitGetAsEntry = () => folder("강의", [whole, []]);
  const data = new DataTransfer();
  data.items.add(note("x.md"));
  return data;
}"""
"""A folder in which a file and a folder cannot be opened, and a file that opens cannot be read."""


def test_what_cannot_be_read_in_a_folder_is_told_and_the_rest_put_in(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    page.dispatch_event("#notes-list", "drop", {"dataTransfer": page.evaluate_handle(DROPPED)})
    ended(page)
    assert (desk.put_in(), rows(page, "new")) == (["강의/a.md"], ["강의/a.md"])
    assert rows(page, "refused") == ["강의/gone.md", "강의/잠긴 폴더", "강의/locked.md"]
    assert page.locator(".files .refused p").all_inner_texts() == [KO.not_unread] * 3


@pytest.mark.parametrize(
    ("choice", "held", "text"),
    [("replace", ["a.md"], "새 글"), ("both", ["a (2).md", "a.md"], "옛 글"), ("leave", ["a.md"], "옛 글")],
)
def test_a_name_in_use_is_asked_about(view: Callable[..., Any], desk: Desk, choice: str, held: list[str], text: str) -> None:
    page = view()
    add(page, desk.file("a.md", "옛 글"))
    ended(page)
    add(page, desk.file("a.md", "새 글"))
    page.wait_for_selector(".asks")
    page.wait_for_selector(".result", state="detached")
    assert page.inner_text(".asks li") == "a.md"
    assert (desk.inbox / "a.md").read_text(encoding="utf-8") == "옛 글"
    page.click(f"[data-choice={choice}]")
    page.wait_for_selector(".asks", state="detached")
    if choice != "leave":
        ended(page)
    assert (desk.put_in(), (desk.inbox / "a.md").read_text(encoding="utf-8")) == (held, text)
    add(page, desk.file("copy.md", OVERFIT))
    page.wait_for_selector(".files .same")
    assert "week2/overfit.md" in page.inner_text(".files .same")
    assert desk.put_in() == held


# ------------------------------------------------------------------------ running


def test_a_run_is_seen_asked_beside_and_stopped(view: Callable[..., Any], desk: Desk, watch: Watch) -> None:
    page = view()
    before = FolderIndex.open(desk.index).documents()
    desk.encoder.gate.clear()
    add(page, desk.file("slow.md", "# 느린 노트\n\n글"))
    page.wait_for_selector(".stop")
    page.wait_for_selector("[data-pick=files]:disabled")
    assert page.inner_text(".meanwhile") == KO.meanwhile
    page.click("#view-ask-button")
    page.wait_for_selector("#answer .welcome .chip")
    assert page.locator("#answer .problem").count() == 0, "the index that could not be opened before is there now"
    ask(page, "과적합이란?")
    assert text_of(page, "#sources .cited mark.evidence").strip()
    page.reload()
    page.wait_for_selector("#answer section")
    page.click("#view-notes-button")
    page.wait_for_selector(".going")
    watch.faults.clear()  # of the progress that was read when the page was left
    page.click(".stop")
    page.wait_for_selector(".stop:disabled")
    desk.encoder.gate.set()
    page.wait_for_selector(".result.stopped")
    page.wait_for_selector(".stop", state="detached")
    assert FolderIndex.open(desk.index).documents() == before
    assert verify(desk.index) == []
    assert page.inner_text("li.held .badge") == KO.waiting
    page.click("[data-do=index]")
    page.wait_for_selector(".files .new")
    assert rows(page, "new") == ["slow.md"]


def test_reindexing_reads_only_what_changed(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    page.click("[data-do=index]")
    ended(page)
    assert page.inner_text(".result h2") == KO.done_same
    (desk.place / "notes" / "week2" / "overfit.md").write_text(OVERFIT + "\n새 줄\n", encoding="utf-8")
    page.click(".result .shut")
    page.wait_for_selector(".result", state="detached")
    page.click("[data-do=index]")
    page.wait_for_selector(".files .changed")
    assert (rows(page, "changed"), KO.unchanged.format(count=1) in page.inner_text(".result")) == (["week2/overfit.md"], True)


def test_another_writer_is_told_of(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    with disk.writing(desk.index, DISK):
        page.click("[data-do=index]")
        page.wait_for_selector(".result.failed")
        assert page.inner_text(".result h2") == KO.busy
    page.click("[data-do=index]")
    page.wait_for_selector(".result.ended")


# ------------------------------------------------------------------------ the list


def test_what_was_put_in_is_taken_out_and_own_notes_are_not(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    add(page, desk.file("a.md", "# 뺄 노트\n\n글"))
    ended(page)
    page.click(".held:has-text('과적합') .out summary")
    assert page.inner_text(".held:has-text('과적합') .ask") == KO.out_yours.format(folder=desk.place / "notes" / "week2", file="overfit.md")
    assert page.locator(".held:has-text('과적합') .sure").count() == 0
    page.click(".held:has-text('뺄 노트') .out summary")
    page.wait_for_selector(".sure")
    assert desk.put_in() == ["a.md"]
    page.click(".sure")
    page.wait_for_selector(".files .removed")
    assert (rows(page, "removed"), desk.put_in()) == (["a.md"], [])
    assert desk.doc_ids() == ["week10/attention.md", "week2/overfit.md"]
    expect(page.locator("li.held")).to_have_count(2)


def test_notes_that_no_question_brought_up_are_marked(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    assert page.inner_text(".never-line") == KO.never_empty
    page.click("#view-ask-button")
    page.click("#settings > button")
    page.fill("#k input[type=number]", "1")
    ask(page, "과적합이란?")
    desk.recorder.close(10)
    page.click("#view-notes-button")
    page.wait_for_selector(".badge.never")
    assert page.inner_text(".held:has(.never) .title") == "어텐션"
    assert page.inner_text(".never-line") == KO.never_note.format(questions=1, notes=1)


def test_a_note_is_found_by_its_name(view: Callable[..., Any], desk: Desk) -> None:
    for number in range(8):
        desk.file(f"n{number}.md", f"# 노트 {number}번\n\n글 {number}")
    page = view()
    add(page, *sorted((desk.place / "mine").iterdir()))
    ended(page)
    page.wait_for_selector("li.held .title:text-is('노트 5번')")
    page.fill("[data-find]", "노트 5")
    assert page.locator("li.held:visible .title").all_inner_texts() == ["노트 5번"]
    assert page.locator(".group:visible").count() == 1
    page.fill("[data-find]", "없는 이름")
    assert page.is_visible(".found-none")
    page.fill("[data-find]", "")
    assert page.locator("li.held:visible").count() == 10


# ------------------------------------------------------------------------ looking inside


def test_a_note_is_seen_as_it_is_cut(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    page.click(".held:has-text('과적합') .pick")
    page.wait_for_selector(".piece")
    passages = FolderIndex.open(desk.index).indexed("week2/overfit.md").passages
    assert [text_of(page, f".piece:nth-child({n}) .passage") for n in range(1, len(passages) + 1)] == [each.text for each in passages]
    assert page.get_attribute(".held:has-text('과적합') .pick", "aria-current") == "true"
    assert page.inner_text(".piece:last-child .where").endswith(f"{len(passages[-1].text)}자")
    page.click(".piece:last-child .passage")
    page.wait_for_selector("#note .here")
    assert "드롭아웃을 쓴다." in page.inner_text("#note .here >> nth=-1")


def test_the_map_is_read_by_pointer_keyboard_and_legend(view: Callable[..., Any], desk: Desk) -> None:
    page = view()
    page.click("[data-do=map]")
    page.wait_for_selector("[data-sky]")
    count = len(FolderIndex.open(desk.index))
    assert page.locator("[data-sky] .dot").count() == count == 3
    page.focus("[data-sky]")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".told-point .first")
    first = page.inner_text(".told-point .head")
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_selector("#note .here")
    page.keyboard.press("Escape")
    page.wait_for_selector("#note[open]", state="detached")
    for dot in page.query_selector_all("[data-sky] .dot"):
        dot.hover(force=True)
        head = json.loads(dot.evaluate("dot => JSON.stringify(dot.dataset.head)"))
        page.wait_for_function("head => document.querySelector('.told-point .head').textContent.startsWith(head)", arg=head)
    assert first
    page.click("[data-light='0']")
    assert page.locator("[data-sky] .dot.dim").count() == page.locator("[data-sky] .dot:not([data-group='0'])").count() > 0
    page.click("[data-light='0']")
    assert page.locator("[data-sky] .dot.dim").count() == 0


def test_the_view_speaks_the_other_language(view: Callable[..., Any]) -> None:
    page = view()
    page.click(".held:has-text('과적합') .pick")
    page.wait_for_selector(".piece")
    page.click('button[data-lang="en"]')
    page.wait_for_selector(f"#notes-add h2:text-is('{EN.add}')")
    page.wait_for_selector(f".cut .over-title:text-is('{EN.cut}')")
    expect(page.locator("#notes-list h2")).to_have_text(EN.list)
    assert page.locator(".piece").count() == 2


def test_a_phone_shows_all_of_it(view: Callable[..., Any]) -> None:
    page = view(width=390, height=844)
    assert fits(page)
    page.click(".held:has-text('과적합') .pick")
    page.wait_for_selector(".piece")
    assert fits(page)
    page.wait_for_function("document.querySelector('#notes-side section').getBoundingClientRect().top < 400")


# ------------------------------------------------------------------------ other pages


def test_a_page_that_may_not_change_notes_lists_them(open_page: Open, site: Site) -> None:
    page = open_page()
    page.click("#view-notes-button")
    page.wait_for_selector("#notes-list section")
    assert page.inner_text("#notes-add h2") == KO.fixed
    assert page.locator("li.held").count() == len(site.desk.index.documents())
    assert page.locator(".out, [data-drop], #notes-side section").count() == 0
    assert page.evaluate("window.harm") is None


def test_no_index_and_a_page_that_may_not_make_one(open_page: Open, site: Site, watch: Watch) -> None:
    page = open_page()
    site.desk.broken = True
    page.click("#view-notes-button")
    page.wait_for_selector("#notes-list .problem")
    assert "rag index" in page.inner_text("#notes-list code")


def test_the_first_notes_of_all(served: Served, open_page: Open, tmp_path: Path) -> None:  # noqa: F811
    page = open_page(served.url)
    page.wait_for_selector("#answer .problem")
    page.click("#view-notes-button")
    page.wait_for_selector(".none-yet")
    file = tmp_path / "overfit.md"
    file.write_text(OVERFIT, encoding="utf-8")
    add(page, file)
    page.wait_for_selector(".result.ended", timeout=60_000)
    page.click("#view-ask-button")
    ask(page, "과적합이란?")
    assert "잡음까지 외우는 현상" in text_of(page, "#sources .cited mark.evidence")
