"""Training: windows hold the answers, batches repeat, a stage that is cut off ends in the same weights, false negatives are masked."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import SHIPPED, TRUNK_LAYERS
from index.errors import UsageError
from index.morphemes import Analyser
from index.types import Locator, Passage
from rag.evaluation.datasets import Context
from rag.span_model import LONGEST
from rag.training import adapt, stages
from rag.training.examples import Example, Pair, held_out
from rag.training.stages import left_out, negatives_from, tokenizer_of

torch = pytest.importorskip("torch")

from rag.training import loop, reader, retriever  # noqa: E402
from rag.training.model import freeze_trunk  # noqa: E402

TEXT = "역전파는 손실 함수의 기울기를 연쇄 법칙으로 계산한다. 1986년에 널리 알려졌다. 드롭아웃은 뉴런을 무작위로 끈다. " * 12


@pytest.fixture(scope="module")
def tokenizer() -> object:
    return tokenizer_of(SHIPPED)


def example(start: int, end: int, text: str = TEXT) -> Example:
    return Example("언제 알려졌나?", "신경망 › 학습", text, ((start, end),), "note", "test")


@given(st.data())
def test_a_window_holds_the_whole_answer_wherever_it_stands(tokenizer: object, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT) - 2))
    end = data.draw(st.integers(start + 1, min(len(TEXT), start + 30)))
    size = data.draw(st.sampled_from((64, 96, 192, 4096)))
    if not TEXT[start:end].strip():
        return
    made = reader.window(tokenizer, example(start, end), (start, end), random.Random(start), size)
    assert made is not None
    assert made.span is not None
    assert len(made.ids) <= size
    low, high = made.span
    assert made.first <= low <= high < made.last == len(made.ids) - 1
    decoded = tokenizer.decode(list(made.ids[low : high + 1]))  # type: ignore[attr-defined]
    assert "".join(TEXT[start:end].split()) in "".join(decoded.split())


def test_the_context_is_read_and_never_part_of_the_text(tokenizer: object) -> None:
    made = reader.window(tokenizer, example(0, 3), None, random.Random(0), 64)
    assert made is not None
    head = tokenizer.decode(list(made.ids[: made.first]))  # type: ignore[attr-defined]
    assert "신경망 › 학습" in head
    assert "언제 알려졌나?" in head
    assert made.span is None


def test_batches_hold_every_window_once_and_repeat(tokenizer: object) -> None:
    items = [
        made for at in range(0, 200, 3) if (made := reader.window(tokenizer, example(at, at + 2), None, random.Random(at), 40 + at % 90))
    ]
    batches = reader.batched(items, 512, seed=3)
    assert sorted(at for batch in batches for at in batch) == list(range(len(items)))
    assert batches == reader.batched(items, 512, seed=3)
    assert batches != reader.batched(items, 512, seed=4)
    assert all(len(batch) * -(-max(len(items[at].ids) for at in batch) // reader.STEP) * reader.STEP <= 512 for batch in batches)


def test_the_best_span_is_that_of_all_pairs() -> None:
    torch.manual_seed(1)
    start, end = torch.randn(60), torch.randn(60)
    low, high = reader.best_span(start, end, 5, 58)
    pairs = ((float(start[a] + end[b]), a, b) for a in range(5, 58) for b in range(a, min(58, a + LONGEST)))
    assert (low, high) == max(pairs)[1:]


class Oracle(torch.nn.Module):
    """Marks the tokens numbered, loudest outside of the text, and says that an answer is there where one is marked."""

    def __init__(self, spans: Sequence[tuple[int, int] | None]) -> None:
        super().__init__()
        self.weight, self.spans = torch.nn.Parameter(torch.zeros(1)), spans

    def forward(self, ids: Any, held: Any) -> tuple[Any, Any, Any]:
        start, end = torch.zeros(2, *ids.shape)
        start[:, 0] = end[:, 0] = 99.0
        for row, span in enumerate(self.spans):
            if span:
                start[row, span[0]] = end[row, span[1]] = 20.0
        return start, end, torch.tensor([20.0 if span else -20.0 for span in self.spans])


def test_the_reading_loss_wants_start_end_and_whether_there_is_an_answer() -> None:
    items = [reader.Window(tuple(range(10, 20)), 3, 9, (4, 5)), reader.Window(tuple(range(10, 18)), 3, 7, None)]

    def loss(*spans: tuple[int, int] | None) -> float:
        return float(reader.reading_loss(Oracle(spans), items))

    assert loss((4, 5), None) == pytest.approx(0, abs=1e-5)
    assert loss((4, 6), None) == loss((3, 5), None) == pytest.approx(10, abs=1e-3), "half of start or end"
    assert loss((4, 5), (4, 5)) == pytest.approx(10, abs=1e-3), "one of two windows says that there is an answer"


def test_scores_of_held_out_windows() -> None:
    items = [reader.Window(tuple(range(10, 20)), 3, 9, (4, 5))]
    assert reader.token_scores(Oracle([(4, 5)]), items) == {"exact": 1.0, "token F1": 1.0, "answerable": 1.0}
    assert reader.token_scores(Oracle([(5, 6)]), items) == {"exact": 0.0, "token F1": 0.5, "answerable": 1.0}
    assert reader.token_scores(Oracle([(7, 8)]), items)["token F1"] == 0.0
    silent = [replace(items[0], span=None)]
    assert reader.token_scores(Oracle([(4, 5)]), silent) == {"exact": 0.0, "token F1": 0.0, "answerable": 0.0}


def test_the_trunk_stays_as_it_is() -> None:
    layers = [torch.nn.Linear(1, 1) for _ in range(TRUNK_LAYERS + 1)]
    parts = [torch.nn.Linear(1, 1), *layers]
    freeze_trunk(SimpleNamespace(embeddings=parts[0], encoder=SimpleNamespace(layer=layers)))
    torch.nn.ModuleList(parts).train()
    assert [part.weight.requires_grad for part in parts] == [part.training for part in parts] == [False] * (TRUNK_LAYERS + 1) + [True]


@pytest.mark.parametrize(("plain", "short", "chosen"), [(1.0, 0.5, torch.bfloat16), (1.0, 0.9, None), (1.0, 2.0, None)])
def test_the_short_type_is_taken_only_where_it_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, plain: float, short: float, chosen: torch.dtype | None
) -> None:
    monkeypatch.setattr(loop, "_has_bf16", lambda: True)
    monkeypatch.setattr(loop, "_seconds", {torch.float32: plain, torch.bfloat16: short}.__getitem__)
    assert loop.fast_type.__wrapped__("cpu") is chosen


class Stopped(Exception):
    pass


@pytest.mark.parametrize("begun_in", [None, torch.bfloat16])
def test_a_stage_that_was_cut_off_ends_in_the_same_weights(
    tmp_path: Path, begun_in: torch.dtype | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropout included: every step seeds itself. The precision is that of its beginning, and the work too."""
    monkeypatch.setattr(loop, "fast_type", lambda device: begun_in)

    def run(checkpoint: Path, stop_at: int | None = None, work: str = "work") -> list[float]:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
        data = torch.randn(40, 4)
        steps = 0

        def loss_of(batch: Sequence[int]) -> torch.Tensor:
            nonlocal steps
            if steps == stop_at:
                raise Stopped
            steps += 1
            return model(data[list(batch)]).float().square().mean()

        batches = [[at % 40, (at + 7) % 40] for at in range(20)]
        loop.train(model, batches, loss_of, loop.Schedule(0.1, minutes=0), checkpoint, work, say=lambda line: None)
        return [float(value) for parameter in model.parameters() for value in parameter.detach().flatten()]

    whole = run(tmp_path / "whole.pt")
    with pytest.raises(Stopped):
        run(tmp_path / "cut.pt", stop_at=9)
    with pytest.raises(UsageError, match="is of other data"):
        run(tmp_path / "cut.pt", work="other work")
    monkeypatch.setattr(loop, "fast_type", lambda device: None if begun_in else torch.bfloat16)  # as on another machine
    assert run(tmp_path / "cut.pt") == whole


