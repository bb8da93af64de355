"""Where an index lies, what lies beside it, and where the system wants a program to keep what belongs to its user."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from index.postgres import uri
from index.postgres.uri import Database

Place = Path | Database
"""A folder, or a schema of a database."""

_OURS = "lecture-notes-rag"


def place_of(text: str) -> Place:
    """What a person names by `--index`: a URI of PostgreSQL, else a folder. Raises UsageError for a URI that is none."""
    return uri.parse(text) if uri.is_uri(text) else Path(text)


def beside(place: Place) -> Path:
    """The path beside which lies what belongs to an index and not in it: `data/index` has `data/index.notes`.

    An index in a database has such a path of its own in the user's data folder, the same with whatever user name and password it is asked.
    """
    return data_folder() / "postgresql" / place.key if isinstance(place, Database) else place


def cache_folder(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Our part of the user's cache folder: by XDG's rule, or its like on macOS and Windows."""
    home = Path(os.path.expanduser("~"))
    if system == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif system == "darwin":
        base = home / "Library" / "Caches"
    else:
        named = Path(environment.get("XDG_CACHE_HOME", ""))
        base = named if named.is_absolute() else home / ".cache"
    return base / _OURS


def data_folder(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Our part of the user's folder for data: by XDG's rule, or its like on macOS and Windows."""
    home = Path(os.path.expanduser("~"))
    if system == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif system == "darwin":
        base = home / "Library" / "Application Support"
    else:
        named = Path(environment.get("XDG_DATA_HOME", ""))
        base = named if named.is_absolute() else home / ".local" / "share"
    return base / _OURS
