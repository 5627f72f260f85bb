"""Long generated histories, exported as people do it: our audit and an outsider's say the same of everything.

Of the history of LEEDS 2023 and of a short generated one the same is shown in `test_leeds.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.independent_audit.real_export import both_agree, generated
from tests.system.served_ledger import served_in_a_folder


@pytest.mark.proof
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("partitions", [1, 3])
def test_both_agree_about_a_history_that_grew_between_two_exports(partitions: int, tmp_path: Path, seed: int) -> None:
    with served_in_a_folder(partitions) as served:
        for volunteers in (100, 2_000):
            both_agree(served, generated(served, volunteers), tmp_path / "export", seed)
