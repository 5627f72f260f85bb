"""A mapping file: TOML in UTF-8, strict about names and values that it does not know."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

MAPPING_BYTES_MAX: Final = 200_000
UNKNOWN: Final = "?"
"""What nobody can guess: the mapping is refused until a person has written something there."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{name!r} is no IANA time zone, such as Asia/Riyadh") from None
    return name


def _without_two_hyphens(name: str) -> str:
    if "--" in name:
        raise ValueError("two hyphens part the system from the id: give one at most")
    return name


Delimiter: TypeAlias = Literal[",", ";", "\t", "|"]
SystemName: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$"),
    AfterValidator(_without_two_hyphens),
]
"""Part of every id and of every request_id. With another name everything would be imported a second time."""
TimeZone: TypeAlias = Annotated[str, AfterValidator(_known_zone)]
ColumnName: TypeAlias = Annotated[str, AfterValidator(lambda text: " ".join(text.split())), Field(min_length=1)]
"""A column's name, as it stands in the header but for blanks around and between words."""


class MappingWrong(Exception):
    """The mapping cannot be used; the message says what would be right."""

    @classmethod
    def listing(cls, lines: list[str]) -> MappingWrong:
        """Everything that is wrong, told at once."""
        return cls("\n".join(["the mapping is wrong:", *(f"  {line}" for line in lines)]))


class Part(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


M = TypeVar("M", bound=Part)


def load_toml(text: bytes) -> dict[str, object]:
    """What is written there. Raises MappingWrong."""
    try:
        return tomllib.loads(text.decode("utf-8-sig").replace("\r\n", "\n"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingWrong(f"the mapping is no TOML in UTF-8: {error}") from error


def check_known(written: Mapping[str, object]) -> None:
    """Nothing is left open. Raises MappingWrong with every name that is."""
    if left_open := list(_left_open(written, "")):
        raise MappingWrong.listing([f'{name}: still "{UNKNOWN}": write what it is' for name in left_open])


def modelled(written: Mapping[str, object], model: type[M]) -> M:
    """The file as its model has it. Raises MappingWrong with every wrong name and value."""
    try:
        return model.model_validate(written)
    except ValidationError as error:
        told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise MappingWrong.listing(told) from error


def _left_open(written: Mapping[str, object], above: str) -> Iterator[str]:
    for name, value in written.items():
        if value == UNKNOWN or (isinstance(value, list) and UNKNOWN in value):
            yield f"{above}{name}"
        elif isinstance(value, dict):
            yield from _left_open(value, f"{above}{name}.")
