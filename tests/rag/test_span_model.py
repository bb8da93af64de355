"""The span model: which tokens stand where, how passages are cut, and which spans are best. The graph here is a table of logits a piece."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.encoder import HASHES, MODEL_FILE, SHIPPED, TRUNK_FILE
from index.errors import ModelError
from rag.span_model import LONGEST, SpanModel, Window, best_spans, best_within, log_probabilities

SIZE = 64
TABLE = "embeddings.word_embeddings.weight_quantized"


def write_hashes(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != HASHES]
    listing = {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (folder / HASHES).write_text(json.dumps(listing), "utf-8")


def tiny(root: Path, pieces: Mapping[str, tuple[int, int, int]]) -> tuple[Path, Path]:
    """A reader and an encoder folder: each piece has a start and an end logit, and the highest third value is `answerable`."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer

    reader, encoder = root / "reader", root / "encoder"
    for folder in (reader, encoder):
        (folder / "onnx").mkdir(parents=True)
    (encoder / "tokenizer.json").write_bytes((SHIPPED / "tokenizer.json").read_bytes())
    tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
    table = np.zeros((tokenizer.get_vocab_size(), 3), np.int8)
    table[:, 2] = -5
    for piece, logits in pieces.items():
        table[tokenizer.token_to_id(piece)] = logits
    save_file({TABLE: table}, encoder / TRUNK_FILE)
    (reader / MODEL_FILE).write_bytes(graph(table).SerializeToString())
    trunk = hashlib.sha256((encoder / TRUNK_FILE).read_bytes()).hexdigest()
    (reader / "config.json").write_text(json.dumps({"model_type": "bert", "max_tokens": SIZE, "trunk_sha256": trunk}), "utf-8")
    write_hashes(reader)
    return reader, encoder


