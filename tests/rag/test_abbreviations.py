"""What letters stand for."""

from __future__ import annotations

import pytest

from rag.abbreviations import asked, written_out


@pytest.mark.parametrize(
    ("question", "letters"),
    [
        ("SSL은 무엇의 약자인가?", "SSL"),
        ("UDP의 약자는?", "UDP"),
        ("DNS는 무슨 약자야?", "DNS"),
        ("CNN 풀네임이 뭐야?", "CNN"),
        ("What does DPR stand for?", "DPR"),
        ("약자 중 하나는?", ""),
        ("X의 약자는?", ""),
        ("DPR이 뭐야?", ""),
    ],
)
def test_asked(question: str, letters: str) -> None:
    assert asked(question) == letters


@pytest.mark.parametrize(
    ("text", "letters", "name"),
    [
        ("`SSL(Secure Socket Layer)`는", "ssl", "Secure Socket Layer"),
        ("UDP는 User Datagram Protocol의 약자로", "UDP", "User Datagram Protocol"),
        ("HRN(Highest Response-ratio Next)", "HRN", "Highest Response-ratio Next"),
        ("CSR(Cross-site Scripting)와 XSS(Cross-site Scripting, 공격)", "CSS", None),
        (
            "BERT(Bidirectional Encoder Representations from Transformers)는",
            "BERT",
            "Bidirectional Encoder Representations from Transformers",
        ),
        ("SGD(Stochastic Gradient Descent-확률적 경사 하강법)는", "SGD", "Stochastic Gradient Descent"),
        ("RNN (Recurrent- 신경망)", "RNN", None),
        ("**BoW**(Bag of Words)", "BOW", "Bag of Words"),
        ("그 모델은 First Come First Served(FCFS)이다", "FCFS", "First Come First Served"),
        ("a convolutional neural network (CNN) has", "CNN", "convolutional neural network"),
        ("밀집 검색(DPR, Dense Passage Retrieval)", "DPR", "Dense Passage Retrieval"),
        ("GDPR(General Data Protection Regulation)", "DPR", None),
        ("DPR(밀집 검색)과 DPR(Some Other Words)", "DPR", None),
        ("DPR", "DPR", None),
    ],
)
def test_written_out(text: str, letters: str, name: str | None) -> None:
    place = written_out(text, letters)
    assert (text[slice(*place)] if place else None) == name
