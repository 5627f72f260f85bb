"""`relay` and `consume`: the two small processes between the event store and the projections."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from ledger.settings import Settings, WrongSetting

OnceOption = Annotated[bool, typer.Option("--once", help="End when everything there is now has been handled.")]


def relay(once: OnceOption = False) -> None:
    """Send the event store's events to the Kafka topic, in order, from the topic's own tail on."""
    from ledger import relay as relaying
    from ledger.process_end import run_as_process

    settings = _settings("relay_database")
    run_as_process(lambda stop: relaying.run(settings, stop=stop, once=once))


def consume(once: OnceOption = False) -> None:
    """Apply the topic's events to the projections. Start one a partition to use more processors."""
    from consumers import project
    from ledger.process_end import run_as_process

    settings = _settings("projector_database")
    run_as_process(lambda stop: project.run(settings, stop=stop, once=once))


def _settings(database: str) -> Settings:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings()
    for name in (database, "kafka"):
        if not getattr(settings, name):
            raise WrongSetting(
                f"LEDGER_{name.upper()} is not set; an embedded ledger (`serve --embedded`) needs neither"
            )
    return settings
