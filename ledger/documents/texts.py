"""Every text for people in a document, in Arabic and English. `{braces}` name what is put in, isolated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ledger.documents.isolation import by_its_content

Language: TypeAlias = Literal["ar", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "ar")
Both: TypeAlias = dict[str, str]
"""`en` and `ar`."""
_COMMAS: Final = {"en": ", ", "ar": "، "}


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages."""

    en: str
    ar: str

    def said(self, language: Language, **values: str) -> str:
        """The text with its values put in, each isolated. Raises KeyError when one is missing."""
        isolated = {name: by_its_content(value) for name, value in values.items()}
        return (self.ar if language == "ar" else self.en).format_map(isolated)

    def listed(self, language: Language, items: Iterable[str]) -> str:
        """The text and a list behind it: each item isolated, but not their list, which runs as the sentence does."""
        return f"{self.said(language)} {_COMMAS[language].join(map(by_its_content, items))}"

    def in_both(self, **values: str) -> Both:
        """In both."""
        return {"en": self.said("en", **values), "ar": self.said("ar", **values)}


TEXTS: Final[Mapping[str, Text]] = {
    # At the head
    "statement": Text("Statement of verified volunteer hours", "إفادة بساعات التطوع المدققة"),
    "transcript": Text("Transcript of verified volunteer hours", "السجل الكامل لساعات التطوع المدققة"),
    "initials": Text("Initials", "الأحرف الأولى من الاسم"),
    "issued": Text("Issued on", "تاريخ الإصدار"),
    "scan": Text("Scan to check", "امسح الرمز للتحقق"),
    "code_alternative": Text("QR code of the link {link}", "رمز الاستجابة السريعة للرابط {link}"),
    "name": Text("Full name", "الاسم الكامل"),
    "verified": Text("Verified hours", "الساعات المدققة"),
    "period": Text("Service dates", "فترة التطوع"),
    "period_whole": Text("All", "كل التواريخ"),
    "period_between": Text("{first} to {last}", "من {first} إلى {last}"),
    "period_from": Text("From {first} on", "منذ {first}"),
    "period_until": Text("Until {last}", "حتى {last}"),
    "counted": Text("Organisations", "الجهات المشمولة"),
    "counted_all": Text("All", "جميع الجهات"),
    "counted_some": Text("Only", "فقط"),
    "expires": Text("Holds until", "سارية حتى"),
    # Tables
    "organizations": Text("Hours by organisation", "الساعات حسب الجهة"),
    "roles": Text("Hours by role", "الساعات حسب الدور"),
    "sectors": Text("Hours by sector", "الساعات حسب القطاع"),
    "years": Text("Hours by year", "الساعات حسب السنة"),
    "skills": Text("Hours by skill", "الساعات حسب المهارة"),
    "entries": Text("Every verified attendance", "جميع مرات الحضور المدققة"),
    "organization": Text("Organisation", "الجهة"),
    "role": Text("Role and organisation", "الدور والجهة"),
    "sector": Text("Sector", "القطاع"),
    "year": Text("Year", "السنة"),
    "skill": Text("Skill", "المهارة"),
    "date": Text("Date", "التاريخ"),
    "first_day": Text("First day", "أول يوم"),
    "last_day": Text("Last day", "آخر يوم"),
    "hours": Text("Hours:minutes", "ساعات:دقائق"),
    "position": Text("In the log", "في السجل"),
    "total": Text("Total", "المجموع"),
    "not_stated": Text("Not stated", "غير محدد"),
    "with_skills": Text("Skills:", "المهارات:"),
    "skills_overlap": Text(
        "Hours of a role that asks for several skills stand in each of them.",
        "ساعات الدور الذي يتطلب عدة مهارات محتسبة في كل مهارة منها.",
    ),
    "calendars": Text(
        "Dates are Gregorian; the small ones below them Umm al-Qura.",
        "التواريخ ميلادية، والصغيرة تحتها بتقويم أم القرى.",
    ),
    # What it rests on
    "basis": Text("What it rests on", "ما تستند إليه"),
    "issuer": Text("Issuer", "جهة الإصدار"),
    "statement_name": Text("Statement", "الإفادة"),
    "log": Text("Log", "السجل"),
    "log_size": Text("Size of the log", "حجم السجل"),
    "log_root": Text("Root (shortened)", "الجذر (مختصر)"),
    "recorded_through": Text("Recorded through", "مسجل حتى"),
    "digest": Text("SHA-256 of the credential", "بصمة الشهادة الرقمية"),
    "attached": Text("Attached to the file", "مرفقات الملف"),
    # How to check it
    "check": Text("How to check this statement", "كيف تتحقق من هذه الإفادة"),
    "check_link": Text(
        "Scan the code or open this link. Your browser checks the signature, the log and the present status. The page "
        "must show the same initials and the same date of issue.",
        "امسح الرمز أو افتح هذا الرابط. يتحقق متصفحك من التوقيع والسجل والحالة الراهنة. ويجب أن تظهر في الصفحة الأحرف "
        "الأولى نفسها وتاريخ الإصدار نفسه.",
    ),
    "check_file": Text("Or check the file itself, also offline:", "أو تحقق من الملف نفسه، ولو دون اتصال بالشبكة:"),
    "check_attached": Text(
        "There is no link on this document. The credential attached to the file is checked offline:",
        "لا رابط في هذا المستند. يُتحقق من الشهادة الرقمية المرفقة بالملف دون اتصال بالشبكة:",
    ),
    "paper": Text(
        "Paper proves nothing by itself. Only the check shows that this statement is genuine and still holds.",
        "الورق وحده لا يثبت شيئًا. التحقق وحده يبين أن هذه الإفادة صحيحة وما زالت سارية.",
    ),
    "not_shown": Text(
        "{sign} stands for a character that this document cannot show; the attached credential has it.",
        "تحل العلامة {sign} محل حرف يتعذر عرضه في هذا المستند؛ وهو موجود في الشهادة الرقمية المرفقة.",
    ),
    # On every page
    "page": Text("Page {page} of {pages}", "صفحة {page} من {pages}"),
    "issued_short": Text("issued {date}", "صدرت في {date}"),
    # Said of attachments
    "attached_credential": Text(
        "The credential: SD-JWT VC, signed by the issuer", "الشهادة الرقمية بتوقيع جهة الإصدار"
    ),
    "attached_proof": Text("What the credential rests on", "ما تستند إليه الشهادة الرقمية"),
}
