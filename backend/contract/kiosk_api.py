"""The kiosk's HTTP API, version 1. Base path `/api/kiosk/v1`; `Authorization: Bearer <device token>`.

Personal data travels in bodies only, never in a path or query. Money is integer fen. Times are aware UTC.
Every POST that moves money or issues paper carries the kiosk's `intent_id` and is idempotent by it: a duplicate
gets the stored result. Expected refusals are `Problem` bodies with a `code` and HTTP 409/404/422.

| method and path | request | reply |
|---|---|---|
| GET  /hello | - | Hello |
| POST /identity/assertions | IdentityAssertion | IdentityProof |
| POST /identity/sms | SmsRequest | SmsChallenge |
| POST /identity/sms/{challenge_id}/verify | SmsAnswer | IdentityProof |
| POST /certificates/review | ReviewRequest | ReviewReply |
| POST /certificates | IssueRequest | IssuedCertificate |
| GET  /certificates/{intent_id} | - | IssuedCertificate |
| GET  /certificates/{intent_id}/file | - | application/pdf |
| GET  /certificates/{intent_id}/preview | - | image/png, masked |
| POST /certificates/{intent_id}/delivery | DeliveryReport | IssuedCertificate |
| POST /bills/query | BillQuery | Bill |
| POST /payments | PaymentRequest | Payment |
| GET  /payments/{intent_id} | - | Payment |
| POST /payments/{intent_id}/close | - | Payment |
| POST /payments/{intent_id}/receipt | ReceiptReport | Payment |
| POST /payments/{intent_id}/refund | RefundRequest | Payment |
| POST /ratings | Rating | 204 |
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

API_PREFIX = "/api/kiosk/v1"
INTENT_ID = r"^[a-z0-9-]{8,40}$"


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Problem(_Wire):
    """Why an expected request was refused. `code` is for programs; the kiosk has the sentence for the resident."""

    code: str
    detail: str = ""  # English, for logs; without personal data


class ProblemCode(StrEnum):
    ACCOUNT_NOT_FOUND = "account-not-found"
    NOTHING_DUE = "nothing-due"
    NO_RECORD = "no-record"  # the department knows nothing of this person
    NO_PHONE = "no-phone"  # no phone registered: SMS is not possible
    WRONG_CODE = "wrong-code"
    TOO_MANY_TRIES = "too-many-tries"
    PROOF_EXPIRED = "proof-expired"
    ID_INVALID = "id-invalid"  # the identity number cannot exist
    CARD_EXPIRED = "card-expired"
    DEPARTMENT_DOWN = "department-down"
    GATEWAY_DOWN = "gateway-down"
    AMOUNT_CHANGED = "amount-changed"
    SERVICE_UNKNOWN = "service-unknown"
    INTENT_CONFLICT = "intent-conflict"  # same intent id, other content
    NOT_FOUND = "not-found"


class Hello(_Wire):
    """Who the backend thinks this kiosk is, and its clock."""

    kiosk_id: str
    site: str
    now: AwareDatetime
    content_version: str
    stock: dict[str, int] = {}  # counted paper: blanks left in this kiosk, by stock; not named: none ever loaded


class IdentityMethod(StrEnum):
    FACE = "face"
    SMS_PIN = "sms-pin"


class IdentityAssertion(_Wire):
    """The kiosk has read a card and matched the holder's face locally. Carries no picture and no score."""

    name: str = Field(min_length=1, max_length=60, repr=False)
    number: str = Field(pattern=r"^[0-9A-Z]{15,18}$", repr=False)
    card_valid_to: date | None = None
    score_band: str = Field(pattern=r"^(strong|match)$")  # the bands that pass; any other proves nothing
    algorithm: str = Field(max_length=80)


class IdentityProof(_Wire):
    """A2 proven; good for one session on this kiosk."""

    proof_id: str
    method: IdentityMethod
    expires_at: AwareDatetime


class SmsRequest(_Wire):
    name: str = Field(min_length=1, max_length=60, repr=False)
    number: str = Field(pattern=r"^[0-9A-Z]{15,18}$", repr=False)
    card_valid_to: date | None = None


