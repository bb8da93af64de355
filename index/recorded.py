"""The encoder that an index was built with: opened again, or found to be another one by now."""

from __future__ import annotations

from pathlib import Path

from index.encoder import HASHES, SHIPPED, Encoder, OnnxEncoder, fingerprint_of, open_encoder
from index.engines import standing
from index.errors import ModelError
from index.manifest import EncoderEntry
from index.places import Place


def open_recorded(index_dir: Place) -> Encoder:
    """The encoder of that name as it is now; its fingerprint may have changed.

    Raises ModelError where it was a folder that is gone, or cannot be opened, IndexMissing, IndexFormat, IndexCorrupt.
    """
    name = standing(index_dir)[1].name
    if _is_gone(name):
        raise ModelError(
            f"{index_dir} was built by the model in {name}, which is not there any more. Put it back, search by words (--retriever "
            f"lexical), or embed the notes anew with the shipped model: rag index --index {index_dir} --encoder {OnnxEncoder.SHIPPED_NAME}"
        )
    return open_encoder(name)


def has_changed(encoder: EncoderEntry) -> bool:
    """Whether today's encoder of that name would give other vectors, or is gone.

    No model is opened for it, so that of one without `hashes.json`, such as the hub's, it is not known: False.
    """
    folder = SHIPPED if encoder.name == OnnxEncoder.SHIPPED_NAME else Path(encoder.name)
    if (folder / HASHES).is_file():
        return fingerprint_of(folder) != encoder.fingerprint
    return _is_gone(encoder.name)


def _is_gone(name: str) -> bool:
    """Names of the hub look like relative paths: only of an absolute one is it known."""
    return Path(name).is_absolute() and not Path(name).is_dir()
