"""Notes with a definition, a label, a list, a reason, and sentences that no card may come from."""

from __future__ import annotations

from index.types import Document
from tests.ui.shelf import WordIndex

OVERFIT = """# 과적합

## 과적합이 뭔가

**과적합**(overfitting)은 모델이 훈련 데이터의 잡음까지 외워서 처음 보는 데이터에서 성능이 떨어지는 현상이다.

- 이것은 흔하다
- BERT는 512토큰까지만 받으므로 긴 지문은 창을 겹치며 여러 개로 나눔

## 데이터 증강

- 텍스트 증강 EDA의 연산
  1. 동의어 교체
  2. 무작위 삽입
  3. 무작위 삭제
"""
SERVING = """# 모델 서빙

## 캐싱

- **지연 시간(latency)**: 요청 하나가 들어와서 응답이 나갈 때까지 걸린 시간이다.
- **동적 배칭(dynamic batching)**: 서버가 잠깐 기다리며 따로따로 온 요청들을 모아 한 번에 모델에 넣는 기법이다.

## REST API

- GET을 안 쓰는 이유: 입력이 길어 URL에 담기 어렵고 주소가 접속 기록에 남기 때문
"""
NOTES = (Document("week10/overfit.md", "과적합", OVERFIT), Document("week12/serving.md", "모델 서빙", SERVING))


def shelf(*notes: Document) -> WordIndex:
    return WordIndex(notes or NOTES)
