"""Words that say nothing about what is sought, normalised, of both languages."""

from __future__ import annotations

from typing import Final

STOP_WORDS: Final = frozenset(
    """
    a an and are as at be been by can could do does for from had has have how i if in into is it its me my no not of on
    or our out own she he so some such than that the their them then there these they this those to too up us was we were
    what when where which who will with would you your any all also am about near want need would like looking find

    في من الي علي عن مع هذا هذه ذلك تلك التي الذي الذين هو هي هم نحن انا انت ان او ام لا ما لم لن قد كل كان كانت يكون
    تكون ثم حتي اذا لو بين بعد قبل عند عندما لدي لدينا منذ خلال حول ضد دون غير بعض اي كما لكن ليس هنا هناك فيه فيها منها
    منه به بها له لها لهم لنا عليه عليها اليه اليها و ف ب ل ك يا اريد ابحث ارغب نريد احتاج التي ولا وفي ومن فقط ايضا
    """.split()
)
