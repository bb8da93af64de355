"""Web pages: what stands in the page's own text, without the site around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING

from index.notes.blocks import fenced, heading, is_item, item, plain, stacked, table, without_data_uris
from index.notes.decode import damage, decode_page
from index.notes.extract import Extract, Part, joined
from index.notes.guard import refuse_binary
from index.notes.links import file_bytes
from index.notes.pictures import Pictures, from_uri

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "footer",
        "svg",
        "canvas",
        "iframe",
        "object",
        "button",
        "select",
        "input",
        "textarea",
    )
)
_ANCHORS = frozenset(("headerlink", "anchor", "anchor-link"))
_TEX = "annotation[encoding='application/x-tex']"
_BLOCK_SELECTOR = (
    "address, article, aside, blockquote, body, center, dd, details, div, dl, dt, fieldset, figcaption, figure, footer, form, "
    "h1, h2, h3, h4, h5, h6, header, hr, li, main, menu, ol, p, pre, section, summary, table, tbody, td, tfoot, th, thead, tr, ul"
)
_BLOCKS = frozenset(_BLOCK_SELECTOR.split(", "))
_LISTS = ("ul", "ol", "menu")
_LAYOUT = "table, h1, h2, h3, h4, h5, h6, ul, ol, pre"
_DEEPEST = 150
"""Blocks nested deeper than this are read as one paragraph: nobody writes them, and Python's stack is finite."""


def read_html(path: Path, pictures: Pictures) -> Extract:
    """Headings, paragraphs, lists, tables and code of the page; navigation, headers, footers and scripts are left out."""
    from selectolax.lexbor import LexborHTMLParser

    data = path.read_bytes()
    refuse_binary(data, "HTML")
    source = decode_page(data)
    tree = LexborHTMLParser(source)
    title = tree.css_first("title")
    _drop_frames(tree)
    _number(tree, path.parent, pictures)
    blocks = _blocks(tree.body) if tree.body else []
    named = None if tree.css_first("h1") or title is None else title.text()
    parts = list(pictures.placed(Part(without_data_uris(stacked(blocks)))))
    return joined(parts, title=named, warnings=[*damage(source), *pictures.warnings()])


def _drop_frames(tree: LexborHTMLParser) -> None:
    """Takes out headers and asides that do not belong to an article, except the one that holds the page's only title.

    One at a time, and asked anew each time: with a node its descendants are freed, which an earlier answer may hold.
    """
    only_title = len(tree.css("h1")) == 1
    while True:
        frames = (node for node in tree.css("header, aside") if not _inside_article(node) and not (only_title and node.css_first("h1")))
        frame = next(frames, None)
        if frame is None:
            return
        frame.decompose()


def _number(tree: LexborHTMLParser, folder: Path, pictures: Pictures) -> None:
    """Writes into the description of each picture what stands for it in the text."""
    for image in tree.css("img"):
        source = image.attributes.get("src") or ""
        data = from_uri(source) or file_bytes(pictures.root, folder, source)
        image.attrs["alt"] = pictures.token(data, image.attributes.get("alt") or "")


def _inside_article(node: LexborNode) -> bool:
    parent = node.parent
    while parent is not None and parent.tag not in ("article", "main"):
        parent = parent.parent
    return parent is not None


def _children(node: LexborNode) -> Iterator[LexborNode]:
    """The children that a reader of the page would see."""
    child = node.child
    while child is not None:
        if child.is_text_node or (child.is_element_node and not _is_dropped(child)):
            yield child
        child = child.next


def _is_dropped(node: LexborNode) -> bool:
    attributes = node.attributes
    if node.tag in _DROPPED or "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    return node.tag == "a" and not _ANCHORS.isdisjoint((attributes.get("class") or "").split())


