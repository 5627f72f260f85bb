"""A client that saves the entries of a whole ledger as Parquet, by the code of `hours-ledger save`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import grpc
from pyarrow import parquet

from bench.load import CHANNEL_OPTIONS
from bench.processes import print_rate
from bench.served import ACTOR
from ledger.commands.saved_answers import Told
from ledger.commands.saved_files import Format, Wanted, write
from ledger.saving import answers
from ledger.saving.tables import ENTRIES
from volunteer_hours.v1.bulk_reading_pb2 import StreamEntriesRequest
from volunteer_hours.v1.hours_service_pb2_grpc import HoursServiceStub


def save(address: str, folder: Path) -> None:
    """Save twice, the first time to warm up, and print entries/s. Exits with words when a row is missing."""
    place = folder / "entries.parquet"
    wanted = Wanted(place, Format.PARQUET, ENTRIES, {}, arabic=False, hours=False, bom=False)
    with grpc.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        stub = HoursServiceStub(channel)
        for _ in range(2):
            began_at = time.perf_counter()
            pages = stub.StreamEntries(StreamEntriesRequest(), metadata=ACTOR)
            written = write(wanted, Told(answers.basis_of([], None), map(answers.entries, pages)))
            seconds = time.perf_counter() - began_at
    rows = parquet.ParquetFile(place).metadata.num_rows
    if not rows or rows != written.about.rows:
        sys.exit(f"the file has {rows} rows of {written.about.rows}")
    print_rate(rows / seconds, bytes=place.stat().st_size)


def main() -> None:
    """Save, and print one JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.save_client", description=__doc__)
    parser.add_argument("--address", required=True, help="HOST:PORT of the server")
    parser.add_argument("--folder", type=Path, required=True, help="where the file goes")
    wanted = parser.parse_args()
    save(wanted.address, wanted.folder)


if __name__ == "__main__":
    main()
