"""The words at the page's door: signing in, and being told to wait, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class GuardTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    title: str
    name: str
    password: str
    enter: str
    wrong: str
    wait: str
    here: str
    leave: str
    back: str
    busy: str
    signed_out: str


KO = GuardTexts(
    lang="ko",
    title="강의 노트에 들어가기",
    name="이름",
    password="비밀번호",
    enter="들어가기",
    wrong="이름이나 비밀번호가 맞지 않습니다.",
    wait="틀린 시도가 많았습니다. {seconds}초 뒤에 다시 해 주세요.",
    here="{name} 이름으로 들어와 있습니다.",
    leave="나가기",
    back="노트로 돌아가기",
    busy="짧은 사이에 요청이 너무 많았습니다. 잠시 뒤에 다시 해 주세요.",
    signed_out="로그인이 끝났습니다. 다시 들어와 주세요.",
)

EN = GuardTexts(
    lang="en",
    title="Sign in to the lecture notes",
    name="Name",
    password="Password",
    enter="Sign in",
    wrong="Name or password is not right.",
    wait="There were too many wrong tries. Try again in {seconds} seconds.",
    here="Signed in as {name}.",
    leave="Sign out",
    back="Back to the notes",
    busy="Too many requests in a short time. Please try again in a moment.",
    signed_out="You are signed out. Please sign in again.",
)


def guard_texts(lang: Lang) -> GuardTexts:
    return KO if lang == "ko" else EN
