"""What counts as holding an answer: DPR's rule, ours, and a mere substring, on passages that are right and on passages drawn at random."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.results import Figure, Findings
from rag.evaluation.answer_recall import holds, words_of
from rag.evaluation.datasets import Dataset, data_root, load_set
from rag.evaluation.report import Table

SETS = ("korquad", "klue-mrc", "tydiqa-train")
DRAWN = 30
"""Passages drawn for each question."""

ASKED = 5_000
"""The most questions for which passages are drawn."""

OURS = "ours"
COLUMNS = ("set", "questions", "rule", "right passages", "passages at random")

Rule = Callable[[str, Sequence[str]], bool]
"""Whether a passage, by its id, holds one of the answers."""


def measure(data: Path | None, sets: Sequence[str] = SETS) -> Findings:
    """The share of right passages, and of others, that each rule finds an answer in."""
    lines = [line for name in sets for line in _lines(load_set(name, data_root(data)))]
    figures = (Figure(f"{name}, right passages found", found) for name, _, rule, found, _ in lines if rule == OURS)
    return Findings({"passages at random": DRAWN}, tuple(figures), (Table("answer rules", COLUMNS, tuple(lines)),))


def _lines(data: Dataset) -> list[tuple[str, int, str, float, float]]:
    texts = {context.id: context.text for context in data.contexts}
    asked = [question for question in data.questions if question.answers]
    right = [(question.answers, question.evidence[0].doc) for question in asked]
    rng, ids = random.Random(0), list(texts)
    others = [(answers, name) for answers, own in right[:ASKED] for name in rng.sample(ids, min(DRAWN, len(ids))) if name != own]
    rules = {"DPR": _dpr(texts), OURS: _ours(texts), "substring": _substring(texts)}
    return [(data.name, len(asked), name, _share(rule, right), _share(rule, others)) for name, rule in rules.items()]


def _share(rule: Rule, pairs: Sequence[tuple[Sequence[str], str]]) -> float:
    return sum(rule(name, answers) for answers, name in pairs) / len(pairs)


def _ours(texts: dict[str, str]) -> Rule:
    words = {name: words_of(text) for name, text in texts.items()}
    return lambda name, answers: holds(words[name], [words_of(answer) for answer in answers])


def _substring(texts: dict[str, str]) -> Rule:
    return lambda name, answers: any(answer in texts[name] for answer in answers)


def _dpr(texts: dict[str, str]) -> Rule:
    """`has_answer` of DPR with the tokens of its SimpleTokenizer, as one string with a mark between them."""
    tokens = {name: _marked(text) for name, text in texts.items()}
    return lambda name, answers: any(_marked(answer) in tokens[name] for answer in answers)


def _marked(text: str) -> str:
    tokens = re.findall(r"[^\W_]+|[^\w\s]|_", unicodedata.normalize("NFC", text).lower())
    return "".join(f"\n{token}" for token in tokens) + "\n"