class SmsChallenge(_Wire):
    challenge_id: str
    phone_masked: str  # 138****0000
    expires_at: AwareDatetime


class SmsAnswer(_Wire):
    code: str = Field(pattern=r"^\d{6}$", repr=False)
    pin: str = Field(pattern=r"^\d{6}$", repr=False)


class FieldEntry(_Wire):
    """A labelled value in both languages; `value` is masked where it is personal."""

    label_zh: str
    label_en: str
    value_zh: str
    value_en: str
    source_zh: str = ""
    source_en: str = ""


class ReviewRequest(_Wire):
    """`proof_id` None: nobody is proven (A1, L1). `name`, `number`: the card's own, A1. `licence`: L1, L2."""

    service_id: str
    proof_id: str | None = None
    form: dict[str, str]
    name: str = Field(default="", max_length=60, repr=False)
    number: str = Field(default="", max_length=18, repr=False)
    licence: str | None = Field(default=None, max_length=4000, repr=False)


class ReviewReply(_Wire):
    """What the certificate will say, masked, before anything is issued."""

    entries: list[FieldEntry]


class IssueRequest(ReviewRequest):
    intent_id: str = Field(pattern=INTENT_ID)


class CertificateState(StrEnum):
    ISSUED = "issued"
    DELIVERED = "delivered"  # printed and confirmed by the printer
    VOIDED = "voided"
    DELIVERY_UNKNOWN = "delivery-unknown"  # stays valid: the resident may hold the paper


class IssuedCertificate(_Wire):
    intent_id: str
    certificate_id: str  # GB/T 36904 identifier
    verification_code: str  # human-typable, printed
    verification_url: str
    title_zh: str
    title_en: str
    state: CertificateState
    pages: int
    sha256: str
    issued_at: AwareDatetime


class DeliveryOutcome(StrEnum):
    PRINTED = "printed"
    NOT_PRINTED = "not-printed"  # for sure: the certificate is voided
    UNKNOWN = "unknown"


class DeliveryReport(_Wire):
    outcome: DeliveryOutcome
    reason: str = ""  # keyword, e.g. "media-jam"


class BillQuery(_Wire):
    service_id: str
    account: str = Field(pattern=r"^\d{4,32}$", repr=False)


class Bill(_Wire):
    bill_id: str  # opaque
    account_masked: str
    customer_masked: str
    period_zh: str
    period_en: str
    usage_zh: str
    usage_en: str
    amount_fen: int = Field(gt=0)


class PaymentState(StrEnum):
    """created -> pending -> paid | closed | unknown -> (query) -> …; paid -> delivered | refunding -> refunded."""

    CREATED = "created"
    PENDING = "pending"
    PAID = "paid"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"  # posted to the utility and receipted
    REFUNDING = "refunding"
    REFUNDED = "refunded"


class PaymentRequest(_Wire):
    intent_id: str = Field(pattern=INTENT_ID)
    service_id: str
    bill_id: str
    amount_fen: int = Field(gt=0)
    channel: str = Field(pattern=r"^alipay_qr$")


class Payment(_Wire):
    """Everything the screen and the receipt need; masked, so that a receipt can be made again after a restart."""

    intent_id: str
    state: PaymentState
    amount_fen: int
    channel: str
    out_trade_no: str
    trade_no: str | None = None  # the gateway's number, once paid
    qr_code: str | None = Field(default=None, repr=False)
    expires_at: AwareDatetime
    paid_at: AwareDatetime | None = None
    posted: bool = False  # the utility has booked it
    receipt_no: str
    title_zh: str
    title_en: str
    account_masked: str
    customer_masked: str
    period_zh: str
    period_en: str


class ReceiptReport(_Wire):
    """The slip came out (or the resident was told it cannot)."""

    outcome: str = Field(pattern=r"^(printed|unprintable)$")


class RefundRequest(_Wire):
    reason: str = Field(pattern=r"^[a-z-]{1,40}$")


class Rating(_Wire):
    rating_id: str = Field(pattern=INTENT_ID)
    service_id: str
    level: int = Field(ge=1, le=5)
    rated_at: AwareDatetime
