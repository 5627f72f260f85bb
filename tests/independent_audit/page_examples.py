"""What the pages print for those who write a reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def code_blocks(text: str) -> list[str]:
    return re.findall(r"^```[a-z]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(name: str, title: str) -> str:
    return page(name).split(f"\n{title}\n")[1]


def example_events() -> list[bytes]:
    return [line.encode() for line in code_blocks(section("provable-balances.md", "### The events"))[0].splitlines()]


def example_hashes() -> str:
    return code_blocks(section("provable-balances.md", "### All hashes"))[0]


def example_vkeys() -> list[str]:
    return code_blocks(section("provable-balances.md", "### The note"))[0].splitlines()


def example_signed_note() -> bytes:
    return code_blocks(section("provable-balances.md", "### The note"))[1].encode()
