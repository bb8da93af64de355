"""Reports as plain values."""

from __future__ import annotations

import gc
import json

import pytest

from rag.evaluation.report import HitRow, QuestionRow, Report, Table, many_rows


def test_a_report_becomes_named_values() -> None:
    row = QuestionRow("hybrid", "q", "list", "test", {"hit@1": 1.0}, (HitRow("강의.md", 3, 9, 0.5, 1),))
    report = Report({"questions": 1}, (Table("retrieval", ("system", "hit@1"), (("hybrid", 1.0), ("dense", None))),), (row,))
    assert json.loads(json.dumps(report.to_dict())) == {
        "facts": {"questions": 1},
        "tables": [{"title": "retrieval", "columns": ["system", "hit@1"], "rows": [["hybrid", 1.0], ["dense", None]]}],
        "rows": [
            {
                "system": "hybrid",
                "question_id": "q",
                "kind": "list",
                "split": "test",
                "metrics": {"hit@1": 1.0},
                "hits": [{"doc_id": "강의.md", "start": 3, "end": 9, "score": 0.5, "gain": 1}],
            }
        ],
    }


def test_garbage_is_looked_for_as_before_when_the_rows_are_made() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), many_rows():
        assert gc.get_threshold() == (100 * before[0], *before[1:])
        assert 1 / 0
    assert gc.get_threshold() == before
