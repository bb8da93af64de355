"""Every word of the browser page, in Korean and in English.

One dataclass, two instances: a string that one language lacks does not type-check, and does not start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["ko", "en"]
LANGS: tuple[Lang, ...] = ("ko", "en")


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    title: str
    tagline: str
    language: str
    view_ask: str
    view_notes: str
    view_study: str
    view_measure: str
    view_log: str
    collection: str
    collection_none: str
    question: str
    placeholder: str
    ask: str
    settings: str
    retriever: str
    retriever_info: str
    hybrid: str
    dense: str
    lexical: str
    k: str
    k_info: str
    welcome: str
    welcome_text: str
    examples: str
    keys: str
    what_is: str
    answer: str
    confidence: str
    sure: str
    likely: str
    unsure: str
    confidence_note: str
    source: str
    searched: str
    repaired: str
    as_typed: str
    asked: str
    sources: str
    sources_count: str
    closest: str
    no_sources: str
    evidence: str
    matched: str
    rank: str
    score: str
    why: str
    leg: str
    leg_rank: str
    leg_score: str
    leg_none: str
    matched_words: str
    matched_none: str
    open_note: str
    line: str
    page: str
    slide: str
    cell: str
    picture: str
    not_found: str
    no_summary: str
    no_question: str
    try_title: str
    try_words: str
    try_shorter: str
    try_settings: str
    try_notes: str
    loading: str
    loading_note: str
    problem: str
    problem_note: str
    problem_again: str
    left_seconds: str
    left_minutes: str
    crashed: str
    crashed_note: str
    lost: str
    offline: str
    note: str
    close: str
    note_changed: str
    note_gone: str
    note_cut: str
    notices: str
    model_changed: str
    model_missing: str
    no_spans: str
    thumbs: str
    thumb_up: str
    thumb_down: str
    log_on: str
    log_off: str
    log_forbidden: str
    log_shared: str
    log_not_shared: str
    log_turn_off: str
    log_turn_on: str
    kept: str
    ask_again: str
    words_gone: str
    words_nowhere: str
    no_sources_kept: str
    onward: str
    anew: str
    talk: str
    earlier: str
    earlier_note: str
    forget: str
    unanswered: str


KO = Texts(
    lang="ko",
    title="강의 노트에 묻기",
    tagline="답은 내 노트의 그 문장 그대로",
    language="언어",
    view_ask="질문",
    view_notes="노트",
    view_study="공부",
    view_measure="평가",
    view_log="기록",
    collection="노트 {notes}개 · 단락 {passages}개",
    collection_none="열린 노트 없음",
    question="질문",
    placeholder="노트에서 무엇을 찾을까요?",
    ask="묻기",
    settings="검색 설정",
    retriever="찾는 방법",
    retriever_info="‘함께’는 뜻과 낱말을 모두 봅니다.",
    hybrid="함께 (추천)",
    dense="뜻으로",
    lexical="낱말로",
    k="보여 줄 단락 수",
    k_info="가까운 순서로 이만큼 보여 줍니다.",
    welcome="무엇이 궁금한가요?",
    welcome_text="질문을 적으면 노트에서 답이 되는 문장을 찾아, 그 자리에 형광펜을 칠해 보여 줍니다. "
    "지어내지 않고, 근거가 없으면 없다고 말합니다.",
    examples="이런 질문은 어떤가요",
    keys="{enter} 묻기 · {slash} 질문칸으로 · {help} 단축키",
    what_is="{topic} 무엇인가요?",
    answer="답",
    confidence="맞을 가능성",
    sure="믿을 만해요",
    likely="아마 맞아요",
    unsure="확인이 필요해요",
    confidence_note="사람이 쓴 답과 맞을 확률을 추정한 값입니다.",
    source="출처",
    searched="이렇게 찾았어요",
    repaired="{words} 검색했습니다",
    as_typed="입력한 대로 검색",
    asked="질문",
    sources="근거 단락",
    sources_count="{count}개, 가까운 순",
    closest="가장 가까운 단락",
    no_sources="비슷한 단락도 없습니다.",
    evidence="답의 근거",
    matched="질문과 겹친 말",
    rank="{rank}위",
    score="점수",
    why="왜 이 단락인가요?",
    leg="본 것",
    leg_rank="순위",
    leg_score="점수",
    leg_none="순위 밖",
    matched_words="질문과 겹친 낱말",
    matched_none="겹친 낱말 없이 뜻으로 찾았습니다.",
    open_note="노트에서 보기",
    line="{value}행",
    page="{value}쪽",
    slide="슬라이드 {value}",
    cell="셀 {value}",
    picture="그림 {value}",
    not_found="노트에서 근거를 찾지 못했습니다",
    no_summary="요약은 하지 않습니다. 노트의 문장을 그대로 찾아 드리니, 궁금한 것을 하나씩 물어 주세요.",
    no_question="질문에 찾을 말이 없습니다.",
    try_title="이렇게 해 보세요",
    try_words="노트에 적혀 있을 법한 낱말로 바꿔 보세요. 영어 용어도 좋습니다.",
    try_shorter="한 번에 한 가지만 물어보세요.",
    try_settings="검색 설정에서 찾는 방법을 바꾸거나 단락 수를 늘려 보세요.",
    try_notes="이 내용을 적은 노트가 폴더에 있는지 확인해 보세요.",
    loading="노트를 읽고 있어요…",
    loading_note="질문과 가까운 단락을 찾아 답이 되는 문장을 고르는 중입니다.",
    problem="노트를 열 수 없습니다",
    problem_note="터미널에서 위에 적힌 대로 고친 뒤 다시 물어보세요. 페이지를 새로 고치지 않아도 됩니다.",
    problem_again="다시 열어 보기",
    left_seconds="약 {value}초 남음",
    left_minutes="약 {value}분 남음",
    crashed="답하다가 프로그램 오류가 났습니다",
    crashed_note="자세한 기록은 터미널에 있습니다. 다른 질문은 계속할 수 있습니다.",
    lost="답을 받지 못했습니다",
    offline="`rag ui`가 켜져 있는지 터미널에서 확인한 뒤 다시 물어보세요.",
    note="노트 전체",
    close="닫기",
    note_changed="답을 찾은 뒤에 이 노트가 바뀌어서 자리를 표시하지 않았습니다. 다시 물어보면 새 노트에서 찾습니다.",
    note_gone="이 노트는 이제 색인에 없습니다. 다시 물어보면 남은 노트에서 찾습니다.",
    note_cut="노트가 길어서 {total}행 가운데 {first}–{last}행만 보여 줍니다.",
    notices="알림",
    model_changed="모델이 바뀌어 지금은 낱말로만 찾습니다. 노트를 새 모델로 다시 색인하고 나면 뜻으로도 찾습니다. "
    "`make run`은 스스로 색인하고, 직접 하려면",
    model_missing="노트를 색인한 모델을 열 수 없어 지금은 낱말로만 찾습니다",
    no_spans="답을 짚는 모델을 열지 못해 문장으로 답합니다",
    thumbs="이 답은 어땠나요?",
    thumb_up="도움이 됐어요",
    thumb_down="아니에요",
    log_on="물은 것은 이 컴퓨터의 {file}에만 남습니다.",
    log_off="물은 것을 남기지 않습니다. 켜면 이 컴퓨터의 {file}에만 남습니다.",
    log_forbidden="환경 변수 RAG_LOG가 0이어서 물은 것을 남기지 않습니다.",
    log_shared="물은 것은 서버에 남고, 서버를 연 사람만 볼 수 있습니다.",
    log_not_shared="물은 것을 남기지 않습니다.",
    log_turn_off="기록 끄기",
    log_turn_on="기록 켜기",
    kept="이 브라우저에 저장해 둔 답입니다.",
    ask_again="다시 묻기",
    words_gone="답의 근거였던 아래 말은 이제 노트에 없습니다. 다시 물으면 지금의 노트에서 찾습니다.",
    words_nowhere="이 답의 근거는 이제 노트에 없습니다.",
    no_sources_kept="저장해 둔 근거가 없습니다. 다시 물으면 가까운 단락을 보여 줍니다.",
    onward="이어서 물어도 됩니다. “그럼 단점은?”처럼 물으면 앞의 주제를 이어받아 찾습니다.",
    anew="새 대화",
    talk="이 대화에서 물은 것",
    earlier="이전 질문",
    earlier_note="이 브라우저에만 저장됩니다.",
    forget="모두 지우기",
    unanswered="답을 찾지 못함",
)

EN = Texts(
    lang="en",
    title="Ask your lecture notes",
    tagline="Answers in the exact words of your notes",
    language="Language",
    view_ask="Ask",
    view_notes="Notes",
    view_study="Study",
    view_measure="Evaluate",
    view_log="Log",
    collection="{notes:note|notes} · {passages:passage|passages}",
    collection_none="No notes open",
    question="Question",
    placeholder="Ask about your notes",
    ask="Ask",
    settings="Search settings",
    retriever="How to search",
    retriever_info="“Both” looks at meaning and at words.",
    hybrid="Both (recommended)",
    dense="By meaning",
    lexical="By words",
    k="Passages to show",
    k_info="The closest ones, in order.",
    welcome="What would you like to know?",
    welcome_text="Type a question: the sentence of your notes that answers it is found and marked where it stands. "
    "Nothing is made up; where there is no evidence, it says so.",
    examples="You could ask",
    keys="{enter} to ask · {slash} to the question box · {help} for all keys",
    what_is="What is {topic}?",
    answer="Answer",
    confidence="Likely right",
    sure="Can be trusted",
    likely="Probably right",
    unsure="Please check",
    confidence_note="The estimated probability that it agrees with a person’s answer.",
    source="Source",
    searched="Searched as",
    repaired="Searched for {words}",
    as_typed="Search as typed",
    asked="Question",
    sources="Source passages",
    sources_count="{count}, closest first",
    closest="Closest passages",
    no_sources="There is no similar passage either.",
    evidence="the answer’s evidence",
    matched="words of the question",
    rank="No. {rank}",
    score="Score",
    why="Why this passage?",
    leg="Looked at",
    leg_rank="Rank",
    leg_score="Score",
    leg_none="not ranked",
    matched_words="Words shared with the question",
    matched_none="Found by meaning: no word is shared.",
    open_note="Open in the note",
    line="line {value}",
    page="page {value}",
    slide="slide {value}",
    cell="cell {value}",
    picture="picture {value}",
    not_found="No evidence found in the notes",
    no_summary="There are no summaries here. Sentences of the notes are found as they stand: please ask one thing at a time.",
    no_question="The question has no words to look for.",
    try_title="Things to try",
    try_words="Use words that the notes may use; Korean terms work too.",
    try_shorter="Ask one thing at a time.",
    try_settings="Change how to search, or show more passages, in the search settings.",
    try_notes="Check that a note about this is in the folder.",
    loading="Reading your notes…",
    loading_note="Finding the closest passages and picking the sentence that answers.",
    problem="The notes cannot be opened",
    problem_note="Mend it in a terminal as said above, then ask again. The page need not be reloaded.",
    problem_again="Try to open again",
    left_seconds="about {value} s left",
    left_minutes="about {value} min left",
    crashed="The program failed while answering",
    crashed_note="The terminal shows the details. You can go on with another question.",
    lost="No answer came back",
    offline="See in the terminal whether `rag ui` is running, then ask again.",
    note="The whole note",
    close="Close",
    note_changed="This note changed after the answer was found, so no place is marked. Ask again to search the new note.",
    note_gone="This note is no longer in the index. Ask again to search the notes that remain.",
    note_cut="The note is long: lines {first}–{last} of {total} are shown.",
    notices="Notice",
    model_changed="The model has changed, so only words are searched for now. Meaning is searched again once the notes are indexed "
    "with the new one. `make run` does so by itself; to do it yourself",
    model_missing="The model that indexed the notes cannot be opened, so only words are searched",
    no_spans="The model that marks answers cannot be opened, so whole sentences answer",
    thumbs="How was this answer?",
    thumb_up="It helped",
    thumb_down="It did not help",
    log_on="What you ask is kept on this machine only, in {file}.",
    log_off="What you ask is not kept. Turned on, it is kept on this machine only, in {file}.",
    log_forbidden="What you ask is not kept: the environment sets RAG_LOG to 0.",
    log_shared="What you ask is kept on the server, for its owner alone to see.",
    log_not_shared="What you ask is not kept.",
    log_turn_off="Turn the log off",
    log_turn_on="Turn the log on",
    kept="An answer that this browser kept.",
    ask_again="Ask again",
    words_gone="These words, which the answer rested on, are no longer in the notes. Ask again to search the notes as they are now.",
    words_nowhere="The evidence of this answer is no longer in the notes.",
    no_sources_kept="No evidence was kept. Ask again to see the closest passages.",
    onward="You can go on: a follow-up such as “What about its limits?” carries the topic along.",
    anew="New conversation",
    talk="Asked in this conversation",
    earlier="Earlier questions",
    earlier_note="Kept in this browser only.",
    forget="Clear all",
    unanswered="No answer found",
)

_TEXTS: dict[Lang, Texts] = {"ko": KO, "en": EN}


def language(tag: str | None) -> Lang:
    """The interface language for a browser's tag (`ko-KR`, `en`): Korean for Korean, English for everyone else, Korean where unknown."""
    return "ko" if not tag or tag.lower().startswith("ko") else "en"


def texts(lang: Lang) -> Texts:
    """The words of one language."""
    return _TEXTS[lang]


def topic(word: str) -> str:
    """A Korean word with the particle 은 or 는, whichever its last sound takes (Hangul syllables: U+AC00 + 28n + final)."""
    stem = word.rsplit("(", 1)[0].rstrip() or word
    code = ord(stem[-1]) - 0xAC00
    if not 0 <= code < 11172:
        return f"{word}은(는)"
    return f"{word}{'은' if code % 28 else '는'}"