def graph(table: np.ndarray[Any, Any]) -> Any:
    from onnx import TensorProto, helper, numpy_helper

    shared = numpy_helper.from_array(table, TABLE)
    shared.ClearField("raw_data")
    shared.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "trunk.safetensors"), ("offset", "0"), ("length", str(table.nbytes))):
        shared.external_data.add(key=key, value=value)
    numbers = [numpy_helper.from_array(np.array(each, np.int64), f"n{each}") for each in range(3)]
    nodes = [
        helper.make_node("Gather", [TABLE, "input_ids"], ["rows"], axis=0),
        helper.make_node("Cast", ["rows"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["values", "n0"], ["start_logits"], axis=2),
        helper.make_node("Gather", ["values", "n1"], ["end_logits"], axis=2),
        helper.make_node("Gather", ["values", "n2"], ["third"], axis=2),
        helper.make_node("ReduceMax", ["third"], ["answerable"], axes=[1], keepdims=0),
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "tokens"]) for name in ("start_logits", "end_logits")]
    outputs.append(helper.make_tensor_value_info("answerable", TensorProto.FLOAT, ["batch"]))
    made = helper.make_graph(nodes, "tiny", inputs, outputs, [shared, *numbers])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Answers start with 26 or ㎞ and end with 개의 or an emoji; 서울 makes a window answerable."""
    logits = {"▁26": (9, 0, -5), "개의": (0, 9, -5), "▁서울": (0, 0, 4), "▁km": (8, 0, -5), "👧": (0, 8, -5)}
    return tiny(tmp_path_factory.mktemp("tiny"), logits)


@pytest.fixture(scope="module")
def model(folders: tuple[Path, Path]) -> SpanModel:
    return SpanModel(*folders)


# ----------------------------------------------------------------------------- reading


def test_the_span_and_its_exact_place(model: SpanModel) -> None:
    text = "한글은 26개의 문자로 이루어진다."
    [best, *_] = model.best_spans("몇 개야?", "글자 › 한글", text)
    assert text[best[0] : best[1]] == "26개의"
    assert best[2] < -5  # 서울 is not there, so hardly an answer is


def test_answerable_is_told_for_each_window(model: SpanModel) -> None:
    windows = model.read("무엇?", [("", "서울은 크다."), ("", "부산은 크다.")])
    assert [(each.passage, each.answerable) for each in windows] == [(0, 4.0), (1, -5.0)]


def test_windows_are_remembered_where_it_is_asked_for(
    folders: tuple[Path, Path], model: SpanModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping = SpanModel(*folders, remembered=2)
    passages = [("", "서울은 크다."), ("", "한글은 26개의 글자다.")]
    first = keeping.read("몇?", passages)
    monkeypatch.setattr(keeping, "_session", None)
    again = keeping.read("몇?", passages[::-1])
    assert [(each.passage, each.answerable) for each in again] == [(0, -5.0), (1, 4.0)]
    assert again[0].start_logits.tolist() == first[1].start_logits.tolist() == model.read("몇?", passages)[1].start_logits.tolist()
    with pytest.raises(AttributeError):
        keeping.read("얼마?", passages)


def test_the_context_is_never_the_answer(model: SpanModel) -> None:
    text = "아무 말이다."
    [window] = model.read("몇?", [("서울 26개의 › 26개의", text)])
    assert window.answerable == 4.0
    assert window.start_logits.max() < 9 > window.end_logits.max()
    assert "".join(text[start:end] for start, end in zip(window.starts, window.ends, strict=True)) == "아무말이다."


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("거리\t㎞는 \u200b단위 👨\u200d👩\u200d👧 끝", "㎞는 \u200b단위 👨\u200d👩\u200d👧"),
        ("\n\n\n26   개의 말", "26   개의"),
        ("ﬁne ①번 ½ ▁ 26개의 ▁▁ e\u0301", "26개의"),
        ("㎏ ﷺ 26개의", "26개의"),
        ("26개의", "26개의"),
    ],
)
def test_offsets_are_those_of_the_text_as_written(model: SpanModel, text: str, answer: str) -> None:
    for context in ("", "제목 › ㎏ ﬁne"):
        [(start, end, _), *_] = model.best_spans("몇?", context, text, 1)
        assert text[start:end] == answer


@given(st.text("가나26개의 \t\n\u200b\u00a0㎞ﬁ①½▁é\u0301😀👨\u200dﷺ서울.한", max_size=60), st.text("제목 ›\t㎞", max_size=8))
def test_tokens_cover_what_is_seen_in_order(model: SpanModel, text: str, context: str) -> None:
    windows = model.read("질문?", [(context, text)])
    assert len(windows) == bool(text.strip(" \t\n\u200b\u00a0"))
    for window in windows:
        assert (window.starts < window.ends).all() and (np.diff(window.starts) >= 0).all() and window.ends.max() <= len(text)
        covered = {at for start, end in zip(window.starts, window.ends, strict=True) for at in range(start, end)}
        assert not any(text[at].isspace() for at in window.starts)
        assert all(at in covered for at, sign in enumerate(text) if sign.isalnum())


def test_long_passages_are_cut_into_overlapping_windows(model: SpanModel) -> None:
    words = [f"낱말{number}" for number in range(60)]
    text = " ".join(words)
    windows = model.read("질문?", [("제목", text)])
    assert len(windows) > 2
    held = [set(range(int(window.starts[0]), int(window.ends[-1]))) for window in windows]
    assert set().union(*held) == set(range(len(text)))
    for window, one, other in zip(windows, held, held[1:], strict=False):
        assert 0.2 < len(one & other) / len(one) < 0.5
        assert len(window.starts) < SIZE


def test_long_questions_and_contexts_leave_room_for_the_text(model: SpanModel) -> None:
    text = "한글은 26개의 문자"
    [window] = model.read("아주 긴 질문 " * 60, [("아주 긴 제목 › " * 60, text)])
    assert text[window.starts[window.start_logits.argmax()] : window.ends[window.end_logits.argmax()]] == "26개의"


def test_a_budget_reads_the_beginning_of_every_passage_first(model: SpanModel) -> None:
    long = " ".join(f"낱말{number}" for number in range(60))
    passages = [("", long), ("", "짧다."), ("", long)]
    assert [each.passage for each in model.read("질문?", passages, 2)] == [0, 1]
    kept = model.read("질문?", passages, 4)
    assert [(each.passage, each.starts[0] == 0) for each in kept] == [(0, True), (0, False), (1, True), (2, True)]
    assert model.read("질문?", [], 4) == model.read("질문?", [("제목", ""), ("", " \n\u200b")]) == []


# ---------------------------------------------------------------------------- decoding


def window(starts: list[float], ends: list[float], answerable: float = 0.0, passage: int = 0) -> Window:
    """Of tokens of one letter each."""
    at = np.arange(len(starts))
    return Window(passage, at, at + 1, np.array(starts, np.float32), np.array(ends, np.float32), answerable)


def test_no_span_goes_from_one_line_into_another() -> None:
    starts, ends = np.array([5.0, 0.0, 0.0, 0.0], np.float32), np.array([0.0, 1.0, 9.0, 0.0], np.float32)
    at = np.arange(4)
    one = Window(0, at, at + 1, starts, ends, 1.0)
    two = Window(0, at, at + 1, starts, ends, 1.0, np.array([1, 1, 2, 2]))
    assert (best_spans([one], 1)[0].start, best_spans([one], 1)[0].end) == (0, 3)
    inside = [(at, at + length) for at in range(4) for length in range(4) if log_probabilities(two)[at, length] > -np.inf]
    assert inside == [(0, 0), (0, 1), (1, 1), (2, 2), (2, 3), (3, 3)]
    assert np.isclose(np.exp(log_probabilities(two)).sum(), 1.0)


def test_probabilities_of_the_spans_allowed() -> None:
    found = np.exp(log_probabilities(window([0, math.log(2)], [0, math.log(3)])))
    assert found.shape == (2, LONGEST)
    weights = {(0, 0): 1, (0, 1): 3, (1, 0): 6}  # of the span that ends before it starts there is none
    for (start, length), weight in weights.items():
        assert found[start, length] == pytest.approx(weight / 10)
    assert found.sum() == pytest.approx(1)


def test_no_span_is_longer_than_allowed() -> None:
    far = window([9] + [0] * LONGEST, [0] * LONGEST + [9])
    assert np.isfinite(log_probabilities(far)).sum() == sum(min(LONGEST, LONGEST + 1 - at) for at in range(LONGEST + 1))
    assert all(each.end - each.start <= LONGEST for each in best_spans([far], 5))


def test_best_spans_do_not_overlap() -> None:
    found = best_spans([window([5, 4, 0, 3], [0, 5, 0, 3])], 3)
    assert [(each.start, each.end) for each in found] == [(0, 2), (3, 4), (2, 3)]
    assert found[0].log_probability > found[1].log_probability > found[2].log_probability
    assert len(best_spans([window([5, 4], [0, 5])], 3)) == 1
    assert best_spans([], 3) == []


def test_a_window_with_an_answer_comes_first() -> None:
    sure, other = window([9, 0], [9, 0], -4.0), window([1, 0], [1, 0], 4.0, passage=1)
    found = best_spans([sure, other], 4)
    assert (found[0].passage, found[0].start, found[0].end) == (1, 0, 1)
    assert found[0].score == pytest.approx(found[0].log_probability - math.log1p(math.exp(-4)))
    assert best_spans([window([0], [0], -1e4)], 1)[0].score == pytest.approx(-1e4)


def test_the_same_span_in_two_windows_counts_once() -> None:
    assert [(each.start, each.end, each.answerable) for each in best_spans([window([1], [1], 2.0), window([1], [1], 3.0)], 5)] == [
        (0, 1, 3.0)
    ]


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=12), st.data())
def test_parts_of_a_text_share_the_probability(logits: list[tuple[float, float]], data: st.DataObject) -> None:
    whole = window(*([*each] for each in zip(*logits, strict=True)))
    grid = log_probabilities(whole)
    cut = data.draw(st.integers(0, len(logits)))
    parts = [found for found in (best_within(whole, grid, 0, cut), best_within(whole, grid, cut, len(logits))) if found]
    assert len(parts) == 1 + (0 < cut < len(logits))
    assert sum(mass for _, mass in parts) == pytest.approx(1, abs=1e-4)
    best = max((span for span, _ in parts), key=lambda each: each.log_probability)
    assert best.log_probability == pytest.approx(best_spans([whole], 1)[0].log_probability)


# ----------------------------------------------------------------------------- opening


def copied(folders: tuple[Path, Path], root: Path) -> tuple[Path, Path]:
    import shutil

    for folder in folders:
        shutil.copytree(folder, root / folder.name)
    return root / "reader", root / "encoder"


def test_a_copy_reads_the_same(folders: tuple[Path, Path], model: SpanModel, tmp_path: Path) -> None:
    other = SpanModel(*copied(folders, tmp_path))
    assert other.fingerprint == model.fingerprint
    assert other.best_spans("몇?", "", "26개의 말") == model.best_spans("몇?", "", "26개의 말")


def test_what_is_missing_or_damaged_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model in .*nowhere"):
        SpanModel(tmp_path / "nowhere", folders[1])
    reader, encoder = copied(folders, tmp_path)
    (reader / MODEL_FILE).write_bytes((reader / MODEL_FILE).read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"model_qint8\.onnx is damaged"):
        SpanModel(reader, encoder)


def test_a_reader_of_another_trunk_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    reader, encoder = copied(folders, tmp_path)
    trunk = encoder / TRUNK_FILE
    trunk.write_bytes(trunk.read_bytes()[:-1] + b"\1")
    with pytest.raises(ModelError, match=r"trained on another encoder.*trunk\.safetensors has sha256 \w{12}…, not \w{12}…"):
        SpanModel(reader, encoder)
    trunk.unlink()
    with pytest.raises(ModelError, match=r"trunk\.safetensors cannot be read"):
        SpanModel(reader, encoder)
