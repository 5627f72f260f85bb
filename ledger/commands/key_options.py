"""Verifier keys of several logs as people give them to a command, and the witnesses that are asked for beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeAlias

import typer

from ledger.commands.given_files import key_lines
from ledger.exporting.trusted_keys import TrustedKeys
from ledger.transparency.failures import TransparencyFailure

KeyOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--key", help="A verifier key of a log, or @FILE with one a line.", show_default=False),
]
WitnessOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--witness", help="A witness's verifier key, or @FILE with one a line.", show_default=False),
]
WitnessesOption: TypeAlias = Annotated[
    int, typer.Option("--witnesses", min=0, help="How many witnesses must have cosigned.")
]


def trusted_keys(
    keys: list[str] | None,
    witnesses: list[str] | None = None,
    witnesses_required: int = 0,
    kept: Iterable[bytes] = (),
) -> TrustedKeys:
    """What was given, together. Raises typer.BadParameter for what is no key, no policy, or not signed by them."""
    try:
        return TrustedKeys.read(key_lines(keys or ()), key_lines(witnesses or ()), witnesses_required, kept)
    except TransparencyFailure as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
