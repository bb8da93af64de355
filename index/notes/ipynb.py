"""Jupyter notebooks: text cells as they are, code fenced, short text outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from index.notes.blocks import fenced, stacked, without_data_uris
from index.notes.decode import decode
from index.notes.extract import Extract, Part, joined
from index.notes.guard import refuse_binary, wrong_format
from index.notes.pictures import Pictures, from_uri

_PICTURES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_OUTPUT_CHARACTERS = 1_000
"""Longer outputs are logs and arrays; their beginning says what they are."""


def read_ipynb(path: Path, pictures: Pictures) -> Extract:
    """One part per cell, numbered from 1."""
    import nbformat

    data = path.read_bytes()
    refuse_binary(data, "IPYNB")
    try:
        notebook = nbformat.reads(decode(data), as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise wrong_format("IPYNB", "text that is no notebook") from error
    metadata = notebook.metadata
    language = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language") or ""
    cells = (Part(_cell(cell, language, pictures), "cell", str(number)) for number, cell in enumerate(notebook.cells, 1))
    parts = [part for cell in cells for part in pictures.placed(cell)]
    return joined(parts, warnings=pictures.warnings())


def _cell(cell: Any, language: str, pictures: Pictures) -> str:
    source = without_data_uris(str(cell.source))
    if cell.cell_type != "code":
        attached = (bundle for _, bundle in sorted(dict(cell.get("attachments", {})).items()))
        return stacked([source, *(_picture(bundle, pictures) for bundle in attached)])
    outputs = cell.get("outputs", [])
    shown = (_picture(output.get("data", {}), pictures) for output in outputs)
    return stacked([fenced(source, language), *(fenced(_output(output)) for output in outputs), *shown])


def _picture(bundle: Any, pictures: Pictures) -> str:
    """The picture among what an output or an attachment offers, if there is one."""
    found = next((kind for kind in _PICTURES if kind in bundle), "")
    return pictures.token(from_uri(f"data:{found};base64,{bundle[found]}")) if found else ""


def _output(output: Any) -> str:
    if output.output_type == "stream":
        text = output.text
    elif output.output_type == "error":
        text = f"{output.ename}: {output.evalue}"
    else:
        text = output.get("data", {}).get("text/plain", "")
    text = str(text).rstrip()
    return text if len(text) <= _OUTPUT_CHARACTERS else text[:_OUTPUT_CHARACTERS].rstrip() + " …"
