"""What people write over columns, in Arabic and English, for each field: with these a mapping is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HEADER_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        *("id", "record id", "row id", "attendance", "attendance id", "registration id", "reference", "ref", "no", "#"),
        *("الرقم", "المعرف", "رقم السجل", "رقم القيد", "الرقم المرجعي", "م", "مسلسل", "الرقم التسلسلي"),
    ),
    "volunteer": (
        *("volunteer", "volunteer id", "volunteer no", "member", "member id", "participant"),
        *("المتطوع", "رقم المتطوع", "معرف المتطوع", "رقم العضو", "رقم المشارك", "كود المتطوع"),
    ),
    "name.ar": ("name ar", "arabic name", "الاسم", "الاسم الكامل", "الاسم الرباعي", "اسم المتطوع", "الاسم بالعربية"),
    "name.en": ("name", "full name", "name en", "english name", "volunteer name", "الاسم بالإنجليزية"),
    "birth_date": ("birth date", "date of birth", "dob", "birthday", "تاريخ الميلاد", "الميلاد"),
    "gender": ("gender", "sex", "الجنس", "النوع"),
    "identity_type": ("identity type", "id type", "document type", "نوع الهوية", "نوع الوثيقة"),
    "identity_number": (
        *("identity number", "identity", "national id", "iqama", "passport number", "document number"),
        *("رقم الهوية", "الهوية", "الهوية الوطنية", "السجل المدني", "رقم الإقامة", "رقم الجواز"),
    ),
    "country": ("country", "nationality", "الدولة", "الجنسية", "بلد الإصدار"),
    "email": ("email", "e-mail", "mail", "البريد", "البريد الإلكتروني", "الإيميل"),
    "phone": ("phone", "mobile", "telephone", "phone number", "الجوال", "رقم الجوال", "الهاتف", "رقم الهاتف"),
    "shift": ("shift", "shift id", "opportunity", "event", "الوردية", "الفترة", "المناوبة", "الفرصة", "رقم الفرصة"),
    "status": ("status", "state", "الحالة", "حالة التسجيل"),
    "organization": ("organization", "organisation", "charity", "agency", "الجهة", "المنظمة", "الجمعية", "اسم الجهة"),
    "activity": ("activity", "program", "programme", "project", "النشاط", "البرنامج", "المبادرة", "اسم النشاط"),
    "date": ("date", "day", "service date", "activity date", "التاريخ", "اليوم", "تاريخ التطوع", "تاريخ النشاط"),
    "start_time": (
        *("start time", "start", "from", "time in", "check in"),
        *("وقت البداية", "وقت البدء", "من", "الحضور", "وقت الحضور"),
    ),
    "end_time": ("end time", "end", "to", "time out", "check out", "وقت النهاية", "إلى", "الانصراف", "وقت الانصراف"),
    "duration": (
        *("duration", "hours", "total hours", "number of hours", "minutes"),
        *("الساعات", "عدد الساعات", "ساعات التطوع", "المدة", "الدقائق", "عدد الدقائق"),
    ),
    "shift_name": ("shift name", "اسم الوردية"),
    "head_count": ("head count", "people", "عدد المتطوعين", "عدد الحضور"),
    "residence_region": ("residence region", "region of residence", "منطقة السكن"),
    "verified": ("verified", "verified hours", "approved hours", "الساعات المعتمدة", "الساعات الموثقة"),
    "time_zone": ("time zone", "timezone", "المنطقة الزمنية"),
    "city": ("city", "town", "المدينة"),
    "region": ("region", "province", "state region", "المنطقة"),
    "source_time": ("source time", "modified", "updated at", "created at", "تاريخ التعديل", "آخر تحديث"),
}  # fmt: skip
MINUTES: Final = ("minutes", "minute", "min", "mins", "الدقائق", "دقائق", "دقيقة")
"""In the name of a column of durations, they say what it counts."""
MEANINGS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "gender": {
        "female": ("female", "f", "woman", "أنثى", "انثى", "نساء", "امرأة"),
        "male": ("male", "m", "man", "ذكر", "رجل", "رجال"),
    },
    "status": {
        "registered": ("registered", "accepted", "confirmed", "active", "مسجل", "مقبول", "مؤكد", "مسجلة", "مقبولة"),
        "withdrawn": ("withdrawn", "cancelled", "canceled", "declined", "منسحب", "ملغي", "ملغى", "معتذر", "منسحبة"),
    },
    "identity_type": {
        "national_id": ("national id", "national", "هوية وطنية", "الهوية الوطنية", "سجل مدني"),
        "iqama": ("iqama", "residence permit", "إقامة", "هوية مقيم"),
        "passport": ("passport", "جواز سفر", "جواز"),
    },
}
"""Words of cells whose meaning is known."""
