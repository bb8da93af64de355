"""Makes an index mirror its folders of notes: what is new or changed is read, split, embedded and analysed, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

from index.encoder import Encoder
from index.engines import Stored, empty_index, open_index, sources_of, writing
from index.errors import IndexBusy, IndexMissing, IndexProblem, NoteError
from index.files import DISK, FileSystem
from index.folder import FolderIndex
from index.inbox import inbox_of
from index.index import Changes, IndexedDocument
from index.manifest import EncoderEntry
from index.notes import NoteFile, content_hash, read_notes
from index.notes.ocr import is_installed
from index.notes.pictures import is_waiting
from index.places import Place
from index.settings import IndexSettings
from index.sources import choose_sources, find_notes, find_unread
from index.split import split
from index.types import Document, NoteProblem, Passage, Progress, UpdateReport

if TYPE_CHECKING:
    from index.cache import VectorCache

COMMIT_PASSAGES = 512
"""A long run commits after about so many passages, at first: an interrupted one goes on from there."""

LARGEST_COMMIT = 8192
"""How many passages a run holds in memory at once. A commit grows with the index, to a quarter of it and at most to this, so that
a million passages are not a thousand commits."""

TAKEN = "{machine} has put a note of this name in: give one of the two another name, such as a folder around it"

Analyse = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class _Tools:
    """What turns a document into what an index holds."""

    encoder: Encoder
    analyse: Analyse
    settings: IndexSettings
    cache: VectorCache | None
    told: _Told


@dataclass(frozen=True, slots=True)
class _Note:
    """A note that was read and cut; `held` where it only moved, and has all that belongs to it already."""

    document: Document
    content_hash: str
    passages: Sequence[Passage]
    held: IndexedDocument | None = None


_N = TypeVar("_N", _Note, IndexedDocument)


@dataclass(slots=True)
class _Plan:
    """What a run found: files of new content with their hashes, notes that only moved (new name, old name), notes that are gone, and what
    must be told."""

    new: dict[NoteFile, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[NoteProblem] = field(default_factory=list)
    warnings: list[NoteProblem] = field(default_factory=list)


@dataclass(slots=True)
class _Told:
    """How far a run is: notes read until the first passage is embedded, from then on passages.

    How many there will be is known only when all is read; until then it is guessed from the bytes of the files that are not.
    """

    progress: Progress | None
    cut: int = 0
    done: int = 0
    read: int = 0
    unread: int = 0
    encoding: bool = False

    @property
    def total(self) -> int:
        return self.cut + (round(self.cut / self.read * self.unread) if self.read else 0)

    def of_reading(self, stage: str, now: int, total: int) -> None:
        if self.progress and self.encoding:
            self.progress("encode", self.done, self.total)
        elif self.progress:
            self.progress(stage, now, total)

    def of_encoding(self, stage: str, now: int, _: int) -> None:
        self.encoding = True
        if self.progress:
            self.progress(stage, self.done + now, self.total)

    def was_cut(self, passages: int, size: int) -> None:
        self.cut += passages
        self.read += size
        self.unread -= size


def update(
    index_dir: Place,
    notes: Sequence[Path],
    *,
    encoder: Encoder,
    analyse: Analyse,
    settings: IndexSettings,
    add: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
    fs: FileSystem = DISK,
) -> UpdateReport:
    """Brings an index up to date with the folders it mirrors; once they are recorded, `notes` may be empty.

    A note that cannot be read is reported, and its earlier version stays; documents of kinds that are never read are reported too.
    `add` takes further folders in. `replace` starts from nothing, with the folders given or else the recorded ones. Another encoder or
    other settings embed everything anew, in one commit.
    Raises UsageError, SourceMismatch, IndexBusy, NoteError where no note at all can be read, and IndexProblem.
    """
    from index.cache import users_cache

    recorded = _recorded(index_dir, replace)
    sources = choose_sources(index_dir, recorded, notes, add, replace)
    inbox = inbox_of(index_dir)
    files, others = find_notes(sources, inbox), find_unread(sources, inbox)
    with writing(index_dir, fs):
        old = _existing(index_dir, replace, fs)
        if old and old.sources != recorded:
            raise IndexBusy(f"{index_dir} was changed by another process in this moment. Run the command again.")
        if old and not replace and (old.encoder_fingerprint, old.settings) == (encoder.fingerprint, settings):
            base = old
        else:
            entry = EncoderEntry(encoder.name, encoder.fingerprint, encoder.dim)
            base = empty_index(index_dir, entry, settings, sources, fs)
        plan = _compared(base, old, files)
        tools = _Tools(encoder, analyse, settings, users_cache(), _Told(progress, unread=sum(map(_bytes, plan.new))))
        with closing(_notes(plan, base, old, tools, keep_unread=not replace)) as ready:
            report = _carried_out(plan, ready, base, old, sources, tools)
    return changed(report, problems=(*report.problems, *others))


def _recorded(index_dir: Place, replace: bool) -> tuple[str, ...]:
    """The folders that the index mirrors; none where it is missing, or broken and about to be replaced."""
    try:
        return sources_of(index_dir)
    except IndexProblem as error:
        if replace or isinstance(error, IndexMissing):
            return ()
        raise


def _existing(index_dir: Place, replace: bool, fs: FileSystem) -> Stored | None:
    try:
        return open_index(index_dir, fs=fs)
    except IndexProblem as error:
        if replace or isinstance(error, IndexMissing):
            return None
        raise


# ------------------------------------------------------------------------ planning


def _compared(base: Stored, old: Stored | None, files: Sequence[NoteFile]) -> _Plan:
    """Compares the files with `base`, which may be `old` itself; nothing but their hashes is taken of them.

    Notes with pictures that nobody has read count as new once there is something that reads them.
    """
    before = old.own if old else {}
    plan = _Plan(gone=sorted(before.keys() - {file.doc_id for file in files}))
    waiting = {doc_id for doc_id, entry in base.own.items() if is_waiting(entry.warnings)}
    unread = waiting if waiting and is_installed() else frozenset[str]()
    known = {doc_id: entry for doc_id, entry in base.own.items() if doc_id not in unread}
    homes = {(entry.content_hash, PurePath(doc_id).name): doc_id for doc_id, entry in known.items()}
    for file in files:
        if file.doc_id in base.taken:
            plan.problems.append(NoteProblem(file.doc_id, TAKEN.format(machine=base.taken[file.doc_id])))
            continue
        try:
            found = content_hash(file.path)
        except NoteError as error:
            plan.problems.append(NoteProblem(file.doc_id, str(error)))
            continue
        home = homes.get((found, PurePath(file.doc_id).name))
        if file.doc_id in known and known[file.doc_id].content_hash == found:
            plan.unchanged += 1
        elif home:
            plan.moved[file.doc_id] = home
        else:
            plan.new[file] = found
    return plan


def _bytes(file: NoteFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:  # reading it will say so
        return 0


def _notes(plan: _Plan, base: Stored, old: Stored | None, tools: _Tools, keep_unread: bool) -> Generator[_Note]:
    """Every note to put in, one at a time: those that moved, then those of new content, as they are read and cut.

    What cannot be read goes into the plan; where all is embedded anew, its earlier version is cut again.
    """
    homes: dict[str, list[str]] = {}
    for doc_id, home in plan.moved.items():
        homes.setdefault(home, []).append(doc_id)
    for kept in base.every(homes):
        yield from (_moved(kept, doc_id) for doc_id in homes[kept.document.doc_id])
    for file, result in zip(plan.new, read_notes(list(plan.new), progress=tools.told.of_reading), strict=True):
        if isinstance(result, NoteProblem):
            plan.problems.append(result)
            tools.told.was_cut(0, _bytes(file))
        else:
            plan.warnings += [NoteProblem(result.doc_id, warning) for warning in result.warnings]
            yield _cut(result, plan.new[file], tools, _bytes(file))
    before = old.own if old and keep_unread else {}
    for problem in plan.problems:
        if old and problem.doc_id in before:
            plan.warnings.append(NoteProblem(problem.doc_id, "its earlier version stays in the index"))
            if base is not old:
                yield _cut(old.document(problem.doc_id), before[problem.doc_id].content_hash, tools)


def _moved(kept: IndexedDocument, doc_id: str) -> _Note:
    """A note found in another folder: equal content under an equal file name gives equal text, title, passages and vectors."""
    passages = [changed(passage, doc_id=doc_id) for passage in kept.passages]
    held = changed(kept, document=changed(kept.document, doc_id=doc_id), passages=passages)
    return _Note(held.document, held.content_hash, passages, held)


def _cut(document: Document, content_hash: str, tools: _Tools, size: int = 0) -> _Note:
    passages = split(document, tools.settings.split, tools.encoder.count_tokens)
    tools.told.was_cut(len(passages), size)
    return _Note(document, content_hash, passages)


# ----------------------------------------------------------------------- committing


def _carried_out(
    plan: _Plan, notes: Iterator[_Note], base: Stored, old: Stored | None, sources: tuple[str, ...], tools: _Tools
) -> UpdateReport:
    """Embeds and commits group by group, so that no more than one is ever in memory.

    Of its generations only the last is kept for roll-back; where all is embedded anew, the earlier ones are not even shown, and the old
    index serves until then. What is gone goes last: notes that moved are taken from it.
    """
    before = old.own.keys() if old else set[str]()
    anew, start, done = base is not old, base, set[str]()
    for group, last in grouped(notes, lambda: _size(len(start) + tools.told.done)):
        done |= {note.document.doc_id for note in group}
        if anew and not done and plan.problems:
            reason = plan.problems[0].reason
            raise NoteError(f"None of {len(plan.problems)} notes can be read; nothing was changed. The first: {reason}")
        if not last:
            changes, about = Changes(_embedded(group, tools)), f"{tools.told.done} of about {tools.told.total} new passages"
            base = base.commit(changes, about, sources=sources, unfinished=True, hidden=anew and old is not None)
        elif done or plan.gone or base.sources != sources or base.unfinished:
            gone = [doc_id for doc_id in plan.gone if doc_id in start.own]
            about = f"+{len(done - before)} ~{len(done & before)} -{len(plan.gone)} notes"
            base = base.commit(Changes(_embedded(group, tools), gone), about, sources=sources)
    if isinstance(base, FolderIndex):
        base = base.compact(tools.told.progress)
    return UpdateReport(
        generation=base.generation,
        added=tuple(sorted(done - before)),
        changed=tuple(sorted(done & before)),
        removed=tuple(plan.gone),
        unchanged=plan.unchanged,
        passages=len(base),
        problems=tuple(plan.problems),
        warnings=tuple(plan.warnings),
    )


def _size(passages: int) -> int:
    """Of how many passages the next commit of an index of so many should be."""
    return min(max(COMMIT_PASSAGES, passages // 4), max(COMMIT_PASSAGES, LARGEST_COMMIT))


def grouped(notes: Iterator[_N], size: Callable[[], int]) -> Iterator[tuple[list[_N], bool]]:
    """Runs of whole notes of about `size()` passages, and whether it is the last, which may be empty. A run is emptied after its use."""
    group: list[_N] = []
    held, note = 0, next(notes, None)
    while note is not None:
        group.append(note)
        held, note = held + len(note.passages), next(notes, None)
        if note is not None and held >= size():
            yield group, False
            group.clear()
            held = 0
    yield group, True


def _embedded(notes: Sequence[_Note], tools: _Tools) -> list[IndexedDocument]:
    """Vectors and terms of notes, all new passages together; of equal terms one is kept."""
    from index.cache import embed

    texts = [passage.embedded for note in notes if not note.held for passage in note.passages]
    vectors = embed(tools.encoder, texts, tools.cache, tools.told.of_encoding)
    tools.told.done += len(texts)
    items, row, known = [], 0, dict[str, str]()
    for note in notes:
        if note.held:
            items.append(note.held)
            continue
        rows = slice(row, row + len(note.passages))
        terms = [[known.setdefault(term, term) for term in tools.analyse(text)] for text in texts[rows]]
        items.append(IndexedDocument(note.document, note.content_hash, note.passages, vectors[rows], terms))
        row = rows.stop
    return items
