"""Texts of the pages for volunteers; part of the catalogue in `texts`."""

from __future__ import annotations

from typing import Final

from ledger.texts.text import Text

_FINDING: Final[dict[str, Text]] = {
    "find_title": Text("ابحث عن فرصة تطوّع", "Find an opportunity"),
    "find_words": Text("ماذا تريد أن تفعل؟", "What would you like to do?"),
    "find_hint": Text("مثل: تشجير، تعليم، إسعاف", "Such as: planting trees, teaching, first aid"),
    "find_button": Text("ابحث", "Search"),
    "find_all": Text("كل الفرص", "All opportunities"),
    "find_mine": Text("تناسبني", "For me"),
    "find_filters": Text("تصفية", "Filters"),
    "filter_region": Text("المنطقة", "Region"),
    "filter_city": Text("المدينة", "City"),
    "filter_sector": Text("القطاع", "Sector"),
    "filter_level": Text("المستوى", "Level"),
    "filter_from": Text("من تاريخ", "From"),
    "filter_until": Text("إلى تاريخ", "Until"),
    "filter_online": Text("عن بُعد فقط", "Online only"),
    "filter_places": Text("فيها مقاعد متبقية", "With places left"),
    "filter_any": Text("الكل", "All"),
    "filter_apply": Text("طبّق", "Apply"),
    "filter_clear": Text("امسح التصفية", "Clear the filters"),
    "facets": Text("حصر النتائج", "Narrow down"),
    "found_at_least": Text("{found} على الأقل", "At least {found}"),
    "found_none": Text("لم نجد فرصة تناسب هذا البحث", "Nothing fits this search"),
    "found_none_text": Text(
        "جرّب كلمات أقل، أو امسح التصفية، أو اختر من الاقتراحات.",
        "Try fewer words, clear the filters, or take one of the suggestions.",
    ),
    "suggest_words": Text("ابحث عن {text}", "Search for {text}"),
    "suggest_without": Text("ابحث من دون التصفية: {text}", "Search without the filter: {text}"),
    "suggest_sector": Text("فرص في القطاع: {text}", "Opportunities in the sector: {text}"),
    "why_found": Text("لماذا ظهرت", "Why it is here"),
    "next_shift": Text("أقرب مناوبة", "Next shift"),
    "open_opportunity": Text("التفاصيل والتسجيل", "Details and registration"),
}

_REGISTERING: Final[dict[str, Text]] = {
    "offered_by": Text("تقدمها {organization}", "Offered by {organization}"),
    "sector": Text("القطاع", "Sector"),
    "level": Text("المستوى", "Level"),
    "minimum_age": Text("العمر", "Age"),
    "skills": Text("المهارات", "Skills"),
    "opportunity_closed": Text("أُغلقت هذه الفرصة، ولا تسجيل فيها.", "This opportunity is closed: nobody can register."),
    "approval_needed": Text("تقرر الجهة في كل طلب تسجيل.", "The organisation decides about each registration."),
    "choose_shift": Text("اختر مناوبة", "Choose a shift"),
    "no_shifts": Text("لا مناوبات قادمة الآن.", "There is no shift to come right now."),
    "shifts_past": Text("مناوبات مضت", "Past shifts"),
    "register": Text("سجّلني", "Register me"),
    "register_for": Text("سجّلني في مناوبة {when}", "Register me for the shift on {when}"),
    "ask_to_register": Text("اطلب التسجيل", "Ask to register"),
    "wait": Text("قائمة الانتظار", "Join the waiting list"),
    "full": Text("اكتملت المقاعد", "All places are taken"),
    "cancelled": Text("أُلغيت المناوبة", "This shift is cancelled"),
    "when": Text("الموعد", "When"),
    "where": Text("المكان", "Where"),
    "see_registration": Text("افتح تسجيلك", "See your registration"),
    "shift_title": Text("تسجيلك", "Your registration"),
    "registered_title": Text("تم تسجيلك", "You are registered"),
    "registered_text": Text(
        "مقعدك محجوز. عند الحضور امسح رمز الجهة لتسجيل الدخول.",
        "Your place is taken. When you arrive, scan the organisation's code to check in.",
    ),
    "requested_title": Text("وصل طلبك", "Your request has arrived"),
    "requested_text": Text(
        "تقرر الجهة في التسجيل. لم يُحجز مقعد بعد؛ تابع الحالة هنا.",
        "The organisation decides about it. No place is taken yet; look here for the outcome.",
    ),
    "waitlisted_title": Text("أنت في قائمة الانتظار", "You are on the waiting list"),
    "waitlisted_text": Text(
        "ترتيبك {rank}. إذا خلا مقعد انتقل إليك تلقائيًا.",
        "You are number {rank}. If a place becomes free, it is yours without another step.",
    ),
    "withdrawn_title": Text("سحبت تسجيلك", "You have withdrawn"),
    "withdrawn_text": Text("عاد المقعد إلى غيرك.", "Your place went back to others."),
    "declined_title": Text("لم تقبل الجهة الطلب", "The organisation declined"),
    "declined_text": Text("يمكنك أن تختار فرصة أخرى.", "You can choose another opportunity."),
    "absent_state_title": Text("سُجّل غيابك", "You were marked absent"),
    "absent_state_text": Text("إن كنت قد حضرت فراجع الجهة.", "If you were there, tell the organisation."),
    "none_title": Text("لم تسجّل في هذه المناوبة", "You are not registered for this shift"),
    "none_text": Text("يمكنك التسجيل من صفحة الفرصة.", "You can register on the page of the opportunity."),
    "withdraw": Text("اسحب تسجيلي", "Withdraw"),
    "withdraw_note": Text(
        "لا تستطيع الحضور؟ اسحب تسجيلك ليأخذ غيرك المقعد.",
        "You cannot come? Withdraw, so that somebody else gets the place.",
    ),
    "to_check_in": Text("تسجيل الحضور", "Check in"),
    "my_registrations_title": Text("تسجيلاتي", "My shifts"),
    "my_registrations_none": Text("لم تسجّل في مناوبة بعد.", "You are not registered for any shift yet."),
    "coming": Text("القادمة", "To come"),
    "past": Text("الماضية", "Past"),
    "step_of": Text("الخطوة {step} من {steps}", "Step {step} of {steps}"),
}

