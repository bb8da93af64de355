"""The int8 form of a model: `freeze` makes an ONNX graph of a torch model, `thaw` a trainable fp32 model of an encoder folder.

An initialiser bears the name of the `BertModel` parameter it holds. Of a quantised matrix `X.weight` there are `X.weight_quantized`
(int8; linear layers `(in, out)`, the word table `(pieces, hidden)`), `X.weight_scale` (float32, one for each output or piece) and
`X.weight_zero_point` (zeros; linear layers only). The encoder and the reader share the trunk, that is the word table and the matrices
of the lowest layers: both graphs refer to one `trunk.safetensors`, by ONNX external data. Freezing what was thawed gives the same bytes.
"""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder import HASHES, MODEL_FILE, TRUNK_FILE, TRUNK_LAYERS, verify_files
from index.errors import ModelError
from index.files import NEW, save

Floats = NDArray[np.float32]
Int8 = NDArray[np.int8]

WORDS = "embeddings.word_embeddings.weight"
QUANTIZED, SCALE, TRANSPOSED = "_quantized", "_scale", "_transposed"
OPTIONS = "sentence_bert_config.json"
EXAMPLE_PIECE = 4
"""Any piece that is no special one: what the graph is traced with."""


def needs_export_extra() -> Any:
    """The `onnx` package; ModelError where it, or what torch's exporter needs, is not installed."""
    try:
        import onnx
        import onnxscript  # noqa: F401  imported by torch.onnx
    except ImportError as error:
        raise ModelError(f"{error.name} is not installed; writing or training a model needs it: pip install '.[export]'") from error
    return onnx


# ------------------------------------------------------------------------------ freezing


def freeze(model: Any, outputs: Sequence[str]) -> Any:
    """The int8 `onnx.ModelProto` of a torch module that has `.bert`, a `BertModel`, and `forward(input_ids, attention_mask)`.

    The layers' matrices are quantised per channel, to 7 bits (`reduce_range`: without VNNI the 8-bit sums saturate), activations
    dynamically; the word table keeps one scale a piece; heads beside `.bert` stay fp32. The model given is left as it is.
    """
    needs_export_extra()
    import torch

    model = copy.deepcopy(model).to("cpu", torch.float32).eval()
    model.bert.pooler = None
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    model.bert.set_attn_implementation("eager")
    model.bert.embeddings.word_embeddings = _row_int8(model.bert.embeddings.word_embeddings.weight.detach())
    graph = _quantised(_traced(model, outputs), state)
    _check_names(graph, state)
    return graph


def _row_int8(weight: Any) -> Any:
    """An embedding layer with int8 rows, each with its own scale."""
    import torch

    class RowInt8(torch.nn.Module):
        weight_quantized: torch.Tensor
        weight_scale: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            scale = weight.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127
            self.register_buffer("weight_scale", scale)
            self.register_buffer("weight_quantized", torch.round(weight / scale).to(torch.int8))

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            embed = torch.nn.functional.embedding
            return embed(ids, self.weight_quantized).float() * embed(ids, self.weight_scale)

    return RowInt8()


def _traced(model: Any, outputs: Sequence[str]) -> Any:
    """The fp32 graph: `input_ids, attention_mask (batch, tokens) int64` to the outputs."""
    import torch

    names = ["input_ids", "attention_mask"]
    shape = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens")}
    example = torch.full((2, 11), EXAMPLE_PIECE, dtype=torch.int64)
    with torch.no_grad():
        program = torch.onnx.export(
            model,
            (example, torch.ones_like(example)),
            dynamo=True,
            verbose=False,
            opset_version=18,
            input_names=names,
            output_names=list(outputs),
            dynamic_shapes=dict.fromkeys(names, shape),
        )
    assert program is not None
    return program.model_proto


