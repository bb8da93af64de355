"""The words of asking by microphone and of reading aloud, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class VoiceTexts:
    """The words of one language."""

    lang: Lang
    speak: str
    stop: str
    waiting: str
    listening: str
    working: str
    heard: str
    other: str
    nothing: str
    denied: str
    none: str
    insecure: str
    absent: str
    failed: str
    read: str
    read_stop: str


KO = VoiceTexts(
    lang="ko",
    speak="말로 묻기",
    stop="다 말했어요",
    waiting="마이크를 켜고 있습니다…",
    listening="듣고 있습니다. 다 말씀하셨으면 버튼을 한 번 더 눌러 주세요. Esc를 누르면 그만둡니다.",
    working="받아 적고 있습니다… Esc를 누르면 그만둡니다.",
    heard="이렇게 들었습니다. 맞으면 Enter로 묻고, 다르면 고쳐 주세요.",
    other="이렇게도 들립니다",
    nothing="들린 말이 없습니다. 마이크에 가까이 대고 다시 말씀해 주세요.",
    denied="마이크를 쓸 수 없습니다. 브라우저의 주소창 옆에서 이 페이지에 마이크를 허용해 주세요.",
    none="마이크를 열 수 없습니다. 마이크가 연결되어 있는지, 다른 프로그램이 쓰고 있지 않은지 확인해 주세요.",
    insecure="이 주소에서는 브라우저가 마이크를 열어 주지 않습니다. 이 컴퓨터에서 localhost 주소나 https로 열어 주세요.",
    absent="음성 인식을 설치하면 질문을 한국어로 말할 수 있습니다. 인터넷에 보내지 않고 이 컴퓨터에서 알아듣습니다: pip install '.[voice]'",
    failed="말을 받아 적지 못했습니다. 다시 말씀하시거나 질문을 적어 주세요.",
    read="소리로 듣기",
    read_stop="그만 듣기",
)

EN = VoiceTexts(
    lang="en",
    speak="Ask by voice",
    stop="I am done",
    waiting="Opening the microphone…",
    listening="Listening, in Korean. Press the button again when you are done, or Esc to cancel.",
    working="Writing down what was said… Esc cancels.",
    heard="This is what was heard. Press Enter to ask it, or correct it first.",
    other="Or was it",
    nothing="Nothing was heard. Move closer to the microphone and say it again.",
    denied="The microphone is blocked. Allow it for this page, next to the browser’s address bar.",
    none="No microphone can be opened. Check that one is connected and that no other program is using it.",
    insecure="The browser opens no microphone at this address. Use localhost on this machine, or https.",
    absent="With speech recognition installed you can ask in spoken Korean, understood on this machine and sent nowhere: "
    "pip install '.[voice]'",
    failed="What you said could not be written down. Say it again, or type the question.",
    read="Read aloud",
    read_stop="Stop reading",
)

_TEXTS: dict[Lang, VoiceTexts] = {"ko": KO, "en": EN}


def voice_texts(lang: Lang) -> VoiceTexts:
    """The words of one language."""
    return _TEXTS[lang]
