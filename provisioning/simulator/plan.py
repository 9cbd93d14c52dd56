"""What a run shall do; handed to its processes as JSON."""

from __future__ import annotations

from msgspec import Struct, field

# Shares of the kiosks that misbehave, by kind.
MISCHIEF = {
    "replay": "send a heartbeat twice",
    "stale": "send a heartbeat older than the last",
    "skew": "have a clock that is hours wrong",
    "oversize": "send ten megabytes",
    "stranger": "come with a certificate they made themselves",
    "garbage": "send what is no JSON, or of the wrong types",
    "unknown": "send fields from the future",
    "flap": "have a device that changes with every heartbeat",
    "silent": "fall silent after a while, with the connection open",
    "slow": "send byte by byte and read slowly",
    "clone": "are there twice",
    "refuse": "refuse every command",
    "broken": "fail every rollout, or fall silent in it",
}


class Plan(Struct, frozen=True, kw_only=True):
    host: str  # the desk's name in its certificate
    port: int
    address: str
    tls: bool = True
    state: str  # folder of the identities
    book: str = ""  # folder; "": none
    loop: str = "open"  # "open": each kiosk at its own time; "closed": each as fast as it is answered
    interval_s: float = 60.0
    honour: bool = True  # take the interval from the desk's replies
    arrive_s: float = 60.0  # the first heartbeats are spread over so much
    changes: float = 0.01  # of the heartbeats tell something new
    mischief: dict[str, float] = {}
    hasty: bool = True  # switch to a release at once instead of in its window
    seed: int = 1
    sources: list[str] = field(default_factory=list)  # our own addresses, taken in turn


def parse_shares(text: str) -> dict[str, float]:
    """ "replay=1%,broken=0.03" → shares. Raises ValueError with the reason."""
    shares = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        kind, _, value = part.partition("=")
        if kind not in MISCHIEF:
            raise ValueError(f"there is no mischief {kind!r}; there is {', '.join(MISCHIEF)}")
        try:
            share = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
        except ValueError:
            raise ValueError(f"{kind}: {value!r} is no share; write 1% or 0.01") from None
        if not 0 <= share <= 1:
            raise ValueError(f"{kind}: a share is between 0 and 100 %")
        shares[kind] = share
    return shares
