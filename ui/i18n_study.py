"""The words of the view in which one studies, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class StudyTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    study: str
    intro: str
    part: str
    quiz: str
    cards: str
    overview: str
    weeks: str
    notes: str
    week: str
    due: str
    new: str
    done: str
    progress: str
    definition: str
    cloze: str
    list: str
    fact: str
    items: str
    front: str
    back: str
    show: str
    how_well: str
    again: str
    hard: str
    good: str
    easy: str
    in_minutes: str
    in_hours: str
    in_days: str
    in_months: str
    in_years: str
    source: str
    leave_out: str
    left_out: str
    take_in: str
    out: str
    keys: str
    finished: str
    finished_here: str
    finished_note: str
    next_due: str
    more: str
    nothing: str
    nothing_note: str
    none_here: str
    none_here_note: str
    no_place: str
    making: str
    making_note: str
    stopped: str
    problem: str
    retry: str
    listed: str
    cut: str
    resting: str
    resting_note: str
    anki: str
    csv: str
    export_note: str
    failed: str
    deck: str
    overview_note: str
    overview_none: str
    overview_cut: str
    state_new: str
    state_due: str
    state_later: str


KO = StudyTexts(
    lang="ko",
    study="공부",
    intro="노트의 문장으로 만든 카드를 풀어 보세요. 잊을 때쯤 다시 물어봅니다.",
    part="무엇을 할까요",
    quiz="카드 풀기",
    cards="카드 목록",
    overview="한눈에 보기",
    weeks="주차",
    notes="노트",
    week="{week}주차",
    due="복습할 카드",
    new="새 카드",
    done="오늘 푼 횟수",
    progress="오늘 {total}번 가운데 {done}번 풀었습니다",
    definition="뜻",
    cloze="빈칸",
    list="나열",
    fact="이유와 특징",
    items="{count}가지",
    front="앞면",
    back="답",
    show="답 보기",
    how_well="얼마나 잘 떠올렸나요?",
    again="다시",
    hard="어려움",
    good="알맞음",
    easy="쉬움",
    in_minutes="{value}분",
    in_hours="{value}시간",
    in_days="{value}일",
    in_months="{value}개월",
    in_years="{value}년",
    source="노트에서 보기",
    leave_out="이 카드 빼기",
    left_out="카드를 뺐습니다. 카드 목록에서 다시 넣을 수 있습니다.",
    take_in="다시 넣기",
    out="뺀 카드",
    keys="{space} 답 보기 · {digits} 얼마나 알았는지",
    finished="오늘 할 카드를 다 풀었습니다",
    finished_here="고른 노트에서 오늘 할 카드를 다 풀었습니다",
    finished_note="오늘 {count}번 풀었습니다. 수고했어요!",
    next_due="다음 카드는 {when} 뒤에 나옵니다.",
    more="새 카드 {count}장 더 풀기",
    nothing="카드로 만들 문장을 찾지 못했습니다",
    nothing_note="“X란 …”이나 “X: …”처럼 뜻을 적은 문장과 목록이 있으면 카드가 나옵니다. 그런 노트를 넣고 색인해 보세요.",
    none_here="고른 노트에는 카드가 없습니다",
    none_here_note="주차나 노트를 더 고르거나 비워 보세요.",
    no_place="이 페이지에는 복습을 적어 둘 곳이 없어 카드를 풀 수 없습니다. 목록과 한눈에 보기는 볼 수 있습니다.",
    making="노트에서 카드를 만들고 있어요…",
    making_note="노트가 바뀌었을 때만 새로 만듭니다.",
    stopped="카드를 다 만들지 못했습니다",
    problem="지금은 공부할 수 없습니다",
    retry="다시 해 보기",
    listed="카드 {count}장",
    cut="앞의 {count}장만 보여 줍니다. 주차나 노트를 고르면 나머지도 볼 수 있습니다.",
    resting="쉬는 카드",
    resting_note="답이 되는 문장이 노트에서 사라져 묻지 않습니다. 문장이 돌아오면 이어서 묻습니다.",
    anki="Anki로 내보내기",
    csv="CSV로 내보내기",
    export_note="고른 노트의 카드를 출처와 함께 내보냅니다. Anki에 다시 가져와도 겹치지 않습니다.",
    failed="내보내지 못했습니다. 서버가 켜져 있는지 확인하고 다시 눌러 주세요.",
    deck="강의 노트",
    overview_note="노트마다 중심이 되는 문장을 그대로 골랐습니다. 문장을 누르면 그 자리가 열립니다.",
    overview_none="한눈에 보여 줄 문장을 찾지 못했습니다.",
    overview_cut="앞의 노트 {count}개만 보여 줍니다. 주차나 노트를 고르면 나머지도 볼 수 있습니다.",
    state_new="아직 풀지 않음",
    state_due="복습할 때",
    state_later="{when} 뒤",
)

EN = StudyTexts(
    lang="en",
    study="Study",
    intro="Cards made of the sentences of your notes. Each comes back when you are about to forget it.",
    part="What to do",
    quiz="Quiz",
    cards="All cards",
    overview="At a glance",
    weeks="Weeks",
    notes="Notes",
    week="Week {week}",
    due="To review",
    new="New",
    done="Answered today",
    progress="{done} of {total} today",
    definition="Meaning",
    cloze="Gap",
    list="List",
    fact="Why and how",
    items="{count} items",
    front="Front",
    back="Answer",
    show="Show the answer",
    how_well="How well did you know it?",
    again="Again",
    hard="Hard",
    good="Good",
    easy="Easy",
    in_minutes="{value} min",
    in_hours="{value} h",
    in_days="{value} d",
    in_months="{value} mo",
    in_years="{value} y",
    source="Open in the note",
    leave_out="Leave this card out",
    left_out="The card is left out. You can take it in again under All cards.",
    take_in="Take in again",
    out="Cards left out",
    keys="{space} to show the answer · {digits} for how well you knew it",
    finished="You are done for today",
    finished_here="You are done with these notes for today",
    finished_note="{count:answer|answers} today. Well done!",
    next_due="The next card comes in {when}.",
    more="Study {count} more new cards",
    nothing="No sentence was found to make a card of",
    nothing_note="Sentences that say what something is (“X: …”, “X is a …”) and lists become cards. Add notes with some, and index them.",
    none_here="The notes chosen have no cards",
    none_here_note="Choose more weeks or notes, or none.",
    no_place="This page has nowhere to keep what you learned, so cards cannot be studied. The list and the overview can be seen.",
    making="Making cards of your notes…",
    making_note="They are made anew only when notes have changed.",
    stopped="The cards could not be made",
    problem="You cannot study right now",
    retry="Try again",
    listed="{count:card|cards}",
    cut="Only the first {count} are shown. Choose weeks or notes to see the others.",
    resting="Resting cards",
    resting_note="The sentence that answers them is gone from the notes, so they are not asked. They go on once it is back.",
    anki="Export for Anki",
    csv="Export as CSV",
    export_note="The cards of the notes chosen, with their sources. A second import into Anki doubles none.",
    failed="The export failed. See whether the server is running, then press again.",
    deck="Lecture notes",
    overview_note="The central sentences of each note, in their own words. Press one to open its place.",
    overview_none="No sentence was found to show here.",
    overview_cut="Only the first {count} notes are shown. Choose weeks or notes to see the others.",
    state_new="not asked yet",
    state_due="to review",
    state_later="in {when}",
)

_TEXTS: dict[Lang, StudyTexts] = {"ko": KO, "en": EN}


def study_texts(lang: Lang) -> StudyTexts:
    """The words of one language."""
    return _TEXTS[lang]
