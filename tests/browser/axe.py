"""axe-core (Deque, MPL-2.0): finds violations of WCAG in a page. Installed when the tests run, never kept here."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

VERSION: Final = "4.10.3"
INSTALL_SECONDS_MAX: Final = 120.0
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Violation:
    """A rule that a page breaks, and where."""

    rule: str
    impact: str
    places: tuple[str, ...]


def install_axe(folder: Path) -> Path:
    """The script of axe-core, in this folder."""
    npm = shutil.which("npm")
    assert npm is not None, "the program `npm` is missing: `make test` installs it when run as root"
    command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(
        [*command, f"axe-core@{VERSION}"], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page, axe: Path) -> list[Violation]:
    """What axe finds in the page as it stands."""
    # Through the debugger: the page's own policy lets no foreign script in.
    page.evaluate(axe.read_text("utf-8") + "\n;undefined")
    asked = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = page.evaluate("asked => axe.run(document, asked)", asked)
    return [
        Violation(each["id"], each["impact"], tuple(node["html"][:200] for node in each["nodes"]))
        for each in found["violations"]
    ]
