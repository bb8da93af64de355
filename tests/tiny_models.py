"""An encoder and a reader of seven narrow layers with random weights: all that the shipped ones have, in kilobytes."""

from __future__ import annotations

import copy
import tempfile
from typing import Any

from index.shipping import PROMPTS, build_tokenizer

WORDS = ("역전파", "는", "기울기", "를", "구한다", "학습률", "query", ":", "passage", "딥", "러닝", "이란", "?", "BM25")
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *(f"▁{word}" for word in WORDS), *WORDS]
LAYERS, HIDDEN, POSITIONS = 7, 16, 48


def tiny_bert(seed: int = 0) -> Any:
    """A `BertModel` whose every parameter is random: biases too, else a swapped one would not be noticed."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(PIECES),
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=POSITIONS,
        pad_token_id=1,
    )
    bert = BertModel(config, add_pooling_layer=False)
    for name, value in bert.named_parameters():
        value.data = torch.randn_like(value) * 0.2 + (1.0 if name.endswith("LayerNorm.weight") else 0.0)
    return bert.eval()


def tiny_encoder(seed: int = 0) -> Any:
    """A `SentenceTransformer` as the shipped one: mean pooling, a dense layer, unit length, E5's prompts."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers import models as modules
    from transformers import PreTrainedTokenizerFast

    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    tokenizer = build_tokenizer(PIECES, [-1.0 - 0.01 * at for at in range(len(PIECES))])
    bert = tiny_bert(seed)
    dense = modules.Dense(HIDDEN, HIDDEN, bias=False, activation_function=torch.nn.Identity())
    with tempfile.TemporaryDirectory() as folder:
        bert.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=POSITIONS, **special).save_pretrained(folder)
        word = modules.Transformer(folder, max_seq_length=POSITIONS)
    parts = [word, modules.Pooling(HIDDEN, "mean"), dense, modules.Normalize()]
    return SentenceTransformer(modules=parts, prompts=PROMPTS, device="cpu")


def tiny_reader(encoder: Any, seed: int = 1) -> Any:
    """A `ReaderModel` whose trunk is the encoder's and whose layers above are not."""
    import torch

    from rag.training.model import ReaderModel

    bert = copy.deepcopy(encoder[0].model)
    other = tiny_bert(seed)
    bert.encoder.layer[6:].load_state_dict(other.encoder.layer[6:].state_dict())
    torch.manual_seed(seed)
    return ReaderModel(bert).eval()
