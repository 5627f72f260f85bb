"""The XML parts of an XLSX, read as a stream: no document type, no entity, nothing outside, and bounded throughout.

Names may carry any prefix; only local names are looked at.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final, NoReturn, Protocol

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser

from ledger.sheets.rows import FileUnreadable

CHUNK_BYTES: Final = 1 << 16
SILENT_BYTES_MAX: Final = 1 << 20
"""Of a part, without an element or a text: the parser would have to keep all of it."""
NAMES_MAX: Final = 10_000
"""Different names of elements and attributes, which the parser keeps to the end; a workbook has some hundred."""
DEPTH_MAX: Final = 100
"""Of elements in elements, each of which the parser keeps open; a workbook has some ten."""
AGAIN: Final = "open it in a spreadsheet program and save it again as XLSX, or as CSV in UTF-8"


class Attributes(Protocol):
    """Of an element."""

    def get(self, name: str, alternative: str | None = None) -> str | None:
        """One of them."""

    def keys(self) -> Iterable[str]:
        """The names of all."""


class Elements(Protocol):
    """What is told of each element, by its local name."""

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text, in pieces."""


def parse(part: IO[bytes], elements: Elements) -> Iterator[int]:
    """Tell a part's elements, some at a time: the bytes read so far, after each step. Raises FileUnreadable."""
    told = _Told(elements)
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(told)
    parser.setErrorHandler(told)
    read = silent_since = 0
    with damage_told():
        while chunk := part.read(CHUNK_BYTES):
            told.anything = False
            parser.feed(chunk)
            read += len(chunk)
            if told.anything:
                silent_since = read
            elif read - silent_since > SILENT_BYTES_MAX:
                raise FileUnreadable("the file holds a part that no spreadsheet program writes", AGAIN)
            yield read
        parser.close()


def parse_all(part: IO[bytes], elements: Elements) -> None:
    """The same, of a part that is small. Raises FileUnreadable."""
    for _ in parse(part, elements):
        pass


@contextmanager
def damage_told() -> Iterator[None]:
    """Whatever an archive or its XML can be broken by, as FileUnreadable."""
    try:
        yield
    except DefusedXmlException as error:
        raise FileUnreadable(
            "the file has a document type or an entity in its XML, which no spreadsheet program writes", AGAIN
        ) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise FileUnreadable(f"the file is damaged: {error}", AGAIN) from error


class _Told:
    """The parser's handler; its methods have the names that SAX gives them."""

    def __init__(self, elements: Elements) -> None:
        self.anything = False
        self._elements = elements
        self._names: set[str] = set()
        self._depth = 0

    def startElement(self, name: str, attributes: Attributes) -> None:
        self.anything = True
        self._names.add(name)
        self._names.update(attributes.keys())
        self._depth += 1
        if len(self._names) > NAMES_MAX or self._depth > DEPTH_MAX:
            raise FileUnreadable("the file has elements that no spreadsheet program writes", AGAIN)
        self._elements.begin(name.rpartition(":")[2], attributes)

    def endElement(self, name: str) -> None:
        self.anything = True
        self._depth -= 1
        self._elements.end(name.rpartition(":")[2])

    def characters(self, content: str) -> None:
        self.anything = True
        self._elements.text(content)

    def fatalError(self, exception: Exception) -> NoReturn:
        raise FileUnreadable(f"the file is damaged: {exception}", AGAIN) from exception

    def setDocumentLocator(self, locator: object) -> None:
        """SAX tells it; nobody asks."""

    def startDocument(self) -> None:
        """SAX tells it; nobody asks."""

    def endDocument(self) -> None:
        """SAX tells it; nobody asks."""

    def processingInstruction(self, target: str, data: str) -> None:
        """SAX tells it; nobody asks."""
