"""Set up, run and test from Python alone: `python make.py run`, `python make.py test`. The Makefile only calls this file.

`run` makes `.venv` with the locked packages, indexes the notes and opens the page; `test` adds what the tests need and runs every check;
`supply` says what all these packages are.
A stamp inside `.venv` holds a hash of all that the set-up depends on, so it is done once and again only when that changes.
Any Python 3 can read this file: one that does not fit looks for one that does.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "set-up.json"
NOTES = ROOT / "data" / "notes"
LOCKS = {"run": ["requirements.lock"], "test": ["requirements.lock", "requirements-test.lock"]}
INDEX_ERROR = 3
UV = "uv==0.13.9"
PYTHONS = ((3, 12), (3, 11))
"""Versions that every locked package has a build for; the Korean analyser has none for 3.13 yet."""


def call(*command: str | Path) -> None:
    """Runs a command from the project's folder; CalledProcessError where it fails."""
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


def say(text: str) -> None:
    print(f"== {text}", file=sys.stderr, flush=True)


# The set-up


def fingerprint(kind: str, root: Path = ROOT) -> str:
    """Hash of all that an environment of this kind depends on: the locks, the packaging and the place of the project."""
    digest = hashlib.sha256(str(root).encode())
    for name in ["pyproject.toml", *LOCKS[kind]]:
        digest.update((root / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def read_stamp() -> dict[str, str]:
    """What was set up, by kind; empty where the set-up never ended."""
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def is_ready(kind: str) -> bool:
    return PYTHON.exists() and read_stamp().get(kind) == fingerprint(kind)


def fits(python: str | Path, *modules: str) -> bool:
    """Whether that Python starts, is of a version that is served, and has the modules."""
    check = f"import {', '.join(('sys', *modules))}; sys.exit(sys.version_info[:2] not in {PYTHONS})"
    try:
        return subprocess.run([str(python), "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def set_up(kind: str) -> None:
    """Makes `.venv` with the packages that `kind` needs, unless it stands already."""
    if is_ready(kind):
        return
    say(f"setting up {VENV} (once; a few minutes)")
    STAMP.unlink(missing_ok=True)
    if not fits(PYTHON, "pip"):
        call(sys.executable, "-m", "venv", "--clear", VENV)
    say("PyTorch, CPU build")
    install_torch()
    say("packages")
    install_locked(LOCKS[kind])
    pip("install", "--no-deps", "--no-build-isolation", "--editable", ".")
    done = ["run"] if kind == "run" else ["run", "test"]
    STAMP.write_text(json.dumps({each: fingerprint(each) for each in done}))


def install_locked(locks: list[str]) -> None:
    """Installs what the locks name and nothing else; pip refuses a file whose hash is not in them."""
    pip("install", "--no-deps", "--require-hashes", *(part for name in locks for part in ("-r", name)))


def pip(*arguments: str | Path) -> None:
    call(PYTHON, "-m", "pip", "--disable-pip-version-check", "-qq", *arguments)


# PyTorch: on Linux the package registry's build carries CUDA, gigabytes that nothing here uses; the CPU build calls itself `2.13.0+cpu`.


def pinned_torch() -> str:
    """`torch==2.13.0`: what the locks were resolved with."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return next(str(pin) for pin in settings["tool"]["uv"]["constraint-dependencies"] if pin.startswith("torch=="))


def installed_torch() -> str:
    """The version of torch in `.venv`, empty where there is none."""
    check = "import importlib.metadata as m; print(m.version('torch'))"
    return subprocess.run([PYTHON, "-c", check], capture_output=True, text=True).stdout.strip()


def offered_torch(wanted: str) -> str:
    """The build that pip would take, local label included; empty where it finds none."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--report", "-", wanted]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode or '"install"' not in done.stdout:
        return ""
    chosen = json.loads(done.stdout[done.stdout.index("{") :])["install"]
    return str(chosen[0]["metadata"]["version"]) if chosen else ""


def install_torch() -> None:
    """Installs the CPU build: from `RAG_TORCH_INDEX`, or where pip finds it by itself, or from PyTorch's own index, which uv knows."""
    wanted = pinned_torch()
    if f"torch=={installed_torch()}".split("+")[0] == wanted:
        return
    index = os.environ.get("RAG_TORCH_INDEX")
    if index:
        pip("install", "--no-deps", "--extra-index-url", index, wanted)
    elif sys.platform != "linux" or offered_torch(wanted).endswith("+cpu"):
        pip("install", "--no-deps", wanted)
    else:
        install_torch_by_uv(wanted)


def install_torch_by_uv(wanted: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pip("install", "--target", folder, UV)
        environment = {**os.environ, "PYTHONPATH": folder}
        command = [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON), "--torch-backend", "cpu", "--no-deps", wanted]
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            raise SystemExit(
                f"error: the CPU build of {wanted} is neither on pip's indexes nor to be had from PyTorch's own.\n"
                "Set RAG_TORCH_INDEX to the address of an index that has it ('Get started' on pytorch.org names the official one)."
            )


# The commands


def index_folder(notes: Path) -> Path:
    """Where the index of a folder of notes is kept: `data/index` for the notes shipped, one of its own for any other."""
    if notes == NOTES.resolve():
        return ROOT / "data" / "index"
    digest = hashlib.sha256(str(notes).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return ROOT / "data" / "indexes" / f"{notes.name or 'notes'}-{digest}"


def run(options: argparse.Namespace) -> None:
    notes = Path(options.notes).expanduser().resolve()
    if not notes.is_dir():
        raise SystemExit(f"error: {notes} is no folder; name the folder of your notes: make run NOTES=~/my-notes")
    set_up("run")
    index = index_folder(notes)
    page = ("--index", str(index), "--host", options.host, "--port", str(options.port))
    if model_has_changed(index):
        say(f"the model has changed: indexing {notes} with the new one, while the page serves the old index")
        serve(*page, beside=lambda: embed_anew(notes, index))
    else:
        say(f"indexing {notes}")
        bring_up_to_date(notes, index)
        serve(*page)


def model_has_changed(index: Path) -> bool:
    """Whether the index is whole, but of another model than the one installed."""
    command = [str(BIN / "rag"), "status", "--index", str(index), "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    return done.returncode == 0 and bool(json.loads(done.stdout)["encoder"]["changed"])


def embed_anew(notes: Path, index: Path) -> None:
    """Indexes beside the page, which takes the new index up by itself and goes on with the old one where this fails."""
    try:
        bring_up_to_date(notes, index)
        say("the page searches by meaning again")
    except subprocess.CalledProcessError:
        say("indexing with the new model failed: the page goes on with the old index, by words alone")


def serve(*options: str, beside: Callable[[], None] = lambda: None) -> None:
    """Runs the page, and something beside it, until Ctrl-C, which reaches the page as well: it ends by itself."""
    page = subprocess.Popen([str(BIN / "rag"), "ui", *options], cwd=ROOT)
    try:
        beside()
        code = page.wait()
    except KeyboardInterrupt:
        code = page.wait()
    if code:
        raise subprocess.CalledProcessError(code, "rag ui")


def bring_up_to_date(notes: Path, index: Path) -> None:
    """Indexes what changed; an index that cannot be gone on with (the project was moved, a file is broken) is built anew."""
    try:
        call(BIN / "rag", "index", notes, "--index", index)
    except subprocess.CalledProcessError as problem:
        if problem.returncode != INDEX_ERROR:
            raise
        say("building the index anew")
        call(BIN / "rag", "index", notes, "--index", index, "--replace")


def test(options: argparse.Namespace) -> None:
    """Runs every check, those after a failed one too; SystemExit names the ones that failed."""
    set_up("test")
    tests = ["pytest", "-q", "-rs", "-n", "2", "--dist", "loadfile"]
    checks = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy": ["mypy"],
        "pytest": [*tests, "--durations=10", *options.arguments],
    }
    if options.slow:
        checks = {"pytest": [*tests, "-m", "slow", *options.arguments]}
    failed = [name for name, command in checks.items() if not passes(name, command)]
    if failed:
        raise SystemExit(f"error: failed: {', '.join(failed)}")


def passes(name: str, command: list[str]) -> bool:
    say(name)
    return subprocess.run([str(PYTHON), "-m", *command], cwd=ROOT).returncode == 0


def lock(options: argparse.Namespace) -> None:
    """Resolves the locks anew; they hold hashes of every file for every system, but not torch, whose files differ from index to index."""
    set_up("test")
    with tempfile.TemporaryDirectory() as folder:
        pip("install", "--target", folder, UV)
        os.environ["PYTHONPATH"] = folder
        resolve = [str(PYTHON), "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
        resolve += ["--no-annotate", "--custom-compile-command", "python make.py lock", "--no-emit-package", "torch", "pyproject.toml"]
        resolve += ["--upgrade"] if options.upgrade else []
        call(*resolve, "--output-file", "requirements.lock")
        names = [line.split("==")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
        leave_out = [part for name in names for part in ("--no-emit-package", name)]
        extras = ["--extra", "test", "--extra", "export"]  # the peers of `bench` are many packages, and no test needs them
        call(*resolve, *leave_out, *extras, "--constraints", "requirements.lock", "--output-file", "requirements-test.lock")


def supply(options: argparse.Namespace) -> None:
    """Licences, bill of materials and known vulnerabilities of all that is locked."""
    set_up("test")
    call(PYTHON, "-m", "benchmarks.supply", "--sbom", Path(options.sbom).expanduser().resolve())


def parser() -> argparse.ArgumentParser:
    program = argparse.ArgumentParser(prog="make.py", description="Set up, run and test the project from Python alone.")
    verbs = program.add_subparsers(required=True, metavar="COMMAND")

    verb = verbs.add_parser("run", help="set up, index the notes, open the page")
    verb.add_argument("--notes", default=str(NOTES), help="the folder of notes to ask (default: data/notes)")
    verb.add_argument("--host", default="127.0.0.1", help="address of the page (default: 127.0.0.1)")
    verb.add_argument("--port", type=int, default=7860, help="port of the page (default: 7860)")
    verb.set_defaults(handle=run)

    verb = verbs.add_parser("test", help="set up, then ruff, mypy and pytest")
    verb.add_argument("--slow", action="store_true", help="run the slow tests, and only them")
    verb.add_argument("arguments", nargs="*", metavar="PYTEST", help="handed to pytest (after --)")
    verb.set_defaults(handle=test)

    verb = verbs.add_parser("lock", help="resolve the lock files anew from pyproject.toml")
    verb.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    verb.set_defaults(handle=lock)

    verb = verbs.add_parser("supply", help="licences of the locked packages, their bill of materials, known vulnerabilities")
    verb.add_argument("--sbom", default=str(ROOT / "build" / "sbom.json"), help="where that goes (default: build/sbom.json)")
    verb.set_defaults(handle=supply)
    return program


def other_python() -> str:
    """Another Python on this machine that fits; SystemExit where there is none."""
    for major, minor in PYTHONS:
        found = shutil.which(f"python{major}.{minor}")
        if found and fits(found, "venv", "ensurepip"):
            return found
    wanted = " or ".join(f"{major}.{minor}" for major, minor in reversed(PYTHONS))
    raise SystemExit(
        f"error: this is Python {sys.version_info[0]}.{sys.version_info[1]}, or one without the venv module; Python {wanted} is needed.\n"
        "Install one of these (on Debian and Ubuntu with python3-venv), or name one that you have: make run PYTHON=/path/to/python"
    )


def main() -> int:
    try:
        if sys.version_info[:2] not in PYTHONS:
            return subprocess.call([other_python(), __file__, *sys.argv[1:]])
        options = parser().parse_args()
        options.handle(options)
    except subprocess.CalledProcessError as problem:
        return int(problem.returncode)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
