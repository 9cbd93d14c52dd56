"""A service item (政务服务事项) as content: everything a terminal needs to offer it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from content.schema.text import Text


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    """How far the resident must prove who they are. A0 nothing, A1 document read, A2 holder proven."""

    A0 = "A0"
    A1 = "A1"
    A2 = "A2"


class Device(StrEnum):
    """Device classes a service can need; a service whose devices are not ready is shown as unavailable."""

    ID_READER = "id_reader"
    DOCUMENT_PRINTER = "document_printer"
    RECEIPT_PRINTER = "receipt_printer"
    CARD_TERMINAL = "card_terminal"
    CASH = "cash"
    SMART_CARD = "smart_card"


class Guide(_Model):
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


class Agency(_Model):
    """The implementing agency (实施主体) and its unified social credit code."""

    name: Text
    uscc: str = Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")


class Consent(_Model):
    """What the resident agrees to before any personal data is read (PIPL 14, 17): what, why, how long kept."""

    what: Text
    why: Text
    kept: Text


class Option(_Model):
    value: str
    label: Text
    hint: Text | None = None


class ChoiceField(_Model):
    kind: Literal["choice"]
    name: str = Field(pattern=r"^[a-z_]+$")
    label: Text
    question: Text
    options: list[Option] = Field(min_length=2)


class NumberField(_Model):
    """Digits typed on the keypad, or scanned."""

    kind: Literal["number"]
    name: str = Field(pattern=r"^[a-z_]+$")
    label: Text
    question: Text
    hint: Text
    pattern: str  # the whole answer must match
    min_length: int | None = Field(default=None, gt=0)  # None: exactly max_length digits
    max_length: int = Field(gt=0, le=32)
    group: int = Field(default=4, gt=0)  # digits are shown in groups of this many
    scannable: bool = False
    error: Text  # what to do when the number does not match


FormField = Annotated[ChoiceField | NumberField, Field(discriminator="kind")]


class Certificate(_Model):
    """The paper that comes out of a certificate journey."""

    template: str  # content/templates/NAME.typ
    type_code: str = Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}\d{3}$")  # GB/T 36904: 18-char USCC + 3 digits
    title: Text


class Service(_Model):
    id: str = Field(pattern=r"^[a-z][a-z0-9-]+$")
    version: int = Field(ge=1)
    door: Door
    journey: Literal["certificate", "bill-payment"]
    title: Text
    summary: Text
    keywords: list[str] = []  # hanzi; pinyin and initials are derived
    icon: str  # a name in the Lucide icon font
    agency: Agency
    auth: AuthLevel
    devices: list[Device]
    guide: Guide
    consent: Consent | None = None  # required where auth > A0
    form: list[FormField]
    operation: str  # the data exchange operation the backend calls
    certificate: Certificate | None = None  # journey "certificate"
    channels: list[Literal["alipay_qr"]] = []  # journey "bill-payment"
