"""Trained models as files: the shipped form of the reader, and the plain folders, held to the int8 models. On tiny random models."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.encoder import MODEL_FILE, TRUNK_FILE, OnnxEncoder, open_session, verify_files
from index.errors import ModelError
from index.shipping import export_folder
from index.weights import parameters, thaw, write_hashes, write_plain
from rag.training.export import export_plain, export_reader, thaw_reader
from rag.training.stages import check_base
from tests.tiny_models import tiny_encoder, tiny_reader

QUESTION, PASSAGE = "역전파란?", "딥러닝\n역전파는 기울기를 구한다 학습률 BM25"
TEXTS = ["역전파는 기울기를 구한다", "딥러닝이란?", "BM25", "학습률 학습률 역전파"]

pytestmark = pytest.mark.slow

Logits = list[np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def encoder() -> Any:
    return tiny_encoder()


@pytest.fixture(scope="module")
def reader(encoder: Any) -> Any:
    return tiny_reader(encoder)


@pytest.fixture(scope="module")
def folders(encoder: Any, reader: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`encoder` and `reader` as they are shipped."""
    target = tmp_path_factory.mktemp("shipped")
    export_folder(encoder, target / "encoder")
    export_reader(reader, target / "reader", target / "encoder" / TRUNK_FILE, max_tokens=40)
    return target


@pytest.fixture(scope="module")
def plain(folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("plain")
    export_plain(folders / "encoder", folders / "reader", target)
    return target


def feed(folders: Path) -> dict[str, Any]:
    from tokenizers import Tokenizer

    ids = np.array([Tokenizer.from_file(str(folders / "encoder" / "tokenizer.json")).encode(QUESTION, PASSAGE).ids], np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def logits_of(model: Callable[..., Any], inputs: dict[str, Any]) -> Logits:
    import torch

    with torch.no_grad():
        return [value.numpy() for value in model(**{name: torch.from_numpy(value) for name, value in inputs.items()})]


def correlation(ours: Any, theirs: Any) -> float:
    return float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])


def best_span(start: Any, end: Any) -> tuple[int, int]:
    scores = np.triu(start[0][:, None] + end[0][None])
    first, last = np.unravel_index(np.where(np.triu(np.ones_like(scores)), scores, -np.inf).argmax(), scores.shape)
    return int(first), int(last)


# --------------------------------------------------------------------- the shipped form


def test_the_reader_runs_on_the_trunk_of_the_encoder(folders: Path, reader: Any) -> None:
    session = open_session(folders / "reader" / MODEL_FILE, folders / "encoder" / TRUNK_FILE)
    assert [each.name for each in session.get_inputs()] == ["input_ids", "attention_mask"]
    assert [each.name for each in session.get_outputs()] == ["start_logits", "end_logits", "answerable"]
    inputs = feed(folders)
    ours, theirs = session.run(None, inputs), logits_of(reader, inputs)
    tokens = inputs["input_ids"].shape[1]
    assert [(value.shape, str(value.dtype)) for value in ours] == [((1, tokens), "float32"), ((1, tokens), "float32"), ((1,), "float32")]
    assert best_span(*ours[:2]) == best_span(*theirs[:2])
    assert min(correlation(a, b) for a, b in zip(ours[:2], theirs[:2], strict=True)) > 0.99
    assert abs(float(ours[2][0] - theirs[2][0])) < 0.1


def test_the_mask_and_the_batch_are_heeded(folders: Path) -> None:
    """A padded row beside another gives nearly the logits it gives alone: activations are quantised over the batch."""
    session = open_session(folders / "reader" / MODEL_FILE, folders / "encoder" / TRUNK_FILE)
    inputs = feed(folders)
    short, size = inputs["input_ids"][:, :9], inputs["input_ids"].shape[1]
    both = np.concatenate([inputs["input_ids"], np.pad(short, ((0, 0), (0, size - 9)), constant_values=1)])
    mask = (np.arange(size) < np.array([[size], [9]])).astype(np.int64)
    together = session.run(None, {"input_ids": both, "attention_mask": mask})
    alone = session.run(None, {"input_ids": short, "attention_mask": np.ones_like(short)})
    assert correlation(together[0][1, :9], alone[0][0]) > 0.99
    assert abs(float(together[2][1] - alone[2][0])) < 0.1


