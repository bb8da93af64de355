"""The only way to an answer: every door (Python, shell, page, evaluator) calls `Pipeline.ask`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from index.encoder import Encoder, open_encoder
from index.errors import UsageError
from index.index import Index
from index.morphemes import Analyser
from index.types import Filter
from rag.retriever import IndexRetriever
from rag.sentence_reader import SentenceReader
from rag.types import RETRIEVERS, Answer, Hit, Reader, Retriever, RetrieverName, Turn

NO_SUMMARY = "요약은 하지 않습니다. 노트의 문장을 그대로 찾아 드리니, 궁금한 것을 하나씩 물어 주세요."
NO_QUESTION = "질문이 비어 있습니다."

_SUMMARY = re.compile(
    r"요약\s*(해|좀|하|부탁|본)|전체\s*(내용을?\s*)?정리|\bsummar(y|ise|ize)\b.{0,40}\b(note|lecture|document|this|all)|^\s*summar(ise|ize)\b",
    re.I,
)
_CARRIES_ON = re.compile(
    r"^\s*(그럼|그러면|그렇다면|그건|그거|그것|그|이건|이거|이것|또|and\b|what about\b|then\b|how about\b)|^.{0,12}(는|은)\?*$", re.I
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A retriever and a reader over one index."""

    index: Index
    encoder: Encoder
    analyser: Analyser
    default: RetrieverName
    reader: Reader

    @classmethod
    def open(cls, path: str | Path, *, encoder: str | None = None, retriever: RetrieverName = "hybrid") -> Self:
        """Opens the index in a folder with the encoder that built it (or the one named).

        Raises IndexMissing, IndexFormat, IndexCorrupt, EncoderMismatch, ModelError.
        """
        from index.disk import read_manifest
        from index.folder import FolderIndex

        opened = open_encoder(encoder or read_manifest(Path(path)).encoder.name)
        return cls.over(FolderIndex.open(Path(path), fingerprint=opened.fingerprint), opened, retriever=retriever)

    @classmethod
    def over(cls, index: Index, encoder: Encoder, *, retriever: RetrieverName = "hybrid") -> Self:
        """A pipeline over an index that is open already."""
        analyser = Analyser()
        return cls(index, encoder, analyser, retriever, SentenceReader(index, encoder, analyser))

    def retriever(self, name: RetrieverName | None = None) -> Retriever:
        name = name or self.default
        if name not in RETRIEVERS:
            raise UsageError(f"no retriever {name!r}; there are {', '.join(RETRIEVERS)}")
        return IndexRetriever(self.index, self.encoder, self.analyser, name)

    def search(self, question: str, k: int = 5, filter: Filter | None = None, retriever: RetrieverName | None = None) -> list[Hit]:
        """The k best passages."""
        return self.retriever(retriever).retrieve(question, k, filter)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filter: Filter | None = None,
        k: int = 5,
        retriever: RetrieverName | None = None,
    ) -> Answer:
        """The answer with its evidence, or an honest refusal with the closest passages."""
        searched = carried(question, history)
        if not searched.strip():
            return Answer(question, "", (), 0.0, (), abstained=True, message=NO_QUESTION)
        hits = self.search(searched, k, filter, retriever)
        if _SUMMARY.search(question):
            return Answer(question, "", (), 0.0, tuple(hits), abstained=True, message=NO_SUMMARY, searched=searched)
        return replace(self.reader.read(searched, hits), question=question, searched=searched)


def carried(question: str, history: Sequence[Turn]) -> str:
    """The question as it is searched: one that only carries on ("그럼 단점은?") takes the question before it along."""
    if history and _CARRIES_ON.search(question):
        return f"{history[-1].question} {question}"
    return question
