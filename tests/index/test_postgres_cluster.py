"""An index over a real cluster on loopback: a coordinator, three shards and a streaming replica, set up by the files that a DBA runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import psutil
import pytest

from index.errors import IndexBusy, IndexProblem
from index.index import Changes, IndexedDocument
from index.manifest import EncoderEntry
from index.memory import MemoryIndex
from index.morphemes import Analyser
from index.postgres import search
from index.postgres.engine import PostgresIndex
from index.postgres.link import Link
from index.postgres.uri import Database, parse
from index.settings import IndexSettings
from index.types import Filter
from rag.retriever import IndexRetriever
from tests.index.postgres_server import SQL, Cluster, cluster, psql, spread
from tests.index.samples import ENCODER, memory, note, put, state

WORDS = (
    "역전파",
    "기울기",
    "연쇄",
    "법칙",
    "attention",
    "가중합",
    "질의",
    "키",
    "내적",
    "bm25",
    "단어",
    "빈도",
    "문서",
    "벌점",
    "벡터",
    "행렬",
)
SCHEMAS = (f"notes{number}" for number in count())


@pytest.mark.parametrize("file", sorted(SQL.glob("*.sql")), ids=lambda file: file.name)
def test_a_command_told_in_a_file_runs_that_file(file: Path) -> None:
    for command in re.findall(r"^-- .*psql (.*)", file.read_text(encoding="utf-8"), re.MULTILINE):
        assert file.name in re.findall(r"-f (\S+)", command)


@pytest.fixture(scope="module")
def servers() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture
def schema(servers: Cluster) -> str:
    """The schema of a fresh index over the three shards."""
    name = next(SCHEMAS)
    spread(servers, ENCODER.dim, name)
    return name


@pytest.fixture
def index(servers: Cluster, schema: str) -> PostgresIndex:
    return empty(at(servers.coordinator.uri, schema))


def at(uri: str, schema: str) -> Database:
    return parse(f"{uri}{'&' if '?' in uri else '?'}schema={schema}")


def empty(database: Database, machine: str = "here") -> PostgresIndex:
    encoder = EncoderEntry(ENCODER.name, ENCODER.fingerprint, ENCODER.dim)
    return PostgresIndex.empty(database, encoder=encoder, settings=IndexSettings(), sources=("/notes",), machine=machine)


def many(notes: int, lines: int = 10, seed: int = 0) -> list[IndexedDocument]:
    """Notes whose lines are drawn from a few words, each line with a number of its own."""
    rng = np.random.default_rng(seed)
    texts = ["\n".join(f"{' '.join(rng.choice(WORDS, 6))} 표{number}번{line}" for line in range(lines)) for number in range(notes)]
    return [note(f"week{number % 12:02d}/{number:04d}.md", text) for number, text in enumerate(texts)]


def judged(items: list[IndexedDocument]) -> MemoryIndex:
    return memory().apply(put(*items))


def plan(index: PostgresIndex, monkeypatch: pytest.MonkeyPatch, ask: Callable[[], object]) -> str:
    """EXPLAIN VERBOSE of the first statement that `ask` sends for rows."""
    sent: list[tuple[str, tuple[Any, ...]]] = []
    rows = index.link.rows

    def recorded(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        sent.append((statement, parameters))
        return rows(statement, *parameters)

    monkeypatch.setattr(type(index.link), "rows", lambda link, statement, *parameters: recorded(statement, *parameters))
    ask()
    monkeypatch.undo()
    statement, parameters = next(one for one in sent if "vectors" in one[0] or "postings" in one[0])
    return "\n".join(line for (line,) in rows(f"EXPLAIN (VERBOSE, COSTS OFF) {statement}", *parameters))


# What it finds


def test_holds_and_finds_what_the_index_in_memory_does(index: PostgresIndex) -> None:
    items = many(12, 4)
    changed, gone = note(items[3].document.doc_id, "옛 글\n역전파 는 옛말"), note("gone.md", "역전파 는 여기 에 도 있다")
    found = index.apply(put(*items[:3], changed, gone)).apply(Changes(put=items[3:], remove=["gone.md"]))
    assert state(found) == state(judged(items))
    question = ENCODER.encode_questions(["연쇄 법칙"])
    kept = Filter(folders=("week01", "week02"))
    for one, other in zip(found.dense(question, 9, kept), judged(items).dense(question, 9, kept), strict=True):
        assert one.tolist() == other.tolist()


def test_its_rows_lie_on_every_shard_and_on_no_other_server(servers: Cluster, schema: str, index: PostgresIndex) -> None:
    index.apply(put(*many(40, 2)))
    held = [int(psql(shard.uri, "-At", "-c", f"SELECT count(*) FROM {schema}.vectors").stdout) for shard in servers.shards]
    assert sum(held) == 80
    assert min(held) > 0
    local = f"SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relname ~ '^(pas|vec|post)'"
    assert int(psql(servers.coordinator.uri, "-At", "-c", local).stdout) == 0


def test_graphs_on_the_shards_find_what_comparing_every_vector_does(
    servers: Cluster, schema: str, index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = many(300)
    found, exact = index.apply(put(*items)), judged(items)
    for shard in servers.shards:
        psql(shard.uri, "-v", f"schema={schema}", "-v", f"dim={ENCODER.dim}", "-f", f"{SQL}/shard_graph.sql")
    monkeypatch.setattr(search, "EXACT_UPTO", 0)
    questions = [" ".join(WORDS[at : at + 3]) for at in range(0, 14, 2)]
    vectors = ENCODER.encode_questions(questions)
    assert alike(found.dense(vectors, 20)[0].tolist(), exact.dense(vectors, 20)[0].tolist()) >= 0.98
    for question in questions:
        one, other = (each.lexical(dict.fromkeys(question.split(), 1.0), 50)[1].tolist() for each in (found, exact))
        assert one == pytest.approx(other, abs=1e-6)
    retrievers = [IndexRetriever(each, ENCODER, Analyser(), "hybrid") for each in (found, exact)]
    hits = [[[hit.passage.passage_id for hit in each.retrieve(question, 10)] for question in questions] for each in retrievers]
    assert alike(*hits) >= 0.98


def alike(found: Sequence[Sequence[object]], expected: Sequence[Sequence[object]]) -> float:
    """Of what was expected, the share that was found."""
    same = sum(len(set(one) & set(other)) for one, other in zip(found, expected, strict=True))
    return same / sum(map(len, expected))


def test_shards_order_by_distance_themselves(servers: Cluster, schema: str, index: PostgresIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    found = index.apply(put(*many(30)))
    question = ENCODER.encode_questions(["연쇄 법칙"])
    exact = plan(found, monkeypatch, lambda: found.dense(question, 10))
    monkeypatch.setattr(search, "EXACT_UPTO", 0)
    graph = plan(found, monkeypatch, lambda: found.dense(question, 10))
    for shown, what in ((exact, "embedding"), (graph, "embedding::public.halfvec(8)")):
        remote = [line.split("ORDER BY ")[1] for line in shown.splitlines() if "Remote SQL" in line]
        assert "Merge Append" in shown
        assert shown.count("Foreign Scan on") == len(remote) == 3
        assert {order.replace("(embedding)", "embedding").lstrip("(").split(" OPERATOR(public.<#>)")[0] for order in remote} == {what}


def test_shards_rank_by_words_themselves_and_at_once(
    servers: Cluster, schema: str, index: PostgresIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = index.apply(put(*many(100)))
    psql(servers.coordinator.uri, "-c", f"SET search_path = {schema}", "-c", "ANALYZE passages, vectors, postings")
    shown = plan(found, monkeypatch, lambda: found.lexical({"역전파": 1.0, "문서": 0.5}, 10))
    remote = [line for line in shown.splitlines() if "Remote SQL" in line]
    assert [("GROUP BY" in line, "ORDER BY " in line, " LIMIT " in line) for line in remote] == [(True, True, True)] * 3
    assert "Sort" not in shown
    assert shown.count("Async Foreign Scan") == 3


def test_rows_that_go_from_shards_while_they_are_asked_are_told(index: PostgresIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard is read later than the coordinator, whose part of the statement may know nothing yet of a removal."""
    index.keep = 2
    made = index.apply(put(*many(6, 3)))
    old, rows = PostgresIndex.open(index.path), Link.rows

    def removed_meanwhile(link: Link, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        monkeypatch.undo()
        found = rows(link, statement, *parameters)
        made.apply(put(*many(3, 3, seed=1))).apply(put(*many(3, 3, seed=2)))
        return found

    monkeypatch.setattr(Link, "rows", removed_meanwhile)
    with pytest.raises(IndexBusy, match="is not kept any more"):
        old.passages(range(len(old)))


# Servers that fail


def test_a_shard_that_is_gone_is_named_and_answers_are_right_once_it_is_back(servers: Cluster, index: PostgresIndex) -> None:
    found = index.apply(put(*many(20)))
    question = ENCODER.encode_questions(["역전파 학습"])

    def answers() -> list[list[float]]:
        return [part.tolist() for part in (*found.dense(question, 10), *found.lexical({"역전파": 1.0}, 10))]

    before = answers()
    servers.shards[1].kill()
    for _ in range(2):
        with pytest.raises(IndexProblem, match=r"part of the index.*Start it.*shard1|shard1.*Start it"):
            found.lexical({"역전파": 1.0}, 10)
        with pytest.raises(IndexProblem, match="shard1"):
            found.dense(question, 10)
    with pytest.raises(IndexProblem, match="shard1"):
        found.apply(put(*many(20, seed=1)))
    servers.shards[1].start()
    assert answers() == before
    assert PostgresIndex.open(found.path).generation == found.generation


def test_rows_that_a_failed_commit_left_on_a_shard_are_found_by_nobody(servers: Cluster, schema: str, index: PostgresIndex) -> None:
    items = many(8, 3)
    found = index.apply(put(*items[:4]))
    left = "INSERT INTO {0}.vectors SELECT 5, 0, embedding FROM {0}.vectors LIMIT 1; INSERT INTO {0}.postings VALUES (5, 0, 9, 9, '역전파')"
    psql(servers.coordinator.uri, "-c", left.format(schema))
    assert state(found) == state(judged(items[:4]))
    assert state(found.apply(put(*items[4:]))) == state(judged(items))


# Many at once


def test_a_note_that_is_written_while_others_search_is_never_half_seen(servers: Cluster, schema: str, index: PostgresIndex) -> None:
    def version(number: int) -> IndexedDocument:
        return note("note.md", "\n".join(f"판{number} 표지 줄{line}" for line in range(6)))

    database, over, versions = at(servers.coordinator.uri, schema), Event(), 12
    written = index.apply(put(version(0), *many(6, 3)))

    def seen() -> set[str]:
        """What searches showed of the note: one entry for each state of it."""
        shown = set()
        while not over.is_set():
            opened = PostgresIndex.open(database)
            by_words = [passage.text for passage in opened.passages(opened.lexical({"표지": 1.0}, 50)[0])]
            by_vector = opened.passages(opened.dense(ENCODER.encode_questions(["표지"]), len(opened))[0][0])
            text = opened.document("note.md").text
            shown.add("\n".join(sorted(by_words)))
            shown.add("\n".join(sorted(passage.text for passage in by_vector if passage.doc_id == "note.md")))
            shown.add(text)
        return shown

    with ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(seen) for _ in range(8)]
        try:
            for number in range(1, versions):
                written = written.apply(put(version(number)))
        finally:
            over.set()
        shown = set.union(*(reader.result() for reader in readers))
    assert shown <= {version(number).document.text for number in range(versions)}
    assert len(shown) > 2


