"""TREC files: what is written ranks as it did when trec_eval reads it, and what is malformed is named by its line."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DataError, UsageError
from rag.evaluation.metrics import trec_order
from rag.evaluation.report import HitRow, QuestionRow
from rag.evaluation.trec import hit_row, judged_run, passage_id, read_qrels, read_run, read_topics, write_run

IDS = ["d1", "d2", "강의/3장.md#0-120", "강의/3장.md#120-300", "노트 1.md#5-9", "100%", "a%20b", "a b", "é", "㎏", "x\u3000y", "𝒂"]


def written(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_bytes(text.encode())
    return path


def row(query: str, hits: list[HitRow], system: str = "ours") -> QuestionRow:
    return QuestionRow(system, query, "k", "test", {}, tuple(hits))


# Runs


def test_a_run_is_read_by_its_six_columns(tmp_path: Path) -> None:
    text = "\ufeffq1 Q0 d1 1 2.5 tag\r\n\nq1\tQ0\td2  9 -1e-3 tag\nq%202 0 a%C3%89%20b%2525 1 3 t\n"
    assert read_run(written(tmp_path, text)) == {"q1": {"d1": 2.5, "d2": -0.001}, "q 2": {"a%C3%89 b%25": 3.0}}
    assert read_run(written(tmp_path, "")) == {}


def test_ids_that_are_read_are_nfc_and_part_at_ascii_white_space_only(tmp_path: Path) -> None:
    path = written(tmp_path, unicodedata.normalize("NFD", "질문 Q0 노트\u00a01 1 2 t\n"))
    assert read_run(path) == {"질문": {"노트\u00a01": 2.0}}


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_run, "q Q0 d 1 2.5 t\nq Q0 d 1 2.5\n", r"file\.txt:2: 5 columns; expected 6: `query Q0 document rank score name`"),
        (read_run, "q Q0 d 1 high t\n", r"file\.txt:1: 'high' is no score"),
        (read_run, "q Q0 d 1 nan t\n", r"file\.txt:1: 'nan' is no score"),
        (read_run, "q Q0 d 1 2 t\nr Q0 d 1 2 t\n\nq Q0 d 2 1 t\n", r"file\.txt:4: 'd' stands a second time for the query 'q'"),
        (read_run, "q Q0 a%20b 1 2 t\nq Q0 a%20b 2 1 t\n", r"file\.txt:2: 'a b' stands a second time"),
        (read_qrels, "q 0 d 1\nq 0 d 0\n", r"file\.txt:2: 'd' stands a second time for the query 'q'"),
        (read_qrels, "q 0 d 0.5\n", r"file\.txt:1: '0\.5' is no grade; expected a whole number"),
        (read_qrels, "q d 1\n", r"file\.txt:1: 3 columns; expected 4: `query iteration document grade`"),
        (read_qrels, "q\td\t1\nq\td\t1\n", r"file\.txt:2: 'd' stands a second time"),
        (read_qrels, "q\td\t1\nq 0 d 1\n", r"file\.txt:2: 1 columns; expected 3: `query-id<TAB>corpus-id<TAB>score`"),
        (read_qrels, "q\td\t1\n\td\t1\n", r"file\.txt:2: 2 columns; expected 3"),
        (read_qrels, "query-id\tcorpus-id\tscore\nq\td\thigh\n", r"file\.txt:2: 'high' is no grade"),
        (read_qrels, "query-id\tcorpus-id\tscore\n", r"file\.txt: holds no judgement; expected lines `query iteration document grade`"),
        (read_topics, "1\tone\n2 two\n", r"file\.txt:2: no topic; expected `id<TAB>text`"),
        (read_topics, "1\tone\n\n1\tanother\n", r"file\.txt:3: the topic '1' stands there a second time"),
        (read_topics, "\n<top>\n<num> 1\n<title> a\n</top>\n\n<top>\n<num> 2\n</top>\n", r"file\.txt:7: no topic"),
        (read_topics, "\n", r"file\.txt: holds no topic"),
    ],
)
def test_what_is_malformed_is_named_by_its_line(tmp_path: Path, read: Callable[[Path], object], text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(written(tmp_path, text))


@pytest.mark.parametrize("read", [read_run, read_qrels, read_topics])
def test_a_file_that_is_no_text_or_not_there(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(DataError, match=r"none\.txt: cannot be read: No such file"):
        read(tmp_path / "none.txt")
    path = tmp_path / "file.txt"
    path.write_bytes(b"q Q0 \xff 1 2 t\n")
    with pytest.raises(DataError, match=r"file\.txt.*can't decode byte 0xff|file\.txt:1: 6 columns; expected 4"):
        read(path)


names = st.text(min_size=1, max_size=6).map(lambda text: unicodedata.normalize("NFC", text)).filter(bool)
hits = st.builds(hit_row, names | st.sampled_from(IDS), st.floats(-1e30, 1e30), st.just(0))
rankings = st.lists(hits, max_size=8, unique_by=passage_id)


@given(st.dictionaries(names, rankings, max_size=4), names)
def test_a_run_that_is_read_again_ranks_as_it_was_written(found: dict[str, list[HitRow]], system: str) -> None:
    rows = [row(query, ranking, system) for query, ranking in found.items()] + [row("another", [], f"{system}'")]
    rows += [] if found else [row("q", [], system)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.trec"
        write_run(path, rows, system)
        run = read_run(path)
    wanted = {query: [passage_id(hit) for hit in ranking] for query, ranking in found.items() if ranking}
    assert {query: trec_order(scores) for query, scores in run.items()} == wanted


def test_scores_stay_as_they_are_where_they_fall(tmp_path: Path) -> None:
    ranking = [HitRow("d", 0, 5, 0.75, 1), HitRow("d", 5, 9, 0.5, 0), HitRow("d", 9, 12, 0.5, 0), HitRow("e", 0, 1, 0.25, 0)]
    write_run(tmp_path / "r", [row("한 질문", ranking, "my system"), row("empty", [], "my system"), row("q", ranking)], "my system")
    lines = (tmp_path / "r").read_text("utf-8").splitlines()
    assert [line.split(" ") for line in lines] == [
        ["한%20질문", "Q0", "d#0-5", "1", "0.75", "my%20system"],
        ["한%20질문", "Q0", "d#5-9", "2", "0.5", "my%20system"],
        ["한%20질문", "Q0", "d#9-12", "3", "0.49999997", "my%20system"],
        ["한%20질문", "Q0", "e#0-1", "4", "0.25", "my%20system"],
    ]


def test_what_cannot_be_written_is_refused_and_leaves_what_was_there(tmp_path: Path) -> None:
    path = written(tmp_path, "old")
    twice = [HitRow("d", 0, 5, 0.75, 1), HitRow("d", 0, 5, 0.5, 0)]
    with pytest.raises(ValueError, match="'d#0-5' stands more than once"):
        write_run(path, [row("q", twice)], "ours")
    with pytest.raises(ValueError, match="'q' stands more than once"):
        write_run(path, [row("q", []), row("q", [])], "ours")
    with pytest.raises(ValueError, match=r"no rows of 'theirs'; expected one of \['ours'\]"):
        write_run(path, [row("q", [])], "theirs")
    with pytest.raises(UsageError, match="cannot be written: No such file or directory; name a file in a folder that exists"):
        write_run(tmp_path / "no folder" / "run", [row("q", [])], "ours")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file.txt", "old")]


@pytest.mark.parametrize("name", ["d", "d#", "d#1-", "d#5-5", "d#9-5", "d#01-5", "d#1-٥", "#0-5", "d#0-5 ", "d#0-5x"])
def test_an_id_without_a_span_is_a_document(name: str) -> None:
    assert hit_row(name, 0.5, 1) == HitRow(name, 0, 0, 0.5, 1)


def test_an_id_with_a_span_is_a_passage() -> None:
    assert hit_row("a#1-2#0-15", 0.5, 2) == HitRow("a#1-2", 0, 15, 0.5, 2)


@given(st.text(min_size=1) | st.from_regex(r"[a#]{1,3}#[0-9]{1,3}-[0-9]{1,3}", fullmatch=True))
def test_an_id_survives_becoming_a_hit(name: str) -> None:
    assert passage_id(hit_row(name, 0.0, 0)) == name


# Judgements


def test_judgements_in_four_columns_and_in_beirs_three(tmp_path: Path) -> None:
    assert read_qrels(written(tmp_path, "q1 0 d1 2\nq1 0 a%20b 0\r\n\nq2\t0\td1\t-1\n")) == {"q1": {"d1": 2, "a b": 0}, "q2": {"d1": -1}}
    beir = "query-id\tcorpus-id\tscore\r\nq 1\ta%20b\t1\r\nq 1\td2\t0\r\n"
    assert read_qrels(written(tmp_path, beir)) == {"q 1": {"a%20b": 1, "d2": 0}}
    assert read_qrels(written(tmp_path, beir.partition("\n")[2])) == {"q 1": {"a%20b": 1, "d2": 0}}


# Topics


def test_topics_as_lines_and_as_trec_wrote_them(tmp_path: Path) -> None:
    assert read_topics(written(tmp_path, "\ufeff7\t역전파란?  무엇\t인가\r\n\n8\t<top>은 무엇인가?\n")) == {
        "7": "역전파란? 무엇 인가",
        "8": "<top>은 무엇인가?",
    }
    classic = """
