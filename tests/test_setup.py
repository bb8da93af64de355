"""The set-up script: what it installs, when it does nothing, and that the locks, the version and the changelog agree."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import make
import rag

ROOT = Path(make.__file__).parent
LOCKS = ("requirements.lock", "requirements-test.lock")


def locked(name: str) -> dict[str, str]:
    """Package → version of one lock."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def wanted(*extras: str) -> set[str]:
    """The packages that pyproject.toml asks for, normalised as PEP 503 says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {re.sub(r"[-_.]+", "-", re.split(r"[<>=~!\[; ]", line)[0]).lower() for line in lines}


def test_the_locks_hold_everything_that_is_asked_for() -> None:
    assert wanted() - locked("requirements.lock").keys() == {"torch"}
    assert wanted("test", "export") <= locked("requirements-test.lock").keys() | locked("requirements.lock").keys() | {"torch"}
    assert locked("requirements.lock").keys() & locked("requirements-test.lock").keys() == set()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_none_is_cuda(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z])", (ROOT / name).read_text(encoding="utf-8").split("make.py lock\n")[1])
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert [package for package in locked(name) if package.startswith(("nvidia", "cuda", "triton"))] == []


def test_the_changelog_begins_with_the_version() -> None:
    assert re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)[0] == rag.__version__


def test_any_python_can_read_what_looks_for_a_fitting_one() -> None:
    tree = ast.parse(Path(make.__file__).read_text(encoding="utf-8"), feature_version=(3, 7))
    assert "tomllib" not in [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]


def test_an_unserved_python_hands_over_to_a_fitting_one(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(make.sys, "version_info", (3, 14, 0))
    monkeypatch.setattr(make.sys, "argv", ["make.py", "test", "--slow"])
    monkeypatch.setattr(make.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(make, "fits", lambda python, *modules: python == "/bin/python3.11")
    monkeypatch.setattr(make.subprocess, "call", lambda command: calls.append(command) or 7)
    assert make.main() == 7
    assert calls == [["/bin/python3.11", make.__file__, "test", "--slow"]]


def test_without_a_fitting_python_the_error_says_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make.sys, "version_info", (3, 14, 0))
    monkeypatch.setattr(make.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"this is Python 3\.14.*Python 3\.11 or 3\.12 is needed"):
        make.main()


def test_which_python_fits(tmp_path: Path) -> None:
    assert make.fits(sys.executable, "venv")
    assert not make.fits(sys.executable, "no_such_module")
    assert not make.fits(tmp_path / "none")


def copy_of_the_project(folder: Path) -> Path:
    for name in ("pyproject.toml", *LOCKS):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


@pytest.mark.parametrize(("changed", "run", "test"), [("pyproject.toml", True, True), (LOCKS[0], True, True), (LOCKS[1], False, True)])
def test_the_fingerprint_follows_what_the_environment_is_made_from(tmp_path: Path, changed: str, run: bool, test: bool) -> None:
    root = copy_of_the_project(tmp_path)
    before = make.fingerprint("run", root), make.fingerprint("test", root)
    (root / changed).write_bytes((root / changed).read_bytes() + b"# changed\n")
    after = make.fingerprint("run", root), make.fingerprint("test", root)
    assert (before[0] != after[0], before[1] != after[1]) == (run, test)


def test_line_endings_do_not_change_the_fingerprint(tmp_path: Path) -> None:
    root = copy_of_the_project(tmp_path)
    before = make.fingerprint("run", root)
    (root / LOCKS[0]).write_bytes((root / LOCKS[0]).read_bytes().replace(b"\n", b"\r\n"))
    assert make.fingerprint("run", root) == before


class Commands(list[str]):
    """Stands in for `make.call` and remembers the commands, short."""

    def __call__(self, *command: str | Path) -> None:
        self.append(" ".join(str(part).rsplit("/", 1)[-1] for part in command if not str(part).startswith(("--disable", "-qq"))))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Commands:
    """The set-up in an empty place, with every command recorded instead of run."""
    made = Commands()
    monkeypatch.setattr(make, "call", made)
    monkeypatch.setattr(make, "STAMP", tmp_path / "set-up.json")
    monkeypatch.setattr(make, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(make, "VENV", tmp_path / "venv")
    monkeypatch.setattr(make, "fits", lambda python, *modules: Path(python).exists())
    monkeypatch.setattr(make, "installed_torch", lambda: "")
    monkeypatch.setattr(make, "offered_torch", lambda wanted: "2.13.0+cpu")
    monkeypatch.setattr(make, "model_has_changed", lambda index: False)
    monkeypatch.delenv("RAG_TORCH_INDEX", raising=False)
    return made


def test_the_first_set_up_installs_torch_then_the_lock_then_the_project(commands: Commands, tmp_path: Path) -> None:
    make.set_up("run")
    assert commands == [
        f"{Path(sys.executable).name} -m venv --clear venv",
        "python -m pip install --no-deps torch==2.13.0",
        "python -m pip install --no-deps --require-hashes -r requirements.lock",
        "python -m pip install --no-deps --no-build-isolation --editable .",
    ]
    assert json.loads((tmp_path / "set-up.json").read_text()) == {"run": make.fingerprint("run")}


@pytest.mark.parametrize("is_altered", [False, True])
def test_a_package_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_altered: bool) -> None:
    wheel = tmp_path / "small_thing-1.0-py3-none-any.whl"
    about = "small_thing-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("small_thing.py", "")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: small-thing\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    lock = tmp_path / "own.lock"
    lock.write_text(f"small-thing==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    if is_altered:
        with zipfile.ZipFile(wheel, "a") as file:
            file.writestr("more.py", "")
    settings = {"NO_INDEX": "1", "FIND_LINKS": str(tmp_path), "TARGET": str(tmp_path / "installed")}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.setattr(make, "PYTHON", Path(sys.executable))
    with pytest.raises(subprocess.CalledProcessError) if is_altered else contextlib.nullcontext():
        make.install_locked([str(lock)])
    assert (tmp_path / "installed" / "small_thing.py").exists() != is_altered


def test_the_second_set_up_does_nothing_until_the_tests_need_more(commands: Commands, tmp_path: Path) -> None:
    make.set_up("run")
    (tmp_path / "python").write_text("")
    commands.clear()
    make.set_up("run")
    assert commands == []
    make.set_up("test")
    assert "python -m pip install --no-deps --require-hashes -r requirements.lock -r requirements-test.lock" in commands
    commands.clear()
    make.set_up("test")
    make.set_up("run")
    assert commands == []


def test_a_set_up_that_failed_is_done_again(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*command: str | Path) -> None:
        raise subprocess.CalledProcessError(1, [str(part) for part in command])

    make.set_up("run")
    make.STAMP.write_text('{"run": "of another lock"}')
    monkeypatch.setattr(make, "call", fail)
    with pytest.raises(subprocess.CalledProcessError):
        make.set_up("run")
    assert make.read_stamp() == {}


@pytest.mark.parametrize("content", ["", "[1", '{"run": '])
def test_a_broken_stamp_is_no_stamp(commands: Commands, content: str) -> None:
    make.STAMP.write_text(content)
    assert make.read_stamp() == {}


@pytest.mark.parametrize(
    ("platform", "offered", "index", "expected"),
    [
        ("linux", "2.13.0+cpu", "", "pip install --no-deps torch==2.13.0"),
        ("linux", "2.13.0", "", "uv torch==2.13.0"),
        ("linux", "", "", "uv torch==2.13.0"),
        ("darwin", "2.13.0", "", "pip install --no-deps torch==2.13.0"),
        ("win32", "2.13.0", "", "pip install --no-deps torch==2.13.0"),
        ("linux", "2.13.0", "file:///mirror", "pip install --no-deps --extra-index-url mirror torch==2.13.0"),
    ],
)
def test_torch_is_the_cpu_build(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, platform: str, offered: str, index: str, expected: str
) -> None:
    monkeypatch.setattr(make.sys, "platform", platform)
    monkeypatch.setattr(make, "offered_torch", lambda wanted: offered)
    monkeypatch.setattr(make, "install_torch_by_uv", lambda wanted: commands.append(f"python -m uv {wanted}"))
    monkeypatch.setenv("RAG_TORCH_INDEX", index)
    make.install_torch()
    assert commands == [f"python -m {expected}"]


@pytest.mark.parametrize(("installed", "count"), [("2.13.0+cpu", 0), ("2.13.0", 0), ("2.15.0", 1), ("", 1)])
def test_torch_is_installed_once(commands: Commands, monkeypatch: pytest.MonkeyPatch, installed: str, count: int) -> None:
    monkeypatch.setattr(make, "installed_torch", lambda: installed)
    make.install_torch()
    assert len(commands) == count


def test_every_folder_of_notes_has_an_index_of_its_own(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "notes", tmp_path / "b" / "notes"
    assert make.index_folder(make.NOTES) == ROOT / "data" / "index"
    assert make.index_folder(first).parent == ROOT / "data" / "indexes"
    assert re.fullmatch(r"notes-[0-9a-f]{8}", make.index_folder(first).name)
    assert make.index_folder(first) != make.index_folder(second)
    assert make.index_folder(first) == make.index_folder(first)


def test_a_folder_that_is_none_is_refused_before_anything_is_installed(commands: Commands, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"is no folder; name the folder of your notes"):
        make.run(make.parser().parse_args(["run", "--notes", str(tmp_path / "gone")]))
    assert commands == []


def test_run_indexes_the_folder_and_opens_the_page(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(make, "serve", lambda *options: commands("rag", "ui", *options))
    make.set_up("run")
    (tmp_path / "python").write_text("")
    commands.clear()
    (tmp_path / "my notes").mkdir()
    make.run(make.parser().parse_args(["run", "--notes", str(tmp_path / "my notes"), "--port", "7999"]))
    index = make.index_folder(tmp_path / "my notes").name
    assert commands == [f"rag index my notes --index {index}", f"rag ui --index {index} --host 127.0.0.1 --port 7999"]


def test_where_the_model_has_changed_the_page_opens_first(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def serve(*options: str, beside: Callable[[], None]) -> None:
        commands("rag", "ui", *options)
        beside()

    monkeypatch.setattr(make, "model_has_changed", lambda index: True)
    monkeypatch.setattr(make, "serve", serve)
    monkeypatch.setattr(make, "set_up", lambda kind: None)
    make.run(make.parser().parse_args(["run", "--notes", str(tmp_path)]))
    index = make.index_folder(tmp_path).name
    assert commands == [f"rag ui --index {index} --host 127.0.0.1 --port 7860", f"rag index {tmp_path.name} --index {index}"]


PROGRAM = """#!{python}
import json, sys, time
from pathlib import Path

