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

MAX_PAGES = 50_000
"""Most pages that a PDF may claim to have: each costs time, whether it is there or not."""

TIMEOUT_SECONDS = 60.0
MEMORY_MB = 2048

MAX_PIXELS = 64_000_000
"""Largest picture that is unpacked: larger ones are photographs of whole walls, or bombs."""

LEAST_SIDE, LEAST_PIXELS = 24, 4_000
"""Smaller pictures are bullets, icons and lines: nothing is read in them."""

MAX_PICTURES = 1_000
"""Pictures, or scanned pages, of one file that are read."""

PICTURE_SECONDS = 25.0
"""For one pass over one picture."""

PICTURES_SHARE = 0.5
"""The part of a note's time after which no further picture is begun: the next request goes on from there."""
