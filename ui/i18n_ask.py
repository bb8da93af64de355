"""The words of searching while typing, of the filters, of why a passage stands where it does, and of the keys, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag import hangul
from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class AskTexts:
    """The words of one language. Braces are filled by `str.format`.

    The reasons from `only` to `meaning_less_too` may have two forms, `another reason follows/the sentence ends`.
    """

    lang: Lang
    typing: str
    typing_count: str
    typing_hint: str
    typing_none: str
    typing_none_hint: str
    scope: str
    scope_note: str
    scope_folder: str
    scope_week: str
    scope_type: str
    scope_pick: str
    week: str
    drop: str
    clear: str
    narrow: str
    narrow_note: str
    clear_and_ask: str
    before: str
    behind: str
    joint: str
    only: str
    more: str
    words: str
    meaning: str
    meaning_too: str
    but_meaning: str
    but_words: str
    lacks: str
    fewer: str
    words_less: str
    meaning_less: str
    meaning_less_too: str
    but_meaning_more: str
    but_words_more: str
    tied: str
    keys: str
    key_question: str
    key_ask: str
    key_down: str
    key_step: str
    key_open: str
    key_close: str
    key_help: str
    cut: str


KO = AskTexts(
    lang="ko",
    typing="찾은 단락",
    typing_count="{count}개",
    typing_hint="{enter}를 누르면 뜻까지 살펴 답을 찾습니다.",
    typing_none="아직 겹치는 낱말이 없습니다",
    typing_none_hint="{enter}를 누르면 뜻으로도 찾습니다.",
    scope="찾는 범위",
    scope_note="노트",
    scope_folder="폴더",
    scope_week="주차",
    scope_type="형식",
    scope_pick="전체",
    week="{week}주차",
    drop="{name} 빼기",
    clear="모두 지우기",
    narrow="고른 범위에 노트가 없습니다",
    narrow_note="‘{scope}’에 모두 맞는 노트가 없습니다. 범위를 하나 빼거나 모두 지워 보세요.",
    clear_and_ask="범위를 지우고 다시 묻기",
    before="{rank}위보다 {reasons}.",
    behind="{rank}위에 견주면 {reasons}.",
    joint=" ",
    only="{words}까지 더 겹치고/{words}까지 더 겹칩니다",
    more="{subject} 더 나오고/{subject} 더 나옵니다",
    words="낱말 점수가 높고/낱말 점수가 높습니다",
    meaning="뜻이 더 가깝고/뜻이 더 가깝습니다",
    meaning_too="뜻도 더 가깝고/뜻도 더 가깝습니다",
    but_meaning="뜻은 더 멀지만 ",
    but_words="낱말 점수는 낮지만 ",
    lacks="{subject} 없고/{subject} 없습니다",
    fewer="{subject} 덜 나오고/{subject} 덜 나옵니다",
    words_less="낱말 점수가 낮고/낱말 점수가 낮습니다",
    meaning_less="뜻이 더 멀고/뜻이 더 멉니다",
    meaning_less_too="뜻도 더 멀고/뜻도 더 멉니다",
    but_meaning_more="뜻은 더 가깝지만 ",
    but_words_more="낱말 점수는 높지만 ",
    tied="{rank}위와 점수가 같아 노트 이름 순서로 놓았습니다.",
    keys="단축키",
    key_question="질문칸으로",
    key_ask="묻기",
    key_down="질문칸에서 단락으로",
    key_step="다음 단락 · 이전 단락",
    key_open="고른 단락을 노트에서 열기",
    key_close="닫기 · 질문칸에서 나오기",
    key_help="이 도움말",
    cut="질문은 {limit}자까지 적을 수 있습니다. 붙여 넣은 글에서 넘치는 부분은 잘렸습니다.",
)

EN = AskTexts(
    lang="en",
    typing="Passages found",
    typing_count="{count}",
    typing_hint="Press {enter} to look at meaning too, and answer.",
    typing_none="No word of this is in the notes yet",
    typing_none_hint="Press {enter} to search by meaning too.",
    scope="Search in",
    scope_note="Note",
    scope_folder="Folder",
    scope_week="Week",
    scope_type="Format",
    scope_pick="All",
    week="Week {week}",
    drop="Remove {name}",
    clear="Clear all",
    narrow="No note is left to search",
    narrow_note="No note matches all of “{scope}”. Take one of them away, or clear all.",
    clear_and_ask="Clear the filters and ask again",
    before="Compared with No. {rank}, it {reasons}.",
    behind="Compared with No. {rank}, it {reasons}.",
    joint=" and ",
    only="also shares {words}",
    more="says {subject} more often",
    words="scores higher by its words",
    meaning="is closer in meaning",
    meaning_too="is closer in meaning too",
    but_meaning="is further in meaning, but ",
    but_words="scores lower by its words, but ",
    lacks="lacks {subject}",
    fewer="says {subject} less often",
    words_less="scores lower by its words",
    meaning_less="is further in meaning",
    meaning_less_too="is further in meaning too",
    but_meaning_more="is closer in meaning, but ",
    but_words_more="scores higher by its words, but ",
    tied="Its score equals that of No. {rank}; the names of the notes decide.",
    keys="Keyboard shortcuts",
    key_question="to the question box",
    key_ask="ask",
    key_down="from the question to the passages",
    key_step="next passage · previous passage",
    key_open="open the chosen passage in its note",
    key_close="close · leave the question box",
    key_help="this help",
    cut="A question can have {limit} characters. What you pasted was longer and has been cut.",
)

_TEXTS: dict[Lang, AskTexts] = {"ko": KO, "en": EN}


def ask_texts(lang: Lang) -> AskTexts:
    """The words of one language."""
    return _TEXTS[lang]


def quoted(words: Sequence[str]) -> str:
    return ", ".join(f"‘{word}’" for word in words)


def subject(words: Sequence[str], lang: Lang) -> str:
    """Words in quotes; in Korean as the subject of a sentence: `‘벡터’, ‘역전파’가`, after other letters than Hangul `‘loss’ 낱말이`."""
    if lang != "ko":
        return quoted(words)
    final = hangul.final(words[-1][-1:])
    return quoted(words) + (" 낱말이" if final < 0 else "이" if final else "가")
