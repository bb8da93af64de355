"""Every command that writes, over three small notes: the state that it begins with, the command, and what a reader sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.toys import HashEncoder, words
from index.build import update
from index.encoder import Encoder, verify_files
from index.errors import IndexCorrupt, IndexMissing, ModelError, RagError
from index.folder import FolderIndex, rollback
from index.inbox import Offered, remove, take
from index.mend import repair
from index.notes import NoteFile, read_note
from index.settings import IndexSettings
from index.types import Document, Locator, NoteProblem
from index.verify import verify
from rag.evaluation.report import HitRow, QuestionRow, Report
from rag.types import Span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = {
    "a.md": "# 역전파\n\n역전파는 기울기를 연쇄 법칙으로 구하는 방법이다.\n\n## 학습\n\n가중치를 고친다.\n",
    "b.md": "# 확률\n\n확률은 0과 1 사이의 수이다.\n",
    "c/d.md": "# 행렬\n\n고윳값은 행렬의 고유한 성질이다.\n",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the state it begins with, the command itself, and what a reader sees of it.

    `steps` are states between the old and the new that may be seen as well, since a long run commits more than once.
    """

    name: str
    prepare: Callable[[Path], object]
    act: Callable[[Path], object]
    seen: Callable[[Path], object]
    steps: bool = False


class NotWhole(Exception):
    """What is left is neither the old nor the new."""


def here(notes: Sequence[NoteFile], **_: object) -> Iterator[Document | NoteProblem]:
    """Notes read in this process: what is cut short is writing."""
    yield from map(read_note, notes)


# What commands act on


