"""Indexing beside a page that goes on answering: one run at a time, which can be watched and stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from index.build import update
from index.encoder import Encoder, open_encoder
from index.errors import IndexProblem
from index.inbox import Taken, inbox_of
from index.job import Job, Standing
from index.morphemes import Analyser
from index.places import Place
from index.recorded import open_recorded
from index.settings import IndexSettings
from index.sources import with_inbox
from index.types import Progress, UpdateReport


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it stands now, and what was put in for it.

    Its stages: "open" the model and compare the files, "read" what is new, "encode" its passages. A run that was stopped leaves what was
    committed before.
    """

    taken: Taken | None
    now: Standing[UpdateReport]


def encoder_for(index_dir: Place) -> Encoder:
    """The encoder that built the index, so that bringing it up to date does not change it; the shipped one where there is no index."""
    try:
        return open_recorded(index_dir)
    except IndexProblem:
        return open_encoder()


@dataclass(slots=True)
class Refresher:
    """Brings one index up to date with its folders and its inbox, in a thread of its own."""

    index_dir: Place
    encoder: Callable[[Place], Encoder] = encoder_for
    _taken: Taken | None = None
    _job: Job[UpdateReport] | None = None
    _open: bool = False
    _again: bool = False
    _lock: Lock = field(default_factory=Lock)

    @property
    def run(self) -> Run | None:
        """The run that goes on, or the last one; None before the first."""
        with self._lock:
            return Run(self._taken, self._job.standing()) if self._job else None

    @property
    def is_running(self) -> bool:
        job = self._job
        return job is not None and job.is_running

    def start(self, taken: Taken | None = None) -> bool:
        """Starts a run, or has the one that goes on look at the folders again; `taken` is what was put in for it.

        Whether a run was started. One that is stopped or fails does not look again.
        """
        with self._lock:
            if self._open:
                self._again, self._taken = True, self._taken + taken if self._taken and taken else taken or self._taken
                return False
            self._open, self._again = True, False
            self._taken, self._job = taken, Job("indexing", self._update)
            return True

    def stop(self) -> None:
        """Asks the run to end at its next step."""
        if job := self._job:
            job.stop()

    def wait(self, seconds: float | None = None) -> None:
        """Waits for the end of the run."""
        if job := self._job:
            job.wait(seconds)

    def dismiss(self) -> None:
        """Forgets what the last run did."""
        with self._lock:
            if not self.is_running:
                self._job = None

    def _update(self, progress: Progress) -> UpdateReport:
        try:
            report = self._once(progress)
            while self._is_asked_again():
                found = self._once(progress)
                report = replace(
                    found,
                    added=(*report.added, *found.added),
                    changed=(*report.changed, *found.changed),
                    removed=(*report.removed, *found.removed),
                )
            return report
        except BaseException:
            self._open = False
            raise

    def _is_asked_again(self) -> bool:
        """Whether there was a call to start since it was last asked; where not, the next one starts a run."""
        with self._lock:
            self._open, self._again = self._again, False
            return self._open

    def _once(self, progress: Progress) -> UpdateReport:
        progress("open", 0, 0)
        encoder = self.encoder(self.index_dir)
        progress("open", 0, 0)
        notes = added(self.index_dir)
        return update(
            self.index_dir, notes, encoder=encoder, analyse=Analyser().terms, settings=IndexSettings(), add=True, progress=progress
        )


def added(index_dir: Place) -> list[Path]:
    """The inbox as a folder to take in: where it holds anything, and no folder that the index mirrors has it in it already."""
    inbox = inbox_of(index_dir)
    return [inbox] if str(inbox) in with_inbox(index_dir) and any(inbox.rglob("*")) else []
