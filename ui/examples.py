"""Questions to begin with."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import DocumentInfo
from ui.i18n import Lang, texts, topic

CURATED: tuple[tuple[str, str], ...] = (
    ("week01/day7-domain-talk.txt", "검색 기반 모델이 뭐야?"),
    ("week05/dpr.md", "밀집 검색이란?"),
    ("week10/regularization.md", "드롭아웃이란?"),
    ("week03/transformer.md", "왜 내적을 루트 d로 나눌까?"),
    ("week10/self-supervised-vision.md", "What is self-supervised learning?"),
)
"""Questions about the notes that come with the project, each shown only where its note is in the index."""


def examples(documents: Sequence[DocumentInfo], lang: Lang, count: int = 5) -> tuple[str, ...]:
    """The curated questions whose notes are there, else one about each of the first notes."""
    known = {document.doc_id for document in documents}
    curated = [question for doc_id, question in CURATED if doc_id in known]
    if curated:
        return tuple(curated[:count])
    form = texts(lang).what_is
    return tuple(form.format(topic=topic(document.title) if lang == "ko" else document.title) for document in documents[:count])
