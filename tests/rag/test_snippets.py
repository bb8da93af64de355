"""Code as an answer: what a question asks for, and which pieces of code a sentence gives."""

from __future__ import annotations

import pytest

from index.morphemes import Analyser
from index.sentences import sentences
from rag.snippets import form_asked, in_block, snippets
from tests.rag.samples import hit, memory_index
from tests.rag.test_span_reader import reader, weights

NOTE = """# 배포

파일 권한은 다음 명령어로 바꿉니다:

```bash
# 소유자만
$ chmod 600 key.pem   # 읽고 쓰기
```

설치하려면 `pip install rag`를 실행한다. 시험은 `--runs=1000` 플래그로 여러 번 돌린다. 자료는 `/mnt` 폴더에 두며
고칠 파일은 `app.py` 하나다. `RAG_LOG` 변수에 이름을 준다. `x` 는 수다.

긴 예는 이렇다.

```
a = 1
b = 2
c = 3
d = 4
```
"""


@pytest.mark.parametrize(
    ("question", "fits", "fits_not"),
    [
        ("설치하는 명령어는?", "pip install rag", "rag"),
        ("권한 바꾸는 명령이 뭐야?", "chmod 600 key.pem", "chmod"),
        ("여러번 돌리는 플래그", "--runs=1000", "pytest"),
        ("어떤 옵션을 줘야 돼?", "retain_graph = True", "retain_graph"),
        ("로그 이름을 주는 환경변수 이름은?", "RAG_LOG", "rag_log"),
        ("고쳐야 되는 파일은 뭐라고 했지?", "src/app.py", "app"),
        ("자료를 두는 폴더는 어디인가요?", "/mnt", "mnt 폴더"),
        ("What command installs it?", "pip install rag", "pip"),
        ("Which file holds the settings?", "pyproject.toml", "settings"),
    ],
)
def test_how_what_is_asked_for_is_written(question: str, fits: str, fits_not: str) -> None:
    form = form_asked(question)
    assert form is not None and form.fullmatch(fits) and not form.fullmatch(fits_not)


@pytest.mark.parametrize(
    "question",
    ["명령어 집합이란 무엇인가?", "파일 시스템의 종류는?", "활성화 함수는 뭐야?", "경로 탐색은 왜 느려?", "옵션 가격 모형의 가정은?", ""],
)
def test_questions_for_no_code(question: str) -> None:
    assert form_asked(question) is None


@pytest.mark.parametrize(
    ("begins", "question", "expected"),
    [
        ("파일 권한은", "명령은?", ["chmod 600 key.pem"]),
        ("$ chmod", "명령은?", ["chmod 600 key.pem"]),
        ("설치하려면", "명령은?", ["pip install rag"]),
        ("시험은", "플래그는?", ["--runs=1000"]),
        ("시험은", "명령은?", []),
        ("자료는", "폴더는?", ["/mnt", "app.py"]),
        ("`RAG_LOG`", "환경 변수는?", ["RAG_LOG"]),
        ("긴 예는", "옵션은?", []),
    ],
)
def test_what_a_sentence_gives(begins: str, question: str, expected: list[str]) -> None:
    form = form_asked(question)
    assert form
    [(start, end)] = [span for span in sentences(NOTE) if NOTE[slice(*span)].startswith(begins)]
    assert [NOTE[slice(*part)] for part in snippets(NOTE, start, end, form)] == expected


@pytest.mark.parametrize(
    ("text", "code", "prose"),
    [
        ("for x in y:\n    print(x)\n```\n여기에 적었다.\n", "print", "여기"),
        ("여기에 적었다.\n```\nprint(1)\n", "print", "여기"),
        ("x = 1\n```\n여기에 적었다.\n```bash\nprint(1)\n```\n끝이다.", "print", "끝이다"),
        ("```pip install rag```\n여기에 적었다.\n```\nprint(1)\n```", "print", "여기"),
        ("````\n```\nprint(1)\n```\n````\n여기에 적었다.", "print", "여기"),
        ("```\n~~~\nprint(1)\n```\n여기에 적었다.", "print", "여기"),
    ],
)
def test_fences_that_are_cut_or_stand_in_each_other(text: str, code: str, prose: str) -> None:
    assert in_block(text, text.index(code)) and not in_block(text, text.index(prose))


@pytest.mark.parametrize(
    ("code", "question", "expected"),
    [
        ("$JAVA_HOME/bin/java -jar app.jar", "명령은?", "$JAVA_HOME/bin/java -jar app.jar"),
        ("$ java -jar app.jar", "명령은?", "java -jar app.jar"),
        ("!pip install rag  # once", "명령은?", "pip install rag"),
        ('git commit -m "fix # 3 bug"', "명령은?", 'git commit -m "fix # 3 bug"'),
    ],
)
def test_prompts_and_remarks_are_no_code(code: str, question: str, expected: str) -> None:
    form = form_asked(question)
    assert form
    for text in (f"`{code}`로 한다.", f"```\n{code}\n```"):
        start = text.index(code)
        [part] = snippets(text, start if text.startswith("```") else 0, len(text), form)
        assert text[slice(*part)] == expected


def test_code_between_fences() -> None:
    assert in_block(NOTE, NOTE.index("$ chmod")) and in_block(NOTE, NOTE.index("d = 4"))
    assert not in_block(NOTE, NOTE.index("설치")) and not in_block(NOTE, NOTE.index("긴 예"))


@pytest.mark.parametrize(
    ("question", "expected"), [("파일 권한을 바꾸는 명령은?", "chmod 600 key.pem"), ("시험을 여러 번 돌리는 플래그는?", "--runs=1000")]
)
def test_code_answers_and_nothing_else(question: str, expected: str, analyser: Analyser) -> None:
    hits = [hit(NOTE, start=7)]
    answer = reader(memory_index(analyser, {"a.md": NOTE}), analyser, of=weights(whole=1.0, threshold=0.0)).read(question, hits)
    [span] = answer.spans
    assert answer.text == span.quote == NOTE[span.start - 7 : span.end - 7] == expected


def test_code_out_of_far_worse_sentences_answers_nothing(analyser: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    of = reader(memory_index(analyser, {"a.md": NOTE}), analyser, of=weights(whole=1.0, threshold=0.0))
    for score, expected in ((2.4, True), (2.6, False)):
        monkeypatch.setattr("rag.span_reader._sentence_score", lambda each, score=score: score * ("수다" in each.text))
        answer = of.read("시험을 여러 번 돌리는 플래그는?", [hit(NOTE)])
        assert (answer.text == "--runs=1000") is expected
