"""Every text for people on the check page, in Arabic and in English. A missing one fails a test.

In braces stands what the page puts there; it is isolated, so that numbers and names do not turn the line around.
Of a number and its noun there is one text for each plural category of the language (Unicode CLDR).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.texts.check_reasons import REASONS
from ledger.texts.text import Language, Text

_PAGES: Final[dict[str, Text]] = {
    "page_title": Text("إفادة ساعات تطوّع", "Statement of volunteer hours"),
    "check_title": Text("التحقق من إفادة ساعات تطوّع", "Check a statement of volunteer hours"),
    "type_description": Text(
        "ساعات تطوّع مدقّقة وما تستند إليه في سجل لا يُعاد كتابته.",
        "Verified volunteer hours, and what they rest on in a log that is never rewritten.",
    ),
    "language_name": Text("العربية", "English"),
    "loading": Text("يجري التحقق في متصفحك…", "Checking, in your browser…"),
    "share_needs_script": Text(
        "يجري التحقق من هذه الإفادة في متصفحك، ولذلك يحتاج إلى JavaScript. فعّله ثم أعد تحميل الصفحة، أو اطلب الإفادة "
        "ملف PDF وتحقق منها بالأمر {command}.",
        "This statement is checked in your browser, which needs JavaScript. Turn it on and load the page again, or ask "
        "for the statement as a PDF and check it with the command {command}.",
    ),
    "check_needs_script": Text(
        "يُقرأ الملف ويُتحقق منه في متصفحك، ولذلك يحتاج إلى JavaScript. فعّله ثم أعد تحميل الصفحة، أو استعمل الأمر "
        "{command}.",
        "The file is read and checked in your browser, which needs JavaScript. Turn it on and load the page again, or "
        "use the command {command}.",
    ),
    "check_intro": Text(
        "اختر الإفادة ملف PDF، أو الصق نصها. تُقرأ ويُتحقق منها في متصفحك، ولا يُرسل الملف إلى أي جهة.",
        "Choose the statement as a PDF, or paste its text. It is read and checked in your browser; the file is never "
        "sent.",
    ),
    "choose": Text("اختر ملفًا", "Choose a file"),
    "drop_here": Text("أو أفلت الملف هنا.", "Or drop the file here."),
    "paste_label": Text("أو الصق نص الإفادة", "Or paste the text of the statement"),
    "paste_check": Text("تحقق من النص", "Check this text"),
    "check_another": Text("لديك إفادة ملف PDF؟ تحقق منها هنا", "You have a statement as a PDF? Check it here"),
    "about": Text(
        "تُحسب كل خطوة في متصفحك من بيانات موقّعة. لكي لا تعتمد على أي صفحة، تحقق من ملف PDF على حاسوبك بالأمر "
        "{command}.",
        "Every step is computed in your browser from signed data. To rely on no page at all, check the PDF on a "
        "computer of your own with {command}.",
    ),
    "again": Text("حاول مرة أخرى", "Try again"),
}

_STATES: Final[dict[str, Text]] = {
    "state_valid": Text("الإفادة صحيحة", "The statement holds"),
    "state_valid_text": Text(
        "وقّعتها {issuer}، ولم تُلغَ ولم تُصحَّح.", "It is signed by {issuer}, and was neither revoked nor corrected."
    ),
    "state_unasked": Text("التوقيع صحيح، وحالتها غير معروفة", "The signature holds, its status is not known"),
    "state_unasked_text": Text(
        "وقّعتها {issuer}. لم يمكن معرفة ما إذا أُلغيت أو صُحّحت بعد ذلك.",
        "It is signed by {issuer}. Whether it was revoked or corrected since could not be asked.",
    ),
    "state_superseded": Text("صُحّحت الساعات بعد إصدارها", "The hours were corrected since"),
    "state_superseded_text": Text(
        "عدد الساعات عند الإصدار: {then}. عددها الآن: {now}، منذ {since}.",
        "Issued for {then}, now {now} since {since}.",
    ),
    "state_superseded_alone": Text(
        "عدد الساعات عند الإصدار: {then}. تغيّر العدد بعد ذلك. اطلب رابطًا لترى العدد الحالي.",
        "Issued for {then}; the number has changed since. Ask for a link to see the number of today.",
    ),
    "state_expired": Text("انتهت صلاحية الإفادة", "The statement has expired"),
    "state_expired_text": Text(
        "كانت صالحة حتى {until}. اطلب إفادة جديدة.", "It was good until {until}. Ask for a new one."
    ),
    "state_revoked": Text("أُلغيت الإفادة", "The statement was revoked"),
    "state_revoked_text": Text(
        "لم تعد صالحة، ولذلك لا يُعرض شيء مما فيها.", "It is no longer good, so nothing of what it says is shown."
    ),
    "state_revoked_since": Text(
        "أُلغيت في {since}. لم تعد صالحة، ولذلك لا يُعرض شيء مما فيها.",
        "It was revoked on {since}. It is no longer good, so nothing of what it says is shown.",
    ),
    "state_erased": Text("حُذفت بيانات الشخص", "The person's data was erased"),
    "state_erased_text": Text(
        "حُذفت البيانات الشخصية لصاحب هذه الإفادة، ولم يبق منها ما يُعرض.",
        "The personal data behind this statement was erased. Nothing of it is left to show.",
    ),
    "state_unknown": Text("لا توجد إفادة هنا", "There is no statement here"),
    "state_unknown_text": Text(
        "لا يُعرف هذا الرابط. تأكد من أنه كامل، أو اطلب رابطًا جديدًا.",
        "This link is not known. See that it is whole, or ask for a new one.",
    ),
    "state_withdrawn": Text("سُحب الرابط", "The link was withdrawn"),
    "state_withdrawn_text": Text(
        "سحب المتطوع هذا الرابط. اطلب منه رابطًا جديدًا.", "The volunteer withdrew this link. Ask them for a new one."
    ),
    "state_share_expired": Text("انتهت مدة الرابط", "The link has ended"),
    "state_share_expired_text": Text(
        "كان لهذا الرابط تاريخ انتهاء وقد مضى. اطلب رابطًا جديدًا.",
        "This link had an end, which is past. Ask for a new one.",
    ),
    "state_used_up": Text("استُنفد الرابط", "The link is used up"),
    "state_used_up_text": Text(
        "فُتح هذا الرابط عدد المرات المسموح به. اطلب رابطًا جديدًا.",
        "This link was opened as often as it may be. Ask for a new one.",
    ),
    "state_tampered": Text("لا تعتمد على هذه الإفادة", "Do not rely on this statement"),
    "state_tampered_text": Text(
        "لم تثبت الخطوة «{step}»، ولذلك لا يُعرض شيء مما فيها.",
        "The step “{step}” does not hold, so nothing of what it says is shown.",
    ),
    "state_other_issuer": Text("أصدرتها جهة أخرى", "Issued by another issuer"),
    "state_other_issuer_text": Text(
        "تذكر أنها صادرة عن {issuer}، ولا تعرف هذه الصفحة مفاتيح تلك الجهة. تحقق منها في صفحة تلك الجهة.",
        "It says that it is issued by {issuer}, whose keys this page does not have. Check it on that issuer's page.",
    ),
    "state_unreadable": Text("ليس في الملف إفادة", "There is no statement in this"),
    "state_unreadable_text": Text("{why}", "{why}"),
    "state_away": Text("لا يمكن الوصول إلى الخدمة", "The service cannot be reached"),
    "state_away_text": Text(
        "لم يُتحقق من شيء. تأكد من الاتصال ثم حاول مرة أخرى.",
        "Nothing was checked. See that you are connected, and try again.",
    ),
    "state_old_browser": Text("لا يستطيع هذا المتصفح التحقق", "This browser cannot check it"),
    "state_old_browser_text": Text(
        "يحتاج التحقق إلى متصفح حديث وإلى عنوان يبدأ بـ https.",
        "Checking needs a browser of today, and an address that begins with https.",
    ),
    "state_needs_network": Text("هذا رابط فقط", "This is only a link"),
    "state_needs_network_text": Text(
        "افتح الرابط في متصفحك: الإفادة نفسها ليست فيه.",
        "Open the link in your browser: the statement itself is not in it.",
    ),
}

_CONTENT: Final[dict[str, Text]] = {
    "result": Text("نتيجة التحقق", "Result of the check"),
    "initials": Text("الأحرف الأولى من الاسم", "Initials"),
    "issued": Text("تاريخ الإصدار", "Issued on"),
    "compare": Text(
        "قارن الأحرف والتاريخ بمن قدّم لك الإفادة: يمكن إعادة إرسال الرابط.",
        "Compare both with whoever gave you this: a link can be passed on.",
    ),
    "full_name": Text("الاسم", "Name"),
    "verified_hours": Text("الساعات المدقّقة", "Verified hours"),
    "hours_now": Text("الساعات المدقّقة الآن", "Verified hours now"),
    "hours_then": Text("الساعات عند الإصدار", "Hours when issued"),
    "period": Text("مدة الخدمة", "Dates of service"),
    "period_whole": Text("كل التواريخ", "All dates"),
    "period_from": Text("من {from}", "From {from}"),
    "period_to": Text("حتى {to}", "Until {to}"),
    "period_both": Text("من {from} حتى {to}", "From {from} to {to}"),
    "only_organizations": Text("جهات مختارة فقط", "Chosen organisations alone"),
    "recorded_through": Text("محسوبة حتى", "Counted up to"),
    "expires": Text("صالحة حتى", "Good until"),
    "left_away": Text("تفاصيل لم تُعرض", "Details left away"),
    "organizations": Text("الجهات", "Organisations"),
    "roles": Text("الأعمال", "Roles"),
    "sectors": Text("القطاعات", "Sectors"),
    "years": Text("السنوات", "Years"),
    "skills": Text("المهارات", "Skills"),
    "entries": Text("كل الساعات المدقّقة", "Every verified entry"),
    "entries_count": Text("عدد السجلات: {count}", "Entries: {count}"),
    "not_stated": Text("غير مذكور", "Not stated"),
    "date": Text("التاريخ", "Date"),
    "work": Text("العمل", "Work"),
    "hours": Text("الساعات", "Hours"),
    "between": Text("{from} – {to}", "{from} – {to}"),
    "both_calendars": Text("{gregorian} (الموافق {hijri})", "{gregorian} ({hijri})"),
    "hours_zero": Text("{n} ساعة", "{n} hours"),
    "hours_one": Text("ساعة واحدة", "{n} hour"),
    "hours_two": Text("ساعتان", "{n} hours"),
    "hours_few": Text("{n} ساعات", "{n} hours"),
    "hours_many": Text("{n} ساعة", "{n} hours"),
    "hours_other": Text("{n} ساعة", "{n} hours"),
    "minutes_zero": Text("{n} دقيقة", "{n} minutes"),
    "minutes_one": Text("دقيقة واحدة", "{n} minute"),
    "minutes_two": Text("دقيقتان", "{n} minutes"),
    "minutes_few": Text("{n} دقائق", "{n} minutes"),
    "minutes_many": Text("{n} دقيقة", "{n} minutes"),
    "minutes_other": Text("{n} دقيقة", "{n} minutes"),
    "seconds_zero": Text("{n} ثانية", "{n} seconds"),
    "seconds_one": Text("ثانية واحدة", "{n} second"),
    "seconds_two": Text("ثانيتان", "{n} seconds"),
    "seconds_few": Text("{n} ثوانٍ", "{n} seconds"),
    "seconds_many": Text("{n} ثانية", "{n} seconds"),
    "seconds_other": Text("{n} ثانية", "{n} seconds"),
    "and": Text(" و", " and "),
}

_STEPS: Final[dict[str, Text]] = {
    "steps": Text("خطوات التحقق", "How it was checked"),
    "outcome_holds": Text("ثبتت", "Holds"),
    "outcome_fails": Text("لم تثبت", "Fails"),
    "outcome_not_shown": Text("لم تُعرض", "Not shown"),
    "step_form": Text("الشكل", "Form"),
    "step_link": Text("الرابط", "Link"),
    "step_signature": Text("التوقيع", "Signature"),
    "step_disclosures": Text("التفاصيل", "Details"),
    "step_log": Text("السجل", "Log"),
    "step_complete": Text("الاكتمال", "Complete"),
    "step_status": Text("الحالة", "Status"),
    "holds_form": Text("هي إفادة ساعات تطوّع كاملة الأجزاء.", "It is a statement of volunteer hours, and whole."),
    "holds_link": Text("هي الإفادة نفسها التي طُبع رابطها.", "It is the very statement that the link was printed for."),
    "holds_signature": Text("وقّعتها {issuer} بالمفتاح {key}", "Signed by {issuer} with the key {key}"),
    "holds_disclosures": Text(
        "كل ما يُعرض من الجهة المُصدِرة، ومجموعه يساوي الساعات المدقّقة.",
        "All that is shown is the issuer's, and adds up to the verified hours.",
    ),
    "holds_log": Text(
        "إصدارها مسجّل في السجل {log} في الموضع {position}، ولا يمكن تغييره دون أن يُكشف.",
        "That it was issued stands in the log {log} at position {position}, and cannot be changed unseen.",
    ),
    "holds_complete": Text(
        "هذه كل الساعات المدقّقة لهذا الشخص حتى ذلك التاريخ، دون نقص.",
        "These are all verified hours of this person up to then; none is left out.",
    ),
    "holds_status": Text(
        "لم تُلغَ ولم تُصحَّح. عمر قائمة الحالات: {age}.", "Neither revoked nor corrected. Age of the status list: {age}."
    ),
}

TEXTS: Final[Mapping[str, Text]] = {
    **_PAGES,
    **_STATES,
    **_CONTENT,
    **_STEPS,
    **{f"why_{code}": Text(ar, en) for code, (ar, en) in REASONS.items()},
}


def texts_in(language: Language) -> dict[str, str]:
    """Every text in one language, by its key."""
    return {key: text.of(language) for key, text in TEXTS.items()}