_HOURS: Final[dict[str, Text]] = {
    "my_hours_title": Text("ساعاتي", "My hours"),
    "verified_hours": Text("الساعات المدقّقة", "Verified hours"),
    "verified_hint": Text(
        "أكدها شخص لم يقدّم الخدمة ولم يسجّلها.", "Confirmed by somebody who neither served nor recorded them."
    ),
    "other_classes": Text("ساعات لم تُدقَّق", "Hours that are not verified"),
    "every_entry": Text("من أين جاءت", "Where they come from"),
    "no_hours": Text("لا ساعات بعد. تظهر هنا بعد أول حضور.", "No hours yet. They appear here after your first shift."),
    "rests_on": Text("حُسبت من السجل حتى الموضع {positions}.", "Counted from the log up to position {positions}."),
    "linked": Text(
        "لك في السجل أسماء أخرى: {names}. تُحسب ساعاتها معها.",
        "You have other names in the ledger: {names}. Their hours are counted with these.",
    ),
    "history": Text("ما الذي حدث", "What happened"),
    "seconds_moved": Text("{hours}: من «{from_class}» إلى «{to_class}»", "{hours}: from {from_class} to {to_class}"),
    "seconds_came": Text("{hours}: {to_class}", "{hours}: {to_class}"),
    "because": Text("السبب: {reason}", "Because: {reason}"),
    "by_policy": Text("بحسب القواعد {policy}", "By the rules {policy}"),
    "position": Text("الموضع {position}", "Position {position}"),
    "withheld_why": Text(
        "{hours} محتجزة: {reason}. تبقى مسجّلة ولا تُحسب.",
        "{hours} withheld: {reason}. They stay recorded and do not count.",
    ),
    "open_entry": Text("التفاصيل", "Details"),
    "entry_title": Text("حضور واحد", "One attendance"),
    "dispute_title": Text("هل في هذه الساعات خطأ؟", "Is something wrong with these hours?"),
    "dispute_text": Text(
        "اعترض عليها، فيحسمها مدقّق لم يشارك فيها. لا تُحسب الساعات إلى أن يحسم.",
        "Dispute them, and a verifier who took no part decides. Until then they do not count.",
    ),
    "dispute_reason": Text("ما الخطأ؟", "What is wrong?"),
    "dispute_button": Text("اعترض", "Dispute"),
    "dispute_under_way": Text(
        "هذه الساعات محل اعتراض، ويحسم الاعتراض مدقّق لم يشارك فيها.",
        "These hours are disputed; a verifier who took no part decides.",
    ),
    "done_disputed": Text("سُجّل اعتراضك.", "Your dispute is recorded."),
}

_CHECKING_IN: Final[dict[str, Text]] = {
    "check_in_title": Text("تسجيل الحضور", "Check in"),
    "check_in_text": Text("أنت على وشك تسجيل حضورك الآن في:", "You are about to check in, now, for:"),
    "check_in_button": Text("سجّل حضوري الآن", "Check me in now"),
    "check_out_button": Text("سجّل انصرافي الآن", "Check me out now"),
    "present_title": Text("أنت حاضر", "You are checked in"),
    "present_text": Text("منذ {since}. سجّل انصرافك عند المغادرة.", "Since {since}. Check out when you leave."),
    "served_title": Text("شكرًا لك", "Thank you"),
    "served_text": Text("سُجّل لك: {hours}. يبقى تدقيقها.", "{hours} recorded. They wait to be verified."),
    "check_in_again": Text("حضور جديد في المناوبة نفسها", "Check in once more for this shift"),
}

VOLUNTEERS: Final[dict[str, Text]] = {**_FINDING, **_REGISTERING, **_HOURS, **_CHECKING_IN}
