"""What the project is made of: the licence of every locked package, a bill of materials, and the vulnerabilities that are known.

    python make.py supply
    python -m benchmarks.supply --sbom FILE

A licence is what an installed package says of itself; what its files hold beyond that stands in licence texts that nobody reads here.
Exit: 0 nothing was found, 1 a licence that must not be in the core or a known vulnerability, 3 the vulnerabilities could not be asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import make
import rag

PIP_AUDIT = "pip-audit==2.10.1"
CANARY = "pyyaml==5.3"
"""A release whose holes have been known for years (CVE-2020-14343): an answer without them comes from no list of vulnerabilities."""

STRONG = re.compile(r"\bA?GPL|\b(?:GNU|Affero) General Public", re.IGNORECASE)
"""What a licence may not even name in the core, as an alternative either: then a person has to look."""
LESSER = re.compile(r"\bLGPL|\b(?:Lesser|Library) General Public|Library or Lesser", re.IGNORECASE)

FOUND, NOT_ASKED = 1, 3


@dataclass(frozen=True, slots=True)
class Package:
    """One locked package. `licence` is None where that version is not installed here, and empty where it names none."""

    name: str
    version: str
    hashes: tuple[str, ...]
    marker: str
    is_core: bool
    licence: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Audit:
    """Known vulnerabilities, a line each, and why the list is not whole; empty where it is."""

    found: tuple[str, ...] = ()
    trouble: str = ""


def packages(root: Path = make.ROOT) -> list[Package]:
    """All that is locked, torch with it: the core first."""
    core, rest = (list(_locked(root / lock, lock == "requirements.lock")) for lock in make.LOCKS["test"])
    name, version = make.pinned_torch().split("==")
    return [*core, Package(name, version, (), "", True, licence(name, version)), *rest]


def _locked(lock: Path, is_core: bool) -> list[Package]:
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8"))
    heads = ((re.match(r"([a-z0-9.-]+)==(\S+)(?: ; (.+?))? \\", block), block) for block in blocks)
    return [
        Package(head[1], head[2], tuple(re.findall(r"--hash=sha256:(\w+)", block)), head[3] or "", is_core, licence(head[1], head[2]))
        for head, block in heads
        if head
    ]


# Licences


def licence(name: str, version: str) -> str | None:
    """What an installed package says of its licence: an SPDX expression, or a name and the classifiers; None where it is not installed."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    if about["Version"].split("+")[0] != version:
        return None
    if expression := about.get_all("License-Expression"):
        return str(expression[0])
    text = "".join(about.get_all("License") or ()).strip()
    classes = [each.rpartition(" :: ")[2] for each in about.get_all("Classifier") or () if each.startswith("License ::")]
    named = [] if text == "UNKNOWN" or (classes and "\n" in text) else text.splitlines()[:1]
    return "; ".join(dict.fromkeys([*named, *classes]))


def unfit(package: Package) -> str:
    """Why a package may not be in the core, empty where it may; a licence that is not installed here is not judged."""
    if package.licence == "":
        return "names no licence"
    return f"is under {package.licence}" if STRONG.search(package.licence or "") else ""


def told(found: Sequence[Package]) -> list[str]:
    """The licences as lines: the core one by one, then what stands out."""
    core = [each for each in found if each.is_core]
    here = [each for each in core if each.licence is not None]
    absent = [f"{each} ({each.marker or 'another version is installed'})" for each in core if each.licence is None]
    others = Counter(each.licence for each in found if not each.is_core and each.licence)
    strong = [f"{each}: {each.licence}" for each in found if not each.is_core and STRONG.search(each.licence or "")]
    return [
        f"core, {len(core)} packages",
        *(f"  {each}: {each.licence or 'no licence'}" for each in here),
        "LGPL in the core: " + _list(f"{each}: {each.licence}" for each in here if LESSER.search(each.licence or "")),
        "not installed here, licence unknown: " + _list(absent),
        f"tests, training and measurements alone, {len(found) - len(core)} packages: "
        + _list(f"{name} ({count})" for name, count in sorted(others.items(), key=lambda item: (-item[1], str(item[0])))),
        "of them GPL or AGPL: " + _list(strong),
    ]


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"


# The bill of materials


def sbom(found: Sequence[Package]) -> dict[str, Any]:
    """A CycloneDX 1.6 document; the same for the same locks on machines of one kind.

    The hashes of a package are those of each file of that version, one for each system. What tests alone need has the scope `excluded`.
    """
    parts = [_component(each) for each in found]
    own = {"type": "application", "bom-ref": "lecture-notes-rag", "name": "lecture-notes-rag", "version": rag.__version__}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, json.dumps(parts))}",
        "version": 1,
        "metadata": {"component": {**own, "licenses": [{"license": {"id": "MIT"}}]}},
        "components": parts,
    }


