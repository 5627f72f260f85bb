"""A ledger's logs in memory, signed, as an export is made from them: what a served ledger gives over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.exporting.log_source import NotKept
from ledger.transparency.balances_note import BalancesNote
from ledger.transparency.log_balances import LogPartition, balances_after, entries_by_key
from ledger.transparency.map_hash import map_root
from ledger.transparency.signing import sign_balances
from ledger.transparency.tiles import EntryBundle, HashTile, encode_bundle
from tests.transparency.sample_log import SIGNED_AT, SampleLog

ORIGIN = "tiny.example/log"


class SampleLedger:
    """Partitions with a log each. `sizes` says how far each was signed; all of it at first."""

    def __init__(self, partitions: Sequence[Sequence[bytes]], seed: int = 1) -> None:
        self.logs = [SampleLog(f"{ORIGIN}/{number}", events, seed) for number, events in enumerate(partitions)]
        self.sizes = [log.size for log in self.logs]

    @property
    def vkeys(self) -> list[str]:
        """Of all logs, two each."""
        return [signer.key.line() for log in self.logs for signer in (log.ed25519, log.ml_dsa)]

    def balances(self, partition: int) -> bytes:
        size = self.sizes[partition]
        if not size:
            raise NotKept("no events")
        log = self.logs[partition]
        entries = entries_by_key(LogPartition(partition, len(self.logs)), 0, log.entries[:size])
        root = map_root({key: balance.value() for key, balance in balances_after(entries, {}).items()})
        note = BalancesNote(log.origin, size, root, log.tree.root(size), partition, len(self.logs))
        return self.signed_balances(partition, note)

    def signed_balances(self, partition: int, note: BalancesNote) -> bytes:
        """A balances note, whatever it says, under the log's keys."""
        log = self.logs[partition]
        return sign_balances(note, [each.named(note.origin) for each in (log.ed25519, log.ml_dsa)], SIGNED_AT)

    def checkpoint(self, partition: int, size: int) -> bytes:
        return self.logs[partition].checkpoint(size)

    def newest_checkpoint(self, partition: int) -> bytes:
        return self.checkpoint(partition, self.sizes[partition])

    def consistency(self, partition: int, old_size: int, new_size: int) -> list[bytes]:
        return self.logs[partition].tree.consistency_proof(old_size, new_size)

    def entry_bundle(self, partition: int, bundle: EntryBundle) -> bytes:
        return encode_bundle(self.logs[partition].entries[bundle.index * 256 :][: bundle.width])

    def hash_tile(self, partition: int, tile: HashTile) -> bytes:
        return self.logs[partition].tiles.read_tile(tile.level, tile.index, tile.width)[: 32 * tile.width]


class SignedAnyway(SampleLedger):
    """Its operator signs whatever stands there, and a map root that follows from nothing."""

    def balances(self, partition: int) -> bytes:
        log, size = self.logs[partition], self.sizes[partition]
        note = BalancesNote(log.origin, size, bytes(32), log.tree.root(size), partition, len(self.logs))
        return self.signed_balances(partition, note)
