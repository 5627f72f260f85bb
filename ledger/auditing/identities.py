"""Check: volunteer_identities holds the keyed hash of every identity number that was registered, as far as keys exist.

An identity number is sealed under its person's key. Where that key is gone nobody can tell the number: such rows are
counted, not compared. A store made anew without the persons' keys has none of them, which is told and no defect: it
could not be otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.access.identity_keys import IdentityKeys
from ledger.access.key_wrapping import KeyWrapping, StoredKey
from ledger.access.seal import PersonKey, key_id_of, open_seal
from ledger.auditing.finding import Report, Where
from ledger.auditing.folded_stream import FoldedStream
from ledger.auditing.snapshots import Database
from ledger.domain.event import RecordedEvent
from ledger.domain.refusals import InvariantBroken, Refusal
from ledger.domain.sealed import SealedField
from ledger.domain.volunteer import Volunteer, VolunteerRegistered, path_of

PLACE: Final = "store volunteer_identities"
_HELD: Final = "select identity_key, volunteer from volunteer_identities where identity_key = any(%s)"
_HELD_BY: Final = "select identity_key from volunteer_identities where volunteer = %s"
_KEYS: Final = "select key_id, volunteer, key, master_key_id from person_keys where key_id = any(%s)"
_KEYS_LEFT: Final = "select count(*) from person_keys where volunteer = any(%s)"
_OF_ERASED: Final = "select volunteer, identity_key from volunteer_identities where volunteer = any(%s)"


@dataclass(frozen=True, slots=True)
class SealedIdentity:
    """A volunteer's identity document as `volunteer-registered` holds it."""

    volunteer: str
    partition: int
    position: int
    kind: SealedField
    number: SealedField


class IdentityOpener:
    """From sealed identity documents to the keyed hashes under which they are unique."""

    def __init__(self, keys: Database, wrapping: KeyWrapping, identity_keys: IdentityKeys, ledger_id: str) -> None:
        self._keys = keys
        self._wrapping = wrapping
        self._identity_keys = identity_keys
        self._ledger_id = ledger_id

    def opened(self, identities: list[SealedIdentity]) -> dict[str, bytes]:
        """Volunteer → keyed hash; without those whose person's key is gone.

        Raises:
            InvariantBroken: a seal was changed, or moved from elsewhere.
        """
        key_ids = {key_id_of(field.sealed) for one in identities for field in (one.kind, one.number)}
        rows = self._keys.execute(_KEYS, [list(key_ids)]).fetchall()
        stored = [StoredKey(row[0], row[1], bytes(row[2]), row[3]) for row in rows]
        known = {key.key_id: key for key in self._wrapping.unwrap(stored)}
        found: dict[str, bytes] = {}
        for one in identities:
            kind, number = self._text(known, one.kind), self._text(known, one.number)
            if kind is None or number is None:
                continue
            try:
                document = self._identity_keys.sealed_document(kind, number)
            except Refusal as refusal:
                raise InvariantBroken(f"{one.volunteer}: the sealed identity number has no right form") from refusal
            if document is not None:
                found[one.volunteer] = self._identity_keys.key_of(document)
        return found

    def keys_left(self, volunteers: list[str]) -> int:
        """How many keys there still are of these persons."""
        row = self._keys.execute(_KEYS_LEFT, [volunteers]).fetchone()
        return 0 if row is None else int(row[0])

    def _text(self, known: dict[str, PersonKey], field: SealedField) -> str | None:
        key = known.get(key_id_of(field.sealed))
        return None if key is None else open_seal(key, self._ledger_id, field)


def sealed_identity(event: RecordedEvent) -> SealedIdentity | None:
    """The identity document that an event registers, if it does."""
    data = event.data
    if not isinstance(data, VolunteerRegistered):
        return None
    kind, number = data.details.identity_type, data.details.identity_number
    if kind is None or number is None:
        return None
    fields = [
        SealedField(event.stream, event.event_id, path_of(name), sealed)
        for name, sealed in (("identity_type", kind), ("identity_number", number))
    ]
    return SealedIdentity(event.stream, event.partition, event.position, *fields)


