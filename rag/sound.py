"""Recorded speech as the recogniser takes it: 16-bit samples of one channel, 16,000 of them a second."""

from __future__ import annotations

import io
import struct
import warnings
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import UsageError

RATE = 16_000
LONGEST = 30
"""Seconds of a question at most."""
LARGEST = 32 * 2**20
"""Bytes of a recording at most: 30 s of two channels of 32 bits at 96 kHz are 23 MB."""
RATES = (4_000, 192_000)
"""Samples a second that a recording may have."""
SILENT = 0.002
"""A recording whose loudest tenth of a second is quieter than this share of full scale (−54 dB) holds no speech."""
FULL = 32_767

Samples = NDArray[np.int16]


def samples(sound: bytes) -> Samples:
    """A WAV of any rate and number of channels, shape (n,); UsageError where it is none, is broken, or lasts too long."""
    if len(sound) > LARGEST:
        raise UsageError(f"the recording has {len(sound):,} bytes; at most {LARGEST:,} are read: record a question of {LONGEST} seconds")
    rate, wave = _read(sound)
    seconds = len(wave) / rate
    if seconds > LONGEST:
        raise UsageError(f"the recording lasts {seconds:.0f} seconds; a question may last {LONGEST}: say it more briefly")
    return _at_our_rate(_mono(wave), rate)


def is_silent(wave: Samples) -> bool:
    """Whether nothing in it is as loud as speech."""
    tenth = RATE // 10
    loudness = (float(np.sqrt(np.mean(np.square(wave[at : at + tenth], dtype=np.float64)))) for at in range(0, len(wave), tenth))
    return max(loudness, default=0.0) < SILENT * FULL


def _read(sound: bytes) -> tuple[int, NDArray[Any]]:
    """Samples a second, and what was recorded, by channel where there are several."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():  # one that was written to a pipe names no length
            warnings.simplefilter("ignore")
            rate, wave = wavfile.read(io.BytesIO(sound))
    except (ValueError, TypeError, EOFError, struct.error, UnboundLocalError, MemoryError, ZeroDivisionError) as error:
        raise UsageError(f"the recording is no WAV file that can be read ({error}): save it as WAV, PCM 16 bit") from error
    if not RATES[0] <= rate <= RATES[1]:
        raise UsageError(f"the recording has {rate} samples a second; {RATES[0]} to {RATES[1]} are read: save it with {RATE}")
    return rate, wave


def _mono(wave: NDArray[Any]) -> NDArray[np.float64]:
    """Its channels' mean, from −1 to 1."""
    whole = np.issubdtype(wave.dtype, np.integer)
    scale = float(np.iinfo(wave.dtype).max) + 1 if whole else 1.0
    middle = 128.0 if wave.dtype == np.uint8 else 0.0
    scaled = np.nan_to_num((wave.astype(np.float64) - middle) / (128.0 if wave.dtype == np.uint8 else scale))
    return scaled.mean(axis=1) if scaled.ndim > 1 else scaled


def _at_our_rate(wave: NDArray[np.float64], rate: int) -> Samples:
    from scipy.signal import resample_poly

    if rate != RATE and len(wave):
        shared = gcd(RATE, rate)
        wave = resample_poly(wave, RATE // shared, rate // shared)
    return np.round(np.clip(wave, -1, 1) * FULL).astype(np.int16)
