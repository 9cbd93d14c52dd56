from __future__ import annotations

import pytest

from content.codes.certificate_id import ROOT, CertificateId, CertificateIdFault, parse_certificate_id

OWNER, ISSUER = "11519999000000019R", "12519999MB0A00018J"


@pytest.mark.parametrize(
    "tail",
    [
        "11100000000013338W011.11430000006122244L.20230000403.001.U",
        "11100000000013338W032.11220000013544541J.2430599.001.F",
        "11100000000013338W009.11330105002500287C.2025052201.002.0",
        "11100000MB03271699022.340100.000000016.001.9",
        f"{OWNER}001.{ISSUER}.2025000000001.001.Z",
        f"{OWNER}001.{ISSUER}.2025000000001.002.X",
        f"{OWNER}002.{ISSUER}.0123456789ABCDEF0123456789ABCDEF.001.O",
    ],
)
def test_valid(tail: str) -> None:
    parsed = parse_certificate_id(f"{ROOT}.{tail}")
    assert isinstance(parsed, CertificateId)
    assert str(parsed) == f"{ROOT}.{tail}"


def test_build_and_reissue() -> None:
    first = CertificateId(OWNER + "001", ISSUER, "2025000000001")
    assert str(first).endswith(".001.Z")
    assert str(CertificateId(OWNER + "001", ISSUER, "2025000000001", 2)).endswith(".002.X")
    with pytest.raises(ValueError):
        CertificateId(OWNER + "001", ISSUER, "abc")
    with pytest.raises(ValueError):
        CertificateId(OWNER + "001", ISSUER, "1", 1000)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{ROOT}.{OWNER}001.{ISSUER}.2025000000001.001.Y", CertificateIdFault.CHECK),
        (f"1.2.156.3005.3.{OWNER}001.{ISSUER}.2025000000001.001.Z", CertificateIdFault.ROOT),
        (f"{ROOT}.{OWNER}001.{ISSUER}.2025000000001.1.Z", CertificateIdFault.VERSION),
        (f"{ROOT}.{OWNER}001.{ISSUER}.2025000000001.000.Z", CertificateIdFault.VERSION),
        (f"{ROOT}.{OWNER}001.{ISSUER}.2025000000001.001", CertificateIdFault.PARTS),
        (f"{ROOT}.{OWNER}001.{ISSUER}.20250000000a1.001.Z", CertificateIdFault.SERIAL),
        (f"{ROOT}.{OWNER.lower()}001.{ISSUER}.2025000000001.001.Z", CertificateIdFault.TYPE),
        (f"{ROOT}.{OWNER}001..2025000000001.001.Z", CertificateIdFault.ISSUER),
        # An example in a public interface description; by the algorithm that the others follow it should end in D.
        (
            f"{ROOT}.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M",
            CertificateIdFault.CHECK,
        ),
        ("", CertificateIdFault.ROOT),
    ],
)
def test_invalid(text: str, fault: CertificateIdFault) -> None:
    assert parse_certificate_id(text) is fault
    assert fault.text.zh
    assert fault.text.en
