"""Question and passage encoders in one vector space.

`open_encoder()` gives the shipped model on the fast path (onnxruntime and tokenizers, no torch); `open_encoder(name)` gives any
sentence-transformers model by folder or hub name, with that model's own prompts.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.types import Progress

Vectors = NDArray[np.float32]

SHIPPED = Path(__file__).parent / "models" / "encoder"
HASHES = "hashes.json"
MODEL_FILE = "onnx/model_qint8.onnx"
TRUNK_FILE = "onnx/trunk.safetensors"
"""The int8 weights that the encoder shares with the reader: the word table and the matrices of the lowest layers."""
TRUNK_LAYERS = 6


class Encoder(Protocol):
    """Maps texts to unit vectors; `fingerprint` changes whenever the vectors would."""

    name: str
    fingerprint: str
    dim: int
    max_tokens: int

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as the model would see it, special tokens left out."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """float32 `(len(texts), dim)`, rows of unit length."""
        ...

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """float32 `(len(texts), dim)`, rows of unit length, in the order given."""
        ...


def open_encoder(name: str | None = None) -> Encoder:
    """The shipped encoder, an exported folder like it, or any sentence-transformers model by folder or hub name.

    Raises ModelError when the model is missing or its files are not those its hashes name.
    """
    if name is None or name == OnnxEncoder.SHIPPED_NAME:
        return OnnxEncoder(SHIPPED)
    if (Path(name) / MODEL_FILE).exists():
        return OnnxEncoder(Path(name))
    return SentenceTransformersEncoder(name)


def verify_files(folder: Path) -> str:
    """Checks every file of a model folder against its `hashes.json`; returns the fingerprint of the whole."""
    listing = folder / HASHES
    if not listing.exists():
        raise ModelError(f"no model in {folder} (no {HASHES}); reinstall the package, or choose another with --encoder NAME")
    try:
        hashes: dict[str, str] = json.loads(listing.read_bytes())
    except ValueError as error:
        raise ModelError(f"model file {listing} is damaged ({error}); reinstall the package") from error
    for file, expected in hashes.items():
        try:
            found = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"model file {folder / file} cannot be read ({error.strerror}); reinstall the package") from error
        if found != expected:
            raise ModelError(f"model file {folder / file} is damaged: sha256 {found[:12]}…, not {expected[:12]}…; reinstall the package")
    return fingerprint_of(folder)


def fingerprint_of(folder: Path) -> str:
    """The fingerprint of a model folder, whose listing of hashes speaks for all its files."""
    return hashlib.sha256((folder / HASHES).read_bytes()).hexdigest()[:16]


def open_session(file: Path, trunk: Path | None = None) -> Any:
    """An `onnxruntime.InferenceSession` of one thread; `trunk` where the graph's shared weights lie elsewhere than beside it."""
    import onnxruntime
    from safetensors.numpy import load_file

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # texts run side by side instead: 1.8 times the throughput of two threads within one text
    options.log_severity_level = 3
    if trunk is not None:
        tensors = load_file(trunk)
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(tensor) for tensor in tensors.values()]
        options.add_external_initializers(list(tensors), values)
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


class OnnxEncoder:
    """A sentence-transformers folder with `onnx/`, run by onnxruntime: mean pooling, a dense layer, unit length, the folder's prompts.

    Texts are encoded one at a time and in parallel: nothing is padded, and, since activations are quantised per run, a text's
    vector never depends on its neighbours.
    """

    SHIPPED_NAME = "multilingual-e5-small-ko-en"

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self.fingerprint = verify_files(folder)
        self.name = self.SHIPPED_NAME if folder == SHIPPED else str(folder)
        config = json.loads((folder / "config.json").read_text("utf-8"))
        prompts = json.loads((folder / "config_sentence_transformers.json").read_text("utf-8"))["prompts"]
        self._question_prompt, self._passage_prompt = str(prompts["query"]), str(prompts["document"])
        self.dim = int(config["hidden_size"])
        self.max_tokens = int(config["max_position_embeddings"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens)
        self._session = open_session(folder / MODEL_FILE)
        self._project = _projection(folder)
        self._workers = os.cpu_count() or 1

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._question_prompt + text for text in texts], None)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._encode([self._passage_prompt + text for text in texts], progress)

    def _encode(self, texts: Sequence[str], progress: Progress | None) -> Vectors:
        vectors = np.empty((len(texts), self.dim), np.float32)
        with ThreadPoolExecutor(self._workers) as pool:
            run = pool.map if len(texts) > 1 else map
            for row, vector in enumerate(run(self._vector, texts)):
                vectors[row] = vector
                if progress:
                    progress("encode", row + 1, len(texts))
        return vectors

    def _vector(self, text: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(text).ids], np.int64)
        (hidden,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        vector: Vectors = self._project @ hidden[0].mean(axis=0, dtype=np.float32)
        return vector / np.float32(np.linalg.norm(vector))


def _projection(folder: Path) -> Vectors:
    """The weights `(dim, dim)` of the dense layer between pooling and normalisation."""
    from safetensors.numpy import load_file

    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    (path,) = (module["path"] for module in modules if module["type"].endswith("Dense"))
    weights: Vectors = load_file(folder / path / "model.safetensors")["linear.weight"]
    return weights


class SentenceTransformersEncoder:
    """Any sentence-transformers model by folder or hub name, with its own prompts, on the CPU or a GPU as torch finds."""

    def __init__(self, name: str, model: Any = None) -> None:
        """`model` is a `SentenceTransformer` that is open already; without it the one of that name is opened."""
        self._model = open_model(name) if model is None else model
        self.name = name
        self.dim = int(self._model.get_embedding_dimension() or 0)
        self.max_tokens = int(self._model.max_seq_length or 512)
        probe = self._model.encode_document(["fingerprint"], normalize_embeddings=True).round(3)
        self.fingerprint = hashlib.sha256(name.encode() + probe.tobytes()).hexdigest()[:16]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        # verbose=False: a text longer than the model reads is no reason for a warning here
        ids = self._model.tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"] if texts else []
        return [len(row) for row in ids]

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        vectors = np.asarray(self._model.encode_query(list(texts), normalize_embeddings=True), np.float32)
        return vectors.reshape(len(texts), self.dim)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        vectors = np.empty((len(texts), self.dim), np.float32)
        tokens = self.count_tokens(texts)
        order = sorted(range(len(texts)), key=tokens.__getitem__)  # like lengths together: little padding
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            vectors[rows] = self._model.encode_document([texts[row] for row in rows], normalize_embeddings=True)
            if progress:
                progress("encode", start + len(rows), len(texts))
        return vectors


def open_model(name: str) -> Any:
    """A `SentenceTransformer` by folder or hub name; ModelError where there is none to be had."""
    try:
        from sentence_transformers import SentenceTransformer

        # Of a folder from anywhere, numbers alone are read: no code that it brings, no pickle.
        return SentenceTransformer(name, trust_remote_code=False, model_kwargs={"use_safetensors": True})
    except (OSError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"model {name!r} cannot be opened: {reason}; give a folder, or a hub name where the hub can be reached") from error
