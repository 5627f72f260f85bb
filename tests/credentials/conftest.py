"""One world of statements, and the JavaScript verifier, once a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.credentials.node_checks import install_node_check
from tests.credentials.sample_statements import World, sample_world


@pytest.fixture(scope="session")
def world() -> World:
    """Statements of synthetic persons; not to be changed."""
    return sample_world()


@pytest.fixture(scope="session")
def node_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`@sd-jwt/sd-jwt-vc`, ready to be asked."""
    return install_node_check(tmp_path_factory.mktemp("node"))
