"""The log over HTTP (C2SP tlog-tiles), and its proofs: hashes are everybody's, entries are for auditors alone."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ledger.domain.refusals import Reason, refuse
from ledger.log_serving.log_reader import LogReader
from ledger.log_serving.map_reader import MapReader
from ledger.transparency.failures import Malformed
from ledger.transparency.line_grammar import base64_text, read_decimal
from ledger.transparency.tiles import TILE_WIDTH, EntryBundle, parse_path
from ledger.web.entry_readers import EntryReaders
from ledger.web.plain_answers import guarded, line

_FOR_SECONDS: Final = "public, max-age=2"
"""The log grows every few seconds: what speaks of its newest size is soon old."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_ONE_READING: Final = "no-store"
"""Entries tell of persons, and that they are read is recorded: no cache answers in our place."""
_TILE: Final = "application/octet-stream"
_FORM: Final = "path"


class LogPages:
    """What stands below `/log/<partition>/`, or below such a path of another ledger."""

    def __init__(self, log: LogReader, maps: MapReader, readers: EntryReaders, *, of_hours: bool = True) -> None:
        """`of_hours`: whoever reads entries looks at persons' hours, and that is recorded."""
        self._log = log
        self._maps = maps
        self._readers = readers
        self._of_hours = of_hours

    def routes(self, below: str = "") -> list[Route]:
        """Paths and the pages they name; `below` stands before them."""
        pages = {
            "checkpoint": ("checkpoint", self._checkpoint),
            "checkpoint/{size}": ("checkpoint", self._checkpoint_of_size),
            "balances": ("balances", self._balances),
            "tile/{rest:path}": ("tile", self._tile),
            "proof/{position}": ("proof", self._proof),
            "consistency/{from_size}/{to_size}": ("consistency", self._consistency),
        }
        return [
            Route(f"{below}/log/{{partition}}/{path}", guarded(name, page), methods=["GET"])
            for path, (name, page) in pages.items()
        ]

    async def _checkpoint(self, request: Request) -> Response:
        newest = await self._log.newest(_decimal(request, "partition"))
        return PlainTextResponse(newest.note, headers={"Cache-Control": _FOR_SECONDS})

    async def _checkpoint_of_size(self, request: Request) -> Response:
        partition, size = _decimal(request, "partition"), _decimal(request, "size")
        found = await self._log.at_least(partition, size)
        if found.size != size:
            refuse(Reason.NOT_FOUND, name=f"log/{partition}/checkpoint/{size}")
        return PlainTextResponse(found.note, headers={"Cache-Control": _FOR_SECONDS})

    async def _balances(self, request: Request) -> Response:
        note = await self._maps.note(_decimal(request, "partition"))
        return PlainTextResponse(note, headers={"Cache-Control": _FOR_SECONDS})

    async def _tile(self, request: Request) -> Response:
        partition = _decimal(request, "partition")
        wanted = parse_path(f"tile/{request.path_params['rest']}")
        if isinstance(wanted, EntryBundle):
            return await self._entries(request, partition, wanted)
        hashes = await self._log.hash_tile(partition, wanted)
        return Response(hashes, media_type=_TILE, headers={"Cache-Control": _FOR_EVER})

    async def _entries(self, request: Request, partition: int, bundle: EntryBundle) -> Response:
        caller = self._readers.let_in(request.headers.get("authorization", ""))
        if caller is None:
            text = "entries are for auditors: send `Authorization: Bearer <an auditor's token>`"
            return line(401, text, {"WWW-Authenticate": 'Bearer realm="entries"'})
        entries = await self._log.entry_bundle(partition, bundle)
        if self._of_hours:
            first = bundle.index * TILE_WIDTH + 1
            await self._readers.record(caller, partition, first, first + bundle.width - 1)
        headers = {"Cache-Control": _FOR_ONE_READING, "Vary": "Authorization"}
        return Response(entries, media_type=_TILE, headers=headers)

    async def _proof(self, request: Request) -> Response:
        partition, position = _decimal(request, "partition"), _decimal(request, "position")
        if position < 1:
            raise Malformed(_FORM, "positions begin at 1")
        newest = await self._log.newest_inclusion(partition, position)
        return PlainTextResponse(newest.proof_file(position), headers={"Cache-Control": _FOR_SECONDS})

    async def _consistency(self, request: Request) -> Response:
        partition, from_size, to_size = (_decimal(request, name) for name in ("partition", "from_size", "to_size"))
        hashes = await self._log.consistency_proof(partition, from_size, to_size)
        lines = "".join(f"{base64_text(each)}\n" for each in hashes)
        return PlainTextResponse(lines, headers={"Cache-Control": _FOR_EVER})


def _decimal(request: Request, name: str) -> int:
    return read_decimal(request.path_params[name], _FORM, name.replace("_", " "))