def _quantised(full: Any, state: Mapping[str, Floats]) -> Any:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    rename(full, _parameters(full, state))
    del full.graph.value_info[:]  # some shapes no longer hold once the quantiser has made a product and a sum of each Gemm
    heads = [node for node in full.graph.node if node.input[1:] and node.input[1].endswith(TRANSPOSED)]
    spared = [node.name + ("_MatMul" if node.op_type == "Gemm" else "") for node in heads]
    settings = {"per_channel": True, "reduce_range": True, "weight_type": QuantType.QInt8, "nodes_to_exclude": spared}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "model.onnx")
        quantize_dynamic(full, file, op_types_to_quantize=["MatMul"], **settings)
        small = onnx.load(str(file))
    for part in (small, small.graph, *small.graph.node, *small.graph.initializer):
        del part.metadata_props[:]  # the exporter's stack traces: more than a megabyte
    del small.graph.value_info[:]
    return small


def _parameters(full: Any, state: Mapping[str, Floats]) -> dict[str, str]:
    """The parameter that each initialiser holds. The exporter gives a transposed weight a new name, so it is found by its value.

    The weight of a Gemm is called transposed because the quantiser is going to transpose it.
    """
    from onnx import numpy_helper

    gemms = {node.input[1] for node in full.graph.node if node.op_type == "Gemm"}
    transposed = {(value.shape[::-1], value.T.tobytes()): name for name, value in state.items() if value.ndim == 2}
    found = {}
    for each in full.graph.initializer:
        name = transposed.get((tuple(each.dims), numpy_helper.to_array(each).tobytes()))
        if each.name not in state and name is not None:
            found[each.name] = name.removeprefix("bert.") if name.startswith("bert.") else name + TRANSPOSED
        else:
            found[each.name] = each.name.removeprefix("bert.") + (TRANSPOSED if each.name in gemms else "")
    return found


def _check_names(graph: Any, state: Mapping[str, Floats]) -> None:
    """ModelError unless exactly the layers' matrices and the word table were quantised, each under its own name."""
    matrices = [name.removeprefix("bert.") for name, value in state.items() if name.startswith("bert.encoder.") and value.ndim == 2]
    expected = sorted(name + QUANTIZED for name in (WORDS, *matrices))
    found = sorted(each.name for each in graph.graph.initializer if each.name.endswith(QUANTIZED))
    if found != expected:
        differing = ", ".join(sorted(set(found) ^ set(expected))[:4]) or "two layers hold the same weights"
        raise ModelError(f"the exported graph does not hold each matrix of the model once: {differing}")


def rename(graph: Any, names: Mapping[str, str]) -> None:
    """Gives the initialisers of an `onnx.ModelProto` other names, in its nodes too."""
    for each in graph.graph.initializer:
        each.name = names.get(each.name, each.name)
    for node in graph.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]


# ----------------------------------------------------------------------------- the trunk


def _in_trunk(name: str) -> bool:
    if not name.endswith(QUANTIZED):
        return False
    return name.startswith(WORDS) or int(name.split(".")[2]) < TRUNK_LAYERS


def write_trunk(graph: Any, file: Path) -> None:
    """Writes the trunk's int8 tensors as safetensors, under the names they have in the graph."""
    from safetensors.numpy import save as serialised

    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(serialised(_trunk(graph)))


def _trunk(graph: Any) -> dict[str, Int8]:
    from onnx import numpy_helper

    return {each.name: numpy_helper.to_array(each) for each in graph.graph.initializer if _in_trunk(each.name)}


def refer_to_trunk(graph: Any, file: Path) -> None:
    """Has the graph read its trunk from a file that `write_trunk` wrote; ModelError unless the graph's own is the same, bit for bit."""
    import onnx
    from safetensors.numpy import load_file

    shared, own = load_file(file), _trunk(graph)
    differing = [name for name, value in own.items() if name not in shared or not np.array_equal(shared[name], value)]
    if differing or len(shared) != len(own):
        raise ModelError(
            f"the model was not trained on the trunk in {file}: {len(differing)} of its {len(own)} matrices differ"
            f" ({', '.join(differing[:2])}), the file holds {len(shared)}; train it from that encoder with its lowest"
            f" {TRUNK_LAYERS} layers and embeddings frozen"
        )
    places = _places(file)
    for each in graph.graph.initializer:
        if each.name in own:
            each.ClearField("raw_data")
            each.ClearField("int32_data")
            each.data_location = onnx.TensorProto.EXTERNAL
            start, end = places[each.name]
            for key, value in (("location", file.name), ("offset", str(start)), ("length", str(end - start))):
                each.external_data.add(key=key, value=value)


