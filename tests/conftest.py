"""What holds for every test: nothing reaches a model hub, no deadline depends on the machine's load, and a skip can be made a failure."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from index.encoder import Encoder, open_encoder
from index.morphemes import Analyser

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["RAG_LOG"] = "0"  # what tests ask is nobody's question
_PICTURES = TemporaryDirectory()
os.environ["RAG_PICTURES"] = _PICTURES.name  # what tests read in pictures is read anew in every run

settings.register_profile("steady", deadline=None, max_examples=50, derandomize=bool(os.environ.get("CI")))
settings.load_profile("steady")


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
