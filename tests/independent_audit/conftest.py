"""A small export for each test of the independent auditor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.independent_audit.export_builder import write_export
from tests.independent_audit.page_examples import example_events


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_export(tmp_path / "export", [example_events()])
