"""What a fault test did is told even when it passes: commands, faults, and the seed to repeat it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_LINES: pytest.StashKey[list[str]] = pytest.StashKey()
Tell = Callable[[str], None]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(_LINES, []):
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def tell(request: pytest.FixtureRequest, seed: int) -> Tell:
    """Say something that is printed at the end of the run, and with the test when it fails."""
    lines = request.config.stash.setdefault(_LINES, [])
    lines.append(f"{request.node.name}, seed {seed}")

    def say(text: str) -> None:
        print(text)
        lines.extend(f"  {line}" for line in text.splitlines())

    return say
