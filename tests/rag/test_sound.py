"""Recordings of any kind as the recogniser takes them."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from index.errors import UsageError
from rag.sound import LARGEST, LONGEST, RATE, is_silent, samples


def tone(rate: int, seconds: float = 0.5, hertz: float = 440.0, loud: float = 0.5) -> np.ndarray:
    return loud * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)


def wav(rate: int, sound: np.ndarray) -> bytes:
    out = io.BytesIO()
    wavfile.write(out, rate, sound)
    return out.getvalue()


def strongest(sound: np.ndarray) -> float:
    """The frequency that carries most of it, in hertz."""
    return float(np.argmax(np.abs(np.fft.rfft(sound))) * RATE / len(sound))


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_every_rate_becomes_ours_and_keeps_its_pitch(rate: int) -> None:
    found = samples(wav(rate, (tone(rate) * 32767).astype(np.int16)))
    assert found.dtype == np.int16 and len(found) == pytest.approx(RATE / 2, abs=1)
    assert strongest(found) == pytest.approx(440, abs=2)
    assert np.abs(found[800:-800]).max() == pytest.approx(0.5 * 32767, rel=0.02)


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("8 bit", lambda sound: np.round(sound * 127 + 128).astype(np.uint8)),
        ("16 bit", lambda sound: np.round(sound * 32767).astype(np.int16)),
        ("32 bit", lambda sound: np.round(sound * (2**31 - 1)).astype(np.int32)),
        ("float", lambda sound: sound.astype(np.float32)),
        ("two channels", lambda sound: np.stack([sound, sound], axis=1).astype(np.float32)),
    ],
)
def test_every_kind_of_sample_says_the_same(kind: str, made) -> None:  # type: ignore[no-untyped-def]
    sound = tone(RATE)
    assert np.abs(samples(wav(RATE, made(sound))) / 32767 - sound).max() < 0.01


def test_channels_are_mixed() -> None:
    left, right = tone(RATE, hertz=300), tone(RATE, hertz=300, loud=-0.5)
    assert np.abs(samples(wav(RATE, np.stack([left, right], axis=1).astype(np.float32)))).max() == 0


def test_a_length_that_a_pipe_left_open_is_read_to_the_end() -> None:
    sound = bytearray(wav(RATE, (tone(RATE) * 32767).astype(np.int16)))
    sound[40:44] = (0x7FFFF000).to_bytes(4, "little")
    assert len(samples(bytes(sound))) == RATE // 2


def test_what_is_too_long_or_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match=rf"lasts {LONGEST + 2} seconds; a question may last {LONGEST}"):
        samples(wav(8_000, np.zeros(8_000 * (LONGEST + 2), np.int16)))
    with pytest.raises(UsageError, match="at most"):
        samples(bytes(LARGEST + 1))
    with pytest.raises(UsageError, match="1000 samples a second"):
        samples(wav(1_000, np.zeros(1_000, np.int16)))


ODD = bytearray(wav(RATE, np.zeros(400, np.float32)))
ODD[32] = 3  # floating-point numbers of three bytes


@pytest.mark.parametrize("sound", [b"", b"RIFF", b"ID3\x04 no wave at all", wav(RATE, np.zeros(400, np.int16))[:30], ODD])
def test_what_is_no_wav_is_refused_and_told_how(sound: bytes) -> None:
    with pytest.raises(UsageError, match="save it as WAV, PCM 16 bit"):
        samples(sound)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 43), byte=st.integers(0, 255), cut=st.integers(0, 300))
def test_a_damaged_header_is_refused_or_read(at: int, byte: int, cut: int) -> None:
    sound = bytearray(wav(8_000, (tone(8_000, 0.02) * 9_000).astype(np.int16)))
    sound[at] = byte
    try:
        assert samples(bytes(sound[: len(sound) - cut])).dtype == np.int16
    except UsageError as error:
        assert str(error).startswith("the recording ")


def test_silence_is_told_from_quiet_speech() -> None:
    noise = np.random.default_rng(0).normal(0, 12, RATE).astype(np.int16)
    assert is_silent(noise) and is_silent(np.zeros(0, np.int16))
    noise[4_000:6_000] += (tone(RATE, 0.125, loud=0.02) * 32767).astype(np.int16)
    assert not is_silent(noise)


def test_frames_of_the_standard_library_are_read_too() -> None:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        file.writeframes(b"".join(int(value * (2**23 - 1)).to_bytes(3, "little", signed=True) for value in tone(RATE, 0.1)))
    assert np.abs(samples(out.getvalue()) / 32767 - tone(RATE, 0.1)).max() < 0.001
