"""Jupyter notebooks: text cells as they are, code fenced, short text outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from index.notes.blocks import fenced, stacked, without_data_uris
from index.notes.decode import decode
from index.notes.extract import Extract, Part, joined
from index.notes.guard import refuse_binary, wrong_format

_OUTPUT_CHARACTERS = 1_000
"""Longer outputs are logs and arrays; their beginning says what they are."""


def read_ipynb(path: Path) -> Extract:
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
    return joined(Part(_cell(cell, language), "cell", str(number)) for number, cell in enumerate(notebook.cells, 1))


def _cell(cell: Any, language: str) -> str:
    source = without_data_uris(str(cell.source))
    if cell.cell_type != "code":
        return source
    return stacked([fenced(source, language), *(fenced(_output(output)) for output in cell.get("outputs", []))])


def _output(output: Any) -> str:
    if output.output_type == "stream":
        text = output.text
    elif output.output_type == "error":
        text = f"{output.ename}: {output.evalue}"
    else:
        text = output.get("data", {}).get("text/plain", "")
    text = str(text).rstrip()
    return text if len(text) <= _OUTPUT_CHARACTERS else text[:_OUTPUT_CHARACTERS].rstrip() + " …"
