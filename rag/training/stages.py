"""The stages of `rag train`: what each trains on, in which order, and what it writes. Every stage can be cut off and run again."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import UsageError
from index.files import save
from index.types import Passage
from rag.training.examples import KLUE, Example, Pair, held_out, human, strategy

if TYPE_CHECKING:
    from index.encoder import Encoder
    from rag.training.retriever import Chunk, Lesson

NOTES, STRATEGY = 4000, 1500
"""Lessons from notes and from StrategyQA, beside about 8,000 of people's questions over passages."""
KEYWORDS = "keywords"
"""What the questions out of a passage's own words are called where sources are left out."""
UNANSWERABLE = 0.45
"""Windows without an answer for every window with one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a stage of the reader trains on: `share` of the examples (learning curves), and which sources are left out (ablations)."""

    share: float = 1.0
    epochs: int = 3
    without: tuple[str, ...] = ()
    seed: int = 13
    tokens: int = 3072
    rate: float = 1.5e-4
    whole: bool = False
    """Whether the layers shared with the encoder are trained too: what sharing costs."""


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def tokenizer_of(base: Path) -> Any:
    """The base model's tokenizer, which neither cuts nor pads."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def reading_examples(root: Path, notes: Sequence[Example], plan: Plan) -> tuple[list[Example], list[Example]]:
    """Examples with an answer: those to train on, and the held-out ones that people wrote (calibration and validation)."""
    examples, _ = human(root)
    answered = [example for example in examples if example.answers]
    train = [each for each in answered if not held_out(_set(each.source), each.group)]
    train += [each for number, each in enumerate(notes) if each.answers and not _thinned(number, each)]
    without = left_out({each.source for each in train}, plan.without)
    random.Random(plan.seed).shuffle(train)
    kept = train[: round(plan.share * len(train))]
    held = [each for each in answered if each.source in (KLUE, "tydiqa-train") and held_out(each.source, each.group)]
    return [each for each in kept if each.source not in without], held


def left_out(sources: Collection[str], names: Sequence[str]) -> set[str]:
    """The sources named, or beginning with a name ("notes" is notes-term, notes-list, …). UsageError for a name that fits none.

    They are taken out of what a run without them would train on, and nothing comes in their place.
    """
    found = {name: {source for source in sources if source == name or source.startswith(f"{name}-")} for name in names}
    strange = [name for name in names if not found[name]]
    if strange:
        raise UsageError(f"no source {', '.join(strange)} to leave out; there are {', '.join(sorted(sources))}")
    return {source for fitting in found.values() for source in fitting}


def _thinned(number: int, example: Example) -> bool:
    """Three of five clozes: they repeat most of their sentence, and would be half of what notes give."""
    return example.source == "notes-cloze" and number % 5 < 3


def _set(source: str) -> str:
    return KLUE if source == "klue-mrc-rtt" else source


def negatives_from(examples: Sequence[Example], extra: Sequence[Example], share: float, seed: int) -> Callable[[Example], list[Example]]:
    """For an example, with probability `share`, one text that does not answer it.

    Seven times of ten the passage of the same source that shares most words with the question among 60 drawn at random, so that the
    model cannot tell by the subject alone; else any; where `extra` has a text known not to answer this very question, that one.
    """
    texts = {(each.source, each.group): each for each in examples}
    by_source: dict[str, list[Example]] = defaultdict(list)
    for each in texts.values():
        by_source[each.source].append(each)
    known: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for each in extra:
        known[each.question, each.group].append(each)

    def negatives(example: Example) -> list[Example]:
        chance = random.Random(f"{seed} {example.question} {example.answers}")
        if chance.random() >= share:
            return []
        near = known.get((example.question, example.group))
        if near:
            return [chance.choice(near)]
        drawn = [chance.choice(by_source[example.source]) for _ in range(60 if chance.random() < 0.7 else 1)]
        answers = {example.text[start:end] for start, end in example.answers}
        fit = [each for each in drawn if each.group != example.group and not any(answer in each.text for answer in answers)]
        if not fit:
            return []
        words = {example.question[at : at + 2] for at in range(len(example.question) - 1)}
        best = max(fit, key=lambda each: sum(word in each.text for word in words) / (200 + len(each.text)))
        return [Example(example.question, best.context, best.text, (), best.group, example.source)]

    return negatives


def train_reader(root: Path, base: Path, out: Path, notes: Sequence[Example], plan: Plan) -> Mapping[str, float]:
    """Trains the reader from the base encoder; writes `out/reader.safetensors` and `out/reader.json`, the checkpoint beside them."""
    import torch
    from safetensors.torch import save as serialised
    from transformers import BertModel

    from rag.training.loop import Schedule, digest, train
    from rag.training.model import ReaderModel, freeze_trunk
    from rag.training.reader import Window, batched, reading_loss, token_scores, windows

    train_set, held = reading_examples(root, notes, plan)
    tokenizer = tokenizer_of(base)
    unanswerable = [each for each in notes if not each.answers]
    items: list[Window] = []
    batches: list[list[int]] = []
    for epoch in range(plan.epochs):
        negatives = negatives_from(train_set, unanswerable, UNANSWERABLE, plan.seed * 100 + epoch)
        made = windows(tokenizer, train_set, negatives, plan.seed * 100 + epoch)
        batches += [[at + len(items) for at in batch] for batch in batched(made, plan.tokens, epoch)]
        items += made
    held_windows = windows(tokenizer, held, negatives_from(held, (), 1.0, 1), 1)
    counts = Counter(each.source for each in train_set)
    tokens = sum(len(item.ids) for item in items)
    say(f"examples {', '.join(f'{name} {count}' for name, count in counts.items())}")
    say(f"{len(items)} windows, {tokens} tokens, {len(batches)} steps")
    torch.manual_seed(plan.seed)
    bert = BertModel.from_pretrained(base, add_pooling_layer=False, attention_probs_dropout_prob=0.0)
    bert.set_attn_implementation("eager")
    model = ReaderModel(bert)
    if not plan.whole:
        freeze_trunk(bert)

    def validate() -> Mapping[str, float]:
        with torch.no_grad():
            return token_scores(model, held_windows)

    scores = train(
        model,
        batches,
        lambda batch: reading_loss(model, [items[at] for at in batch]),
        Schedule(plan.rate, seed=plan.seed),
        out / "reader.pt",
        digest([plan, batches, *((item.ids, item.span) for item in items)]),
        cost=lambda batch: sum(len(items[at].ids) for at in batch),
        validate=validate,
    )
    save(out / "reader.safetensors", serialised({name: value.contiguous() for name, value in model.state_dict().items()}))
    save(out / "reader.json", (json.dumps({"plan": str(plan), "held out": dict(scores)}, indent=1) + "\n").encode())
    return scores


def check_base(base: Path) -> None:
    """ModelError where a reader trained from this folder could not be exported: its trunk is not that of the shipped encoder."""
    from transformers import BertModel

    from index import weights
    from index.encoder import SHIPPED, TRUNK_FILE
    from rag.training.export import OUTPUTS
    from rag.training.model import ReaderModel

    model = ReaderModel(BertModel.from_pretrained(base, add_pooling_layer=False)).eval()
    weights.refer_to_trunk(weights.freeze(model, OUTPUTS), SHIPPED / TRUNK_FILE)


def export_reader(base: Path, out: Path) -> Path:
    """Writes `out/reader.safetensors` to the folder `out/reader`, which takes the place of `rag/models/reader`.

    ModelError where `base` is not the shipped encoder, whose trunk the reader shares.
    """
    from safetensors.torch import load_file
    from transformers import BertModel

    from index.encoder import SHIPPED, TRUNK_FILE
    from rag.training import export
    from rag.training.model import ReaderModel

    model = ReaderModel(BertModel.from_pretrained(base, add_pooling_layer=False))
    model.load_state_dict(load_file(out / "reader.safetensors"))
    export.export_reader(model.eval(), out / "reader", SHIPPED / TRUNK_FILE)
    return out / "reader"


@dataclass(frozen=True, slots=True)
class Course:
    """What a round of the retriever trains on. `size` questions a batch, each with its passage and one hard negative."""

    share: float = 1.0
    epochs: int = 1
    without: tuple[str, ...] = ()
    size: int = 64
    rate: float = 5e-5
    longest: int = 224
    seed: int = 13
    dense: bool = False
    """Whether the model's own mistakes are mined too, besides BM25's."""


def lessons_of(
    root: Path, passages: Sequence[Passage], pairs: Sequence[Pair], course: Course
) -> tuple[list[Lesson], list[Chunk], int, list[Lesson]]:
    """`(lessons, all chunks that may be negatives, how many of them come first that people asked about, held-out lessons)`."""
    from rag.training.retriever import Chunk, Lesson, chunked, note_lessons

    examples, contexts = human(root)
    english = {each.group for each in examples if each.source in ("mlqa-en", "xquad-en")}
    source = {each.group: _set(each.source) for each in examples}
    sizes = dict.fromkeys(english, 10_000)
    pieces = {each.id: list(chunked(each.id, each.title, each.text, sizes.get(each.id, 420))) for each in contexts.values()}
    lessons: dict[str, list[Lesson]] = defaultdict(list)
    held = []
    for each in examples:
        start, end = each.answers[0] if each.answers else (0, 0)
        answer = each.text[start:end]
        holders = [chunk for chunk in pieces[each.group] if chunk.span[0] <= start < chunk.span[1]]
        lesson = Lesson(each.question, (holders or pieces[each.group])[0], answer)
        if held_out(_set(each.source), each.group):
            held += [lesson] if each.source != "klue-mrc-rtt" else []
        else:
            lessons[each.source].append(lesson)
    chunks = [chunk for group, found in pieces.items() if not held_out(source.get(group, ""), group) for chunk in found]
    people = len(chunks)
    for number, (question, facts) in enumerate(strategy(root)[:STRATEGY]):
        chunk = Chunk(f"strategy {number}", facts, facts.split(":")[0])
        lessons["strategy"].append(Lesson(question, chunk))
        chunks.append(chunk)
    made = note_lessons(passages, pairs)
    lessons["notes"] = made[:: max(1, -(-len(made) // NOTES))]
    chunks += list({lesson.positive.id: lesson.positive for lesson in lessons["notes"]}.values())
    without = left_out((*lessons, KEYWORDS), course.without)
    named = [(name, lesson) for name, found in lessons.items() for lesson in found]
    random.Random(course.seed).shuffle(named)
    kept = [lesson for name, lesson in named[: round(course.share * len(named))] if name not in without]
    say(f"lessons {', '.join(f'{name} {len(found)}' for name, found in lessons.items())}; {len(chunks)} chunks")
    return kept, chunks, people, held


def train_retriever(
    root: Path,
    base: Path,
    out: Path,
    passages: Sequence[Passage],
    pairs: Sequence[Pair],
    course: Course,
    start: Path | None = None,
    raw: Encoder | None = None,
) -> Mapping[str, float]:
    """One round from `start` (default: the base); writes the trained `out/encoder.safetensors`.

    The mistakes that are mined are those of the model it starts from. `raw` is that model as int8, which embeds faster.
    """
    import torch
    from safetensors.torch import load_file
    from safetensors.torch import save as serialised
    from sentence_transformers import SentenceTransformer

    from index.morphemes import Analyser
    from rag.training.loop import Schedule, digest, train
    from rag.training.model import freeze_trunk
    from rag.training.retriever import Towers, contrastive_loss, dense_rank, keywords, lesson_batches, lexical_rank, mined

    lessons, chunks, people, held = lessons_of(root, passages, pairs, course)
    torch.manual_seed(course.seed)
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}  # one pass is far from overfitting
    model = SentenceTransformer(str(base), device="cpu", config_kwargs=still)
    bert = model[0].model
    bert.set_attn_implementation("eager")
    if start:
        bert.load_state_dict(load_file(start))
    freeze_trunk(bert)
    for module in list(model)[1:]:
        module.requires_grad_(False)
    towers = Towers(model, course.longest)
    analyser, chance = Analyser(), random.Random(f"{course.seed} keywords")
    ranks = [lexical_rank(chunks, analyser)]
    if course.dense:  # the numbers are those of `chunks`, whose first `people` are the passages that people asked about
        mistakes = (raw.encode_passages, raw.encode_questions) if raw else (towers.passages, towers.questions)
        ranks.append(dense_rank(chunks[:people], *mistakes))
    if KEYWORDS not in course.without:
        lessons = [replace(lesson, keywords=keywords(lesson.positive.text, analyser, chance)) for lesson in lessons]
    lessons = mined(lessons, chunks, ranks)
    say(f"{len(lessons)} lessons, {sum(bool(lesson.negatives) for lesson in lessons)} with hard negatives")
    batches = lesson_batches(lessons, course.size, course.epochs, course.seed)

    def loss_of(batch: Sequence[int]) -> torch.Tensor:
        return contrastive_loss(towers, [lessons[at] for at in batch], random.Random(f"{course.seed} {batch[0]}"))

    def validate() -> Mapping[str, float]:
        others = list({lesson.positive.id: lesson.positive for lesson in held}.values()) + chunks[:1500]
        scores = towers.questions([lesson.question for lesson in held]) @ towers.passages([chunk.text for chunk in others]).T
        found = [others[at].group == lesson.positive.group for at, lesson in zip(scores.argmax(axis=1), held, strict=True)]
        return {"held-out hit@1": sum(found) / len(found)}

    say("  ".join(f"before: {name} {value:.4f}" for name, value in validate().items()))
    schedule = Schedule(course.rate, seed=course.seed)
    work = digest([course, start and sha256(start.read_bytes()).hexdigest(), batches, *lessons])
    scores = train(model, batches, loss_of, schedule, out / "encoder.pt", work, unit="questions", validate=validate, checks=2)
    save(out / "encoder.safetensors", serialised({name: value.contiguous() for name, value in bert.state_dict().items()}))
    return scores


def export_retriever(base: Path, out: Path, share: float) -> Path:
    """Writes weights `share` of the way from the base to `out/encoder.safetensors` as a folder that `rag index --encoder` takes."""
    from safetensors.torch import load_file
    from sentence_transformers import SentenceTransformer

    from index.shipping import export_folder
    from rag.training.retriever import averaged

    model = SentenceTransformer(str(base), device="cpu")
    bert = model[0].model
    bert.load_state_dict(averaged(bert.state_dict(), load_file(out / "encoder.safetensors"), share))
    export_folder(model, out / "encoder")
    return out / "encoder"
