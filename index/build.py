"""Makes an index mirror its folders of notes: what is new or changed is read, split, embedded and analysed, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path, PurePath

import numpy as np

from index import disk
from index.encoder import Encoder
from index.errors import IndexBusy, IndexMissing, IndexProblem, NoteError
from index.files import DISK, FileSystem
from index.folder import FolderIndex
from index.inbox import inbox_of
from index.index import Changes, IndexedDocument
from index.manifest import EncoderEntry
from index.notes import NoteFile, content_hash, read_notes
from index.notes.ocr import is_installed
from index.notes.pictures import is_waiting
from index.settings import IndexSettings
from index.sources import choose_sources, find_notes
from index.split import split
from index.types import Document, NoteProblem, Passage, Progress, UpdateReport

COMMIT_PASSAGES = 512
"""A long run commits after about so many passages: an interrupted one goes on from there."""

Analyse = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class _Tools:
    """What turns a document into what an index holds."""

    encoder: Encoder
    analyse: Analyse
    settings: IndexSettings
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class _Split:
    """A note that was read and cut, and is still to be embedded."""

    document: Document
    content_hash: str
    passages: Sequence[Passage]


@dataclass(slots=True)
class _Plan:
    """What a run found: notes of new content, notes that only moved, notes that are gone, and what must be told."""

    new: list[_Split] = field(default_factory=list)
    moved: list[IndexedDocument] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[NoteProblem] = field(default_factory=list)
    warnings: list[NoteProblem] = field(default_factory=list)


def update(
    index_dir: Path,
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

    A note that cannot be read is reported, and its earlier version stays. `add` takes further folders in. `replace` starts from nothing,
    with the folders given or else the recorded ones. Another encoder or other settings embed everything anew, in one commit.
    Raises UsageError, SourceMismatch, IndexBusy, NoteError where no note at all can be read, and IndexProblem.
    """
    recorded = _recorded(index_dir, replace)
    sources = choose_sources(index_dir, recorded, notes, add, replace)
    files = find_notes(sources, inbox_of(index_dir))
    tools = _Tools(encoder, analyse, settings, progress)
    with disk.writing(index_dir, fs):
        old = _existing(index_dir, replace, fs)
        if old and old.sources != recorded:
            raise IndexBusy(f"{index_dir} was changed by another process in this moment. Run the command again.")
        if old and not replace and (old.encoder_fingerprint, old.settings) == (encoder.fingerprint, settings):
            base = old
        else:
            entry = EncoderEntry(encoder.name, encoder.fingerprint, encoder.dim)
            base = FolderIndex.empty(index_dir, encoder=entry, settings=settings, sources=sources, fs=fs)
        plan = _planned(base, old, files, tools, keep_unread=not replace)
        if base is not old and not plan.new:
            raise NoteError(f"None of {len(files)} notes can be read; nothing was changed. The first: {plan.problems[0].reason}")
        return _carried_out(plan, base, old, sources, tools)


def _recorded(index_dir: Path, replace: bool) -> tuple[str, ...]:
    """The folders that the index mirrors; none where it is missing, or broken and about to be replaced."""
    try:
        return disk.read_manifest(index_dir).sources
    except IndexProblem as error:
        if replace or isinstance(error, IndexMissing):
            return ()
        raise


def _existing(index_dir: Path, replace: bool, fs: FileSystem) -> FolderIndex | None:
    try:
        return FolderIndex.open(index_dir, fs=fs)
    except IndexProblem as error:
        if replace or isinstance(error, IndexMissing):
            return None
        raise


# ------------------------------------------------------------------------ planning


def _planned(base: FolderIndex, old: FolderIndex | None, files: Sequence[NoteFile], tools: _Tools, keep_unread: bool) -> _Plan:
    """Compares the files with `base`, which may be `old` itself, and reads those of new content."""
    before = old.manifest.documents if old else {}
    plan = _Plan(gone=sorted(before.keys() - {file.doc_id for file in files}))
    hashes = _compared(plan, base, files)
    for file, result in zip(hashes, read_notes(list(hashes), progress=tools.progress), strict=True):
        if isinstance(result, NoteProblem):
            plan.problems.append(result)
        else:
            plan.new.append(_cut(result, hashes[file], tools))
            plan.warnings += [NoteProblem(result.doc_id, warning) for warning in result.warnings]
    for problem in plan.problems:
        if old and keep_unread and problem.doc_id in before:
            plan.warnings.append(NoteProblem(problem.doc_id, "its earlier version stays in the index"))
            if base is not old:
                plan.new.append(_cut(old.document(problem.doc_id), before[problem.doc_id].content_hash, tools))
    return plan


