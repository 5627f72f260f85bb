"""What `hours-ledger requirement` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "met": Text("مستوفى", "met"),
    "unmet": Text("غير مستوفى", "not met"),
    "level": Text("المستوى {level}", "level {level}"),
    "counted": Text("المحتسب", "counted"),
    "missing": Text("المتبقي إلى {level}", "missing to {level}"),
    "excluded": Text("غير محتسب، خدمة إلزامية", "not counted, compulsory service"),
    "classes": Text("الفئات المحتسبة", "classes counted"),
    "period": Text("الفترة", "period"),
    "rules": Text("القواعد", "rules"),
    "source": Text("المصدر", "source"),
    "open": Text("البداية", "the beginning"),
}
