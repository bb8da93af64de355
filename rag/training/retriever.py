"""Trains the encoder of questions and passages: in-batch negatives and mined hard negatives, false ones masked.

Karpukhin et al. 2020 (DPR) for the loss and for BM25's negatives; Xiong et al. 2021 (ANCE) for a second round with the model's own
mistakes. One tower encodes both sides, told apart by E5's prompts.
"""

from __future__ import annotations

import hashlib
import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from index import lexical
from index.encoder import Vectors
from index.morphemes import Analyser
from index.sentences import sentences
from index.settings import LexicalSettings
from index.types import Passage
from rag.training.examples import Pair
from rag.training.loop import fast_type

SCALE = 50.0
"""Cosines are multiplied by this before the softmax: E5 was trained at 100, which leaves small steps; 30 forgets more."""
Embed = Callable[[Sequence[str]], Vectors]

_NAMING = ("NNG", "NNP", "SL", "SN", "SH", "XR", "NNB", "NR")
DEPTH = 40
"""How deep hard negatives are looked for in each leg."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to train on. Chunks of one `group` (a passage or note that was cut) are never negatives of each other's questions.

    `span` is where it stands in a text that was cut.
    """

    id: str
    text: str
    group: str
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question, its passage, and passages that look right and are not, most alike first. `answer` is the words that answer, if known.

    `keywords` is a second question about the same passage, made of its own words.
    """

    question: str
    positive: Chunk
    answer: str = ""
    keywords: str = ""
    negatives: tuple[Chunk, ...] = ()


Rank = Callable[[Sequence[str]], Sequence[Sequence[int]]]
"""For each question the numbers of the chunks that a leg puts first, best first."""


def lexical_rank(chunks: Sequence[Chunk], analyser: Analyser) -> Rank:
    """BM25 over the chunks."""
    postings = lexical.build([analyser.terms(chunk.text) for chunk in chunks])
    parts = [lexical.Part(postings, np.ones(len(chunks), np.bool_))]
    known = lexical.statistics(parts)

    def rank(questions: Sequence[str]) -> Sequence[Sequence[int]]:
        found = (lexical.bm25(parts, known, analyser.query(question), LexicalSettings())[0] for question in questions)
        return [[int(at) for at in np.argsort(-scores, kind="stable")[:DEPTH]] for scores in found]

    return rank


def dense_rank(chunks: Sequence[Chunk], passages: Embed, questions: Embed) -> Rank:
    """A model over the chunks: `passages` and `questions` turn texts into rows of unit length."""
    vectors = passages([chunk.text for chunk in chunks])

    def rank(asked: Sequence[str]) -> Sequence[Sequence[int]]:
        return [[int(at) for at in np.argsort(-scores, kind="stable")[:DEPTH]] for scores in questions(asked) @ vectors.T]

    return rank


def mined(lessons: Sequence[Lesson], chunks: Sequence[Chunk], ranks: Sequence[Rank], kept: int = 8) -> list[Lesson]:
    """Each lesson with the chunks that the legs, taking turns, put first and that neither belong to its group nor hold its answer."""
    out = []
    for lesson, *rankings in zip(lessons, *(rank([lesson.question for lesson in lessons]) for rank in ranks), strict=True):
        turns = dict.fromkeys(at for places in zip(*rankings, strict=True) for at in places)
        wrong = [chunks[at] for at in turns if not _may_answer(chunks[at], lesson.positive, lesson.answer)]
        out.append(replace(lesson, negatives=tuple(wrong[:kept])))
    return out


def _may_answer(chunk: Chunk, positive: Chunk, answer: str) -> bool:
    """Whether calling this passage wrong might be false."""
    return chunk.group == positive.group or (len(answer) > 1 and answer in chunk.text)


def keywords(text: str, analyser: Analyser, chance: random.Random) -> str:
    """Two to five nouns and names of one sentence of `text`, in their order: what somebody types who remembers the words. "" for none.

    Such a question costs next to nothing beside its passage, and teaches to match rare words (as the inverse cloze task of Lee et al.
    2019 does).
    """
    spans = [text[start:end] for start, end in sentences(text)]
    chance.shuffle(spans)
    for span in spans:
        named = [token for token in analyser.tagged(span) if token.tag.split("+")[0] in _NAMING]
        runs: list[list[int]] = []  # what touches is one word
        for token in named:
            if runs and runs[-1][1] == token.start:
                runs[-1][1] = token.end
            else:
                runs.append([token.start, token.end])
        words = list(dict.fromkeys(span[start:end] for start, end in runs if end - start > (3 if span[start].isascii() else 1)))
        if len(words) > 1:
            chosen = sorted(chance.sample(range(len(words)), min(len(words), chance.randint(2, 5))))
            return " ".join(words[at] for at in chosen)
    return ""


def lesson_batches(lessons: Sequence[Lesson], size: int, epochs: int, seed: int) -> list[list[int]]:
    """Numbers of the lessons in batches without two of one group, in an order that the seed decides; what is left over is dropped."""
    out: list[list[int]] = []
    for epoch in range(epochs):
        chance = random.Random(f"{seed} {epoch}")
        order = list(range(len(lessons)))
        chance.shuffle(order)
        waiting = deque(order)
        while len(waiting) >= size:
            batch: dict[str, int] = {}
            later: list[int] = []
            while waiting and len(batch) < size:
                at = waiting.popleft()
                if batch.setdefault(lessons[at].positive.group, at) != at:
                    later.append(at)
            if len(batch) < size:
                break
            waiting.extendleft(reversed(later))
            out.append(list(batch.values()))
    return out


def note_lessons(passages: Sequence[Passage], pairs: Sequence[Pair]) -> list[Lesson]:
    """Lessons out of notes; a heading is not asked of a passage that repeats it."""
    texts = {passage.passage_id: passage for passage in passages}
    return [Lesson(pair.question, _note_chunk(texts[pair.positive], "heading" in pair.source)) for pair in pairs]


def _note_chunk(passage: Passage, bare: bool) -> Chunk:
    if not bare:
        return Chunk(passage.passage_id, passage.embedded, passage.doc_id)
    lines = passage.text.split("\n")
    body = "\n".join(line for at, line in enumerate(lines) if at or not line.startswith("#")).strip()
    return Chunk(f"{passage.passage_id} bare", body or passage.text, passage.doc_id)


class Towers:
    """The `SentenceTransformer` under training as a function from texts to unit vectors with gradients."""

    def __init__(self, model: Any, longest: int) -> None:
        self.model, self.longest = model, longest
        self.query, self.document = model.prompts["query"], model.prompts["document"]
        self._tokenizer = model.tokenizer

    def __call__(self, texts: Sequence[str], prompt: str) -> torch.Tensor:
        """`(len(texts), dim)`; like lengths are run together, so that little is padded."""
        ids = self._tokenizer([prompt + text for text in texts], truncation=True, max_length=self.longest)["input_ids"]
        order = sorted(range(len(texts)), key=lambda at: len(ids[at]))
        rows = [self._run([ids[at] for at in order[start : start + 16]]) for start in range(0, len(order), 16)]
        return torch.cat(rows)[torch.tensor(order, device=rows[0].device).argsort()]

    def questions(self, texts: Sequence[str]) -> Vectors:
        """float32 `(len(texts), dim)`, without gradients."""
        return self._encoded(texts, self.query)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """float32 `(len(texts), dim)`, without gradients."""
        return self._encoded(texts, self.document)

    def _encoded(self, texts: Sequence[str], prompt: str) -> Vectors:
        where = next(self.model.parameters()).device
        precision = fast_type(where.type)
        training = self.model.training
        self.model.eval()
        with torch.no_grad(), torch.autocast(where.type, precision or torch.float32, enabled=precision is not None):
            rows = [self(texts[start : start + 512], prompt).cpu() for start in range(0, len(texts), 512)]
        self.model.train(training)
        vectors: Vectors = torch.cat(rows).numpy()
        return vectors

    def _run(self, ids: Sequence[Sequence[int]]) -> torch.Tensor:
        longest = -(-max(map(len, ids)) // 16) * 16
        tokens = torch.ones((len(ids), longest), dtype=torch.long)  # 1 is <pad>
        held = torch.zeros_like(tokens)
        for row, text in enumerate(ids):
            tokens[row, : len(text)] = torch.tensor(text)
            held[row, : len(text)] = 1
        where = next(self.model.parameters()).device
        found: torch.Tensor = self.model({"input_ids": tokens.to(where), "attention_mask": held.to(where)})["sentence_embedding"]
        return found.float()


def contrastive_loss(towers: Towers, lessons: Sequence[Lesson], chance: random.Random) -> torch.Tensor:
    """-log softmax of each question's passage among all passages of the batch, positives and one hard negative of every lesson."""
    wrong = [chance.choice(lesson.negatives) for lesson in lessons if lesson.negatives]
    chunks = [lesson.positive for lesson in lessons] + wrong
    asked = [(at, lesson.question) for at, lesson in enumerate(lessons)]
    asked += [(at, lesson.keywords) for at, lesson in enumerate(lessons) if lesson.keywords]
    questions = towers([question for _, question in asked], towers.query)
    passages = towers([chunk.text for chunk in chunks], towers.document)
    scores = SCALE * questions @ passages.T
    false = torch.tensor(
        [
            [at != column and _may_answer(chunk, lessons[at].positive, lessons[at].answer) for column, chunk in enumerate(chunks)]
            for at, _ in asked
        ],
        device=scores.device,
    )
    labels = torch.tensor([at for at, _ in asked], device=scores.device)
    return torch.nn.functional.cross_entropy(scores.masked_fill(false, -1e4), labels)


def averaged(raw: Mapping[str, torch.Tensor], trained: Mapping[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """Weights between two models, `share` of the trained one (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models")."""
    return {name: value + share * (trained[name] - value) if value.is_floating_point() else value for name, value in raw.items()}


def chunked(name: str, title: str, text: str, size: int = 420) -> Iterator[Chunk]:
    """Cuts a text at ends of sentences into pieces of about `size` characters, each with the title on its first line."""
    head = f"{title}\n" if title else ""
    part, begin = 0, 0
    spans = sentences(text) or [(0, len(text))]
    for at, (_, end) in enumerate(spans):
        # lengths vary by a fixed hash, so that the model meets short and long passages
        wanted = size * (0.5 + int(hashlib.sha256(f"{name} {part}".encode()).hexdigest()[:4], 16) / 65536)
        if end - begin >= wanted or at == len(spans) - 1:
            yield Chunk(f"{name}#{part}", head + text[begin:end].strip(), name, (begin, end))
            part, begin = part + 1, end