def test_the_reader_folder(folders: Path) -> None:
    assert verify_files(folders / "reader")
    found = sorted(path.relative_to(folders / "reader").as_posix() for path in (folders / "reader").rglob("*") if path.is_file())
    assert found == ["config.json", "hashes.json", MODEL_FILE]
    config = json.loads((folders / "reader" / "config.json").read_text("utf-8"))
    expected = {"model_type": "bert", "hidden_size": 16, "num_hidden_layers": 7, "trunk_layers": 6, "max_tokens": 40}
    assert {name: config[name] for name in expected} == expected
    assert config["trunk_sha256"] == hashlib.sha256((folders / "encoder" / TRUNK_FILE).read_bytes()).hexdigest()


def test_the_trunk_is_not_in_the_reader(folders: Path) -> None:
    import onnx

    graph = onnx.load(str(folders / "reader" / MODEL_FILE), load_external_data=False).graph
    outside = {each.name: {entry.key: entry.value for entry in each.external_data} for each in graph.initializer if each.data_location}
    own = onnx.load(str(folders / "encoder" / MODEL_FILE), load_external_data=False).graph
    assert outside == {
        each.name: {entry.key: entry.value for entry in each.external_data} for each in own.initializer if each.data_location
    }
    assert len(outside) == 37
    assert not any(each.raw_data for each in graph.initializer if each.name in outside)
    int8 = {each.name for each in graph.initializer if each.data_type == onnx.TensorProto.INT8}
    assert all(name.startswith(("embeddings.word_embeddings.", "encoder.layer.")) for name in int8), "the heads are not quantised"


def test_a_reader_of_another_trunk_is_refused(folders: Path, reader: Any, tmp_path: Path) -> None:
    import torch

    changed = copy.deepcopy(reader)
    with torch.no_grad():
        changed.bert.encoder.layer[5].intermediate.dense.weight[3, 4] *= -1
    with pytest.raises(ModelError, match=r"not trained on the trunk in .*: 1 of its 37 matrices differ \(encoder\.layer\.5\.intermediate"):
        export_reader(changed, tmp_path / "reader", folders / "encoder" / TRUNK_FILE)
    assert not (tmp_path / "reader").exists()


# ------------------------------------------------------------------------------ thawing


def test_a_thawed_reader_is_the_one_that_was_exported(folders: Path, reader: Any, tmp_path: Path) -> None:
    trunk = folders / "encoder" / TRUNK_FILE
    thawed = thaw_reader(folders / "reader", trunk)
    for name in ("span.weight", "span.bias", "answerable.weight", "answerable.bias"):
        assert np.array_equal(thawed.state_dict()[name].numpy(), reader.state_dict()[name].numpy()), "the heads are not quantised"
    inputs = feed(folders)
    for a, b in zip(logits_of(thawed, inputs), logits_of(reader, inputs), strict=True):
        assert np.abs(a - b).max() < 0.1
    export_reader(thawed, tmp_path / "again", trunk, max_tokens=40)
    assert verify_files(tmp_path / "again") == verify_files(folders / "reader"), "the same bytes"


def test_the_trunk_of_a_thawed_encoder_serves_too(folders: Path, tmp_path: Path) -> None:
    """A reader trained from the shipped encoder rather than from the fp32 one."""
    export_reader(tiny_reader(thaw(folders / "encoder"), seed=5), tmp_path, folders / "encoder" / TRUNK_FILE)
    own, shipped = (parameters(folder / MODEL_FILE, folders / "encoder" / TRUNK_FILE) for folder in (tmp_path, folders / "encoder"))
    same = {name for name, value in shipped.items() if np.array_equal(value, own[name])}
    assert {name for name in shipped if name.startswith(("embeddings.", *(f"encoder.layer.{layer}." for layer in range(6))))} == same


