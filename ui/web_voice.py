"""The microphone beside the question: what the page records is heard here, and shown before it is asked.

No annotations are postponed here: Gradio reads those of the event handlers, and Gradio itself is imported only when a page is built.
"""

import base64
import binascii
import sys
import threading
from collections.abc import Callable
from typing import Any

from index.errors import RagError
from rag import voice
from rag.sound import LARGEST
from rag.spoken import Wording, wording
from ui import html_voice
from ui.view import Json
from ui.web_frame import Frame
from ui.web_index import Asks, Notes

SERVED = "window.notesPage.hear = (request) => server.hear(request)"
"""Gives the page's script what it calls on the server."""


class Ear:
    """Hears questions in the words of the notes that are open; those are gathered once for each state of the index."""

    def __init__(self, pipeline: Callable[[], Asks]) -> None:
        self._pipeline = pipeline
        self._lock = threading.Lock()
        self._held: tuple[Notes, Wording] | None = None

    def wording(self) -> Wording | None:
        """None where the index cannot be read: a question is heard all the same."""
        try:
            index = self._pipeline().index
            with self._lock:
                if self._held is None or self._held[0] is not index:
                    texts = (index.document(note.doc_id).text for note in index.documents())
                    self._held = index, wording(texts, voice.knows)
                return self._held[1]
        except RagError:
            return None

    def prepare(self) -> None:
        """Loads what hearing takes, while the question is being said."""
        threading.Thread(target=self.wording, daemon=True).start()

    def hear(self, sound: bytes) -> Json:
        """`text` and `other`, or the `problem`."""
        try:
            heard = voice.heard(sound, self.wording())
        except RagError as error:
            print(error, file=sys.stderr)
            return {"problem": "failed"}
        return {"text": heard.text, "other": heard.other} if heard.text else {"problem": "nothing"}


def microphone(frame: Frame) -> None:
    """The button, with what it calls on the server."""
    import gradio as gr

    gr.HTML(
        html_voice.microphone("ko"), elem_id="voice", apply_default_css=False, js_on_load=SERVED, server_functions=[hearer(frame.pipeline)]
    )  # fmt: skip


def hearer(pipeline: Callable[[], Asks]) -> Callable[[dict[str, Any]], Json]:
    """What the page calls: without a recording as it begins to listen, then with one, a WAV in base64. Nothing of it is kept."""
    ear = Ear(pipeline)

    def hear(request: dict[str, Any]) -> Json:
        if not voice.is_installed():
            return {"problem": "absent"}
        if "wav" not in request:
            ear.prepare()
            return {}
        given = request["wav"]
        if not isinstance(given, str) or len(given) > LARGEST * 4 // 3 + 4:
            return {"problem": "failed"}
        try:
            return ear.hear(base64.b64decode(given, validate=True))
        except binascii.Error:
            return {"problem": "failed"}

    return hear
