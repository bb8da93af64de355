"""The threat model names a test for every line, and there is such a test."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| what it tries", "| what they try"))]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def defined_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:50])
def test_each_threat_names_tests_that_exist(row: str) -> None:
    named = NAMED.findall(row.split(" | ")[-1])
    assert named
    assert [(file, name) for file, name in named if name not in defined_in(file)] == []


def test_every_attacker_has_threats() -> None:
    sections = [part.splitlines() for part in PAGE.split("\n## ")[1:-1]]
    assert len(sections) == 6
    assert [lines[0] for lines in sections if len([line for line in lines if line in ROWS]) < 3] == []
    assert len(ROWS) >= 35
