"""Systems that can be compared, and how each is named in one line of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from index.errors import UsageError
from index.places import Place, place_of
from rag.types import READERS, RETRIEVERS, ReaderName, RetrieverName

KEYS = ("retriever", "reader", "encoder", "index", "passage", "mixture", "run")
WORDS: Mapping[str, str] = {**dict.fromkeys(RETRIEVERS, "retriever"), **dict.fromkeys(READERS, "reader")}
"""What may stand without its key."""

LEAST, MOST = 16, 1000
"""Tokens that a passage may be aimed at, as far as the encoder reads."""

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True)
class System:
    """One way to rank, or with a reader to answer. `label` is how it was named; what was not said is as the pipeline has it.

    `passage` is how many tokens the notes are cut to, `run` the file of a ranking that was made elsewhere.
    """

    label: str = field(compare=False)
    retriever: RetrieverName = "hybrid"
    reader: ReaderName | None = None
    encoder: str = ""
    index: Place | None = None
    passage: int | None = None
    mixture: Path | None = None
    run: Path | None = None


def parse_systems(texts: Sequence[str]) -> tuple[System, ...]:
    """At least two different systems, all of which answer or none; UsageError for anything else."""
    systems = tuple(map(parse_system, texts))
    if len(systems) < 2:
        raise UsageError(f"{len(systems)} system is nothing to compare: name two or more, such as hybrid lexical")
    for number, system in enumerate(systems):
        if system in systems[:number]:
            raise UsageError(f"{systems[systems.index(system)].label!r} and {system.label!r} are the same system: name each once")
    silent = [system.label for system in systems if not system.reader]
    if 0 < len(silent) < len(systems):
        raise UsageError(f"{silent[0]!r} names no reader, so that it gives no answers: add reader=span or reader=sentence to it")
    return systems


def parse_system(text: str) -> System:
    """A system from a comma list of KEY=VALUE, where the words of WORDS need no key: `dense`, `passage=96,encoder=NAME`.

    UsageError says what is wrong with it.
    """
    given: dict[str, str] = {}
    for part in (part.strip() for part in text.split(",")):
        key, _, value = part.partition("=") if "=" in part else (WORDS.get(part, ""), "", part)
        if key not in KEYS or not value:
            raise UsageError(f"{text!r}: cannot read {part!r}; expected {', '.join(WORDS)}, or KEY=VALUE with a key of {', '.join(KEYS)}")
        if key in given:
            raise UsageError(f"{text!r} names its {key} twice")
        given[key] = value
    return _system(text, given)


def _system(label: str, given: Mapping[str, str]) -> System:
    if "run" in given and len(given) > 1:
        raise UsageError(f"{label!r}: a run was ranked by another system; leave out {', '.join(given.keys() - {'run'})}")
    retriever = _one_of("retriever", given.get("retriever", "hybrid"), RETRIEVERS)
    if "mixture" in given and retriever != "hybrid":
        raise UsageError(f"{label!r}: only the hybrid retriever mixes; leave out retriever={retriever} or the mixture")
    return System(
        label,
        retriever,
        _one_of("reader", given["reader"], READERS) if "reader" in given else None,
        _model(given.get("encoder", "")),
        passage=_tokens(given["passage"]) if "passage" in given else None,
        index=_place(given["index"]) if "index" in given else None,
        **{key: Path(given[key]).expanduser() for key in ("mixture", "run") if key in given},
    )


def _place(text: str) -> Place:
    place = place_of(text)
    return place.expanduser() if isinstance(place, Path) else place


def _one_of(what: str, value: str, names: Sequence[Name]) -> Name:
    for name in names:
        if name == value:
            return name
    raise UsageError(f"no {what} {value!r}; there are {', '.join(names)}")


def _model(name: str) -> str:
    """A folder by its whole path, as an index keeps it."""
    return str(Path(name).resolve()) if name and Path(name).is_dir() else name


def _tokens(text: str) -> int:
    if not (text.isdecimal() and LEAST <= int(text) <= MOST):
        raise UsageError(f"passage={text}: expected the tokens of a passage, {LEAST} to {MOST}")
    return int(text)