def _blocks(node: LexborNode, depth: int = 0) -> list[str]:
    """The block texts under `node`."""
    if depth > _DEEPEST:
        return [_collapsed(_inline(node))]
    out: list[str] = []
    line: list[str] = []
    for child in _children(node):
        if child.is_text_node:
            line.append(child.text_content or "")
        elif child.tag in _BLOCKS or child.css_first(_BLOCK_SELECTOR) is not None:
            out.append(plain(_collapsed("".join(line))))
            line.clear()
            out.extend(_block(child, depth + 1))
        else:
            line.append(_inline(child))
    out.append(plain(_collapsed("".join(line))))
    return [block for block in out if block]


def _block(node: LexborNode, depth: int) -> list[str]:
    tag = node.tag or ""
    if re.fullmatch("h[1-6]", tag):
        return [heading(_inline(node), int(tag[1]))]
    if tag in _LISTS:
        return _list(node, depth)
    if tag == "dd":
        return [item(stacked(_blocks(node, depth)))]
    if tag == "pre":
        return [fenced(node.text(), _language(node))]
    if tag == "table":
        return _table(node, depth)
    return _blocks(node, depth)


def _list(node: LexborNode, depth: int) -> list[str]:
    out: list[str] = []
    number = 0
    for child in _children(node):
        if child.tag in _LISTS:  # a list directly in a list: not allowed, often written
            out.extend(_list(child, depth + 1))
        elif child.is_element_node:
            number += 1
            out.extend(_list_item(child, f"{number}." if node.tag == "ol" else "-", depth + 1))
    return out


def _list_item(node: LexborNode, sign: str, depth: int) -> list[str]:
    """The item's first paragraph after its sign; whatever else it holds is indented under it."""
    blocks = _blocks(node, depth)
    if not blocks or is_item(blocks[0]):
        return blocks
    return [item(blocks[0], sign=sign), *(indent(block, " " * (len(sign) + 1)) for block in blocks[1:])]


def _table(node: LexborNode, depth: int) -> list[str]:
    """A data table as Markdown; a table that arranges the page as the blocks in its cells."""
    if any(cell.css_first(_LAYOUT) is not None for cell in node.css("td, th")):
        return _blocks(node, depth)
    caption = node.css_first("caption")
    rows = [[text for cell in _children(row) if cell.tag in ("td", "th") for text in _cell(cell)] for row in node.css("tr")]
    return [*([_collapsed(_inline(caption))] if caption else []), table(rows)]


def _cell(node: LexborNode) -> list[str]:
    span = node.attributes.get("colspan") or ""
    return [_collapsed(_inline(node)), *[""] * (min(int(span), 50) - 1 if span.isdecimal() else 0)]


def _inline(node: LexborNode) -> str:
    """The text of an element whose children are words: line breaks kept, pictures by their description."""
    out: list[str] = []
    stack = [node]
    while stack:
        current = stack.pop()
        if current.is_text_node:
            out.append(current.text_content or "")
        elif current.tag == "br":
            out.append("\v")
        elif current.tag == "img":
            out.append(current.attributes.get("alt") or "")
        elif current.tag == "math" and (tex := current.css_first(_TEX)) is not None:
            out.append(f"${tex.text().strip()}$")
        else:
            stack.extend(reversed(list(_children(current))))
        if current.tag in _BLOCKS:
            out.append(" ")
    return "".join(out)


def _collapsed(text: str) -> str:
    """White space as a browser shows it; `\\v` stands for a line break that was meant."""
    lines = re.sub(r"[ \t\n\r\f]+", " ", text).split("\v")
    return "\n".join(line.strip() for line in lines).strip()


def _language(node: LexborNode) -> str:
    """The language named by `class="language-python"` on the block, its `code`, or (Sphinx) two frames around it."""
    code = node.css_first("code")
    frames = [node, node.parent, node.parent.parent if node.parent else None]
    classes = " ".join((place.attributes.get("class") or "") for place in (code, *frames) if place is not None)
    match = re.search(r"\b(?:language|lang|highlight)-([\w+#]+)", classes)
    return match[1] if match else ""
