"""What can be chosen for an element: (value, Chinese, English)."""

from __future__ import annotations

from content.schema.base import Audience
from content.schema.elements import TaskType
from content.schema.service import AuthLevel, Device, Door, Kind

Choices = tuple[tuple[str, str, str], ...]

DOORS = (
    ("certificates", "证明开具", "Certificates"),
    ("fees", "税费缴纳", "Taxes and fees"),
    ("packages", "一件事一次办", "Packages"),
    ("applications", "自助申办", "Applications"),
    ("appointments", "预约取号", "Appointments"),
    ("enquiries", "业务查询", "Enquiries"),
    ("living", "民生服务", "Daily life"),
    ("feedback", "投诉评价", "Complaints and ratings"),
)
JOURNEYS: dict[str, tuple[str, str]] = {
    Kind.CERTIFICATE: ("证明", "Certificate"),
    Kind.LICENCE: ("证照打印", "Licence"),
    Kind.BILL_PAYMENT: ("缴费", "Bill payment"),
    Kind.APPLICATION: ("申办", "Application"),
    Kind.PACKAGE: ("一件事", "Package"),
    Kind.QUERY: ("查询", "Query"),
    Kind.CASE_STATUS: ("办件进度", "Case progress"),
    Kind.APPOINTMENT: ("预约", "Appointment"),
    Kind.QUEUE_TICKET: ("取号", "Queue ticket"),
    Kind.GUIDANCE: ("引导", "Guidance"),
    Kind.POLICY_MATCH: ("政策匹配", "Policy match"),
    Kind.COMPLAINT: ("投诉建议", "Complaint"),
    Kind.COPY: ("复印扫描", "Copies"),
    Kind.ASSISTANCE: ("帮办代办", "Assistance"),
}
KINDS: Choices = tuple((kind, zh, en) for kind, (zh, en) in JOURNEYS.items())
AUTH = (
    ("A0", "A0 无须核验", "A0 nothing"),
    ("A1", "A1 读证件", "A1 document read"),
    ("A2", "A2 核验本人", "A2 holder proven"),
    ("A3", "A3 核验本人并签名", "A3 proven and signed"),
    ("L1", "L1 电子营业执照", "L1 business licence"),
    ("L2", "L2 电子营业执照和经办人", "L2 business licence and person"),
)
DEVICES = (
    ("id_reader", "身份证阅读器", "Card reader"),
    ("document_printer", "A4 打印机", "A4 printer"),
    ("receipt_printer", "凭条打印机", "Receipt printer"),
    ("card_terminal", "POS 机", "Card terminal"),
    ("cash", "现金模块", "Cash"),
    ("smart_card", "社保卡读写器", "Smart card"),
    ("code_scanner", "扫码器", "Code scanner"),
    ("camera", "摄像头", "Camera"),
)
AUDIENCE = (
    ("natural-person", "自然人", "Natural persons"),
    ("enterprise", "企业法人", "Enterprises"),
    ("public-institution", "事业法人", "Public institutions"),
    ("social-organisation", "社会组织法人", "Social organisations"),
    ("unincorporated", "非法人企业", "Unincorporated"),
    ("state-organ", "行政机关", "State organs"),
    ("other", "其他组织", "Others"),
)
TYPES = (
    ("01", "行政许可", "Licence"),
    ("05", "行政给付", "Benefit"),
    ("07", "行政确认", "Confirmation"),
    ("08", "行政奖励", "Reward"),
    ("09", "行政裁决", "Ruling"),
    ("10", "其他行政权力", "Other power"),
    ("20", "公共服务", "Public service"),
)
UNIT = (("working", "工作日", "working days"), ("calendar", "自然日", "calendar days"))
DAYS = tuple(
    (str(number), f"周{zh}", en)
    for number, (zh, en) in enumerate(
        [("一", "Mon"), ("二", "Tue"), ("三", "Wed"), ("四", "Thu"), ("五", "Fri"), ("六", "Sat"), ("日", "Sun")], 1
    )
)
FIELD_KINDS: Choices = (
    ("text", "文字", "Words"),
    ("number", "数字", "Digits"),
    ("choice", "单选", "One of"),
    ("choices", "多选", "Several of"),
    ("phone", "手机号", "Mobile number"),
    ("id-number", "身份证号", "Identity number"),
    ("date", "日期", "Date"),
    ("amount", "金额", "Amount"),
    ("statement", "承诺", "Declaration"),
)
# Every choice of the schema can be chosen here; a new one in the schema must be given its words.
assert {value for value, *_ in DOORS} == set(Door)  # noqa: S101
assert {value for value, *_ in KINDS} == set(Kind)  # noqa: S101
assert {value for value, *_ in AUTH} == set(AuthLevel)  # noqa: S101
assert {value for value, *_ in DEVICES} == set(Device)  # noqa: S101
assert {value for value, *_ in AUDIENCE} == set(Audience)  # noqa: S101
assert {value for value, *_ in TYPES} == set(TaskType)  # noqa: S101
