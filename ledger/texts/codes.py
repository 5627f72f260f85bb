"""Words for codes: regions, sectors, states, classes, reasons; part of the catalogue in `texts`.

Regions: ISO 3166-2:SA. A code that is not here is shown as it stands.
"""

from __future__ import annotations

from typing import Final

from ledger.texts.text import Text

_REGIONS: Final[dict[str, Text]] = {
    "region_sa-01": Text("منطقة الرياض", "Riyadh"),
    "region_sa-02": Text("منطقة مكة المكرمة", "Makkah"),
    "region_sa-03": Text("منطقة المدينة المنورة", "Madinah"),
    "region_sa-04": Text("المنطقة الشرقية", "Eastern Province"),
    "region_sa-05": Text("منطقة القصيم", "Qassim"),
    "region_sa-06": Text("منطقة حائل", "Hail"),
    "region_sa-07": Text("منطقة تبوك", "Tabuk"),
    "region_sa-08": Text("منطقة الحدود الشمالية", "Northern Borders"),
    "region_sa-09": Text("منطقة جازان", "Jazan"),
    "region_sa-10": Text("منطقة نجران", "Najran"),
    "region_sa-11": Text("منطقة الباحة", "Al Bahah"),
    "region_sa-12": Text("منطقة الجوف", "Al Jawf"),
    "region_sa-14": Text("منطقة عسير", "Asir"),
}

_SECTORS: Final[dict[str, Text]] = {
    "sector_environment": Text("البيئة", "Environment"),
    "sector_education": Text("التعليم", "Education"),
    "sector_health": Text("الصحة", "Health"),
    "sector_culture": Text("الثقافة", "Culture"),
    "sector_social": Text("الخدمات الاجتماعية", "Social services"),
    "sector_sports": Text("الرياضة", "Sports"),
    "sector_relief": Text("الإغاثة", "Relief"),
    "sector_hajj": Text("خدمة الحجاج والمعتمرين", "Service to pilgrims"),
    "sector_technology": Text("التقنية", "Technology"),
    "sector_animals": Text("رعاية الحيوان", "Animal welfare"),
}

_WEEKDAYS: Final[dict[str, Text]] = {
    "weekday_1": Text("الاثنين", "Monday"),
    "weekday_2": Text("الثلاثاء", "Tuesday"),
    "weekday_3": Text("الأربعاء", "Wednesday"),
    "weekday_4": Text("الخميس", "Thursday"),
    "weekday_5": Text("الجمعة", "Friday"),
    "weekday_6": Text("السبت", "Saturday"),
    "weekday_7": Text("الأحد", "Sunday"),
}

_STATES: Final[dict[str, Text]] = {
    "online": Text("عن بُعد", "Online"),
    "level_volunteering_level_general": Text("عام", "General"),
    "level_volunteering_level_skilled": Text("مهاري", "Skilled"),
    "level_volunteering_level_professional": Text("احترافي", "Professional"),
    "opportunity_opportunity_state_published": Text("منشورة", "Published"),
    "opportunity_opportunity_state_closed": Text("مغلقة", "Closed"),
    "registration_registration_state_accepted": Text("مقبول", "Accepted"),
    "registration_registration_state_withdrawn": Text("انسحب", "Withdrawn"),
    "registration_registration_state_requested": Text("ينتظر القرار", "Asks to come"),
    "registration_registration_state_waitlisted": Text("في قائمة الانتظار", "On the waiting list"),
    "registration_registration_state_declined": Text("مرفوض", "Declined"),
    "registration_registration_state_absent": Text("غائب", "Absent"),
    "attendance_attendance_state_present": Text("حاضر", "Present"),
    "attendance_attendance_state_recorded": Text("مسجّل", "Recorded"),
    "attendance_attendance_state_verified": Text("مدقّق", "Verified"),
    "attendance_attendance_state_declined": Text("مرفوض", "Declined"),
    "attendance_attendance_state_reversed": Text("معكوس", "Reversed"),
    "attendance_attendance_state_withdrawn": Text("مسحوب", "Withdrawn"),
    "attendance_attendance_state_claimed": Text("مُدّعى", "Claimed"),
    "attendance_attendance_state_disputed": Text("محل اعتراض", "Disputed"),
    "attendance_attendance_state_transferred": Text("منقول", "Transferred"),
    "class_claimed": Text("مُدّعاة", "claimed"),
    "class_attended": Text("حضور", "attended"),
    "class_verified": Text("مدقّقة", "verified"),
    "class_disputed": Text("محل اعتراض", "disputed"),
    "class_withheld": Text("محتجزة", "withheld"),
    "class_reversed": Text("معكوسة", "reversed"),
    "classhint_claimed": Text("أدخلها المتطوع بنفسه.", "Reported by the volunteer alone."),
    "classhint_attended": Text("سُجّل الحضور، ولم تُدقَّق بعد.", "Presence was recorded; they wait to be verified."),
    "classhint_disputed": Text("عليها اعتراض لم يُحسم.", "Contested; nobody has decided yet."),
    "classhint_withheld": Text("تخالف قاعدة، فلا تُحسب.", "They break a rule, and do not count."),
    "classhint_reversed": Text("رُفضت أو سُحبت أو لم تُؤكَّد.", "Declined, withdrawn, or not confirmed."),
}

