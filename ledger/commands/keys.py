"""`keys`: what others need of this ledger's keys: verifier keys for everybody, the auditors' token for auditors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ledger.access.master_keys import master_keys, new_master_key, put_first
from ledger.answer_keys import MAKE, AnswerKeys, answer_keys
from ledger.commands import arguments, printing, statement_keys
from ledger.commands.connection import CommandFailed
from ledger.commands.places import is_embedded, settings_at_rest, settings_of
from ledger.log_keeping.signer_folder import VKEYS_SUFFIX
from ledger.postgres_place import default_data_dir
from ledger.settings import Settings, WrongSetting
from ledger.transparency.failures import Malformed
from ledger.transparency.verifier_key import parse_vkey

VerifierOption = Annotated[bool, typer.Option("--verifier", help="The verifier keys of the logs, one a line.")]
TokenOption = Annotated[
    bool, typer.Option("--auditor-token", help="The bearer token for entries over HTTP, of an embedded ledger.")
]
AnswersOption = Annotated[
    bool, typer.Option("--answers", help="The verifier keys of the service that signs answers, one a line.")
]
NewAnswerKeysOption = Annotated[
    bool, typer.Option("--new-answer-keys", help="New private keys for LEDGER_ANSWER_KEYS; they are kept nowhere.")
]
NewMasterKeyOption = Annotated[
    bool, typer.Option("--new-master-key", help="A new key for LEDGER_MASTER_KEY_FILE; it is kept nowhere.")
]
RotateOption = Annotated[
    bool, typer.Option("--rotate-master", help="Wrap all keys of persons under the first, newest master key.")
]
NewIssuerOption = Annotated[
    bool,
    typer.Option(
        "--new-issuer", help="An issuer of access tokens in --data-dir, for a ledger on trial; it signs no statement."
    ),
]
IssuerOption = Annotated[
    bool, typer.Option("--issuer", help="What the issuer of statements publishes at /.well-known/jwt-vc-issuer.")
]
NewStatementKeyOption = Annotated[
    bool,
    typer.Option("--new-statement-key", help="A new key in LEDGER_STATEMENT_KEYS that signs statements from now on."),
]
OverlapOption = Annotated[
    int,
    typer.Option("--overlap-days", min=0, help="How long the keys for statements before a new one may still sign."),
]
RevokeStatementKeyOption = Annotated[
    str | None,
    typer.Option(
        "--revoke-statement-key",
        metavar="KID",
        help="A key for statements that was, or may have been, in wrong hands.",
        show_default=False,
    ),
]
AtOption = Annotated[
    str | None,
    typer.Option("--at", help="Since when (2026-06-17T23:38:46Z); left out: since now.", show_default=False),
]
OfPartitionOption = Annotated[
    int | None, typer.Option("--partition", min=0, help="Of this partition's log alone.", show_default=False)
]


def keys(
    verifier: VerifierOption = False,
    answers: AnswersOption = False,
    auditor_token: TokenOption = False,
    new_answer_keys: NewAnswerKeysOption = False,
    new_master_key_: NewMasterKeyOption = False,
    rotate_master: RotateOption = False,
    new_issuer: NewIssuerOption = False,
    issuer: IssuerOption = False,
    new_statement_key: NewStatementKeyOption = False,
    overlap_days: OverlapOption = 30,
    revoke_statement_key: RevokeStatementKeyOption = None,
    at: AtOption = None,
    partition: OfPartitionOption = None,
    data_dir: arguments.DataDirOption = None,
    as_json: arguments.JsonOption = False,
) -> None:
    """Verifier keys, to be given to everybody: of the logs, or of the service's answers.

    With --auditor-token the auditors' token, to be given to auditors alone.
    """
    asked = [verifier, answers, auditor_token, new_answer_keys, new_master_key_, rotate_master, new_issuer]
    asked += [issuer, new_statement_key, revoke_statement_key is not None]
    if asked.count(True) != 1:
        raise typer.BadParameter(
            "say which: --verifier, --answers, --auditor-token, --new-answer-keys, --new-master-key, --new-issuer, "
            "--rotate-master, --issuer, --new-statement-key or --revoke-statement-key"
        )
    told: dict[str, str | list[str]]
    if new_issuer:
        from ledger.access.local_issuer import LocalIssuer

        LocalIssuer.made_in(data_dir or default_data_dir())
        return
    if rotate_master:
        _rotate(data_dir, as_json)
        return
    if issuer:
        print(statement_keys.issuer_document(data_dir))
        return
    if revoke_statement_key is not None:
        statement_keys.revoke_statement_key(data_dir, revoke_statement_key, at)
        return
    if new_statement_key:
        told = {"kid": statement_keys.new_statement_key(data_dir, overlap_days)}
    elif new_answer_keys:
        told = {"answer_keys": AnswerKeys.fresh(Settings().log_origin).setting()}
    elif new_master_key_:
        told = {"master_key": new_master_key()}
    elif auditor_token:
        told = {"auditor_token": _token(data_dir)}
    elif answers:
        told = {"verifier_keys": answer_lines(settings_at_rest(data_dir))}
    else:
        told = {"verifier_keys": verifier_lines(settings_at_rest(data_dir), partition)}
    if as_json:
        printing.print_json(told)
        return
    for value in told.values():
        print(*([value] if isinstance(value, str) else value), sep="\n")


def answer_lines(settings: Settings) -> list[str]:
    """The public lines of the keys that sign answers. Raises WrongSetting, CommandFailed where there are none."""
    keys = answer_keys(settings)
    if keys is None:
        raise CommandFailed(
            "there are no keys for answers: an embedded ledger makes them when it is first served, elsewhere set "
            f"LEDGER_ANSWER_KEYS to what `{MAKE}` prints"
        )
    return keys.verifier_lines()


def verifier_lines(settings: Settings, partition: int | None) -> list[str]:
    """The public lines that the log's keeper wrote beside its keys, partition by partition.

    Raises WrongSetting without a folder, CommandFailed where there are none yet or a line is no verifier key.
    """
    if not settings.signer_folder:
        raise WrongSetting("LEDGER_SIGNER_FOLDER is not set; the log's keeper has its keys there")
    folder = Path(settings.signer_folder)
    if partition is not None:
        return _lines(folder / f"{partition}{VKEYS_SUFFIX}")
    # How many partitions there are stands in the database, which is not asked.
    found = sorted((file for file in folder.glob(f"*{VKEYS_SUFFIX}") if file.stem.isdecimal()), key=_partition)
    if not found:
        raise CommandFailed(f"{folder} holds no verifier keys; has the log's keeper run yet?")
    return [line for file in found for line in _lines(file)]


def _partition(file: Path) -> int:
    return int(file.stem)


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file} is not readable: has the log's keeper run yet? ({error})") from error
    try:
        return [parse_vkey(line).line() for line in lines if line]
    except Malformed as error:
        raise CommandFailed(f"{file} holds something else than verifier keys: {error}") from error


def _token(data_dir: Path | None) -> str:
    if not is_embedded(data_dir):
        raise WrongSetting("only an embedded ledger makes its token itself; here it is LEDGER_AUDITOR_TOKEN")
    token = settings_at_rest(data_dir).auditor_token.get_secret_value()
    if not token:
        raise CommandFailed("this ledger has no auditors' token yet; serve it once")
    return token


def _rotate(data_dir: Path | None, as_json: bool) -> None:
    """An embedded ledger gets its new master key here; elsewhere it stands first in the file already."""
    from ledger.rewrapping import rewrap  # here: the other keys are told without a database

    with settings_of(data_dir) as settings:
        if not settings.owner_keys_database:
            raise WrongSetting("LEDGER_OWNER_KEYS_DATABASE is not set; keys of persons are wrapped anew with it")
        if is_embedded(data_dir):
            put_first(Path(settings.master_key_file), new_master_key())
        wrapping = master_keys(settings)
        rows = rewrap(settings.owner_keys_database, wrapping)
        name = wrapping.master_key_id
    if as_json:
        printing.print_json({"master_key_id": name, "rewrapped": rows})
    else:
        print(f"{rows} keys of persons are wrapped anew, all under {name}")
