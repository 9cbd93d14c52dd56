"""A service item (政务服务事项) or a package of them (一件事) as content: everything a terminal needs to offer it."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from content.schema.base import OPERATION, SLUG, Audience, Availability, Condition, Effective, Model
from content.schema.elements import Agency, Confirm, Fee, ItemCodes, Limits, Material, Result, Situation
from content.schema.forms import ChoiceField, FormField, NumberField, Option, Page
from content.schema.outputs import Certificate, Lead, Policy, Record
from content.schema.text import Text

__all__ = ["Agency", "Certificate", "ChoiceField", "FormField", "NumberField", "Option"]


class Door(StrEnum):
    """The eight doors of the home screen."""

    CERTIFICATES = "certificates"  # 证明开具
    FEES = "fees"  # 税费缴纳
    PACKAGES = "packages"  # 一件事一次办
    APPLICATIONS = "applications"  # 自助申办
    APPOINTMENTS = "appointments"  # 预约取号
    ENQUIRIES = "enquiries"  # 业务查询
    LIVING = "living"  # 民生服务
    FEEDBACK = "feedback"  # 投诉评价


class AuthLevel(StrEnum):
    """How far the resident must prove who they are."""

    A0 = "A0"  # nothing
    A1 = "A1"  # document read
    A2 = "A2"  # holder proven
    A3 = "A3"  # A2 and signed
    L1 = "L1"  # organisation: electronic business licence
    L2 = "L2"  # L1 and A2 of the person acting for it

    @property
    def reads_card(self) -> bool:
        return self in (AuthLevel.A1, AuthLevel.A2, AuthLevel.A3, AuthLevel.L2)

    @property
    def proves_holder(self) -> bool:
        return self in (AuthLevel.A2, AuthLevel.A3, AuthLevel.L2)

    @property
    def organisation(self) -> bool:
        return self in (AuthLevel.L1, AuthLevel.L2)


class Device(StrEnum):
    """Device classes a service can need; a service whose devices are not ready is shown as unavailable."""

    ID_READER = "id_reader"
    DOCUMENT_PRINTER = "document_printer"
    RECEIPT_PRINTER = "receipt_printer"
    CARD_TERMINAL = "card_terminal"
    CASH = "cash"
    SMART_CARD = "smart_card"
    CODE_SCANNER = "code_scanner"
    CAMERA = "camera"


class Kind(StrEnum):
    """Which journey a service is walked with."""

    CERTIFICATE = "certificate"  # read, check, issue, print
    LICENCE = "licence"  # like a certificate, on counted stock
    BILL_PAYMENT = "bill-payment"
    APPLICATION = "application"  # ends in a numbered case
    PACKAGE = "package"  # 一件事: several departments, one case
    QUERY = "query"  # own data on the screen, perhaps printed
    CASE_STATUS = "case-status"  # progress by number and code, no personal data
    APPOINTMENT = "appointment"
    QUEUE_TICKET = "queue-ticket"
    GUIDANCE = "guidance"  # guided questions → one-time notice of what to bring, printed
    POLICY_MATCH = "policy-match"
    COMPLAINT = "complaint"  # 12345, 办不成事
    COPY = "copy"  # scan and print
    ASSISTANCE = "assistance"  # 帮代办, remote staff


class Guide(Model):
    """The ten elements that must be public for every item (十公开). All are required: content without one of
    them does not build."""

    legal_basis: Text  # 法定依据
    conditions: Text  # 申请条件
    materials: Text  # 申请材料
    procedure: Text  # 办理程序
    time_limit: Text  # 办理时限
    result: Text  # 审批决定证件
    quota: Text  # 许可数量
    fees: Text  # 收费依据及标准
    contact: Text  # 联系方式
    notes: Text  # 注意事项


class Consent(Model):
    """What the resident agrees to before any personal data is read (PIPL 14, 17): what, why, how long kept."""

    what: Text
    why: Text
    kept: Text


class Delegation(Model):
    """代办: an agent may act for the principal. `relations`: who may; `proof`: what shows it."""

    relations: list[Option] = Field(min_length=1)
    proof: Text


class Part(Model):
    """One item of a package. `required`: law wants it together with the rest (`reason` says why); `needs`: ids of
    parts without which this one makes no sense. A part's fields and materials are merged with the package's."""

    id: str = Field(pattern=SLUG)
    title: Text
    department: str
    operation: str = Field(pattern=OPERATION)
    required: bool = False
    needs: list[str] = []
    reason: Text | None = None
    when: Condition = {}
    form: list[FormField] = []
    materials: list[Material] = []
    result: Text
    limit_days: int | None = Field(default=None, ge=0, le=200)  # promised working days; 0: at once


class Bundle(Model):
    """What makes a service a package: n leads (perhaps conditional), 0..n partners, parts."""

    leads: list[Lead] = Field(min_length=1)
    partners: list[Lead] = []
    guided_by: list[str] = []  # 市级指导部门, words
    parts: list[Part] = Field(min_length=1)


class Service(Model):
    # What it is
    id: str = Field(pattern=SLUG)
    version: int = Field(ge=1, le=1_000_000)
    row: str | None = None  # its number in the list of services (1–53) or of packages (1–26, L1–L3)
    door: Door
    journey: Kind
    title: Text
    summary: Text
    keywords: list[str] = []  # hanzi; pinyin and initials are derived
    icon: str  # a name in the Lucide icon font
    agency: Agency
    codes: ItemCodes | None = None
    audience: list[Audience] = [Audience.NATURAL_PERSON]
    effective: Effective = Effective()
    availability: Availability = Availability()
    # Whom it lets in
    auth: AuthLevel
    devices: list[Device]
    consent: Consent | None = None  # required where auth > A0
    delegation: Delegation | None = None
    # What it asks and takes
    guide: Guide
    situations: list[Situation] = []
    materials: list[Material] = []
    pages: list[Page] = []
    form: list[FormField] = []
    fees: list[Fee] = []
    limits: Limits | None = None
    visits: int = Field(default=0, ge=0, le=99)  # 到办事现场次数; 0: all of it here
    # What is done with it
    operation: str | None = Field(default=None, pattern=OPERATION)  # of the departments' data exchange
    channels: list[Literal["alipay_qr"]] = []  # journey "bill-payment"
    usage_unit: Text | None = None  # journey "bill-payment": 吨, 度, 立方米; None: the bill has no usage
    record: Record | None = None  # journeys "query", "certificate", "licence"
    certificate: Certificate | None = None  # journeys "certificate", "licence"; "query": may be printed
    policies: list[Policy] = []  # journey "policy-match"
    results: list[Result] = []
    package: Bundle | None = None
    # For the agency that takes this over
    to_confirm: list[Confirm] = []
