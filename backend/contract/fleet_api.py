"""The wire between a kiosk and the fleet's desk: enrolment, heartbeat, commands, settings, rollouts.

JSON over mutually authenticated TLS, encoded by msgspec. Unknown fields are ignored on both sides: a newer kiosk may
talk to an older desk and the other way round. Times are aware UTC (RFC 3339). Errors are `Problem` bodies of
`kiosk_api` with the codes of `FleetProblem`; every refusal that should be tried again carries `Retry-After` (seconds).

Paths, below `FLEET_PREFIX`:

    GET  /authority?code=LOOKUP          -> AuthorityReply    before anything is trusted; see contract/enrolment.py
    POST /enrol                          EnrolRequest    -> Enrolled    no client certificate; a one-time code instead
    POST /renew                          RenewRequest    -> Enrolled
    POST /heartbeat                      Heartbeat       -> HeartbeatReply
    GET  /wait?seconds=N                 -> Orders, at once when an urgent command comes, else empty after N seconds
    POST /commands/{command_id}/ack      CommandAck      -> 204; the first one counts, a repetition is answered alike
    PUT  /commands/{command_id}/file     bytes           -> 204 log bundle (zip) or screenshot (PNG), before the ack
    GET  /settings                       -> Settings
    POST /rollouts/{rollout_id}/report   RolloutReport   -> 204
    GET  /releases/{release_id}/payload  -> bytes, with Range
    GET  /tuf/metadata/{name}            -> signed metadata: timestamp.json, N.snapshot.json and so on
    GET  /tuf/content/objects/{sha256}   -> bytes of a content release, with Range; never changes
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

FLEET_PREFIX = "/fleet/v1"

MAX_HEARTBEAT = 64 * 1024  # bytes
MAX_FILE = 20 * 1024 * 1024  # bytes of a log bundle or screenshot
MAX_WAIT_S = 300

Short = Annotated[str, Meta(max_length=80)]
Line = Annotated[str, Meta(max_length=300)]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class FleetProblem(StrEnum):
    NO_CERTIFICATE = "no-certificate"  # 401
    UNKNOWN_IDENTITY = "unknown-identity"  # 403: revoked, replaced by a newer enrolment, or never ours
    QUARANTINED = "quarantined"  # 403: this identity was seen twice
    CODE_INVALID = "enrolment-code-invalid"  # 403: unknown, used or expired
    WRONG_KIOSK = "wrong-kiosk"  # 403: the code or the command is another kiosk's
    SEQUENCE = "sequence"  # 409: a heartbeat older than one already taken; `Problem.last_seq` names that one
    NOT_FOUND = "not-found"  # 404
    CONFLICT = "conflict"  # 409: the command is finished otherwise, expired or not handed out
    INVALID = "invalid-request"  # 400
    TOO_LARGE = "too-large"  # 413
    BUSY = "busy"  # 503 with Retry-After


class IdentityState(StrEnum):
    PLANNED = "planned"
    ENROLLED = "enrolled"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"
    RETIRED = "retired"


class Problem(Struct, frozen=True):
    """`last_seq`: only with SEQUENCE, the highest number taken from this kiosk. A kiosk that has lost its own goes on
    beyond it. That hides no copy: whoever goes on under another `boot` makes the number of the other go back, and that
    one, going on beyond it in turn under a boot that had ended, shows that there are two."""

    code: str
    detail: str = ""
    last_seq: int | UnsetType = UNSET


# Enrolment


class Inventory(Struct, frozen=True, kw_only=True):
    """What the machine says of itself."""

    model: Short = ""
    serial_number: Short = ""
    software: Short = ""
    content: Short = ""
    image_sha256: Short = ""
    key_kind: Annotated[str, Meta(pattern="^(file|tpm)$")] = "file"
    devices: list[Line] = []


class AuthorityReply(Struct, frozen=True, kw_only=True):
    """Whom to trust as the desk. A kiosk believes it only after it has checked `sha256` or `mac` by itself."""

    ca_pem: str
    sha256: str  # of the certificate's DER, hex
    mac: str = ""  # contract.enrolment.authority_mac, if a code's look-up name was given


class EnrolRequest(Struct, frozen=True, kw_only=True):
    """`csr_pem`: PKCS #10, self-signed by the kiosk's key (P-256 or better); its subject is ignored."""

    code: Annotated[str, Meta(max_length=80)]
    csr_pem: Annotated[str, Meta(max_length=8000)]
    inventory: Inventory = Inventory()


class RenewRequest(Struct, frozen=True, kw_only=True):
    csr_pem: Annotated[str, Meta(max_length=8000)]


class Enrolled(Struct, frozen=True, kw_only=True):
    kiosk_id: str
    site_id: str
    site_zh: str
    site_en: str
    region_code: str
    certificate_pem: str  # the kiosk's, then the issuing authority's
    ca_pem: str  # whom to trust as the desk
    not_after: datetime
    renew_after: datetime  # from then on ask for the next one
    heartbeat_s: int
    epoch: int = 0  # this enrolment's number: commands for another one are void; 0: the desk does not say
    content_root: str = ""  # TUF root metadata; taken at enrolment only, later ones must follow from it


# Heartbeat


class DeviceReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`drivers.status.DeviceStatus` on the wire, under the same names."""

    state: Short
    supplies: dict[Short, Short] = {}
    action: Short = "none"
    detail: Line = ""
    levels: dict[Short, Annotated[int, Meta(ge=0, le=100)]] = {}  # percent left
    identity: Line = ""


class RolloutProgress(Struct, frozen=True, kw_only=True):
    rollout_id: Short
    stage: Annotated[str, Meta(pattern="^(downloading|waiting|installing|failed|running)$")]
    detail: Line = ""


class KioskReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changes seldom. A kiosk sends the same bytes as long as nothing has changed (keys sorted): the desk
    compares digests and reads the report only when it differs."""

    software: Short = ""
    content: Short = ""
    settings: int = 0  # the revision in force on the kiosk
    in_service: bool = True
    out_of_service: Line = ""  # why
    devices: dict[Short, DeviceReport] = {}
    rollout: RolloutProgress | None = None


class ErrorReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that went wrong since the last heartbeat. `code` is ours, never a message with data in it."""

    code: Short
    at: datetime
    count: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    where: Line = ""


class Heartbeat(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`seq` grows by at least one with every heartbeat of this kiosk's life and is on its disk before it is sent: a
    repetition of the same (seq, boot) is a retry, a smaller seq is somebody else with the same identity."""

    seq: Annotated[int, Meta(ge=1, le=2**53)]
    boot: Annotated[str, Meta(min_length=1, max_length=40)]  # random, anew at every start of the program
    sent_at: datetime
    report: Raw  # KioskReport
    uptime_s: Count = 0
    session_open: bool = False
    interface_age_s: Count = 0
    temperature_c: Annotated[float, Meta(ge=-60, le=200)] | None = None
    disk_free_mb: Count | None = None
    disk_wear_pct: Annotated[int, Meta(ge=0, le=255)] | None = None  # percent of rated writes
    counters: dict[Short, Count] = {}  # totals of its life: sessions, completed, failed, prints, receipts, payments
    errors: Annotated[list[ErrorReport], Meta(max_length=50)] = []


class CommandKind(StrEnum):
    RESTART = "restart"  # arguments: {"what": "program" | "machine"}
    SELF_TEST = "self-test"
    OUT_OF_SERVICE = "out-of-service"  # {"reason_zh", "reason_en"}
    INTO_SERVICE = "into-service"
    LOG_BUNDLE = "log-bundle"  # {"hours"}
    SCREENSHOT = "screenshot"  # refused while a resident's session is open
    VOLUME = "volume"  # {"percent"}
    PRINT_TEST = "print-test"  # {"printer": "receipt_printer" | "document_printer"}
    RESYNC = "resync"  # send everything anew: report, settings, content
    WIPE = "wipe"  # forget key, certificate, journal and settings; four eyes


class CommandState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"  # handed out; if no answer comes the lease ends and it is handed out again, until it expires
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"  # the kiosk would not, e.g. a session is open
    EXPIRED = "expired"  # never runs later
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self not in (CommandState.WAITING, CommandState.LEASED)


class CommandOrder(Struct, frozen=True, kw_only=True):
    """A kiosk runs an id once, and not at all after `expires_at` (the desk's clock)."""

    command_id: str
    kind: str
    arguments: dict[str, Any] = {}
    expires_at: datetime
    epoch: int  # of the identity it was given to


class Orders(Struct, frozen=True, kw_only=True):
    commands: list[CommandOrder] = []


class CommandAck(Struct, frozen=True, kw_only=True):
    state: Annotated[str, Meta(pattern="^(done|failed|refused)$")]
    code: Short = ""  # why, for failed and refused
    result: dict[Short, Any] = {}


class RolloutOrder(Struct, frozen=True, kw_only=True):
    """Take this version. `not_before`: when to switch, spread over the window; downloading may begin at once.
    `restore`: the rollout is taken back: whoever runs `version` returns to the version it kept from before, and
    reports stage "running" with that one; nothing is downloaded."""

    rollout_id: str
    release_id: str
    kind: str  # "content", "software" or "trial"
    version: str
    sha256: str
    size: int
    bytes_per_s: int = 0  # 0: no cap
    not_before: datetime | None = None
    deadline: datetime | None = None
    restore: bool = False


class HeartbeatReply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    now: datetime
    interval_s: int  # when to come next
    jitter_s: int = 0  # plus up to so much, at random
    settings: int = 0  # the wanted revision; fetch it if it is not yours
    content: str = ""  # the wanted version; "": keep what you have
    software: str = ""
    commands: list[CommandOrder] = []
    rollout: RolloutOrder | None = None
    renew: bool = False  # ask for a new certificate now
    # Hold a long poll for urgent commands. False: do not, there are too many kiosks; they come with the heartbeats.
    poll: bool = True


# Settings, rollouts


class Settings(Struct, frozen=True, kw_only=True):
    revision: int
    values: dict[str, Any]


class RolloutReport(Struct, frozen=True, kw_only=True):
    """Only stage "running" with the ordered version counts as success; "failed" says that the old one runs again."""

    stage: Annotated[str, Meta(pattern="^(downloading|waiting|installing|failed|running)$")]
    version: Short  # the version that runs now
    detail: Line = ""
