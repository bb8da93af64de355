"""What only the index in PostgreSQL does: its schema, its errors, several writers and readers at once, several machines in one index."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import build
from index.errors import EncoderMismatch, IndexBusy, IndexFormat, IndexMissing, IndexProblem, SourceMismatch, UsageError
from index.index import Changes
from index.manifest import EncoderEntry
from index.postgres import link, schema, search, uri
from index.postgres.engine import MACHINE, PostgresIndex
from index.postgres.link import Link, link_to
from index.postgres.uri import Database
from index.postgres.verify import verify
from index.settings import IndexSettings, SplitSettings
from index.types import Filter, UpdateReport
from tests.fakes import HashEncoder
from tests.index.postgres_server import Server
from tests.index.samples import ENCODER, memory, note, postgresql, put, state
from tests.index.test_build import read_here
from tests.index.test_index_seam import NOTES, names, texts


def execute(database: Database, *statements: str) -> None:
    with link_to(database).use() as connection:
        for statement in statements:
            connection.execute(statement.encode())


# ----------------------------------------------------------------------------- URIs


@pytest.mark.parametrize(
    ("text", "conninfo", "shown"),
    [
        ("postgresql://u@h:5433/db", "postgresql://u@h:5433/db", "postgresql://u@h:5433/db?schema=rag"),
        ("postgresql:/u@h/db?schema=n1", "postgresql://u@h/db", "postgresql://u@h/db?schema=n1"),
        ("postgres://u:p%40ss@h/db", "postgresql://u:p%40ss@h/db", "postgresql://u:***@h/db?schema=rag"),
        ("postgresql://u:a/b@c?d@h/db", "postgresql://u:a%2Fb%40c%3Fd@h/db", "postgresql://u:***@h/db?schema=rag"),
        ("postgresql://h1:1,h2:2/db?target_session_attrs=prefer-standby&schema=s", None, None),
        ("postgresql:///db?host=/run/pg&password=geheim", "postgresql:///db?host=/run/pg&password=geheim", None),
    ],
)
def test_a_uri_is_libpqs_own_with_a_schema(text: str, conninfo: str | None, shown: str | None) -> None:
    found = uri.parse(text)
    assert conninfo in (None, found.conninfo) and shown in (None, str(found))
    assert repr(found) == str(found) == f"{found}"
    assert uri.parse(str(found)).schema == found.schema


def test_no_password_is_shown() -> None:
    for text in ("postgresql://u:geheim@h/db", "postgresql://h/db?password=geheim&sslpassword=geheim", "postgresql://u:geheim@x@h/db"):
        found = uri.parse(text)
        assert "geheim" in found.conninfo and "geheim" not in f"{found} {found!r} {found.key}"
        assert found.without_secrets(f"FATAL: {found.secrets[0]} is wrong") == "FATAL: *** is wrong"
    assert "geheim" not in str(uri.parse("postgresql://u:geheim@h/db?x=a@b@"))
    for wrong in ("postgresql://u:geheim@h/db?schema=pg_catalog", "postgresql://u:geheim@h/db?schema=A"):
        with pytest.raises(UsageError) as caught:
            uri.parse(wrong)
        assert "geheim" not in str(caught.value)


def test_the_key_of_a_place_is_the_same_for_every_user() -> None:
    assert uri.parse("postgresql://a:x@h:1/db").key == uri.parse("postgresql://b@h:1/db?schema=rag&application_name=z").key
    keys = {uri.parse(f"postgresql://u@{rest}").key for rest in ("h/db", "h/db2", "h:2/db", "h/db?schema=s", "/db?host=/a", "/db?host=/b")}
    assert len(keys) == 6


# --------------------------------------------------------------------------- errors


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(IndexProblem, match=r"postgresql://u:\*\*\*@127.0.0.1:1/db.*Is the server running") as caught:
        PostgresIndex.open(uri.parse("postgresql://u:geheim@127.0.0.1:1/db"))
    assert "geheim" not in str(caught.value)


def test_a_database_and_a_user_that_are_not_there(postgres: Server) -> None:
    for place, found in (("postgres@127.0.0.1:{0}/nowhere", "nowhere"), ("nobody:geheim@127.0.0.1:{0}/postgres", "nobody")):
        with pytest.raises(IndexProblem, match=f'"{found}" does not exist.*Create what is missing') as caught:
            PostgresIndex.open(uri.parse("postgresql://" + place.format(postgres.port)))
        assert "geheim" not in str(caught.value)


def test_no_index_yet(database: Database) -> None:
    with pytest.raises(IndexMissing, match=r"There is no index in .*schema=t_.*rag index --index"):
        PostgresIndex.open(database)
    schema.prepare(link_to(database), 8)
    with pytest.raises(IndexMissing):
        PostgresIndex.open(database)


def test_without_psycopg_it_says_how_to_get_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(UsageError, match=r"pip install \.\[postgresql\]"):
        Link(database).rows("SELECT 1")


def test_without_pgvector_it_says_what_to_install(postgres: Server) -> None:
    execute(uri.parse(postgres.uri), "DROP DATABASE IF EXISTS bare", "CREATE DATABASE bare")
    execute(uri.parse(postgres.uri), "DROP ROLE IF EXISTS plain", "CREATE ROLE plain LOGIN")
    bare = uri.parse(f"postgresql://plain@127.0.0.1:{postgres.port}/bare")
    with pytest.raises(IndexProblem, match=r"pgvector is not there.*CREATE EXTENSION vector"):
        schema.prepare(link_to(bare), 8)
    link_to(bare).close()


def test_a_user_who_may_only_read(postgres: Server, database: Database) -> None:
    postgresql(database).apply(put(*NOTES))
    execute(database, "DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN")
    reader = uri.parse(str(database).replace("postgres@", "reader@"))
    with pytest.raises(IndexProblem, match=r"may not do this.*docs/postgresql\.md"):
        PostgresIndex.open(reader)
    execute(
        database, f"GRANT USAGE ON SCHEMA {database.schema} TO reader", f"GRANT SELECT ON ALL TABLES IN SCHEMA {database.schema} TO reader"
    )
    opened = PostgresIndex.open(reader)
    assert state(opened) == state(PostgresIndex.open(database))
    with pytest.raises(IndexProblem, match="may not do this"):
        opened.apply(put(note("x.md", "글")))
    link_to(reader).close()
    execute(database, "DROP OWNED BY reader", "DROP ROLE reader")


def test_a_connection_that_broke_is_replaced(database: Database) -> None:
    index = postgresql(database).apply(put(*NOTES))
    before = state(index)
    with link_to(database).use() as connection:
        pid = connection.info.backend_pid
    fresh = Link(database)
    with fresh.use() as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s", (pid,))
        other.execute("SELECT pg_sleep(0.2)")
    fresh.close()
    assert state(index) == before


def test_no_more_connections_wait_than_are_kept(database: Database) -> None:
    own = Link(database)
    gate = Barrier(link.IDLE + 4)

    def used(_: int) -> object:
        with own.use() as connection:
            gate.wait(30)
        return connection

    with ThreadPoolExecutor(gate.parties) as pool:
        used_by_all = list(pool.map(used, range(gate.parties)))
    assert sum(not connection.closed for connection in used_by_all) == link.IDLE  # type: ignore[attr-defined]
    own.close()


# ----------------------------------------------------------------------- the schema


def test_migrations_are_applied_once_each_by_whoever_comes_first(database: Database) -> None:
    links = [Link(database) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: schema.prepare(one, 8), links))
    assert [row[0] for row in links[0].rows("SELECT version FROM migrations ORDER BY 1")] == [number for number, _ in schema.migrations()]
    assert links[0].rows("SELECT dim, generation FROM meta") == [(8, 0)]
    for one in links:
        one.close()


def test_another_layout_is_told_and_brought_up_by_the_next_writer(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    postgresql(database).apply(put(*NOTES))
    further = tmp_path / "0003_more.sql"
    further.write_text("ALTER TABLE sources ADD COLUMN since timestamptz; -- for :dim numbers")
    now = schema.migrations()
    monkeypatch.setattr(schema, "migrations", lambda: [*now, (3, further)])
    with pytest.raises(IndexFormat, match=r"layout 2, this program reads 3.*rag index --index"):
        PostgresIndex.open(database)
    schema.prepare(link_to(database), 8)
    assert len(PostgresIndex.open(database)) == 8
    monkeypatch.setattr(schema, "migrations", lambda: now)
    with pytest.raises(IndexFormat, match="layout 3, this program knows 2"):
        PostgresIndex.open(database)
    with pytest.raises(IndexFormat, match="newer version of the program"):
        schema.prepare(link_to(database), 8)


def test_a_migration_that_fails_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "0003_broken.sql"
    broken.write_text("CREATE TABLE half (a integer); SELECT 1 / 0;")
    now = schema.migrations()
    monkeypatch.setattr(schema, "migrations", lambda: [*now, (3, broken)])
    with pytest.raises(IndexProblem, match="division by zero"):
        schema.prepare(link_to(database), 8)
    assert link_to(database).rows("SELECT max(version), to_regclass('half')::text FROM migrations") == [(2, None)]


# ---------------------------------------------------------------------- the encoder


def test_the_encoder_that_asks_must_be_the_one_that_built(database: Database) -> None:
    postgresql(database).apply(put(*NOTES))
    assert PostgresIndex.open(database, fingerprint="hash-8").generation == 1
    with pytest.raises(EncoderMismatch, match=r"was built by hash \(hash-8\)"):
        PostgresIndex.open(database, fingerprint="other-16")
    with pytest.raises(EncoderMismatch, match="vectors of 8 numbers"):
        PostgresIndex.open(database).dense(np.ones((1, 9), np.float32), 3)
    with pytest.raises(EncoderMismatch, match=r"vectors of 8 numbers, the encoder gives 16.*schema="):
        PostgresIndex.empty(database, encoder=EncoderEntry("hash", "hash-16", 16), settings=IndexSettings())


# ------------------------------------------------------------------------- searching


def test_the_graph_gives_the_same_results(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "EXACT_UPTO", 4)
    judge, tested = memory().apply(put(*NOTES)), postgresql(database).apply(put(*NOTES))
    assert link_to(database).rows("SELECT to_regclass('vectors_graph')::text") == [("vectors_graph",)]
    questions = ENCODER.encode_questions(["역전파 는 무엇", "내적", "단어 빈도"])
    for k, filter in ((1, None), (3, None), (8, Filter(notes=("week01/*", "week10/*"))), (20, None)):
        ids, scores = tested.dense(questions, k, filter)
        expected, exact = judge.dense(questions, k, filter)
        assert ids.tolist() == expected.tolist()
        assert np.array_equal(scores, exact)


def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent to the server from now on."""
    sent, rows = list[str](), Link.rows

    def recorded(link: Link, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        sent.append(statement)
        return rows(link, statement, *parameters)

    monkeypatch.setattr(Link, "rows", recorded)
    return sent


def test_each_question_is_one_statement(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    index, query = postgresql(database).apply(put(*NOTES)), ENCODER.encode_questions(["역전파"])
    index.document_frequency(["역전파"])
    sent = statements(monkeypatch)
    for ask in (
        lambda: index.dense(query, 3),
        lambda: index.lexical({"역전파": 1.0}, 3),
        lambda: index.passages([0, 5]),
        lambda: index.score_dense(query[0], np.array([0, 5])),
        lambda: index.score_lexical({"역전파": 2.0}, np.array([0, 5])),
    ):
        sent.clear()
        ask()
        assert len(sent) == 1


@pytest.fixture(params=[True, False], ids=["in halves", "at once"])
def halved(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether two connections rank half of the notes each."""
    monkeypatch.setattr(search, "HALVED", 0 if request.param else 10**9)
    return bool(request.param)


def test_many_postings_are_added_up_by_two_connections(database: Database, monkeypatch: pytest.MonkeyPatch, halved: bool) -> None:
    index = postgresql(database).apply(put(*NOTES))
    index.document_frequency(["역전파"])
    sent = statements(monkeypatch)
    index.lexical({"역전파": 1.0}, 3)
    assert len(sent) == 1 + halved


@pytest.mark.parametrize("filter", [None, Filter(folders=("week01", "week10"))])
@pytest.mark.usefixtures("halved")
def test_a_hybrid_search_reads_the_postings_once(database: Database, monkeypatch: pytest.MonkeyPatch, filter: Filter | None) -> None:
    judge, index = memory().apply(put(*NOTES)), postgresql(database).apply(put(*NOTES))
    terms, query = {"역전파": 1.0, "내적": 0.5}, ENCODER.encode_questions(["단어 빈도"])
    index.document_frequency(list(terms))
    sent = statements(monkeypatch)
    for k in (1, 3, 8):
        near = index.dense(query, k, filter)[0][0]
        near = near[near >= 0]
        one, other = index.lexical(terms, k, filter), judge.lexical(terms, k, filter)
        assert one[0].tolist() == other[0].tolist()
        assert one[1].tolist() == pytest.approx(other[1].tolist(), rel=1e-6)
        before = len(sent)
        assert index.score_lexical(terms, near).tolist() == pytest.approx(judge.score_lexical(terms, near).tolist(), rel=1e-6)
        assert index.score_lexical(terms, near[::-1]).tolist() == pytest.approx(judge.score_lexical(terms, near[::-1]).tolist(), rel=1e-6)
        assert len(sent) == before


@pytest.mark.usefixtures("halved")
def test_of_many_that_are_equally_good_the_first_are_found(database: Database) -> None:
    """More than are fetched beyond k; their numbers in the database run the other way."""
    items = [note(f"{number:02}.md", "같은 글") for number in reversed(range(3 * search.SPARE))]
    judge, index = memory().apply(put(*items)), postgresql(database).apply(put(*items))
    assert index.lexical({"글": 1.0}, 5)[0].tolist() == judge.lexical({"글": 1.0}, 5)[0].tolist() == [0, 1, 2, 3, 4]


def test_scores_by_words_are_asked_anew_where_they_are_not_known(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    judge, index = memory().apply(put(*NOTES)), postgresql(database).apply(put(*NOTES))
    query, every = ENCODER.encode_questions(["단어 빈도"]), np.arange(8)
    week01, terms = Filter(folders=("week01",)), {"역전파": 1.0, "내적": 0.5}
    index.document_frequency(list(terms))
    sent = statements(monkeypatch)
    near = index.dense(query, 3)[0][0]
    index.lexical(terms, 3, week01)  # which need not hold what was near
    for other, ids in ((terms, near), (terms, every), ({"역전파": 2.0, "내적": 0.5}, near), ({"역전파": 1.0}, near)):
        before = len(sent)
        assert index.score_lexical(other, ids).tolist() == pytest.approx(judge.score_lexical(other, ids).tolist(), rel=1e-6)
        assert len(sent) == before + 1
    index.dense(query, 3)
    index.lexical(terms, 3)
    for other in ({"역전파": 2.0, "내적": 0.5}, {"내적": 1.0}):
        assert index.score_lexical(other, near).tolist() == pytest.approx(judge.score_lexical(other, near).tolist(), rel=1e-6)
        assert index.score_lexical(other, near).tolist() != index.score_lexical(terms, near).tolist()
    with ThreadPoolExecutor(1) as pool:
        before = len(sent)
        assert pool.submit(index.score_lexical, terms, near).result().tolist() == index.score_lexical(terms, near).tolist()
        assert len(sent) == before + 1


def test_a_question_may_hold_anything(database: Database) -> None:
    index = postgresql(database).apply(put(*NOTES))
    terms = {"역전파": 1.0, "a\0b": 1.0, "\ud800": 2.0, "'; DROP TABLE notes; --": 1.0, "%s": 1.0, "": 1.0}
    assert index.lexical(terms, 3)[0].tolist() == index.lexical({"역전파": 1.0}, 3)[0].tolist()
    assert index.document_frequency(list(terms)) == [3, 0, 0, 0, 0, 0]
    with pytest.raises(KeyError):
        index.document("' OR true; --")


@settings(max_examples=8)
@given(st.lists(st.tuples(st.dictionaries(names, texts, max_size=3), st.sets(names, max_size=2), st.booleans()), min_size=1, max_size=6))
def test_postgresql_and_memory_agree_after_any_commits(postgres: Server, commits: list[tuple[dict[str, str], set[str], bool]]) -> None:
    database = uri.parse(f"{postgres.uri}?schema=agree")
    execute(database, "DROP SCHEMA IF EXISTS agree CASCADE")
    judge, tested = memory(), postgresql(database)
    for new, gone, back in commits:
        known = {info.doc_id for info in judge.documents()}
        changes = Changes([note(*item) for item in new.items()], sorted((gone & known) - set(new)))
        before = tested, judge
        judge, tested = judge.apply(changes), tested.apply(changes)
        if back and judge.generation > 2:
            judge, tested = judge.rollback(judge.generation - 2), tested.rollback(tested.generation - 2)
        assert state(tested) == state(judge)
        assert tested.vocabulary() == judge.vocabulary()
        if before[0].generation:
            assert state(before[0]) == state(before[1])
            assert before[0].vocabulary() == before[1].vocabulary()
    assert verify(database) == []
    link_to(database).close()


# ----------------------------------------------------------- several at the same time


def test_a_note_that_is_changed_while_searches_run_is_never_half_seen(database: Database) -> None:
    """Every version of the note has five passages that say which one it is; the other note never changes."""

    def version(number: int) -> Changes:
        return put(note("flips.md", "\n".join(f"공통 판{number} 줄{line}" for line in range(5))))

    index = postgresql(database, keep=1000).apply(put(*NOTES)).apply(version(0))
    done, question = Event(), ENCODER.encode_questions(["공통"])

    def write(made: PostgresIndex) -> None:
        try:
            for number in range(1, 25):
                made = made.apply(version(number))
        finally:
            done.set()

    def read() -> set[int]:
        seen = set()
        while not done.is_set():
            opened = PostgresIndex.open(database)
            for ids in (opened.lexical({"공통": 1.0}, 50)[0], opened.dense(question, 50, Filter(notes=("flips.md",)))[0][0]):
                found = opened.passages(ids[ids >= 0])
                assert len(found) == 5 and len({passage.text.split()[1] for passage in found}) == 1
                assert opened.document("flips.md").text.split("\n")[0] in {passage.text for passage in found}
            assert opened.document_frequency(["공통", "역전파"]) == [5, 3] and len(opened) == 13
            seen.add(opened.generation)
        return seen

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        pool.submit(write, index).result()
        assert all(len(reader.result()) > 1 for reader in readers)
    assert verify(database) == []


def test_writers_of_different_notes_do_not_disturb_each_other(database: Database) -> None:
    base = postgresql(database).apply(put(note("0.md", "글")))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: base.apply(put(note(f"{number}.md", f"글 {number}"))), range(1, 9)))
    opened = PostgresIndex.open(database)
    assert [info.doc_id for info in opened.documents()] == [f"{number}.md" for number in range(9)]
    assert opened.generation == 9 and opened.document_frequency(["글"]) == [9]
    assert verify(database) == []


def test_of_two_writers_of_one_note_the_second_is_told(database: Database) -> None:
    base = postgresql(database).apply(put(note("a.md", "글")))
    base.apply(put(note("a.md", "새 글")))
    for changes in (put(note("a.md", "딴 글")), Changes(remove=["a.md"])):
        with pytest.raises(IndexBusy, match=r"a\.md was changed by another writer"):
            base.apply(changes)
    base.apply(put(note("b.md", "딴 노트")))
    with pytest.raises(IndexBusy, match=r"b\.md was changed by another writer"):
        base.apply(put(note("b.md", "또 딴 노트")))
    assert PostgresIndex.open(database).document("a.md").text == "새 글"


def test_a_reader_of_a_generation_that_is_gone_is_told(database: Database) -> None:
    index = postgresql(database, keep=2).apply(put(note("a.md", "첫 글")))
    old, query = PostgresIndex.open(database), ENCODER.encode_questions(["글"])
    index = index.apply(put(note("a.md", "둘째 글")))
    assert old.passages([0])[0].text == "첫 글"
    index.apply(put(note("a.md", "셋째 글")))
    asks = (lambda: old.dense(query, 1), lambda: old.lexical({"글": 1.0}, 1), lambda: old.passages([0]), lambda: old.document("a.md"))
    for ask in asks:
        with pytest.raises(IndexBusy, match="generation 1, which was opened, is not kept any more"):
            ask()
    assert link_to(database).rows("SELECT count(*) FROM notes") == [(2,)]
    assert link_to(database).rows("SELECT count(DISTINCT note) FROM postings") == [(2,)]


def test_rows_that_are_removed_while_others_stay_are_told_with_what_is_found(database: Database) -> None:
    index = postgresql(database, keep=2).apply(put(note("a.md", "첫 글"), note("b.md", "또 글")))
    old, query = PostgresIndex.open(database), ENCODER.encode_questions(["글"])
    assert len(old.lexical({"글": 1.0}, 9)[0]) == 2
    index = index.apply(put(note("a.md", "둘째 글"))).apply(put(note("a.md", "셋째 글")))
    assert link_to(database).rows("SELECT count(*) FROM postings WHERE note = 2") == [(2,)]
    b = old.documents()[1].doc_id
    asks = (
        lambda: old.lexical({"글": 1.0}, 9),
        lambda: old.dense(query, 9),
        lambda: old.passages([1]),
        lambda: old.vectors([1]),
        lambda: old.score_lexical({"글": 1.0}, np.array([0, 1])),
        lambda: old.document_frequency(["또"]),
        lambda: old.document(b),
        old.vocabulary,
    )
    for ask in asks:
        with pytest.raises(IndexBusy, match="generation 1, which was opened, is not kept any more"):
            ask()


def test_what_is_read_before_a_removal_is_whole(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows go between a statement and whatever follows it: one server has given all of them by then."""
    index = postgresql(database, keep=2).apply(put(note("a.md", "첫 글"), note("b.md", "또 글")))
    old, rows = PostgresIndex.open(database), Link.rows

    def removed_after(link: Link, statement: str, *parameters: object) -> list[tuple[object, ...]]:
        found = rows(link, statement, *parameters)
        monkeypatch.undo()
        index.apply(put(note("a.md", "둘째 글"))).apply(put(note("a.md", "셋째 글")))
        return found

    monkeypatch.setattr(Link, "rows", removed_after)
    assert [passage.text for passage in old.passages([0, 1])] == ["첫 글", "또 글"]
    with pytest.raises(IndexBusy):
        old.passages([0, 1])


def test_readers_of_generations_that_go_get_whole_answers_or_none(database: Database) -> None:
    index, done = postgresql(database, keep=2).apply(put(*NOTES)), Event()

    def write(made: PostgresIndex) -> None:
        try:
            for number in range(1, 20):
                made = made.apply(put(note("flips.md", "\n".join(f"공통 판{number} 줄{line}" for line in range(5)))))
        finally:
            done.set()

    def read() -> int:
        told = 0
        while not done.is_set():
            opened = PostgresIndex.open(database)
            expected = sum(info.passages for info in opened.documents() if info.doc_id == "flips.md")
            try:
                for _ in range(20):
                    assert len(opened.lexical({"공통": 1.0}, 50)[0]) == expected
                    assert (opened.dense(ENCODER.encode_questions(["공통"]), 50)[0] >= 0).sum() == 8 + expected
            except IndexBusy:
                told += 1
        return told

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        pool.submit(write, index).result()
        assert sum(reader.result() for reader in readers) > 0


def test_a_hidden_run_is_seen_when_it_ends(database: Database) -> None:
    index = postgresql(database).apply(put(note("a.md", "옛 글"), note("b.md", "옛 글")))
    before = state(index)
    anew = PostgresIndex.empty(database, encoder=index.encoder, settings=IndexSettings(SplitSettings(target_tokens=99)), sources=("/new",))
    hidden = anew.commit(put(note("a.md", "새 글")), hidden=True)
    assert state(PostgresIndex.open(database)) == before and verify(database) == []
    shown = hidden.commit(put(note("c.md", "새 글")), sources=("/new",))
    assert [info.doc_id for info in shown.documents()] == ["a.md", "c.md"]
    assert (shown.generation, shown.sources, shown.settings.split.target_tokens) == (2, ("/new",), 99)
    assert shown.document_frequency(["새", "옛"]) == [2, 0] and verify(database) == []
    assert [info.doc_id for info in shown.rollback(1).documents()] == ["a.md", "b.md"]


# ------------------------------------------------------------------ several machines


class Machine:
    """A computer with a folder of notes, which fills an index that others fill too."""

    def __init__(self, name: str, folder: Path, database: Database, patch: pytest.MonkeyPatch) -> None:
        self.name, self.folder, self.database, self.patch = name, folder, database, patch
        folder.mkdir()

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def update(self, *notes: Path, settings: IndexSettings | None = None, replace: bool = False) -> UpdateReport:
        self.patch.setenv(MACHINE, self.name)
        encoder = HashEncoder(dim=8)
        return build.update(self.database, notes, encoder=encoder, analyse=str.split, settings=settings or IndexSettings(), replace=replace)


@pytest.fixture
def machines(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Machine, Machine]]:
    monkeypatch.setattr(build, "read_notes", read_here)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    first, second = (Machine(name, tmp_path / name, database, monkeypatch) for name in ("one", "two"))
    first.write("alpha/a.md", "# 하나\n\n역전파 예제")
    second.write("beta/b.md", "# 둘\n\n어텐션 예제")
    yield first, second


def held(database: Database) -> list[str]:
    return [info.doc_id for info in PostgresIndex.open(database).documents()]


def test_each_machine_mirrors_its_own_folders_only(machines: tuple[Machine, Machine], database: Database) -> None:
    one, two = machines
    assert one.update(one.folder).added == ("alpha/a.md",)
    assert two.update(two.folder).added == ("beta/b.md",)
    assert held(database) == ["alpha/a.md", "beta/b.md"]
    one.write("alpha/c.md", "# 셋\n\n새 노트")
    report = one.update()
    assert (report.added, report.removed, report.unchanged) == (("alpha/c.md",), (), 1)
    (one.folder / "alpha" / "a.md").unlink()
    assert one.update().removed == ("alpha/a.md",)
    assert held(database) == ["alpha/c.md", "beta/b.md"]
    assert PostgresIndex.open(database, machine="two").sources == (str(two.folder),)
    assert PostgresIndex.open(database, machine="two").elsewhere == {"one": (str(one.folder),)}
    assert PostgresIndex.open(database, machine="three").sources == ()


def test_a_name_that_another_machine_has_taken_is_told(machines: tuple[Machine, Machine], database: Database) -> None:
    one, two = machines
    one.update(one.folder)
    two.write("alpha/a.md", "# 다른\n\n글")
    report = two.update(two.folder)
    assert [(problem.doc_id, "one has put a note of this name in" in problem.reason) for problem in report.problems] == [
        ("alpha/a.md", True)
    ]
    assert report.added == ("beta/b.md",)
    assert PostgresIndex.open(database).document("alpha/a.md").title == "하나"


def test_replace_and_other_settings_leave_other_machines_alone(machines: tuple[Machine, Machine], database: Database) -> None:
    one, two = machines
    one.update(one.folder)
    two.update(two.folder)
    assert one.update(one.folder, replace=True).passages == 2
    assert held(database) == ["alpha/a.md", "beta/b.md"]
    with pytest.raises(SourceMismatch, match=r"holds notes of two too.*schema="):
        one.update(settings=IndexSettings(SplitSettings(target_tokens=99)))
    (two.folder / "beta" / "b.md").rename(two.folder / "beta" / "c.md")
    assert two.update().added == ("beta/c.md",)
    assert verify(database) == []


def test_other_settings_embed_everything_anew_where_nobody_else_is(machines: tuple[Machine, Machine], database: Database) -> None:
    one, _ = machines
    one.update(one.folder)
    report = one.update(settings=IndexSettings(SplitSettings(target_tokens=99)))
    assert (report.changed, report.generation) == (("alpha/a.md",), 2)
    assert PostgresIndex.open(database).settings.split.target_tokens == 99


# ------------------------------------------------------------------------ inspection


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM passages WHERE place = 2 AND note = 1", "week01/backprop.md: 2 of its passages are there, not 3."),
        ("DELETE FROM vectors WHERE place = 0 AND note = 2", "week02/attention.md: 1 of its vectors are there, not 2."),
        ("DELETE FROM postings WHERE term = '벌점'", "week10/bm25.md: 17 of its terms are there, not 18."),
        ("UPDATE passages SET text = '딴 글' WHERE note = 1 AND place = 1", "week01/backprop.md: passage 1 is not the text"),
        (
            "UPDATE vectors SET embedding = '[1,1,0,0,0,0,0,0]' WHERE note = 4 AND place = 1",
            "bm25.md: the vector of passage 1 is not of unit",
        ),
        ("UPDATE terms SET df = 7 WHERE term = '역전파'", "the term 역전파 is said to occur in 7 passages, and does in 3."),
        ("UPDATE generations SET passages = 9", "generation 1 is said to hold 9 passages, and holds 8."),
        ("UPDATE notes SET doc_id = 'week01/backprop.md' WHERE note = 2", "week01/backprop.md is in generation 1 twice."),
    ],
)
def test_verify_names_what_is_wrong(database: Database, damage: str, told: str) -> None:
    postgresql(database).apply(put(*NOTES))
    assert verify(database) == []
    execute(database, damage)
    assert any(told in line for line in verify(database)), verify(database)


def test_rows_that_are_missing_are_told_and_not_left_out(database: Database) -> None:
    index = postgresql(database).apply(put(*NOTES))
    execute(database, "DELETE FROM passages WHERE note = 1 AND place = 1", "DELETE FROM vectors WHERE note = 1 AND place = 1")
    for ask in (lambda: index.passages([0, 1]), lambda: index.vectors([0, 1])):
        with pytest.raises(IndexProblem, match="rows of the index are missing"):
            ask()


def test_idle_connections_are_few(database: Database) -> None:
    postgresql(database).apply(put(*NOTES))
    own = Link(database)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: own.rows("SELECT pg_sleep(0.05)"), range(24)))
    assert own._idle.qsize() <= link.IDLE
    own.close()
    assert own._idle.qsize() == 0
