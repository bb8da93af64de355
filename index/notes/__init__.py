"""From note files to `Document`s: Markdown, text, HTML, PDF, DOCX, PPTX, notebooks, captions, HWP, HWPX and pictures."""

from index.notes.files import SUFFIXES, NoteFile, content_hash, discover, unread_kinds
from index.notes.isolated import read_notes
from index.notes.read import read_note

__all__ = ["SUFFIXES", "NoteFile", "content_hash", "discover", "read_note", "read_notes", "unread_kinds"]
