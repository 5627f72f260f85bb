"""Broken rules: a command that breaks one is refused and nothing is recorded.

Each refusal has one stable reason. Clients depend on the reasons: they are added, never renamed. The text tells the
person what would be right, in English and in Arabic; what varies in it is named in `{braces}` and travels beside it.
"""

from __future__ import annotations

import string
from enum import Enum
from typing import NoReturn


class Kind(Enum):
    """How the caller must react; each kind maps to one gRPC status."""

    INVALID = "invalid"
    """The request itself is wrong: mend it."""
    NOT_FOUND = "not_found"
    """What it names is not there, or not for this caller: both look alike."""
    ALREADY_EXISTS = "already_exists"
    REFUSED = "refused"
    """A rule forbids it as things stand: something else must happen first."""
    UNAUTHENTICATED = "unauthenticated"
    """It is not known who calls."""
    FORBIDDEN = "forbidden"
    """Not this actor: somebody else must do it."""
    NOT_YET_KNOWN = "not_yet_known"
    """The answer lies beyond what is recorded: ask again later."""
    RETRY = "retry"
    """Nothing is known to be wrong with the request: send the same one again, with the same request_id."""
    LIMITED = "limited"
    """Too much at once, and nothing was done: send the same one again, later and more slowly."""


class Reason(Enum):
    """Every reason for a refusal: its kind, its English and its Arabic text."""

    def __init__(self, kind: Kind, english: str, arabic: str) -> None:
        self.kind = kind
        self.english = english
        self.arabic = arabic

    # About the request itself
    INVALID_ARGUMENT = (
        Kind.INVALID,
        "The request does not have the right form: {violations}.",
        "صيغة الطلب غير صحيحة: {violations}.",
    )
    UNKNOWN_FIELDS = (
        Kind.INVALID,
        "The request carries fields this version does not know; use the published protos.",
        "يحتوي الطلب على حقول لا يعرفها هذا الإصدار؛ استخدم ملفات البروتوكول المنشورة.",
    )
    REQUEST_ID_REUSED = (
        Kind.ALREADY_EXISTS,
        "request_id {request_id} was used for another request; make a new one for a new request.",
        "المعرّف {request_id} استُخدم لطلب آخر؛ أنشئ معرّفًا جديدًا لكل طلب جديد.",
    )
    TIMES_REVERSED = (
        Kind.INVALID,
        "The end {end} must be later than the start {start}.",
        "يجب أن يكون وقت النهاية {end} بعد وقت البداية {start}.",
    )
    TIME_ZONE_UNKNOWN = (
        Kind.INVALID,
        "{time_zone} is not an IANA time zone; write one such as Asia/Riyadh.",
        "‏{time_zone} ليست منطقة زمنية معروفة؛ اكتب مثلًا Asia/Riyadh.",
    )
    DATE_INVALID = (
        Kind.INVALID,
        "{value} is not a date of the calendar; write it as 2026-11-23.",
        "‏{value} ليس تاريخًا صحيحًا؛ اكتبه بالشكل 2026-11-23.",
    )
    DURATION_OUT_OF_RANGE = (
        Kind.INVALID,
        "{seconds} seconds cannot be one attendance; give more than 0 and at most {seconds_max}.",
        "‏{seconds} ثانية لا تصلح حضورًا واحدًا؛ أدخل أكثر من 0 وبحد أقصى {seconds_max}.",
    )
    SERVICE_IN_FUTURE = (
        Kind.INVALID,
        "{time} lies in the future; record service after it has happened.",
        "‏{time} في المستقبل؛ سجّل الخدمة بعد حدوثها.",
    )
    EVENT_TOO_LARGE = (
        Kind.INVALID,
        "This would make an event of {bytes} bytes; at most {bytes_max} can be stored. Shorten the texts.",
        "سينتج عن هذا حدث حجمه {bytes} بايت والحد الأقصى {bytes_max}؛ اختصر النصوص.",
    )
    UPDATE_MASK_INVALID = (
        Kind.INVALID,
        "{path} cannot be changed here; allowed paths: {allowed}.",
        "لا يمكن تعديل {path} هنا؛ الحقول المسموحة: {allowed}.",
    )
    IDENTITY_INVALID = (
        Kind.INVALID,
        "The identity number does not have the form of its type; check the digits.",
        "رقم الهوية لا يطابق نوعها؛ تحقق من الأرقام.",
    )
    IDENTITY_COUNTRY_INVALID = (
        Kind.INVALID,
        "Give the country that issued the document as ISO 3166-1 alpha-2, such as JO; Saudi numbers have their own "
        "types.",
        "أدخل رمز الدولة المصدرة للوثيقة وفق ISO 3166-1 من حرفين مثل JO؛ للأرقام السعودية أنواعها الخاصة.",
    )
    PAGE_TOKEN_INVALID = (
        Kind.INVALID,
        "This page_token does not belong to this question; start again without one.",
        "رمز الصفحة لا يخص هذا السؤال؛ ابدأ من جديد من دونه.",
    )
    POSITION_UNKNOWN = (
        Kind.INVALID,
        "Partition {partition} does not exist in this ledger; it has partitions 0 to {partition_max}.",
        "القسم {partition} غير موجود في هذا السجل؛ الأقسام من 0 إلى {partition_max}.",
    )
    LOG_NOT_KEPT = (
        Kind.NOT_YET_KNOWN,
        "No checkpoint of partition {partition} is signed yet; whoever runs the ledger starts the log's keeper.",
        "لم تُوقَّع بعد أي نقطة تحقق للقسم {partition}؛ على القائمين على السجل تشغيل حافظ سجل الشفافية.",
    )
    NOT_IN_LOG_YET = (
        Kind.NOT_YET_KNOWN,
        "The newest checkpoint of partition {partition} holds positions up to {size}, not {position}; ask again later.",
        "أحدث نقطة تحقق للقسم {partition} تشمل المواضع حتى {size} ولا تشمل {position}؛ أعد السؤال لاحقًا.",
    )
    ANSWERS_NOT_SIGNED = (
        Kind.REFUSED,
        "This service has no keys to sign answers with; ask without proof, or have LEDGER_ANSWER_KEYS set.",
        "لا تملك هذه الخدمة مفاتيح لتوقيع الأجوبة؛ اسأل من دون إثبات، أو اطلب ضبط LEDGER_ANSWER_KEYS.",
    )
    ANSWER_TOO_LARGE = (
        Kind.INVALID,
        "The signed answer would have {bytes} bytes, at most {bytes_max} are signed; ask for less at once.",
        "سيبلغ حجم الجواب الموقّع {bytes} بايت والحد الأقصى {bytes_max}؛ اطلب أقل في كل مرة.",
    )
    NOT_YET_KNOWN = (
        Kind.NOT_YET_KNOWN,
        "This moment is later than what is recorded ({recorded_through}); ask again later.",
        "هذا الوقت لاحق لما سُجّل حتى الآن ({recorded_through})؛ أعد السؤال لاحقًا.",
    )
    UNAVAILABLE = (
        Kind.RETRY,
        "The ledger cannot answer just now; send the same request again with the same request_id.",
        "السجل غير متاح الآن؛ أعد إرسال الطلب نفسه بالمعرّف نفسه.",
    )
    QUOTA_EXCEEDED = (
        Kind.LIMITED,
        "This client has used up its quota ({limit} {quota}); ask again in {retry_after_seconds} s, and more slowly.",
        "استنفدت هذه الجهة الطالبة حصتها ({limit} {quota})؛ أعد الطلب بعد {retry_after_seconds} ثانية وبوتيرة أبطأ.",
    )
    SERVER_BUSY = (
        Kind.LIMITED,
        "The ledger does as much at once as it can; nothing was done, send the same request again in a moment.",
        "يعمل السجل بأقصى طاقته الآن ولم يُنفَّذ شيء؛ أعد إرسال الطلب نفسه بعد قليل.",
    )

    # What is named is not there, or there already
    NOT_FOUND = (
        Kind.NOT_FOUND,
        "There is no {name} for you; check the name.",
        "لا يوجد {name} متاح لك؛ تحقق من الاسم.",
    )
    ALREADY_EXISTS = (
        Kind.ALREADY_EXISTS,
        "{name} exists already; choose another id or leave it empty.",
        "‏{name} موجود مسبقًا؛ اختر معرّفًا آخر أو اتركه فارغًا.",
    )
    VOLUNTEER_ERASED = (
        Kind.REFUSED,
        "{name} was erased: nothing more can be known of them; the same person registers anew under another name.",
        "مُحيت بيانات {name} فلا يمكن معرفة المزيد عنه؛ يسجّل الشخص نفسه من جديد باسم آخر.",
    )
    MEMBER_ERASED = (
        Kind.REFUSED,
        "{name} was erased and acts for nobody any more; who comes back gets another id.",
        "مُحيت بيانات {name} ولم يعد يمثّل أحدًا؛ من يعود يحصل على معرّف آخر.",
    )
    LINK_TO_ITSELF = (
        Kind.INVALID,
        "{name} was given twice; give the two names that are one person.",
        "ذُكر {name} مرتين؛ أدخل الاسمين اللذين يعودان لشخص واحد.",
    )
    VOLUNTEER_ALREADY_LINKED = (
        Kind.REFUSED,
        "{name} is linked to another name already; end that link first.",
        "‏{name} مرتبط باسم آخر؛ أنهِ ذلك الربط أولًا.",
    )
    LINK_NOT_PROPOSED = (
        Kind.REFUSED,
        "Nobody has proposed that {name} and {linked_name} are one person; propose it first.",
        "لم يقترح أحد أن {name} و{linked_name} شخص واحد؛ اقترح ذلك أولًا.",
    )
    LINK_SAME_PERSON = (
        Kind.FORBIDDEN,
        "{actor} proposed this link; another person must approve it.",
        "‏{actor} اقترح هذا الربط؛ يجب أن يوافق عليه شخص آخر.",
    )
    LINKED_OVERLAP = (
        Kind.REFUSED,
        "{seconds} seconds of {attendance} are verified in {linked_attendance} of the same person; correct one.",
        "‏{seconds} ثانية من {attendance} مدقّقة في {linked_attendance} للشخص نفسه؛ صحّح إحداهما.",
    )
    IDENTITY_ALREADY_REGISTERED = (
        Kind.ALREADY_EXISTS,
        "This identity number is registered already; look the volunteer up instead.",
        "رقم الهوية هذا مسجّل مسبقًا؛ ابحث عن المتطوع بدلًا من تسجيله.",
    )

    # Who calls, and what they may do
    UNAUTHENTICATED = (
        Kind.UNAUTHENTICATED,
        "It is not known who calls ({cause}); present a registered certificate, or a valid token as "
        "`authorization: Bearer …`.",
        "لم تُعرف هوية المتصل ({cause})؛ قدّم شهادة مسجّلة أو رمز دخول صالحًا في `authorization: Bearer …`.",
    )
    PERMISSION_DENIED = (
        Kind.FORBIDDEN,
        "{actor} may not call {method} through {client}; a role that opens it is needed: {roles}.",
        "لا يحق لـ {actor} استدعاء {method} عبر {client}؛ يلزم دور يتيحه: {roles}.",
    )
    PURPOSE_NEEDED = (
        Kind.FORBIDDEN,
        "Name what you ask for in the metadata x-purpose: one of the purposes that {client} is registered for.",
        "حدّد غرض السؤال في البيان x-purpose من الأغراض المسجّلة لـ {client}.",
    )
    CLIENT_REVOKED = (
        Kind.REFUSED,
        "{client} was revoked for good; register the system under another name.",
        "أُلغي تسجيل {client} نهائيًا؛ سجّل النظام باسم آخر.",
    )
    ROLE_WITHOUT_SCOPE = (
        Kind.INVALID,
        "The role {role} means nothing here without {needed}; say {needed}.",
        "لا معنى للدور {role} هنا من دون {needed}؛ حدّد {needed}.",
    )

    # Organisations and their members
    ORGANIZATION_NOT_ACCREDITED = (
        Kind.REFUSED,
        "{organization} is not accredited; the authority must accredit it first.",
        "‏{organization} غير معتمدة؛ يجب أن تعتمدها الجهة المختصة أولًا.",
    )
    ORGANIZATION_SUSPENDED = (
        Kind.REFUSED,
        "{organization} is suspended; it must be reinstated first.",
        "‏{organization} موقوفة؛ يجب رفع الإيقاف أولًا.",
    )
    ORGANIZATION_NOT_SUSPENDED = (
        Kind.REFUSED,
        "{organization} is not suspended, so there is nothing to reinstate.",
        "‏{organization} ليست موقوفة، فلا حاجة لرفع الإيقاف.",
    )
    ACCREDITATION_IN_PAST = (
        Kind.INVALID,
        "The accreditation would end on {date}, which has passed; give a later date.",
        "ينتهي الاعتماد في {date} وهو تاريخ مضى؛ أدخل تاريخًا لاحقًا.",
    )
    APPOINTMENT_ENDED = (
        Kind.REFUSED,
        "{name} has ended already.",
        "‏{name} منتهٍ مسبقًا.",
    )
    NOT_A_VERIFIER = (
        Kind.FORBIDDEN,
        "{actor} holds no verifier's appointment in {organization} today; a verifier of it must do this.",
        "لا يحمل {actor} تعيين مدقّق في {organization} اليوم؛ يجب أن يقوم بذلك مدقّق معيّن فيها.",
    )
    VERIFIER_SERVED = (
        Kind.FORBIDDEN,
        "Nobody verifies their own hours; another verifier must do this.",
        "لا يدقّق أحد ساعاته بنفسه؛ يجب أن يقوم بذلك مدقّق آخر.",
    )
    VERIFIER_SUBMITTED = (
        Kind.FORBIDDEN,
        "Whoever recorded an attendance does not verify it; another verifier must do this.",
        "من سجّل الحضور لا يدقّقه؛ يجب أن يقوم بذلك مدقّق آخر.",
    )

    # Opportunities, shifts and registrations
    OPPORTUNITY_CLOSED = (
        Kind.REFUSED,
        "{opportunity} is closed; choose an open one.",
        "‏{opportunity} مغلقة؛ اختر فرصة مفتوحة.",
    )
    SHIFT_FULL = (
        Kind.REFUSED,
        "All {places} places of {shift} are taken; choose another shift.",
        "جميع المقاعد ({places}) في {shift} محجوزة؛ اختر نوبة أخرى.",
    )
    SHIFT_HAS_NO_TIMES = (
        Kind.REFUSED,
        "{shift} has a date only: it takes head counts. Give start and end, or record a group.",
        "‏{shift} لها تاريخ فقط وتقبل تسجيل المجموعات؛ أدخل البداية والنهاية أو سجّل مجموعة.",
    )
    SHIFT_TIMES_OR_DATE = (
        Kind.INVALID,
        "Give the shift a start and an end, or a service date alone.",
        "أدخل بداية النوبة ونهايتها، أو تاريخ الخدمة وحده.",
    )
    SHIFT_TOO_LONG = (
        Kind.INVALID,
        "{seconds} seconds cannot be one shift; at most {seconds_max}. Open several shifts.",
        "‏{seconds} ثانية لا تصلح نوبة واحدة، والحد الأقصى {seconds_max}؛ افتح عدة نوبات.",
    )
    PLACES_BELOW_TAKEN = (
        Kind.REFUSED,
        "{places_taken} places are taken; the number of places cannot go below that.",
        "‏{places_taken} مقعدًا محجوز؛ لا يمكن أن يقل عدد المقاعد عن ذلك.",
    )
    ALREADY_REGISTERED = (
        Kind.ALREADY_EXISTS,
        "{volunteer} is registered for {shift} already.",
        "‏{volunteer} مسجّل في {shift} مسبقًا.",
    )
    NOT_REGISTERED = (
        Kind.REFUSED,
        "{volunteer} is not registered for {shift}; register first.",
        "‏{volunteer} غير مسجّل في {shift}؛ سجّل أولًا.",
    )
    SHIFT_CANCELLED = (
        Kind.REFUSED,
        "{shift} was cancelled; choose another shift.",
        "‏{shift} ملغاة؛ اختر نوبة أخرى.",
    )
    SHIFT_NOT_BEGUN = (
        Kind.REFUSED,
        "{shift} has not begun; note an absence once it has.",
        "لم تبدأ {shift} بعد؛ سجّل الغياب بعد بدايتها.",
    )
    NOT_REQUESTED = (
        Kind.REFUSED,
        "{registration} does not wait for a decision; only a registration that was requested can be decided on.",
        "‏{registration} لا ينتظر قرارًا؛ لا يُبَتّ إلا في تسجيل مطلوب.",
    )
    ABSENCE_RECORDED = (
        Kind.REFUSED,
        "{registration} is noted as absent; who came after all is recorded by the organisation's own record.",
        "‏{registration} مسجّل غائبًا؛ من حضر رغم ذلك يُسجَّل حضوره بسجل الجهة نفسها.",
    )
    ATTENDANCE_THERE = (
        Kind.REFUSED,
        "{attendance} says that the person came; withdraw it first.",
        "‏{attendance} يثبت حضور الشخص؛ اسحبه أولًا.",
    )
    NOT_A_MEMBER = (
        Kind.FORBIDDEN,
        "{actor} does not act for {organization} today; a member of it must do this.",
        "لا يمثّل {actor} اليوم {organization}؛ يجب أن يقوم بذلك أحد أعضائها.",
    )
    OWN_REGISTRATION = (
        Kind.FORBIDDEN,
        "{actor} cannot decide on their own registration; another member must do this.",
        "لا يمكن لـ {actor} البتّ في تسجيله؛ يجب أن يقوم بذلك عضو آخر.",
    )
    GUARDIAN_CONSENT_MISSING = (
        Kind.REFUSED,
        "{volunteer} is under 18 on {date} and no guardian's consent covers it; record one and register again.",
        "عمر {volunteer} دون 18 سنة في {date} ولا توجد موافقة سارية من ولي الأمر؛ سجّل الموافقة ثم أعد التسجيل.",
    )
    CHARTER_NOT_ACCEPTED = (
        Kind.REFUSED,
        "{volunteer} has not accepted the volunteering charter; accept it first.",
        "لم يوافق {volunteer} على ميثاق التطوع؛ يجب الموافقة عليه أولًا.",
    )
    ELIGIBILITY_NOT_ESTABLISHED = (
        Kind.REFUSED,
        "The policy asks for more than is known of {volunteer} for {shift}; register again: the place is kept.",
        "تشترط السياسة ما لم يثبت بعد عن {volunteer} في {shift}؛ أعد التسجيل ويبقى المقعد محفوظًا.",
    )
    CONSENT_IN_PAST = (
        Kind.INVALID,
        "The consent would end on {date}, which has passed; give a later date or none.",
        "تنتهي الموافقة في {date} وهو تاريخ مضى؛ أدخل تاريخًا لاحقًا أو اتركه فارغًا.",
    )
    BELOW_MINIMUM_AGE = (
        Kind.REFUSED,
        "{opportunity} asks for an age of at least {minimum_age_years} years on the day of service.",
        "تشترط {opportunity} ألا يقل العمر عن {minimum_age_years} سنة يوم الخدمة.",
    )
    TRAINING_MISSING = (
        Kind.REFUSED,
        "{volunteer} has no completion of {course} that is valid on {date}; complete the course first.",
        "لا يوجد لدى {volunteer} إتمام لـ {course} ساري في {date}؛ أكمل الدورة أولًا.",
    )
    BIRTH_DATE_MISSING = (
        Kind.REFUSED,
        "The age on the day of service matters for {opportunity}; add a birth date to {volunteer} first.",
        "العمر يوم الخدمة مهم في {opportunity} ولا يوجد تاريخ ميلاد لـ {volunteer}؛ أضفه أولًا.",
    )

    # Courses and completions
    COURSE_CLOSED = (
        Kind.REFUSED,
        "{course} was closed on {date}; choose an open one, or a day up to then.",
        "أُغلقت {course} في {date}؛ اختر دورة مفتوحة أو يومًا لا يتجاوز ذلك.",
    )
    TRAINING_SESSION_CANCELLED = (
        Kind.REFUSED,
        "{training_session} was cancelled; name the session that was held.",
        "‏{training_session} ملغاة؛ اذكر الجلسة التي عُقدت.",
    )
    COMPLETED_IN_FUTURE = (
        Kind.INVALID,
        "{date} lies in the future; record a completion after it has happened.",
        "‏{date} في المستقبل؛ سجّل الإتمام بعد حدوثه.",
    )
    OWN_COMPLETION = (
        Kind.FORBIDDEN,
        "{volunteer} cannot record their own completion; another member of the organisation must do this.",
        "لا يمكن لـ {volunteer} تسجيل إتمامه بنفسه؛ يجب أن يقوم بذلك عضو آخر في الجهة.",
    )

    # Policies
    POLICY_KIND_FIXED = (
        Kind.INVALID,
        "{policy} holds rules of kind {kind}; give rules of that kind, or choose another policy.",
        "تحتوي {policy} على قواعد من النوع {kind}؛ أدخل قواعد من هذا النوع أو اختر سياسة أخرى.",
    )
    POLICY_RULES_INVALID = (
        Kind.INVALID,
        "The rules do not fit together: {violations}.",
        "القواعد غير متسقة: {violations}.",
    )
    POLICY_SAME_PERSON = (
        Kind.FORBIDDEN,
        "{actor} proposed {name}; another person must approve it.",
        "‏{actor} اقترح {name}؛ يجب أن يوافق عليها شخص آخر.",
    )
    POLICY_VERSION_REPLACED = (
        Kind.REFUSED,
        "{name} was replaced by {latest} before anybody approved it; approve that one, or propose a new version.",
        "حلّت {latest} محل {name} قبل الموافقة عليها؛ وافق على الأحدث أو اقترح إصدارًا جديدًا.",
    )
    NOTHING_TO_RELEASE = (
        Kind.REFUSED,
        "No withheld hours of {attendance} may count under {policy}.",
        "لا توجد في {attendance} ساعات محجوبة يمكن احتسابها وفق {policy}.",
    )
    HEAD_COUNT_NOT_REASSESSED = (
        Kind.INVALID,
        "{attendance} is a head count: correct it, and it is decided by the rules in force.",
        "‏{attendance} حضور مجموعة: صحّحه ليُحتسب وفق القواعد السارية.",
    )

    # Requirements
    REQUIREMENT_UNKNOWN = (
        Kind.NOT_FOUND,
        "No approved version of {requirement} asks for hours at that date; name one that ListPolicies shows.",
        "لا توجد نسخة معتمدة من {requirement} تشترط ساعات في ذلك التاريخ؛ اذكر إحدى ما تعرضه ListPolicies.",
    )
    AGE_UNKNOWN = (
        Kind.REFUSED,
        "The requirement asks for the age and no birth date is known for {name}; add it first.",
        "يتوقف الشرط على العمر ولا يوجد تاريخ ميلاد لـ {name}؛ أضفه أولًا.",
    )
    NO_LEVEL_FOR_AGE = (
        Kind.REFUSED,
        "The requirement has no level for the age of {name}; ask for one that has.",
        "لا مستوى في الشرط لعمر {name}؛ اسأل عن شرط يشمله.",
    )
    HIJRI_DATE_UNKNOWN = (
        Kind.INVALID,
        "The Umm al-Qura calendar is known here from {first} to {last}; {date} lies outside.",
        "تقويم أم القرى معروف هنا من {first} إلى {last}؛ التاريخ {date} خارجه.",
    )

    # Sums
    RATES_UNKNOWN = (
        Kind.NOT_FOUND,
        "No approved version of {rates} holds money rates at {date}; name one of kind rates that ListPolicies shows.",
        "لا توجد نسخة معتمدة من {rates} تتضمن أسعارًا مالية في {date}؛ اذكر سياسة أسعار مما تعرضه ListPolicies.",
    )
    VALUE_TOO_LARGE = (
        Kind.INVALID,
        "The hours would be worth more than {minor_units_max} minor units of {currency}; ask for a shorter period.",
        "ستتجاوز قيمة الساعات {minor_units_max} وحدة صغرى من {currency}؛ اسأل عن فترة أقصر.",
    )
    PERSONS_TOO_MANY = (
        Kind.INVALID,
        "More than {persons_max} persons have hours here, and each birth date must be opened; ask organization by "
        "organization or opportunity by opportunity for the same period and add the answers up.",
        "لأكثر من {persons_max} شخص ساعات هنا ويلزم فتح تاريخ ميلاد كل منهم؛ اسأل لكل جهة أو لكل فرصة عن الفترة نفسها "
        "ثم اجمع الأجوبة.",
    )

    # Attendance, hours and their verification
    ALREADY_CHECKED_IN = (
        Kind.ALREADY_EXISTS,
        "{volunteer} is checked in already as {attendance}; check out first.",
        "‏{volunteer} مسجّل الدخول مسبقًا في {attendance}؛ سجّل الخروج أولًا.",
    )
    NOT_CHECKED_IN = (
        Kind.REFUSED,
        "{attendance} is not open, so there is nothing to check out from.",
        "‏{attendance} غير مفتوح، فلا يوجد ما يُسجّل الخروج منه.",
    )
    ATTENDANCE_WITHDRAWN = (
        Kind.REFUSED,
        "{attendance} was withdrawn and stays withdrawn; record a new one.",
        "‏{attendance} مسحوب ويبقى كذلك؛ سجّل حضورًا جديدًا.",
    )
    ATTENDANCE_TRANSFERRED = (
        Kind.REFUSED,
        "{attendance} was moved to another shift or person; what is wrong there must be corrected there.",
        "نُقل {attendance} إلى نوبة أخرى أو شخص آخر؛ صحّح الخطأ في موضعه الجديد.",
    )
    CLAIM_NOT_TRANSFERRED = (
        Kind.REFUSED,
        "{attendance} is a claim that nobody answered: withdraw it and claim the hours where they belong.",
        "‏{attendance} مطالبة لم يُبتّ فيها: اسحبها ثم طالب بالساعات في موضعها الصحيح.",
    )
    NOTHING_TO_TRANSFER = (
        Kind.REFUSED,
        "{attendance} has no hours that count or are withheld; what was declined or reversed is not moved.",
        "لا توجد في {attendance} ساعات محتسبة أو محتجزة؛ وما رُفض أو عُكس لا يُنقل.",
    )
    GROUP_ALREADY_COUNTED = (
        Kind.REFUSED,
        "The people at {shift} were counted by heads, so this person is counted already; name one of {group} instead.",
        "عُدّ الحاضرون في {shift} جماعيًا فهذا الشخص محسوب بالفعل؛ سمِّ أحد أفراد {group} بدلًا من ذلك.",
    )
    ALREADY_NAMED = (
        Kind.REFUSED,
        "{volunteer} was named out of {attendance} already: correct that person's attendance; or, if it was withdrawn, "
        "count the group anew first.",
        "‏{volunteer} سُمّي من {attendance} من قبل: صحّح حضور هذا الشخص؛ وإن كان قد سُحب فأعد عدّ المجموعة أولًا.",
    )
    LAST_HEAD = (
        Kind.REFUSED,
        "{attendance} counts one person only: withdraw it, then record that person by name.",
        "‏{attendance} يعدّ شخصًا واحدًا فقط: اسحبه ثم سجّل ذلك الشخص باسمه.",
    )
    ATTENDANCE_NOT_RECORDED = (
        Kind.REFUSED,
        "{attendance} has no hours yet; check out first.",
        "لا ساعات في {attendance} بعد؛ سجّل الخروج أولًا.",
    )
    NOTHING_TO_VERIFY = (
        Kind.REFUSED,
        "{attendance} has no attended hours that wait for verification.",
        "لا توجد في {attendance} ساعات حضور تنتظر التدقيق.",
    )
    VERIFIED_ABOVE_ATTENDED = (
        Kind.REFUSED,
        "Only {attended_seconds} seconds were attended; verify at most that.",
        "ثواني الحضور {attended_seconds} فقط؛ لا تدقّق أكثر من ذلك.",
    )
    NOTHING_TO_DECLINE = (
        Kind.REFUSED,
        "{attendance} has no attended hours to decline.",
        "لا توجد في {attendance} ساعات حضور يمكن رفضها.",
    )
    NOTHING_TO_REVERSE = (
        Kind.REFUSED,
        "{attendance} has no verified hours to reverse.",
        "لا توجد في {attendance} ساعات مدقّقة يمكن عكسها.",
    )
    CLAIM_FOR_ANOTHER = (
        Kind.FORBIDDEN,
        "Volunteers claim hours for themselves only; {volunteer} must do this, or staff for them.",
        "يطالب المتطوع بساعاته هو فقط؛ يجب أن يقوم بذلك {volunteer} أو موظف نيابة عنه.",
    )
    CLAIM_ANSWERED = (
        Kind.REFUSED,
        "{attendance} is no claim that waits for an answer; only such a claim can be withdrawn or lapse.",
        "‏{attendance} ليس مطالبة تنتظر الرد؛ لا تُسحب ولا تنقضي إلا مطالبة كهذه.",
    )
    CLAIM_NOT_LAPSED = (
        Kind.REFUSED,
        "The claim {attendance} waits for an answer until {time}; it lapses then.",
        "المطالبة {attendance} تنتظر الرد حتى {time} ثم تنقضي.",
    )
    CLAIMS_DO_NOT_LAPSE = (
        Kind.REFUSED,
        "By {policy} no claim lapses; {attendance} waits until it is answered or withdrawn.",
        "بموجب {policy} لا تنقضي المطالبات؛ تبقى {attendance} حتى يُرد عليها أو تُسحب.",
    )
    CLAIMANT_CORRECTS = (
        Kind.FORBIDDEN,
        "The organisation corrects a claim; withdraw {attendance} and claim anew instead.",
        "تصحيح المطالبة من شأن الجهة؛ اسحب {attendance} وقدّم مطالبة جديدة.",
    )
    NOT_YOURS_TO_CONFIRM = (
        Kind.FORBIDDEN,
        "Only {volunteer} confirms what is recorded of them.",
        "لا يؤكد ما سُجّل عن {volunteer} أحد سواه.",
    )
    CONFIRMATION_MISSING = (
        Kind.REFUSED,
        "{volunteer} has not confirmed {attendance} yet; that comes before verification.",
        "لم يؤكد {volunteer} بعد {attendance}؛ التأكيد يسبق التدقيق.",
    )
    SECOND_VERIFIER_NEEDED = (
        Kind.FORBIDDEN,
        "You have agreed to {verified_seconds} seconds already; another verifier must agree to the same.",
        "وافقتَ مسبقًا على {verified_seconds} ثانية؛ يجب أن يوافق مدقّق آخر على المقدار نفسه.",
    )
    HOURS_DISPUTED = (
        Kind.REFUSED,
        "The hours of {attendance} are disputed; the dispute must be resolved first.",
        "ساعات {attendance} محل اعتراض؛ يجب حسم الاعتراض أولًا.",
    )
    NOT_DISPUTED = (
        Kind.REFUSED,
        "Nobody disputes {attendance}, so there is nothing to resolve.",
        "لا يوجد اعتراض على {attendance}، فلا شيء يُحسم.",
    )
    NOTHING_TO_DISPUTE = (
        Kind.REFUSED,
        "{attendance} has no hours that stand or are withheld; there is nothing to dispute.",
        "لا توجد في {attendance} ساعات قائمة أو محتجزة يمكن الاعتراض عليها.",
    )
    NOT_CONCERNED = (
        Kind.FORBIDDEN,
        "{actor} neither served nor holds an appointment in {organization} today; one who does must dispute.",
        "‏{actor} لم يخدم ولا يحمل تعيينًا في {organization} اليوم؛ الاعتراض لمن له صلة.",
    )
    VERIFIER_DISPUTED = (
        Kind.FORBIDDEN,
        "Whoever disputed hours does not resolve the dispute; another verifier must do this.",
        "من اعترض على الساعات لا يحسم الاعتراض؛ يجب أن يقوم بذلك مدقّق آخر.",
    )
    VERIFIER_VERIFIED = (
        Kind.FORBIDDEN,
        "Whoever verified hours does not resolve a dispute about them; another verifier must do this.",
        "من دقّق الساعات لا يحسم الاعتراض عليها؛ يجب أن يقوم بذلك مدقّق آخر.",
    )
    ADJUSTED_NOT_LOWER = (
        Kind.INVALID,
        "{verified_seconds} seconds of {attendance} are verified; an adjustment keeps fewer, and at least 1.",
        "الثواني المدقّقة في {attendance} هي {verified_seconds}؛ التعديل يُبقي أقل منها وثانية واحدة على الأقل.",
    )
    WRONG_ORGANIZATION = (
        Kind.INVALID,
        "These hours are for {organization} to judge; name it, or leave organization empty.",
        "البتّ في هذه الساعات من شأن {organization}؛ اذكرها أو اترك حقل الجهة فارغًا.",
    )
    INITIATIVE_CANNOT_VERIFY = (
        Kind.REFUSED,
        "{initiative} verifies no hours; name in organization the accredited organisation that does.",
        "‏{initiative} لا تدقّق الساعات؛ اذكر في حقل الجهة المنظمة المعتمدة التي تدقّقها.",
    )
    NOT_A_GROUP = (
        Kind.INVALID,
        "{attendance} is one person's: give start_time and end_time, no head count.",
        "‏{attendance} حضور شخص واحد: أدخل البداية والنهاية من دون عدد.",
    )
    NOT_A_PERSON = (
        Kind.INVALID,
        "{attendance} is a head count: give head_count and attended_seconds, no times; it is not disputed or adjusted.",
        "‏{attendance} حضور مجموعة: أدخل العدد والثواني من دون أوقات؛ ولا يُعترض عليه ولا يُعدّل.",
    )
    STANDING_EVALUATED_LATER = (
        Kind.REFUSED,
        "{standing} was evaluated at later positions already; evaluate it again, not before {positions}.",
        "قُيّم {standing} عند مواضع أحدث؛ أعد تقييمه عند مواضع لا تسبق {positions}.",
    )
    NOTHING_CHANGES = (
        Kind.REFUSED,
        "{name} is like this already; nothing was recorded.",
        "‏{name} على هذه الحال مسبقًا؛ لم يُسجّل شيء.",
    )

    # Recognition
    NOMINATION_OF_ONESELF = (
        Kind.FORBIDDEN,
        "{actor} cannot nominate themselves; somebody else must.",
        "لا يمكن أن يرشّح {actor} نفسه؛ يجب أن يرشّحه شخص آخر.",
    )
    NOMINATION_SAME_PERSON = (
        Kind.FORBIDDEN,
        "{actor} is the nominee, nominated or decided before; {nomination} needs another person.",
        "‏{actor} هو المرشَّح أو من رشّح أو سبق أن قرّر؛ يحتاج {nomination} إلى شخص آخر.",
    )

    # Closed periods
    DATES_REVERSED = (
        Kind.INVALID,
        "The last date {end_date} must not be before the first date {start_date}.",
        "يجب ألا يسبق التاريخ الأخير {end_date} التاريخ الأول {start_date}.",
    )
    PERIOD_ALREADY_CLOSED = (
        Kind.ALREADY_EXISTS,
        "{name} is closed already and nothing changes under its name; choose another id, and name it in replaces.",
        "‏{name} مُقفلة مسبقًا ولا يتغير شيء تحت اسمها؛ اختر معرّفًا آخر واذكرها في حقل replaces.",
    )
    PERIOD_NOT_OVER = (
        Kind.REFUSED,
        "{end_date} is not over in every time zone yet; close the period from 12:00 UTC of the day after it on.",
        "لم ينتهِ يوم {end_date} في كل المناطق الزمنية؛ أقفل الفترة بعد الساعة 12:00 بالتوقيت العالمي من اليوم التالي.",
    )
    PERIOD_DATES_DIFFER = (
        Kind.REFUSED,
        "{name} goes from {start_date} to {end_date}; only a period with the same dates can replace it.",
        "تمتد {name} من {start_date} إلى {end_date}؛ لا تحل محلها إلا فترة لها التواريخ نفسها.",
    )
    PERIOD_POSITIONS_EARLIER = (
        Kind.RETRY,
        "The sums are older than those of {name}: the projections have to catch up; send the same request again.",
        "المجاميع أقدم من مجاميع {name}: لم تكتمل بيانات القراءة بعد؛ أعد إرسال الطلب نفسه.",
    )
    PERIOD_NOT_CLOSED_THEN = (
        Kind.REFUSED,
        "{name} was not closed at that moment; ask as of its closing or later.",
        "لم تكن {name} مُقفلة في تلك اللحظة؛ اسأل عن لحظة إقفالها أو ما بعدها.",
    )

    # Anomalies
    ANOMALY_ABOUT_ONESELF = (
        Kind.FORBIDDEN,
        "{actor} is among those whom {anomaly} is about; somebody else must review it.",
        "‏{actor} من المعنيين بالملاحظة {anomaly}؛ يجب أن يراجعها شخص آخر.",
    )

    # Statements
    STATEMENTS_NOT_ISSUED = (
        Kind.REFUSED,
        "This service issues no statements; have LEDGER_STATEMENT_ISSUER and LEDGER_STATEMENT_KEYS set.",
        "لا تصدر هذه الخدمة إفادات؛ اطلب ضبط LEDGER_STATEMENT_ISSUER و LEDGER_STATEMENT_KEYS.",
    )
    STATEMENT_REVOKED = (
        Kind.REFUSED,
        "{statement} was revoked for good; issue another statement.",
        "أُلغيت {statement} نهائيًا؛ أصدر إفادة أخرى.",
    )
    NOTHING_VERIFIED = (
        Kind.REFUSED,
        "{volunteer} has no verified hours there in what is signed by now; ask again once hours are verified.",
        "لا توجد لدى {volunteer} ساعات مدقّقة ضمن المطلوب فيما وُقّع حتى الآن؛ أعد الطلب بعد تدقيق الساعات.",
    )
    TRANSCRIPT_IS_WHOLE = (
        Kind.INVALID,
        "A transcript is of everything: leave period and organizations empty, or ask for a statement.",
        "السجل الكامل يشمل كل شيء: اترك الفترة والجهات فارغة، أو اطلب إفادة.",
    )
    ENTRIES_TOO_MANY = (
        Kind.REFUSED,
        "{volunteer} has {entries} verified attendances; a transcript shows at most {entries_max}. Ask for statements "
        "of periods.",
        "لدى {volunteer} من الحضور المدقّق {entries} والحد الأقصى في السجل الكامل {entries_max}؛ اطلب إفادات عن فترات.",
    )
    EXPIRE_TIME_PASSED = (
        Kind.INVALID,
        "{time} is over already; give a later expire_time or none.",
        "انقضى الوقت {time}؛ أدخل وقت انتهاء لاحقًا أو اتركه فارغًا.",
    )
    TOO_MANY_SHARES = (
        Kind.REFUSED,
        "{statement} has {shares_max} links already; issue another statement.",
        "للإفادة {statement} من الروابط {shares_max}؛ أصدر إفادة أخرى.",
    )
    DOCUMENT_NOT_MADE = (
        Kind.REFUSED,
        "This service cannot make documents: {cause}.",
        "لا تستطيع هذه الخدمة إعداد المستندات: {cause}.",
    )

    # Live sessions
    LIVE_SESSION_ENDED = (
        Kind.REFUSED,
        "{session} has ended; nobody attends it any more.",
        "انتهت {session}؛ لم يعد الحضور ممكنًا.",
    )
    LIVE_SESSION_OPEN = (
        Kind.REFUSED,
        "{session} is still open; end it first, then its peak can be certified.",
        "ما زالت {session} مفتوحة؛ أنهها أولًا ثم اطلب توثيق ذروة الحضور.",
    )
    SILENCE_OUT_OF_RANGE = (
        Kind.INVALID,
        "{seconds} seconds of silence cannot be declared; give {seconds_min} to {seconds_max}.",
        "لا يمكن اعتماد {seconds} ثانية صمت؛ أدخل من {seconds_min} إلى {seconds_max}.",
    )
    PEAK_ALREADY_CERTIFIED = (
        Kind.ALREADY_EXISTS,
        "The peak of {session} is certified already; read its certificate.",
        "ذروة حضور {session} موثّقة مسبقًا؛ اطّلع على شهادتها.",
    )
    PEAK_NOT_CERTIFIED = (
        Kind.REFUSED,
        "The peak of {session} is not certified; have it certified first.",
        "ذروة حضور {session} غير موثّقة؛ اطلب توثيقها أولًا.",
    )
    COUNTERSIGNATURE_INVALID = (
        Kind.INVALID,
        "This is no signature of {verifier_key} over the certificate of {session}; make one by verify peak "
        "--countersign.",
        "هذا ليس توقيعًا بالمفتاح {verifier_key} على شهادة {session}؛ أنشئه بالأمر verify peak --countersign.",
    )

    # Projects and donations
    PROJECT_CLOSED = (
        Kind.REFUSED,
        "{project} is closed: it takes no new donations and opportunities; choose an open one.",
        "‏{project} مغلق ولا يقبل تبرعات أو فرصًا جديدة؛ اختر مشروعًا مفتوحًا.",
    )
    PROJECT_WITHOUT_GOAL = (
        Kind.INVALID,
        "Give the project a goal in hours, in money, or both.",
        "حدّد للمشروع هدفًا بالساعات أو بالمال أو بكليهما.",
    )
    GOAL_WITHOUT_CURRENCY = (
        Kind.INVALID,
        "A goal in money and its currency belong together; give both or neither.",
        "الهدف المالي وعملته متلازمان؛ أدخلهما معًا أو اتركهما معًا.",
    )
    CURRENCY_UNKNOWN = (
        Kind.INVALID,
        "{currency} is no currency in use; give an ISO 4217 code such as SAR.",
        "‏{currency} ليست عملة متداولة؛ أدخل رمزًا وفق ISO 4217 مثل SAR.",
    )
    OPPORTUNITIES_TOO_MANY = (
        Kind.REFUSED,
        "{opportunities_max} opportunities are linked already; unlink one first.",
        "رُبطت {opportunities_max} فرصة وهو الحد الأقصى؛ ألغِ ربط إحداها أولًا.",
    )
    AMOUNT_OUT_OF_RANGE = (
        Kind.INVALID,
        "{minor_units} minor units cannot be told here; give {minor_units_min} to {minor_units_max}.",
        "لا يمكن قبول {minor_units} وحدة صغرى؛ أدخل من {minor_units_min} إلى {minor_units_max}.",
    )
    DONATION_IN_FUTURE = (
        Kind.INVALID,
        "{date} lies in the future; report a donation once it was given.",
        "‏{date} تاريخ في المستقبل؛ أبلغ عن التبرع بعد حصوله.",
    )
    DONATION_DIFFERS = (
        Kind.ALREADY_EXISTS,
        "{reference} was reported as {amount_minor_units} minor units of {currency} on {given_date}; correct it, or "
        "give a new donation its own reference.",
        "أُبلغ عن {reference} بمبلغ {amount_minor_units} وحدة صغرى من {currency} بتاريخ {given_date}؛ صحّحه، أو أدخل "
        "مرجعًا خاصًا للتبرع الجديد.",
    )
    REFUNDED_MORE = (
        Kind.REFUSED,
        "{refunded_minor_units} minor units went back already; the amount cannot be less.",
        "أُعيدت {refunded_minor_units} وحدة صغرى؛ لا يمكن أن يقل المبلغ عن ذلك.",
    )
    REFUND_TOO_LARGE = (
        Kind.REFUSED,
        "Only {left_minor_units} minor units of it still stand; refund at most that.",
        "لم يبق منه سوى {left_minor_units} وحدة صغرى؛ لا تتجاوز ذلك عند الإعادة.",
    )
    REFUND_DIFFERS = (
        Kind.ALREADY_EXISTS,
        "{refund_reference} was told as {refunded_minor_units} minor units; give another refund its own reference.",
        "سُجّل {refund_reference} بمبلغ {refunded_minor_units} وحدة صغرى؛ أدخل مرجعًا خاصًا لكل إعادة.",
    )
    SUM_TOO_LARGE = (
        Kind.INVALID,
        "What was given in {currency} is more than a number here can hold; ask as of an earlier moment.",
        "مجموع ما قُدّم بعملة {currency} يتجاوز ما يتسع له الرقم هنا؛ اسأل عن وقت أسبق.",
    )
    REFUNDS_TOO_MANY = (
        Kind.REFUSED,
        "It was refunded {refunds_max} times; correct its amount instead.",
        "أُعيد منه {refunds_max} مرة وهو الحد الأقصى؛ صحّح المبلغ بدلًا من ذلك.",
    )

    # Deliveries
    SUBSCRIPTION_CLOSED = (
        Kind.REFUSED,
        "{subscription} is closed: nothing more is delivered; open another one.",
        "‏{subscription} مغلق ولا يُسلَّم عبره شيء بعد الآن؛ افتح اشتراكًا آخر.",
    )
    LIMITS_VERSION_UNKNOWN = (
        Kind.INVALID,
        "There are versions 1 to {version_max} of the limits, not {version}; give the one that the page names.",
        "إصدارات الحدود من 1 إلى {version_max} وليس بينها {version}؛ أدخل الإصدار المذكور في الصفحة.",
    )
    DELIVERY_MOVED = (
        Kind.REFUSED,
        "In partition {partition} everything up to position {position}, entry {entry_index} is acknowledged; pull on "
        "from there.",
        "أُقرّ في القسم {partition} باستلام كل ما سبق الموضع {position} والقيد {entry_index}؛ تابع السحب من هناك.",
    )
    DELIVERY_DIFFERS = (
        Kind.REFUSED,
        "The range holds {piece_count} pieces of {seconds} seconds together; take them from the page as it was sent, "
        "and acknowledge up to its end.",
        "يحتوي النطاق على {piece_count} جزءًا مجموعها {seconds} ثانية؛ خذها من الصفحة كما أُرسلت وأقرّ بالاستلام حتى "
        "نهايتها.",
    )
    DELIVERY_BEYOND = (
        Kind.REFUSED,
        "Nothing beyond position {position} of partition {partition} is recorded; acknowledge what was delivered.",
        "لا شيء مسجل بعد الموضع {position} في القسم {partition}؛ أقرّ باستلام ما سُلّم فقط.",
    )
    PIECE_NOT_OPEN = (
        Kind.REFUSED,
        "{piece} is neither of this range nor open; ask ListRefusals which pieces are.",
        "‏{piece} ليس من هذا النطاق ولا من الأجزاء المعلّقة؛ اطلب قائمة المرفوضات لمعرفة المعلّق منها.",
    )
    OPEN_PIECES_TOO_MANY = (
        Kind.REFUSED,
        "More than {pieces_max} pieces would be open; take some of them, or have the limits changed.",
        "سيتجاوز عدد الأجزاء المعلّقة {pieces_max}؛ استلم بعضها أو اطلب تغيير الحدود.",
    )


