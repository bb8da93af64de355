"""Spoken questions for the tests, made by espeak-ng; what stands for a browser's microphone and voices."""

from __future__ import annotations

import os
import shutil

import pytest

from benchmarks import voice

RATE = 160
"""Words a minute at which the recogniser follows the sentences of the tests."""

STILL = """() => {
  const { stream } = new AudioContext().createMediaStreamDestination();
  navigator.mediaDevices.getUserMedia = async () => stream;
}"""
"""A microphone into which nobody speaks."""
VOICES = """() => {
  window.said = [];
  const synth = window.speechSynthesis;
  const voice = (lang, localService) => ({ lang, localService, name: lang, voiceURI: lang, default: false });
  synth.getVoices = () => [voice("ko-KR", false), voice("ko-KR", true)];
  synth.speak = (speech) => window.said.push(speech);
  synth.cancel = () => window.said.push("stop");
  const kept = { set(voice) { this.chosen = voice; }, get() { return this.chosen; } };
  Object.defineProperty(SpeechSynthesisUtterance.prototype, "voice", kept);
  synth.dispatchEvent(new Event("voiceschanged"));
}"""
"""A browser with a Korean voice of its own and one far away, which writes down what is to be said."""


def speak(text: str) -> bytes:
    """A WAV of 22,050 samples a second that says a text in Korean."""
    if shutil.which("espeak-ng") is None:
        tell = pytest.fail if os.environ.get("RAG_NO_SKIPS") == "1" else pytest.skip
        tell("no espeak-ng: apt install espeak-ng")
    return voice.speak(text, RATE)