def _write(root: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        file = root / "notes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _bring(root: Path, *notes: Path, encoder: Encoder | None = None, replace: bool = False) -> None:
    update(root / "index", notes, encoder=encoder or HashEncoder(), analyse=words, settings=IndexSettings(), replace=replace)


def _small_commits(root: Path) -> None:
    with patch("index.build.COMMIT_PASSAGES", 1):
        _bring(root)


def _indexed(root: Path, texts: dict[str, str] = TEXTS) -> None:
    _write(root, texts)
    _bring(root, root / "notes")


def _changed(root: Path) -> None:
    """Two generations, then one note changed, one added and one gone."""
    _indexed(root, {"a.md": "# 옛\n\n옛 글.\n", "b.md": TEXTS["b.md"], "e.md": "# 가는 글\n\n곧 간다.\n"})
    _write(root, {"f.md": "# 더\n\n더 있다.\n"})
    _bring(root)
    (root / "notes" / "e.md").unlink()
    _write(root, TEXTS)


def _much_to_read(root: Path) -> None:
    _indexed(root)
    _write(root, {f"{number}.md": f"# 제목 {number}\n\n본문 {number}이다.\n" for number in range(5)})


def _long_history(root: Path) -> None:
    """So many generations that the next commit gives up one, and so many segments that it brings them together."""
    _indexed(root)
    for number in range(12):
        _write(root, {"a.md": f"# 판\n\n판 {number}이다.\n", f"{number}.md": f"# 제목 {number}\n\n본문이다.\n"})
        _bring(root)
    _write(root, {"a.md": "# 판\n\n마지막 판이다.\n"})


def _gone(root: Path) -> None:
    _indexed(root)
    (root / "notes" / "b.md").unlink()


def _two_generations(root: Path) -> None:
    _indexed(root)
    _write(root, {"a.md": "# 새\n\n새 글.\n"})
    _bring(root)


def _harmed(root: Path) -> None:
    _two_generations(root)
    file = root / "index" / "segments" / "000001" / "vectors.npy"
    data = bytearray(file.read_bytes())
    data[-3] ^= 4
    file.write_bytes(data)


def index_seen(root: Path) -> object:
    """All that a reader of the index can see; None where there is none. Raises NotWhole where `rag verify` finds anything."""
    try:
        index = FolderIndex.open(root / "index")
    except IndexMissing:
        return None
    if problems := verify(root / "index"):
        raise NotWhole(problems[0])
    every = np.arange(len(index))
    texts = [index.document(info.doc_id).text for info in index.documents()]
    asked = {word: 1.0 for text in texts for word in words(text)}
    question = HashEncoder(index.manifest.encoder.dim).encode_questions(["기울기 성질"])[0]
    scores = (index.score_dense(question, every).tolist(), index.score_lexical(asked, every).tolist())
    return index.documents(), texts, index.passages(every), scores, index.encoder_fingerprint, index.sources


def _large(do: Callable[[Path], object]) -> Callable[[Path], object]:
    """The same where two vectors are very many, so that inverted lists are made of them."""

    def done(root: Path) -> object:
        with patch("index.vectors.EXACT_UP_TO", 1), patch("index.near.FEW", 0):
            return do(root)

    return done


def _lists_seen(root: Path) -> object:
    """What any index shows, how its vectors are searched, and what the lists lead to."""
    index = FolderIndex.open(root / "index")
    rows, scores = index.dense(HashEncoder(index.manifest.encoder.dim).encode_questions(["기울기 성질"]), 3)
    return index_seen(root), index.searching(), rows.tolist(), scores.tolist()


def _mended_seen(root: Path) -> object:
    """The same, where an index that cannot be opened is a state of its own."""
    try:
        FolderIndex.open(root / "index")
    except IndexCorrupt:
        return "harmed"
    with suppress(NotWhole):
        return index_seen(root)
    return "opens, and its history is harmed"  # between the commit and the end of the generations given up


def _repair(root: Path) -> None:
    repair(root / "index", analyse=words, opened=lambda _: HashEncoder())


def _inbox_seen(root: Path) -> object:
    place = root / "index.notes"
    names = (file for file in sorted(place.rglob("*")) if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(place).as_posix(): file.read_bytes() for file in names}


def _offered(root: Path) -> None:
    (root / "offered.md").write_text("# 새 판\n" * 400, encoding="utf-8")
    take(root / "index.notes", [Offered("a.md", Path(__file__))], "replace")


def _take(root: Path) -> None:
    done = take(root / "index.notes", [Offered("a.md", root / "offered.md")], "replace")
    if done.refused:
        raise RagError(done.refused[0].detail)


def _file_seen(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).read_bytes() if (root / name).exists() else None


def rows_seen(root: Path) -> object:
    """The questions of the file of gold, each as it reads."""
    from rag.drafting.question_file import read

    return read(root / "index.gold.jsonl").rows


def gold(root: Path) -> Any:
    from rag.drafting.gold_file import GoldFile, gold_path

    return GoldFile(gold_path(root / "index"))


def _with_gold(root: Path) -> None:
    _indexed(root)
    index = FolderIndex.open(root / "index")
    gold(root).add(_drafts(), index)
    _toggle(root, "확률이 뭐야?", "b.md")


def _drafts() -> list[Any]:
    from rag.drafting.draft import Draft

    text = TEXTS["c/d.md"]
    quote = "고윳값은 행렬의 고유한 성질이다."
    return [Draft("definition", "fact", "고윳값이란?", ("행렬의 고유한 성질",), "c/d.md", quote, text.index(quote))]


def _accept(root: Path) -> None:
    gold(root).accept(_drafts()[0].id, FolderIndex.open(root / "index"), "고윳값?", "")


def _toggle(root: Path, question: str = "역전파가 뭐야?", name: str = "a.md") -> None:
    index = FolderIndex.open(root / "index")
    document = index.document(name)
    start = document.text.index("\n\n") + 2
    gold(root).toggle(question, document, Span(name, start, start + 12, document.text[start : start + 12]), "v")


def _draft_file(root: Path) -> None:
    from rag.drafting.question_file import append, read

    file = root / "questions.jsonl"
    append(file, read(file), _drafts(), "dev")


def _moved_evidence(root: Path) -> None:
    _with_gold(root)
    (root / "notes" / "b.md").rename(root / "notes" / "c" / "b.md")
    _bring(root)


def _report() -> Report:
    rows = tuple(QuestionRow("rag", str(number), "", "test", {"hit@1": 1.0}, (HitRow("a.md", 0, 3, 1.0, 1),)) for number in range(200))
    return Report({"set": "own"}, (), rows)


def _save_report(root: Path) -> None:
    from ui.console import save

    save(root / "report.json", json.dumps(_report().to_dict(), ensure_ascii=False))


def _save_baseline(root: Path) -> None:
    from rag.evaluation.gate import write_baseline

    write_baseline(root / "baseline.json", _report(), ("hit@1",))


def _save_run(root: Path) -> None:
    from rag.evaluation.trec import write_run

    write_run(root / "run.trec", _report().rows, "rag")


def _earlier(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text("what an earlier run wrote\n" * 9, encoding="utf-8")


@cache
def cards() -> tuple[Any, ...]:
    from rag.citations import Citation
    from rag.study.cards import Card

    def card(number: int) -> Card:
        source = Citation("a.md", 9, 12, "기울기", "역전파는 ", "를")
        return Card(f"a/cloze-{number}", "cloze", f"무엇 {number}?", ("기울기",), "역전파", (), Locator(3), (source,))

    return tuple(card(number) for number in range(40))


def _export(root: Path) -> None:
    from index.files import save
    from rag.study.export import table

    save(root / "cards.csv", table(cards()))


def book(root: Path) -> Any:
    from rag.study.book import book_of

    return book_of(root / "index")


def _studied(root: Path) -> None:
    for card in cards()[:4]:
        book(root).rate(card, 3, NOW)


def book_seen(root: Path) -> object:
    kept = book(root)
    return kept.kept(), kept.day(datetime(2020, 1, 1, tzinfo=UTC)), kept.made("new"), kept.made("old")


def entries(first: int, number: int) -> list[Any]:
    from rag.querylog import Entry

    return [
        Entry(float(each), "shell", "/index", f"질문 {each}", f"질문 {each}", "hybrid", "span", ("a.md#0-5",), "답" * 40, False, 0.5, 40.0)
        for each in range(first, first + number)
    ]


def log(root: Path) -> Any:
    from rag.querylog import QueryLog

    return QueryLog(root / "questions.sqlite")


def log_seen(root: Path) -> object:
    return log(root).is_on, log(root).read()


def _checkpoint(root: Path, step: int = 2) -> None:
    """Keeps a step of training; the state itself is a small one."""
    import torch

    from rag.training.loop import _save

    value = torch.nn.Parameter(torch.full((64, 64), float(step)))
    optimizer = torch.optim.AdamW([value])
    _save(root / "train" / "model.pt", step, {"weight": value}, optimizer, "work", None)


def _checkpoint_seen(root: Path) -> object:
    import torch

    file = root / "train" / "model.pt"
    if not file.exists():
        return None
    state = torch.load(file, weights_only=True)
    return state["step"], float(state["trained"]["weight"].sum())


def _model_folder(root: Path) -> None:
    """Exports a trained reader; the model itself is a stand-in."""
    from rag.training.export import BERT_FIELDS, export_reader

    graph = SimpleNamespace(SerializeToString=lambda: b"graph" * 999)
    model: Any = SimpleNamespace(bert=SimpleNamespace(config=SimpleNamespace(to_dict=lambda: dict.fromkeys(BERT_FIELDS, 1))))
    with patch("index.weights.freeze", lambda *_: graph), patch("index.weights.refer_to_trunk"):
        export_reader(model, root / "train" / "reader", root / "trunk.safetensors")


def _model_folder_seen(root: Path) -> object:
    """The folder's fingerprint; None where it is refused."""
    try:
        return verify_files(root / "train" / "reader")
    except ModelError:
        return None


def commands() -> Iterable[Command]:
    """Every command that writes."""
    yield Command("index, the first time", lambda root: _write(root, TEXTS), lambda root: _bring(root, root / "notes"), index_seen)
    yield Command("index, notes changed", _changed, _bring, index_seen)
    yield Command("index, in several commits", _much_to_read, _small_commits, index_seen, steps=True)
    yield Command("index, a long history", _long_history, _bring, index_seen)
    yield Command("index, a note removed", _gone, _bring, index_seen)
    yield Command("index --replace", _changed, lambda root: _bring(root, root / "notes", replace=True), index_seen)
    yield Command("index, another encoder", _two_generations, lambda root: _bring(root, encoder=HashEncoder(12)), index_seen)
    yield Command("index, lists of very many vectors", _large(_changed), _large(_bring), _large(_lists_seen), steps=True)
    yield Command("rollback", _two_generations, lambda root: rollback(root / "index", 1), index_seen)
    yield Command("verify --repair", _harmed, _repair, _mended_seen, steps=True)
    yield Command("notes put in", _offered, _take, _inbox_seen)
    yield Command("notes taken out", _offered, lambda root: remove(root / "index.notes", "a.md"), _inbox_seen)
    yield Command("gold, marked", _with_gold, _toggle, rows_seen)
    yield Command("gold, drafts added", _indexed, lambda root: gold(root).add(_drafts(), FolderIndex.open(root / "index")), rows_seen)
    yield Command("gold, judged", _with_gold, lambda root: gold(root).judge(_drafts()[0].id, "rejected"), rows_seen)
    yield Command("gold, accepted", _with_gold, _accept, rows_seen)
    yield Command("gold, deleted", _with_gold, lambda root: gold(root).delete(_drafts()[0].id), rows_seen)
    yield Command("gold, anchored", _moved_evidence, lambda root: gold(root).anchor(FolderIndex.open(root / "index")), rows_seen)
    yield Command("questions, drafted", lambda root: None, _draft_file, _file_seen("questions.jsonl"))
    yield Command("eval --json", _earlier("report.json"), _save_report, _file_seen("report.json"))
    yield Command("eval --write-baseline", _earlier("baseline.json"), _save_baseline, _file_seen("baseline.json"))
    yield Command("eval --trec", _earlier("run.trec"), _save_run, _file_seen("run.trec"))
    yield Command("study export", _earlier("cards.csv"), _export, _file_seen("cards.csv"))
    yield Command("study, a card rated", _studied, lambda root: book(root).rate(cards()[7], 2, NOW), book_seen)
    yield Command("study, a card left out", _studied, lambda root: book(root).leave_out(cards()[1], True), book_seen)
    yield Command("study, cards made", lambda root: book(root).keep_made("old", cards()[:5]), _make, book_seen)
    yield Command("log, questions kept", lambda root: log(root).add(entries(0, 40)), _add, log_seen)
    yield Command("log delete", lambda root: log(root).add(entries(0, 200)), lambda root: log(root).delete(), log_seen)
    yield Command("log off", lambda root: log(root).add(entries(0, 2)), lambda root: log(root).turn(False), log_seen)
    yield Command("train, a checkpoint", lambda root: _checkpoint(root, 1), _checkpoint, _checkpoint_seen)
    yield Command("train, a model folder", _earlier("trunk.safetensors"), _model_folder, _model_folder_seen)


def _make(root: Path) -> None:
    book(root).keep_made("new", cards())


def _add(root: Path) -> None:
    log(root).add(entries(40, 20))
