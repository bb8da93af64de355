"""A spoken question, from the WAV to the words of the notes, and to the answer."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from index.errors import ModelError, UsageError
from rag import voice
from rag.sound import RATE, samples
from rag.spoken import Wording, spelled, wording
from rag.voice import PREFERRED, Heard, Reading, chosen, heard, reading
from tests.speech import speak
from ui import cli

NOTES = {
    "backprop.md": "# 최적화\n\n역전파는 연쇄 법칙으로 기울기를 구하는 방법이다.\n경사 하강법은 기울기의 반대쪽으로 조금씩 옮긴다.\n",
    "regular.md": "# 정규화\n\n과적합은 훈련 데이터를 외우는 현상이다.\n드롭아웃은 학습할 때 뉴런을 무작위로 끈다.\n",
}


@pytest.fixture(scope="module")
def listened() -> Wording:
    return wording(NOTES.values(), voice.knows)


def wav(sound: np.ndarray, rate: int = RATE) -> bytes:
    out = io.BytesIO()
    wavfile.write(out, rate, sound)
    return out.getvalue()


def test_a_question_is_heard_in_the_words_of_the_notes(listened: Wording) -> None:
    found = heard(speak("역전파가 뭐야"), listened)
    assert found.text == "역전파가 뭐야" and found.other and "역전파" not in found.other


@pytest.mark.parametrize("said", ["역전파가 뭐야", "연쇄 법칙"])
def test_the_notes_words_alone_are_heard_the_same_each_time(said: str, listened: Wording) -> None:
    wave = samples(speak(said))
    assert [spelled(reading(wave, listened).words, listened.holds) for _ in range(2)] == [said, said]


def test_rate_and_channels_of_the_recording_do_not_matter(listened: Wording) -> None:
    with pytest.warns(wavfile.WavFileWarning):  # written to a pipe
        rate, sound = wavfile.read(io.BytesIO(speak("역전파가 뭐야")))
    twice = np.repeat(np.stack([sound, sound], axis=1), 2, axis=0)
    assert heard(wav((twice / 40_000).astype(np.float32), 2 * rate), listened).text == "역전파가 뭐야"


def test_without_notes_it_is_heard_freely() -> None:
    found = heard(speak("안녕하세요"))
    assert found.text and found.other == ""


def test_silence_says_nothing_and_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "_model", lambda: pytest.fail("the model was loaded"))
    assert heard(wav(np.zeros(RATE, np.int16))) == Heard("")


def test_the_likelier_reading_comes_first(listened: Wording) -> None:
    free, ours = Reading(("이", "없", "다"), 100.0), Reading(("역", "전파"), 100.0 - PREFERRED)
    assert chosen(free, ours, listened, 1.0) == Heard("역전파", "이 없 다")
    assert chosen(free, ours, listened, 0.9) == Heard("이 없 다", "역전파")
    assert chosen(free, Reading((), 0.0), listened, 9.0) == Heard("이 없 다")
    assert chosen(ours, ours, listened, 1.0) == Heard("역전파"), "both readings agree"
    assert chosen(Reading((), 0.0), Reading((), 0.0), listened, 1.0) == Heard("")


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "find_spec", lambda name: None)
    voice._loaded.cache_clear()
    assert not voice.is_installed()
    with pytest.raises(ModelError, match=r"pip install '\.\[voice\]'"):
        voice.knows("전파")


# At the shell


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spoken")
    (folder / "notes").mkdir()
    for name, text in NOTES.items():
        (folder / "notes" / name).write_text(text, "utf-8")
    assert cli.main(["index", "--index", str(folder / "index"), str(folder / "notes")]) == 0
    return folder / "index"


def test_a_recording_is_asked_at_the_shell(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "said.wav").write_bytes(speak("역전파가 뭐야"))
    capsys.readouterr()
    assert cli.main(["ask", "--index", str(index), "--audio", str(tmp_path / "said.wav")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("? 역전파가 뭐야\n") and "연쇄 법칙으로 기울기를 구하는 방법" in out.split("-- passages")[0]


def test_a_recording_that_cannot_be_asked_is_told(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["ask", "--index", str(index), "--audio"]
    assert cli.main([*ask, str(tmp_path / "none.wav")]) == UsageError.exit_code
    assert "cannot read" in capsys.readouterr().err
    (tmp_path / "still.wav").write_bytes(wav(np.zeros(RATE, np.int16)))
    assert cli.main([*ask, str(tmp_path / "still.wav")]) == 1
    assert "nothing was heard" in capsys.readouterr().err
    assert cli.main([*ask, str(tmp_path / "still.wav"), "역전파란?"]) == UsageError.exit_code
    assert "--audio is the question" in capsys.readouterr().err
