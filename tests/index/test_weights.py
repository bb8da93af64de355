"""Freezing a model to int8 and thawing it: names, the shared trunk, and that nothing drifts. On a tiny model of random weights."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from index import weights
from index.encoder import HASHES, MODEL_FILE, SHIPPED, TRUNK_FILE, OnnxEncoder, open_session, verify_files
from index.errors import ModelError
from index.shipping import export_folder
from tests.tiny_models import LAYERS, PIECES, tiny_bert, tiny_encoder

TEXTS = ["역전파는 기울기를 구한다", "딥러닝이란?", "BM25", "학습률 학습률 역전파", "ABC 모르는 말"]
PARTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_encoder()


@pytest.fixture(scope="module")
def folder(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("tiny") / "encoder"
    export_folder(model, target)
    return target


def initialisers(file: Path) -> dict[str, Any]:
    import onnx

    return {each.name: each for each in onnx.load(str(file), load_external_data=False).graph.initializer}


def whole(folder: Path) -> dict[str, Any]:
    """Every initialiser as an array, the trunk's read from its file."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(folder / MODEL_FILE)).graph
    return {each.name: numpy_helper.to_array(each) for each in graph.initializer}


def parameters(model: Any) -> dict[str, Any]:
    """Of a `SentenceTransformer`, without the pooler: sentence-transformers adds one of random weights, and no one uses it."""
    return {name: value.numpy() for name, value in model[0].model.state_dict().items() if not name.startswith("pooler.")}


# ---------------------------------------------------------------------------- freezing


def test_the_model_given_stays_as_it_is(model: Any, folder: Path) -> None:
    import torch

    assert type(model[0].model.embeddings.word_embeddings) is torch.nn.Embedding
    fresh = tiny_bert().state_dict()
    assert parameters(model).keys() == fresh.keys()
    assert all(np.array_equal(value, fresh[name].numpy()) for name, value in parameters(model).items())


def test_int8_matrices_bear_the_names_of_the_parameters(model: Any, folder: Path) -> None:
    state = parameters(model)
    found = whole(folder)
    matrices = [f"encoder.layer.{layer}.{part}.weight" for layer in range(LAYERS) for part in PARTS]
    assert {name for name in found if name.endswith("_quantized")} == {f"{name}_quantized" for name in [*matrices, weights.WORDS]}
    for name in matrices:
        quantised, scale = found[f"{name}_quantized"], found[f"{name}_scale"]
        assert (str(quantised.dtype), quantised.shape, scale.shape) == ("int8", state[name].shape[::-1], (len(state[name]),))
        assert np.abs(quantised).max(axis=0).tolist() == [64] * len(scale), "7 bits"
        assert not found[f"{name}_zero_point"].any()
        assert (np.abs((quantised * scale).T - state[name]) <= scale[:, None] * 0.5001).all()
    words, scale = found[f"{weights.WORDS}_quantized"], found[f"{weights.WORDS}_scale"]
    assert (str(words.dtype), words.shape, scale.shape) == ("int8", (len(PIECES), 16), (len(PIECES), 1))
    assert np.abs(words).max(axis=1).tolist() == [127] * len(PIECES)
    assert (np.abs(words * scale - state[weights.WORDS]) <= scale * 0.5001).all()
    for name in state:
        if name.endswith(".bias") or "LayerNorm" in name:
            assert np.array_equal(found[name], state[name]), name


def test_layers_of_equal_weights_are_refused() -> None:
    from index.shipping import _token_vectors

    bert = tiny_bert()
    bert.encoder.layer[1].output.dense.load_state_dict(bert.encoder.layer[0].output.dense.state_dict())
    with pytest.raises(ModelError, match="does not hold each matrix of the model once"):
        weights.freeze(_token_vectors(bert), ["last_hidden_state"])


# --------------------------------------------------------------------------- the trunk


def test_the_trunk_lies_in_a_file_of_its_own(folder: Path) -> None:
    graph, trunk = initialisers(folder / MODEL_FILE), load_file(folder / TRUNK_FILE)
    lower = [f"encoder.layer.{layer}.{part}.weight_quantized" for layer in range(6) for part in PARTS]
    assert sorted(trunk) == sorted([*lower, f"{weights.WORDS}_quantized"])
    assert {name for name, each in graph.items() if each.data_location} == trunk.keys()
    raw = (folder / TRUNK_FILE).read_bytes()
    for name, tensor in trunk.items():
        place = {entry.key: entry.value for entry in graph[name].external_data}
        start = int(place["offset"])
        assert place["location"] == "trunk.safetensors"
        assert raw[start : start + int(place["length"])] == tensor.tobytes()
        assert not graph[name].raw_data and not graph[name].int32_data


def test_the_graph_runs_as_if_it_were_whole(folder: Path, tmp_path: Path) -> None:
    """Plain, with the trunk passed in memory, and with everything inside: the same bits."""
    import onnx
    import onnxruntime

    (tmp_path / "alone").mkdir()
    onnx.save(onnx.load(str(folder / MODEL_FILE)), str(tmp_path / "whole.onnx"))
    shutil.copy(folder / MODEL_FILE, tmp_path / "alone" / "model.onnx")
    ids = np.arange(4, 24, dtype=np.int64)[None]
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    sessions = [
        open_session(tmp_path / "whole.onnx"),
        open_session(tmp_path / "alone" / "model.onnx", folder / TRUNK_FILE),
        onnxruntime.InferenceSession(str(folder / MODEL_FILE)),
    ]
    first, *others = (session.run(None, feed)[0] for session in sessions)
    assert (first.shape, str(first.dtype)) == ((1, 20, 16), "float32")
    assert all(np.array_equal(first, other) for other in others)


