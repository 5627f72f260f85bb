"""SQL that adds hours up: by a key, of the entries, of the sums kept by month, or of these less what came later.

Sector, type, level and place are those known at the moment asked about: history decides, not the present.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

from ledger.projections.as_of import CUT_SQL
from ledger.projections.sums import COUNTED, IN_PERIOD, KNOWN, OF_ENTRIES

FILTERS: Final = """
    (%(organization)b = '' or e.organization = %(organization)b)
    and (%(opportunity)b = '' or e.opportunity = %(opportunity)b)
"""

_DIMENSIONS: Final = """
    , dimensions as (
        select distinct on (v.opportunity) v.opportunity, v.sector, v.event_type, v.level, v.partner_type
        from opportunity_versions v join cut on cut.partition = v.partition and v.position <= cut.upto
        where %(known_until)b::timestamptz is null
           or coalesce(v.source_recorded_at, v.recorded_at) <= %(known_until)b
        order by v.opportunity, v.position desc
    )
"""
_OF_OPPORTUNITY: Final = "left join dimensions d on d.opportunity = e.opportunity"

# A shift's place never changes. Where all known shifts of an opportunity have one place, that is the opportunity's.
_PLACES: Final = """
    , known_shifts as (
        select s.shift, s.opportunity, case when s.online then 'online' else coalesce(s.region, '') end as place
        from shifts s join cut on cut.partition = s.partition and s.opened_position <= cut.upto
        where (%(known_until)b::timestamptz is null
               or coalesce(s.source_recorded_at, s.opened_at) <= %(known_until)b)
          and (%(opportunity)b = '' or s.opportunity = %(opportunity)b)
    ), places as (
        select opportunity, case when min(place) = max(place) then min(place) end as place
        from known_shifts group by opportunity
    )
"""
_OF_ONE_PLACE: Final = "left join places d on d.opportunity = e.opportunity"
PLACES_DIFFER: Final = f"with {CUT_SQL} {_PLACES} select exists (select from places where place is null)"

_DATES: Final = """
    , dates as (
        select * from unnest(%(numbers)b::int[], %(first_dates)b::date[], %(last_dates)b::date[])
            as p (number, first_date, last_date)
    )
"""
_OF_MONTHS: Final = """
    sum(e.entry_count)::bigint,
    sum(e.claimed_seconds)::bigint, sum(e.attended_seconds)::bigint, sum(e.verified_seconds)::bigint,
    sum(e.disputed_seconds)::bigint, sum(e.withheld_seconds)::bigint, sum(e.reversed_seconds)::bigint
"""
_NAMES: Final = "n, s1, s2, s3, s4, s5, s6"
_LESS_THE_TAIL: Final = """
    (kept.n - coalesce(tail.n, 0))::bigint,
    (kept.s1 - coalesce(tail.s1, 0))::bigint, (kept.s2 - coalesce(tail.s2, 0))::bigint,
    (kept.s3 - coalesce(tail.s3, 0))::bigint, (kept.s4 - coalesce(tail.s4, 0))::bigint,
    (kept.s5 - coalesce(tail.s5, 0))::bigint, (kept.s6 - coalesce(tail.s6, 0))::bigint
"""


@dataclass(frozen=True, slots=True)
class Key:
    """What sums are grouped by: an expression over `e`, and what must be joined to it first."""

    expression: LiteralString
    tables: LiteralString = ""
    join: LiteralString = ""
    of_shift: bool = False
    """It asks each entry for its shift, which sums kept by month do not know."""


ORGANIZATION: Final = Key("e.organization")
OPPORTUNITY: Final = Key("e.opportunity")
SECTOR: Final = Key("coalesce(d.sector, '')", _DIMENSIONS, _OF_OPPORTUNITY)
EVENT_TYPE: Final = Key("coalesce(d.event_type, '')", _DIMENSIONS, _OF_OPPORTUNITY)
LEVEL: Final = Key("coalesce(d.level, '')", _DIMENSIONS, _OF_OPPORTUNITY)
PARTNER_TYPE: Final = Key(
    "case when starts_with(e.organization, 'initiatives/') then 'initiative' else coalesce(d.partner_type, '') end",
    _DIMENSIONS,
    _OF_OPPORTUNITY,
)
MONTH: Final = Key("to_char(e.service_date, 'YYYY-MM')")
REGION: Final = Key("coalesce(d.place, '')", _PLACES, _OF_ONE_PLACE)
"""Right as long as no opportunity has shifts in several places."""
REGION_OF_SHIFTS: Final = Key(
    "coalesce(d.place, s.place, '')", _PLACES, f"{_OF_ONE_PLACE} left join known_shifts s on s.shift = e.shift", True
)
"""Right always, and the same where both are."""
HOLDER: Final = Key("e.holder")


@dataclass(frozen=True, slots=True)
class SumStatements:
    """Statements for one key. Rows: the key, with `divided` the number of the dates, entries, seconds by class.

    Parameters: those of `View.cut`, `organization`, `opportunity`; `start_date` and `end_date`, or with `divided`
    `numbers`, `first_dates` and `last_dates`.
    """

    key: Key
    divided: bool = False
    """Sums of several spans of dates apart, not of one period."""
    everything: bool = False
    """Without filters and by month: then it does not matter how many opportunities there are."""

    def of_entries(self) -> LiteralString:
        """From the entries: always right."""
        return f"with {self._tables} {self._entries('e.position <= cut.upto')} order by 1"

    def kept_by_month(self) -> LiteralString:
        """From the sums kept by month: of the present, and of whole months."""
        return f"with {self._tables} {self._kept} order by 1"

    def kept_less_the_tail(self) -> LiteralString:
        """The same of a past moment: less what came behind it."""
        names: LiteralString = "key, number" if self.divided else "key"
        return f"""
            with {self._tables}, kept ({names}, {_NAMES}) as ({self._kept}),
                tail ({names}, {_NAMES}) as ({self._entries("e.position > cut.upto")})
            select {names}, {_LESS_THE_TAIL}
            from kept left join tail using ({names})
            where kept.n > coalesce(tail.n, 0) order by 1
        """

    @property
    def _tables(self) -> LiteralString:
        dates: LiteralString = _DATES if self.divided else ""
        return f"{CUT_SQL} {self.key.tables} {dates}"

    @property
    def _columns(self) -> LiteralString:
        return f"{self.key.expression}, p.number" if self.divided else self.key.expression

    @property
    def _groups(self) -> LiteralString:
        return "1, 2" if self.divided else "1"

    def _entries(self, positions: LiteralString) -> LiteralString:
        dates: LiteralString = "join dates p on e.service_date between p.first_date and p.last_date"
        return f"""
            select {self._columns}, count(*), {OF_ENTRIES}
            from entries e join cut on cut.partition = e.partition and {positions}
                {dates if self.divided else ""} {self.key.join}
            where {KNOWN if self.divided else COUNTED} and {FILTERS}
            group by {self._groups}
        """

    @property
    def _kept(self) -> LiteralString:
        sums: LiteralString = "hours_of_months" if self.everything else "hours_by_month"
        filters: LiteralString = "true" if self.everything else FILTERS
        dates: LiteralString = "join dates p on e.service_date between p.first_date and p.last_date"
        return f"""
            select {self._columns}, {_OF_MONTHS}
            from (select h.*, h.service_month as service_date from {sums} h) e
                {dates if self.divided else ""} {self.key.join}
            where {"true" if self.divided else IN_PERIOD} and {filters}
            group by {self._groups}
        """