def test_two_machines_fill_it_at_once(servers: Cluster, schema: str, index: PostgresIndex) -> None:
    items = {name: [note(f"{name}/{number}.md", f"{name} 글 {number}\n표지 {number}") for number in range(6)] for name in ("이", "그")}
    index.apply(put(note("first.md", "처음")))
    database = at(servers.coordinator.uri, schema)

    def write(name: str) -> None:
        for item in items[name]:
            PostgresIndex.open(database, machine=name).apply(put(item))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, items))
    everything = judged([note("first.md", "처음"), *items["이"], *items["그"]])
    found = PostgresIndex.open(database)
    assert found.documents() == everything.documents()
    assert found.passages(range(len(found))) == everything.passages(range(len(found)))
    assert found.vocabulary() == everything.vocabulary()
    assert found.lexical({"표지": 1.0}, 50)[1].tolist() == everything.lexical({"표지": 1.0}, 50)[1].tolist()


# The replica


def test_readers_search_the_replica_which_sees_what_was_written(servers: Cluster, schema: str, index: PostgresIndex) -> None:
    items = many(10, 3)
    written = index.apply(put(*items[:5]))
    replayed(servers)
    readers, writers = at(servers.readers, schema), at(servers.writers, schema)
    first = PostgresIndex.open(readers)
    assert first.link.rows("SELECT pg_is_in_recovery(), inet_server_port()") == [(True, servers.replica.port)]
    assert state(first)["passages"] == judged(items[:5]).passages(range(15))
    writer = PostgresIndex.open(writers, machine="here")
    assert writer.link.rows("SELECT pg_is_in_recovery(), inet_server_port()") == [(False, servers.coordinator.port)]
    assert writer.generation == written.generation
    writer.apply(put(*items[5:]))
    replayed(servers)
    assert state(PostgresIndex.open(readers, machine="here")) == state(judged(items))
    with pytest.raises(IndexProblem, match=r"replica.*target_session_attrs=read-write"):
        first.apply(put(note("new.md", "새 글")))


