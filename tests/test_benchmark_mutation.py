"""Faults put in on purpose: which there are, how they read, and that the tests of a module kill them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks import mutation
from benchmarks.__main__ import parser
from benchmarks.mutants import defined, graft, mutants
from benchmarks.mutation import KILLED, SUBJECTS, Subject, Tried, chosen, measure, trials
from benchmarks.results import ROOT
from benchmarks.survivors import EXPLAINED
from benchmarks.tables import SURVIVORS
from index.errors import RagError

SOURCE = '''"""Docstring 1."""
from dataclasses import dataclass
MOST = 3

@dataclass(frozen=True, slots=True)
class Pair:
    low: int
    high: int = 9

    @property
    def wide(self) -> bool:
        return self.high - self.low > MOST

def inside(pair, places, least: int = 1):
    """Docstring 2."""
    found = []
    for place in places[1:]:
        if not pair.low <= place:
            continue
        found.append(place)
    return [each for each in found if each]
'''


def texts(source: str) -> list[str]:
    return [each.text for each in mutants(ast.parse(source))]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("a = b < c <= d", ["a = b < c <= d → a = b <= c <= d", "a = b < c <= d → a = b < c < d"]),
        ("a = b in c and d", ["a = b in c and d → a = b in c or d", "a = b in c and d → a = b not in c and d"]),
        ("a = b + c", ["a = b + c → a = b - c"]),
        ("a = b / 'c'", []),
        ("a += b", ["a += b → a -= b", "a += b → pass"]),
        ("a = -b", ["a = -b → a = b"]),
        ("a = 7", ["a = 7 → a = 8", "a = 7 → a = 6"]),
        ("a = True", ["a = True → a = False"]),
        ("a: int = None", []),
        ("a(b)", ["a(b) → pass"]),
        ("'a docstring'", []),
        ("import a", []),
        ("while a: break", ["while a: → while not a:", "break → pass"]),
        ("if not a: raise b", ["if not a: → if a:", "raise b → pass"]),
        ("a = b[c:]", ["a = b[c:] → a = b[:]", "a = b[c:] → a = b[c + 1:]"]),
        ("def a():\n    return b", ["return b → return None"]),
        ("def a():\n    return None", []),
        ("@a(1)\ndef b(c: d = 1) -> e[2:3]: ...", ["def b(c: d=1) -> e[2:3]: → def b(c: d=2) -> e[2:3]:"]),
        ("a = [b for b in c if d if e]", ["a = [b for b in c if d if e] → a = [b for b in c if e]"]),
    ],
)
def test_what_is_changed(statement: str, expected: list[str]) -> None:
    assert set(expected) <= set(texts(statement))
    assert len(texts(statement)) >= len(expected) and bool(expected) == bool(texts(statement))


def test_each_mutant_is_another_program_and_can_be_taken_back() -> None:
    tree = ast.parse(SOURCE)
    before = ast.unparse(tree)
    found = mutants(tree)
    programs = set()
    for mutant in found:
        old = mutant.put_in()
        programs.add(ast.unparse(tree))
        replace(mutant, new=old).put_in()
        assert ast.unparse(tree) == before
    assert len(programs - {before}) == len(found) > 15
    assert not any("Docstring" in each.text for each in found)


def test_a_mutant_knows_the_lines_that_must_run() -> None:
    found = {each.text: each for each in mutants(ast.parse(SOURCE))}
    mutant = found["if not pair.low <= place: → if pair.low <= place:"]
    assert (mutant.lines, mutant.at_import) == (range(18, 19), False)
    assert found["MOST = 3 → MOST = 4"].at_import
    assert found["high: int = 9 → high: int = 10"].at_import
    assert found["…air, places, least: int=1): → …air, places, least: int=2):"].at_import


@pytest.fixture
def module(tmp_path: Path) -> Iterator[ModuleType]:
    """The module as a program has it: imported, and its names taken over by another."""
    made = ModuleType("mutated")
    made.__file__ = str(tmp_path / "mutated.py")
    user = ModuleType("user")
    sys.modules |= {"mutated": made, "user": user}
    exec(compile(SOURCE, made.__file__, "exec"), made.__dict__)
    user.__dict__.update(MOST=made.MOST, inside=made.inside, Pair=made.Pair)
    yield user
    del sys.modules["mutated"], sys.modules["user"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (False, [2, 4], 1)),
        ("MOST = 3 → MOST = 2", (True, [2, 4], 1)),
        ("high: int = 9 → high: int = 10", (True, [2, 4], 1)),
        ("…n self.high - self.low > MOST → …n self.high - self.low >= MOST", (True, [2, 4], 1)),
        ("if not pair.low <= place: → if pair.low <= place:", (False, [], 1)),
        ("…air, places, least: int=1): → …air, places, least: int=2):", (False, [2, 4], 2)),
    ],
)
def test_a_mutant_reaches_whoever_imported_the_names(module: ModuleType, text: str, expected: object) -> None:
    tree = ast.parse(SOURCE)
    made = sys.modules["mutated"]
    old = module.Pair(5)
    for mutant in mutants(tree):
        if mutant.text == text:
            mutant.put_in()
    assert graft(defined(tree, made), made) == bool(text)
    assert (module.Pair(6).wide, module.inside(module.Pair(1), [9, 0, 2, 4]), *module.inside.__defaults__) == expected
    assert isinstance(old, module.Pair) and isinstance(module.Pair(5), type(old))


def test_chance_is_the_same_again_and_fewer_are_the_first_of_more() -> None:
    many, few = ([each.text for each in chosen(ast.parse(SOURCE), count, 1)] for count in (12, 5))
    assert many[:5] == few and len(many) == 12
    assert many != [each.text for each in chosen(ast.parse(SOURCE), 12, 2)]


# A module and its tests, from beginning to end

TESTS = """
import time
from mutated_here import Pair, inside

