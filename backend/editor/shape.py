"""The editing form: which elements of an item stand where, how they are called and entered. What is not here (records,
certificates, parts of packages) is edited in the YAML view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.editor.choices import AUDIENCE, AUTH, DAYS, DEVICES, DOORS, FIELD_KINDS, KINDS, TYPES, UNIT

Pair = tuple[str, str]
Widget = Literal["text", "long", "line", "int", "choice", "ticks", "yes", "words", "date", "time", "when", "yuan"]


@dataclass(frozen=True)
class Entry:
    """One element. `path`: in the body, or in an entry of the list it belongs to. `default`: what the schema takes
    where it is absent. `needed`: stays, even when it is empty. `only`: kinds of form fields that have it."""

    path: str
    widget: Widget
    name: Pair
    hint: Pair | None = None
    choices: tuple[tuple[str, str, str], ...] = ()
    default: str = ""
    needed: bool = False
    only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Many:
    """A list of entries of the same shape. `key`: what tells one from another. `blank`: a new one."""

    path: str
    name: Pair
    one: Pair
    key: str
    entries: tuple[Entry | Many, ...]
    blank: dict[str, Any] = field(default_factory=dict)
    only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Section:
    id: str
    name: Pair
    entries: tuple[Entry | Many, ...]


def _text(zh: str = "", en: str = "") -> dict[str, str]:
    return {"zh": zh, "en": en}


_WHEN = Entry(
    "when",
    "when",
    ("适用情形", "Applies when"),
    ("如 married=married|widowed；留空则总是适用", "such as married=married|widowed; empty: always"),
)
_GUIDE: tuple[tuple[str, str, str], ...] = (
    ("legal_basis", "法定依据", "Legal basis"),
    ("conditions", "申请条件", "Conditions"),
    ("materials", "申请材料", "What to bring"),
    ("procedure", "办理程序", "Procedure"),
    ("time_limit", "办理时限", "How long it takes"),
    ("result", "审批决定证件", "What you get"),
    ("quota", "许可数量", "How many are granted"),
    ("fees", "收费依据及标准", "Fees and their basis"),
    ("contact", "联系方式", "Contact"),
    ("notes", "注意事项", "Notes"),
)
GUIDE: dict[str, Pair] = {name: (zh, en) for name, zh, en in _GUIDE}

_OPTION = (
    Entry("value", "line", ("值", "Value"), ("英文或数字，不含空格", "letters or digits, no blanks"), needed=True),
    Entry("label", "text", ("选项", "Label"), needed=True),
    Entry("hint", "text", ("说明", "Hint")),
)
_ASKED = frozenset({"choice", "choices"})
_DURATION = ("天数", "Days")

SECTIONS: tuple[Section, ...] = (
    Section(
        "what",
        ("基本信息", "What it is"),
        (
            Entry("title", "text", ("事项名称", "Title"), needed=True),
            Entry("summary", "text", ("一句话说明", "Summary"), ("不超过 24 个汉字", "At most 24 hanzi"), needed=True),
            Entry("keywords", "words", ("搜索词", "Keywords"), ("用顿号或空格分开", "separated by commas or blanks")),
            Entry("door", "choice", ("首页入口", "Door"), choices=DOORS, needed=True),
            Entry("journey", "choice", ("办理流程", "Journey"), choices=KINDS, needed=True),
            Entry("icon", "line", ("图标", "Icon"), ("Lucide 图标名", "a name of the Lucide icons"), needed=True),
            Entry("row", "line", ("目录序号", "Number in the list")),
            Entry("audience", "ticks", ("服务对象", "For whom"), choices=AUDIENCE, default="natural-person"),
            Entry("effective.since", "date", ("计划生效日期", "In force from")),
            Entry("effective.until", "date", ("计划取消日期", "In force until")),
        ),
    ),
    Section(
        "agency",
        ("实施主体与编码", "Agency and codes"),
        (
            Entry("agency.name", "text", ("实施主体", "Agency"), needed=True),
            Entry("agency.uscc", "line", ("统一社会信用代码", "Its social credit code"), needed=True),
            Entry("agency.department", "line", ("部门编号", "Department id")),
            Entry("codes.catalog_code", "line", ("基本编码（12 位）", "Catalogue code (12)")),
            Entry("codes.task_code", "line", ("实施编码（31 位）", "Task code (31)")),
            Entry("codes.task_handle_item", "line", ("业务办理项编码（33 位）", "Handling code (33)")),
            Entry("codes.task_type", "choice", ("事项类型", "Type"), choices=(("", "–", "–"), *TYPES)),
        ),
    ),
    Section(
        "guide",
        ("办事指南（十公开）", "Guide: the ten open elements"),
        tuple(Entry(f"guide.{name}", "long", (zh, en), needed=True) for name, zh, en in _GUIDE),
    ),
    Section(
        "limits",
        ("时限、到场次数与收费", "Limits, visits and fees"),
        (
            Entry("limits.promised.days", "int", ("承诺办结时限：天数（0 为即办）", "Promised: days (0: at once)")),
            Entry("limits.promised.unit", "choice", ("承诺单位", "counted in"), choices=UNIT, default="working"),
            Entry("limits.statutory.days", "int", ("法定办结时限：天数", "Statutory: days")),
            Entry("limits.statutory.unit", "choice", ("法定单位", "counted in"), choices=UNIT, default="working"),
            Entry("visits", "int", ("到办事现场次数", "Visits to a counter"), default="0"),
            Many(
                "limits.special",
                ("特别程序", "Special procedures"),
                ("特别程序", "Special procedure"),
                "",
                (
                    Entry("name", "text", ("名称", "Name"), needed=True),
                    Entry("limit.days", "int", _DURATION),
                    Entry("limit.unit", "choice", ("单位", "counted in"), choices=UNIT, default="working"),
                    Entry("basis", "text", ("依据", "Basis")),
                ),
                {"name": _text()},
            ),
            Many(
                "fees",
                ("收费项目", "Fees"),
                ("收费项目", "Fee"),
                "",
                (
                    Entry("name", "text", ("项目", "Name"), needed=True),
                    Entry(
                        "amount_fen",
                        "yuan",
                        ("金额（元）", "Amount (yuan)"),
                        ("留空：以账单为准", "empty: as the bill says"),
                    ),
                    Entry("basis", "text", ("依据", "Basis")),
                    Entry("reducible", "text", ("减免", "Who pays less")),
                    _WHEN,
                ),
                {"name": _text()},
            ),
        ),
    ),
    Section(
        "offered",
        ("何时何地可办", "When and where"),
        (
            Entry(
                "availability.places",
                "words",
                ("只在这些区划", "Only in these divisions"),
                ("区划代码 2 至 12 位；留空则各地都办", "codes of 2 to 12 digits; empty: everywhere"),
            ),
            Many(
                "availability.hours",
                ("办理时段", "Hours"),
                ("时段", "Hours"),
                "",
                (
                    Entry("days", "ticks", ("日子", "Days"), choices=DAYS, default="1 2 3 4 5 6 7"),
                    Entry("since", "time", ("从", "From"), needed=True),
                    Entry("to", "time", ("到", "To"), needed=True),
                    Entry("workdays_only", "yes", ("仅工作日（按放假安排）", "Working days only"), default="false"),
                ),
                {"since": "08:00", "to": "22:00"},
            ),
            Entry("auth", "choice", ("身份核验", "Proof of identity"), choices=AUTH, needed=True),
            Entry("devices", "ticks", ("所需设备", "Devices"), choices=DEVICES, needed=True),
            Entry("consent.what", "long", ("同意：读取什么", "Consent: what is read")),
            Entry("consent.why", "long", ("同意：为什么", "Consent: why")),
            Entry("consent.kept", "long", ("同意：保存多久", "Consent: how long it is kept")),
        ),
    ),
    Section(
        "situations",
        ("情形引导", "Guided questions"),
        (
            Many(
                "situations",
                ("问题", "Questions"),
                ("问题", "Question"),
                "name",
                (
                    Entry("name", "line", ("名称", "Name"), ("英文小写", "lower case letters"), needed=True),
                    Entry("question", "text", ("问什么", "Question"), needed=True),
                    _WHEN,
                    Many(
                        "options",
                        ("选项", "Answers"),
                        ("选项", "Answer"),
                        "value",
                        (
                            *_OPTION,
                            Entry(
                                "stop",
                                "text",
                                ("不能在此办理：原因和去处", "Cannot be done here: why, and where"),
                            ),
                        ),
                        {"value": "", "label": _text()},
                    ),
                ),
                {
                    "name": "",
                    "question": _text(),
                    "options": [
                        {"value": "yes", "label": _text("是", "Yes")},
                        {"value": "no", "label": _text("否", "No")},
                    ],
                },
            ),
        ),
    ),
    Section(
        "materials",
        ("申请材料", "Materials"),
        (
            Many(
                "materials",
                ("材料", "Materials"),
                ("材料", "Material"),
                "id",
                (
                    Entry("id", "line", ("编号", "Id"), ("英文小写", "lower case letters"), needed=True),
                    Entry("name", "text", ("材料名称", "Name"), needed=True),
                    Entry(
                        "source",
                        "choice",
                        ("来源", "Source"),
                        choices=(
                            ("applicant", "申请人自备", "the applicant"),
                            ("government", "政府部门核发", "the government"),
                            ("other", "其他", "others"),
                        ),
                        needed=True,
                    ),
                    Entry(
                        "form",
                        "choice",
                        ("形式", "Form"),
                        choices=(
                            ("original", "原件", "original"),
                            ("copy", "复印件", "copy"),
                            ("electronic", "电子", "electronic"),
                        ),
                        default="original",
                    ),
                    Entry("copies", "int", ("份数", "Copies"), default="1"),
                    Entry(
                        "necessity",
                        "choice",
                        ("必要性", "Necessity"),
                        choices=(
                            ("required", "必要", "required"),
                            ("optional", "非必要", "optional"),
                            ("deferrable", "容缺后补", "may come later"),
                        ),
                        default="required",
                    ),
                    Entry(
                        "collect",
                        "choice",
                        ("如何收取", "How it is taken"),
                        choices=(
                            ("none", "不收", "not taken"),
                            ("scan", "本机扫描", "scanned here"),
                            ("bring", "到窗口出示", "shown at the counter"),
                        ),
                        default="none",
                    ),
                    Entry("replaced_by", "text", ("代替它的电子证照", "E-certificate in its place")),
                    Entry("fetched_by", "line", ("取得它的接口", "Operation that fetches it")),
                    Entry("hint", "text", ("填写说明", "Hint")),
                    Entry("basis", "text", ("依据", "Basis")),
                    Entry("sample", "line", ("样张文件", "Sample picture")),
                    _WHEN,
                ),
                {"id": "", "name": _text(), "source": "applicant", "collect": "scan"},
            ),
        ),
    ),
    Section(
        "form",
        ("表单", "Form"),
        (
            Many(
                "pages",
                ("表单页", "Pages"),
                ("页", "Page"),
                "id",
                (
                    Entry("id", "line", ("编号", "Id"), ("英文小写", "lower case letters"), needed=True),
                    Entry("title", "text", ("页标题", "Title"), needed=True),
                ),
                {"id": "", "title": _text()},
            ),
            Many(
                "form",
                ("填写项", "Fields"),
                ("填写项", "Field"),
                "name",
                (
                    Entry("kind", "choice", ("类型", "Kind"), choices=FIELD_KINDS, needed=True),
                    Entry("name", "line", ("名称", "Name"), ("英文小写", "lower case letters"), needed=True),
                    Entry("label", "text", ("标签", "Label"), needed=True),
                    Entry("question", "text", ("单独一屏时的问法", "Question when asked alone")),
                    Entry("page", "line", ("在哪一页", "On which page")),
                    Entry("required", "yes", ("必填", "Required"), default="true"),
                    Entry("hint", "text", ("提示", "Hint")),
                    Entry("error", "text", ("填错时的说明", "What to do when it does not fit")),
                    Entry("statement", "long", ("承诺内容", "Declaration"), only=frozenset({"statement"})),
                    Entry("pattern", "line", ("格式（正则）", "Pattern"), only=frozenset({"text", "number"})),
                    Entry("min_length", "int", ("最少字数", "At least"), only=frozenset({"text", "number"})),
                    Entry("max_length", "int", ("最多字数", "At most"), only=frozenset({"text", "number"})),
                    Entry(
                        "keyboard",
                        "choice",
                        ("键盘", "Keyboard"),
                        choices=(("hanzi", "汉字", "hanzi"), ("letters", "字母", "letters")),
                        default="hanzi",
                        only=frozenset({"text"}),
                    ),
                    Entry(
                        "scannable", "yes", ("可扫码", "May be scanned"), default="false", only=frozenset({"number"})
                    ),
                    Entry(
                        "earliest",
                        "line",
                        ("最早", "Earliest"),
                        ("日期，或距今天数如 -3650", "a date, or days from today: -3650"),
                        only=frozenset({"date"}),
                    ),
                    Entry("latest", "line", ("最晚", "Latest"), only=frozenset({"date"})),
                    Entry("most_fen", "yuan", ("最多（元）", "At most (yuan)"), only=frozenset({"amount"})),
                    Entry("least_fen", "yuan", ("最少（元）", "Least (yuan)"), default="1", only=frozenset({"amount"})),
                    Entry("least", "int", ("至少选几项", "At least"), default="1", only=frozenset({"choices"})),
                    Entry(
                        "prefill.value",
                        "line",
                        ("预填取自", "Prefilled from"),
                        ("如 card.name 或 social-insurance.record:unit", "card.name or social-insurance.record:unit"),
                    ),
                    Entry("prefill.source", "text", ("来源说明", "Source, as shown")),
                    Entry("prefill.locked", "yes", ("不可修改", "Cannot be changed"), default="false"),
                    _WHEN,
                    Many(
                        "options",
                        ("选项", "Options"),
                        ("选项", "Option"),
                        "value",
                        _OPTION,
                        {"value": "", "label": _text()},
                        only=_ASKED,
                    ),
                ),
                {"kind": "text", "name": "", "label": _text()},
            ),
        ),
    ),
)