def test_readers_turn_to_the_coordinator_where_there_is_no_replica(servers: Cluster, schema: str, index: PostgresIndex) -> None:
    index.apply(put(*many(4)))
    replayed(servers)
    readers = at(servers.readers, schema)
    before = PostgresIndex.open(readers)
    servers.replica.stop()
    try:
        assert PostgresIndex.open(readers).link.rows("SELECT pg_is_in_recovery()") == [(False,)]
        assert before.lexical({"역전파": 1.0}, 5)[0].tolist() == index.open(index.path).lexical({"역전파": 1.0}, 5)[0].tolist()
    finally:
        servers.replica.start()


def replayed(servers: Cluster) -> None:
    """Waits until the replica has what the coordinator has."""
    behind = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn >= '{}'"
    target = psql(servers.coordinator.uri, "-At", "-c", "CHECKPOINT", "-c", "SELECT pg_current_wal_flush_lsn()").stdout.strip()
    for _ in range(200):
        if psql(servers.coordinator.uri, "-At", "-c", behind.format(target)).stdout.strip() == "1":
            return
        time.sleep(0.05)
    raise TimeoutError("the replica does not follow")


# The files, and the servers of the tests


def test_addresses_of_shards_can_be_changed_by_the_same_file(servers: Cluster) -> None:
    address = {"shard": "shard2", "host": "localhost", "port": servers.shards[2].port, "database": "postgres", "user": "postgres"}
    named = [part for name, value in address.items() for part in ("-v", f"{name}={value}")]
    psql(servers.coordinator.uri, *named, "-f", f"{SQL}/coordinator_server.sql")
    options = "SELECT array_to_string(srvoptions, ' ') FROM pg_foreign_server WHERE srvname = 'shard2'"
    assert "host=localhost" in psql(servers.coordinator.uri, "-At", "-c", options).stdout