_EVENTS: Final[dict[str, Text]] = {
    "event_hours-claimed": Text("ادّعاء ساعات", "Hours were claimed"),
    "event_volunteer-checked-in": Text("تسجيل حضور", "Checked in"),
    "event_volunteer-checked-out": Text("تسجيل انصراف", "Checked out"),
    "event_attendance-recorded": Text("سجّلت الجهة الحضور", "The organisation recorded the attendance"),
    "event_attendance-confirmed": Text("وافق المتطوع", "The volunteer agreed"),
    "event_verification-begun": Text("وافق مدقّق أول", "A first verifier agreed"),
    "event_hours-verified": Text("دُقّقت الساعات", "The hours were verified"),
    "event_verification-declined": Text("رُفض التدقيق", "Verification was declined"),
    "event_hours-reversed": Text("عُكس التدقيق", "The verification was taken back"),
    "event_hours-adjusted": Text("خُفّض المدقَّق", "The verification was lowered"),
    "event_hours-disputed": Text("سُجّل اعتراض", "The hours were disputed"),
    "event_dispute-resolved": Text("حُسم الاعتراض", "The dispute was resolved"),
    "event_hours-released": Text("أُفرج عن ساعات محتجزة", "Withheld hours were released"),
    "event_attendance-corrected": Text("صُحّح الحضور", "The attendance was corrected"),
    "event_attendance-withdrawn": Text("سُحب الحضور", "The attendance was withdrawn"),
    "event_attendance-transferred": Text("نُقل الحضور", "The attendance was transferred"),
    "event_attendance-received": Text("وصل حضور منقول", "A transferred attendance arrived"),
}