def test_pair():
    assert not Pair(6).wide

def test_inside():
    assert inside(Pair(1), [9, 0, 2, 4]) == [2, 4]

def test_endless():
    time.sleep(0.05)  # the quickest come first
    while not inside(Pair(1), [9, 1]):
        pass
"""


def test_a_module_is_tried_with_its_tests(tmp_path: Path) -> None:
    (tmp_path / "mutated_here.py").write_text(SOURCE)
    (tmp_path / "test_here.py").write_text(TESTS)
    subject = Subject("mutated_here.py", ("test_here.py",))
    tried = trials(subject, 300, 0, tmp_path / "store", root=tmp_path)
    outcomes = {each.text: each.outcome for each in tried}
    assert len(outcomes) == len(mutants(ast.parse(SOURCE)))
    assert outcomes["return self.high - self.low > MOST → return self.high + self.low > MOST"] == "killed"
    assert outcomes["if not pair.low <= place: → if not pair.low < place:"] == "timeout"
    assert outcomes["… [each for each in found if each] → … [each for each in found]"] == "survived"
    (store,) = (tmp_path / "store").iterdir()
    lines = store.read_text().splitlines(keepends=True)
    store.write_text("".join(lines[:-1]) + lines[-1][:20])  # as a run that was cut off leaves it
    assert trials(subject, 300, 0, tmp_path / "store", root=tmp_path) == tried


def test_tests_that_fail_by_themselves_kill_nothing(tmp_path: Path) -> None:
    (tmp_path / "mutated_here.py").write_text(SOURCE)
    (tmp_path / "test_here.py").write_text(TESTS.replace("[2, 4]", "[2]"))
    with pytest.raises(RagError, match=r"test_here\.py::test_inside fails without any mutant"):
        trials(Subject("mutated_here.py", ("test_here.py",)), 1, 0, tmp_path / "store", root=tmp_path)


# The report


def test_the_report_counts_and_explains(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = {"rag/trim.py": [Tried(1, "a → b", "survived"), Tried(2, "c | d → c & d", "survived"), *[Tried(3, "e", "killed")] * 8]}
    found |= {"rag/spans.py": [Tried(4, "f", "timeout"), Tried(5, "g", "crashed")]}
    monkeypatch.setattr(mutation, "trials", lambda subject, *_: found[subject.file])
    monkeypatch.setattr(mutation, "EXPLAINED", {("rag/trim.py", "a → b"): "the same", ("rag/spans.py", "c | d → c & d"): "another file"})
    findings = measure(10, files=("rag/spans.py", "rag/trim.py"), store=tmp_path)
    assert {each.name: (each.value, each.met) for each in findings.figures} == {
        "rag/spans.py: mutants": (2, True),
        "rag/spans.py: killed": (1.0, True),
        "rag/trim.py: mutants": (10, True),
        "rag/trim.py: killed": (0.8, False),
        "survivors without an explanation": (1, False),
    }
    assert [table.title for table in findings.tables] == ["survivors of rag/spans.py", "survivors of rag/trim.py"]
    assert findings.tables[1].rows == ((1, "`` a → b ``", "the same"), (2, "`` c \\| d → c & d ``", ""))
    assert capsys.readouterr().out == "rag/trim.py:1: a → b\nrag/trim.py:2: c | d → c & d\n"


def test_what_is_explained_can_still_be_put_in() -> None:
    known = {(subject.file, text) for subject in SUBJECTS for text in texts((ROOT / subject.file).read_text(encoding="utf-8"))}
    assert EXPLAINED.keys() - known == set()
    assert all(reason.strip() for reason in EXPLAINED.values())


def test_every_subject_is_named_where_it_is_chosen_and_shown() -> None:
    assert tuple(f"survivors of {subject.file}" for subject in SUBJECTS) == SURVIVORS
    for subject in SUBJECTS:
        assert parser().parse_args(["mutation", "--module", subject.file]).only == [subject.file]
        assert all((ROOT / name).is_file() for name in (subject.file, *subject.tests))
        tests = "".join((ROOT / name).read_text(encoding="utf-8") for name in subject.tests)
        assert [name for name in subject.without if f"def {name}(" not in tests] == []
    assert parser().parse_args(["mutation"]).mutants == 300 and KILLED == 0.9
