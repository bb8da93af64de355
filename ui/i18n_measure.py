"""Every word of the view that measures, in Korean and in English."""

from __future__ import annotations

from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class MeasureTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    parts: str
    run: str
    run_about: str
    compare: str
    compare_about: str
    gold: str
    gold_about: str
    asked_with: str
    of_index: str
    of_page: str
    choice: str
    upload: str
    upload_note: str
    split: str
    split_dev: str
    split_test: str
    split_all: str
    test_once: str
    no_gold: str
    no_place: str
    retrievers: str
    retriever: str
    k: str
    k_info: str
    answers: str
    answers_info: str
    start_run: str
    start_compare: str
    reader: str
    reader_none: str
    reader_span: str
    reader_sentence: str
    side_a: str
    side_b: str
    same_setups: str
    both_or_none: str
    pick_one: str
    by_words_only: str
    running_run: str
    running_compare: str
    running_draft: str
    stage_retrieve: str
    stage_answer: str
    stage_encode: str
    stage_draft: str
    stage_start: str
    left_unknown: str
    cancel: str
    cancelled: str
    failed: str
    crashed: str
    result: str
    done_in: str
    count: str
    top_said: str
    shown_said: str
    right_said: str
    refused_said: str
    wrongly_said: str
    calibration_said: str
    calibration_good: str
    calibration_bad: str
    interval: str
    interval_means: str
    headline_of: str
    methods: str
    method: str
    first_share: str
    shown_share: str
    pictures: str
    tables: str
    each: str
    each_note: str
    group_missed: str
    group_low: str
    group_top: str
    group_wrong: str
    group_won: str
    group_lost: str
    group_same: str
    none_here: str
    more_here: str
    rank_none: str
    refused: str
    gold_mark: str
    gold_words: str
    gold_elsewhere: str
    no_evidence: str
    no_hits: str
    kind_of: str
    accepted_answer: str
    given_answer: str
    index_changed: str
    gone_question: str
    better_a: str
    better_b: str
    no_difference: str
    found_difference: str
    top_difference: str
    f1_difference: str
    p_said: str
    p_adjusted: str
    wins_said: str
    every_difference: str
    draft_about: str
    draft_n: str
    start_draft: str
    drafted_left: str
    drafted_none: str
    drafted_added: str
    drafted_no_more: str
    from_note: str
    question: str
    answer: str
    accept: str
    reject: str
    mend_note: str
    mine: str
    mine_note: str
    mine_none: str
    made_page: str
    made_draft: str
    is_stale: str
    is_moved: str
    stale_note: str
    mend: str
    save: str
    delete: str
    no_words: str
    rejected_count: str
    empty_question: str
    answer_nowhere: str
    other_fields: str
    this_is_right: str
    this_is_right_note: str


