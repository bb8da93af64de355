"""The words of the view of the log, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class LogTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    log: str
    intro: str
    period: str
    day: str
    week: str
    month: str
    all: str
    which: str
    recent: str
    refused: str
    slow: str
    thumbs: str
    asked: str
    refused_count: str
    helped: str
    median: str
    high: str
    high_note: str
    milliseconds: str
    seconds: str
    chart: str
    per_hour: str
    per_day: str
    per_week: str
    per_month: str
    answered: str
    column: str
    column_refused: str
    when: str
    at_hour: str
    on_day: str
    of_week: str
    in_month: str
    stamp: str
    unanswered: str
    confidence: str
    page: str
    shell: str
    api: str
    up: str
    down: str
    searched: str
    how: str
    notes: str
    elsewhere: str
    again: str
    more: str
    shown: str
    none_here: str
    none_here_note: str
    empty: str
    empty_note: str
    empty_off: str
    broken: str
    broken_note: str
    keeping: str
    keeping_note: str
    place: str
    export: str
    delete: str
    sure: str
    sure_note: str
    keep: str
    deleted: str
    failed: str


KO = LogTexts(
    lang="ko",
    log="질문 기록",
    intro="지금까지 물은 것과 그 답이 어땠는지 보여 줍니다. 이 컴퓨터에만 남습니다.",
    period="기간",
    day="24시간",
    week="7일",
    month="30일",
    all="전체",
    which="볼 질문",
    recent="최근",
    refused="답 못 찾음",
    slow="느린 순서",
    thumbs="평가함",
    asked="질문",
    refused_count="답을 못 찾은 질문",
    helped="도움 됨 · 안 됨",
    median="답까지 걸린 시간",
    high="느릴 때",
    high_note="100번 가운데 95번은 이보다 빨랐습니다",
    milliseconds="{value}밀리초",
    seconds="{value}초",
    chart="언제 물었나요",
    per_hour="시간별",
    per_day="날짜별",
    per_week="주별",
    per_month="달별",
    answered="답함",
    column="{when}: 질문 {asked}개",
    column_refused="{when}: 질문 {asked}개, 그 가운데 답을 못 찾은 것 {refused}개",
    when="언제",
    at_hour="{month}월 {day}일 {hour}시",
    on_day="{month}월 {day}일",
    of_week="{month}월 {day}일부터 한 주",
    in_month="{year}년 {month}월",
    stamp="{month}월 {day}일 {time}",
    unanswered="답을 찾지 못함",
    confidence="확신 {value}%",
    page="페이지",
    shell="터미널",
    api="다른 프로그램",
    up="도움이 됨",
    down="도움이 안 됨",
    searched="찾은 말",
    how="찾은 방법",
    notes="본 노트",
    elsewhere="다른 노트 모음",
    again="다시 묻기",
    more="{count}개 더 보기",
    shown="{total}개 가운데 {count}개",
    none_here="여기에 해당하는 질문이 없습니다",
    none_here_note="기간을 늘리거나 다른 목록을 골라 보세요.",
    empty="아직 남은 질문이 없습니다",
    empty_note="노트에 물으면 언제 무엇을 물었는지, 답을 찾았는지, 얼마나 걸렸는지가 여기에 모입니다. 터미널에서 물은 것도 함께 보입니다.",
    empty_off="기록이 꺼져 있어 새 질문은 남지 않습니다. 아래에서 켤 수 있습니다.",
    broken="질문 기록을 읽을 수 없습니다",
    broken_note="답은 계속 들을 수 있습니다. 기록을 지우면 새로 시작합니다. 아래 단추로 지우거나 터미널에서 다음 명령을 쓰세요.",
    keeping="기록 관리",
    keeping_note="가장 최근 질문 {rows}개까지만 남고, 오래된 것부터 지워집니다.",
    place="기록 파일",
    export="JSON Lines로 내보내기",
    delete="모두 지우기",
    sure="정말 모두 지우기",
    sure_note="지운 기록은 되살릴 수 없습니다.",
    keep="그만두기",
    deleted="질문 {count}개를 지웠습니다.",
    failed="내보내지 못했습니다. 서버가 켜져 있는지 확인하고 다시 눌러 주세요.",
)

EN = LogTexts(
    lang="en",
    log="Questions asked",
    intro="What you have asked, and how the answers went. It stays on this machine only.",
    period="Period",
    day="24 hours",
    week="7 days",
    month="30 days",
    all="All",
    which="Which questions",
    recent="Latest",
    refused="Not found",
    slow="Slowest first",
    thumbs="Rated",
    asked="Questions",
    refused_count="No answer found",
    helped="Helped · did not",
    median="Time to an answer",
    high="When it is slow",
    high_note="95 of 100 answers came faster than this",
    milliseconds="{value} ms",
    seconds="{value} s",
    chart="When you asked",
    per_hour="by hour",
    per_day="by day",
    per_week="by week",
    per_month="by month",
    answered="Answered",
    column="{when}: {asked} asked",
    column_refused="{when}: {asked} asked, {refused} without an answer",
    when="When",
    at_hour="{hour}:00 on {month} {day}",
    on_day="{month} {day}",
    of_week="The week from {month} {day}",
    in_month="{month} {year}",
    stamp="{month} {day}, {time}",
    unanswered="No answer found",
    confidence="{value}% sure",
    page="page",
    shell="terminal",
    api="another program",
    up="It helped",
    down="It did not help",
    searched="Searched as",
    how="How",
    notes="Notes looked at",
    elsewhere="Another collection",
    again="Ask again",
    more="Show {count} more",
    shown="{count} of {total}",
    none_here="There is no such question",
    none_here_note="Choose a longer period or another list.",
    empty="No question has been kept yet",
    empty_note="Once you ask your notes something, this shows when and what you asked, whether an answer was found, and how long it took. "
    "What you ask in the terminal is shown as well.",
    empty_off="The log is off, so new questions are not kept. You can turn it on below.",
    broken="The log cannot be read",
    broken_note="Answers go on. The log begins anew once it is deleted: use the button below, or this command in a terminal.",
    keeping="Keeping the log",
    keeping_note="The latest {rows} questions are kept; the oldest go first.",
    place="File",
    export="Export as JSON Lines",
    delete="Delete everything",
    sure="Yes, delete everything",
    sure_note="What is deleted cannot be brought back.",
    keep="Keep it",
    deleted="{count:question was|questions were} deleted.",
    failed="The export failed. See whether the server is running, then press again.",
)

_TEXTS: dict[Lang, LogTexts] = {"ko": KO, "en": EN}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def log_texts(lang: Lang) -> LogTexts:
    """The words of one language."""
    return _TEXTS[lang]
