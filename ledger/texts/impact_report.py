"""Every text of impact reports for people, in Arabic and in English. A missing one fails a test.

In braces stands what a report puts there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from ledger.domain.opportunity import Level
from ledger.texts.codes import CODES
from ledger.texts.text import Text

TEXTS: Final[Mapping[str, Text]] = {
    "title": Text("أثر التطوّع", "Impact of volunteering"),
    "lead": Text(
        "أرقام محسوبة من قيود السجل، لكل منها ما يثبته، ولا يُكشف فيها عن فرد.",
        "Figures counted from the entries of the ledger, each of which can be proven. Nobody can be told from them.",
    ),
    "period": Text("من {first} إلى {last}", "{first} to {last}"),
    "none": Text("لم تُنشر أي فترة بعد.", "No period has been published yet."),
    "none_hint": Text(
        "تظهر هنا كل فترة تُغلق وتُنشر أرقامها.", "Each period that is closed and published will stand here."
    ),
    "other_language": Text("English", "العربية"),
    "skip": Text("انتقل إلى المحتوى", "Skip to the content"),
    "periods": Text("الفترات المنشورة", "Published periods"),
    "only_totals": Text(
        "تتداخل هذه الفترة مع فترة نُشرت قبلها، ولذلك لا تُعرض منها إلا المجاميع.",
        "This period overlaps one that was published before it, so only its totals are shown.",
    ),
    "hours_recorded": Text("الساعات المسجّلة", "Hours recorded"),
    "hours_verified": Text("الساعات المدقّقة", "Hours verified"),
    "hours_attended": Text("ساعات الحضور", "Hours attended"),
    "registered": Text("المتطوّعون المسجّلون", "Registered volunteers"),
    "growth": Text("زيادة المسجّلين", "Growth in the period"),
    "active": Text("المتطوّعون النشطون", "Active volunteers"),
    "retention": Text("من عاد من نشطي الفترة السابقة", "Of those active before, came again"),
    "fill_rate": Text("المقاعد المشغولة", "Places taken"),
    "no_show_rate": Text("من لم يحضر", "Did not come"),
    "value": Text("القيمة ({currency})", "Value ({currency})"),
    "of": Text("{share}٪ ({part} من {whole})", "{share}% ({part} of {whole})"),
    "hidden": Text("أقل من أن يُعرض", "Too few to show"),
    "no_basis": Text("لا ينطبق", "Not applicable"),
    "hours": Text("{n} ساعة", "{n} h"),
    "group": Text("المجموعة", "Group"),
    "month": Text("الشهر", "Month"),
    "newly_registered": Text("مسجّلون جدد", "Newly registered"),
    "skill": Text("المهارة", "Skill"),
    "places": Text("المقاعد", "Places"),
    "places_left": Text("مقاعد لم تُشغل", "Places left"),
    "table_sector": Text("الساعات حسب القطاع", "Hours by sector"),
    "table_region": Text("الساعات حسب المنطقة", "Hours by region"),
    "table_level": Text("الساعات حسب مستوى التطوّع", "Hours by level of volunteering"),
    "table_partner_type": Text("الساعات حسب نوع الجهة", "Hours by type of partner"),
    "table_month": Text("الساعات حسب شهر الخدمة", "Hours by month of service"),
    "table_age_band": Text("الساعات حسب العمر", "Hours by age"),
    "table_gender": Text("الساعات حسب الجنس", "Hours by gender"),
    "table_residency": Text("الساعات حسب الإقامة", "Hours by residency"),
    "table_people": Text("المتطوّعون حسب الشهر", "Volunteers by month"),
    "table_demand": Text("الاحتياج غير الملبّى حسب المهارة", "Demand not met, by skill"),
    "chart_reads": Text("{title}: {rows}", "{title}: {rows}"),
    "chart_row": Text("{label}، {value}", "{label}, {value}"),
    "together": Text("مجموعات قليلة الأشخاص معًا ({n})", "Groups of few people, together ({n})"),
    "not_stated": Text("غير محدد", "Not stated"),
    "online": CODES["online"],
    **{f"level_{level}": CODES[f"level_volunteering_level_{level}"] for level in get_args(Level)},
    "partner_type_government": Text("جهة حكومية", "Government"),
    "partner_type_non_profit": Text("قطاع غير ربحي", "Non-profit"),
    "partner_type_private": Text("قطاع خاص", "Private"),
    "partner_type_initiative": Text("مبادرة", "Initiative"),
    "gender_female": Text("إناث", "Women"),
    "gender_male": Text("ذكور", "Men"),
    "residency_citizen": Text("مواطنون", "Citizens"),
    "residency_resident": Text("مقيمون", "Residents"),
    "residency_visitor": Text("زوار", "Visitors"),
    "restated_title": Text("ما صُحّح بعد النشر", "What was corrected since publication"),
    "restated_none": Text("لم يتغيّر شيء بعد إغلاق {period}.", "Nothing has changed since {period} was closed."),
    "restated_text": Text(
        "أُغلقت {period} بعدد {closed} ساعة مسجّلة، وتغيّرت بعدها بمقدار {restated}، فصارت {total}.",
        "{period} was closed with {closed} hours recorded; since then {restated} were added or taken away, which makes "
        "{total}.",
    ),
    "restated_absent": Text("لم تُغلق هذه الفترة ولم تُنشر بعد.", "This period has not been closed and published yet."),
    "note_small": Text(
        "لا تُعرض مجموعة يقل من فيها عن {n} أشخاص وحدها، بل تُجمع مع غيرها، فلا يُستنتج رقم أحد.",
        "A group of fewer than {n} people is not shown by itself but together with others, so that nobody's figures "
        "can be worked out.",
    ),
    "note_total": Text(
        "مجموع كل جدول يساوي مجموع السجل للفترة نفسها والمواضع نفسها: {positions}.",
        "Each table adds up to the ledger's own total for the same period and positions: {positions}.",
    ),
    "note_rounded": Text(
        "الساعات مقرّبة إلى أقرب ساعة؛ والأرقام الدقيقة بالثواني في ملفات JSON وCSV وXLSX.",
        "Hours are rounded to whole ones; the exact seconds are in the JSON, CSV and XLSX files.",
    ),
    "note_heads": Text(
        "ما سُجّل بعدد الحاضرين دون أسماء يدخل في الساعات لا في أعداد المتطوّعين.",
        "What was recorded by head counts, without names, is in the hours and not in the numbers of volunteers.",
    ),
    "note_rates": Text("القيمة بحسب {rates}؛ وهي تقدير لا سعر.", "Value by {rates}: an estimate, not a price."),
    "page": Text("صفحة {page} من {pages}", "Page {page} of {pages}"),
    **{key: text for key, text in CODES.items() if key.startswith(("region_", "sector_"))},
}
