"""The tools that a language model may call over MCP. Gradio serves them at `/gradio_api/mcp` and reads names, types and docstrings.

No annotations are postponed here: Gradio makes the tools' schemas from them.
"""

import json
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from typing import Any

from index.errors import RagError
from index.types import Filter
from rag.types import RetrieverName
from ui import calls
from ui.view import Json
from ui.web_index import Asks

PIECE = 20_000
"""Characters of a note that are given at once, if nothing else is asked: a model's window is small."""

ASKED = """

Args:
    question: {question}
    k: how many passages at most, from 1 to 50
    retriever: by words (lexical), by meaning (dense), or both (hybrid)
    note: only notes of this name, such as week05/*.md
    folder: only notes of this folder
    week: only notes named after this week, such as 3 for week03 or 3주차; 0 for all
    type: only notes of this format, such as pdf
"""

Tool = Callable[..., str]


def can_serve() -> bool:
    """Whether the package of the extra `mcp` is installed."""
    return find_spec("mcp") is not None


def tools(pipeline: Callable[[], Asks]) -> tuple[Tool, ...]:
    """`search`, `ask` and `get_note`; each gives JSON as text and raises RagError, which the model is told."""

    def get_note(doc_id: str, start: int = 0, length: int = PIECE) -> str:
        """Read the text of one lecture note, or a part of it; characters tells how long it is in all.

        Args:
            doc_id: the note's name, as search and ask give it
            start: the first character that is given, from 0
            length: how many characters are given at most
        """
        return _text(calls.note(pipeline(), doc_id, start, start + length))

    nearest = "Find the passages of the lecture notes that are nearest to a question, best first, each with its source."
    answer = "Answer a question in the exact words of the lecture notes, with source and confidence, or say that they do not answer it."
    search = _asking(pipeline, "search", calls.search, nearest + ASKED.format(question="what is looked for, in Korean or English"))
    ask = _asking(pipeline, "ask", calls.ask, answer + ASKED.format(question="one question about one thing, in Korean or English"))
    return _guarded(search), _guarded(ask), _guarded(get_note)


def _asking(pipeline: Callable[[], Asks], name: str, answering: calls.Answering, told: str) -> Tool:
    """A tool of that name that takes a question; `told` is its docstring."""

    def tool(
        question: str, k: int = 5, retriever: RetrieverName = "hybrid", note: str = "", folder: str = "", week: int = 0, type: str = ""
    ) -> str:
        return _text(answering(pipeline(), calls.Asked(question, k, retriever, _kept(note, folder, week, type))))

    tool.__name__, tool.__doc__ = name, told
    return tool


def _guarded(tool: Tool) -> Tool:
    """The same tool, whose crash is printed in the terminal; the model is told no more than that."""

    @wraps(tool)
    def guarded(*given: Any, **named: Any) -> str:
        try:
            return tool(*given, **named)
        except RagError:
            raise
        except Exception:  # the trace is for the terminal
            traceback.print_exc(file=sys.stderr)
            raise RuntimeError(calls.FAULT) from None

    return guarded


def _kept(note: str, folder: str, week: int, type: str) -> Filter | None:
    """Models leave an argument empty, or 0, that they do not mean."""
    return calls.kept([note] if note else (), [folder] if folder else (), [week] if week else (), [type] if type else ())


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
