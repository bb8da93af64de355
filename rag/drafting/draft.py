"""What a drafted question is, and by what two of them are told to ask the same."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rag.training.facts import Part, Sheet

Made = Literal["definition", "term", "heading", "list", "cloze", "natural"]
"""What made a draft: a sentence that defines, a name with its description, a heading or label that asks, a list, a name asked for by
its definition, or a language model."""

_TAIL = re.compile(
    r"(?:에는|에|은|는|을|를|이|가)?"
    r"(?:\s(?:무엇이 있나|무엇인가|무엇인가요|모두 말해 줘|나열해 줘|어떤 것들이 있어|뭐야|대해 정리해 줘|대해 설명해 줘))?[?.]*$"
)
_NO_WORD = re.compile(r"[^\w+#]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that nobody has judged yet, and the words of a note that answer it: `text[start:].startswith(quote)`.

    `about` says what is asked: two drafts that share a member, at different places, ask the same. `names` are those of what is asked for.
    """

    made: Made
    kind: str
    question: str
    answers: tuple[str, ...]
    doc_id: str
    quote: str
    start: int
    about: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        return self.start + len(self.quote)

    @property
    def id(self) -> str:
        """Readable, and the same whenever the same words of a note are asked for in the same way."""
        digest = hashlib.sha256(f"{self.doc_id}\n{self.made}\n{self.quote}".encode()).hexdigest()[:8]
        return f"{PurePosixPath(self.doc_id).stem}-{self.made}-{digest}"

    def row(self, split: str) -> dict[str, Any]:
        """The draft as a line of a question file."""
        return {
            "id": self.id,
            "question": self.question,
            "answers": list(self.answers),
            "evidence": [{"doc": self.doc_id, "quote": self.quote}],
            "kind": self.kind,
            "split": split,
            "status": "drafted",
            "made": self.made,
        }


def draft_of(page: Sheet, part: Part, made: Made, kind: str, question: str, answer: str) -> Draft:
    """The draft whose evidence is that part of a passage, told from others by what its question asks for."""
    place = page.passage.doc_id, page.text(part), page.passage.start + part[0]
    return Draft(made, kind, question, (answer,), *place, about=(asked_for(question),))


def asked_for(question: str) -> str:
    """What a question asks for, however it does: "B의 장점은?" and "B 장점을 모두 말해 줘" ask for the same. Never a bare name."""
    return "asked " + re.sub(r"\s?\([^()]*\)|의(?=\s)", "", _TAIL.sub("", question))


def squeezed(text: str) -> str:
    """The text without case, white space and signs: what two writings of one name or question share."""
    return _NO_WORD.sub("", text.casefold())