def _component(package: Package) -> dict[str, Any]:
    url = f"pkg:pypi/{package.name}@{package.version}"
    part: dict[str, Any] = {"type": "library", "bom-ref": url, "name": package.name, "version": package.version}
    part["scope"] = "required" if package.is_core else "excluded"
    part["hashes"] = [{"alg": "SHA-256", "content": each} for each in package.hashes]
    if package.licence:
        part["licenses"] = [{"license": {"name": package.licence}}]
    part["purl"] = url
    if package.marker:
        part["properties"] = [{"name": "environment marker", "value": package.marker}]
    return part


# Vulnerabilities


def audit(found: Sequence[Package]) -> Audit:
    """What pip-audit knows of every locked package, on whatever system it is used."""
    with TemporaryDirectory() as folder:
        tool, files = Path(folder, "tool"), _requirements(found, Path(folder))
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install", "--target", str(tool), PIP_AUDIT]
        made = subprocess.run(pip, capture_output=True, text=True)
        if made.returncode:
            return Audit(trouble=f"{PIP_AUDIT} cannot be installed ({_last(made.stderr)})")
        command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--no-deps", "--disable-pip"]
        outs: list[str] = []
        errors = ""
        for file in files:
            done = subprocess.run([*command, "-r", str(file)], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tool)})
            outs.append(done.stdout)
            errors = done.stderr
            if not done.stdout:
                break
        return judged(outs, errors, found)


def _requirements(found: Sequence[Package], folder: Path) -> list[Path]:
    """Files that name each package once, as one run of pip-audit wants it: one that is locked twice, for two systems, stands in two."""
    files: list[dict[str, str]] = [{CANARY.split("==")[0]: CANARY}]
    for each in found:
        file = next((file for file in files if each.name not in file), None)
        if file is None:
            files.append(file := {})
        file[each.name] = f"{each.name}=={each.version}"
    paths = [folder / f"{number}.txt" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_text("\n".join(lines.values()) + "\n", encoding="utf-8")
    return paths


def judged(outs: Sequence[str], errors: str, found: Sequence[Package]) -> Audit:
    """What the answers of pip-audit say together, and whether they may be believed."""
    try:
        answers: list[dict[str, Any]] = [each for out in outs for each in json.loads(out)["dependencies"]]
    except (ValueError, KeyError, TypeError):
        return Audit(trouble=f"pip-audit has no data ({_last(errors)})")
    holes = {f"{each['name']}=={each['version']}": each["vulns"] for each in answers if "vulns" in each}
    if not holes.get(CANARY):
        return Audit(trouble=f"pip-audit was told of no hole in {CANARY}, which has some: what answered is no list of vulnerabilities")
    lines = tuple(f"{each}: {_holes(holes[key])}" for each in found if holes.get(key := f"{each.name}=={each.version}"))
    unasked = [str(each) for each in found if f"{each.name}=={each.version}" not in holes]
    return Audit(lines, f"nothing is known of {', '.join(unasked)}" if unasked else "")


def _holes(vulnerabilities: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{each['id']} (mended in {', '.join(each['fix_versions']) or 'no version yet'})" for each in vulnerabilities)


def _last(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no word of why")


def main(arguments: Sequence[str] | None = None) -> int:
    program = argparse.ArgumentParser(prog="python -m benchmarks.supply", description=(__doc__ or "").splitlines()[0])
    program.add_argument("--sbom", type=Path, metavar="FILE", required=True, help="where the bill of materials goes, CycloneDX in JSON")
    options = program.parse_args(arguments)
    found = packages()
    print("\n".join(told(found)))
    options.sbom.parent.mkdir(parents=True, exist_ok=True)
    options.sbom.write_text(json.dumps(sbom(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"bill of materials: {options.sbom}, {len(found)} packages")
    asked = audit(found)
    faults = [f"{each} {why}, and is in the core" for each in found if each.is_core and (why := unfit(each))]
    for line in (*faults, *asked.found):
        print(f"error: {line}", file=sys.stderr)
    if asked.trouble:
        print(f"error: vulnerabilities were not looked up: {asked.trouble}", file=sys.stderr)
    else:
        print(f"known vulnerabilities: {len(asked.found)}")
    return FOUND if faults or asked.found else NOT_ASKED if asked.trouble else 0


if __name__ == "__main__":
    sys.exit(main())
