"""Looks at everything an answer needs, and says of each thing how it is and what mends it: `rag doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from index.errors import IndexMissing, RagError
from index.places import Place

if TYPE_CHECKING:
    from index.encoder import Encoder

State = Literal["ok", "warning", "failed"]
PACKAGES = ("numpy", "onnxruntime", "tokenizers", "faiss-cpu", "python-mecab-ko", "gradio", "fastapi", "sentence-transformers", "torch")
EXTRAS = {"mcp": "mcp", "llm": "httpx_sse", "voice": "vosk", "postgresql": "psycopg"}
"""What each extra is known by."""
LEAST_DISK = 500 * 2**20
"""Bytes that an indexing may need besides what the index takes once more."""
GOOD, ENGLISH_ONLY = 0.9, 0.8
"""Share of comparisons that an encoder is to get right, and below which, in Korean, it is called one for English alone."""

KOREAN = (
    ("역전파는 무엇인가?", "오차의 기울기를 출력에서 입력 쪽으로 되돌려 가중치를 고치는 계산 방법이다."),
    ("과적합을 막으려면 어떻게 하나?", "드롭아웃과 정규화는 모델이 학습 자료를 외우는 것을 줄여 준다."),
    ("이진 탐색의 시간 복잡도는?", "정렬된 배열을 반씩 나누어 찾으므로 로그 시간이 걸린다."),
    ("광합성은 어디에서 일어나는가?", "식물 세포의 엽록체가 빛을 받아 포도당을 만든다."),
    ("수요가 늘면 가격은 어떻게 되나?", "사려는 사람이 많아지면 균형 가격이 올라간다."),
    ("훈민정음은 누가 만들었나?", "세종대왕이 1443년에 한글을 창제하였다."),
)
ENGLISH = (
    ("What is backpropagation?", "The gradient of the error is passed back from the output to correct the weights."),
    ("How is overfitting avoided?", "Dropout and regularisation keep a model from memorising its training data."),
    ("How long does binary search take?", "A sorted array is halved again and again, which takes logarithmic time."),
    ("Where does photosynthesis happen?", "Chloroplasts in plant cells make glucose out of light."),
    ("What does more demand do to a price?", "When more people want to buy, the equilibrium price rises."),
    ("Who invented the Korean alphabet?", "King Sejong created Hangul in 1443."),
)
"""Questions, each with a sentence that belongs to it and shares hardly a word with it; the sentences of the others do not belong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is; `mend` is what to do about it, empty where nothing is."""

    name: str
    state: State
    found: str
    mend: str = ""


def examine(place: Place) -> Iterator[Finding]:
    """Every check in turn, over the index in a folder."""
    yield from (_python(), _packages(), _extras())
    yield from _models()
    index = _index(place)
    yield index
    yield _disk(place)
    encoder = _encoder(place, index.state)
    if isinstance(encoder, Finding):
        yield encoder
    else:
        yield korean(encoder)


def _python() -> Finding:
    found = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    is_known = (3, 11) <= sys.version_info < (3, 13)
    return Finding("python", "ok" if is_known else "failed", found, "" if is_known else "install Python 3.11 or 3.12")


def _packages() -> Finding:
    found, absent = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    if absent:
        return Finding("packages", "failed", f"not installed: {', '.join(absent)}", "pip install .")
    return Finding("packages", "ok", ", ".join(found))


def _extras() -> Finding:
    there = [extra for extra, module in EXTRAS.items() if find_spec(module)]
    return Finding("extras", "ok", ", ".join(there) or "none")


def _models() -> Iterator[Finding]:
    from index.encoder import SHIPPED, verify_files
    from rag.span_model import FOLDER as READER

    for name, folder in (("model encoder", SHIPPED), ("model reader", READER)):
        yield _checked(name, lambda folder=folder: f"every file as its hash says, fingerprint {verify_files(folder)}")  # type: ignore[misc]


def _checked(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "ok", look())
    except RagError as error:
        return Finding(name, "failed", str(error), "what it says")


def _index(place: Place) -> Finding:
    """Opens the index, and compares every file and row of it with its manifest."""
    from index.engines import open_index
    from index.verify import verify

    try:
        opened, problems = open_index(place), verify(place)
    except IndexMissing as error:
        return Finding("index", "warning", str(error), f"rag index --index {place} NOTES")
    except RagError as error:
        return Finding("index", "failed", str(error), f"rag verify --index {place}")
    if problems:
        return Finding("index", "failed", f"{len(problems)} problems, such as: {problems[0]}", f"rag verify --repair --index {place}")
    return Finding("index", "ok", f"generation {opened.generation}, {len(opened)} passages, clean")


def _disk(place: Place) -> Finding:
    if not isinstance(place, Path):
        return Finding("disk", "ok", "the index lies in a database, on its server's disk")
    there = next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    taken = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    found = f"{free / 2**30:.1f} GiB free, the index takes {taken / 2**20:.0f} MiB"
    if not os.access(there, os.W_OK):
        return Finding("disk", "warning", f"{there} cannot be written to", "the index can be read, and not brought up to date")
    enough = free >= taken + LEAST_DISK
    return Finding("disk", "ok" if enough else "warning", found, "" if enough else "make room before the next indexing")


def _encoder(place: Place, index: State) -> Encoder | Finding:
    """The encoder that the index was made with, else the one shipped."""
    from index.encoder import open_encoder
    from index.recorded import has_changed, open_recorded

    try:
        if index != "ok":
            return open_encoder()
        from index.engines import standing

        if has_changed(standing(place)[1]):
            return Finding("encoder", "failed", "the model of the index is another one than when it was made", f"rag index --index {place}")
        return open_recorded(place)
    except RagError as error:
        return Finding("encoder", "failed", str(error), "what it says")


def korean(encoder: Encoder) -> Finding:
    """Whether an encoder tells Korean sentences that belong together from those that do not, and if not, whether it does English ones."""
    own, other = separation(encoder, KOREAN), separation(encoder, ENGLISH)
    found = f"{encoder.name}: {own:.0%} of Korean comparisons right, {other:.0%} of English ones"
    if own >= GOOD:
        return Finding("encoder", "ok", found)
    if own < ENGLISH_ONLY <= other:
        return Finding("encoder", "warning", f"{found}; it seems to know English alone", "choose another: rag index --encoder NAME")
    return Finding("encoder", "warning", f"{found}; it is weak", "choose another: rag index --encoder NAME")


def separation(encoder: Encoder, pairs: Sequence[tuple[str, str]]) -> float:
    """Share of comparisons in which a question's own sentence is more like it than another question's."""
    questions = encoder.encode_questions([question for question, _ in pairs])
    passages = encoder.encode_passages([passage for _, passage in pairs])
    like = questions @ passages.T
    own = np.diag(like)[:, None]
    right = (own > like).sum()  # never true on the diagonal
    return float(right) / (len(pairs) * (len(pairs) - 1))
