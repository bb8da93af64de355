"""Everything after a question: retrieval, reading, evaluation.

>>> Pipeline.open("data/index").ask("BM25란?")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rag.types import Answer, Hit, Leg, RetrieverName, Span, Turn

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

__version__ = "0.6.0"

__all__ = ["Answer", "Hit", "Leg", "Pipeline", "RetrieverName", "Span", "Turn"]


def __getattr__(name: str) -> Any:
    # The pipeline brings NumPy with it; types and versions are wanted without.
    if name == "Pipeline":
        from rag.pipeline import Pipeline

        return Pipeline
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