place = Path(__file__).parent
verb = sys.argv[1]

def wait_for(name):
    until = time.monotonic() + 60
    while not (place / name).exists() and time.monotonic() < until:
        time.sleep(0.01)

if verb == "status":
    print(json.dumps({{"encoder": {{"changed": True}}}}))
    sys.exit(3 if "none" in sys.argv else 0)
(place / f"{{verb}} has begun").touch()
wait_for("ui has begun" if verb == "index" else "index has ended")
(place / f"{{verb}} has ended").touch()
sys.exit(2 if "broken" in sys.argv else 0)
"""
"""Stands in for `rag`: the page and the indexing end only if they ran at the same time, indexing before the page."""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    (tmp_path / "rag").write_text(PROGRAM.format(python=sys.executable))
    (tmp_path / "rag").chmod(0o755)
    monkeypatch.setattr(make, "BIN", tmp_path)
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
@pytest.mark.parametrize(
    ("notes", "said"), [("notes", "searches by meaning again"), ("broken", "goes on with the old index, by words alone")]
)
def test_the_page_serves_while_the_notes_are_embedded_anew(program: Path, notes: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    make.serve("--index", "i", beside=lambda: make.embed_anew(Path(notes), Path("i")))
    assert {path.name for path in program.glob("* has *")} == {
        f"{verb} has {what}" for verb in ("ui", "index") for what in ("begun", "ended")
    }
    assert said in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_the_index_says_whether_its_model_has_changed(program: Path) -> None:
    assert make.model_has_changed(Path("index"))
    assert not make.model_has_changed(Path("none")), "an index that cannot be opened is brought up to date as ever"


@pytest.mark.parametrize(("code", "again"), [(3, ["rag index notes --index index --replace"]), (130, [])])
def test_an_index_that_cannot_be_gone_on_with_is_built_anew(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, code: int, again: list[str]
) -> None:
    def fail_at_first(*command: str | Path) -> None:
        if "--replace" not in command:
            raise subprocess.CalledProcessError(code, "rag")
        commands(*command)

    monkeypatch.setattr(make, "call", fail_at_first)
    with contextlib.nullcontext() if again else pytest.raises(subprocess.CalledProcessError):
        make.bring_up_to_date(Path("/a/notes"), Path("/a/index"))
    assert commands == again


def test_every_check_is_run_and_the_failed_ones_are_named(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def passes(name: str, command: list[str]) -> bool:
        ran.append(name)
        return name not in ("ruff format", "pytest")

    monkeypatch.setattr(make, "passes", passes)
    with pytest.raises(SystemExit, match=r"error: failed: ruff format, pytest$"):
        make.test(make.parser().parse_args(["test"]))
    assert ran == ["ruff check", "ruff format", "mypy", "pytest"]