def _places(file: Path) -> dict[str, tuple[int, int]]:
    """Where the bytes of each tensor of a safetensors file begin and end: after 8 bytes of length and the JSON header."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(length))
    offsets = {name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"}
    return {name: (8 + length + start, 8 + length + end) for name, (start, end) in offsets.items()}


def write_hashes(folder: Path) -> None:
    """Lists the sha256 of every file of a model folder in its `hashes.json`, but for what a run that was cut short left unfinished."""
    hashes = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != HASHES and path.suffix != NEW
    }
    save(folder / HASHES, (json.dumps(hashes, indent=1) + "\n").encode())


# ------------------------------------------------------------------------------- thawing


def thaw(folder: Path) -> Any:
    """An exported encoder folder as a trainable fp32 `SentenceTransformer` on the CPU, its tokenizer, prompts and dense layer included."""
    from sentence_transformers import SentenceTransformer

    with tempfile.TemporaryDirectory() as plain:
        write_plain(folder, Path(plain))
        return SentenceTransformer(plain, device="cpu", local_files_only=True)


def write_plain(folder: Path, target: Path) -> None:
    """Writes an exported encoder folder as a plain sentence-transformers folder with fp32 weights; ModelError when it is damaged."""
    from safetensors.numpy import save as serialised

    verify_files(folder)
    found = parameters(folder / MODEL_FILE, folder / TRUNK_FILE)
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("onnx", HASHES), dirs_exist_ok=True)
    (target / "model.safetensors").write_bytes(serialised(found, {"format": "pt"}))
    options = json.loads((target / OPTIONS).read_text("utf-8"))
    options["model_kwargs"] = {"add_pooling_layer": False}  # else an unused layer of random weights is added, with a warning
    (target / OPTIONS).write_text(json.dumps(options, indent=2) + "\n", "utf-8")


def parameters(file: Path, trunk: Path) -> dict[str, Floats]:
    """The fp32 parameters in a graph that `freeze` made, those of the `BertModel` without a prefix, each as torch holds it.

    A matrix is its int8 values times their scales: within half a scale of what was frozen, and frozen again it gives the same bytes,
    since the largest value of a channel is 64 scales exactly, and that of a piece is the float nearest to 127 scales.
    """
    onnx = needs_export_extra()
    from onnx import numpy_helper
    from safetensors.numpy import load_file

    if not trunk.exists():
        raise ModelError(f"no {trunk.name} in {trunk.parent}, which {file} needs; reinstall the package, or export the encoder again")
    graph = onnx.load(str(file), load_external_data=False).graph
    inside = [each for each in graph.initializer if each.data_location != onnx.TensorProto.EXTERNAL]
    tensors = {each.name: numpy_helper.to_array(each) for each in inside} | load_file(trunk)
    found = {name: value for name, value in tensors.items() if name.endswith((".weight", ".bias"))}
    found |= {name.removesuffix(TRANSPOSED): _transposed(value) for name, value in tensors.items() if name.endswith(TRANSPOSED)}
    for name in (name.removesuffix(QUANTIZED) for name in tensors if name.endswith(QUANTIZED)):
        scaled = tensors[name + QUANTIZED] * tensors[name + SCALE]
        found[name] = scaled if name == WORDS else _transposed(scaled)
    return found


def _transposed(value: Floats) -> Floats:
    return np.ascontiguousarray(value.T)