def test_the_folder_is_listed_and_opens(model: Any, folder: Path) -> None:
    listed = json.loads((folder / HASHES).read_text("utf-8"))
    assert listed[TRUNK_FILE] == hashlib.sha256((folder / TRUNK_FILE).read_bytes()).hexdigest()
    assert sorted([*listed, HASHES]) == sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert "model.safetensors" not in listed
    assert cosines(OnnxEncoder(folder).encode_passages(TEXTS), model.encode_document(TEXTS)).min() >= 0.99


def cosines(ours: Any, theirs: Any) -> Any:
    return (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)


def test_another_trunk_is_refused(model: Any, folder: Path, tmp_path: Path) -> None:
    from index.shipping import _token_vectors

    graph = weights.freeze(_token_vectors(model[0].model), ["last_hidden_state"])
    trunk = load_file(folder / TRUNK_FILE)
    name = "encoder.layer.5.output.dense.weight_quantized"
    changed = trunk | {name: trunk[name] ^ (np.arange(trunk[name].size) == 7).reshape(trunk[name].shape).astype(np.int8)}
    (tmp_path / "changed").write_bytes(save(changed))
    (tmp_path / "fewer").write_bytes(save({each: value for each, value in trunk.items() if each != name}))
    (tmp_path / "more").write_bytes(save(trunk | {"more": trunk[name]}))
    for file, count in (("changed", 1), ("fewer", 1), ("more", 0)):
        with pytest.raises(ModelError, match=rf"not trained on the trunk in .*{file}: {count} of its 37 matrices differ.*lowest 6 layers"):
            weights.refer_to_trunk(copy.deepcopy(graph), tmp_path / file)
    weights.refer_to_trunk(graph, folder / TRUNK_FILE)
    assert graph.SerializeToString() == (folder / MODEL_FILE).read_bytes()


# ------------------------------------------------------------------------------ thawing


def test_a_thawed_encoder_is_the_one_that_was_frozen(model: Any, folder: Path) -> None:
    thawed = weights.thaw(folder)
    assert [type(part) for part in thawed] == [type(part) for part in model]
    assert (thawed.prompts, thawed.max_seq_length) == (model.prompts, 48)
    assert all(value.requires_grad for value in thawed[0].model.parameters())
    scales = {name.removesuffix("_scale"): scale for name, scale in whole(folder).items() if name.endswith("_scale")}
    assert thawed[0].model.state_dict().keys() == parameters(model).keys()
    for name, value in parameters(model).items():
        bound = scales[name].reshape(-1, 1) * 0.5001 if name in scales else 0
        assert (np.abs(thawed[0].model.state_dict()[name].numpy() - value) <= bound).all(), name
    assert np.array_equal(thawed[2].linear.weight.detach().numpy(), model[2].linear.weight.detach().numpy())
    assert cosines(thawed.encode_query(TEXTS), OnnxEncoder(folder).encode_questions(TEXTS)).min() >= 0.99


def test_frozen_again_it_has_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    export_folder(weights.thaw(folder), tmp_path / "again")
    first, again = whole(folder), whole(tmp_path / "again")
    assert [name for name in first if not np.array_equal(first[name], again[name])] == []
    assert (tmp_path / "again" / TRUNK_FILE).read_bytes() == (folder / TRUNK_FILE).read_bytes()
    assert (tmp_path / "again" / MODEL_FILE).read_bytes() == (folder / MODEL_FILE).read_bytes()


def test_the_shipped_encoder_thaws() -> None:
    """Its int8 numbers come back from its thawed weights."""
    import torch

    found = weights.parameters(SHIPPED / MODEL_FILE, SHIPPED / TRUNK_FILE)
    shipped = whole(SHIPPED)
    assert {name: value.shape for name, value in found.items()} == {
        name: tuple(value.shape) for name, value in weights.thaw(SHIPPED)[0].model.state_dict().items()
    }
    rows = weights._row_int8(torch.from_numpy(found[weights.WORDS]))
    assert np.array_equal(rows.weight_quantized.numpy(), shipped[f"{weights.WORDS}_quantized"])
    assert np.array_equal(rows.weight_scale.numpy(), shipped[f"{weights.WORDS}_scale"])
    for name in (f"encoder.layer.{layer}.{part}.weight" for layer in range(12) for part in PARTS):
        scale = np.abs(found[name]).max(axis=1) / np.float32(64)
        assert np.array_equal(scale, shipped[f"{name}_scale"])
        assert np.array_equal(np.rint(found[name] / scale[:, None]).T, shipped[f"{name}_quantized"])


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copied"))


def test_a_damaged_folder_is_not_thawed(copied: Path) -> None:
    raw = (copied / TRUNK_FILE).read_bytes()
    (copied / TRUNK_FILE).write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"trunk\.safetensors is damaged"):
        weights.thaw(copied)
    (copied / TRUNK_FILE).unlink()
    with pytest.raises(ModelError, match=r"trunk\.safetensors cannot be read"):
        weights.thaw(copied)
    weights.write_hashes(copied)
    assert verify_files(copied)
    with pytest.raises(ModelError, match=r"no trunk\.safetensors in .*reinstall the package, or export"):
        weights.thaw(copied)


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_what_is_missing_is_named(package: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for call in (lambda: weights.thaw(folder), lambda: weights.freeze(tiny_bert(), ["last_hidden_state"])):
        with pytest.raises(ModelError, match=rf"{package} is not installed; .*pip install '\.\[export\]'"):
            call()