KO = MeasureTexts(
    lang="ko",
    parts="무엇을 할까요",
    run="평가하기",
    run_about="정답을 아는 질문으로, 맞는 단락을 찾는지 셉니다.",
    compare="두 설정 비교",
    compare_about="같은 질문을 두 설정으로 묻고, 차이가 우연인지 봅니다.",
    gold="정답 모으기",
    gold_about="노트에서 질문을 만들고, 모아 둔 정답을 고칩니다.",
    asked_with="무엇으로 평가할까요",
    of_index="노트와 함께 온 질문",
    of_page="내가 모은 정답",
    choice="{name} · {count}문항",
    upload="질문 파일 올리기",
    upload_note="JSON Lines, SQuAD JSON, CSV, TREC 토픽과 qrels, BEIR의 세 파일을 읽습니다.",
    split="나눔",
    split_dev="dev · 고칠 때",
    split_test="test · 알릴 때",
    split_all="모두",
    test_once="test는 마지막에 결과를 알릴 때만 쓰세요. 이 점수를 보며 설정을 고르면 점수가 실제보다 좋아 보입니다. 고를 때는 dev를 "
    "쓰세요.",
    no_gold="평가할 질문이 없습니다. 질문 파일을 올리거나 ‘정답 모으기’에서 만들어 보세요.",
    no_place="이 페이지는 색인 폴더 없이 열려 있어 평가할 수 없습니다. 터미널에서 `rag ui`로 열어 주세요.",
    retrievers="찾는 방법",
    retriever="찾는 방법",
    k="볼 단락 수 (k)",
    k_info="위에서부터 이만큼 안에 맞는 단락이 있는지 셉니다.",
    answers="답도 읽어 보기",
    answers_info="질문마다 답을 찾고 확신도까지 살펴 더 오래 걸립니다.",
    start_run="평가 시작",
    start_compare="비교 시작",
    reader="무엇을 비교할까요",
    reader_none="찾은 단락",
    reader_span="답 (짧은 말)",
    reader_sentence="답 (문장)",
    side_a="설정 A",
    side_b="설정 B",
    same_setups="A와 B가 같습니다. 하나를 바꿔 주세요.",
    both_or_none="단락과 답은 서로 비교할 수 없습니다. 둘 다 단락이나 둘 다 답으로 맞춰 주세요.",
    pick_one="찾는 방법을 하나 이상 골라 주세요.",
    by_words_only="지금은 낱말로만 찾을 수 있어 ‘낱말로’만 평가합니다.",
    running_run="평가하는 중입니다",
    running_compare="비교하는 중입니다",
    running_draft="질문을 만드는 중입니다",
    stage_retrieve="단락 찾기",
    stage_answer="답 읽기",
    stage_encode="단락 읽어 두기",
    stage_draft="노트 읽기",
    stage_start="준비",
    left_unknown="남은 시간 계산 중",
    cancel="그만두기",
    cancelled="그만두었습니다.",
    failed="끝내지 못했습니다",
    crashed="프로그램 오류가 났습니다. 자세한 기록은 터미널에 있습니다.",
    result="결과",
    done_in="{seconds}초 걸림",
    count="{count}문항",
    top_said="{all}문항 중 {hits}문항은 맞는 단락이 맨 위에 있습니다",
    shown_said="위의 {k}개 안에는 {hits}문항이 있습니다",
    right_said="답이 있는 {all}문항 중 {hits}문항은 답이 맞습니다",
    refused_said="답이 없는 {all}문항 중 {hits}문항은 없다고 바르게 말했습니다",
    wrongly_said="답이 있는데 못 찾았다고 한 것은 {all}문항 중 {hits}문항입니다",
    calibration_said="‘맞을 가능성’은 실제로 맞은 비율과 평균 {gap}%p 어긋납니다",
    calibration_good="믿어도 되는 수준입니다.",
    calibration_bad="그대로 믿기에는 어긋남이 큽니다.",
    interval="95 % 구간 {low}–{high} %",
    interval_means="질문을 달리 뽑아 평가해도 100번에 95번쯤은 이 구간에 듭니다.",
    headline_of="‘{method}’ 찾았을 때",
    methods="방법끼리",
    method="방법",
    first_share="맨 위",
    shown_share="{k}개 안",
    pictures="그림",
    tables="모든 표",
    each="질문 하나하나",
    each_note="질문을 누르면 무엇을 몇 번째로 찾았는지 나란히 봅니다.",
    group_missed="{k}위 안에서 못 찾은 질문",
    group_low="찾았지만 맨 위가 아닌 질문",
    group_top="맨 위에서 찾은 질문",
    group_wrong="답이 틀린 질문",
    group_won="A가 나은 질문",
    group_lost="B가 나은 질문",
    group_same="같은 질문",
    none_here="없습니다.",
    more_here="밖에 {count}문항",
    rank_none="못 찾음",
    refused="답하지 않음",
    gold_mark="정답",
    gold_words="정답인 말",
    gold_elsewhere="정답 단락은 이 안에 없습니다.",
    no_evidence="노트에 답이 없는 질문입니다.",
    no_hits="찾은 단락이 없습니다.",
    kind_of="종류: {kind}",
    accepted_answer="받아들이는 답: {answer}",
    given_answer="나온 답",
    index_changed="평가한 뒤에 색인이 바뀌어, 보이는 단락이 그때와 다를 수 있습니다. 다시 평가하면 맞습니다.",
    gone_question="이 결과는 이제 없습니다. 다시 평가해 주세요.",
    better_a="A가 더 낫습니다",
    better_b="B가 더 낫습니다",
    no_difference="차이가 있다고 말할 수 없습니다",
    found_difference="보여 준 단락에서 정답을 찾은 질문: A {a} %, B {b} % (차이 {difference}%p, 95 % 구간 {low} ~ {high})",
    top_difference="맨 위가 정답인 질문: A {a} %, B {b} % (차이 {difference}%p, 95 % 구간 {low} ~ {high})",
    f1_difference="답이 정답과 겹치는 정도(F1): A {a} %, B {b} % (차이 {difference}%p, 95 % 구간 {low} ~ {high})",
    p_said="둘이 똑같아도 이만한 차이는 100번에 {times}번꼴로 우연히 생깁니다 (p {p}).",
    p_adjusted="여러 지표를 함께 본 만큼 엄하게 고치면 p {p}입니다. 0.05보다 작아야 차이가 있다고 말합니다.",
    wins_said="A가 나은 질문 {won}개, B가 나은 질문 {lost}개, 같은 질문 {same}개.",
    every_difference="모든 차이",
    draft_about="노트에서 규칙으로 질문을 뽑습니다. 하나씩 보고 쓸 것만 받아들이세요.",
    draft_n="만들 질문 수",
    start_draft="질문 만들기",
    drafted_left="볼 질문 {count}개 남음",
    drafted_none="볼 질문이 없습니다. 위에서 만들어 보세요.",
    drafted_added="새 질문 {count}개를 만들었습니다.",
    drafted_no_more="노트에서 새로 뽑을 질문이 더 없습니다.",
    from_note="이 단락에서 만들었습니다",
    question="질문",
    answer="답",
    accept="받아들이기",
    reject="버리기",
    mend_note="말을 고친 뒤 받아들여도 됩니다.",
    mine="모은 정답",
    mine_note="터미널에서는 `rag eval --questions {file}`로 평가합니다.",
    mine_none="아직 없습니다. 질문 화면의 근거 단락에서 ‘이 단락이 정답’을 누르거나, 만든 질문을 받아들이세요.",
    made_page="답에서",
    made_draft="만든 질문",
    is_stale="노트가 바뀌어 근거가 사라짐",
    is_moved="노트가 바뀌었지만 그 말은 그대로",
    stale_note="{count}문항은 근거였던 말이 이제 노트에 없습니다. 평가할 때는 못 찾은 것으로 셉니다. 지우거나 다시 골라 주세요.",
    mend="고치기",
    save="저장",
    delete="지우기",
    no_words="답은 적지 않음 (찾기만 평가)",
    rejected_count="버린 질문 {count}개",
    empty_question="질문을 적어 주세요.",
    answer_nowhere="이 답은 단락에 없습니다. 노트에 적힌 말 그대로 써 주세요.",
    other_fields="그사이 화면이 바뀌었습니다. 질문과 답을 보고 다시 눌러 주세요.",
    this_is_right="이 단락이 정답",
    this_is_right_note="평가에 쓸 정답으로 모아 둡니다. 다시 누르면 뺍니다.",
)


