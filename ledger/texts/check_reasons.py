"""Why a step does not hold, or is not shown: a text in Arabic and in English for each code that the script gives."""

from __future__ import annotations

from typing import Final

_BROKEN: Final = (
    "في نصها خطأ أو تغيير: ليس كما تُصدَر الإفادات.",
    "Its text is damaged or changed: it is not as statements are issued.",
)
_EVENT: Final = (
    "ما سُجّل في السجل لا يخص هذه الإفادة.",
    "What stands in the log is not about this statement.",
)
_PROOF: Final = (
    "ملف إثبات السجل تالف أو مغيَّر.",
    "The proof file of the log is damaged or changed.",
)
_BALANCE: Final = (
    "ملف إثبات الرصيد تالف أو مغيَّر.",
    "The balance proof is damaged or changed.",
)

REASONS: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("spelling", "not_utf8", "not_json", "compression"), _BROKEN),
    **dict.fromkeys(("jwt_form", "claims", "credential_form"), _BROKEN),
    "twice": ("فيها شيء مكرر مرتين.", "Something is in it twice."),
    "too_long": ("أطول من المسموح.", "It is longer than is allowed."),
    "jwt_header": (
        "نوعها أو طريقة توقيعها ليست المقررة للإفادات.",
        "Its type, or the way it is signed, is not the one of statements.",
    ),
    "other_issuer": ("صادرة عن جهة أخرى.", "It is issued by somebody else."),
    "link_other": (
        "الإفادة التي أرسلها الخادم ليست التي طُبع رابطها.",
        "The statement that the server gave is not the one that the link was printed for.",
    ),
    "issuer_document": (
        "مفاتيح الجهة المُصدِرة المنشورة تالفة.",
        "The issuer's published keys are damaged.",
    ),
    "key_unknown": (
        "وُقّعت بمفتاح ليس من مفاتيح الجهة المُصدِرة.",
        "It is signed with a key that is not one of the issuer's.",
    ),
    "key_not_yet": ("لم يكن المفتاح صالحًا بعد في ذلك الوقت.", "The key was not valid yet at that time."),
    "key_ended": ("كان المفتاح قد انتهى في ذلك الوقت.", "The key had ended by that time."),
    "key_revoked": (
        "أُلغي هذا المفتاح، ولا يُثبت السجل أن الإصدار كان قبل ذلك.",
        "This key was revoked, and the log does not show that it was issued before.",
    ),
    "signature_wrong": ("التوقيع لا يطابق النص: غُيّر شيء فيه.", "The signature does not fit the text: it was changed."),
    "signature_high_s": ("صيغة التوقيع ليست الصيغة المقبولة.", "The signature is not in its one accepted form."),
    "disclosure_foreign": (
        "فيها تفصيل ليس من الجهة المُصدِرة، أو مكرر.",
        "A detail in it is not the issuer's, or is there twice.",
    ),
    "disclosure_form": ("أحد التفاصيل ليس بالشكل المقرر.", "A detail does not have its form."),
    "sum": ("التفاصيل لا تساوي الساعات المدقّقة.", "Its details do not add up to the verified hours."),
    **dict.fromkeys(("note_form", "proof_form", "event_form", "vkey"), _PROOF),
    "note_signature": ("توقيع السجل لا يطابق.", "The signature of the log does not fit."),
    "note_unsigned": ("السجل لم يوقّع هذا الإثبات.", "The log did not sign this proof."),
    "log_unknown": ("لا تعرف هذه الصفحة مفتاح هذا السجل.", "This page has no key of this log."),
    "log_other": ("الإثبات من سجل آخر.", "The proof is of another log."),
    "event_other": _EVENT,
    "event_position": (
        "موضع الإصدار في السجل ليس بعد ما تستند إليه الإفادة.",
        "It was not issued after what it rests on.",
    ),
    "inclusion": ("الإثبات لا يقود إلى ما وقّعه السجل.", "The proof does not lead to what the log signed."),
    **dict.fromkeys(("balance_form", "balance_root"), _BALANCE),
    "balance_other": ("إثبات الرصيد لشخص آخر.", "The balance proof is of somebody else."),
    "balance_size": ("إثبات الرصيد من وقت آخر.", "The balance proof is of another time."),
    "balance_partition": ("إثبات الرصيد من قسم آخر من السجل.", "The balance proof is of another part of the log."),
    "balance_seconds": (
        "الساعات ليست كل ساعات هذا الشخص.",
        "The hours are not those that the log has of this person.",
    ),
    "status_form": ("قائمة الحالات تالفة.", "The list of status is damaged."),
    "status_other": ("قائمة الحالات لإفادات أخرى.", "The list of status is of other statements."),
    "status_clock": (
        "قائمة الحالات من المستقبل: تأكد من ساعة جهازك.",
        "The list of status is of the future: look at the clock of your device.",
    ),
    "status_old": (
        "قائمة الحالات أقدم من المسموح، أو ساعة جهازك غير صحيحة.",
        "The list of status is older than allowed, or the clock of your device is wrong.",
    ),
    "status_place": ("لا مكان لهذه الإفادة في القائمة.", "The list has no place for this statement."),
    "status_revoked": ("أُلغيت الإفادة.", "The statement was revoked."),
    "status_superseded": ("صُحّحت الساعات بعد إصدار الإفادة.", "The hours were corrected after it was issued."),
    "no_event": (
        "لا يوجد مع الإفادة إثبات من السجل: قد لا يكون إصدارها موقَّعًا فيه بعد.",
        "No proof of the log came with it: that it was issued may not be signed there yet.",
    ),
    "selection": (
        "تقتصر على تواريخ أو جهات مختارة، ولا يمكن إثبات اكتمال ذلك دون عرض كل شيء.",
        "It is of chosen dates or organisations: that nothing is missing cannot be shown without showing everything.",
    ),
    "no_balance": ("لا يوجد معها إثبات الرصيد.", "No balance proof came with it."),
    "no_status": ("لم تُعطَ قائمة الحالات.", "No list of status was given."),
    "status_unreachable": (
        "تعذّر الوصول إلى قائمة الحالات: لا اتصال بالشبكة.",
        "The list of status could not be reached: there is no network.",
    ),
    "browser": (
        "لا يستطيع هذا المتصفح التحقق من هذا النوع من التواقيع (Ed25519).",
        "This browser cannot check this kind of signature (Ed25519).",
    ),
    "not_reached": ("لم يُتحقق منها بعد خطوة لم تثبت.", "Not looked at, since a step before it does not hold."),
    "inside": ("حدث خطأ في أثناء التحقق.", "Something went wrong while checking."),
    "no_pdf": (
        "ليس الملف PDF ولا نص إفادة.",
        "This is neither a PDF nor the text of a statement.",
    ),
    "pdf_encrypted": ("الملف محمي بكلمة مرور.", "The PDF is protected by a password."),
    "pdf_broken": ("لا يمكن قراءة مرفقات الملف.", "The attachments of this PDF cannot be read."),
    "pdf_without": (
        "ليس في ملف PDF هذا إفادة مرفقة. اطلب الملف الأصلي كما أُصدر: المسح الضوئي والنسخ المحفوظة من جديد تفقد "
        "المرفقات.",
        "This PDF has no statement attached. Ask for the file as it was issued: scans and copies that were saved anew "
        "lose it.",
    ),
    "picture": (
        "هذه صورة. افتح الرابط الذي في رمز QR، أو اطلب ملف PDF الأصلي.",
        "This is a picture. Open the link in its QR code, or ask for the PDF itself.",
    ),
}
