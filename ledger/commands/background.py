"""`relay`, `consume` and `keep-log`: the small processes behind the event store."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.access_ledger.access_settings import settings_of_kind, variable_of
from ledger.commands import arguments
from ledger.domain.ledger_kind import LedgerKind
from ledger.settings import Settings, WrongSetting

OnceOption = Annotated[bool, typer.Option("--once", help="End when everything there is now has been handled.")]


def relay(once: OnceOption = False, ledger: arguments.LedgerOption = LedgerKind.HOURS) -> None:
    """Send the event store's events to the Kafka topic, in order, from the topic's own tail on."""
    from ledger import relay as relaying
    from ledger.process_end import run_as_process

    settings = _settings("relay", "relay_database", "kafka", kind=ledger)
    run_as_process(lambda stop: relaying.run(settings, stop=stop, once=once))


def consume(once: OnceOption = False) -> None:
    """Apply the topic's events to the projections. Start one a partition to use more processors."""
    from consumers import project
    from ledger.process_end import run_as_process

    settings = _settings("consume", "projector_database", "kafka")
    run_as_process(lambda stop: project.run(settings, stop=stop, once=once))


def keep_log(once: OnceOption = False, ledger: arguments.LedgerOption = LedgerKind.HOURS) -> None:
    """Keep the transparency log: hash what is stored into tiles, sign checkpoints, never two histories."""
    from ledger.garbage import look_for_cycles_less_often
    from ledger.log_keeping import keeper
    from ledger.process_end import run_as_process

    settings = _settings("keep-log", "log_keeper_database", "signer_folder", kind=ledger)
    look_for_cycles_less_often()
    run_as_process(lambda stop: keeper.run(settings, stop=stop, once=once))


def _settings(part: str, *needed: str, kind: LedgerKind = LedgerKind.HOURS) -> Settings:
    from ledger.logs import configure  # here: it loads the database's and the broker's errors

    configure(part)
    settings = settings_of_kind(Settings(), kind)
    for name in needed:
        if not getattr(settings, name):
            raise WrongSetting(
                f"{variable_of(name, kind)} is not set; an embedded ledger (`serve --embedded`) needs none of them"
            )
    return settings
