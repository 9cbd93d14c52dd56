"""The kiosk's HTTP API for services that are neither certificate nor bill: records, cases, drafts, appointments,
queue tickets, complaints, scans, helpers. Same base path, rules and problems as `kiosk_api`.

| method and path | request | reply |
|---|---|---|
| POST /prefill | PrefillRequest | Prefilled |
| POST /records/query | RecordQuery | RecordReply |
| POST /cases | CaseRequest | CaseReceipt |
| GET  /cases/{intent_id} | - | CaseReceipt |
| POST /cases/status | CaseStatusQuery | CaseStatus |
| POST /drafts | DraftToSave | DraftSaved |
| POST /drafts/open | DraftToOpen | Draft |
| POST /scans | image/jpeg or image/png, at most 10 MiB | ScanKept |
| POST /appointments/slots | SlotsQuery | Slots |
| POST /appointments | AppointmentRequest | Appointment |
| POST /queue/tickets | TicketRequest | Ticket |
| POST /complaints | ComplaintRequest | ComplaintReceipt |
| POST /assistance/badge | HelperBadge | Helper |
| POST /assistance/calls | CallRequest | CallReceipt |
| POST /stock/{stock}/used | StockUse | StockLeft |
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, Field

from backend.contract.kiosk_api import INTENT_ID, FieldEntry, _Wire

Answers = dict[str, str]
MAX_VERSION = 2**31 - 1  # of a service: what a database's integer holds
PRINCIPAL_NUMBER = r"^(\d{17}[\dX])?$"


class ServiceProblem(StrEnum):
    """Codes of this part, beside `ProblemCode`."""

    FORM_INVALID = "form-invalid"  # `Problem.detail`: the field's name, or "situation:", "part:", "material:" and its
    SERVICE_CHANGED = "service-changed"  # the terminal has another version, and what was filled in no longer fits
    SITUATION_STOPS = "situation-stops"  # cannot be done here in this situation
    LICENCE_INVALID = "licence-invalid"  # the electronic business licence is expired or not this person's
    DAILY_LIMIT = "daily-limit"  # printed often enough today
    NO_STOCK = "no-stock"
    CASE_UNKNOWN = "case-unknown"  # number or check code wrong: not told which
    DRAFT_UNKNOWN = "draft-unknown"  # code wrong, expired, or another person's
    DRAFT_FOR_OTHER = "draft-for-other"  # not whom it was saved for, which is in the detail: self or another
    DRAFT_OUTDATED = "draft-outdated"  # the service has changed since; the answers that still fit come along
    SLOT_TAKEN = "slot-taken"
    BOOKED_ALREADY = "booked-already"  # this person has a booking of this matter that is still to come
    MISSED_BOOKINGS = "missed-bookings"  # did not come too often: no booking for some days
    NOT_OPEN = "not-open"  # by hour or place
    REFUSED_BY_DEPARTMENT = "refused-by-department"
    NO_CALENDAR = "no-calendar"  # a date cannot be promised: the year's holidays are not known
    BADGE_UNKNOWN = "badge-unknown"
    SCAN_INVALID = "scan-invalid"  # no PNG or JPEG, damaged, too large, or too many kept


class Prefill(_Wire):
    field: str
    value: str = Field(repr=False)
    source_zh: str
    source_en: str
    locked: bool = False


class PrefillRequest(_Wire):
    service_id: str
    proof_id: str


class Prefilled(_Wire):
    """A department that did not answer is left out and named: its fields are typed."""

    values: list[Prefill]
    silent: list[str] = []  # the operations that gave nothing, `department.deed` as in the fields' `prefill.value`


class RecordColumn(_Wire):
    label_zh: str
    label_en: str
    private: bool = False


class RecordQuery(_Wire):
    """`proof_id` (A2), or the card's own name and number (A1), or neither (A0). `licence`: L1, L2."""

    service_id: str
    proof_id: str | None = None
    form: Answers
    name: str = Field(default="", max_length=60, repr=False)
    number: str = Field(default="", max_length=18, repr=False)
    licence: str | None = Field(default=None, max_length=4000, repr=False)


