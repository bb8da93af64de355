"""What `rag verify --repair` does, and tells of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from ui.arguments import Options
from ui.console import progress
from ui.count import Count

if TYPE_CHECKING:
    from index.mend import Mended


def repaired(options: Options) -> bool:
    """Mends the index, and says on stderr what became of each note that was harmed; whether any is lost."""
    from index.mend import repair
    from index.morphemes import Analyser

    if not isinstance(options.index, Path):
        raise UsageError("a database is mended from its backup, or with what the notes hold: rag index --replace. See docs/postgresql.md")
    done = repair(options.index, analyse=Analyser().terms, progress=progress())
    print(mended_text(done), file=sys.stderr)
    return bool(done.lost)


def mended_text(done: Mended) -> str:
    """What a repair did, a line for each note that was harmed."""
    texts = {
        "kept": "its text was whole",
        "read again": "read again from its file",
        "earlier generation": "as an earlier generation has it",
    }
    lines = [f"{each.doc_id}: mended ({texts[each.text]}{', embedded anew' if each.embedded else ''})" for each in done.mended]
    lines += [f"{each.doc_id}: lost ({each.reason})" for each in done.lost]
    lines += [f"generation {number} was harmed and is given up" for number in done.dropped]
    return "\n".join([*lines, f"generation {done.generation}: {Count(done.whole):note was|notes were} whole, {len(done.mended)} mended"])
