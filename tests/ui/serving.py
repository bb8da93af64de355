"""The page and the API on a server of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ui.web_index import Asks


@contextmanager
def serving(pipeline: Callable[[], Asks], **options: Any) -> Iterator[int]:
    """Serves as `rag ui` does, on a free port, which it gives; `options` are those of `application`."""
    import uvicorn

    from ui.web import application, listen
    from ui.web_guard import local_hosts

    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    app = application(pipeline, local_hosts("127.0.0.1", port), **options)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive() and time.monotonic() < until, "the server did not start"
        time.sleep(0.02)
    yield port
    server.should_exit = True
    thread.join(10)