class RecordReply(_Wire):
    """Own data, clear: shown masked by the terminal until the resident asks. Rows hold the words to be shown."""

    entries: list[FieldEntry] = Field(repr=False)
    private_entries: list[int] = []  # indices of entries to mask
    columns: list[RecordColumn] = []
    rows_zh: list[list[str]] = Field(default=[], repr=False)
    rows_en: list[list[str]] = Field(default=[], repr=False)
    empty_zh: str = ""
    empty_en: str = ""


class CaseMaterial(_Wire):
    """`how`: scanned here, fetched by the department, replaced by an e-certificate, to be brought, or promised to be
    handed in later (容缺)."""

    id: str
    how: str = Field(pattern=r"^(scanned|fetched|replaced|bring|later)$")
    scans: list[str] = []  # scan ids, one a page


class Agent(_Wire):
    """Who acts for another: the card on the reader is the agent's, the principal's data are typed."""

    relation: str
    principal_name: str = Field(min_length=1, max_length=60, repr=False)
    principal_number: str = Field(pattern=r"^\d{17}[\dX]$", repr=False)


class CaseRequest(_Wire):
    """`proof_id` (A2, A3), or the card's own name and number (A1), or neither (A0). `parts`: of a package, the chosen
    ones. `signature_png`: base64, A3 only; `statements` are in the form."""

    intent_id: str = Field(pattern=INTENT_ID)
    service_id: str
    service_version: int = Field(ge=1, le=MAX_VERSION)
    proof_id: str | None = None
    name: str = Field(default="", max_length=60, repr=False)
    number: str = Field(default="", max_length=18, repr=False)
    licence: str | None = Field(default=None, max_length=4000, repr=False)  # L1, L2: what the licence's QR said
    situation: Answers = {}
    form: Answers = Field(repr=False)
    parts: list[str] = []
    materials: list[CaseMaterial] = []
    agent: Agent | None = None
    delivery: str = Field(default="counter", pattern=r"^(printed-here|counter|locker|courier|electronic)$")
    signature_png: str | None = Field(default=None, max_length=400_000, repr=False)
    draft_code: str | None = None  # ends with the case


class CasePart(_Wire):
    part_id: str
    title_zh: str
    title_en: str
    department_zh: str
    department_en: str


class CaseReceipt(_Wire):
    """受理单. `case_no`: task code + date + serial (43 characters); `check_code`: what opens its progress."""

    intent_id: str
    case_no: str
    check_code: str
    state: str  # received | handed-over | instant (an 即办件 decided on the spot) | refused (by the department, later)
    title_zh: str
    title_en: str
    department_zh: str
    department_en: str
    received_at: AwareDatetime
    promised_by: date | None = None  # None: no date can be promised, or done already
    parts: list[CasePart] = []
    to_bring: list[FieldEntry] = []  # materials still to be handed in, and until when
    outcome_zh: str = ""  # an instant result's words
    outcome_en: str = ""


class CaseStatusQuery(_Wire):
    case_no: str = Field(min_length=6, max_length=60)
    check_code: str = Field(min_length=4, max_length=12, repr=False)


class CaseStep(_Wire):
    label_zh: str
    label_en: str
    state: str  # done | now | todo | failed
    at: AwareDatetime | None = None


class CaseStatus(_Wire):
    """Without personal data: title, department, steps."""

    case_no_masked: str
    title_zh: str
    title_en: str
    department_zh: str
    department_en: str
    promised_by: date | None = None
    steps: list[CaseStep]
    todo_zh: str = ""  # what the applicant has to do now
    todo_en: str = ""


class DraftToSave(_Wire):
    """What has been filled in so far, to go on later anywhere. `code`: of a draft that is being gone on with.
    `principal_number`: whose matter it is, where an agent fills it in; "": their own."""

    service_id: str
    service_version: int = Field(ge=1, le=MAX_VERSION)
    proof_id: str
    situation: Answers = {}
    form: Answers = Field(repr=False)
    parts: list[str] = []
    code: str | None = None
    principal_number: str = Field(default="", pattern=PRINCIPAL_NUMBER, repr=False)


