"""The Go verifiers, built once a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transparency.go_checks import build_fsck, build_go_check


@pytest.fixture(scope="session")
def go_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Verifiers of notes, proofs and proof files (modules formats, merkle and sumdb)."""
    return build_go_check(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="session")
def fsck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker of whole logs (Tessera)."""
    return build_fsck(tmp_path_factory.mktemp("fsck"))
