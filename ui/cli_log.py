"""The verb `rag log`: what was asked on this machine, and the switch that turns its being kept off and on."""

from __future__ import annotations

import argparse
import re
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from ui import view
from ui.arguments import Options
from ui.console import count, show
from ui.count import Count

if TYPE_CHECKING:
    from rag.logbook import Totals
    from rag.querylog import Entry, QueryLog
    from ui.arguments import Verbs

DONE, NOTHING = 0, 1
SHOWN = 20
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_THUMBS = {1: "thumb up", -1: "thumb down"}
DESCRIPTION = (
    "Show what was asked, or turn its being kept off or on. Questions are kept on this machine only, the latest 10,000 of them, wherever "
    "they were asked but in a file (`rag ask --file`); $RAG_LOG=0 turns that off too, and $RAG_LOG=FILE keeps them elsewhere."
)
_WHAT = (
    "which questions: the latest, those refused, the slowest, those with a thumb; what they add up to; or all as JSON Lines, oldest first"
)


def add_log(verbs: Verbs) -> None:
    verb = verbs.add_parser("log", help="show what was asked, or turn its being kept off or on", description=DESCRIPTION)
    verb.set_defaults(handle=log)
    choices = ("recent", "refused", "slow", "thumbs", "summary", "export", "off", "on", "delete")
    verb.add_argument("what", nargs="?", choices=choices, default="recent", help=f"{_WHAT}; or the switch; or delete them all")
    verb.add_argument("--index", type=Path, metavar="DIR", help="only what was asked of this index (default: of any)")
    verb.add_argument("--since", type=moment, metavar="WHEN", default=0.0, help="only from then on: 2026-11-22, or 30m, 12h, 7d, 2w ago")
    verb.add_argument("-n", type=count, metavar="N", help=f"how many at most (default: {SHOWN}; all for export)")
    verb.add_argument("--format", choices=("text", "json"), default="text", help="text for people, or JSON, one line each (default: text)")


def log(options: Options) -> int:
    """Shows entries or their sum, exports them, turns the switch, or deletes them: 1 where there are none to show."""
    from rag.querylog import open_log

    kept = open_log()
    match options.what:
        case "on" | "off":
            return _turn(options, kept)
        case "delete":
            number = kept.delete()
            show(
                options,
                {"deleted": number, "file": str(kept.file)},
                lambda _: f"{Count(number):question|questions} deleted from {kept.file}",
            )
            return DONE
        case "export":
            return _export(options, kept)
        case "summary":
            return _summary(options, kept)
    return _list(options, kept)


def _turn(options: Options, kept: QueryLog) -> int:
    kept.turn(options.what == "on")
    show(options, {"on": kept.is_on, "file": str(kept.file)}, lambda _: _state(kept))
    return DONE


def _state(kept: QueryLog) -> str:
    if kept.forbidden:
        return "The log is off: RAG_LOG says so in the environment"
    return f"The log is {'on' if kept.is_on else 'off'}: {kept.file}"


def _export(options: Options, kept: QueryLog) -> int:
    from rag.logbook import exported

    for line in exported(kept, since=options.since, index=_index(options), most=options.n):
        print(line)
    return DONE


def _summary(options: Options, kept: QueryLog) -> int:
    from rag.logbook import totals

    found = totals(kept.marks(since=options.since, index=_index(options))[: options.n])
    show(options, asdict(found), partial(totals_text, found))
    if options.format == "text":
        print(_state(kept))
    return DONE if found.asked else NOTHING


def totals_text(found: Totals, style: view.Style) -> str:
    """What the entries add up to, for people."""
    counts = f"{found.asked} asked · {found.refused} refused · {found.up} thumbs up · {found.down} thumbs down"
    return f"{counts}\n{found.median:.0f} ms in the middle · {found.high:.0f} ms for the slowest 5 %"


def _list(options: Options, kept: QueryLog) -> int:
    from rag.logbook import entry_dict

    found = kept.read(options.what, since=options.since, index=_index(options), most=options.n or SHOWN)
    for entry in found:
        show(options, entry_dict(entry), partial(entry_text, entry))
    if options.format == "text":
        print(("" if found else "Nothing to show. ") + _state(kept))
    return DONE if found else NOTHING


def _index(options: Options) -> str | None:
    from rag.querylog import index_name

    return index_name(options.index) if options.index else None


def entry_text(entry: Entry, style: view.Style) -> str:
    """An entry for people: the question, the answer's beginning, and how it went, with the time of day where one sits."""
    when = f"{datetime.fromtimestamp(entry.time):%Y-%m-%d %H:%M}"
    said = "refused" if entry.abstained else _line(entry.answer)
    searched = f"searched as: {_line(entry.searched)}" if entry.searched not in ("", entry.question) else ""
    facts = f"confidence {entry.confidence:.2f}", f"{entry.milliseconds:.0f} ms", entry.door, entry.retriever
    told = view.wrapped(" · ".join(filter(None, (*facts, _THUMBS.get(entry.thumb), searched))), style.faint)
    return f"{when}  {view.wrapped(_line(entry.question), style.strong)}\n    {said}\n    {told}"


def _line(text: str, most: int = 100) -> str:
    whole = " ".join(view.printable(text).split())
    return whole if len(whole) <= most else whole[: most - 1] + "…"


def moment(text: str) -> float:
    """Seconds since 1970 of a date (`2026-11-22`, `2026-11-22T19:00`, local time) or of so long ago (`7d`)."""
    if ago := re.fullmatch(r"(\d{1,6})([mhdw])", text):
        return time() - int(ago[1]) * _SECONDS[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as problem:
        raise argparse.ArgumentTypeError(f"{text} is neither a date such as 2026-11-22 nor a time ago such as 7d") from problem
