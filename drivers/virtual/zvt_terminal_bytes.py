"""Bytes of a ZVT payment terminal, put together from the tables of PA00P015 and PA00P016, not from our driver."""

from __future__ import annotations

from collections.abc import Iterable

ACK, NAK = b"\x06", b"\x15"


def message(control: str, *parts: bytes) -> bytes:
    """`control` in hex, such as "04 0F"; LEN is one byte, or FF and two, lower one first."""
    data = b"".join(parts)
    if len(data) > 254:
        return bytes.fromhex(control) + bytes([255, len(data) & 255, len(data) >> 8]) + data
    return bytes.fromhex(control) + bytes([len(data)]) + data


def bcd(number: int, digits: int) -> bytes:
    return bytes.fromhex(str(number).zfill(digits))


def ll(data: bytes) -> bytes:
    return bytes(0xF0 + int(digit) for digit in f"{len(data):02d}") + data


def lll(data: bytes) -> bytes:
    return bytes(0xF0 + int(digit) for digit in f"{len(data):03d}") + data


def tlv(tag: str, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        length = bytes([size])
    elif size < 256:
        length = bytes([0x81, size])
    else:
        length = bytes([0x82, size >> 8, size & 255])
    return bytes.fromhex(tag) + length + content


def text_block(lines: Iterable[str], kind: int, encoding: str = "gb18030") -> bytes:
    """06 D3: a receipt; kind 1 is the merchant's, 2 the customer's."""
    texts = b"".join(tlv("07", line.encode(encoding)) for line in lines) + tlv("09", b"")
    return message("06 D3", tlv("06", tlv("1F07", bytes([kind])) + tlv("25", texts)))


def crc(data: bytes) -> int:
    """CCITT, reflected (polynomial 8408), from 0."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return value


def on_the_line(apdu: bytes) -> bytes:
    """A message as a serial frame."""
    doubled = bytearray()
    for byte in apdu:
        doubled += b"\x10\x10" if byte == 0x10 else bytes([byte])
    check = crc(apdu + b"\x03")
    return b"\x10\x02" + bytes(doubled) + b"\x10\x03" + bytes([check & 255, check >> 8])


def off_the_line(buffer: bytearray) -> bytes | None:
    """Take the first complete frame or signal byte out of `buffer`: a message, ACK or NAK, or b"" for a damaged
    frame; None when there is none yet."""
    while buffer and buffer[:1] not in (b"\x10", ACK, NAK):
        del buffer[0]
    if not buffer:
        return None
    if buffer[:1] in (ACK, NAK):
        signal = bytes(buffer[:1])
        del buffer[0]
        return signal
    apdu = bytearray()
    at = 2
    while at + 1 < len(buffer):
        if buffer[at] != 0x10:
            apdu.append(buffer[at])
            at += 1
        elif buffer[at + 1] == 0x10:
            apdu.append(0x10)
            at += 2
        else:
            break
    if at + 4 > len(buffer):
        return None
    sound = buffer[at + 1] == 3 and crc(bytes(apdu) + b"\x03") == buffer[at + 2] | buffer[at + 3] << 8
    del buffer[: at + 4]
    return bytes(apdu) if sound else b""


def first_message(buffer: bytearray) -> bytes | None:
    """Take the first complete message out of a TCP stream."""
    if len(buffer) < 3:
        return None
    size = 3 + buffer[2]
    if buffer[2] == 255:
        if len(buffer) < 5:
            return None
        size = 5 + buffer[3] + buffer[4] * 256
    if len(buffer) < size:
        return None
    apdu = bytes(buffer[:size])
    del buffer[:size]
    return apdu


def data_of(apdu: bytes) -> bytes:
    return apdu[5:] if apdu[2] == 255 else apdu[3:]