<top>
<num> Number: 301
<title> International
 Organized Crime

<desc> Description:
Identify <title> organizations.
</top>

<TOP>
<NUM> Number: 051 </NUM>
<TITLE> Topic:  AT&amp;T 요금 </TITLE>
<top>
<num>q 3</num><title>세 번째</title>
</top>
"""
    assert read_topics(written(tmp_path, classic)) == {"301": "International Organized Crime", "051": "AT&T 요금", "q 3": "세 번째"}


# Scoring a run


def test_every_judged_query_is_a_row_and_no_other() -> None:
    qrels = {"q1": {"d1": 1, "d2": 1}, "q2": {"d1": 1}, "q3": {"d1": 0}}
    run = {"q1": {"x": 3.0, "d2#0-9": 2.0, "d2": 2.0}, "q3": {"d1": 1.0}, "q9": {"d1": 1.0}}
    first, second, third = judged_run(run, qrels, (1, 3), "theirs")
    assert (first.system, first.question_id, first.kind, first.split) == ("theirs", "q1", "", "")
    assert first.hits == (HitRow("x", 0, 0, 3.0, 0), HitRow("d2", 0, 9, 2.0, 0), HitRow("d2", 0, 0, 2.0, 1))
    assert first.metrics == pytest.approx(
        {
            "hit@1": 0,
            "hit@3": 1,
            "recall@1": 0,
            "recall@3": 1 / 2,
            "precision@1": 0,
            "precision@3": 1 / 3,
            "MRR@10": 1 / 3,
            "nDCG@10": 0.5 / (1 + 0.6309297536),
            "MAP": 1 / 6,
        }
    )
    assert (second.question_id, second.hits, set(second.metrics.values())) == ("q2", (), {0.0})
    assert (third.question_id, set(third.metrics.values())) == ("q3", {0.0})


def test_files_are_scored_as_trec_eval_scores_them(tmp_path: Path) -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="the oracle, pytrec-eval-terrier, is not installed")
    rng = random.Random(3)
    plain = [name for name in IDS if name == "".join(name.split()) and "%" not in name]
    lines, judgements = [], []
    for number in range(300):
        scores = rng.choice([[1.0, 0.5, 0.0, -1.0], [1.0, 1.0 + 1e-9, 1.0 - 1e-9], [rng.uniform(-3, 3) for _ in range(9)]])
        lines += [f"q{number} Q0 {name} 1 {rng.choice(scores)!r} t" for name in rng.sample(plain, rng.randint(0, len(plain)))]
        judgements += [f"q{number} 0 {name} {rng.choice([-1, 0, 1, 2])}" for name in rng.sample([*plain, "never"], rng.randint(1, 4))]
    run, qrels = (saved(tmp_path / name, rows) for name, rows in (("run", lines), ("qrels", judgements)))
    measures = {"map", "ndcg_cut.10", "recip_rank", "success.1,5", "P.1,5", "recall.1,5"}
    with run.open(encoding="utf-8") as ranked, qrels.open(encoding="utf-8") as judged:
        oracle = pytrec_eval.RelevanceEvaluator(pytrec_eval.parse_qrel(judged), measures).evaluate(pytrec_eval.parse_run(ranked))
    names = {"map": "MAP", "ndcg_cut_10": "nDCG@10", "recip_rank": "MRR@10"}
    names |= {
        f"{theirs}_{k}": f"{ours}@{k}" for theirs, ours in (("success", "hit"), ("P", "precision"), ("recall", "recall")) for k in (1, 5)
    }
    rows = judged_run(read_run(run), read_qrels(qrels), (1, 5), "theirs")
    assert len(rows) == 300 > len(oracle)
    for found in rows:
        wanted = oracle.get(found.question_id, dict.fromkeys(names, 0.0))
        assert found.metrics == pytest.approx({ours: wanted[theirs] for theirs, ours in names.items()}, abs=1e-12), found.question_id


def saved(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path
