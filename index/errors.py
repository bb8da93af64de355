"""Every error a user may meet.

    RagError
    ├── UsageError            the call cannot be meant as it stands            (exit 2)
    ├── NoteError             one note cannot be read                          (exit 3)
    ├── ModelError            a model is missing, broken, or needs an extra    (exit 3)
    ├── DataError             an evaluation set is missing or broken           (exit 3)
    ├── EndpointError         a language model's endpoint gives no answer      (exit 3)
    ├── LogError              the log of questions cannot be read or changed   (exit 3)
    ├── StudyError            what is learned cannot be read or changed        (exit 3)
    └── IndexProblem          the index cannot be used as it is                (exit 3)
        ├── IndexMissing      there is none at that place
        ├── IndexFormat       written by another version of the program
        ├── IndexCorrupt      a file is missing, truncated or altered, or counts disagree
        ├── EncoderMismatch   built by another encoder than the one that asks
        ├── SourceMismatch    the index mirrors other folders than the one given
        └── IndexBusy         another process is writing

A message says what was found, what was expected, and the command that mends it.
"""

from __future__ import annotations


class RagError(Exception):
    """The root: what the shell and the page catch and show without a traceback."""

    exit_code = 3


class UsageError(RagError):
    """The call cannot be meant as it stands."""

    exit_code = 2


class NoteError(RagError):
    """One note cannot be read."""


class ModelError(RagError):
    """A model is missing, broken, or needs an optional package."""


class DataError(RagError):
    """An evaluation set is missing or broken."""


class EndpointError(RagError):
    """A language model's endpoint gives no answer."""


class LogError(RagError):
    """The log of questions cannot be read or changed."""


class StudyError(RagError):
    """What is learned of the notes cannot be read or changed."""


class IndexProblem(RagError):
    """The index cannot be used as it is."""


class IndexMissing(IndexProblem):
    """There is no index at that place."""


class IndexFormat(IndexProblem):
    """Written by another version of the program."""


class IndexCorrupt(IndexProblem):
    """A file is missing, truncated or altered, or counts disagree."""


class EncoderMismatch(IndexProblem):
    """Built by another encoder than the one that asks."""


class SourceMismatch(IndexProblem):
    """The index mirrors other folders than the one given."""


class IndexBusy(IndexProblem):
    """Another process is writing."""
