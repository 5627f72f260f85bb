"""What a superuser of a database could do unseen: change one value of one row. Taken back when the block ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


@contextmanager
def changed(
    url: str, table: str, column: str, value: LiteralString, where: LiteralString = "true"
) -> Iterator[dict[str, Any]]:
    """Set `column` to the SQL expression `value` in the first row that fits `where`; gives the row as it was."""
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    find = sql.SQL("select *, ctid, {column}::text as before, pg_typeof({column})::text as type from {table} where ")
    change = sql.SQL("update {table} set {column} = ").format(**names) + sql.SQL(value)
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as superuser:
        row = superuser.execute(find.format(**names) + sql.SQL(where + " order by 1, 2 limit 1")).fetchone()
        assert row is not None
        moved = superuser.execute(change + sql.SQL(" where ctid = %s returning ctid"), [row["ctid"]]).fetchone()
        assert moved is not None
        try:
            yield row
        finally:
            back = sql.SQL("update {table} set {column} = %s::" + row["type"] + " where ctid = %s")
            assert superuser.execute(back.format(**names), [row["before"], moved["ctid"]]).rowcount == 1


@contextmanager
def removed(url: str, table: str, where: LiteralString = "true") -> Iterator[dict[str, Any]]:
    """Delete the first row that fits `where`; gives the row as it was."""
    name = sql.Identifier(table)
    find = sql.SQL("select {}.*, ctid, to_jsonb({}) as whole from {} where " + where + " order by 1, 2 limit 1")
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as superuser:
        row = superuser.execute(find.format(name, name, name)).fetchone()
        assert row is not None
        keep = sql.SQL("create table kept_row as select * from {} where ctid = %s").format(name)
        superuser.execute(keep, [row["ctid"]])
        superuser.execute(sql.SQL("delete from {} where ctid = %s").format(name), [row["ctid"]])
        try:
            yield row
        finally:
            superuser.execute(sql.SQL("insert into {} select * from kept_row").format(name))
            superuser.execute("drop table kept_row")