class Refusal(Exception):
    """A command broke a rule. Nothing was recorded; `details` holds what varies in the text."""

    def __init__(self, reason: Reason, details: dict[str, str]) -> None:
        super().__init__(reason.name, details)
        self.reason = reason
        self.details = details

    @property
    def english(self) -> str:
        """The text for people, in English."""
        return _fill(self.reason.english, self.details)

    @property
    def arabic(self) -> str:
        """The text for people, in Arabic."""
        return _fill(self.reason.arabic, self.details)

    @property
    def may_be_asked_again(self) -> bool:
        """Whether the same request may stand later as it is: nothing is known to be wrong with it."""
        return self.reason.kind in (Kind.RETRY, Kind.LIMITED)

    def __str__(self) -> str:
        return f"{self.reason.name}: {self.english}"


class InvariantBroken(Exception):
    """What can never be is so: the writer that sees it stops. Never caught to go on."""


def refuse(reason: Reason, **details: object) -> NoReturn:
    """Raise the refusal `reason` with what varies in its text."""
    raise Refusal(reason, {key: str(value) for key, value in details.items()})


def placeholders(template: str) -> set[str]:
    """The names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def _fill(template: str, details: dict[str, str]) -> str:
    return template.format_map({name: details.get(name, "?") for name in placeholders(template)})
