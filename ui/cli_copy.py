"""The verb `rag copy`: an index moved from one engine to another, with the proof that it is the same."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from index.errors import RagError
from ui import view
from ui.arguments import Options, place
from ui.console import progress, show
from ui.count import Count

if TYPE_CHECKING:
    from index.copying import Copied, Leg
    from ui.arguments import Verbs

SAME = 0


def add_copy(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "copy",
        help="copy an index to another place or engine",
        description="Copy an index to another place or engine, such as from a folder to PostgreSQL or back, and ask both the same. "
        "A copy that was stopped goes on where it was. Exit status 3 where the results differ.",
    )
    verb.set_defaults(handle=copy)
    for name, what in (("source", "from where"), ("target", "to where")):
        verb.add_argument(
            name, type=place, metavar=name.upper(), help=f"{what}: a folder, or postgresql://USER@HOST:PORT/DATABASE?schema=NAME"
        )
    verb.add_argument("--replace", action="store_true", help="take out what the target holds")
    verb.add_argument("--format", choices=("text", "json"), default="text", help="text for people, or JSON (default: text)")


def copy(options: Options) -> int:
    """Copies and compares."""
    from index import copying

    done = copying.copy(options.source, options.target, replace=options.replace, progress=progress())
    show(options, {**asdict(done), "same": done.same}, partial(report, done))
    return SAME if done.same else RagError.exit_code


def report(done: Copied, style: view.Style = view.PLAIN) -> str:
    """What was copied, and how alike both answer."""
    verdict = "the same results" if done.same else "DIFFERENT results"
    lines = [
        f"{view.wrapped(verdict, style.strong)}: {Count(done.notes):note|notes}, {Count(done.passages):passage|passages}, "
        f"generation {done.generation}",
        *(f"  {name}: {_leg(leg)}" for name, leg in done.legs.items()),
        f"  asked: {Count(done.questions):question|questions}, {done.asked_by}",
    ]
    return "\n".join([*lines, *(f"  {doc_id}: differs, or is in one of them alone" for doc_id in done.differing[:20])])


def _leg(leg: Leg) -> str:
    return f"{leg.overlap:.4f} of the first ten shared, scores at most {leg.apart:.1e} apart"
