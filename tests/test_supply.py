"""What the project is made of: licences that must not be in the core, the bill of materials, and what an audit may claim."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest

import make
from benchmarks import supply
from benchmarks.supply import Audit, Package, audit, judged, licence, packages, sbom, told, unfit

ROOT = Path(make.__file__).parent
OWN = [
    Package("fine", "1.0", ("a" * 64, "b" * 64), "", True, "MIT"),
    Package("lesser", "2.0", ("c" * 64,), "", True, "LGPL-3.0-only"),
    Package("elsewhere", "3.0", ("d" * 64,), "sys_platform == 'win32'", True, None),
    Package("strong", "4.0", ("e" * 64,), "", False, "AGPL-3.0-or-later"),
]
CANARY = {"name": "pyyaml", "version": "5.3", "vulns": [{"id": "CVE-2020-14343", "fix_versions": ["5.4"]}]}


def answer(*more: object) -> str:
    clean = [{"name": each.name, "version": each.version, "vulns": []} for each in OWN]
    return json.dumps({"dependencies": [CANARY, *clean, *more], "fixes": []})


# Licences


@pytest.mark.parametrize(
    ("text", "is_fit", "is_lesser"),
    [
        ("MIT", True, False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True, False),
        ("Mozilla Public License 2.0 (MPL 2.0)", True, False),
        ("LGPL-3.0-only", True, True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True, True),
        ("GNU Library or Lesser General Public License (LGPL)", True, True),
        ("GPL-2.0-only", False, False),
        ("AGPL-3.0-or-later", False, False),
        ("MIT AND GPL-3.0-or-later WITH GCC-exception-3.1", False, False),
        ("Apache-2.0 OR GPL-2.0-or-later", False, False),
        ("GNU General Public License v3 or later (GPLv3+)", False, False),
        ("GNU Affero General Public License v3", False, False),
        ("GPLv2", False, False),
        ("", False, False),
    ],
)
def test_which_licences_the_core_may_have(text: str, is_fit: bool, is_lesser: bool) -> None:
    assert (not unfit(Package("any", "1.0", (), "", True, text))) == is_fit
    assert bool(supply.LESSER.search(text)) == is_lesser


def test_what_a_package_says_of_its_licence() -> None:
    assert licence("numpy", version("numpy")) == "BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0"
    assert licence("certifi", version("certifi")) == "MPL-2.0; Mozilla Public License 2.0 (MPL 2.0)"
    assert licence("scipy", version("scipy")) == "BSD License", "the text of a licence is no name"
    assert licence("torch", make.pinned_torch().split("==")[1]) is not None, "the CPU build has a version of its own"
    assert licence("numpy", "0.1") is None
    assert licence("no-such-package", "1.0") is None


def test_the_core_is_all_fit() -> None:
    core = [each for each in packages() if each.is_core]
    assert {str(each): why for each in core if (why := unfit(each))} == {}
    assert len([each for each in core if each.licence]) > 90


def test_what_stands_out_is_named_apart() -> None:
    lines = told(OWN)
    assert lines[1:3] == ["  fine 1.0: MIT", "  lesser 2.0: LGPL-3.0-only"]
    assert "LGPL in the core: lesser 2.0: LGPL-3.0-only" in lines
    assert "not installed here, licence unknown: elsewhere 3.0 (sys_platform == 'win32')" in lines
    assert "of them GPL or AGPL: strong 4.0: AGPL-3.0-or-later" in lines


# The bill of materials


def test_it_names_every_locked_package_with_its_hashes() -> None:
    made = sbom(packages())
    listed = {(each["name"], each["version"]): {one["content"] for one in each["hashes"]} for each in made["components"]}
    expected = {tuple(make.pinned_torch().split("==")): set[str]()}
    for lock in make.LOCKS["test"]:
        text = (ROOT / lock).read_text(encoding="utf-8")
        for line in text.splitlines():
            if found := re.match(r"([a-z0-9.-]+)==(\S+)", line):
                last = expected.setdefault(found.groups(), set())
            elif found := re.search(r"sha256:([0-9a-f]{64})", line):
                last.add(found[1])
    assert listed == expected
    assert len(made["components"]) == len(listed) > 150
    wanted = {
        re.split(r"[<>=\[]", line)[0] for line in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    }
    assert wanted <= {each["name"] for each in made["components"] if each["scope"] == "required"}


def test_its_form() -> None:
    made = sbom(OWN)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    UUID(made["serialNumber"].removeprefix("urn:uuid:"))
    assert sbom(OWN) == made != sbom(OWN[:3])
    assert made["components"][0] == {
        "type": "library",
        "bom-ref": "pkg:pypi/fine@1.0",
        "name": "fine",
        "version": "1.0",
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": "a" * 64}, {"alg": "SHA-256", "content": "b" * 64}],
        "licenses": [{"license": {"name": "MIT"}}],
        "purl": "pkg:pypi/fine@1.0",
    }
    assert "licenses" not in made["components"][2], "what is unknown is not said"
    assert made["components"][2]["properties"] == [{"name": "environment marker", "value": "sys_platform == 'win32'"}]
    assert made["components"][3]["scope"] == "excluded"
    places = [each["bom-ref"] for each in sbom(packages())["components"]]
    assert len(set(places)) == len(places)
    assert [place for place in places if quote(place, safe=":/@.-") != place] == []


# Vulnerabilities


def test_an_answer_is_believed_where_it_knows_of_the_known_hole() -> None:
    assert judged([answer()], "", OWN) == Audit()
    hole = {"name": "fine", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}, {"id": "CVE-2", "fix_versions": []}]}
    assert judged([answer(), json.dumps({"dependencies": [hole]})], "", OWN) == Audit(
        ("fine 1.0: CVE-1 (mended in 1.1), CVE-2 (mended in no version yet)",)
    )


@pytest.mark.parametrize(
    ("out", "trouble"),
    [
        ("", "pip-audit has no data (no route to host)"),
        ("[]", "pip-audit has no data (no route to host)"),
        (answer().replace("CVE-2020-14343", "").replace('"id": "", "fix_versions": ["5.4"]', ""), "told of no hole"),
        (answer().replace("fine", "other"), "nothing is known of fine 1.0"),
        (json.dumps({"dependencies": [{"name": "fine", "skip_reason": "not found"}]}), "told of no hole"),
    ],
)
def test_what_is_no_answer_is_no_success(out: str, trouble: str) -> None:
    found = judged([answer(), out] if not out else [out.replace("[{}]", "[]")], "first\nno route to host\n\n", OWN)
    assert trouble in found.trouble and found.found == ()


def test_a_tool_that_is_not_to_be_had_is_no_success(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert audit(OWN).trouble.startswith(f"{supply.PIP_AUDIT} cannot be installed (ERROR: ")


def test_a_package_that_is_locked_twice_is_asked_for_twice(tmp_path: Path) -> None:
    twice = [*OWN, Package("fine", "1.1", (), "", True, "MIT"), Package("pyyaml", "6.0", (), "", True, "MIT")]
    files = [file.read_text().split() for file in supply._requirements(twice, tmp_path)]
    assert files == [["pyyaml==5.3", "fine==1.0", "lesser==2.0", "elsewhere==3.0", "strong==4.0"], ["fine==1.1", "pyyaml==6.0"]]


# The command


@pytest.mark.parametrize(
    ("more", "asked", "code"),
    [
        ((), Audit(), 0),
        ((), Audit(trouble="no data"), 3),
        ((), Audit(("fine 1.0: CVE-1",), "the rest is not known"), 1),
        ((Package("bound", "5.0", (), "", True, "GPL-3.0-only"),), Audit(), 1),
        ((Package("silent", "6.0", (), "", True, ""),), Audit(trouble="no data"), 1),
    ],
)
def test_how_it_ends(
    more: tuple[Package, ...], asked: Audit, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supply, "packages", lambda: [*OWN, *more])
    monkeypatch.setattr(supply, "audit", lambda found: asked)
    assert supply.main(["--sbom", str(tmp_path / "new" / "sbom.json")]) == code
    assert json.loads((tmp_path / "new" / "sbom.json").read_text("utf-8")) == sbom([*OWN, *more])
    out, errors = capsys.readouterr()
    assert ("vulnerabilities were not looked up" in errors, "known vulnerabilities: 0" in out) == (bool(asked.trouble), asked == Audit())
    assert all(f"{each} " in errors for each in more)