def _compared(plan: _Plan, base: FolderIndex, files: Sequence[NoteFile]) -> dict[NoteFile, str]:
    """The files whose content `base` does not hold, with their hashes. The others it enters in the plan.

    Notes with pictures that nobody has read count as new once there is something that reads them.
    """
    waiting = {doc_id for doc_id, entry in base.manifest.documents.items() if is_waiting(entry.warnings)}
    unread = waiting if waiting and is_installed() else frozenset[str]()
    known, new = {doc_id: entry for doc_id, entry in base.manifest.documents.items() if doc_id not in unread}, {}
    homes = {(entry.content_hash, PurePath(doc_id).name): doc_id for doc_id, entry in known.items()}
    for file in files:
        try:
            found = content_hash(file.path)
        except NoteError as error:
            plan.problems.append(NoteProblem(file.doc_id, str(error)))
            continue
        home = homes.get((found, PurePath(file.doc_id).name))
        if file.doc_id in known and known[file.doc_id].content_hash == found:
            plan.unchanged += 1
        elif home:
            plan.moved.append(_moved(base.indexed(home), file.doc_id))
        else:
            new[file] = found
    return new


def _moved(kept: IndexedDocument, doc_id: str) -> IndexedDocument:
    """A note found in another folder: equal content under an equal file name gives equal text, title, passages and vectors."""
    passages = [changed(passage, doc_id=doc_id) for passage in kept.passages]
    return changed(kept, document=changed(kept.document, doc_id=doc_id), passages=passages)


def _cut(document: Document, content_hash: str, tools: _Tools) -> _Split:
    return _Split(document, content_hash, split(document, tools.settings.split, tools.encoder.count_tokens))


# ----------------------------------------------------------------------- committing


def _carried_out(plan: _Plan, base: FolderIndex, old: FolderIndex | None, sources: tuple[str, ...], tools: _Tools) -> UpdateReport:
    before = old.manifest.documents.keys() if old else set[str]()
    done = {note.document.doc_id for note in plan.new} | {item.document.doc_id for item in plan.moved}
    added, again = sorted(done - before), sorted(done & before)
    if done or plan.gone or base.sources != sources or base.manifest.partial:
        summary = f"+{len(added)} ~{len(again)} -{len(plan.gone)} notes"
        base = _committed(plan, base, sources, summary, old is not None and base is not old, tools)
    return UpdateReport(
        generation=base.generation,
        added=tuple(added),
        changed=tuple(again),
        removed=tuple(plan.gone),
        unchanged=plan.unchanged,
        passages=len(base),
        problems=tuple(plan.problems),
        warnings=tuple(plan.warnings),
    )


def _committed(plan: _Plan, base: FolderIndex, sources: tuple[str, ...], summary: str, at_once: bool, tools: _Tools) -> FolderIndex:
    """Embeds and commits: in several generations, of which only the last is kept for roll-back, or where an old index must last, in one."""
    total, done = sum(len(note.passages) for note in plan.new), 0
    put, remove = plan.moved, [doc_id for doc_id in plan.gone if doc_id in base.manifest.documents]
    groups = list(_grouped(plan.new, total if at_once else COMMIT_PASSAGES)) or [[]]
    for number, group in enumerate(groups, start=1):
        last = number == len(groups)
        changes = Changes([*put, *_embedded(group, done, total, tools)], remove)
        done += sum(len(note.passages) for note in group)
        so_far = summary if last else f"{done} of {total} new passages"
        base = base.commit(changes, so_far, sources=sources, unfinished=not last)
        put, remove = [], []
    return base


def _grouped(notes: Sequence[_Split], passages: int) -> Iterator[list[_Split]]:
    """Runs of whole notes of about so many passages."""
    group: list[_Split] = []
    for note in notes:
        group.append(note)
        if sum(len(each.passages) for each in group) >= passages:
            yield group
            group = []
    if group:
        yield group


def _embedded(notes: Sequence[_Split], done: int, total: int, tools: _Tools) -> list[IndexedDocument]:
    """Vectors and terms of notes, all passages in one call of the encoder; `done` and `total` are for the progress."""
    texts = [passage.embedded for note in notes for passage in note.passages]
    report = tools.progress
    further = (lambda stage, now, _: report(stage, done + now, total)) if report else None
    # without texts the encoder is not called: it would load its model
    vectors = tools.encoder.encode_passages(texts, further) if texts else np.empty((0, tools.encoder.dim), np.float32)
    items, row = [], 0
    for note in notes:
        rows = slice(row, row + len(note.passages))
        terms = [tools.analyse(text) for text in texts[rows]]
        items.append(IndexedDocument(note.document, note.content_hash, note.passages, vectors[rows], terms))
        row = rows.stop
    return items
