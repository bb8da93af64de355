"""What systems do with a set of questions: each over the index that it needs, all of them in one report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from index.encoder import Encoder, open_encoder
from index.engines import Stored, open_index
from index.errors import ModelError, UsageError
from index.folder import FolderIndex
from index.index import Changes, IndexedDocument
from index.manifest import EncoderEntry
from index.morphemes import Analyser
from index.places import Place
from index.recorded import open_recorded
from index.settings import SplitSettings
from index.split import split
from index.types import Progress
from rag.evaluation.datasets import Dataset
from rag.evaluation.evaluate import KS, evaluate_answers, retrieval_rows
from rag.evaluation.gate import QUESTION_SET, question_set
from rag.evaluation.gold import gold_of
from rag.evaluation.report import QuestionRow, Report, Table, merged
from rag.evaluation.runs import Judgements, Run, evaluate_judged, evaluate_run, open_library
from rag.evaluation.systems import System
from rag.evaluation.trec import read_run
from rag.evaluation.yardstick import Analyse, CachedEncoder, passage_index
from rag.mixture import FEATURES, Mixture
from rag.pipeline import Pipeline

SETUP = ("system", "retriever", "reader", "encoder", "passages", "tokens aimed at")
_OF_RUNS = ("questions that the run lacks", "ids of the run that are no passage")
_ROOM = 128  # tokens that a passage may always grow to: title and headings are among them


def measured(
    systems: Sequence[System],
    data: Dataset,
    place: Place,
    ks: Sequence[int] = KS,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """A row for every system and question, and a table of what the systems are made of.

    A set that brings its own passages is measured on those, any other over the index in `place`. Where a system names another encoder
    or another size of passages, the notes of the index are cut and embedded anew in a temporary one; vectors are kept in `cache`.
    Raises UsageError, DataError, ModelError and IndexProblem.
    """
    if data.contexts:
        for system in systems:
            if system.index or system.passage:
                raise UsageError(f"{system.label!r}: {data.name} brings its own passages, so index= and passage= have nothing to choose")
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        tools = _Tools(data, place, Path(scratch), cache, progress)
        parts = [_ranked_elsewhere(each, tools, ks) if each.run else _ranked_or_answered(each, tools, ks) for each in systems]
        whole = _joined(parts)
    return replace(whole, facts={QUESTION_SET: question_set(data.questions), **whole.facts})


def judged(runs: Mapping[str, Run], qrels: Judgements, ks: Sequence[int] = KS) -> Report:
    """The rows of runs, by the names of their systems, against judgements of their own ids, as trec_eval has them."""
    return _joined([_of_a_run(label, evaluate_judged(run, label, qrels, ks)) for label, run in runs.items()])


def _joined(parts: Sequence[Report]) -> Report:
    """Several reports as one whose tables, one a report, are one."""
    whole = merged(*parts)
    return replace(whole, tables=(Table("systems", SETUP, tuple(line for table in whole.tables for line in table.rows)),))


def _ranked_or_answered(system: System, tools: _Tools, ks: Sequence[int]) -> Report:
    pipeline, index = tools.pipeline(system)
    if system.reader:
        rows: Sequence[QuestionRow] = evaluate_answers(pipeline, tools.data.questions, system.label, tools.progress).rows
    else:
        retrievers = {system.label: pipeline.retriever()}
        rows = retrieval_rows(retrievers, gold_of(index, tools.data.questions), tools.data.questions, ks, pipeline.encoder, tools.progress)
    aim = None if tools.data.contexts else index.settings.split.target_tokens
    setup = (system.label, system.retriever, system.reader, index.encoder_name, len(index), aim)
    return Report({}, (Table("systems", SETUP, (setup,)),), tuple(rows))


def _ranked_elsewhere(system: System, tools: _Tools, ks: Sequence[int]) -> Report:
    assert system.run is not None
    found = evaluate_run(
        read_run(system.run), system.label, open_library(tools.data, tools.place), tools.data.questions, tools.encoder(system), ks
    )
    return _of_a_run(system.label, found)


def _of_a_run(label: str, found: Report) -> Report:
    """The rows of a run, and what of it could not be judged."""
    facts = {f"{label}: {name}": found.facts[name] for name in _OF_RUNS if name in found.facts}
    return Report(facts, (Table("systems", SETUP, ((label, "run", None, None, None, None),)),), found.rows)


class _Tools:
    """What the systems share: each encoder and each index is opened or made once."""

    def __init__(self, data: Dataset, place: Place, scratch: Path, cache: Path | None, progress: Progress | None) -> None:
        self.data = data
        self.progress = progress
        self.place = place
        self._scratch = scratch
        self._cache = cache
        self._analyse = Analyser().terms
        self._encoders: dict[str, Encoder] = {}
        self._kept: dict[str, CachedEncoder] = {}
        self._asked: set[str] = set()
        self._made: dict[object, FolderIndex] = {}

    def pipeline(self, system: System) -> tuple[Pipeline, Stored]:
        """The retriever takes its question vectors out of the cache; a reader's sentences are not worth a file for each question."""
        encoder = self.encoder(system)
        cached = self._cached(encoder)
        if system.retriever != "lexical" and encoder.fingerprint not in self._asked:
            self._asked.add(encoder.fingerprint)
            cached.warm([question.text for question in self.data.questions], self.progress)
        index = self._index(system, cached)
        pipeline = Pipeline.over(index, encoder, retriever=system.retriever, reader=system.reader or "sentence")
        return replace(pipeline, encoder=cached, mixture=load_mixture(system.mixture) if system.mixture else None), index

    def encoder(self, system: System) -> Encoder:
        """The one named, else that of the index, or for passages of a set the shipped one."""
        place = system.index or self.place
        key = system.encoder or ("" if self.data.contexts else f"of {place}")
        if key not in self._encoders:
            named = system.encoder or self.data.contexts
            self._encoders[key] = open_encoder(system.encoder or None) if named else open_recorded(place)
        return self._encoders[key]

    def _cached(self, encoder: Encoder) -> CachedEncoder:
        return self._kept.setdefault(encoder.fingerprint, CachedEncoder(encoder, self._cache))

    def _index(self, system: System, encoder: Encoder) -> Stored:
        if self.data.contexts:
            return self._once(
                encoder.fingerprint, partial(passage_index, self.data.contexts, encoder, self._analyse, progress=self.progress)
            )
        base = open_index(system.index or self.place)
        settings = aimed_at(base.settings.split, system.passage, encoder.max_tokens)
        wanted = (settings, encoder.fingerprint)
        if not (system.encoder or system.passage) or wanted == (base.settings.split, base.encoder_fingerprint):
            return base
        return self._once((base.path, *wanted), partial(recut, base, settings, encoder, self._analyse, progress=self.progress))

    def _once(self, key: object, make: Callable[[Path], FolderIndex]) -> FolderIndex:
        if key not in self._made:
            self._made[key] = make(self._scratch / str(len(self._made)))
        return self._made[key]


