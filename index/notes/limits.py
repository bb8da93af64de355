"""What one note may cost. Beyond it the note is refused with a reason; the others are read."""

from __future__ import annotations

MAX_FILE_BYTES = 100 * 1024**2
"""Largest file that is opened."""

MAX_UNZIPPED_BYTES = 500 * 1024**2
"""Largest declared content of a DOCX, PPTX or HWPX; Python's zipfile never reads beyond what is declared."""

MAX_ZIP_RATIO = 300
"""Largest declared content per stored byte, once the content is beyond `RATIO_MATTERS_BYTES`: real documents stay below 100."""

RATIO_MATTERS_BYTES = 20 * 1024**2

MAX_CHARACTERS = 20_000_000
"""Longest text, in code points: forty thousand printed pages."""

TIMEOUT_SECONDS = 60.0
MEMORY_MB = 2048
