"""Every setting that changes what an index holds. Written to the manifest; a difference means a rebuild."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How notes are cut. Tokens are the encoder's, counted with the heading path; `rules` gets a new name when they change."""

    max_tokens: int = 256
    target_tokens: int = 160
    rules: str = "structure/3"


@dataclass(frozen=True, slots=True)
class LexicalSettings:
    """BM25 parameters (Robertson and Zaragoza 2009) and the analyser's version."""

    k1: float = 1.2
    b: float = 0.75
    analyser: str = "mecab-ko/1"


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """All of it."""

    split: SplitSettings = field(default_factory=SplitSettings)
    lexical: LexicalSettings = field(default_factory=LexicalSettings)
