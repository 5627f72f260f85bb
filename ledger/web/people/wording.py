"""How values are said to people: sentences with isolated values, dates of both calendars, times of a zone, hours.

Digits are Latin in both languages. Whatever is put into a line is isolated (`<bdi>`), so that no number, name or id
turns the line around.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.timestamp_pb2 import Timestamp
from markupsafe import Markup, escape

from ledger.documents.dates import ZONE, gregorian_in_words, in_both_calendars, umm_al_qura_in_words
from ledger.documents.hours_in_words import hours_in_words
from ledger.documents.isolation import by_its_content
from ledger.domain.refusals import Reason, Refusal, placeholders
from ledger.texts.people_pages import PLURALS, TEXTS
from ledger.texts.text import Language
from ledger.web.check.languages import DIRECTIONS, other
from volunteer_hours.v1.resources_pb2 import Shift
from volunteer_hours.v1.values_pb2 import LocalizedText

_LEFT: Final = Markup('<bdi dir="ltr">{}</bdi>')
_ANY: Final = Markup("<bdi>{}</bdi>")
_IN: Final = Markup('<bdi lang="{}">{}</bdi>')


class Words:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.direction = DIRECTIONS[language]
        self.other: Language = other(language)

    def say(self, key: str, **values: object) -> Markup:
        """A text of the catalogue, its values isolated. Raises KeyError for a text or a value that is missing."""
        text = TEXTS[key]
        template = Markup(escape(text.ar if self.language == "ar" else text.en))
        return template.format_map({name: isolated(value) for name, value in values.items()})

    def count(self, key: str, number: int) -> Markup:
        """A number and its noun, in the form that the number asks for (CLDR plural rules)."""
        forms = PLURALS[key]
        if self.language == "en":
            text = forms.en_one if number == 1 else forms.en
        elif number in (1, 2):
            text = forms.ar_one if number == 1 else forms.ar_two
        elif number == 0:
            text = forms.ar_none
        else:
            text = forms.ar_few if 3 <= number % 100 <= 10 else forms.ar_many
        return Markup(escape(text)).format(n=isolated(number))

    def code(self, group: str, code: str) -> Markup:
        """What a code means; one that we have no words for is said as it stands."""
        key = f"{group}_{code.lower()}"
        return self.say(key) if key in TEXTS else isolated(code)

    def begun(self, group: str, code: str) -> str:
        """The same where nothing stands before it, as in a list to choose from: with a capital letter."""
        text = self.code(group, code).striptags()
        return text[:1].upper() + text[1:]

    def localized(self, text: LocalizedText) -> Markup:
        """A text of people in this language, else in the other one."""
        mine, others = (text.ar, text.en) if self.language == "ar" else (text.en, text.ar)
        return _IN.format(self.language if mine else self.other, mine or others)

    def hours(self, seconds: int) -> Markup:
        """Exact, never rounded."""
        return Markup(escape(hours_in_words(seconds, self.language)))

    def day(self, day: date | str) -> Markup:
        """In both calendars."""
        found = date.fromisoformat(day) if isinstance(day, str) else day
        return Markup(escape(in_both_calendars(found, self.language)))

    def moment(self, at: Timestamp, zone: str = "") -> Markup:
        """Day and clock time of a zone; of Riyadh where none is said."""
        local = local_time(at, zone)
        return self.say("moment", day=self.day(local.date()), time=clock(local))

    def time(self, at: Timestamp, zone: str = "") -> Markup:
        """The clock time alone."""
        return clock(local_time(at, zone))

    def when(self, shift: Shift) -> Markup:
        """The days and times of a shift, by its zone's clock."""
        if shift.service_date:
            return self.day(shift.service_date)
        start, end = local_time(shift.start_time, shift.time_zone), local_time(shift.end_time, shift.time_zone)
        times = {"day": self.day(start.date()), "start": clock(start), "end": clock(end)}
        if start.date() == end.date():
            return self.say("when_one_day", **times)
        return self.say("when_two_days", **times, end_day=self.day(end.date()))

    def weekday(self, shift: Shift) -> Markup:
        """The day of the week on which a shift begins."""
        return self.say(f"weekday_{first_day(shift).isoweekday()}")

    def first_day(self, shift: Shift) -> date:
        """The date on which a shift begins, in its zone."""
        return first_day(shift)

    def calendars(self, day: date) -> tuple[Markup, Markup]:
        """A date in the calendar that readers of this language look at first, and in the other one."""
        gregorian = gregorian_in_words(day, self.language)
        other_one = umm_al_qura_in_words(day, self.language) or ""
        first, second = (other_one or gregorian, gregorian) if self.language == "ar" else (gregorian, other_one)
        return Markup(escape(first)), Markup(escape(second))

    def span(self, shift: Shift) -> Markup:
        """The clock times of a shift; empty where only its date is known."""
        if shift.service_date:
            return Markup()
        start, end = local_time(shift.start_time, shift.time_zone), local_time(shift.end_time, shift.time_zone)
        days = (end.date() - start.date()).days
        if days == 0:
            return self.say("span", start=clock(start), end=clock(end))
        if days == 1:
            return self.say("span_next_day", start=clock(start), end=clock(end))
        return self.say("span_days", start=clock(start), end=clock(end), end_day=self.day(end.date()))

    def where(self, shift: Shift) -> Markup:
        """Region and city, or that it is online."""
        if shift.place.online:
            return self.say("online")
        region = self.code("region", shift.place.region)
        if not shift.place.city:
            return region
        return self.say("city_region", city=shift.place.city, region=region)

    def refused(self, refusal: Refusal) -> str:
        """A refusal's text; of a form's fields it is said beside them what they should be."""
        if refusal.reason is Reason.INVALID_ARGUMENT:
            return str(self.say("form_wrong"))
        template = refusal.reason.arabic if self.language == "ar" else refusal.reason.english
        values = {name: by_its_content(refusal.details.get(name, "?")) for name in placeholders(template)}
        return template.format_map(values)


def isolated(value: object) -> Markup:
    """A value for a line of either direction."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, int):
        return _LEFT.format(f"{value:,}")
    return _ANY.format(str(value))


def first_day(shift: Shift) -> date:
    """The date on which a shift begins, in its zone."""
    if shift.service_date:
        return date.fromisoformat(shift.service_date)
    return local_time(shift.start_time, shift.time_zone).date()


def clock(at: datetime) -> Markup:
    """Such as 16:30."""
    return _LEFT.format(f"{at:%H:%M}")


def local_time(at: Timestamp, zone: str = "") -> datetime:
    """A moment by the clock of a zone; of Riyadh's where there is none of that name."""
    moment = datetime.fromtimestamp(at.seconds, UTC)
    return moment.astimezone(known_zone(zone))


def known_zone(zone: str) -> ZoneInfo:
    """The zone, or Riyadh's."""
    try:
        return ZoneInfo(zone) if zone else ZONE
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZONE
