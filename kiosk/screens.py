"""What can be asked of a resident: one frozen dataclass for each kind of screen, and the Stage that shows them.

A journey imports this module and never Kivy. `Stage` has several homes: the Kivy interface, a scripted stage for
tests, later the speech mode, which reads the same dataclasses aloud; that is why every screen must say something
(`speech`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from content.schema.text import Text

A = TypeVar("A")


class Nav(StrEnum):
    """Answers every screen can give besides its own. Home and time-out are not answers: they cancel the journey."""

    BACK = "back"


@dataclass(frozen=True)
class Step:
    """Where the resident is: step `number` of `total`."""

    number: int
    total: int


@dataclass(frozen=True)
class Trail:
    """The line above the question: which service, which step."""

    service: Text
    step: Step


@dataclass(frozen=True, kw_only=True)
class Screen(Generic[A]):
    """Common to all screens. `A` is the type of the answer besides `Nav`."""

    question: Text  # one sentence, the only one in the largest type
    speech: Text  # what the speech mode says; never empty
    trail: Trail | None = None
    can_go_back: bool = True
    can_leave: bool = True  # 首页 / 结束办理 is shown
    idle_s: float | None = 60.0  # seconds of rest before "需要更多时间吗?"; None: never (printing)

    def __post_init__(self) -> None:
        if not self.question.zh or not self.speech.zh:
            raise ValueError(f"{type(self).__name__} needs a question and speech")


# --- home -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tile:
    """A door or a service. `unavailable` holds the reason; such a tile is shown, cannot start, and says why."""

    id: str
    title: Text
    summary: Text
    icon: str
    unavailable: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Home(Screen[str]):
    """The answer is the touched id: "door:ID" or "service:ID"."""

    doors: tuple[Tile, ...]
    frequent: tuple[Tile, ...]
    # What is typed (汉字, pinyin, initials) → the services found, best first
    search: Callable[[str], tuple[Tile, ...]] = field(default=lambda query: (), compare=False)
    notice: Text | None = None
    can_go_back: bool = False
    can_leave: bool = False
    idle_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class ServiceList(Screen[str]):
    """Behind a door; the answer is a service id. No tiles: says that nothing is here yet and what to do."""

    tiles: tuple[Tile, ...]


@dataclass(frozen=True, kw_only=True)
class Unavailable(Screen[None]):
    """A service that cannot start now: the reason and what the resident can do instead."""

    reason: Text
    advice: Text


# --- before ---------------------------------------------------------------------------------------------------------


class GuideAnswer(StrEnum):
    START = "start"
    PRINT = "print"


@dataclass(frozen=True)
class Entry:
    """A labelled value: one element of the guide, one line of a review."""

    label: Text
    value: Text
    source: Text | None = None  # where a prefilled value comes from


@dataclass(frozen=True, kw_only=True)
class Guide(Screen[GuideAnswer]):
    """The ten open elements. `key_entries` are shown first; "all ten" unfolds the rest."""

    entries: tuple[Entry, ...]
    key_labels: tuple[str, ...] = ()
    can_print: bool = True
    idle_s: float | None = 120.0


@dataclass(frozen=True, kw_only=True)
class Consent(Screen[bool]):
    """Equal buttons; True: agreed."""

    entries: tuple[Entry, ...]
    idle_s: float | None = 120.0


# --- who are you ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PlaceCard(Screen[None]):
    """Shows where the reader is. Has no answer but `Nav`: the card is the answer."""

    hint: Text | None = None  # after a fault: what to do
    reading: bool = False


class IdentityWay(StrEnum):
    FACE = "face"
    SMS_PIN = "sms-pin"


@dataclass(frozen=True)
class Choice:
    value: str
    label: Text
    hint: Text | None = None
    icon: str | None = None
    unavailable: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Choose(Screen[str]):
    """One of several; the answer is the chosen value."""

    choices: tuple[Choice, ...]
    note: Text | None = None


class FaceAnswer(StrEnum):
    OTHER_WAY = "other-way"


class FaceCue(StrEnum):
    """One instruction at a time."""

    COME_CLOSER = "come-closer"
    LOOK = "look"
    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    HOLD_STILL = "hold-still"
    CHECKING = "checking"
    NOBODY = "nobody"
    SEVERAL = "several"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"


@dataclass(frozen=True, eq=False)
class PreviewFrame:
    """What the resident sees of themselves: RGB, `width * height * 3` bytes. Never stored."""

    width: int
    height: int
    rgb: bytes = field(repr=False)


class PreviewSource(Protocol):
    def latest(self) -> PreviewFrame | None:
        """The newest preview picture, None before the first."""


@dataclass(frozen=True, kw_only=True)
class FaceCheck(Screen[FaceAnswer]):
    """Live picture in an oval; "换个方式" is always there."""

    cue: FaceCue
    done: tuple[FaceCue, ...] = ()
    preview: PreviewSource | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Keypad(Screen[str]):
    """Digits on a large on-screen keypad: SMS code, PIN, account number. The answer is the digits."""

    label: Text
    hint: Text
    min_length: int
    max_length: int
    group: int = 4
    secret: bool = False  # shown as dots
    can_scan: bool = False  # "or scan the bar code on your bill" beside the keypad
    error: Text | None = None
    value: str = field(default="", repr=False)  # digits already there: what was typed before the error, to compare
    resend: bool = False  # a "send again" button; the answer is then RESEND
    idle_s: float | None = 90.0


RESEND = "resend"


# --- the matter -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Review(Screen[None]):
    """Everything once more, masked, before it counts. Confirming answers None; BACK edits."""

    entries: tuple[Entry, ...]
    amount_fen: int | None = None
    confirm: Text
    note: Text | None = None
    idle_s: float | None = 120.0


class PayAnswer(StrEnum):
    CANCEL = "cancel"
    MORE_TIME = "more-time"


@dataclass(frozen=True, kw_only=True)
class Pay(Screen[PayAnswer]):
    """Amount huge, QR, countdown. The payment itself is noticed by the journey, not by a touch."""

    entries: tuple[Entry, ...]
    amount_fen: int
    qr: str = field(repr=False)
    channel: Text
    expires_in_s: float  # seconds left when the screen is shown; the screen counts down
    total_s: float
    note: Text
    can_go_back: bool = False
    idle_s: float | None = None  # the channel's expiry is the limit


@dataclass(frozen=True)
class Milestone:
    label: Text
    state: str  # "done" | "now" | "todo" | "failed"


@dataclass(frozen=True, kw_only=True)
class Working(Screen[None]):
    """Real progress while the machine works; has no answer."""

    milestones: tuple[Milestone, ...] = ()
    can_go_back: bool = False
    can_leave: bool = False
    idle_s: float | None = None


class PreviewAnswer(StrEnum):
    PRINT = "print"
    REVEAL = "reveal"


@dataclass(frozen=True, kw_only=True)
class Preview(Screen[PreviewAnswer]):
    """The certificate's picture (PNG), masked until the resident asks to see it all."""

    png: bytes = field(repr=False)
    pages: int
    masked: bool
    can_go_back: bool = False
    idle_s: float | None = 120.0


