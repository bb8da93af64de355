"""Test doubles that are pure functions of their input."""

from __future__ import annotations

from benchmarks.toys import HashEncoder

__all__ = ["HashEncoder"]
