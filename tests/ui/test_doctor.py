"""`rag doctor` says how everything is that an answer needs, and what mends what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from index.encoder import Encoder, Vectors
from index.errors import ModelError
from index.types import Progress
from tests.fakes import HashEncoder
from ui import cli, doctor


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor")
    (folder / "notes").mkdir()
    (folder / "notes" / "a.md").write_text("# 역전파\n\n역전파는 기울기를 뒤로 보낸다.\n", encoding="utf-8")
    assert cli.main(["index", str(folder / "notes"), "--index", str(folder / "index")]) == 0
    return folder / "index"


def look(place: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    code = cli.main(["doctor", "--index", str(place), "--format", "json"])
    return code, {each["name"]: each for each in json.loads(capsys.readouterr().out)["findings"]}


def test_where_all_is_well_it_says_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    code, found = look(place, capsys)
    assert (code, {name: each["state"] for name, each in found.items()}) == (
        0,
        dict.fromkeys(("python", "packages", "extras", "model encoder", "model reader", "index", "disk", "encoder"), "ok"),
    )
    assert found["index"]["found"] == "generation 1, 1 passages, clean"
    assert found["model encoder"]["found"] != found["model reader"]["found"]
    assert "of Korean comparisons right" in found["encoder"]["found"]
    assert cli.main(["doctor", "--index", str(place)]) == 0
    assert "ok       index: generation 1, 1 passages, clean\n" in capsys.readouterr().out


def test_a_missing_index_is_a_warning_with_its_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = look(tmp_path / "none", capsys)
    assert (code, found["index"]["state"], found["index"]["mend"]) == (0, "warning", f"rag index --index {tmp_path / 'none'} NOTES")


def test_a_harmed_index_fails_and_names_the_command(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "index"
    shutil.copytree(place, broken)
    vectors = max(
        (file for file in broken.rglob("*") if file.is_file() and file.name != "manifest.json"), key=lambda file: file.stat().st_size
    )
    raw = bytearray(vectors.read_bytes())
    raw[len(raw) // 2] ^= 1
    vectors.write_bytes(raw)
    capsys.readouterr()
    code, found = look(broken, capsys)
    assert (code, found["index"]["state"], "rag verify" in found["index"]["mend"]) == (1, "failed", True)
    assert cli.main(["doctor", "--index", str(broken)]) == 1
    assert "→ rag verify" in capsys.readouterr().out


def test_a_damaged_model_and_a_full_disk_are_seen(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(folder: Path) -> str:
        raise ModelError(f"model file {folder / 'x'} is damaged; reinstall the package")

    monkeypatch.setattr("index.encoder.verify_files", damaged)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10 * 2**20))
    capsys.readouterr()
    code, found = look(place, capsys)
    assert code == 1
    states = {name: found[name]["state"] for name in ("model encoder", "model reader", "disk", "encoder", "index")}
    assert states == {"model encoder": "failed", "model reader": "failed", "disk": "warning", "encoder": "failed", "index": "ok"}
    assert "0.0 GiB free" in found["disk"]["found"]


class EnglishOnly(HashEncoder):
    """Knows what English sentences are about, and takes every Hangul letter for one and the same sign."""

    def _encode(self, texts: Sequence[str]) -> Vectors:
        english = {text: str(number) for number, pair in enumerate(doctor.ENGLISH) for text in pair}
        return super()._encode([english.get(text, "unknown") for text in texts])

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self._encode(texts)


def test_a_model_for_english_alone_is_warned_of(shipped: Encoder) -> None:
    found = doctor.korean(EnglishOnly())
    assert (found.state, "0% of Korean" in found.found, "100% of English" in found.found) == ("warning", True, True)
    assert "English alone" in found.found and "--encoder" in found.mend
    assert doctor.korean(shipped).state == "ok"
    blind = doctor.korean(Blind())
    assert (blind.state, "it is weak" in blind.found) == ("warning", True)


class Blind(HashEncoder):
    """Finds everything alike."""

    def _encode(self, texts: Sequence[str]) -> Vectors:
        return super()._encode(["same" for _ in texts])


def test_pairs_share_hardly_a_word() -> None:
    for pairs in (doctor.KOREAN, doctor.ENGLISH):
        shared: list[Any] = [set(question.lower().split()) & set(passage.lower().split()) for question, passage in pairs]
        assert max(map(len, shared)) <= 2
