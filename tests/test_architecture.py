"""Who may import whom. Read from the source, so that an import inside a function counts too."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("index", "rag", "ui")
HEAVY = ("torch", "transformers", "sentence_transformers", "faiss", "gradio", "fastapi", "httpx", "matplotlib", "sqlite3", "psycopg")
EXTRAS = ("export", "voice", "llm", "postgresql")
"""Of these the program itself imports something."""
MAY_STAND_AT_THE_TOP = {*sys.stdlib_module_names, *PACKAGES, "numpy"}
TRAINING, DRAFTING, STUDY = "rag.training", "rag.drafting", "rag.study"

ONLY = {
    "index.errors": set(),
    "index.types": set(),
    "index.settings": set(),
    "rag.evaluation.answer_recall": set(),
    "rag.evaluation.metrics": set(),
    "rag.evaluation.report": set(),
    "rag.types": {"index.types"},
    "ui.count": set(),
    "ui.highlight": set(),
    "ui.view": {"index.types", "index.index", "rag.types", "rag.evaluation.report", "ui.count", "ui.highlight"},
}
"""What of ours these modules may import."""


@dataclass(frozen=True)
class Import:
    """One import: `deferred` inside a function, `typing` under TYPE_CHECKING."""

    module: str
    deferred: bool
    typing: bool


@cache
def modules() -> dict[str, Path]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imports(module: str) -> Iterator[Import]:
    return _walk(ast.parse(modules()[module].read_text(encoding="utf-8")), False, False)


def _walk(node: ast.AST, deferred: bool, typing: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, deferred, typing) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield Import(whole if whole in modules() else str(node.module), deferred, typing)
    deferred = deferred or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    guarded = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, deferred, typing or guarded)


def at_the_top(module: str) -> list[str]:
    """What is imported as soon as the module is."""
    return [each.module for each in imports(module) if not each.deferred and not each.typing]


def package(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_from_ui_to_rag_to_index(module: str) -> None:
    allowed = PACKAGES[: PACKAGES.index(package(module)) + 1]
    assert [each.module for each in imports(module) if package(each.module) in PACKAGES and package(each.module) not in allowed] == []


@pytest.mark.parametrize("module", sorted(modules()))
def test_only_numpy_is_imported_before_it_is_needed(module: str) -> None:
    # modules and losses are torch from the first line on: training may have it there, since nobody else imports training before it trains
    allowed = MAY_STAND_AT_THE_TOP | ({"torch"} if module.startswith(f"{TRAINING}.") else set())
    allowed |= {"markdown_it"} if module == "ui.markdown_parser" else set()  # builds classes on it, and is imported only to show a note
    assert [name for name in at_the_top(module) if package(name) not in allowed] == []


# drafting and study read notes by the same rules as training, which load nothing heavy: see test_front_doors_load_nothing_heavy
@pytest.mark.parametrize(
    "module", sorted(name for name in modules() if not f"{name}.".startswith((f"{TRAINING}.", f"{DRAFTING}.", f"{STUDY}.")))
)
def test_training_is_imported_only_to_train(module: str) -> None:
    assert [name for name in at_the_top(module) if f"{name}.".startswith(f"{TRAINING}.")] == []


@pytest.mark.parametrize("module", ONLY)
def test_bottom_modules_import_almost_nothing_of_ours(module: str) -> None:
    ours = {each.module for each in imports(module) if package(each.module) in PACKAGES}
    assert ours <= ONLY[module]


def test_bottom_modules_import_no_numpy() -> None:
    assert [module for module in ONLY for each in imports(module) if package(each.module) == "numpy"] == []


def test_gradio_is_imported_by_the_page_alone() -> None:
    users = {module for module in modules() for each in imports(module) if package(each.module) == "gradio"}
    assert {module for module in users if not module.startswith("ui.web")} == set()


def test_only_the_verb_that_serves_loads_the_page() -> None:
    users = [each for module in modules() if not module.startswith("ui.web") for each in imports(module) if each.module == "ui.web"]
    assert users == [Import("ui.web", deferred=True, typing=False)]


def test_no_module_imports_itself_in_a_circle() -> None:
    edges = {module: {each.module for each in imports(module) if each.module in modules() and not each.typing} for module in modules()}
    while leaves := [module for module, targets in edges.items() if not targets & edges.keys()]:
        for module in leaves:
            del edges[module]
    assert edges == {}, "these modules lie on a circle of imports, or lead to one"


def test_every_package_is_shipped() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {".".join(path.parent.relative_to(ROOT).parts) for name in PACKAGES for path in (ROOT / name).rglob("__init__.py")}
    assert set(settings["tool"]["setuptools"]["packages"]) == folders


def test_every_package_that_is_imported_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    asked = {canonical(re.split(r"[<>=~!\[; ]", line)[0]) for line in lines}
    outside = {package(each.module) for module in modules() for each in imports(module)} - {*sys.stdlib_module_names, *PACKAGES}
    provided = packages_distributions()
    assert sorted(name for name in outside if not asked & {canonical(each) for each in provided.get(name, [name])}) == []


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    "front",
    [
        "rag",
        "rag.pipeline",
        "rag.drafting.make",
        "rag.drafting.natural",
        "rag.study.cards",
        "rag.study.overview",
        "rag.evaluation.evaluate",
        "index.build",
        "index.folder",
        "ui.cli",
        "ui.cli_train",
        "ui.view",
        "ui.reference",
    ],
)
def test_front_doors_load_nothing_heavy(front: str) -> None:
    code = f"import sys, {front}; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "source", ["import faiss", "from ui import view", "def f():\n    import gradio", "if TYPE_CHECKING:\n    import torch"]
)
def test_the_walk_sees_every_kind_of_import(source: str) -> None:
    found = {"import faiss": ("faiss", False, False), "from ui import view": ("ui.view", False, False)}
    found |= {"def f():\n    import gradio": ("gradio", True, False), "if TYPE_CHECKING:\n    import torch": ("torch", False, True)}
    assert list(_walk(ast.parse(source), False, False)) == [Import(*found[source])]
