"""GB/T 36904-2018: the identifier of an electronic certificate (证照标识).

`1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`; the check character (ISO/IEC 7064 MOD 37,36) covers
type, issuer, serial and version without the root and without the dots.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from content.codes.iso7064 import mod_37_36
from content.schema.text import Text

ROOT = "1.2.156.3005.2"
_TYPE = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_ISSUER = re.compile(r"[0-9A-Z]{1,18}")  # a USCC, or an area or internal code of some issuers
_SERIAL = re.compile(r"[0-9A-Z]{1,64}")
_VERSION = re.compile(r"(?!000)[0-9]{3}")


class CertificateIdFault(StrEnum):
    ROOT = "root"
    PARTS = "parts"
    TYPE = "type"
    ISSUER = "issuer"
    SERIAL = "serial"
    VERSION = "version"
    CHECK = "check"

    @property
    def text(self) -> Text:
        return _SENTENCES[self]


_SENTENCES = {
    CertificateIdFault.ROOT: Text(f"证照标识应以 {ROOT} 开头", f"A certificate identifier begins with {ROOT}"),
    CertificateIdFault.PARTS: Text(
        "根标识之后应有五段，用圆点隔开", "After the root there must be five parts, joined by dots"
    ),
    CertificateIdFault.TYPE: Text(
        "证照类型代码应为 18 位机构代码加 3 位数字，字母大写",
        "The type code is an organisation code of 18 characters and 3 digits, in capitals",
    ),
    CertificateIdFault.ISSUER: Text(
        "颁发机构代码应为 1 至 18 位数字或大写字母", "The issuer's code is 1 to 18 digits or capitals"
    ),
    CertificateIdFault.SERIAL: Text("流水号只能用数字和大写字母", "The serial number is made of digits and capitals"),
    CertificateIdFault.VERSION: Text(
        "版本号应为三位数字，从 001 开始", "The version is three digits, beginning with 001"
    ),
    CertificateIdFault.CHECK: Text(
        "校验位不符，请核对证照标识", "The check character does not match; please compare the identifier"
    ),
}


@dataclass(frozen=True)
class CertificateId:
    type_code: str
    issuer: str
    serial: str
    version: int = 1

    def __post_init__(self) -> None:
        if fault := _fault_of(self.type_code, self.issuer, self.serial, f"{self.version:03d}"):
            raise ValueError(f"certificate identifier: bad {fault.value}")

    @property
    def check(self) -> str:
        return mod_37_36(f"{self.type_code}{self.issuer}{self.serial}{self.version:03d}")

    def __str__(self) -> str:
        return ".".join((ROOT, self.type_code, self.issuer, self.serial, f"{self.version:03d}", self.check))


def parse_certificate_id(text: str) -> CertificateId | CertificateIdFault:
    """The parts of an identifier, or what is wrong with it. Lower case is wrong: the identifier is exact."""
    if not text.startswith(ROOT + "."):
        return CertificateIdFault.ROOT
    parts = text[len(ROOT) + 1 :].split(".")
    if len(parts) != 5:
        return CertificateIdFault.PARTS
    type_code, issuer, serial, version, check = parts
    if fault := _fault_of(type_code, issuer, serial, version):
        return fault
    identifier = CertificateId(type_code, issuer, serial, int(version))
    return identifier if identifier.check == check else CertificateIdFault.CHECK


def _fault_of(type_code: str, issuer: str, serial: str, version: str) -> CertificateIdFault | None:
    for pattern, part, fault in (
        (_TYPE, type_code, CertificateIdFault.TYPE),
        (_ISSUER, issuer, CertificateIdFault.ISSUER),
        (_SERIAL, serial, CertificateIdFault.SERIAL),
        (_VERSION, version, CertificateIdFault.VERSION),
    ):
        if not pattern.fullmatch(part):
            return fault
    return None
