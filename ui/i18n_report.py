"""Every word of the evaluation report as a page, in Korean and in English.

Metrics keep the field's own names in both languages. Names that come with a report (its kinds of question, titles, columns, facts) are
put into Korean where they are known, and stand as they are where they are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    title: str
    private: str
    with_texts: str
    facts: str
    overview: str
    plots: str
    retrieval: str
    answers: str
    breakdown: str
    questions: str
    definitions: str
    curves_title: str
    curves_note: str
    hit_note: str
    recall_note: str
    answer_note: str
    share: str
    share_gold: str
    ranks: str
    by_kind: str
    by_set: str
    all_questions: str
    bars_note: str
    scores_title: str
    scores_note: str
    score: str
    right_hits: str
    wrong_hits: str
    reliability_title: str
    reliability_note: str
    reliability_spans: str
    right: str
    confidence: str
    diagonal: str
    risk_title: str
    risk_note: str
    risk: str
    coverage: str
    question_id: str
    question: str
    kind: str
    split: str
    rank: str
    missed: str
    refused: str
    answered: str
    questions_note: str
    questions_lean: str
    find: str
    find_hint: str
    any_kind: str
    any_split: str
    any_outcome: str
    differs: str
    not_first: str
    not_found: str
    wrong: str
    refuses: str
    shown: str
    none_shown: str
    metric: str
    metrics: str
    hits: str
    no_hits: str
    gold: str
    more_hits: str
    close: str
    interval: str
    nothing: str


KO = ReportTexts(
    lang="ko",
    title="평가 보고서",
    private="질문과 노트의 글은 담지 않았습니다. id, 위치, 점수뿐입니다.",
    with_texts="질문의 글을 담고 있습니다. 남에게 건네기 전에 보여 줘도 되는 글인지 확인하세요.",
    facts="무엇을 쟀나요",
    overview="결과",
    plots="그림으로 보기",
    retrieval="검색",
    answers="답",
    breakdown="나누어 보기",
    questions="질문 하나하나",
    definitions="지표의 뜻",
    curves_title="몇 개를 보면 찾나요",
    curves_note="위에서부터 몇 단락까지 보느냐(k)에 따라 얼마나 찾는지 보여 줍니다. 세로축은 0에서 시작하지 않을 수 있습니다.",
    hit_note="k개 안에 정답 단락이 하나라도 있는 질문의 비율입니다.",
    recall_note="k개 안에 든 정답 근거의 비율입니다.",
    answer_note="k개 안에 정답인 말이 그대로 든 질문의 비율입니다.",
    share="질문의 비율",
    share_gold="근거의 비율",
    ranks="k (위에서부터 본 단락 수)",
    by_kind="{metric}, 질문 종류별",
    by_set="{metric}, 나눈 것별",
    all_questions="전체",
    bars_note="점과 막대는 평균, 선은 95 % 구간입니다. 괄호 안은 질문 수로, 적을수록 구간이 넓습니다.",
    scores_title="점수로 정답을 알아볼 수 있나요",
    scores_note="정답 단락과 나머지 단락의 점수가 어떻게 퍼져 있는지, 각각을 1로 놓고 견줍니다. "
    "AUROC는 정답 단락의 점수가 나머지보다 높을 확률입니다.",
    score="점수",
    right_hits="정답 단락",
    wrong_hits="나머지 단락",
    reliability_title="확신도를 믿어도 되나요",
    reliability_note="점이 점선 위에 놓일수록 확신도는 맞을 확률 그대로입니다. 점선 아래라면 지나친 확신입니다. "
    "어긋난 정도(ECE): {values}.",
    reliability_spans="세로선은 95 % 구간입니다.",
    right="맞은 답의 비율",
    confidence="확신도",
    diagonal="꼭 들어맞을 때",
    risk_title="더 거절하면 덜 틀리나요",
    risk_note="확신하는 질문부터 차례로 답할 때, 답한 만큼 틀린 비율이 어떻게 느는지 보여 줍니다. 표시는 지금의 거절 기준입니다. "
    "낮을수록 좋습니다(AURC): {values}.",
    risk="답 가운데 틀린 비율",
    coverage="답한 질문의 비율",
    question_id="id",
    question="질문",
    kind="종류",
    split="나눔",
    rank="순위",
    missed="못 찾음",
    refused="거절",
    answered="답함",
    questions_note="순위는 첫 정답 단락의 순위입니다. id를 누르면 그 질문의 모든 지표와 찾은 단락을 봅니다.",
    questions_lean="순위는 첫 정답 단락의 순위입니다. 질문이 {count}개를 넘어 하나하나의 지표와 단락은 싣지 않았습니다. "
    "JSON에 모두 있습니다.",
    find="찾기",
    find_hint="id나 낱말",
    any_kind="모든 종류",
    any_split="모든 나눔",
    any_outcome="모든 결과",
    differs="순위가 서로 다름",
    not_first="{system}: 1위가 아님",
    not_found="{system}: 못 찾음",
    wrong="{system}: 틀림",
    refuses="{system}: 거절",
    shown="{all}개 가운데 {shown}개",
    none_shown="이런 질문은 없습니다. 조건을 바꿔 보세요.",
    metric="지표",
    metrics="모든 지표",
    hits="찾은 단락",
    no_hits="찾은 단락이 없습니다.",
    gold="정답",
    more_hits="밖에 {count}개",
    close="닫기",
    interval="95 % 구간",
    nothing="이 보고서에는 값이 없습니다.",
)

EN = ReportTexts(
    lang="en",
    title="Evaluation report",
    private="Holds no text of questions or notes: ids, offsets and scores only.",
    with_texts="Holds the text of the questions: see that they may be shown before you pass it on.",
    facts="What was measured",
    overview="Results",
    plots="In pictures",
    retrieval="Retrieval",
    answers="Answers",
    breakdown="Broken down",
    questions="Question by question",
    definitions="What the metrics mean",
    curves_title="How far down is it found?",
    curves_note="How much is found among the first k passages. The upright axis may not start at 0.",
    hit_note="The share of questions with a relevant passage among the first k.",
    recall_note="The share of the gold evidence that the first k passages hold.",
    answer_note="The share of questions with the words of an answer in one of the first k passages.",
    share="share of questions",
    share_gold="share of gold evidence",
    ranks="k (passages seen, best first)",
    by_kind="{metric} by kind of question",
    by_set="{metric} by split",
    all_questions="all",
    bars_note="Dots and bars are means, lines 95 % intervals. In brackets the number of questions: the fewer, the wider the interval.",
    scores_title="Do scores tell?",
    scores_note="How the scores of relevant passages and of all others spread, each as shares of its own. "
    "AUROC is the probability that a relevant one scores above another.",
    score="score",
    right_hits="relevant",
    wrong_hits="all others",
    reliability_title="Can confidence be believed?",
    reliability_note="On the dashed line confidence is the probability of being right; below it, overconfidence. Mean gap (ECE): {values}.",
    reliability_spans="Upright lines are 95 % intervals.",
    right="share of right answers",
    confidence="confidence",
    diagonal="exactly as stated",
    risk_title="Does refusing more err less?",
    risk_note="Answering the most confident questions first: how the share of wrong answers grows with the share answered. "
    "The mark is where refusal stands now. Lower is better (AURC): {values}.",
    risk="share of answers that are wrong",
    coverage="share of questions answered",
    question_id="id",
    question="question",
    kind="kind",
    split="split",
    rank="rank",
    missed="not found",
    refused="refused",
    answered="answered",
    questions_note="The rank is that of the first relevant passage. Press an id for all metrics of the question and the passages found.",
    questions_lean="The rank is that of the first relevant passage. With more than {count} questions, their metrics and passages are left "
    "to the JSON.",
    find="Find",
    find_hint="id or word",
    any_kind="Every kind",
    any_split="Every split",
    any_outcome="Every outcome",
    differs="Ranks differ",
    not_first="{system}: not first",
    not_found="{system}: not found",
    wrong="{system}: wrong",
    refuses="{system}: refused",
    shown="{shown} of {all}",
    none_shown="There is no such question. Change the filters.",
    metric="metric",
    metrics="All metrics",
    hits="Passages found",
    no_hits="No passage was found.",
    gold="relevant",
    more_hits="and {count} more",
    close="Close",
    interval="95 % interval",
    nothing="This report holds no figures.",
)

_TEXTS: dict[Lang, ReportTexts] = {"ko": KO, "en": EN}


def report_texts(lang: Lang) -> ReportTexts:
    """The words of one language."""
    return _TEXTS[lang]


def word(name: str, lang: Lang) -> str:
    """A name that came with the report, in the language; itself where it is not known."""
    return KOREAN.get(name, name) if lang == "ko" else name


KOREAN = {
    # tables
    "retrieval": "검색",
    "retrieval, further metrics": "검색, 그 밖의 지표",
    "retrieval by kind": "검색, 질문 종류별",
    "retrieval by split": "검색, 나눔별",
    "retrieval compared": "검색 방법의 비교",
    "answers": "답",
    "answers by kind": "답, 질문 종류별",
    "answers by split": "답, 나눔별",
    "confidence": "확신도",
    "reliability": "확신도와 맞은 비율",
    "sets": "공개 모음별",
    "sets compared": "공개 모음별 비교",
    "mean over sets": "공개 모음의 평균",
    "compared with the baseline": "기준과의 비교",
    # columns
    "system": "방법",
    "systems": "방법",
    "kind": "종류",
    "split": "나눔",
    "set": "모음",
    "measure": "지표",
    "metric": "지표",
    "questions": "질문 수",
    "value": "값",
    "difference": "차이",
    "baseline": "기준",
    "now": "지금",
    "verdict": "판정",
    "fell": "떨어짐",
    "rose": "오름",
    "compared": "비교",
    "means": "평균",
    "means by kind": "평균, 질문 종류별",
    "changed most": "가장 달라진 질문",
    "rankings of the changed": "달라진 질문의 순위",
    "effect": "효과 크기",
    "won": "이김",
    "tied": "비김",
    "lost": "짐",
    "question": "질문",
    "rank": "순위",
    "first's rank": "앞의 순위",
    "second's rank": "뒤의 순위",
    "first": "앞의 단락",
    "second": "뒤의 단락",
    "first's gain": "앞의 정답",
    "second's gain": "뒤의 정답",
    "retriever": "검색",
    "reader": "읽기",
    "mean confidence": "평균 확신도",
    "share right": "맞은 비율",
    "right": "맞은 비율",
    "AUROC, answerable against unanswerable": "AUROC, 답이 있는 질문과 없는 질문",
    "AUROC, right against wrong": "AUROC, 맞은 답과 틀린 답",
    # facts
    "encoder": "인코더",
    "passages": "단락 수",
    "tokens aimed at": "목표 토큰",
    "differences tested together": "함께 검정한 차이",
    "significant after Holm's correction": "그 가운데 유의한 차이(홀름 보정)",
    "tokens per indexed passage": "색인된 단락의 토큰",
    "gold quotes": "정답 근거",
    "gold quotes that no passage holds": "어느 단락에도 없는 근거",
    "answerable questions": "답이 있는 질문",
    "unanswerable questions": "답이 없는 질문",
    "question set": "질문 모음의 해시",
    "run": "실행 결과",
    # kinds
    "factoid": "사실",
    "definition": "정의",
    "list": "목록",
    "why": "이유",
    "paraphrase": "바꿔 말하기",
    "colloquial": "입말",
    "crosslingual": "다른 언어",
    "keyword": "낱말만",
    "typo": "오타",
    "comparison": "견주기",
    "unanswerable": "답 없음",
}


@dataclass(frozen=True, slots=True)
class Definition:
    """What the columns of a name mean; `pattern` is matched against the whole name."""

    pattern: str
    ko: str
    en: str


DEFINITIONS = (
    Definition(
        r"hit@(\d+|k)",
        "위에서 k번째까지 정답 단락이 하나라도 있으면 1, 없으면 0.",
        "1 if any of the first k passages is relevant, else 0.",
    ),
    Definition(
        r"recall@(\d+|k)",
        "위에서 k번째까지의 단락에 든 정답 근거의 비율.",
        "The share of the gold evidence that the first k passages hold.",
    ),
    Definition(
        r"precision@(\d+|k)", "위에서 k번째까지의 단락 가운데 정답 단락의 비율.", "The share of the first k passages that are relevant."
    ),
    Definition(
        r"answer@(\d+|k)",
        "위에서 k번째까지의 단락 하나에라도 정답인 말이 그대로 들어 있으면 1, 아니면 0.",
        "1 if the words of an answer stand in any of the first k passages, else 0.",
    ),
    Definition(
        r"MRR(@\d+)?",
        "첫 정답 단락 순위의 역수. @ 뒤의 순위까지만 보고, 없으면 0.",
        "1 / rank of the first relevant passage; 0 beyond the rank after @.",
    ),
    Definition(
        r"nDCG(@\d+)?",
        "순위가 낮을수록 깎은 정답의 값을 가장 좋은 순서의 그것으로 나눈 값.",
        "Relevance discounted by rank, over that of the ideal ranking.",
    ),
    Definition(
        r"MAP",
        "정답 단락이 나올 때마다의 정밀도를 모든 정답으로 나눈 평균.",
        "Precision at each relevant passage, averaged over all relevant ones.",
    ),
    Definition(
        r"recall@1000c",
        "처음 보이는 1,000자 안에 든 정답 근거의 비율. 단락이 길다고 유리하지 않습니다.",
        "The share of the gold evidence within the first 1,000 characters shown, so that longer passages win nothing.",
    ),
    Definition(r"tokens/passage", "찾은 단락의 평균 토큰 수.", "Mean tokens of the passages found."),
    Definition(r"EM", "정답과 글자까지 같은 답의 비율(KorQuAD의 방식).", "The share of answers equal to a gold answer (as KorQuAD)."),
    Definition(r"F1", "답과 정답의 글자가 겹치는 정도(KorQuAD의 방식).", "Overlap of characters with the best gold answer (as KorQuAD)."),
    Definition(r"F1 if answered", "거절하지 않은 질문만의 F1.", "F1 over the questions that were answered."),
    Definition(r"KLUE EM", "KLUE-MRC 공식 채점의 EM.", "EM as KLUE-MRC’s official script."),
    Definition(
        r"KLUE ROUGE-W",
        "KLUE-MRC 공식 채점의 ROUGE-W: 가장 길게 이어 겹친 글자의 F1.",
        "ROUGE-W as KLUE-MRC’s official script: F1 of the longest run of characters in common.",
    ),
    Definition(r"cites gold", "답의 자리가 정답 근거와 겹치는 비율.", "The share of answers whose place meets the gold evidence."),
    Definition(r"refused answerable", "답이 있는데 거절한 비율. 낮을수록 좋습니다.", "Refused although there is an answer: to be low."),
    Definition(r"refused unanswerable", "답이 없어 거절한 비율. 높을수록 좋습니다.", "Refused where there is no answer: to be high."),
    Definition(r"confidence", "답이 맞을 확률이라고 밝힌 값.", "The stated probability that the answer is right."),
    Definition(
        r"AUROC.*",
        "앞의 것에서 하나, 뒤의 것에서 하나를 아무렇게나 집었을 때 앞의 것의 확신도가 더 높을 확률. 0.5는 전혀 가리지 못함.",
        "How likely one of the first sort has a higher confidence than one of the second; 0.5 tells nothing.",
    ),
    Definition(
        r"ECE",
        "확신도가 비슷한 답끼리 묶었을 때, 확신도와 맞은 비율이 어긋난 정도의 평균. 0이 가장 좋습니다.",
        "Mean gap between stated confidence and share of right answers, over bins of like confidence; 0 is best.",
    ),
    Definition(
        r"AURC",
        "확신하는 답부터 답할 때 틀린 비율의 평균. 낮을수록 좋습니다.",
        "Mean share of wrong answers as ever less confident ones are given; lower is better.",
    ),
    Definition(
        r"difference",
        "같은 질문에서 앞의 것에서 뒤의 것을 뺀 값의 평균. 구간이 0을 품으면 차이가 있다고 말할 수 없습니다.",
        "Mean over the same questions of the first minus the second. An interval around 0 shows no difference.",
    ),
    Definition(r"p", "차이가 없는데도 이만큼 벌어질 확률.", "How likely a difference as large is where there is none."),
    Definition(r"p \(Holm\)", "여러 번 견준 만큼 홀름의 방법으로 고친 p.", "p, corrected by Holm for the number of comparisons."),
    Definition(r"effect", "차이의 평균을 차이의 표준편차로 나눈 값.", "The mean difference over the standard deviation of differences."),
)


def definition(name: str, lang: Lang) -> str:
    """What a column means; empty where that is not known."""
    for each in DEFINITIONS:
        if re.fullmatch(each.pattern, name):
            return each.ko if lang == "ko" else each.en
    return ""
