"""The verb `rag doctor`: is everything there that an answer needs?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from ui import view
from ui.arguments import Options, add_verb
from ui.console import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ui.arguments import Verbs
    from ui.doctor import Finding

WELL, ILL = 0, 1
_SIGNS = {"ok": "ok     ", "warning": "warning", "failed": "failed "}


def add_doctor(verbs: Verbs) -> None:
    add_verb(verbs, "doctor", doctor, "look at the environment, the models, the index and its encoder, and say what is wrong")


def doctor(options: Options) -> int:
    """Says how everything is: 1 where anything has failed; a warning alone is none."""
    from ui.doctor import examine

    findings = list(examine(options.index))
    well = all(each.state != "failed" for each in findings)
    show(options, {"well": well, "findings": [asdict(each) for each in findings]}, lambda style: report(findings, style))
    return WELL if well else ILL


def report(findings: Sequence[Finding], style: view.Style) -> str:
    """A line for each finding, and below it what mends it."""
    lines = []
    for each in findings:
        lines.append(f"{_SIGNS[each.state]}  {each.name}: {each.found}")
        if each.mend:
            lines.append(f"         → {each.mend}")
    return "\n".join(lines)
