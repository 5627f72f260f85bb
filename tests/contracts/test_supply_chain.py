"""What comes from others is pinned by its hash everywhere, listed, and looked up, or it is said that it was not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT: Final = Path(__file__).parents[2]
RUNTIME: Final = PROJECT / "requirements-runtime.lock"
LOCKS: Final = [RUNTIME, PROJECT / "requirements.lock", *PROJECT.glob("deploy/tools/*.lock")]
PINNED: Final = re.compile(
    r"([a-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==([^ ;]+)(?: ; [^\\]+)?((?: \\\n +--hash=sha256:[0-9a-f]{64})+)"
)


def pinned(lock: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Name → version and hashes. Fails where a line is anything else."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    text = lock.read_text("utf-8")
    rest = PINNED.sub("", text)
    assert not rest.strip(), f"{lock.name} has what is not pinned by a hash: {rest.strip()[:200]}"
    for name, version, hashes in PINNED.findall(text):
        found[canonicalize_name(name)] = (version, frozenset(re.findall("[0-9a-f]{64}", hashes)))
    return found


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_of_a_lock_is_pinned_by_hashes(lock):
    assert pinned(lock)


def test_the_service_is_installed_from_versions_that_the_tests_ran_with():
    tested = pinned(PROJECT / "requirements.lock")
    for name, (version, hashes) in pinned(RUNTIME).items():
        assert tested[name] == (version, hashes)


def test_every_dependency_is_in_the_lock():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = pinned(RUNTIME)
    for text in project["dependencies"]:
        wanted = Requirement(text)
        version, _ = locked[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version), text


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_without_its_hash(file):
    text = (PROJECT / file).read_text("utf-8").replace("\\\n", " ")
    installs = re.findall(r"(?:pip|\$\(UV\)) install[^\n|&]*", text)
    assert len(installs) >= 3
    for install in installs:
        ours = "--no-deps" in install and re.search(r"-e \.|/wheel/", install)
        assert ours or "--require-hashes -r" in install, install


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    """As `make sbom` writes it."""
    done = make("sbom")
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads((PROJECT / "build" / "sbom.json").read_text("utf-8"))
    return told


def test_the_bill_of_materials_lists_exactly_what_is_locked(bill):
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "volunteer-hours-ledger"
    locked = pinned(RUNTIME)
    assert {canonicalize_name(one["name"]): one["version"] for one in bill["components"]} == {
        name: version for name, (version, _) in locked.items()
    }
    for component in bill["components"]:
        name, (version, hashes) = component["name"], locked[canonicalize_name(component["name"])]
        assert component["purl"].startswith(f"pkg:pypi/{canonicalize_name(name)}@{version}")
        told = {
            one["content"]
            for reference in component["externalReferences"]
            for one in reference.get("hashes", ())
            if one["alg"] == "SHA-256"
        }
        assert told == hashes, name


def test_where_nothing_can_be_looked_up_the_audit_fails_and_says_so():
    nowhere = "http://127.0.0.1:1"
    done = make("audit-dependencies", HTTPS_PROXY=nowhere, https_proxy=nowhere, HTTP_PROXY=nowhere, http_proxy=nowhere)
    assert done.returncode != 0
    assert "NOT CLEAN: requirements-runtime.lock" in done.stderr
