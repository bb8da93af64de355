"""How well a spoken question is heard: questions said by espeak-ng, recognised freely and in the words of the notes.

The speaker is a formant synthesiser, which no recogniser was trained on: what a person's voice gives is not measured here.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.pictures import distance
from benchmarks.results import Figure, Findings
from index.errors import DataError
from index.morphemes import Analyser
from rag import voice
from rag.evaluation.report import Cell, Table
from rag.hangul import final
from rag.sound import RATE, samples
from rag.spoken import Wording, spelled, wording

VOICE, SPEED = "ko+f2", 310
"""The voice, and words a minute, that were heard best of some thirty on 16 short questions of the split `dev`."""
LIMIT = 24
_HANGUL = re.compile(r"[가-힣 ?.,]+")
_TERM = re.compile(r"\*\*([가-힣]{2,}(?: [가-힣]{2,})?)(?:\([^)]*\))?\*\*")
COLUMNS = ("questions", "number", "reading", "WER", "CER", "nouns found", "seconds each")
READINGS = ("free", "notes' words", "shown first")

Rows = list[tuple[str, int, str, float, float, float, float]]


def measure(notes: Path, questions: Path, limit: int = LIMIT) -> Findings:
    """WER (words), CER (letters without spaces) and the share of a question's nouns that were heard, for each set and reading."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(notes.rglob("*")) if path.suffix in (".md", ".txt")]
    listened, analyser = wording(texts, voice.knows), Analyser()
    sets = {"our questions": _spread(_asked(questions), limit), "a term of the notes": _spread(_about_terms(texts), limit)}
    rows: Rows = [row for name, asked in sets.items() for row in _measured(name, asked, listened, analyser)]
    figures = tuple(
        Figure(f"{name}, {reading}, {column}", value)
        for name, _, reading, *values in rows
        for column, value in zip(COLUMNS[3:], values, strict=True)
    )
    settings: dict[str, Cell] = {
        "voice": VOICE,
        "words a minute": SPEED,
        "split": "test",
        "questions": limit,
        "phrases": len(listened.phrases),
    }
    return Findings(settings, figures, (Table("spoken questions", COLUMNS, tuple(rows)),))


def _asked(file: Path) -> list[str]:
    """The questions of the split `test` that are written in Hangul alone: the recogniser spells nothing else."""
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return [row["question"] for row in rows if row["split"] == "test" and _HANGUL.fullmatch(row["question"])]


def _about_terms(texts: Iterable[str]) -> list[str]:
    """`역전파가 뭐야?` for each term that the notes print in bold."""
    terms = sorted({term for text in texts for term in _TERM.findall(text)})
    return [f"{term}{'이' if final(term[-1]) > 0 else '가'} 뭐야?" for term in terms]


def _spread(questions: Sequence[str], limit: int) -> list[str]:
    if not questions:
        raise DataError("no question is written in Hangul alone")
    number = min(limit, len(questions))
    return [questions[at * len(questions) // number] for at in range(number)]


def _measured(name: str, questions: Sequence[str], listened: Wording, analyser: Analyser) -> Rows:
    heard: dict[str, list[str]] = {reading: [] for reading in READINGS}
    began = time.perf_counter()
    for question in questions:
        wave = samples(speak(question))
        free, ours = voice.reading(wave), voice.reading(wave, listened)
        both = [spelled(each.words, listened.holds) for each in (free, ours)]
        for reading, text in zip(READINGS, (*both, voice.chosen(free, ours, listened, len(wave) / RATE).text), strict=True):
            heard[reading].append(text)
    each = (time.perf_counter() - began) / len(questions)
    return [(name, len(questions), reading, *_scores(questions, heard[reading], analyser), each) for reading in READINGS]


def speak(text: str, speed: int = SPEED) -> bytes:
    """A WAV that says a text in Korean; DataError without espeak-ng."""
    if shutil.which("espeak-ng") is None:
        raise DataError("no espeak-ng to say the questions: apt install espeak-ng")
    command = ["espeak-ng", "-v", VOICE, "-s", str(speed), "--stdout", text]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _scores(questions: Sequence[str], heard: Sequence[str], analyser: Analyser) -> tuple[float, float, float]:
    said = [_bare(question) for question in questions]
    words = [(a.split(), b.split()) for a, b in zip(said, heard, strict=True)]
    letters = [(a.replace(" ", ""), b.replace(" ", "")) for a, b in zip(said, heard, strict=True)]
    nouns = [(_nouns(a, analyser), _nouns(b, analyser)) for a, b in zip(said, heard, strict=True)]
    found = sum(len(wanted & got) for wanted, got in nouns) / max(1, sum(len(wanted) for wanted, _ in nouns))
    return error_rate(words), error_rate(letters), found


def error_rate(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> float:
    """Wrong, missing and added tokens over those that were said."""
    return sum(distance(said, heard) for said, heard in pairs) / max(1, sum(len(said) for said, _ in pairs))


def _bare(question: str) -> str:
    return " ".join(re.findall("[가-힣]+", question))


def _nouns(text: str, analyser: Analyser) -> set[str]:
    return {token.term for token in analyser.tokens(text) if token.tag.startswith(("NNG", "NNP", "XR"))}
