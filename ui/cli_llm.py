"""What `rag ask` shows of a large language model's answer: below the one that stands in the notes, sentence by sentence."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from rag.types import Answer
from ui import view
from ui.arguments import Options
from ui.console import show

if TYPE_CHECKING:
    from rag.language_model import LanguageModel, Reply, Said


def beside(options: Options, model: LanguageModel | None, answer: Answer) -> None:
    """Shows an answer, and what the model says where one is set; the model is not asked where no passage was found."""
    if model is None or not answer.hits:
        show(options, view.answer_dict(answer), partial(view.answer_text, answer))
    elif options.format == "json":
        *_, reply = model.answer(answer.searched or answer.question, answer.hits)
        show(options, {**view.answer_dict(answer), "llm": reply_dict(reply)}, str)
    else:
        show(options, {}, partial(view.answer_text, answer))
        print(f"\n-- large model {view.printable(model.name)}", flush=True)
        _follow(model, answer)


def _follow(model: LanguageModel, answer: Answer) -> None:
    shown = 0
    for reply in model.answer(answer.searched or answer.question, answer.hits):
        for said in reply.said[shown:]:
            print(said_text(said), flush=True)
        shown = len(reply.said)
    print(end_text(reply), flush=True)


def said_text(said: Said) -> str:
    """A sentence with its citations; what is wrong with it stands below."""
    from ui.i18n_llm import EN, reason

    cited = "".join(f"[{number}]" for number in said.cited)
    lines = [f"{'  ' if said.is_supported else '! '}{view.printable(said.text)} {cited}".rstrip()]
    lines += [f"    {EN.unsupported.lower()}: {view.printable(reason(fault, 'en'))}" for fault in said.faults]
    return "\n".join(lines)


def end_text(reply: Reply) -> str:
    """How the answer ended: how much of it is held, or why there is none, and the time it took."""
    from ui.i18n_llm import EN, verdict

    told = [verdict(reply, "en")] if reply.said else []
    told += [EN.declined] if reply.declined else []
    told += [view.printable(reply.problem)] if reply.problem else []
    lines = [f"    {line}" for line in (*told, f"{reply.seconds:.1f} s")]
    return "\n".join([*lines, *(f"note: {notice}" for notice in reply.notices)])


def reply_dict(reply: Reply) -> view.Json:
    return {
        "model": reply.model,
        "sentences": [
            {
                "text": said.text,
                "cited": list(said.cited),
                "supported": said.is_supported,
                "faults": [{"kind": fault.kind, "words": list(fault.words)} for fault in said.faults],
            }
            for said in reply.said
        ],
        "declined": reply.declined,
        "problem": reply.problem,
        "seconds": view.number(reply.seconds),
        "notices": list(reply.notices),
    }