class DraftSaved(_Wire):
    code: str  # typed from paper: 10 digits, the last checks
    expires_at: AwareDatetime


class DraftToOpen(_Wire):
    """`principal_number` as in `DraftToSave`: a draft opens only for whom it was saved."""

    code: str = Field(pattern=r"^\d{10}$")
    proof_id: str
    principal_number: str = Field(default="", pattern=PRINCIPAL_NUMBER, repr=False)


class Draft(_Wire):
    """What still fits the service as the backend has it; `dropped`: how many answers did not. `service_version` is the
    one it was saved with."""

    service_id: str
    service_version: int
    situation: Answers
    form: Answers = Field(repr=False)
    parts: list[str]
    dropped: int = 0


class ScanKept(_Wire):
    scan_id: str
    width: int
    height: int


class SlotsQuery(_Wire):
    service_id: str
    form: Answers = {}


class Slot(_Wire):
    slot_id: str
    day: date
    from_time: str  # "09:00"
    to_time: str
    left: int
    place_zh: str
    place_en: str


class Slots(_Wire):
    slots: list[Slot]


class AppointmentRequest(_Wire):
    """`proof_id` or the card's own name and number (A1)."""

    intent_id: str = Field(pattern=INTENT_ID)
    service_id: str
    slot_id: str
    proof_id: str | None = None
    form: Answers = {}
    name: str = Field(default="", max_length=60, repr=False)
    number: str = Field(default="", max_length=18, repr=False)
    phone: str = Field(default="", pattern=r"^(1[3-9]\d{9})?$", repr=False)


class Appointment(_Wire):
    intent_id: str
    booking_no: str
    slot: Slot
    title_zh: str
    title_en: str


class TicketRequest(_Wire):
    """A number in the queue. Holds nobody's identity: `booking_no` of an appointment, or nothing."""

    intent_id: str = Field(pattern=INTENT_ID)
    service_id: str
    matter: str = ""  # the chosen option's value
    priority: bool = False  # elderly, disabled, with a small child
    booking_no: str = ""


class Ticket(_Wire):
    intent_id: str
    number: str  # A023
    ahead: int
    wait_minutes: int | None  # None: cannot be said yet
    window_zh: str
    window_en: str
    matter_zh: str
    matter_en: str
    issued_at: AwareDatetime


class ComplaintRequest(_Wire):
    """12345, and 办不成事. Anonymous when there is no phone."""

    intent_id: str = Field(pattern=INTENT_ID)
    service_id: str
    kind: str = Field(pattern=r"^(complaint|question|suggestion|praise|cannot-be-done)$")
    subject: str = Field(default="", max_length=80)  # an option's value, or the service that failed
    text: str = Field(default="", max_length=1000, repr=False)
    phone: str = Field(default="", pattern=r"^(1[3-9]\d{9})?$", repr=False)
    failure: str = Field(default="", pattern=r"^[a-z0-9-]{0,60}$")  # what ended the journey before


class ComplaintReceipt(_Wire):
    intent_id: str
    ticket_no: str
    answer_by: date | None
    department_zh: str
    department_en: str


class HelperBadge(_Wire):
    """What a helper's badge says, scanned."""

    badge: str = Field(min_length=8, max_length=200, repr=False)


class Helper(_Wire):
    name: str
    valid_until: AwareDatetime


class CallRequest(_Wire):
    """Staff are wanted: by the button, or as a service of its own."""

    intent_id: str = Field(pattern=INTENT_ID)
    reason: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    priority: bool = False


class CallReceipt(_Wire):
    call_no: str
    wait_minutes: int | None = None


class StockUse(_Wire):
    """A blank was used, or spoilt. `serial`: printed on the blank."""

    intent_id: str = Field(pattern=INTENT_ID)
    serial: str = Field(default="", max_length=40)
    spoilt: bool = False


class StockLeft(_Wire):
    left: int
    next_serial: str = ""