EN = MeasureTexts(
    lang="en",
    parts="What to do",
    run="Measure",
    run_about="Counts on gold questions whether the right passage is found, and how far up.",
    compare="Compare",
    compare_about="Puts two settings to the same questions, and tests whether the difference is chance.",
    gold="Make gold",
    gold_about="Drafts questions from your notes, and keeps those you accepted.",
    asked_with="What to measure with",
    of_index="The questions beside the notes",
    of_page="The gold you made",
    choice="{name} ({count})",
    upload="Give a file of questions",
    upload_note="Reads JSON Lines, SQuAD JSON, CSV, TREC topics with qrels, and the three files of a BEIR set.",
    split="Split",
    split_dev="dev · to tune on",
    split_test="test · to report",
    split_all="all",
    test_once="Use test for the figures you report at the end. Settings chosen by it look better than they are: choose on dev.",
    no_gold="There are no questions to measure with. Give a file of them, or make some under “Make gold”.",
    no_place="This page stands before no index folder, so nothing can be measured. Open it with `rag ui` in a terminal.",
    retrievers="How to search",
    retriever="How to search",
    k="Passages shown (k)",
    k_info="Counts whether the right passage is among so many.",
    answers="Read the answers too",
    answers_info="Marks an answer for each question and checks its confidence: takes longer.",
    start_run="Start measuring",
    start_compare="Start comparing",
    reader="What to compare",
    reader_none="passages found",
    reader_span="answers, exact words",
    reader_sentence="answers, sentences",
    side_a="Setting A",
    side_b="Setting B",
    same_setups="A and B are the same: change one of them.",
    both_or_none="Passages cannot be set against answers: choose passages for both, or answers for both.",
    pick_one="Choose at least one way to search.",
    by_words_only="Only words can be searched for now, so only “By words” is measured.",
    running_run="Measuring",
    running_compare="Comparing",
    running_draft="Drafting questions",
    stage_retrieve="finding passages",
    stage_answer="reading answers",
    stage_encode="embedding passages",
    stage_draft="reading notes",
    stage_start="getting ready",
    left_unknown="estimating the time left",
    cancel="Cancel",
    cancelled="Cancelled.",
    failed="It could not be finished",
    crashed="The program failed. The terminal shows the details.",
    result="Result",
    done_in="took {seconds} s",
    count="questions: {count}",
    top_said="In {hits} of {all:question|questions} the right passage comes first",
    shown_said="In {hits} it is among the first {k}",
    right_said="Answered right: {hits} of {all:answerable question|answerable questions}",
    refused_said="Rightly refused: {hits} of {all:question|questions} without an answer",
    wrongly_said="Refused although answerable: {hits} of {all:answerable question|answerable questions}",
    calibration_said="“Likely right” is off by {gap} points on average",
    calibration_good="It can be believed.",
    calibration_bad="It should be taken with care.",
    interval="95 % interval {low}–{high} %",
    interval_means="Were other questions drawn, about 95 times in 100 the share would lie in here.",
    headline_of="Searched: {method}",
    methods="Methods",
    method="Method",
    first_share="first",
    shown_share="within {k}",
    pictures="Charts",
    tables="All tables",
    each="Question by question",
    each_note="Press a question to see what was found, side by side.",
    group_missed="Not among the first {k}",
    group_low="Found, but not first",
    group_top="Found first",
    group_wrong="Answered wrong",
    group_won="A is better",
    group_lost="B is better",
    group_same="No difference",
    none_here="None.",
    more_here="and {count} more",
    rank_none="not found",
    refused="refused",
    gold_mark="right",
    gold_words="Gold",
    gold_elsewhere="The right passage is not in here.",
    no_evidence="The notes hold no answer to this.",
    no_hits="Nothing was found.",
    kind_of="kind: {kind}",
    accepted_answer="accepted: {answer}",
    given_answer="Answered",
    index_changed="The index has changed since: what is shown may differ. Measure again to be sure.",
    gone_question="This result is gone: measure again.",
    better_a="A is better",
    better_b="B is better",
    no_difference="No difference can be claimed",
    found_difference="Questions whose right passage is shown: A {a} %, B {b} % (difference {difference} points, 95 % interval {low} to "
    "{high})",
    top_difference="Questions whose first passage is right: A {a} %, B {b} % (difference {difference} points, 95 % interval {low} to "
    "{high})",
    f1_difference="How much answers agree with the gold (F1): A {a} %, B {b} % (difference {difference} points, 95 % interval {low} to "
    "{high})",
    p_said="Were both alike, chance would part them this far {times} times in 100 (p {p}).",
    p_adjusted="Corrected for the several figures tested, p {p}; a difference is claimed below 0.05.",
    wins_said="A is better on {won:question|questions}, B on {lost}, with no difference on {same}.",
    every_difference="Every difference",
    draft_about="Draws questions from your notes by rule. Go through them, and accept the good ones.",
    draft_n="How many",
    start_draft="Draft",
    drafted_left="{count} to look at",
    drafted_none="Nothing to look at: draft some above.",
    drafted_added="{count:new question|new questions} drafted.",
    drafted_no_more="The notes yield no further question.",
    from_note="Drafted from this passage",
    question="Question",
    answer="Answer",
    accept="Accept",
    reject="Reject",
    mend_note="You may mend the words first.",
    mine="Your gold",
    mine_note="`rag eval --questions {file}` measures with it too.",
    mine_none="None yet. Press “This is the right passage” on a source of an answer, or accept a drafted question.",
    made_page="from an answer",
    made_draft="drafted",
    is_stale="stale: the note has lost these words",
    is_moved="the note changed, the words still stand",
    stale_note="{count:question rests|questions rest} on words that the notes lost, and count as not found. Delete, or choose again.",
    mend="Mend",
    save="Save",
    delete="Delete",
    no_words="no answer in words: only finding is measured",
    rejected_count="{count} rejected",
    empty_question="Write a question.",
    answer_nowhere="This answer is not in the passage. Write it in the very words of the note.",
    other_fields="The page has changed meanwhile. Look at the question and the answer, and press again.",
    this_is_right="This is the right passage",
    this_is_right_note="Kept as gold to measure with. Press again to take it back.",
)

_TEXTS: dict[Lang, MeasureTexts] = {"ko": KO, "en": EN}


def measure_texts(lang: Lang) -> MeasureTexts:
    """The words of one language."""
    return _TEXTS[lang]
