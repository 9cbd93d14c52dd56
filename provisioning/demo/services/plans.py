"""Who comes for what: the walks of `menkou demo --services`, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PHONE = "13800000017"
CARD_NO = "6222029999000012345"  # of no bank


@dataclass(frozen=True)
class Word:
    """Typed by its sound and chosen."""

    pinyin: str
    hanzi: str


Writing = tuple[Word | str, ...]  # words by their sound, and figures and signs as they are


@dataclass(frozen=True)
class Plan:
    """One resident. `fields`: what is typed where (digits, or what is written); `choose`: answers taken wherever they
    are offered, the first answer is taken otherwise; `untick`: parts of a package not wanted."""

    name: str
    service: str
    door: str
    card: str = "zhang"
    choose: tuple[str, ...] = ()
    fields: Mapping[str, str | Writing] = field(default_factory=dict)
    untick: tuple[str, ...] = ()
    account: str = ""
    scan: str = ""  # a preset held under the scanner
    by_sms: bool = False
    english: bool = False
    large: bool = False
    print_record: bool = False
    pages: int = 1  # of each paper under the camera; 0: nothing is scanned
    screens: tuple[str, ...] = ()  # without these it was another walk
    slip: str = ""  # stands on the receipt printer's paper
    sheets: int = 0  # papers that come out of the A4 printer, of one page or more
    after: str = ""  # the walk whose case is asked for


PLANS: tuple[Plan, ...] = (
    Plan(
        "certificate",
        "social-insurance-enrolment-proof",
        "certificates",
        card="li",
        choose=("last-12-months",),
        screens=("Consent", "PlaceCard", "FaceCheck", "Review", "Preview", "Printing"),
        sheets=1,
    ),
    Plan(
        "record-sheet",
        "social-insurance-rights-record",
        "certificates",
        choose=("last-year",),
        by_sms=True,
        screens=("Keypad", "Review", "Preview"),
        sheets=1,
    ),
    Plan(
        "own-data",
        "housing-fund-statement",
        "enquiries",
        choose=("last",),
        screens=("FaceCheck", "Record"),
    ),
    Plan(
        "electricity",
        "electricity-bill",
        "fees",
        account="5100234567",
        screens=("Keypad", "Review", "Pay"),
        slip="98.58",
    ),
    Plan(
        "application",
        "talent-subsidy",
        "applications",
        choose=("master", "none"),
        fields={
            "employer_name": (
                Word("qingkou", "青口"),
                Word("xian", "县"),
                Word("shifan", "示范"),
                Word("zhizao", "制造"),
                Word("youxiangongsi", "有限公司"),
            ),
            "started_on": "20250901",
            "bank_name": (
                Word("shifan", "示范"),
                Word("yinhang", "银行"),
                Word("qingkou", "青口"),
                Word("zhihang", "支行"),
            ),
            "bank_account": CARD_NO,
            "phone": PHONE,
        },
        pages=2,
        screens=("Choose", "Papers", "Scan", "Form", "Review", "Sign"),
        slip="受理单",
    ),
    Plan(
        "case-progress",
        "case-progress",
        "enquiries",
        choose=("scan",),
        print_record=True,
        screens=("ScanCode", "Form", "Record"),
        slip="进度",
        after="application",
    ),
    Plan(
        "package",
        "respect-for-the-old",
        "packages",
        card="chen",
        large=True,
        pages=0,
        choose=("eighty", "local", "electronic"),
        fields={
            "phone": "13800000181",
            "bank_name": (
                Word("shifan", "示范"),
                Word("yinhang", "银行"),
                Word("qingkou", "青口"),
                Word("zhihang", "支行"),
            ),
            "bank_account": CARD_NO,
            "contact_name": (Word("chen", "陈"), Word("yang", "样")),
            "contact_phone": PHONE,
        },
        screens=("Tick", "Papers", "Form", "Sign"),
        slip="本次一并办理",
    ),
    Plan(
        "queue-ticket",
        "queue-ticket",
        "appointments",
        english=True,
        choose=("household", "no"),
        screens=("Choose", "QueueTicket"),
        slip="号",
    ),
    Plan(
        "appointment",
        "counter-appointment",
        "appointments",
        choose=("estate",),
        fields={"phone": PHONE},
        screens=("Form", "Choose", "Review", "Message"),
        slip="预约单",
    ),
    Plan(
        "one-time-notice",
        "what-to-bring",
        "enquiries",
        choose=("newborn", "married", "mother"),
        print_record=True,
        screens=("Choose", "Papers"),
        slip="一次性告知单",
    ),
    Plan(
        "policy-match",
        "policy-match",
        "enquiries",
        scan="business-licence",
        choose=("small", "manufacturing", "under-3", "recognised", "yes", "graduates", "equipment", "none", "park"),
        print_record=True,
        screens=("ScanCode", "Choose", "Form", "Record"),
        slip="政策精准测算报告",
    ),
    Plan(
        "complaint",
        "hotline-12345",
        "feedback",
        choose=("suggestion", "hall"),
        fields={
            "text": (
                Word("dating", "大厅"),
                Word("menkou", "门口"),
                Word("de", "的"),
                Word("yizi", "椅子"),
                Word("taishao", "太少"),
                "，",
                Word("xiwang", "希望"),
                Word("duofang", "多放"),
                "2",
                Word("ba", "把"),
            ),
            "phone": PHONE,
        },
        screens=("Form", "Review", "Message"),
        slip="工单",
    ),
    Plan(
        "copy",
        "document-copy",
        "living",
        choose=("card", "2"),
        pages=2,
        screens=("Choose", "Scan"),
        sheets=1,
    ),
)
BY_NAME = {plan.name: plan for plan in PLANS}


def chosen(names: Sequence[str]) -> list[Plan]:
    """Those named, after the walks whose cases they ask for; all of them where none is named."""
    if not names:
        return list(PLANS)
    wanted = {*names, *(BY_NAME[name].after for name in names)}
    return [plan for plan in PLANS if plan.name in wanted]
