"""How the sources of an answer become gold: what the page calls on the server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from index.errors import RagError
from ui.bench import Bench
from ui.web_frame import Frame


def marker(frame: Frame) -> Callable[[dict[str, Any]], Any]:
    """A function that says which passages are gold of a question, and turns one into gold or back; None where that cannot be."""
    bench = Bench(frame.pipeline, frame.place)

    def mark_gold(request: dict[str, Any]) -> Any:
        try:
            return bench.mark(request)
        except RagError as error:
            print(error, file=sys.stderr)
            return None

    return mark_gold
