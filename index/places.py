"""Where an index lies, what lies beside it, and where the system wants a program to keep what belongs to its user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.postgres import uri
from index.postgres.uri import Database

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

Place = Path | Database
"""A folder, or a schema of a database."""


def place_of(text: str) -> Place:
    """What a person names by `--index`: a URI of PostgreSQL, else a folder. Raises UsageError for a URI that is none."""
    return uri.parse(text) if uri.is_uri(text) else Path(text)


def beside(place: Place) -> Path:
    """The path beside which lies what belongs to an index and not in it: `data/index` has `data/index.notes`.

    An index in a database has such a path of its own in the user's data folder, the same with whatever user name and password it is asked.
    """
    return users().user_data_path / "postgresql" / place.key if isinstance(place, Database) else place


def users() -> PlatformDirs:
    """Our folders among the user's own, for what may be thrown away, for data, and for what is remembered, where each system has them."""
    from platformdirs import PlatformDirs

    return PlatformDirs("lecture-notes-rag", appauthor=False, opinion=False)
