"""Training: windows hold the answers, batches repeat, a stage that is cut off ends in the same weights, false negatives are masked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import SHIPPED
from rag.training.examples import Example, held_out
from rag.training.stages import negatives_from, tokenizer_of

torch = pytest.importorskip("torch")

from rag.training import loop, reader, retriever  # noqa: E402

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
    pairs = ((float(start[a] + end[b]), a, b) for a in range(5, 58) for b in range(a, min(58, a + reader.SPAN_LIMIT)))
    assert (low, high) == max(pairs)[1:]


class Stopped(Exception):
    pass


def test_a_stage_that_was_cut_off_ends_in_the_same_weights(tmp_path: Path) -> None:
    """Dropout included: every step seeds itself."""

    def run(checkpoint: Path, stop_at: int | None = None) -> list[float]:
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
        loop.train(model, batches, loss_of, loop.Schedule(0.1, minutes=0), checkpoint, say=lambda line: None)
        return [float(value) for parameter in model.parameters() for value in parameter.detach().flatten()]

    whole = run(tmp_path / "whole.pt")
    with pytest.raises(Stopped):
        run(tmp_path / "cut.pt", stop_at=9)
    assert run(tmp_path / "cut.pt") == whole


def test_passages_that_hold_the_answer_or_belong_together_are_no_negatives() -> None:
    chunks = [
        retriever.Chunk(f"{name}#0", text, name)
        for name, text in (("a", "정답은 서울이다"), ("b", "서울은 수도다"), ("c", "부산은 항구다"))
    ]
    lesson = retriever.Lesson("수도는?", chunks[0], "서울")
    (made,) = retriever.mined([lesson], chunks, [lambda asked: [[0, 1, 2]] * len(asked)])
    assert [chunk.id for chunk in made.negatives] == ["c#0"]


def test_a_batch_never_holds_two_questions_of_one_group() -> None:
    chunks = [retriever.Chunk(str(at), "글", str(at % 7)) for at in range(40)]
    lessons = [retriever.Lesson(f"질문 {at}", chunk) for at, chunk in enumerate(chunks)]
    batches = retriever.lesson_batches(lessons, 5, epochs=2, seed=1)
    assert len(batches) >= 12
    assert all(len({lessons[at].positive.group for at in batch}) == 5 for batch in batches)


def test_chunks_hold_all_of_the_text_in_order() -> None:
    chunks = list(retriever.chunked([("id", "제목", TEXT)], 100))
    assert len(chunks) > 5
    assert all(chunk.text.startswith("제목\n") and chunk.group == "id" for chunk in chunks)
    assert "".join("".join(chunk.text[3:].split()) for chunk in chunks) == "".join(TEXT.split())


def test_averaging_goes_from_the_raw_weights_to_the_trained_ones() -> None:
    raw, trained = {"w": torch.zeros(3)}, {"w": torch.ones(3)}
    assert [float(retriever.averaged(raw, trained, share)["w"][0]) for share in (0.0, 0.25, 1.0)] == [0.0, 0.25, 1.0]


def test_negatives_do_not_hold_the_answer_and_repeat() -> None:
    examples = []
    for number in range(30):
        text, answer = f"{number}번은 {number * 11}이다. " * 3, f"{number * 11}이다"
        start = text.index(answer)
        examples.append(Example(f"{number}은 몇인가?", "", text, ((start, start + len(answer)),), str(number), "test"))
    negatives = negatives_from(examples, (), 1.0, 5)
    for each in examples:
        answer = each.text[slice(*each.answers[0])]
        assert negatives(each) == negatives(each)
        assert all(answer not in other.text and not other.answers and other.group != each.group for other in negatives(each))
    assert sum(len(negatives(each)) for each in examples) > 20


def test_the_held_out_passages_are_fixed() -> None:
    names = [f"ty-{number}" for number in range(1000)]
    share = sum(held_out("tydiqa-train", name) for name in names) / 1000
    assert 0.15 < share < 0.25
    assert not any(held_out("mlqa-en", name) for name in names)
    assert held_out("tydiqa-train", "ty-3") == (int(hashlib.sha256(b"ty-3").hexdigest()[:8], 16) % 5 == 0)
