"""Words of Office XML elements, as both DOCX and PPTX need them."""

from __future__ import annotations

from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_TEXT = (f"{W}t", f"{A}t", f"{M}t")
_SIGNS = {f"{W}br": "\n", f"{W}cr": "\n", f"{A}br": "\n", f"{W}tab": "\t", f"{W}noBreakHyphen": "-"}
_SKIPPED = (f"{W}pPr", f"{A}pPr", f"{W}txbxContent", f"{W}moveFrom", f"{W}del", f"{MC}Fallback")


def text_of(paragraph: Any) -> str:
    """The words of one paragraph: runs, links, fields, accepted insertions and formulas, but not the text boxes anchored in it."""
    out: list[str] = []
    stack = [paragraph]
    while stack:
        element = stack.pop()
        if element.tag in _TEXT:
            out.append(element.text or "")
        elif element.tag in _SIGNS:
            out.append(_SIGNS[element.tag])
        elif element.tag not in _SKIPPED:
            stack.extend(reversed(element))
    return "".join(out).strip()
