"""What can be wrong with the simulated SSP validator, and what that does to its replies."""

from __future__ import annotations

from enum import StrEnum

from drivers.virtual.itl_ssp_frames import frame
from drivers.virtual.note_path import Faults
from drivers.virtual.pty import Delivery


class SspFault(StrEnum):
    """What can be wrong, by the names the cabinet shows."""

    NOISE = "noise"  # rubbish and stray 7F before every reply
    SLOW_BYTES = "slow-bytes"
    BAD_CHECKSUM = "bad-checksum"
    TRUNCATED = "truncated"
    GLUED = "glued"  # an old reply sticks to every reply
    LATE = "late"
    LOST_REPLY = "lost-reply"  # done, and the reply never arrives
    LOST_CREDIT = "lost-credit"  # as lost-reply, when a credit is in it
    LOST_COMMAND = "lost-command"  # never heard
    SILENT = "silent"
    ONLY_WORDS = "only-words"  # says OK and moves nothing
    COUNTERFEIT = "counterfeit"  # the note is not recognised
    CREDIT_TWICE = "credit-twice"  # says the next credit again, as news, when the note is in the box
    JAM_UNSAFE = "jam-unsafe"  # the next note sticks before the credit
    JAM_SAFE = "jam-safe"  # the next note sticks behind it
    PAYOUT_EVENT = "payout-event"
    NEVER_ENABLES = "never-enables"  # says OK and stays disabled
    NO_HOLD = "no-hold"  # does not know HOLD


def delivery(reply: bytes, faults: Faults[SspFault], late_s: float) -> Delivery:
    """What becomes of a reply on a line with these faults."""
    keep, glued = None, b""
    if faults.take(SspFault.BAD_CHECKSUM):
        keep, glued = len(reply) - 1, bytes([reply[-1] ^ 0x5A])
    elif faults.take(SspFault.TRUNCATED):
        keep = len(reply) // 2
    elif faults.take(SspFault.GLUED):
        glued = frame((reply[1] & 0x80) ^ 0x80, b"\xf0\xee\x01")
    return Delivery(
        noise=b"\x00\x7f\x7f\x80\x05\xf0\xee\x01\x7f" if faults.take(SspFault.NOISE) else b"",
        glued=glued,
        keep=keep,
        byte_by_byte=faults.take(SspFault.SLOW_BYTES),
        silent=faults.take(SspFault.LOST_REPLY) or (0xEE in reply[3:-2] and faults.take(SspFault.LOST_CREDIT)),
        late_s=late_s if faults.take(SspFault.LATE) else 0.0,
    )