def test_roles_without_privileges_and_passwords_are_enough(servers: Cluster) -> None:
    for each in (servers.coordinator, *servers.shards):
        psql(each.uri, "-c", "CREATE EXTENSION IF NOT EXISTS vector", "-c", "CREATE ROLE rag LOGIN PASSWORD 'p%w'")
        psql(each.uri, "-c", "GRANT CREATE ON DATABASE postgres TO rag")
        rules = each.folder / "pg_hba.conf"
        rules.write_text(f"host all rag all scram-sha-256\n{rules.read_text()}")
        psql(each.uri, "-c", "SELECT pg_reload_conf()")
    schema, dim = ("-v", "schema=theirs"), ("-v", f"dim={ENCODER.dim}")
    for number, shard in enumerate(servers.shards):
        psql(as_rag(shard.uri), *schema, *dim, "-f", f"{SQL}/shard.sql")
        address = {"shard": f"shard{number}", "host": "127.0.0.1", "port": shard.port, "database": "postgres", "user": "rag"}
        named = [part for name, value in {**address, "password": "p%w", "owner": "rag"}.items() for part in ("-v", f"{name}={value}")]
        psql(servers.coordinator.uri, *named, "-f", f"{SQL}/coordinator_server.sql")
    psql(as_rag(servers.coordinator.uri), *schema, *dim, "-v", "shards=3", "-f", f"{SQL}/coordinator.sql")
    items = many(6, 3)
    assert state(empty(at(as_rag(servers.coordinator.uri), "theirs")).apply(put(*items))) == state(judged(items))


def as_rag(uri: str) -> str:
    return uri.replace("postgres@", "rag:p%25w@")


def test_servers_end_with_the_process_that_started_them() -> None:
    code = "from tests.index.postgres_server import server\nwith server() as one:\n    print(one.pid, one.folder, flush=True)\n    input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=SQL.parents[2])
    assert child.stdout is not None and child.stdin is not None
    number, folder = child.stdout.readline().split()
    started = psutil.Process(int(number))
    assert started.name().startswith("postgres")
    child.kill()
    child.wait()
    started.wait(20)
    for _ in range(100):
        if not os.path.exists(folder):
            break
        time.sleep(0.05)
    assert not os.path.exists(folder)
    child.stdin.close()
    child.stdout.close()
