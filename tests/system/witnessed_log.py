"""A log that asks witnesses: two of three must cosign what is published."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.embedded_postgres import EmbeddedPostgres
from ledger.log_keeping import keeper
from ledger.log_keeping.signer_folder import origins_of, read_keys
from ledger.log_keeping.signer_memory import SignerMemory
from ledger.settings import Settings
from ledger.transparency.trust_policy import read_policy
from ledger.transparency.verify import CheckpointVerdict, verify_checkpoint
from tests.system.kept_log import (
    assert_sound,
    emptied,
    published,
)
from tests.system.served_witness import ServedWitness
from tests.system.stored_history import opened_store

NAMES = ("audit.example/w1", "court.example/w", "university.example/w")


def three_witnesses(folder: Path) -> Iterator[list[ServedWitness]]:
    """All away; stopped at the end."""
    made = [ServedWitness(folder / f"witness-{number}", name) for number, name in enumerate(NAMES)]
    yield made
    for witness in made:
        witness.stop()


def witnessed_ledger(
    postgres: EmbeddedPostgres, folder: Path, witnesses: Sequence[ServedWitness], partitions: int = 1
) -> Settings:
    """A ledger without events, whose log asks two of the three; nothing is signed."""
    return asking(emptied(opened_store(postgres, partitions), folder), witnesses)


def asking(settings: Settings, witnesses: Sequence[ServedWitness], **more: Any) -> Settings:
    told = {"witnesses": ",".join(witness.setting for witness in witnesses), "witnesses_required": 2, **more}
    return settings.model_copy(update=told)


def vkeys_of(settings: Settings) -> list[str]:
    folder = Path(settings.signer_folder)
    return [line for keys in read_keys(folder, origins_of(settings)) for line in keys.verifier_lines()]


def signer_made(settings: Settings) -> None:
    """The first start of the signer: from then on there are keys to give away."""
    memory = SignerMemory(Path(settings.signer_folder), origins_of(settings))
    memory.open(published=False)
    memory.close()


def all_up(settings: Settings, witnesses: Sequence[ServedWitness]) -> None:
    signer_made(settings)
    for witness in witnesses:
        witness.start(vkeys_of(settings))


@contextmanager
def kept(settings: Settings) -> Iterator[None]:
    """The keeper at work, in a thread."""
    stop, failed = threading.Event(), list[BaseException]()

    def keep() -> None:
        try:
            keeper.run(settings, stop=stop)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield
        assert not failed, failed
    finally:
        stop.set()
        thread.join(30)


def verdict_of(settings: Settings, witnesses: Sequence[ServedWitness], note: bytes, required: int) -> CheckpointVerdict:
    """What a stranger says who asks for so many witnesses."""
    keys = [key.line() for witness in witnesses for key in witness.keys.verifier_keys]
    return verify_checkpoint(note, read_policy(vkeys_of(settings), keys, required))


def cosigners(settings: Settings, witnesses: Sequence[ServedWitness], size: int) -> set[str]:
    (note,) = (one.note for one in published(settings) if one.size == size)
    return {one.key.name for one in verdict_of(settings, witnesses, note, 0).cosigned}


def assert_witnessed(settings: Settings, witnesses: Sequence[ServedWitness], required: int = 2) -> None:
    """The log is whole, and every checkpoint that was ever published carries a quorum."""
    assert_sound(settings)
    for one in published(settings):
        verdict_of(settings, witnesses, one.note, required)
