"""Every text of a statement's document, in Arabic and in English. In braces stands what is put in, isolated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    # At the head
    "statement": Text("إفادة بساعات التطوع المدققة", "Statement of verified volunteer hours"),
    "transcript": Text("السجل الكامل لساعات التطوع المدققة", "Transcript of verified volunteer hours"),
    "initials": Text("الأحرف الأولى من الاسم", "Initials"),
    "issued": Text("تاريخ الإصدار", "Issued on"),
    "scan": Text("امسح الرمز للتحقق", "Scan to check"),
    "code_alternative": Text("رمز الاستجابة السريعة للرابط {link}", "QR code of the link {link}"),
    "name": Text("الاسم الكامل", "Full name"),
    "verified": Text("الساعات المدققة", "Verified hours"),
    "period": Text("فترة التطوع", "Service dates"),
    "period_whole": Text("كل التواريخ", "All"),
    "period_between": Text("من {first} إلى {last}", "{first} to {last}"),
    "period_from": Text("منذ {first}", "From {first} on"),
    "period_until": Text("حتى {last}", "Until {last}"),
    "counted": Text("الجهات المشمولة", "Organisations"),
    "counted_all": Text("جميع الجهات", "All"),
    "counted_some": Text("فقط", "Only"),
    "expires": Text("سارية حتى", "Holds until"),
    # Tables
    "organizations": Text("الساعات حسب الجهة", "Hours by organisation"),
    "roles": Text("الساعات حسب الدور", "Hours by role"),
    "sectors": Text("الساعات حسب القطاع", "Hours by sector"),
    "years": Text("الساعات حسب السنة", "Hours by year"),
    "skills": Text("الساعات حسب المهارة", "Hours by skill"),
    "entries": Text("جميع مرات الحضور المدققة", "Every verified attendance"),
    "organization": Text("الجهة", "Organisation"),
    "role": Text("الدور والجهة", "Role and organisation"),
    "sector": Text("القطاع", "Sector"),
    "year": Text("السنة", "Year"),
    "skill": Text("المهارة", "Skill"),
    "date": Text("التاريخ", "Date"),
    "first_day": Text("أول يوم", "First day"),
    "last_day": Text("آخر يوم", "Last day"),
    "hours": Text("ساعات:دقائق", "Hours:minutes"),
    "position": Text("في السجل", "In the log"),
    "total": Text("المجموع", "Total"),
    "not_stated": Text("غير محدد", "Not stated"),
    "with_skills": Text("المهارات:", "Skills:"),
    "skills_overlap": Text(
        "ساعات الدور الذي يتطلب عدة مهارات محتسبة في كل مهارة منها.",
        "Hours of a role that asks for several skills stand in each of them.",
    ),
    "calendars": Text(
        "التواريخ ميلادية، والصغيرة تحتها بتقويم أم القرى.",
        "Dates are Gregorian; the small ones below them Umm al-Qura.",
    ),
    # What it rests on
    "basis": Text("ما تستند إليه", "What it rests on"),
    "issuer": Text("جهة الإصدار", "Issuer"),
    "statement_name": Text("الإفادة", "Statement"),
    "log": Text("السجل", "Log"),
    "log_size": Text("حجم السجل", "Size of the log"),
    "log_root": Text("الجذر (مختصر)", "Root (shortened)"),
    "recorded_through": Text("مسجل حتى", "Recorded through"),
    "digest": Text("بصمة الشهادة الرقمية", "SHA-256 of the credential"),
    "attached": Text("مرفقات الملف", "Attached to the file"),
    # How to check it
    "check": Text("كيف تتحقق من هذه الإفادة", "How to check this statement"),
    "check_link": Text(
        "امسح الرمز أو افتح هذا الرابط. يتحقق متصفحك من التوقيع والسجل والحالة الراهنة. ويجب أن تظهر في الصفحة الأحرف "
        "الأولى نفسها وتاريخ الإصدار نفسه.",
        "Scan the code or open this link. Your browser checks the signature, the log and the present status. The page "
        "must show the same initials and the same date of issue.",
    ),
    "check_file": Text("أو تحقق من الملف نفسه، ولو دون اتصال بالشبكة:", "Or check the file itself, also offline:"),
    "check_attached": Text(
        "لا رابط في هذا المستند. يُتحقق من الشهادة الرقمية المرفقة بالملف دون اتصال بالشبكة:",
        "There is no link on this document. The credential attached to the file is checked offline:",
    ),
    "paper": Text(
        "الورق وحده لا يثبت شيئًا. التحقق وحده يبين أن هذه الإفادة صحيحة وما زالت سارية.",
        "Paper proves nothing by itself. Only the check shows that this statement is genuine and still holds.",
    ),
    "not_shown": Text(
        "تحل العلامة {sign} محل حرف يتعذر عرضه في هذا المستند؛ وهو موجود في الشهادة الرقمية المرفقة.",
        "{sign} stands for a character that this document cannot show; the attached credential has it.",
    ),
    # On every page
    "page": Text("صفحة {page} من {pages}", "Page {page} of {pages}"),
    "issued_short": Text("صدرت في {date}", "issued {date}"),
    # Said of attachments
    "attached_credential": Text(
        "الشهادة الرقمية بتوقيع جهة الإصدار", "The credential: SD-JWT VC, signed by the issuer"
    ),
    "attached_proof": Text("ما تستند إليه الشهادة الرقمية", "What the credential rests on"),
}
