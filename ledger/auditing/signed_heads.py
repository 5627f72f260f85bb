"""Check: every checkpoint of a partition is what was signed. Their roots are compared by `log_tree`, size by size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database
from ledger.settings import Settings
from ledger.transparency.checkpoint import Checkpoint, parse_checkpoint_text
from ledger.transparency.failures import Malformed, TransparencyFailure
from ledger.transparency.signed_note import parse_note
from ledger.transparency.trust_policy import TrustPolicy, read_policy
from ledger.transparency.verifier_key import parse_vkey
from ledger.transparency.verify import verify_checkpoint

PLACE: Final = "log checkpoints"
KEPT: Final = "kept checkpoint"
_ROWS: Final = "select size, root, checkpoint from log_checkpoints where partition = %b order by size"
_NEWEST: Final = "select max(size) from log_checkpoints where partition = %b"


@dataclass(frozen=True, slots=True)
class LogTrust:
    """What an auditor brings along that does not come from the ledger's databases."""

    policies: Mapping[str, TrustPolicy] = field(default_factory=dict)
    """By origin of the log."""
    kept: Sequence[Checkpoint] = ()
    """Verified under these policies: what was seen earlier must still be so."""
    log_origin: str = ""
    """What the origins of all partitions begin with."""

    @classmethod
    def read(cls, log_origin: str, vkeys: Sequence[str], kept: Sequence[bytes] = ()) -> LogTrust:
        """From verifier key lines of any of the logs, and checkpoints as they were kept.

        Raises:
            TransparencyFailure: a line is no such key, or a checkpoint is not signed by one of them.
        """
        lines: dict[str, list[str]] = {}
        for line in vkeys:
            lines.setdefault(parse_vkey(line).name, []).append(line)
        policies = {origin: read_policy(some) for origin, some in lines.items()}
        return cls(policies, [_verified(note, policies) for note in kept], log_origin)

    @classmethod
    def of(cls, settings: Settings) -> LogTrust:
        """The keys that the keeper of the log wrote into its own folder; none where it cannot be read."""
        folder = Path(settings.signer_folder) if settings.signer_folder else None
        files = sorted(folder.glob("*.vkeys")) if folder is not None and folder.is_dir() else []
        return cls.read(settings.log_origin, [line for file in files for line in file.read_text("utf-8").splitlines()])

    def origin(self, partition: int) -> str:
        """Of that partition's log."""
        return f"{self.log_origin}/{partition}"


class SignedHeads:
    """The tree heads of one partition's log, ascending: those in the database, and those that an auditor kept."""

    def __init__(self, store: Database, partition: int, trust: LogTrust, report: Report) -> None:
        """Without a policy for this log signatures are not looked at."""
        self._store = store
        self._partition = partition
        self._policy = trust.policies.get(trust.origin(partition))
        self._report = report
        kept = (head for head in trust.kept if head.origin == trust.origin(partition))
        self._kept = sorted(kept, key=lambda head: head.size)
        self._stored = self._rows()
        self._next = next(self._stored, None)
        row = store.execute(_NEWEST, (partition,)).fetchone()
        self.newest_size: int | None = None if row is None else row[0]
        """None: nothing was signed yet."""

    def up_to(self, position: int) -> Iterator[tuple[str, Checkpoint]]:
        """The heads of sizes up to `position` that were not given yet, with the place each comes from."""
        while True:
            kept = self._kept[0] if self._kept else None
            stored = self._next
            if kept is not None and kept.size <= position and (stored is None or kept.size <= stored.size):
                yield KEPT, self._kept.pop(0)
            elif stored is not None and stored.size <= position:
                self._next = next(self._stored, None)
                yield PLACE, stored
            else:
                return

    def end(self, head: int) -> None:
        """Whatever is left was signed over more events than there are: the end of the store was cut off."""
        for place, left in ((KEPT, self._kept[:1]), (PLACE, [self._next] if self._next else [])):
            for one in left:
                where = Where(place, self._partition, head + 1)
                self._report.differs(where, "size", f"at most {head}, where the store ends", one.size)

    def _rows(self) -> Iterator[Checkpoint]:
        with self._store.cursor(f"checkpoints_{self._partition}", binary=True) as cursor:
            for size, root, note in cursor.execute(_ROWS, (self._partition,)):
                where = Where(PLACE, self._partition, size or None)
                try:
                    head = self._read(bytes(note))
                except TransparencyFailure as failure:
                    self._report.differs(where, "checkpoint", "a signed checkpoint", failure)
                    continue
                self._report.compare(where, {"size": head.size, "root": head.root}, {"size": size, "root": bytes(root)})
                yield head

    def _read(self, note: bytes) -> Checkpoint:
        if self._policy is not None:
            return verify_checkpoint(note, self._policy).checkpoint
        return parse_checkpoint_text(parse_note(note).text)


def _verified(note: bytes, policies: Mapping[str, TrustPolicy]) -> Checkpoint:
    origin = parse_checkpoint_text(parse_note(note).text).origin
    if origin not in policies:
        raise Malformed("checkpoint", f"no verifier key of {origin[:200]!r} was given: add --key")
    return verify_checkpoint(note, policies[origin]).checkpoint