def aimed_at(settings: SplitSettings, tokens: int | None, readable: int) -> SplitSettings:
    """The settings for passages of about so many tokens, their limit in the proportion of the defaults.

    None leaves them alone; UsageError where the encoder cannot read a whole passage.
    """
    if tokens is None:
        return settings
    usual = SplitSettings()
    limit = max(_ROOM, tokens * usual.max_tokens // usual.target_tokens)
    if limit > readable:
        most = readable * usual.target_tokens // usual.max_tokens
        raise UsageError(f"passage={tokens}: such passages reach {limit} tokens, and the encoder reads {readable}; at most passage={most}")
    return replace(settings, target_tokens=tokens, max_tokens=limit)


def recut(
    base: Stored,
    settings: SplitSettings,
    encoder: Encoder,
    analyse: Analyse,
    folder: Path,
    progress: Progress | None = None,
) -> FolderIndex:
    """The notes of an index, as it holds them, cut by other settings and embedded by another encoder, as an index in an empty folder."""
    known = base.documents()
    documents = [base.document(each.doc_id) for each in known]
    cut = [split(document, settings, encoder.count_tokens) for document in documents]
    texts = [[passage.embedded for passage in passages] for passages in cut]
    vectors = encoder.encode_passages([text for each in texts for text in each], progress)
    put, row = [], 0
    for info, document, passages, embedded in zip(known, documents, cut, texts, strict=True):
        rows = vectors[row : row + len(passages)]
        put.append(IndexedDocument(document, info.content_hash, passages, rows, [analyse(text) for text in embedded]))
        row += len(passages)
    entry = EncoderEntry(encoder.name, encoder.fingerprint, encoder.dim)
    return FolderIndex.empty(folder, encoder=entry, settings=replace(base.settings, split=settings)).apply(Changes(put=put))


def load_mixture(path: Path) -> Mixture:
    """Weights as `rag/models/mixture.json` holds them; ModelError where the file holds none."""
    try:
        weights = tuple(float(weight) for weight in json.loads(path.read_text("utf-8"))["weights"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f'{path} is no mixture ({error}); expected {{"weights": [...]}} as rag/models/mixture.json has it') from error
    if len(weights) != len(FEATURES):
        raise ModelError(f"{path} holds {len(weights)} weights; expected {len(FEATURES)}, of {', '.join(FEATURES)}")
    return Mixture(weights)
