"""The exact ends of answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.morphemes import Analyser
from rag.trim import morphemes, trimmed

# The marked part stands between ⟦ and ⟧.
CASES = [
    # particles and copula
    ("한글은 ⟦26개의⟧ 문자로 이루어진다.", "26개"),
    ("그는 ⟦서울에서⟧ 태어났다.", "서울"),
    ("이것은 ⟦책이다.⟧", "책"),
    ("⟦세종대왕께서는⟧ 글을 지으셨다.", "세종대왕"),
    ("⟦미국과의⟧ 전쟁", "미국"),
    ("⟦그것만으로⟧ 된다.", "그것"),
    ("⟦서울까지이다⟧", "서울"),
    ("물은 ⟦약 70%였다⟧.", "약 70%"),
    ("⟦대통령이었던⟧ 사람", "대통령"),
    ("⟦C++를⟧ 쓴다.", "C++"),
    ("⟦민주주의의⟧", "민주주의"),
    # formulas
    ("값은 ⟦$\\tanh⟧(x)$ 로 눌러 준다.", "$\\tanh(x)$"),
    ("값은 $\\tanh⟦(x)$ 함수로⟧ 눌러 준다.", "$\\tanh(x)$ 함수"),
    ("값은 ⟦5$ 넘는⟧ 돈이다.", "5$ 넘는"),
    ("값은 $\\tanh⟦(x)$⟧로 눌러 준다.", "$\\tanh(x)$"),
    ("값은 $1 + ⟦2$와 $3⟧ + 4$ 둘이다.", "$1 + 2$와 $3 + 4$"),
    ("$1$이라는 값은 ⟦둘⟧이다.", "둘"),
    ("값은 $1 + 2$⟦둘⟧이다.", "둘"),
    ("값은 ⟦둘⟧$1 + 2$이다.", "둘"),
    (f"값은 ⟦둘 $2⟧{'+' * 39}$이다.", f"둘 $2{'+' * 39}$"),
    (f"값은 ⟦둘 $2⟧{'+' * 40}$이다.", "둘 $2"),
    (f"{'아주 ' * 20}큰 값은 ⟦둘 $1⟧ + 2$이다.", "둘 $1 + 2$"),
    (f"값은 ${'+' * 39}⟦2$ 둘⟧이다.", f"${'+' * 39}2$ 둘"),
    (f"값은 ${'+' * 40}⟦2$ 둘⟧이다.", "2$ 둘"),
    (f"{'아주 ' * 20}큰 값은 $1 + ⟦2$ 둘⟧이다.", "$1 + 2$ 둘"),
    ("한 달에 ⟦$20⟧이고 한 해에 $200이다.", "$20"),
    ("`⟦$HOME⟧`와 `$PATH`를 쓴다.", "$HOME"),
    ("값은 $\\sum_{i=1}^{n} aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \\⟦eta$⟧이다.", "eta$"),
    # code that would be taken for something else
    ("굵은 글자는 `⟦<b>⟧`이다.", "`<b>`"),
    ("굵은 글자는 ⟦`<b>`⟧이다.", "`<b>`"),
    ("형은 `⟦List<i>⟧`이다.", "`List<i>`"),
    ("길은 A*로 찾는다. 빠른 것은 ⟦A*⟧이다.", "A*"),
    ("인자는 ⟦*args⟧와 **kwargs이다.", "*args"),
    ("인자는 ⟦*args⟧와 *rest이다.", "*args"),
    ("답은 ⟦**캐시** 둘⟧이다.", "캐시** 둘"),
    ("차원은 ⟦$d$와 $k$⟧이다.", "$d$와 $k$"),
    # what belongs to the noun stays
    ("⟦회의⟧가 열렸다.", "회의"),
    ("⟦국무회의⟧", "국무회의"),
    ("⟦한국어⟧를 쓴다.", "한국어"),
    ("⟦가거도에서⟧ 만났다.", "가거도"),
    ("⟦여의도⟧에서 만났다.", "여의도"),
    ("⟦학습률⟧은 작다.", "학습률"),
    ("⟦학습하는 것⟧이다.", "학습하는 것"),
    ("⟦파이썬이라고 부른다⟧", "파이썬이라고 부른다"),
    ("⟦베드로⟧는 어부다.", "베드로"),
    ("참인 것을 찾는 비율은 ⟦민감도⟧다.", "민감도"),
    ("- ⟦코사인 유사도⟧", "코사인 유사도"),
    ("**⟦특이도⟧**를 잰다.", "특이도"),
    ("⟦사과도⟧ 있다.", "사과"),
    ("크기를 줄이는 것은 ⟦풀링⟧이다.", "풀링"),
    ("뺀 것은 ⟦톨만은⟧ 아니다.", "톨만"),
    ("⟦1869년부터 1875년까지⟧ 있었다.", "1869년부터 1875년까지"),
    ("⟦1875년까지⟧ 있었다.", "1875년"),
    ("⟦은⟧", "은"),
    ("26⟦의⟧ 문자", "의"),
    ("서⟦울에서⟧ 태어났다.", "서울"),
    ("그는 서⟦울에서⟧ 태어났다.", "서울"),
    ("그 사람 ⟦베드로⟧는 어부다.", "베드로"),
    ("⟦밥을 먹었다⟧", "밥을 먹었다"),
    ("⟦1875년까지⟧ 있었다. 그 뒤부터 없다.", "1875년"),
    ("1869년부터 ⟦1875년까지⟧ 있었다.", "1875년"),
    # a clause that only points back
    ("⟦한계는 태양의 1.4배이며, 이를⟧ 찬드라세카르 한계라고 부른다.", "한계는 태양의 1.4배"),
    ("⟦이것은 책이고, 그것을⟧ 읽는다.", "이것은 책"),
    ("⟦이며, 이⟧를", "이며, 이"),
    ("⟦값을 미리 두고, 이것을⟧ 캐시라고 한다.", "값을 미리 두고, 이것"),
    # enumerations whose beginning was left out
    ("방법 3가지 (배열, ⟦연결 리스트, 힙⟧)", "배열, 연결 리스트, 힙"),
    ("이들을 feature → develop → ⟦release → hotfix⟧ → master로 둔다", "feature → develop → release → hotfix → master"),
    ("그는 서울, ⟦부산, 대구⟧에 산다", "서울, 부산, 대구"),
    ("먹을 것을, ⟦부산, 대구⟧에서", "부산, 대구"),
    ("그는 말했고, ⟦부산, 대구⟧에 산다", "부산, 대구"),
    ("(하다, ⟦부산, 대구⟧)", "부산, 대구"),
    ("그는 하나의 큰 도시 서울, ⟦부산, 대구⟧에 산다", "서울, 부산, 대구"),
    ("도시: 큰 서울, 부산, ⟦대구⟧", "대구"),
    ("도시: 큰 서울, ⟦부산, 대구⟧", "서울, 부산, 대구"),
    ("그는 서울에서, ⟦부산, 대구⟧에 산다", "부산, 대구"),
    ("도시들\n서울, ⟦부산, 대구⟧에 산다", "서울, 부산, 대구"),
    # code that is broken off within
    ("복잡도는 `⟦깊이 x 비교⟧의 수 = N`이다.", "깊이 x 비교의 수 = N"),
    ("복잡도는 ⟦`깊이⟧ x 비교`이다.", "깊이 x 비교"),
    ("`⟦k1=1.2⟧, b=.75`를 쓴다.", "k1=1.2"),
    ("`깊이 x ⟦비교⟧의 수`를 쓴다.", "비교"),
    ("`가` ⟦나⟧ `다`", "나"),
    ("`가`⟦나 다⟧ 라 `마`", "나 다"),
    ("앞에 ` 하나\n`⟦깊이 x 비교⟧의 수 = N`", "깊이 x 비교의 수 = N"),
    ("`⟦깊이 x 비교⟧의 수 = N`", "깊이 x 비교의 수 = N"),
    ("`가`와 `⟦깊이 x 비교⟧의 수 = N`", "깊이 x 비교의 수 = N"),
    ("굵은 ⟦글자⟧는 `<b>`이다.", "글자"),
    ("가⟦- 나⟧", "- 나"),
    ("**가**\n나 ⟦다**⟧", "다**"),
    ("가 ⟦나(⟧다)", "나"),
    ("⟦(가 (나⟧", "가"),
    ("⟦ ⟧", " "),
    # titles and quotes
    ("《⟦너의 이름은⟧》은 영화다.", "너의 이름은"),
    ("《⟦너의 이름은⟧ 무엇》이라는 글", "너의 이름은"),
    ("⟦《너의 이름은》은⟧ 영화다.", "《너의 이름은》"),
    ("⟦《토지⟧》의 작가", "《토지》"),
    ("《⟦토지》의⟧ 작가", "《토지》"),
    ("⟦“자유”라고⟧ 했다.", "자유"),
    ("'⟦별을⟧' 보았다.", "별을"),
    ('"⟦별"을⟧ 보았다.', "별"),
    ("》 《⟦토지의⟧ 작가", "토지"),
    ("《⟦토지의⟧ 작가\n책》", "토지"),
    ("《⟦토지》⟧의 작가", "《토지》"),
    ("《토지 ⟦2권》⟧의 작가", "2권"),
    ("《토지 ⟦2권》의⟧ 작가", "《토지 2권》"),
    ("⟦'별'⟧을 보았다.", "별"),
    ("⟦'a'⟧를 쓴다.", "a"),
    ("⟦'a' 또는 'b'⟧를 쓴다.", "'a' 또는 'b'"),
    ("⟦''a'⟧를 쓴다.", "''a'"),
    ("⟦'a''⟧를 쓴다.", "'a''"),
    ('⟦별"⟧과 "달"', "별"),
    ('⟦"별⟧" 끝', "별"),
    # brackets
    (f"⟦가(나⟧{'다' * 39}) 끝", f"가(나{'다' * 39})"),
    (f"⟦가(나⟧{'다' * 40}) 끝", "가"),
    (f"({'1' * 39}⟦2) 끝⟧", f"({'1' * 39}2) 끝"),
    (f"({'1' * 40}⟦2) 끝⟧", "끝"),
    ("⟦가(나⟧ { 다) 끝", "가"),
    ("⟦가(나[다⟧ 끝", "가"),
    ("⟦토지(⟧ 박경리) 끝", "토지"),
    ("⟦역전파(bp⟧)2 끝", "역전파(bp)"),
    ("⟦역전파(backpropagation⟧) 알고리즘", "역전파(backpropagation)"),
    ("서울⟦(Seoul)은⟧ 수도다.", "Seoul"),
    ("⟦서울(Seoul)은⟧ 수도다.", "서울(Seoul)"),
    ("세종⟦(재위 1418년⟧~1450년)", "재위 1418년"),
    ("서울(Seoul⟦) 특별시⟧", "특별시"),
    ("역전파(⟦backpropagation) 알고리즘⟧", "(backpropagation) 알고리즘"),
    ("⟦[MASK]⟧ 토큰", "[MASK]"),
    ("⟦[MASK⟧] 토큰", "[MASK]"),
    ("구간 ⟦[0, 1)에⟧ 있다.", "[0, 1)"),
    ("⟦(A) 또는 (B)⟧", "(A) 또는 (B)"),
    # signs
    ("⟦**26개**의⟧ 문자", "26개"),
    ("값은 ⟦`adam`을⟧ 쓴다.", "adam"),
    ("`⟦**kwargs⟧`는 사전이다.", "**kwargs"),
    ("- ⟦**Adam**을⟧ 쓴다.", "Adam"),
    ("⟦1. 첫째 단계⟧", "첫째 단계"),
    ("| 종이 ⟦| 12장 |⟧", "12장"),
    ("학습률은 ⟦ 3.5%이다. ⟧", "3.5%"),
    ("⟦U.S.A.⟧", "U.S.A."),
    ("앞 줄\n⟦1. 첫째 단계⟧", "첫째 단계"),
    ("⟦*별⟧ 하나\n둘*", "*별"),
    ("별 ⟦하나*⟧ 둘", "하나*"),
    ("별 ⟦(하나)*⟧ 둘", "(하나)*"),
    ("⟦...⟧", "..."),
    # enumerations
    ("크게 ⟦ERROR, WARN, INFO⟧, DEBUG로 로그 레벨을 나눈다.", "ERROR, WARN, INFO, DEBUG"),
    ("⟦토양, 물⟧, 순환 신경망, 빛이 있다.", "토양, 물, 순환 신경망, 빛"),
    ("⟦토양, 물⟧, 순환  신경망, 빛이 있다.", "토양, 물, 순환"),
    ("⟦사과, 배,⟧ 그리고 감", "사과, 배"),
    ("⟦서울⟧, 부산에 간다.", "서울"),
    ("⟦1945년, 서울⟧, 그는 떠났다.", "1945년, 서울"),
    ("They are ⟦sleep, food⟧, fresh water, light.", "sleep, food, fresh water, light"),
    ("It holds ⟦cold, hot⟧, which is odd.", "cold, hot"),
    ("It holds ⟦cold, hot⟧, in that order.", "cold, hot"),
    ("It holds ⟦cold, hot⟧, nobody ever knows why.", "cold, hot"),
    ("In winter, ⟦cold, hot⟧ days come.", "cold, hot"),
    ("Sleep, ⟦cold, hot⟧ days come.", "Sleep, cold, hot"),
]


@pytest.mark.parametrize(("marked", "expected"), CASES)
def test_trimmed(marked: str, expected: str, analyser: Analyser) -> None:
    start, end = marked.index("⟦"), marked.index("⟧") - 1
    text = marked.replace("⟦", "").replace("⟧", "")
    low, high = trimmed(text, start, end, analyser)
    assert text[low:high] == expected
    assert trimmed(text, low, high, analyser) == (low, high)


def test_words_on_other_lines_are_left_alone(analyser: Analyser) -> None:
    text = "《다른 줄\n《토지\n책》"
    assert trimmed(text, 6, 9, analyser) == (7, 9)


def test_morphemes_have_their_places_and_whole_tags(analyser: Analyser) -> None:
    text = "앞 줄\n  서울에서\0 왔다\n뒷줄"
    found = morphemes(analyser, text, 6, 8)
    assert [(each.term, each.tag) for each in found[:2]] == [("서울", "NNP"), ("에서", "JKB")]
    assert [text[each.start : each.end] for each in found[:2]] == ["서울", "에서"]
    assert all(text[each.start : each.end] in (each.term, "\0") for each in found)


def test_words_are_read_with_what_stands_around_them(analyser: Analyser) -> None:
    text = "가 " * 400
    for start, first, last in ((400, 200, 601), (401, 202, 601)):
        found = morphemes(analyser, text, start, start + 1)
        assert (found[0].start, found[-1].end) == (first, last)


SIGNS = "서울에서 26개의 《》()[]“”\"'`*|-.,:;\n\t한회의이다😀a1"


@given(st.text(SIGNS, max_size=40).flatmap(lambda text: st.tuples(st.just(text), *[st.integers(0, len(text))] * 2)))
@settings(max_examples=100)
def test_what_is_left_is_clean(analyser: Analyser, drawn: tuple[str, int, int]) -> None:
    text, start, end = drawn[0], min(drawn[1:]), max(drawn[1:])
    low, high = trimmed(text, start, end, analyser)
    assert 0 <= low <= high <= len(text) and (low < high or start == end)
    if any(sign.isalnum() for sign in text[low:high]):
        left = text[low:high]
        assert left.strip() == left
        assert [left.count(sign) for sign in "《“"] == [left.count(sign) for sign in "》”"]
        assert sum(left.count(sign) for sign in "([") == sum(left.count(sign) for sign in ")]")
        assert trimmed(text, low, high, analyser) == (low, high)
