"""`serve`: take commands and answer questions over gRPC, show the log over HTTP, until stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.commands import arguments
from ledger.settings import Settings, WrongSetting

EmbeddedOption = Annotated[bool, typer.Option("--embedded", help="Bring the database along, in --data-dir.")]
DatabaseOption = Annotated[str | None, typer.Option("--database", help="URL of the event store.", show_default=False)]
KafkaOption = Annotated[
    str | None, typer.Option("--kafka", help="Bootstrap servers, host:port: their topic is checked at the start.")
]
GrpcOption = Annotated[
    str | None, typer.Option("--grpc-address", help="host:port; port 0: any free one.", show_default=False)
]
HttpOption = Annotated[
    str | None, typer.Option("--http-address", help="host:port; port 0: any free one.", show_default=False)
]
PartitionsOption = Annotated[
    int | None, typer.Option("--partitions", min=1, max=1024, help="Fixed when the ledger is opened.")
]


def serve(
    embedded: EmbeddedOption = False,
    data_dir: arguments.DataDirOption = None,
    database: DatabaseOption = None,
    kafka: KafkaOption = None,
    grpc_address: GrpcOption = None,
    http_address: HttpOption = None,
    partitions: PartitionsOption = None,
) -> None:
    """Serve gRPC and HTTP until SIGTERM or Ctrl-C.

    Every other setting is a LEDGER_ variable; wrong ones are refused by name.
    """
    from ledger.logs import configure  # here: it loads the database's and the broker's errors

    configure("serve")
    chosen = {
        "database": database,
        "kafka": kafka,
        "grpc_address": grpc_address,
        "http_address": http_address,
        "partitions": partitions,
    }
    settings = settings_with(chosen)
    if data_dir is not None and not embedded:
        raise typer.BadParameter("--data-dir is the embedded database's folder; add --embedded")
    if not embedded and not settings.database:
        raise WrongSetting("LEDGER_DATABASE is not set; set it, or serve --embedded")
    from ledger import serve as service  # here: it loads the whole server

    service.run(settings, embedded=embedded, data_dir=None if data_dir is None else data_dir.absolute())


def settings_with(chosen: dict[str, str | int | None]) -> Settings:
    """The settings, with what was said on the command line laid over variables and file."""
    said = {name: value for name, value in chosen.items() if value is not None}
    return Settings.model_validate({**Settings().model_dump(), **said})
