"""The Korean notes under `notes/` of the data folder as documents, for self-supervised training."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from index.errors import DataError
from index.notes.extract import clean
from index.notes.title import title_of
from index.types import Document
from rag.evaluation.datasets import Row, jsonl_rows

LEFT_OUT = ("huggingface+course", "huggingface+agents-course", "ianikpark+ML-For-Beginners")
"""The sets `hf` and `mlfb` of `dev/` are made of these repositories: training on them would measure memory."""
LEAST_HANGUL = 200
PER_REPOSITORY = 150
"""Half of all notes are of one repository; more of them than this would make its manner the rule."""

_HANGUL = re.compile(r"[가-힣]")
_ENTITY = re.compile(r"&#\d+;|<br */?>")
_NO_SPACE = re.compile(r"(?<=[다요]\.)(?=[가-힣A-Z])")
"""Some machine-translated notes lack the space between sentences."""
_RULE = re.compile(r"#{20,}\s*$")
_DOCSTRING = re.compile(r'\s*[rR]?"""(.*?)"""', re.S)
_UNDERLINE = re.compile(r"([=\-~^\"'*+#`.])\1{2,}\s*$")
_DIRECTIVE = re.compile(r"(\s*)\.\. (?:([\w-]+)::(.*)|.*)$")
_ADMONITIONS = frozenset(("note", "tip", "warning", "important", "hint", "seealso", "admonition"))
_ROLE = re.compile(r"(?::[\w:-]+:)?`([^`<>\n]+?)(?:\s*<[^`>\n]*>)?`_{0,2}")


def load_notes(root: Path) -> list[Document]:
    """The notes with at least `LEAST_HANGUL` Korean syllables, an even share of each repository, in the order of the files."""
    files = [path for path in sorted((root / "notes").glob("*.jsonl*")) if path.name.split(".jsonl")[0] not in LEFT_OUT]
    if not files:
        raise DataError(f"{root / 'notes'} holds no notes; expected *.jsonl.zst with rows {{repo, path, text}}.")
    rows = (row for path in files for row in _share([row for _, row in jsonl_rows(path)]))
    return [document for row in rows if len(_HANGUL.findall((document := _document(row)).text)) >= LEAST_HANGUL]


def _share(rows: Iterable[Row]) -> Iterator[Row]:
    """At most `PER_REPOSITORY` notes of each repository, chosen by hash."""
    by_repository: dict[str, list[Row]] = {}
    for row in rows:
        by_repository.setdefault(row["repo"], []).append(row)
    for found in by_repository.values():
        yield from sorted(found, key=lambda row: hashlib.sha256(row["path"].encode()).digest())[:PER_REPOSITORY]


def _document(row: Mapping[str, str]) -> Document:
    path = PurePosixPath(row["path"])
    text = _NO_SPACE.sub(" ", _ENTITY.sub(" ", clean(row["text"])))
    text = from_python(text) if path.suffix == ".py" else text
    text = from_rst(text) if path.suffix in (".py", ".rst") else text
    return Document(f"{row['repo']}/{path}", title_of(text, "markdown", path.stem), text)


def from_python(source: str) -> str:
    """The prose of a tutorial script (Sphinx-Gallery): its docstring and the comments under rows of `#`."""
    docstring = _DOCSTRING.match(re.sub(r"\A(?:#.*\n|\s*\n)*", "", source))
    blocks = [docstring[1].strip("\n")] if docstring else []
    inside = False
    for line in source.split("\n"):
        if _RULE.match(line) or line.startswith("# %%"):
            blocks.append("")
            inside = True
        elif inside and line.startswith("#"):
            blocks[-1] += line[1:].removeprefix(" ") + "\n"
        else:
            inside = False
    return "\n\n".join(blocks)


def from_rst(text: str) -> str:
    """reStructuredText as Markdown: headings and inline marks turned, directives and literal blocks left out but for notes and tips."""
    levels: dict[str, int] = {}
    lines: list[str] = []
    skipped: int | None = None  # indentation of what opened the block that is left out
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        if skipped is not None and (not line.strip() or indent > skipped):
            continue
        skipped = None
        directive = _DIRECTIVE.match(line)
        underline = _UNDERLINE.match(line)
        if directive:
            kept = directive[2] in _ADMONITIONS
            skipped = None if kept else indent
            lines.append(directive[3].strip() if kept else "")
        elif underline and lines and lines[-1].strip() and not lines[-1].startswith((" ", "#")):
            lines[-1] = "#" * levels.setdefault(underline[1], len(levels) + 1) + " " + lines[-1].strip()
        elif not underline:
            skipped = indent if line.rstrip().endswith("::") else None
            lines.append(_inline(line))
    return "\n".join(lines)


def _inline(line: str) -> str:
    line = re.sub(r"``([^`]+)``", "\0\\1\0", line)
    line = _ROLE.sub(r"\1", line).replace("\0", "`")
    return re.sub(r"\|[^|\n]+\|(?:_)?", "", re.sub(r"::\s*$", ":", line)).rstrip()