class IdentityCheck:
    """volunteer_identities beside the events, both ways."""

    def __init__(self, store: Database, opener: IdentityOpener | None, report: Report) -> None:
        """Without an opener rows are only counted."""
        self._store = store
        self._opener = opener
        self._report = report
        self._expected = 0
        self._not_compared = 0
        self._uncertain = False
        self._erased = self._keys_left = self._strangers = 0

    def streams(self, streams: list[FoldedStream]) -> None:
        """Open what can be opened, and compare."""
        self._uncertain |= any(stream.broken and stream.kind == "volunteers" for stream in streams)
        erased = {stream.name: stream for stream in streams if _is_erased(stream)}
        self._nothing_left(erased)
        held_to = (stream for stream in streams if stream.steps and stream.name not in erased)
        found = (sealed_identity(stream.steps[0].event) for stream in held_to)
        identities = [one for one in found if one is not None]
        if not identities:
            return
        self._expected += len(identities)
        opened: dict[str, bytes] = {}
        try:
            opened = {} if self._opener is None else self._opener.opened(identities)
        except InvariantBroken as broken:
            where = Where("store events", identities[0].partition, identities[0].position)
            self._report.differs(where, "data.details", "seals that open", broken)
        held = {bytes(key): name for key, name in self._store.execute(_HELD, [list(opened.values())])}
        for one in identities:
            key = opened.get(one.volunteer)
            if key is None:
                self._not_compared += 1
            elif held.get(key) != one.volunteer:
                self._differs(one, key, held.get(key))

    def _nothing_left(self, erased: dict[str, FoldedStream]) -> None:
        """Of who was erased no identity number is kept; that keys are still to be destroyed is told."""
        if not erased:
            return
        self._erased += len(erased)
        for volunteer, identity_key in self._store.execute(_OF_ERASED, [list(erased)]):
            stream = erased[volunteer]
            where = Where(PLACE, stream.partition, stream.steps[-1].event.position, volunteer)
            self._report.differs(where, "identity_key", "none: the person was erased", bytes(identity_key))
            self._strangers += 1
        if self._opener is not None:
            self._keys_left += self._opener.keys_left(list(erased))

    def _differs(self, one: SealedIdentity, key: bytes, holder: str | None) -> None:
        where = Where(PLACE, one.partition, one.position, one.volunteer)
        if holder is not None:
            self._report.differs(where, "volunteer", one.volunteer, holder)
            return
        row = self._store.execute(_HELD_BY, [one.volunteer]).fetchone()
        if row is None:
            self._report.differs(where, "row", "there", "missing")
        else:
            self._report.differs(where, "identity_key", key, bytes(row[0]))

    def end(self) -> None:
        """No row that no event registers."""
        row = self._store.execute("select count(*) from volunteer_identities").fetchone()
        count = (0 if row is None else row[0]) - self._strangers
        # Whatever could be opened was looked for by its own key: rows that lack can only be of those that could not.
        lacking = self._expected - count
        if not 0 <= lacking <= self._not_compared and not self._uncertain:
            self._report.differs(Where(PLACE), "number of rows", self._expected, count)
        if 0 < lacking <= self._not_compared:
            self._report.note(
                f"{lacking} identity numbers that cannot be opened have no row: somebody could register them again"
            )
        if self._erased:
            self._report.note(f"{self._erased} persons were erased; {self._keys_left} keys of theirs are still there")
        if self._not_compared:
            self._report.note(
                f"{self._not_compared} identity numbers cannot be opened (erased, or no keys at hand): "
                "their rows are counted, not compared"
            )


def _is_erased(stream: FoldedStream) -> bool:
    state = stream.steps[-1].state if stream.steps else None
    return isinstance(state, Volunteer) and state.erased