def test_a_base_of_another_trunk_is_told_before_it_trains(folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.encoder.SHIPPED", folders / "encoder")
    export_folder(tiny_encoder(seed=5), tmp_path / "other")
    for name, place in (("own", folders / "encoder"), ("another", tmp_path / "other")):
        write_plain(place, tmp_path / name)
    check_base(tmp_path / "own")
    with pytest.raises(ModelError, match="was not trained on the trunk"):
        check_base(tmp_path / "another")


def test_a_reader_beside_another_encoder_is_not_thawed(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "trunk.safetensors").write_bytes((folders / "encoder" / TRUNK_FILE).read_bytes()[:-1] + b"\x05")
    with pytest.raises(ModelError, match="belongs to another encoder"):
        thaw_reader(folders / "reader", tmp_path / "trunk.safetensors")
    with pytest.raises(ModelError, match=r"no trunk\.safetensors in"):
        thaw_reader(folders / "reader", tmp_path / "none" / "trunk.safetensors")
    copied = Path(shutil.copytree(folders / "reader", tmp_path / "reader"))
    (copied / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"config\.json is damaged"):
        thaw_reader(copied, folders / "encoder" / TRUNK_FILE)
    write_hashes(copied)
    assert verify_files(copied)


# ------------------------------------------------------------------------ plain folders


def test_the_plain_encoder_loads(folders: Path, plain: Path, encoder: Any) -> None:
    from sentence_transformers import SentenceTransformer

    model, shipped = SentenceTransformer(str(plain / "encoder"), device="cpu"), OnnxEncoder(folders / "encoder")
    assert not (plain / "encoder" / "onnx").exists()
    for ours, theirs in (
        (model.encode_document(TEXTS), shipped.encode_passages(TEXTS)),
        (model.encode_query(TEXTS), shipped.encode_questions(TEXTS)),
        (model.encode_document(TEXTS), encoder.encode_document(TEXTS)),
    ):
        assert (ours * theirs).sum(axis=1).min() >= 0.99
    assert not np.allclose(model.encode_document(TEXTS), model.encode_query(TEXTS), atol=1e-3), "each with its prompt"


def test_the_plain_encoder_has_no_layer_of_its_own(plain: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is drawn at random on loading: twice the same parameters, and no report of missing ones."""
    from sentence_transformers import SentenceTransformer

    first, second = (SentenceTransformer(str(plain / "encoder"), device="cpu").state_dict() for _ in range(2))
    assert [name for name in first if not np.array_equal(first[name].numpy(), second[name].numpy())] == []
    assert "MISSING" not in capfd.readouterr().err


def test_the_plain_reader_loads(folders: Path, plain: Path, reader: Any) -> None:
    from safetensors.torch import load_file
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(plain / "reader")
    model = AutoModelForQuestionAnswering.from_pretrained(plain / "reader").eval()
    inputs = tokenizer(QUESTION, PASSAGE, return_tensors="pt")
    assert inputs["input_ids"].numpy().tolist() == feed(folders)["input_ids"].tolist()
    found = model(**inputs)
    ours = open_session(folders / "reader" / MODEL_FILE, folders / "encoder" / TRUNK_FILE).run(None, feed(folders))
    start, end = found.start_logits.detach().numpy(), found.end_logits.detach().numpy()
    assert best_span(start, end) == best_span(*ours[:2]) == best_span(*logits_of(reader, feed(folders))[:2])
    assert min(correlation(start, ours[0]), correlation(end, ours[1])) > 0.99
    head, first = load_file(plain / "reader" / "answerable.safetensors"), model.bert(**inputs).last_hidden_state[:, 0]
    assert abs(float((first @ head["weight"].T + head["bias"]).detach()[0, 0]) - float(ours[2][0])) < 0.1


def test_the_cards_say_what_the_folders_are(plain: Path) -> None:
    for name, words in (("encoder", "SentenceTransformer"), ("reader", "answerable.safetensors")):
        card = (plain / name / "README.md").read_text("utf-8")
        assert card.startswith("---\nlicense: mit\n")
        assert words in card and "multilingual-e5-small, (c) Microsoft, MIT" in card
