"""Which field of two events differs, when their bytes do."""

from __future__ import annotations

import msgspec


def first_difference(expected: bytes, found: bytes) -> tuple[str, object, object]:
    """(field, expected, found) of the first difference; field `body` where the JSON says the same, or is none."""
    try:
        left, right = msgspec.json.decode(expected), msgspec.json.decode(found)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "body", expected, found
    path, left, right = _descend("", left, right)
    return path or "body", left, right


def _descend(path: str, left: object, right: object) -> tuple[str, object, object]:
    if isinstance(left, dict) and isinstance(right, dict):
        for name in (*left, *(name for name in right if name not in left)):
            if left.get(name) != right.get(name):
                return _descend(f"{path}.{name}" if path else str(name), left.get(name), right.get(name))
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            if one != other:
                return _descend(f"{path}[{index}]", one, other)
    return path, left, right
