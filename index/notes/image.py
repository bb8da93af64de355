"""Pictures that are notes of their own: slides, photographs of a blackboard, scanned pages."""

from __future__ import annotations

from pathlib import Path

from index.errors import NoteError
from index.notes.extract import Extract, Part, joined
from index.notes.guard import found
from index.notes.pictures import Pictures, opened, upright


def read_image(path: Path, pictures: Pictures) -> Extract:
    """The words of the picture; of an animation or of several pages, those of the first."""
    data = path.read_bytes()
    try:
        image = opened(data)
    except NoteError as problem:
        if str(problem).startswith("not a picture"):
            raise NoteError(f"not a picture file that can be opened (found {found(data[:1024])})") from problem
        raise
    pages = getattr(image, "n_frames", 1)
    if pictures.reads:
        upright(image)  # says now whether it is broken
    parts = list(pictures.placed(Part(pictures.token(data))))
    told = [f"holds {pages} pages, of which the first is read: save it as PDF"] if pages > 1 and image.format == "TIFF" else []
    told += pictures.warnings()
    empty = [] if told or any(part.text.strip() for part in parts) or not pictures.reads else ["no words are found in the picture"]
    return joined(parts, warnings=[*told, *empty])
