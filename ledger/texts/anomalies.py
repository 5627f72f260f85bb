"""The rules that raise anomalies, in words: kinds, and what was found. The values are figures of the finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.texts.text import Text

KINDS: Final[Mapping[str, Text]] = {
    "self_verification": Text("تدقيق الشخص ساعات نفسه", "verified one's own hours"),
    "mutual_verification": Text("تدقيق متبادل", "verified each other"),
    "verification_ring": Text("حلقة تدقيق", "verified around a circle"),
    "verifier_share": Text("مدقّق واحد لمعظم الساعات", "one verifier for nearly all"),
    "verifier_speed": Text("سرعة التدقيق", "verified too fast"),
    "verifier_approval": Text("قبول كل شيء", "never declined anything"),
    "organization_figures": Text("أرقام جهة بعيدة عن غيرها", "figures unlike the others'"),
    "identical_times": Text("أوقات متطابقة", "the same times again"),
    "impossible_travel": Text("تنقّل غير ممكن", "in two places"),
    "night_burst": Text("نشاط مكثّف ليلًا", "much at night"),
    "inflation": Text("مدد مبالغ فيها", "lengths far too long"),
    "ghost_volunteers": Text("متطوعون لا أثر لهم", "volunteers without a trace"),
}

RULES: Final[Mapping[str, Text]] = {
    "self_verification": Text(
        "اسمان للشخص نفسه، دقّق أحدهما ساعات الآخر: عدد مرات الحضور {attendances}، والساعات {verified_seconds}.",
        "Two names of one person, one of which verified hours of the other: {attendances} attendances, "
        "{verified_seconds} hours.",
    ),
    "mutual_verification": Text(
        "دقّق كل منهما ساعات الآخر: عدد مرات الحضور {attendances}، أقلها في اتجاه واحد {fewest_attendances}، "
        "والساعات {verified_seconds}، أي {share_per_mille} على الأقل من الساعات المدقّقة لكل منهما.",
        "Each verified hours of the other: {attendances} attendances, {fewest_attendances} in the rarer direction, "
        "{verified_seconds} hours, at least {share_per_mille} of the verified hours of either.",
    ),
    "verification_ring": Text(
        "دقّق كل منهم ساعات التالي في حلقة: عددهم {members}، وأقصر دورة {shortest_cycle}، وعدد مرات الحضور "
        "{attendances}، والساعات {verified_seconds}.",
        "Each verified hours of the next, around a circle: {members} persons, the shortest cycle has "
        "{shortest_cycle}, {attendances} attendances, {verified_seconds} hours.",
    ),
    "verifier_share": Text(
        "دقّق شخص واحد {share_per_mille} من ساعات جهة مدقّقوها {verifiers}: عدد مرات الحضور {attendances}.",
        "One person verified {share_per_mille} of the hours of an organisation with {verifiers} verifiers: "
        "{attendances} attendances.",
    ),
    "verifier_speed_wait": Text(
        "نصف ما دقّقه سُجّل قبل التدقيق بمدة لا تتجاوز {median_wait_seconds}: عدد مرات الحضور {attendances}.",
        "Half of what was verified had been recorded at most {median_wait_seconds} before: {attendances} attendances.",
    ),
    "verifier_speed_minute": Text(
        "دُقّق في دقيقة واحدة عدد {attendances_in_a_minute} من ورديات عددها {shifts}؛ عدد هذه الدقائق {minutes}.",
        "{attendances_in_a_minute} attendances of {shifts} shifts were verified within one minute; there are "
        "{minutes} such minutes.",
    ),
    "verifier_approval": Text(
        "قُبل كل شيء، وعدده {attendances}، ولو رفض مثلما يرفض {peers} من غيره لكان الرفض نحو {expected_declines}.",
        "Everything was accepted, {attendances} attendances; by the median of {peers} others about "
        "{expected_declines} would have been declined.",
    ),
    "organization_hours_a_volunteer": Text(
        "الساعات لكل متطوع ({seconds_a_volunteer}) أعلى بكثير منها في {peers} من الجهات، المسافة {z_per_mille}؛ "
        "المتطوعون {volunteers}.",
        "Hours a volunteer ({seconds_a_volunteer}) lie far above those of {peers} other organisations, distance "
        "{z_per_mille}; {volunteers} volunteers.",
    ),
    "organization_above_schedule": Text(
        "نسبة ما زاد على وقت الوردية ({above_schedule_per_mille}) أعلى بكثير منها في {peers} من الجهات، المسافة "
        "{z_per_mille}؛ عدد مرات الحضور {attendances}.",
        "The share above the shift's schedule ({above_schedule_per_mille}) lies far above that of {peers} other "
        "organisations, distance {z_per_mille}; {attendances} attendances.",
    ),
    "organization_without_check_in": Text(
        "نسبة الحضور بلا تسجيل دخول ({without_check_in_per_mille}) أعلى بكثير منها في {peers} من الجهات، المسافة "
        "{z_per_mille}؛ عدد مرات الحضور {attendances}.",
        "The share without a check-in ({without_check_in_per_mille}) lies far above that of {peers} other "
        "organisations, distance {z_per_mille}; {attendances} attendances.",
    ),
    "organization_round_hours": Text(
        "نسبة المدد المدوّرة إلى ساعات كاملة ({round_hours_per_mille}) أعلى بكثير منها في {peers} من الجهات، المسافة "
        "{z_per_mille}؛ عدد مرات الحضور {attendances}.",
        "The share of lengths that are whole hours though the shift is not ({round_hours_per_mille}) lies far above "
        "that of {peers} other organisations, distance {z_per_mille}; {attendances} attendances.",
    ),
    "identical_times_person": Text(
        "الدقيقة نفسها من اليوم والمدة نفسها ({length_seconds}) في أيام عددها {days_or_shifts}، خلافًا لوقت الورديات؛ "
        "عدد مرات الحضور {attendances}.",
        "The same minute of the day and the same length ({length_seconds}) on {days_or_shifts} days, unlike the "
        "shifts; {attendances} attendances.",
    ),
    "identical_times_habit": Text(
        "سجّل شخص واحد الدقيقة نفسها من اليوم والمدة نفسها ({length_seconds}) في ورديات عددها {days_or_shifts}، خلافًا "
        "لوقتها؛ عدد مرات الحضور {attendances}.",
        "One person recorded the same minute of the day and the same length ({length_seconds}) for {days_or_shifts} "
        "shifts, unlike these; {attendances} attendances.",
    ),
    "impossible_travel": Text(
        "حضر في مكانين بينهما {distance_metres} كيلومترًا وبين الحضورين {gap_seconds} فقط؛ عدد مرات التنقّل {journeys}.",
        "Attended in two places {distance_metres} km apart with {gap_seconds} in between; {journeys} such journeys.",
    ),
    "impossible_travel_regions": Text(
        "حضر في منطقتين وبين الحضورين {gap_seconds} فقط؛ عدد مرات التنقّل {journeys}.",
        "Attended in two regions with {gap_seconds} in between; {journeys} such journeys.",
    ),
    "night_burst_verified": Text(
        "دُقّق ليلًا خلال نصف ساعة عدد {attendances_in_half_an_hour} من ورديات عددها {shifts}.",
        "{attendances_in_half_an_hour} attendances of {shifts} shifts were verified within half an hour of the night.",
    ),
    "night_burst_recorded": Text(
        "سُجّل ليلًا خلال نصف ساعة عدد {attendances_in_half_an_hour} من ورديات عددها {shifts}، واحدًا تلو الآخر.",
        "{attendances_in_half_an_hour} attendances of {shifts} shifts were recorded one by one within half an hour of "
        "the night.",
    ),
    "inflation_day": Text(
        "حضور أطول من يوم كامل: {seconds_a_head}؛ عدد مرات الحضور الطويلة {attendances}.",
        "An attendance is longer than a day: {seconds_a_head}; {attendances} are far too long.",
    ),
    "inflation_person": Text(
        "مدد أطول بكثير من وقت الوردية أو المعتاد في الجهة: أطولها {seconds_a_head}؛ عددها {attendances}.",
        "Lengths far above the shift's schedule or the organisation's usual: the longest {seconds_a_head}; "
        "{attendances} of them.",
    ),
    "inflation_heads_day": Text(
        "للفرد الواحد أكثر من يوم كامل: {seconds_a_head} لكل من الأفراد وعددهم {heads}؛ عدد السجلات {attendances}.",
        "More than a day a head: {seconds_a_head} for each of {heads} heads; {attendances} records.",
    ),
    "inflation_heads": Text(
        "للفرد الواحد أكثر بكثير من وقت الوردية: {seconds_a_head} لكل من الأفراد وعددهم {heads}؛ عدد السجلات "
        "{attendances}.",
        "Far above the shift's schedule: {seconds_a_head} for each of {heads} heads; {attendances} records.",
    ),
    "ghost_volunteers": Text(
        "متطوعون عددهم {volunteers} سُجّلوا معًا خلال {registered_within_seconds}، لم يخدموا إلا في جهة واحدة ولم يسجّل "
        "حضورهم إلا شخص واحد: عدد مرات الحضور {attendances}، والساعات {counted_seconds}.",
        "{volunteers} volunteers were registered together within {registered_within_seconds}, served one "
        "organisation alone, and only one person recorded them: {attendances} attendances, {counted_seconds} hours.",
    ),
}

TEXTS: Final[Mapping[str, Text]] = {
    **{f"kind_{kind}": text for kind, text in KINDS.items()},
    **{f"rule_{rule}": text for rule, text in RULES.items()},
}