@dataclass(frozen=True, kw_only=True)
class Printing(Screen[None]):
    """Which sheet, where it comes out, and what the machine is doing; no answer."""

    png: bytes = field(repr=False)
    sheet: int
    sheets: int
    milestones: tuple[Milestone, ...]
    outlet: Text
    can_go_back: bool = False
    can_leave: bool = False
    idle_s: float | None = None


class RateAnswer(StrEnum):
    """GB/T 39734: five levels."""

    VERY_GOOD = "5"
    GOOD = "4"
    FAIR = "3"
    POOR = "2"
    VERY_POOR = "1"
    SKIP = "skip"


@dataclass(frozen=True, kw_only=True)
class Rate(Screen[RateAnswer]):
    can_go_back: bool = False
    idle_s: float | None = 20.0


class Tone(StrEnum):
    GOOD = "good"
    INFO = "info"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True)
class Message(Screen[str]):
    """A result or a fault: what happened, what to do next, one to three buttons. The answer is a button's value."""

    tone: Tone
    body: Text
    buttons: tuple[Choice, ...]
    entries: tuple[Entry, ...] = ()
    can_go_back: bool = False
    can_leave: bool = False


@dataclass(frozen=True, kw_only=True)
class Goodbye(Screen[None]):
    """Take your card, certificate and slip. Touch or a few seconds end it."""

    reminders: tuple[Text, ...]
    can_go_back: bool = False
    can_leave: bool = False
    idle_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class MoreTime(Screen[bool]):
    """ "您还需要更多时间吗?" over the screen below, which keeps its state. True: more time."""

    seconds: float = 30.0
    can_go_back: bool = False
    can_leave: bool = False
    idle_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class OutOfService(Screen[None]):
    """The terminal as a whole cannot serve: why, and where else to go."""

    reason: Text
    can_go_back: bool = False
    can_leave: bool = False
    idle_s: float | None = None


class Stage(Protocol):
    """Where screens are shown. One at a time; all calls from the loop's thread."""

    async def ask(self, screen: Screen[A]) -> A | Nav:
        """Show the screen and wait for its answer. Cancelling leaves the picture until the next screen."""

    def show(self, screen: Screen[A]) -> None:
        """Show a screen that is not answered (Working, Printing), or new content of the one being asked: a screen
        of the same kind replaces it in place and the pending `ask` stays pending."""

    async def ask_over(self, screen: Screen[A]) -> A:
        """Ask on top of the current screen, which keeps its state and its pending `ask` (MoreTime)."""

    def last_touch(self) -> float:
        """`time.monotonic()` of the last touch or key."""

    def patience(self) -> float:
        """How many times longer than usual this resident is given: more in large type (长辈模式)."""

    def reset(self) -> None:
        """The session is over: language, volume, text size and mode as at the start; typed digits forgotten."""