def test_nothing_to_train_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too little to train on"):
        loop.train(torch.nn.Linear(1, 1), [], lambda batch: torch.zeros(()), loop.Schedule(0.1), tmp_path / "a.pt", "work")
    assert not (tmp_path / "a.pt").exists()


def test_leaving_a_source_out_leaves_the_other_examples_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Example(f"{at}?", "", f"{at}번", ((0, 1),), str(at), f"source-{at % 4}") for at in range(200)]
    monkeypatch.setattr(stages, "human", lambda root: (made, {}))
    whole, _ = stages.reading_examples(Path(), (), stages.Plan(share=0.25))
    without, _ = stages.reading_examples(Path(), (), stages.Plan(share=0.25, without=("source-2",)))
    assert len(whole) == 50
    assert without == [each for each in whole if each.source != "source-2"] != whole


def test_a_lessons_passage_is_where_its_answer_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of an answer stand in other pieces too."""
    text = "서울은 크다. " * 60 + "수도는 서울이다. " + "부산은 항구다. " * 60
    place = text.index("서울이다")
    asked = Example("수도는?", "나라", text, ((place, place + 2),), "page", "mlqa-ko")
    monkeypatch.setattr(stages, "human", lambda root: ([asked], {"page": Context("page", "나라", text)}))
    monkeypatch.setattr(stages, "strategy", lambda root: [])
    (lesson,), chunks, people, held = stages.lessons_of(Path(), (), (), stages.Course())
    assert "수도는 서울이다" in lesson.positive.text and lesson.answer == "서울"
    assert sum("서울" in chunk.text for chunk in chunks) > 1 and chunks[0] != lesson.positive
    assert (people, held) == (len(chunks), [])


def test_what_is_left_out_is_named_by_its_source_or_by_a_kind_of_it() -> None:
    sources = ("klue-mrc-train", "klue-mrc-rtt", "notes-term", "notes-list", "notes")
    assert left_out(sources, ["klue-mrc-rtt", "notes"]) == {"klue-mrc-rtt", "notes-term", "notes-list", "notes"}
    assert left_out(sources, []) == set()
    with pytest.raises(UsageError, match="no source klue-mrc-rrt, not to leave out; there are klue-mrc-rtt, "):
        left_out(sources, ["notes-term", "klue-mrc-rrt", "not"])


def test_passages_that_hold_the_answer_or_belong_together_are_no_negatives() -> None:
    chunks = [
        retriever.Chunk(f"{name}#0", text, name)
        for name, text in (("a", "정답은 서울이다"), ("b", "서울은 수도다"), ("c", "부산은 항구다"))
    ]
    lesson = retriever.Lesson("수도는?", chunks[0], "서울")
    (made,) = retriever.mined([lesson], chunks, [lambda asked: [[0, 1, 2]] * len(asked)])
    assert [chunk.id for chunk in made.negatives] == ["c#0"]


def test_legs_take_turns_to_name_negatives() -> None:
    chunks = [retriever.Chunk(name, name, name) for name in "abcdef"]
    legs = [lambda asked: [[1, 2, 3]] * len(asked), lambda asked: [[4, 1, 5]] * len(asked)]
    (made,) = retriever.mined([retriever.Lesson("?", chunks[0])], chunks, legs, kept=4)
    assert [chunk.id for chunk in made.negatives] == ["b", "e", "c", "d"]


VECTORS = {
    "q1": (1.0, 0.0),
    "q2": (0.0, 1.0),
    "k1": (0.6, 0.8),
    "p1": (1.0, 0.0),
    "p2": (0.0, 1.0),
    "n1": (0.8, 0.6),
    "n2 정답": (0.6, 0.8),
}


class Table:
    """Towers that know a few texts; each side must come with its own prompt."""

    query, document = "query", "document"

    def __call__(self, texts: Sequence[str], prompt: str) -> Any:
        assert prompt == ("query" if texts[0][0] in "qk" else "document")
        return torch.tensor([VECTORS[text] for text in texts]) / 10


@pytest.mark.parametrize(("answer", "masked"), [("", []), ("정답", [(1, 3)]), ("답", [])])
def test_the_contrastive_loss_is_over_all_passages_that_are_surely_wrong(answer: str, masked: list[tuple[int, int]]) -> None:
    first, second, wrong, other = (retriever.Chunk(name, name, name) for name in ("p1", "p2", "n1", "n2 정답"))
    lessons = [retriever.Lesson("q1", first, "", "k1", (wrong,)), retriever.Lesson("q2", second, answer, "", (other,))]
    rows = np.array([VECTORS[name] for name in ("q1", "q2", "k1")]) @ np.array([VECTORS[name] for name in ("p1", "p2", "n1", "n2 정답")]).T
    odds = np.exp(rows / 100 * retriever.SCALE)
    for at in masked:
        odds[at] = 0
    expected = -np.log(odds[[0, 1, 2], [0, 1, 0]] / odds.sum(axis=1)).mean()
    assert float(retriever.contrastive_loss(Table(), lessons, random.Random(0))) == pytest.approx(expected, abs=1e-5)


def test_a_heading_is_not_asked_of_a_passage_that_repeats_it() -> None:
    passage = Passage("a.md", "제목", ("절",), "## 절\n글이다.", 0, 9, Locator(1))
    asked = [Pair(source, passage.passage_id, f"notes-{source}") for source in ("title-heading", "term")]
    assert [lesson.positive.text for lesson in retriever.note_lessons([passage], asked)] == ["글이다.", passage.embedded]


def test_keywords_are_words_of_one_sentence_in_their_order(analyser: Analyser) -> None:
    sentence = "드롭아웃은 학습 중에 뉴런을 무작위로 끈다."
    made = {retriever.keywords(sentence, analyser, random.Random(seed)) for seed in range(20)}
    assert len(made) > 3
    for words in (each.split() for each in made):
        assert 2 <= len(words) <= 5
        assert [sentence.index(word) for word in words] == sorted(sentence.index(word) for word in words)
        assert not set(words) & {"끈다", "은", "을"}
    assert retriever.keywords("끈다.", analyser, random.Random(0)) == ""


def test_a_batch_never_holds_two_questions_of_one_group() -> None:
    chunks = [retriever.Chunk(str(at), "글", str(at % 7)) for at in range(40)]
    lessons = [retriever.Lesson(f"질문 {at}", chunk) for at, chunk in enumerate(chunks)]
    batches = retriever.lesson_batches(lessons, 5, epochs=2, seed=1)
    assert len(batches) >= 12
    assert all(len({lessons[at].positive.group for at in batch}) == 5 for batch in batches)


def test_batches_are_those_of_their_seed() -> None:
    lessons = [retriever.Lesson(f"질문 {at}", retriever.Chunk(str(at), "글", str(at % 4))) for at in range(11)]
    first, second = [[2, 9, 8], [6, 5, 4], [3, 0, 10]], [[3, 10, 5], [0, 6, 7], [2, 1, 8]]
    assert retriever.lesson_batches(lessons, 3, epochs=2, seed=1) == first + second


def test_batches_of_many_lessons_take_no_longer_for_each() -> None:
    lessons = [retriever.Lesson("질문", retriever.Chunk(str(at), "글", str(at % 5_000))) for at in range(100_000)]
    begun = time.process_time()
    assert len(retriever.lesson_batches(lessons, 16, epochs=1, seed=1)) > 6_200
    assert time.process_time() - begun < 1


def test_chunks_hold_all_of_the_text_in_order() -> None:
    chunks = list(retriever.chunked("id", "제목", TEXT, 100))
    assert len(chunks) > 5
    assert all(chunk.text.startswith("제목\n") and chunk.group == "id" for chunk in chunks)
    assert all(chunk.text[3:] == TEXT[slice(*chunk.span)].strip() for chunk in chunks)
    bounds = [0, *(chunk.span[1] for chunk in chunks)]
    assert [chunk.span[0] for chunk in chunks] == bounds[:-1], "every character is in one of them"
    assert "".join("".join(chunk.text[3:].split()) for chunk in chunks) == "".join(TEXT.split())


def test_averaging_goes_from_the_raw_weights_to_the_trained_ones() -> None:
    raw, trained = {"w": torch.zeros(3)}, {"w": torch.ones(3)}
    assert [float(retriever.averaged(raw, trained, share)["w"][0]) for share in (0.0, 0.25, 1.0)] == [0.0, 0.25, 1.0]


def test_negatives_do_not_hold_the_answer_and_repeat() -> None:
    examples = []
    for number in range(30):
        text, answer = f"{number}번은 {number % 5}이다. " * 3, f"{number % 5}이다"
        start = text.index(answer)
        examples.append(Example(f"{number}은 몇인가?", "", text, ((start, start + len(answer)),), str(number), "test"))
    negatives = negatives_from(examples, (), 1.0, 5)
    for each in examples:
        answer = each.text[slice(*each.answers[0])]
        assert negatives(each) == negatives(each)
        assert all(answer not in other.text and not other.answers and other.group != each.group for other in negatives(each))
    assert sum(len(negatives(each)) for each in examples) > 20


def test_no_passage_is_both_trained_on_and_judged_by(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [Pair(f"{number}?", f"p{number // 3}", "notes-term") for number in range(1800)]
    monkeypatch.setattr(adapt, "pairs", lambda passages, seed: iter(made))
    parts = adapt.questions_of([], 13)
    held = [{pair.positive for pair in part} for part in (parts.train, parts.choose, parts.judge)]
    assert sum(map(len, held)) == 600 == len(set().union(*held))
    assert [len(part) / 1800 for part in (parts.train, parts.choose, parts.judge)] == pytest.approx([4 / 6, 1 / 6, 1 / 6], abs=0.05)
    made = made[: 3 * adapt.LEAST]
    with pytest.raises(UsageError, match=r"the notes give 180 questions of their own, \d+ of them to judge by; at least 60"):
        adapt.questions_of([], 13)


def test_an_answer_longer_than_its_window_is_kept_from_its_beginning(tokenizer: object) -> None:
    for seed in range(20):
        made = reader.window(tokenizer, example(30, len(TEXT)), (30, len(TEXT)), random.Random(seed), 64)
        assert made is not None and made.span is not None
        assert made.first <= made.span[0] <= made.span[1] < made.last


class Leg:
    """An index of five passages whose words say the opposite of the vectors."""

    def __len__(self) -> int:
        return 5

    def document_frequency(self, terms: Sequence[str]) -> list[int]:
        return [1] * len(terms)

    def lexical(self, terms: object, k: int) -> tuple[Any, Any]:
        return np.array([4]), np.array([9.0], np.float32)

    def score_lexical(self, terms: object, rows: Any) -> Any:
        return np.where(rows == 4, 9.0, 0.0).astype(np.float32)


def test_the_default_is_judged_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapt.retriever, "DEPTH", 2)
    dense = np.array([0.84, 0.83, 0.82, 0.81, 0.8], np.float32)
    mixed = adapt._mixed(Leg(), dense, {"풀링": 1.0})  # type: ignore[arg-type]
    assert mixed.argmax() == 4 and mixed[0] > mixed[1]
    assert [adapt._reciprocal(mixed, place) for place in (4, 0, 1)] == [1.0, 0.5, pytest.approx(1 / 3)]
    assert adapt._reciprocal(mixed, 2) == 0.0, "neither leg brings it"


@pytest.mark.parametrize("notes", [4, 15, 31, 200])
def test_few_notes_are_trained_on_too(notes: int) -> None:
    """A batch holds one question of a note: one larger than the notes would never be full."""
    lessons = [retriever.Lesson(f"질문 {at}", retriever.Chunk(str(at), "글", str(at % notes))) for at in range(400)]
    size = adapt.batch_size(lessons)
    batches = retriever.lesson_batches(lessons, size, epochs=1, seed=1)
    assert 2 <= size <= 32
    assert sum(map(len, batches)) > 0.9 * len(lessons)


def test_an_adapted_encoder_must_be_better_and_the_default_no_worse() -> None:
    better = adapt.Verdict(80, 300, 0.5, 0.6, 0.65, 0.01, 0.09, 0.8, 0.8)
    assert better.wins
    assert not replace(better, low=0.0).wins
    assert not replace(better, mixed_after=0.79).wins


def test_a_rank_below_ten_counts_nothing() -> None:
    scores = np.arange(12, dtype=np.float32)
    assert [adapt._reciprocal(scores, place) for place in (11, 10, 2, 1)] == [1.0, 0.5, 0.1, 0.0]


def test_the_held_out_passages_are_fixed() -> None:
    names = [f"ty-{number}" for number in range(1000)]
    share = sum(held_out("tydiqa-train", name) for name in names) / 1000
    assert 0.15 < share < 0.25
    assert 0.07 < sum(held_out("klue-mrc-train", name) for name in names) / 1000 < 0.13
    assert not any(held_out("mlqa-en", name) for name in names)
    assert held_out("tydiqa-train", "ty-3") == (int(hashlib.sha256(b"ty-3").hexdigest()[:8], 16) % 5 == 0)
