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


class LogKeys:
    """Verifier keys of the logs, for pages. The log's keeper may make them after the service has begun."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: Sequence[str] = ()

    def lines(self) -> Sequence[str]:
        """One vkey each; until there are some, pages say that inclusion cannot be shown.

        Raises WrongSetting for a file that holds something else.
        """
        logs = {line.partition("+")[0] for line in self._read}
        if len(logs) < self._settings.partitions:
            self._read = self._now()
        return self._read

    def _now(self) -> Sequence[str]:
        try:
            lines = [line for file in self._files() for line in file.read_text("utf-8").splitlines() if line]
            return [parse_vkey(line).line() for line in lines]
        except (OSError, UnicodeDecodeError, Malformed) as wrong:
            raise WrongSetting(f"LEDGER_LOG_VERIFIER_KEYS cannot be read: {wrong}") from wrong

    def _files(self) -> Sequence[Path]:
        if self._settings.log_verifier_keys:
            return [Path(self._settings.log_verifier_keys)]
        if self._settings.signer_folder:
            return sorted(Path(self._settings.signer_folder).glob(f"[0-9]*{VKEYS_SUFFIX}"))
        return []
