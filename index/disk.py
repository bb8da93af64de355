"""The folder of an index: the only module that knows its names.

    manifest.json          the current generation; replacing this one file is the commit
    manifests/000007.json  earlier generations, for roll-back
    segments/000008/       notes.jsonl, vectors.npy and the postings of what generation 8 added; never changed afterwards
    writer.json, .lock     who writes

A commit writes a new segment and only then replaces `manifest.json`. A crash at any instant leaves the old generation or the new one;
what it left over is removed by the next commit. Readers take no lock: they hold the files of their generation open.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.errors import IndexBusy, IndexCorrupt, IndexMissing, IndexProblem, UsageError
from index.files import NEW, FileSystem, json_bytes, make_folder, put, remove_tree, sync_folder
from index.manifest import MEND, Manifest, dump, is_whole, load, outline
from index.segment import Segment, damage, open_segment, unreadable
from index.types import Generation

KEEP = 10
"""How many generations are kept, the current one included."""

HASHED_ON_OPEN = 64 * 2**20
"""An index of at most so many bytes is hashed whole whenever it is opened.

Of a larger one only sizes and shapes are compared; `rag verify` hashes it.
"""

_OURS = {"manifest.json", "manifest.json" + NEW, "manifests", "segments", "writer.json", "writer.json" + NEW, ".lock"}


def segment_folder(root: Path, name: str) -> Path:
    return root / "segments" / name


def segment_name(generation: int) -> str:
    return f"{generation:06d}"


def _archive(root: Path, generation: int) -> Path:
    return root / "manifests" / f"{generation:06d}.json"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_manifest(root: Path) -> Manifest:
    """The current generation. Raises IndexMissing, IndexFormat, IndexCorrupt, IndexProblem."""
    path = root / "manifest.json"
    try:
        return load(path.read_bytes(), str(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexMissing(f"There is no index in {root}. Make one: rag index --index {root} NOTES") from error
    except OSError as error:
        raise unreadable(path, error) from error


def stamp(root: Path) -> tuple[int, ...]:
    """What the system says of the current manifest, which is a new file after each commit; empty where there is none."""
    try:
        found = (root / "manifest.json").stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_archived(root: Path, generation: int) -> Manifest:
    """An earlier generation. Raises UsageError where it is not kept, IndexFormat, IndexCorrupt, IndexProblem."""
    path = _archive(root, generation)
    try:
        return load(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        kept = ", ".join(str(number) for number in archived(root)) or "none"
        raise UsageError(f"Generation {generation} is not kept in {root}. Earlier generations kept: {kept} (rag history).") from error
    except OSError as error:
        raise unreadable(path, error) from error


def archived(root: Path) -> list[int]:
    """Numbers of the earlier generations kept, newest first."""
    return sorted((int(path.stem) for path in (root / "manifests").glob("*.json") if path.stem.isdecimal()), reverse=True)


def last_number(root: Path) -> int:
    """The highest generation number ever committed here as far as can be told, 0 for none. Needs no whole manifest."""
    earlier, path = max(archived(root), default=0), root / "manifest.json"
    with suppress(OSError):
        if said := outline(path.read_bytes()):
            return max(earlier, said.generation)
    return earlier + path.exists()


def history(root: Path) -> list[Generation]:
    """The generations kept, newest first; broken ones, which `rag verify` names, are left out."""
    generations = []
    with suppress(IndexProblem):
        generations.append(read_manifest(root).described(current=True))
    for number in archived(root):
        with suppress(IndexProblem, UsageError):  # one may be swept away meanwhile
            generations.append(read_archived(root, number).described(current=False))
    return [one for place, one in enumerate(generations) if place == 0 or one.number != generations[0].number]


def open_segments(root: Path, manifest: Manifest) -> dict[str, Segment]:
    """Opens what a generation refers to, after checking presence, sizes, hashes and counts in this order.

    Raises IndexCorrupt, and IndexProblem where the files may not be read or too many are open.
    """
    total = sum(stored.bytes for entry in manifest.segments.values() for stored in entry.files.values())
    for name, entry in manifest.segments.items():
        problems = damage(segment_folder(root, name), entry.files, hashes=total <= HASHED_ON_OPEN)
        if problems:
            raise IndexCorrupt(f"{problems[0]} {MEND}")
    segments = {name: open_segment(segment_folder(root, name), entry, manifest.encoder.dim) for name, entry in manifest.segments.items()}
    for doc_id, document in manifest.documents.items():
        segment = segments.get(document.segment)
        if segment is None or document.rows[1] > len(segment.flat.vectors) or document.bytes[1] > len(segment.notes):
            raise IndexCorrupt(f"{doc_id} lies outside segment {document.segment}. {MEND}")
    return segments


def commit(fs: FileSystem, root: Path, manifest: Manifest, keep: int, instead: bool = False) -> None:
    """Makes a generation the current one, whose segments are already on the disk.

    The earlier one moves to the history unless it was partial, or this one holds the same and stands there `instead`.
    """
    if not instead:
        _keep_current(fs, root)
    put(fs, root / "manifest.json", dump(manifest))
    with suppress(OSError):  # the commit is done; what cannot be removed now (a file open elsewhere, on Windows) the next commit removes
        sweep(fs, root, keep)


def _keep_current(fs: FileSystem, root: Path) -> None:
    try:
        data = (root / "manifest.json").read_bytes()
    except OSError:  # none yet, or one that cannot be read and is being replaced
        return
    said = outline(data)
    if said and not said.partial and not _archive(root, said.generation).exists() and is_whole(data):
        make_folder(fs, root / "manifests")
        put(fs, _archive(root, said.generation), data)


def sweep(fs: FileSystem, root: Path, keep: int) -> None:
    """Removes generations beyond `keep`, then the segments that no kept generation refers to."""
    current = outline((root / "manifest.json").read_bytes())
    if current is None:  # nothing says what is still needed
        return
    used = set(current.segments)
    for place, number in enumerate(archived(root), start=1):
        kept = outline(_archive(root, number).read_bytes()) if place < keep else None
        if kept is None:
            forget(fs, root, number)
        else:
            used |= kept.segments
    for folder in sorted((root / "segments").glob("*")):
        if folder.name not in used and folder.name.isdecimal():
            remove_tree(fs, folder)


def forget(fs: FileSystem, root: Path, number: int) -> None:
    """Takes an earlier generation out of the history, for good: a loss of power must not bring it back without its segments."""
    fs.remove(_archive(root, number))
    sync_folder(fs, root / "manifests")


def discard(fs: FileSystem, root: Path, name: str) -> None:
    """Gives back the space of a segment whose commit failed, where that still works."""
    with suppress(OSError, IndexProblem):
        folder = segment_folder(root, name)
        if folder.exists() and (not (root / "manifest.json").exists() or name not in read_manifest(root).segments):
            remove_tree(fs, folder)


@contextmanager
def writing(root: Path, fs: FileSystem) -> Iterator[None]:
    """Holds the right to write; the system gives it back when the process ends in whatever way.

    Raises IndexBusy, which names the owner, and UsageError where the folder holds anything but an index.
    """
    from filelock import FileLock, Timeout

    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file. An index needs a folder: rag index --index DIR NOTES")
    foreign = sorted(path.name for path in root.iterdir() if path.name not in _OURS) if root.exists() else []
    if foreign and not (root / "manifest.json").exists():
        raise UsageError(
            f"{root} is not an index and holds other files ({foreign[0]}). Name an empty or new folder: rag index --index DIR NOTES"
        )
    with telling(root):
        make_folder(fs, root)
        lock = FileLock(root / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise IndexBusy(f"{root} is being written by {_owner(root)}. Wait until it ends, then try again.") from error
    try:
        with telling(root):
            put(fs, root / "writer.json", json_bytes({"pid": os.getpid(), "host": platform.node(), "started": now()}))
        yield
    finally:
        lock.release()


@contextmanager
def telling(root: Path) -> Iterator[None]:
    """Turns an error of the disk into one that says what it means for the index."""
    try:
        yield
    except OSError as error:
        raise IndexProblem(
            f"{root} cannot be written: {error}. The last committed generation is whole; free space or rights, then run rag index again."
        ) from error


def _owner(root: Path) -> str:
    try:
        owner: Mapping[str, Any] = json.loads((root / "writer.json").read_bytes())
        return f"process {owner['pid']} on {owner['host']}, started {owner['started']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
