"""Every text of pages for people, in Arabic and in English. A missing one fails a test.

In braces stands what a page puts there, isolated. Of a number and its noun there is one form for each plural category
of the language (Unicode CLDR).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.texts.codes import CODES
from ledger.texts.coordinators import COORDINATORS
from ledger.texts.text import Plural, Text
from ledger.texts.volunteers import VOLUNTEERS

EVERYWHERE: Final[dict[str, Text]] = {
    "language_name": Text("العربية", "English"),
    "site": Text("ساعات التطوّع", "Volunteer hours"),
    "skip": Text("انتقل إلى المحتوى", "Skip to the content"),
    "navigation": Text("الصفحات", "Pages"),
    "nav_find": Text("الفرص", "Find"),
    "nav_registrations": Text("تسجيلاتي", "My shifts"),
    "nav_hours": Text("ساعاتي", "My hours"),
    "nav_organize": Text("إدارة الفرص", "Organise"),
    "nav_verify": Text("تدقيق الساعات", "Verify"),
    "sign_out": Text("تسجيل الخروج", "Sign out"),
    "signed_in_as": Text("دخلت باسم {actor}", "Signed in as {actor}"),
    "foot": Text(
        "كل ما يُسجَّل هنا يبقى: التصحيح قيد جديد، ولا يُمحى شيء خفيةً.",
        "Whatever is recorded here stays: a correction is a new entry, and nothing is erased in silence.",
    ),
    "back": Text("رجوع", "Back"),
    "more_rows": Text("الصفحة التالية", "Next page"),
    "more": Text("المزيد", "More"),
    "moment": Text("{day}، الساعة {time}", "{day}, {time}"),
    "when_one_day": Text("{day}، من {start} إلى {end}", "{day}, {start} to {end}"),
    "when_two_days": Text("من {day} {start} إلى {end_day} {end}", "{day} {start} to {end_day} {end}"),
    "span": Text("من {start} إلى {end}", "{start} to {end}"),
    "span_next_day": Text("من {start} إلى {end} في اليوم التالي", "{start} to {end} on the next day"),
    "span_days": Text("من {start} إلى {end} في {end_day}", "{start} to {end} on {end_day}"),
    "city_region": Text("{city}، {region}", "{city}, {region}"),
    "form_wrong": Text(
        "في النموذج ما يحتاج إلى تصحيح، ولم يُسجَّل شيء. راجع الخانات المُعلَّمة.",
        "Something in the form is not as it should be, and nothing was recorded. Look at the marked fields.",
    ),
    "not_recorded": Text("لم يُسجَّل شيء", "Nothing was recorded"),
    "done": Text("تم", "Done"),
    # Errors
    "absent_title": Text("لا يوجد شيء هنا", "There is nothing here"),
    "absent_text": Text(
        "الصفحة غير موجودة، أو ليست متاحة لك. تأكد من الرابط، أو ادخل بالحساب الصحيح.",
        "This page does not exist, or it is not for you. Check the link, or sign in as the right person.",
    ),
    "foreign_title": Text("لم يُقبل النموذج", "The form was not taken"),
    "foreign_text": Text(
        "لم يأتِ النموذج من صفحة مفتوحة في هذه الجلسة، ولم يُسجَّل شيء. افتح الصفحة من جديد ثم أرسله.",
        "It did not come from a page that was opened in this session, and nothing was recorded. Open the page again "
        "and send it from there.",
    ),
    "refused_title": Text("لا يمكن ذلك الآن", "This cannot be done"),
    "broken_title": Text("حدث خطأ في السجل", "The ledger failed inside"),
    "broken_text": Text(
        "لا تعرف هذه الصفحة ما إذا سُجّل طلبك. أبلغ القائمين على السجل برقم الحادثة {incident}.",
        "This page does not know whether your request was recorded. Tell those who run the ledger the incident "
        "{incident}.",
    ),
    "to_start": Text("إلى الفرص", "To the opportunities"),
    # Signing in
    "sign_in_title": Text("تسجيل الدخول", "Sign in"),
    "sign_in_text": Text(
        "ادخل من بوابة الجهة المسؤولة، أو الصق رمز الدخول الذي أصدرته لك. لا توجد هنا حسابات ولا كلمات مرور.",
        "Come from the authority's portal, or paste the access token that it issued to you. There are no accounts or "
        "passwords here.",
    ),
    "sign_in_token": Text("رمز الدخول", "Access token"),
    "sign_in_button": Text("دخول", "Sign in"),
    "sign_in_ended": Text(
        "انتهت جلستك أو سُحبت صلاحيتها، فادخل من جديد. إن كنت قد أرسلت نموذجًا فلم يُسجَّل شيء.",
        "Your session has ended, or was revoked: sign in again. If you had just sent a form, nothing was recorded.",
    ),
    "sign_in_refused": Text(
        "لا يفتح هذا الرمز هذه الصفحات: ربما انتهى، أو أُصدر لنظام آخر. اطلب رمزًا جديدًا.",
        "This token does not open these pages: it may have ended, or was issued for another system. Ask for a new one.",
    ),
    "sign_in_too_long": Text(
        "هذا الرمز أطول مما تقبله هذه الصفحات.", "This token is longer than these pages can take."
    ),
    "sign_in_first": Text("ادخل لترى هذه الصفحة.", "Sign in to see this page."),
    "sign_in_welcome": Text("أثرُ عطائك محفوظ", "What you give is kept"),
    "sign_in_lead": Text(
        "ابحث عن فرصة تطوّع، وسجّل فيها بثلاث خطوات، وشاهد ساعاتك المدقّقة وما تستند إليه.",
        "Find an opportunity, register in three steps, and see your verified hours and what they rest on.",
    ),
    "done_signed_out": Text("خرجت من الصفحات.", "You are signed out."),
}

TEXTS: Final[Mapping[str, Text]] = {**EVERYWHERE, **VOLUNTEERS, **COORDINATORS, **CODES}

PLURALS: Final[Mapping[str, Plural]] = {
    "places_left": Plural(
        "لا مقاعد متبقية",
        "بقي مقعد واحد",
        "بقي مقعدان",
        "بقيت {n} مقاعد",
        "بقي {n} مقعدًا",
        "{n} place left",
        "{n} places left",
    ),
    "found": Plural(
        "لا توجد فرص", "فرصة واحدة", "فرصتان", "{n} فرص", "{n} فرصة", "{n} opportunity", "{n} opportunities"
    ),
    "years_old": Plural(
        "كل الأعمار",
        "سنة واحدة فأكثر",
        "سنتان فأكثر",
        "{n} سنوات فأكثر",
        "{n} سنة فأكثر",
        "{n} year or older",
        "{n} years or older",
    ),
    "waiting": Plural(
        "لا شيء ينتظر",
        "سجل واحد ينتظر",
        "سجلان ينتظران",
        "{n} سجلات تنتظر",
        "{n} سجلًا ينتظر",
        "{n} waits",
        "{n} wait",
    ),
    "people": Plural("لا أحد", "شخص واحد", "شخصان", "{n} أشخاص", "{n} شخصًا", "{n} person", "{n} people"),
    "shifts": Plural("لا مناوبات", "مناوبة واحدة", "مناوبتان", "{n} مناوبات", "{n} مناوبة", "{n} shift", "{n} shifts"),
}
