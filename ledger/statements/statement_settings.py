"""What settings say of statements: the issuer's keys, and the keys of the logs that pages check with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ledger.credentials.issuer_key_file import FileIssuerKeys, KeyFileUnusable
from ledger.credentials.issuer_keys import IssuerKeys
from ledger.log_keeping.signer_folder import VKEYS_SUFFIX
from ledger.settings import Settings, WrongSetting
from ledger.transparency.failures import Malformed
from ledger.transparency.verifier_key import parse_vkey

MAKE: Final = "hours-ledger keys --new-statement-key"


def statement_keys(settings: Settings) -> IssuerKeys | None:
    """The issuer's keys; None where nobody issues statements. Raises WrongSetting."""
    if not settings.statement_issuer and not settings.statement_keys:
        return None
    if not (settings.statement_issuer and settings.statement_keys):
        raise WrongSetting("LEDGER_STATEMENT_ISSUER and LEDGER_STATEMENT_KEYS belong together: set both or neither")
    try:
        return FileIssuerKeys(Path(settings.statement_keys), settings.statement_issuer)
    except (KeyFileUnusable, Malformed) as wrong:
        raise WrongSetting(f"LEDGER_STATEMENT_KEYS, LEDGER_STATEMENT_ISSUER: {wrong}; make keys by `{MAKE}`") from wrong


def log_keys(settings: Settings) -> Sequence[str]:
    """Verifier keys of the logs, for pages; read when the service starts. Raises WrongSetting for what is none.

    None at all where the log's keeper has not made any yet: the pages then say that inclusion cannot be shown.
    """
    if settings.log_verifier_keys:
        files = [Path(settings.log_verifier_keys)]
    elif settings.signer_folder:
        files = sorted(Path(settings.signer_folder).glob(f"[0-9]*{VKEYS_SUFFIX}"))
    else:
        files = []
    try:
        lines = [line for file in files for line in file.read_text("utf-8").splitlines() if line]
        return [parse_vkey(line).line() for line in lines]
    except (OSError, UnicodeDecodeError, Malformed) as wrong:
        raise WrongSetting(f"LEDGER_LOG_VERIFIER_KEYS cannot be read: {wrong}") from wrong
