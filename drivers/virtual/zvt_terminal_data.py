"""What a simulated payment terminal tells of a transaction: its status information, full of card data that a register
must drop, and its slip."""

from __future__ import annotations

from drivers.virtual.zvt_terminal_book import Booking
from drivers.virtual.zvt_terminal_bytes import bcd, ll, lll, message, tlv

TERMINAL_ID = 28004869


def test_pan() -> bytes:
    """16 digits that no bank has given to anybody, Luhn-valid; made anew each time, for tests search memory for it."""
    digits = "".join(["6222", "9907", "0034", "571"])
    doubled = (int(d) * (2 - i % 2) for i, d in enumerate(digits))
    return (digits + str(-sum(n // 10 + n % 10 for n in doubled) % 10)).encode()


def status_information(booking: Booking, *, unknown_field: bool = False, damaged: bool = False) -> bytes:
    """04 0F. `unknown_field`: a field that no register knows, with the card number behind it. `damaged`: its amount
    is no number."""
    pan = test_pan()
    track = bytes.fromhex(pan.decode() + "D2912" + "2010000")
    parts = [
        bytes([0x27, booking.result, 0x04]) + (b"\xaa" * 6 if damaged else bcd(booking.amount, 12)),
        b"\x22" + ll(bytes.fromhex(pan.decode())),
        b"\x0b" + bcd(booking.trace, 6) + bytes.fromhex("0C 22 39 53 0D 10 06"),
        bytes.fromhex("0E 29 12 17 00 01"),
        b"\x23" + ll(track) + b"\x2d" + ll(b"B" + pan + b"^TEST/CARD^2912") + b"\x24" + lll(b"01" + pan),
        b"\x29" + bcd(TERMINAL_ID, 8) + bytes.fromhex("49 01 56 3A 12 3F"),
        b"\x87" + bcd(booking.receipt, 4) + b"\x8a\x05\x8b" + ll(b"UnionPay\x00"),
        b"\x3c" + lll(b"CARD " + pan),
        tlv("06", tlv("60", tlv("5A", bytes.fromhex(pan.decode())) + tlv("57", track))),
    ]
    if booking.reverses is not None:
        parts.insert(2, b"\x37" + bcd(booking.reverses, 6))
    if unknown_field:
        parts.append(b"\x9f\x08" + bytes.fromhex(pan.decode()))
    return message("04 0F", *parts)


def slip(booking: Booking, *, masked: bool = True) -> list[str]:
    """Its lines, without the heading that tells the copies apart."""
    pan = test_pan().decode()
    card = f"{pan[:4]} {pan[4:6]}** **** {pan[12:]}" if masked else " ".join(pan[i : i + 4] for i in (0, 4, 8, 12))
    kind = "消费" if booking.reverses is None else "撤销"
    amount = f"RMB {booking.amount // 100}.{booking.amount % 100:02d}"
    lines = ["示范城市一卡通 (测试)", f"交易类型: {kind}", f"卡号: {card}", f"金额: {amount}"]
    return [*lines, f"凭证号: {booking.trace:06d}", f"票据号: {booking.receipt:04d}", "-" * 32]
