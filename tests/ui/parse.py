"""Reads the page's HTML back, as a browser would: which elements there are, and the text in each."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"path", "rect", "br", "img", "input", "meta", "link", "hr"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


@dataclass
class Tree(HTMLParser):
    """Every element in order of appearance; `text` of an element is its whole text content."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop().tag == tag, "elements close in order"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def of(self, name: str) -> list[Element]:
        """The elements with a class."""
        return [element for element in self.elements if name in element.classes]


def parse(html: str) -> Tree:
    tree = Tree()
    tree.feed(f"<html>{html}</html>")
    tree.close()
    assert tree.open == []
    return tree
