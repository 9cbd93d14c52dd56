"""What the sandbox remembers while it runs, and the faults it has been told to show."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class NotifyMode(StrEnum):
    NORMAL = "normal"
    NONE = "none"  # the notification never comes
    FORGED = "forged"  # a stranger's notification, signed with another key; the true one never comes
    DUPLICATE = "duplicate"  # three times, same notify_id
    DELAYED = "delayed"  # after notify_delay_s


class DepartmentFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    down: bool = False
    delay_s: float = Field(default=0.0, ge=0, le=60)
    refuse: str = Field(default="", pattern=r"^[a-z0-9-]{0,40}$")  # it takes no applications, for this reason


class AlipayFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    down: bool = False  # HTTP 503, nothing done
    delay_s: float = Field(default=0.0, ge=0, le=60)  # work done at once, answer late
    answer_20000: int = Field(default=0, ge=0)  # this many answers are "service unavailable", nothing done
    lose_answers: int = Field(default=0, ge=0)  # this many requests are worked off and then answered with HTTP 502
    cancel_retry: int = Field(default=0, ge=0)  # this many cancels answer retry_flag=Y, nothing done
    cancel_keeps_qr: bool = False  # a cancel before the scan succeeds, but the code stays payable
    notify: NotifyMode = NotifyMode.NORMAL
    notify_delay_s: float = Field(default=3.0, ge=0, le=600)
    pay_after_close: bool = False  # the race: a wallet that is already paying wins against close and cancel


class Faults(BaseModel):
    """Everything that can be made to go wrong. Departments by their systems' names: water, population, sms, pin …"""

    model_config = ConfigDict(extra="forbid")

    departments: dict[str, DepartmentFault] = {}
    alipay: AlipayFault = AlipayFault()


class Control(BaseModel):
    """POST /control: what is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    departments: dict[str, DepartmentFault] | None = None
    alipay: AlipayFault | None = None
    reset: bool = False  # faults gone, bills due again, messages, PIN tries, cases and bookings forgotten


class SmsMessage(BaseModel):
    to: str = Field(repr=False)
    text: str = Field(repr=False)
    at: str


class SandboxState:
    """In memory: a restart makes every bill due again. Trades are kept apart, by the gateway."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.messages: list[SmsMessage] = []
        self.pin_failures: dict[str, int] = {}
        self.water_postings: dict[str, tuple[str, int]] = {}  # bill_no -> (payment_no, amount_fen)
        self.water_reversed: set[str] = set()  # payment_nos: a posting that arrives after its reversal is refused
        # Of all other systems, by their name:
        self.postings: dict[tuple[str, str], str] = {}  # (system, bill_no) -> payment_no
        self.reversed: set[tuple[str, str]] = set()  # (system, payment_no)
        self.submissions: dict[tuple[str, str], str] = {}  # (system, case_no) -> when
        self.bookings: dict[tuple[str, str], dict[str, str]] = {}  # (system, slot) -> request_no -> booking_no
        self.notes: list[str] = []  # operations that left a message, oldest first

    def apply(self, control: Control) -> None:
        if control.reset:
            self.faults = Faults()
            for memory in (
                self.messages,
                self.pin_failures,
                self.water_postings,
                self.water_reversed,
                self.postings,
                self.reversed,
                self.submissions,
                self.bookings,
                self.notes,
            ):
                memory.clear()
        if control.departments is not None:
            self.faults.departments |= control.departments
        if control.alipay is not None:
            self.faults.alipay = control.alipay
