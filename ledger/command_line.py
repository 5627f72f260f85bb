"""`hours-ledger`, also `python -m ledger`: all commands under one name.

Exit codes: 0 done; 1 it could not be done, or what was checked does not hold; 2 the command line or a setting is wrong.
Only `relay`, `consume`, `keep-log` and `witness` know a third: 3, stopped loudly, a person must look.
"""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError

from ledger.child_process import ChildFailed
from ledger.commands import (
    background,
    care,
    client,
    deliveries,
    import_history,
    peak,
    period,
    policies,
    printing,
    project,
    statement,
)
from ledger.commands.accesses import accesses
from ledger.commands.anomalies import report_anomalies
from ledger.commands.balance import balance
from ledger.commands.connection import CommandFailed
from ledger.commands.credentials import CredentialsMissing
from ledger.commands.demo import demo
from ledger.commands.entries import entries
from ledger.commands.export import export
from ledger.commands.find import find
from ledger.commands.generate import generate
from ledger.commands.impact import report_impact
from ledger.commands.keys import keys
from ledger.commands.replay import replay
from ledger.commands.report import report
from ledger.commands.requirement import requirement
from ledger.commands.save import save
from ledger.commands.serve import serve
from ledger.commands.token import token
from ledger.commands.verify import verify
from ledger.commands.verify_peak import verify_peak_
from ledger.commands.verify_statement import verify_statement_
from ledger.commands.witness import witness
from ledger.domain.refusals import InvariantBroken
from ledger.folder_lock import FolderInUse
from ledger.postgres_place import PlaceNotUsable
from ledger.settings import WrongSetting

FAILED = 1
WRONG_USE = 2

application = typer.Typer(
    name="hours-ledger",
    help="An auditable ledger of volunteer hours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SERVICE = "Run it"
QUESTIONS = "Ask it"
WRITING = "Fill it"
TRUST = "Check it"
CARE = "Look after it"

for panel, commands in {
    SERVICE: (demo, serve, background.relay, background.consume, background.keep_log, care.migrate, token),
    WRITING: (generate,),
    QUESTIONS: (balance, requirement, entries, report, replay, save, accesses, find),
    TRUST: (keys, export, verify, witness),
    CARE: (care.audit, care.rebuild, care.doctor, care.bench),
}.items():
    for command in commands:
        application.command(rich_help_panel=panel)(command)
application.command("verify-statement", rich_help_panel=TRUST)(verify_statement_)
application.command("report-impact", rich_help_panel=QUESTIONS)(report_impact)
application.command("report-anomalies", rich_help_panel=QUESTIONS)(report_anomalies)
application.command("verify-peak", rich_help_panel=TRUST)(verify_peak_)
application.add_typer(import_history.application, name="import", rich_help_panel=WRITING)
application.add_typer(policies.application, name="policies", rich_help_panel=WRITING)
application.add_typer(client.application, name="client", rich_help_panel=SERVICE)
application.add_typer(statement.application, name="statement", rich_help_panel=QUESTIONS)
application.add_typer(project.application, name="project", rich_help_panel=QUESTIONS)
application.add_typer(deliveries.application, name="deliveries", rich_help_panel=CARE)
application.add_typer(peak.application, name="peak", rich_help_panel=WRITING)
application.add_typer(period.application, name="period", rich_help_panel=WRITING)


def main() -> None:
    """Run the command that was typed; what goes wrong is told in words, without a traceback."""
    try:
        application(args=_words(sys.argv[1:]))
    except (CommandFailed, CredentialsMissing) as failed:
        _end(str(failed), FAILED)
    except (ChildFailed, FolderInUse, PlaceNotUsable, InvariantBroken) as failed:
        _end(f"{type(failed).__name__}: {failed}", FAILED)
    except WrongSetting as wrong:
        _end(str(wrong), WRONG_USE)
    except ValidationError as wrong:
        _end("\n".join(_setting_in_words(one["loc"], one["msg"]) for one in wrong.errors()), WRONG_USE)


def _words(typed: list[str]) -> list[str]:
    """`verify statement FILE` and `verify peak FILE` are commands of their own; else name the file ./statement.

    So are `report impact` and `report anomalies`.
    """
    if typed[:1] == ["verify"] and typed[1:2] in (["statement"], ["peak"]):
        return [f"verify-{typed[1]}", *typed[2:]]
    if typed[:1] == ["report"] and typed[1:2] in (["impact"], ["anomalies"]):
        return [f"report-{typed[1]}", *typed[2:]]
    return typed


def _setting_in_words(location: tuple[int | str, ...], message: str) -> str:
    return f"LEDGER_{'_'.join(str(part) for part in location).upper()}: {message}"


def _end(message: str, code: int) -> None:
    printing.remarks.print(message, style="red", markup=False)
    sys.exit(code)


if __name__ == "__main__":
    main()
