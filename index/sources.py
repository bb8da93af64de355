"""Which folders an index mirrors, and the notes in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from index.errors import SourceMismatch, UsageError
from index.notes import NoteFile, discover


def choose_sources(index_dir: Path, recorded: Sequence[str], notes: Sequence[Path], add: bool, replace: bool) -> tuple[str, ...]:
    """The folders to mirror, absolute: those recorded, with those given where `add`, or `replace`, allows it.

    Raises SourceMismatch and UsageError.
    """
    if add and replace:
        raise UsageError("--add and --replace exclude each other.")
    given = tuple(dict.fromkeys(str(note.expanduser().resolve()) for note in notes))
    if not given and not recorded:
        raise UsageError(f"{index_dir} mirrors no folder yet. Name one: rag index NOTES")
    if given and (replace or not recorded):
        return given
    foreign = tuple(source for source in given if source not in recorded)
    if foreign and not add:
        raise SourceMismatch(
            f"{index_dir} mirrors {', '.join(recorded)}, not {', '.join(foreign)}. To mirror both: rag index --add {foreign[0]}. "
            f"To mirror only the new: rag index --replace {foreign[0]}. For an index of its own: rag index --index DIR {foreign[0]}"
        )
    return (*recorded, *foreign)


def find_notes(sources: Sequence[str]) -> list[NoteFile]:
    """The notes under all sources, in `doc_id` order.

    Raises UsageError for a source that is missing or empty, because to mirror it would take its notes out of the index,
    and for one inside another, whose notes would be there twice.
    """
    for source in sources:
        if not Path(source).exists():
            raise UsageError(f"{source} is not there. Bring it back, or name the folders to mirror: rag index --replace NOTES")
        for outer in sources:
            if PurePath(outer) in PurePath(source).parents:
                raise UsageError(f"{source} lies in {outer}, which is indexed with all that is in it. Name only one of them.")
    files = discover([Path(source) for source in sources])
    for source in sources:
        if not any(PurePath(source) in (file.path, *file.path.parents) for file in files):
            raise UsageError(f"{source} holds no notes. Put some there, or name the folders to mirror: rag index --replace NOTES")
    return files
