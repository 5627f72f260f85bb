"""Is a secret one? Long enough, not made of a few signs, in no file of this project, and for one purpose alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from ledger.settings import Settings

BYTES_MIN: Final = 16
SIGNS_MIN: Final = 6
"""Different ones: `0000000000000000` is long."""
EXAMPLE: Final = "example"
PUBLISHED: Final = (EXAMPLE, "for tests", "to measure with")
"""Whatever this project shows as a secret has one of these in it; a test looks through its files."""
NEEDED: Final = ("request_hash_key", "identity_key")
"""Without these no service starts."""
_OTHERS: Final = ("relay_key", "auditor_token", "pages_key")
_WITHOUT_A_MEASURE: Final = ("answer_keys", "master_key")
"""Keys of a form of their own, which is checked where they are read."""


def variable(setting: str) -> str:
    """As it is set in the environment."""
    return f"LEDGER_{setting.upper()}"


def too_weak(text: str) -> str | None:
    """What is wrong with a secret; None when nothing is."""
    size = len(text.encode())
    if size < BYTES_MIN:
        return f"has {size} bytes; set one of at least {BYTES_MIN}, kept for ever"
    if len(set(text)) < SIGNS_MIN:
        return f"is made of {len(set(text))} different signs; make it at random"
    return None


def is_published(text: str) -> bool:
    """Whether everybody can read it in this project's files."""
    return any(mark in text.lower() for mark in PUBLISHED)


def secrets_of(settings: Settings) -> Mapping[str, str]:
    """Setting → secret, of those that are set or must be."""
    found = {name: getattr(settings, name).get_secret_value() for name in (*NEEDED, *_OTHERS)}
    return {name: text for name, text in found.items() if text or name in NEEDED}


def faults_of_secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    """Which secrets are none in any ledger, and what is wrong with each."""
    texts = secrets_of(settings)
    for name, text in texts.items():
        wrong = too_weak(text)
        if wrong is not None:
            yield variable(name), wrong
    for line in settings.master_key.get_secret_value().split():
        key = line.rpartition(":")[2]
        if len(key) >= BYTES_MIN and len(set(key)) < SIGNS_MIN:
            yield variable("master_key"), "is made of too few different signs; make it at random"
    by_text: dict[str, list[str]] = {}
    for name, text in texts.items():
        by_text.setdefault(text, []).append(variable(name))
    for text, names in by_text.items():
        if text and len(names) > 1:
            yield " and ".join(names), "are the same; make each anew by itself"


def published_secrets(settings: Settings) -> Iterator[str]:
    """Variables whose secret is one of this project's examples."""
    for name in (*NEEDED, *_OTHERS, *_WITHOUT_A_MEASURE):
        if is_published(getattr(settings, name).get_secret_value()):
            yield variable(name)
    for name, value in settings:
        if name.endswith("database") and isinstance(value, str) and is_published(urlsplit(value).password or ""):
            yield variable(name)
