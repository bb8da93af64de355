"""The page over an index of another model: words are searched and it says so, until the index is embedded anew."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree, rmtree

import pytest

from index.build import update
from index.encoder import SHIPPED, Encoder
from index.errors import IndexMissing
from index.morphemes import Analyser
from index.settings import IndexSettings
from rag.pipeline import Pipeline
from rag.types import Answer
from tests.fakes import HashEncoder
from ui import cli, html, web_ask
from ui.i18n import KO
from ui.web_index import Asks, open_pipeline, shelf_of

NOTE = "# 풀링\n\n풀링(pooling)은 특징 맵의 크기를 줄인다.\n\n## 종류\n\n최대 풀링은 창 안의 가장 큰 값을 남긴다.\n"
QUESTION = "최대 풀링은 무엇을 남기는가?"


def embed(folder: Path, encoder: Encoder, analyser: Analyser) -> Path:
    """Brings the index of one note up to date with an encoder."""
    (folder / "notes").mkdir(exist_ok=True)
    (folder / "notes" / "pooling.md").write_text(NOTE, encoding="utf-8")
    update(folder / "index", [folder / "notes"], encoder=encoder, analyse=analyser.terms, settings=IndexSettings())
    return folder / "index"


def legs(answer: Answer) -> set[str]:
    return {leg for hit in answer.hits for leg in hit.legs}


def lacks(answer: Answer) -> list[str]:
    """What is said of the model that embedded the notes."""
    return [notice for notice in answer.notices if notice.startswith((KO.model_changed, KO.model_missing))]


def test_the_old_index_serves_by_words_until_the_new_one_takes_over(shipped: Encoder, analyser: Analyser, tmp_path: Path) -> None:
    place = embed(tmp_path, HashEncoder(shipped.dim, shipped.name), analyser)
    shelf = shelf_of(place)
    start = web_ask._start(shelf, "ko")
    assert isinstance(start, html.Start)
    assert start.examples == ("풀링은 무엇인가요?",)
    notice = f"{KO.model_changed}: rag index --index {place}"
    assert start.notices == (notice,)
    *_, old = web_ask._respond(shelf, QUESTION, "hybrid", 5)
    assert isinstance(old, Answer)
    assert (legs(old), lacks(old), old.text in NOTE) == ({"lexical"}, [notice], True)
    [hit] = shelf().search(QUESTION, 1, None, "dense")
    assert set(hit.legs) == {"lexical"}

    embed(tmp_path, shipped, analyser)
    *_, new = web_ask._respond(shelf, QUESTION, "hybrid", 5)
    assert isinstance(new, Answer)
    assert (legs(new), lacks(new)) == ({"dense", "lexical"}, [])
    assert web_ask._start(shelf, "ko") == html.Start(start.examples)


def asked(pipeline: Asks, **settings: str) -> Answer:
    return pipeline.ask(QUESTION, **settings)  # type: ignore[arg-type]


def test_who_asked_for_words_misses_nothing(shipped: Encoder, analyser: Analyser, tmp_path: Path) -> None:
    pipeline = open_pipeline(embed(tmp_path, HashEncoder(shipped.dim, shipped.name), analyser))
    by_words, by_meaning = asked(pipeline, retriever="lexical"), asked(pipeline, retriever="dense")
    assert (lacks(by_words), len(lacks(by_meaning))) == ([], 1)
    assert by_words.hits == by_meaning.hits
    assert len(by_words.hits) > 1 and pipeline.ask(QUESTION, k=1).hits == by_words.hits[:1]


def test_a_model_folder_that_is_away_and_comes_back(shipped: Encoder, analyser: Analyser, tmp_path: Path) -> None:
    folder, encoder = tmp_path / "adapted", HashEncoder(shipped.dim)
    encoder.name, encoder.fingerprint = str(folder), shipped.fingerprint
    place = embed(tmp_path, encoder, analyser)
    shelf = shelf_of(place)
    away = shelf()
    [notice] = lacks(asked(away))
    assert notice.startswith(f"{KO.model_missing}: {place} was built by the model in {folder}, which is not there")
    assert shelf() is away
    copytree(SHIPPED, folder)
    assert lacks(asked(shelf())) == []


def test_no_index_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        shelf_of(tmp_path)()
    with pytest.raises(IndexMissing):
        open_pipeline(tmp_path)


def test_an_index_made_anew_in_its_place_is_another(tmp_path: Path) -> None:
    notes, place = tmp_path / "notes", tmp_path / "index"
    notes.mkdir()
    shelf = shelf_of(place)
    for text in ("역전파는 기울기를 뒤로 보낸다.", "어텐션은 질의와 키의 내적을 쓴다."):
        (notes / "a.md").write_text(text, encoding="utf-8")
        assert cli.main(["index", str(notes), "--index", str(place)]) == 0
        assert shelf().index.document("a.md").text == text
        rmtree(place)


def test_a_new_generation_is_read_with_the_models_that_are_open(tmp_path: Path) -> None:
    notes, place = tmp_path / "notes", tmp_path / "index"
    notes.mkdir()
    (notes / "a.md").write_text("# 역전파\n\n역전파는 기울기를 뒤로 보낸다.\n", encoding="utf-8")
    assert cli.main(["index", str(notes), "--index", str(place)]) == 0
    shelf = shelf_of(place)
    first = shelf()
    (notes / "b.md").write_text("# 어텐션\n\n어텐션은 질의와 키의 내적을 쓴다.\n", encoding="utf-8")
    assert cli.main(["index", str(notes), "--index", str(place)]) == 0
    second = shelf()
    assert isinstance(first, Pipeline) and isinstance(second, Pipeline)
    assert second.encoder is first.encoder and second.reader.model is first.reader.model  # type: ignore[attr-defined]
    assert (len(first.index), len(second.index)) == (1, 2)
    fresh = Pipeline.open(place)
    for question in ("어텐션은 무엇을 쓰나?", "역전파란?", "durwjsvk", "점심은?"):
        assert second.ask(question) == fresh.ask(question)
    assert first.search("어텐션", retriever="lexical") == []
