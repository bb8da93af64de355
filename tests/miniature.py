"""Every public set in miniature, and questions of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rag.training.examples import TYDI, held_out

TEXTS = ("어텐션은 가중합", "드롭아웃은 마스크", "정규화는 평균", "학습률은 보폭", "토큰은 조각")


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def write_sets(root: Path) -> Path:
    """Every set with the same five passages, each with one question that shares its first word."""
    asked = [f"{text.split()[0]} 무엇?" for text in TEXTS]
    answers = [[{"text": text.split()[1], "answer_start": 0, "start": 0}] for text in TEXTS]
    paragraphs = [
        {"context": text, "qas": [{"id": f"k{at}", "question": asked[at], "answers": answers[at]}]} for at, text in enumerate(TEXTS)
    ]
    korquad = root / "dev/korquad1_dev/KorQuAD_v1.0_dev.json"
    korquad.parent.mkdir(parents=True)
    korquad.write_text(json.dumps({"data": [{"title": "노트", "paragraphs": paragraphs}]}), "utf-8")
    for stem in ("dev/klue_mrc_val", "train/tydiqa_ko"):
        ids = ["c0", *[name for name in (f"c{number}" for number in range(99)) if held_out(TYDI, name)][:4]]
        write(root / f"{stem}.contexts.jsonl", [{"context_id": ids[at], "title": "", "text": text} for at, text in enumerate(TEXTS)])
        rows = [{"id": f"q{at}", "question": asked[at], "context_id": ids[at], "answers": answers[at]} for at in range(5)]
        write(root / f"{stem}.qa.jsonl", rows)
    for name, qrels in (("mlfb_ko", "lesson_level.qrels"), ("hf_course_ko", "chapter_level.qrels"), ("autorag_ko", "qrels")):
        folder = root / "dev" / name
        write(folder / "corpus.jsonl", [{"id": f"d{at}", "title": "", "text": text} for at, text in enumerate(TEXTS)])
        write(folder / "queries.jsonl", [{"id": f"q{at}", "text": text} for at, text in enumerate(asked)])
        (folder / f"{qrels}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(f"q{at}\td{at}\t1\n" for at in range(5)), "utf-8")
    return root


def write_questions(path: Path) -> Path:
    """Three questions of the split `test`, one of them without an answer, and one of `dev`."""
    common = {"split": "test", "near": ""}
    rows: list[Mapping[str, object]] = [
        {
            "id": "a",
            "question": "드롭아웃은 무엇?",
            "answers": ["마스크"],
            "evidence": [{"doc": "a", "quote": "마스크"}],
            "kind": "factoid",
        },
        {"id": "b", "question": "어텐션은 무엇?", "answers": ["가중합"], "evidence": [{"doc": "b", "quote": "가중합"}], "kind": "why"},
        {"id": "c", "question": "감쇠 비율은?", "answers": [], "evidence": [], "kind": "unanswerable", "near": "a"},
        {
            "id": "d",
            "question": "마스크는?",
            "answers": ["마스크"],
            "evidence": [{"doc": "a", "quote": "마스크"}],
            "kind": "why",
            "split": "dev",
        },
    ]
    write(path, [common | row for row in rows])
    return path