_REASONS: Final[dict[str, Text]] = {
    "reason_overlap": Text("يتداخل مع حضور آخر للشخص نفسه", "it overlaps another attendance of the same person"),
    "reason_overlap_ended": Text("انتهى التداخل", "the overlap ended"),
    "reason_duration_above_cap": Text("أطول مما تسمح به القواعد", "it is longer than the rules allow"),
    "reason_duration_within_cap": Text("صار ضمن ما تسمح به القواعد", "it is now within the rules"),
    "reason_year_above_cap": Text("تجاوز حد السنة", "the year's limit is reached"),
    "reason_year_within_cap": Text("صار ضمن حد السنة", "it is now within the year's limit"),
    "reason_organization_suspended": Text("كانت الجهة موقوفة", "the organisation was suspended"),
    "reason_compulsory_service": Text("خدمة إلزامية", "the service was compulsory"),
    "reason_not_confirmed": Text("لم يؤكدها المدقّق", "the verifier did not confirm it"),
    "reason_claim_withdrawn": Text("سُحب الادّعاء", "the claim was withdrawn"),
    "reason_claim_lapsed": Text("لم يُجب أحد على الادّعاء", "nobody answered the claim"),
    "reason_linked_overlap": Text(
        "يتداخل مع حضور باسم آخر للشخص نفسه", "it overlaps hours under another name of the same person"
    ),
    "reason_volunteer_erased": Text("حُذفت بيانات المتطوع", "the volunteer's data was erased"),
    "reason_upheld": Text("كان الاعتراض صحيحًا", "the dispute was upheld"),
    "reason_rejected": Text("لم يثبت الاعتراض", "the dispute was rejected"),
    # Chosen on these pages: codes, never a text about people
    "reason_wrong_times": Text("الأوقات غير صحيحة", "the times are wrong"),
    "reason_wrong_person": Text("لست أنا من حضر", "it was somebody else"),
    "reason_wrong_shift": Text("المناوبة غير صحيحة", "it is the wrong shift"),
    "reason_verified_too_low": Text("دُقّق أقل مما خدمت", "less was verified than was served"),
    "reason_skills_missing": Text("المهارات المطلوبة غير متوفرة", "the skills that are needed are missing"),
    "reason_places_reserved": Text("المقاعد محجوزة لغيره", "the places are kept for others"),
    "reason_not_suitable": Text("لا يناسب هذه المناوبة", "it does not suit this shift"),
    "reason_weather": Text("الطقس", "the weather"),
    "reason_place_unavailable": Text("المكان غير متاح", "the place is not available"),
    "reason_too_few_people": Text("عدد قليل من المسجلين", "too few people registered"),
    "reason_not_present": Text("لم يكن حاضرًا", "the person was not there"),
    "reason_times_not_credible": Text("الأوقات غير معقولة", "the times cannot be right"),
    "reason_recorded_twice": Text("مسجّل مرتين", "it is recorded twice"),
}

_MATCHES: Final[dict[str, Text]] = {
    "match_title": Text("في العنوان: {matched}", "In the title: {matched}"),
    "match_exact_phrase": Text("العبارة كاملة في العنوان", "The whole phrase is in the title"),
    "match_skill_or_sector": Text("في المهارات أو القطاع: {matched}", "In skills or sector: {matched}"),
    "match_description": Text("في الوصف: {matched}", "In the description: {matched}"),
    "match_synonym": Text("بالمعنى نفسه: {matched}", "Means the same: {matched}"),
    "match_same_root": Text("من الجذر نفسه: {matched}", "Of the same root: {matched}"),
    "match_spelling_repaired": Text("كتابة مقاربة: {matched}", "Spelt nearly so: {matched}"),
    "match_without_dots": Text("من دون نقاط: {matched}", "Without dots: {matched}"),
    "match_organization": Text("اسم الجهة: {matched}", "Name of the organisation: {matched}"),
    "match_place": Text("المكان: {matched}", "Place: {matched}"),
    "match_soon": Text("تبدأ خلال أسبوعين", "Begins within two weeks"),
    "match_places_left": Text("فيها مقاعد متبقية", "Has places left"),
    "match_own_skill": Text("مهارة لديك: {matched}", "A skill of yours: {matched}"),
    "match_own_interest": Text("من اهتماماتك: {matched}", "An interest of yours: {matched}"),
    "match_available": Text("في وقت فراغك", "In your free time"),
    "match_near": Text("قريبة منك", "Near you"),
    "match_same_city": Text("في مدينتك", "In your city"),
    "match_same_region": Text("في منطقتك", "In your region"),
    "match_online": Text("عن بُعد", "Online"),
    "match_served_organization": Text("خدمت مع هذه الجهة", "You have served with this organisation"),
    "match_served_sector": Text("خدمت في هذا القطاع", "You have served in this sector"),
    "match_all_words": Text("فيها كل كلماتك", "Has all of your words"),
}

CODES: Final[dict[str, Text]] = {
    **_REGIONS,
    **_SECTORS,
    **_WEEKDAYS,
    **_STATES,
    **_EVENTS,
    **_REASONS,
    **_MATCHES,
}
REGION_CODES: Final = tuple(key.removeprefix("region_").upper() for key in _REGIONS)
SECTOR_CODES: Final = tuple(key.removeprefix("sector_") for key in _SECTORS)
