"""What the checks of projected rows share: rows are looked up by their key, counted, and rows of nobody are named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, LiteralString, TypeAlias

from psycopg import sql
from psycopg.rows import dict_row

from ledger.auditing.finding import Report, Where
from ledger.auditing.snapshots import Database

Row: TypeAlias = Mapping[str, Any]
STRANGERS_NAMED_MAX: Final = 100


class Table:
    """One table of the store or of the read database whose rows have a text key."""

    def __init__(self, database: Database, place: str, table: str, key: str, report: Report) -> None:
        """`place` is `store` or `projection`."""
        self.place = f"{place} {table}"
        self.report = report
        self._database = database
        self._table = sql.Identifier(table)
        self._key = sql.Identifier(key)
        self._key_name = key
        self._rows = database.cursor(binary=True, row_factory=dict_row)
        self._expected = 0
        self.uncertain = False
        """A stream of its kind cannot be read, which is a finding already: how many rows are right is not known."""

    def rows(self, keys: Iterable[str]) -> dict[str, Row]:
        """The rows with these keys."""
        query = sql.SQL("select * from {} where {} = any(%s::text[])").format(self._table, self._key)
        return {row[self._key_name]: row for row in self._rows.execute(query, [list(keys)])}

    def rows_of_many(self, keys: Iterable[str], second: str) -> dict[tuple[str, int], dict[str, object]]:
        """The rows with these keys, of which each has many, told apart by the column `second`."""
        query = sql.SQL("select * from {} where {} = any(%s::text[])").format(self._table, self._key)
        return {(row[self._key_name], row[second]): row for row in self._rows.execute(query, [list(keys)])}

    def all_rows(self, keys: Iterable[str]) -> list[Row]:
        """Every row with these keys."""
        query = sql.SQL("select * from {} where {} = any(%s::text[])").format(self._table, self._key)
        return list(self._rows.execute(query, [list(keys)]))

    def rows_by(self, query: LiteralString, *parameters: object) -> list[Row]:
        """The rows that `query` gives."""
        return list(self._rows.execute(query, parameters))

    def compare(self, where: Where, expected: Row, found: Row | None) -> None:
        """One row that must be there."""
        self._expected += 1
        self.report.compare(where, expected, found)

    def end(self, known: Database, *, named_by_streams: bool = True) -> None:
        """Count the rows; where there are more than expected, name those whose key is no stream in the store."""
        counted = self._rows.execute(sql.SQL("select count(*) from {}").format(self._table)).fetchone()
        count = 0 if counted is None else counted["count"]
        if count == self._expected or self.uncertain:
            return
        self.report.differs(Where(self.place), "number of rows", self._expected, count)
        if count > self._expected and named_by_streams:
            self._name_strangers(known)

    def _name_strangers(self, known: Database) -> None:
        named = 0
        query = sql.SQL("select {} from {} order by 1").format(self._key, self._table)
        with self._database.cursor(f"strangers_{self._key_name}") as cursor:
            cursor.execute(query)
            while named < STRANGERS_NAMED_MAX and (some := [row[0] for row in cursor.fetchmany(2_000)]):
                found = known.execute("select stream from events where stream = any(%s) and version = 1", [some])
                streams = {row[0] for row in found}
                for name in some:
                    if name not in streams:
                        self.report.differs(Where(self.place, row=name), "row", "none", "there")
                        named += 1
