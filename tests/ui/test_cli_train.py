"""`rag train`: what its arguments become, where runs go, and what is refused before anything slow begins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.build import update
from index.disk import read_manifest
from index.encoder import Encoder
from index.settings import IndexSettings
from rag.training.adapt import Verdict
from rag.training.stages import Course, Plan
from tests.fakes import HashEncoder
from ui import cli, cli_train

STAGES = ("reader", "retriever", "adapt", "export")


@pytest.mark.parametrize("stage", ["", *STAGES])
def test_help(stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *stage.split(), "--help"])
    shown = capsys.readouterr().out
    assert stop.value.code == 0
    assert shown.startswith(f"usage: rag train {stage}".rstrip())
    assert stage or "pip install '.[export]'" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["reader", "--share", "0"],
        ["reader", "--share", "2"],
        ["retriever", "--epochs", "0"],
        ["adapt", "--epochs", "x"],
        ["export"],
    ],
)
def test_arguments_that_argparse_refuses_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["train", *arguments])
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("usage: rag train")


@pytest.mark.parametrize("stage", ["reader", "retriever"])
def test_training_needs_data(stage: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("RAG_DATA", raising=False)
    assert cli.main(["train", stage, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and "--data DIR" in said and "RAG_DATA=DIR" in said


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (["reader", "--data", str(tmp_path), "--out"], ["export"]):
        assert cli.main(["train", *arguments, str(tmp_path / "file" / "out")]) == 2
        assert capsys.readouterr().err.startswith(f"error: cannot write to {tmp_path / 'file' / 'out'}: ")


def test_a_base_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli_train, "_passages", lambda root: [])
    assert cli.main(["train", "reader", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--base", str(tmp_path / "none")]) == 2
    assert "no sentence-transformers folder" in capsys.readouterr().err


# What reaches the stages


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """The stages of the reader and the retriever remember what they were called with; the base model stands in `base`."""
    called: list[tuple[Any, ...]] = []

    def stage(*arguments: Any) -> dict[str, float]:
        called.append(arguments)
        return {"held-out hit@1": 0.5}

    monkeypatch.setattr("rag.training.stages.train_reader", stage)
    monkeypatch.setattr("rag.training.stages.train_retriever", stage)
    monkeypatch.setattr("rag.training.stages.check_base", lambda base: None)
    monkeypatch.setattr("rag.training.stages.export_reader", lambda base, out: out / "reader")
    monkeypatch.setattr("rag.training.stages.export_retriever", lambda base, out, share: out / f"encoder {share}")
    monkeypatch.setattr(cli_train, "_passages", lambda root: [])
    for name in ("base", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "base" / "modules.json").write_text("[]")
    return called


def train(tmp_path: Path, stage: str, *more: str, out: str = "out") -> int:
    place = {name: str(tmp_path / name) for name in ("data", "base")} | {"out": str(tmp_path / out)}
    return cli.main(["train", stage, *(part for name, value in place.items() for part in (f"--{name}", value)), *more])


def test_the_options_reach_the_stage_and_its_figures_are_shown(
    runs: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "reader") == 0
    assert train(tmp_path, "reader", "--share", "0.25", "--epochs", "2", "--without", "a", "b", "--seed", "7", out="quarter") == 0
    assert train(tmp_path, "retriever", "--dense", "--start", "round1.safetensors", "--average", "0.4") == 0
    places = tmp_path / "data", tmp_path / "base", tmp_path / "out"
    assert runs == [
        (*places, [], Plan()),
        (*places[:2], tmp_path / "quarter", [], Plan(share=0.25, epochs=2, without=("a", "b"), seed=7)),
        (*places, [], [], Course(dense=True), Path("round1.safetensors"), None),
    ]
    made = (tmp_path / "out" / "reader", tmp_path / "quarter" / "reader", tmp_path / "out" / "encoder 0.4")
    assert capsys.readouterr().out == "".join(f"held-out hit@1 0.5000\n{each}\n" for each in made)


def test_a_reader_that_shares_nothing_is_only_measured(
    runs: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "reader", "--whole") == 0
    assert runs[0][-1] == Plan(whole=True)
    assert capsys.readouterr().out == "held-out hit@1 0.5000\n"


def test_a_run_goes_on_only_as_it_was_begun(runs: list[tuple[Any, ...]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [train(tmp_path, "reader", "--seed", "7") for _ in range(2)] == [0, 0]
    assert train(tmp_path, "retriever") == 0, "another stage has checkpoints of its own"
    (tmp_path / "out" / "reader.pt").touch()
    assert train(tmp_path, "reader", "--seed", "7") == 0
    assert train(tmp_path, "reader", "--seed", "8") == 2
    assert "reader.pt is of another run (seed 7 → 8): choose another --out" in capsys.readouterr().err
    assert len(runs) == 4
    (tmp_path / "out" / "reader.pt").unlink()
    assert train(tmp_path, "reader", "--seed", "8") == 0


# Adapting


def verdict(low: float) -> Verdict:
    return Verdict(80, 300, share=0.5, before=0.6, after=0.65, low=low, high=0.09, mixed_before=0.7, mixed_after=0.7)


@pytest.fixture
def notes(shipped: Encoder, tmp_path: Path) -> Path:
    """An index that the shipped encoder is said to have built."""
    return index_by(HashEncoder(shipped.dim, shipped.name), tmp_path)


def index_by(encoder: Encoder, folder: Path) -> Path:
    """The index of one note."""
    (folder / "notes").mkdir()
    (folder / "notes" / "a.md").write_text("# 풀링\n\n풀링은 크기를 줄인다.\n", encoding="utf-8")
    update(folder / "index", [folder / "notes"], encoder=encoder, analyse=str.split, settings=IndexSettings())
    return folder / "index"


def adapting(monkeypatch: pytest.MonkeyPatch, low: float) -> list[Path]:
    """The training is given; the places it was to write to are remembered."""
    places: list[Path] = []

    def adapt(index: object, encoder: Path, out: Path, epochs: int) -> Verdict:
        places.append(out)
        return verdict(low)

    monkeypatch.setattr("rag.training.adapt.adapt", adapt)
    return places


def test_an_encoder_that_is_not_better_changes_nothing(
    notes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = adapting(monkeypatch, low=-0.01)
    for arguments in ([], [], ["--epochs", "3"]):
        assert cli.main(["train", "adapt", "--index", str(notes), "--out", str(tmp_path / "out"), *arguments]) == 1
    assert places[0] == places[1] != places[2], "only the same run goes on from a checkpoint"
    assert capsys.readouterr().out.startswith(
        "80 held-out questions: MRR@10 by meaning 0.600 → 0.650, difference +0.050 (95 % -0.010 to +0.090); "
        "by meaning and words 0.700 → 0.700\n"
        "The adapted encoder is not clearly better by meaning, or worse together with words: the old one is kept.\n"
    )
    assert read_manifest(notes).generation == 1


def test_notes_that_moved_are_other_work(notes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shipped: Encoder) -> None:
    """What is judged by follows from the places of the passages: an encoder trained on them elsewhere must not be judged by them."""
    places = adapting(monkeypatch, low=-0.01)
    (tmp_path / "notes" / "week01").mkdir()
    (tmp_path / "notes" / "a.md").rename(tmp_path / "notes" / "week01" / "a.md")
    encoder = HashEncoder(shipped.dim, shipped.name)
    for again in (False, True):
        if again:
            update(notes, [tmp_path / "notes"], encoder=encoder, analyse=str.split, settings=IndexSettings())
        assert cli.main(["train", "adapt", "--index", str(notes), "--out", str(tmp_path / "out")]) == 1
    assert places[0] != places[1]


def test_the_index_goes_over_to_an_encoder_that_is_better(
    notes: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = adapting(monkeypatch, low=0.01)
    monkeypatch.setattr("index.encoder.open_encoder", lambda name: HashEncoder(16, name))
    assert cli.main(["train", "adapt", "--index", str(notes), "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert f"embedded anew with {places[0] / 'encoder'} (`rag rollback` returns to the old one)" in shown
    assert "generation 2: " in shown
    assert (read_manifest(notes).encoder.name, read_manifest(notes).encoder.dim) == (str(places[0] / "encoder"), 16)


def test_only_what_was_shipped_or_adapted_from_it_can_be_adapted(
    shipped: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = index_by(HashEncoder(8, "owner/model"), tmp_path)
    assert cli.main(["train", "adapt", "--index", str(place), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "was built by owner/model; only the shipped encoder" in said and said.endswith(f"--encoder {shipped.name}\n")


def test_the_run_is_written_beside_its_checkpoint(runs: list[tuple[Any, ...]], tmp_path: Path) -> None:
    train(tmp_path, "reader", "--seed", "7")
    assert json.loads((tmp_path / "out" / "reader.run.json").read_text())["seed"] == "7"
