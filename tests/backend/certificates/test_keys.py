"""Keys that end: renewed in time, and what they signed stays genuine."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from backend.certificates import keys
from backend.certificates.check import FileState, check_pdf
from backend.certificates.keys import CHECK_LIFE, SigningKeyError, ca_certificate, signer_keys
from backend.certificates.press import Press
from backend.certificates.signing import SpecimenSigner
from backend.certificates.typeset import Seal, SealPlace, Typesetter
from content.build import CATALOGUE, templates_dir

AGENCY = ("青口县社会保险经办中心", "12519999MB0A00018J")
PLACE = SealPlace(x=10, y=10)


def _ends_in(monkeypatch: pytest.MonkeyPatch, life: timedelta) -> None:
    """What is made now ends after `life`."""
    real = keys._builder

    def builder(subject: x509.Name, issuer: x509.Name, key: object, **options: object) -> object:
        made = real(subject, issuer, key, days=1)  # type: ignore[arg-type]
        made._not_valid_after = (datetime.now(UTC) + life).replace(tzinfo=None)
        return made

    monkeypatch.setattr(keys, "_builder", builder)


def _signed(var_dir: Path) -> bytes:
    seal = Typesetter(templates_dir(CATALOGUE)).seal(Seal(AGENCY[0]), PLACE)
    signer = SpecimenSigner(signer_keys(var_dir, *AGENCY), reason="签发")
    return signer.sign(seal, page=0, box=(0, 0, 50, 50), seal_pdf=seal)


def test_a_signer_is_renewed_and_its_old_files_stay_genuine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = ca_certificate(tmp_path)
    with monkeypatch.context() as patched:
        _ends_in(patched, CHECK_LIFE + timedelta(days=10))
        old = signer_keys(tmp_path, *AGENCY)
        file = _signed(tmp_path)
    assert signer_keys(tmp_path, *AGENCY) == old  # long enough for what it signs today
    # Its last weeks: seen from a day on which it ends before the sheets do.
    monkeypatch.setattr(keys, "CHECK_LIFE", CHECK_LIFE + timedelta(days=10))
    new = signer_keys(tmp_path, *AGENCY)
    assert new.certificate_pem != old.certificate_pem
    assert new.key_pem != old.key_pem
    assert new.ca_pem == old.ca_pem == ca
    assert signer_keys(tmp_path, *AGENCY) == new
    (retired,) = (tmp_path / "keys" / "retired").iterdir()
    assert retired.read_bytes() == old.certificate_pem
    assert not any(old.key_pem in path.read_bytes() for path in (tmp_path / "keys").rglob("*.pem"))
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (tmp_path / "keys").rglob("*.pem"))
    assert check_pdf(file, ca).state is FileState.VALID
    assert check_pdf(_signed(tmp_path), ca).state is FileState.VALID


def test_no_signature_that_outlives_its_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _ends_in(patched, CHECK_LIFE - timedelta(days=1))
        ca_certificate(tmp_path)
    with capture_logs() as logs, pytest.raises(SigningKeyError, match="valid until"):
        signer_keys(tmp_path, *AGENCY)
    assert "certificates_ca_ends_too_soon" in [line["event"] for line in logs]


def test_a_signer_never_outlives_its_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        _ends_in(patched, CHECK_LIFE + timedelta(days=100))
        ca = x509.load_pem_x509_certificate(ca_certificate(tmp_path))
    signer = x509.load_pem_x509_certificate(signer_keys(tmp_path, *AGENCY).certificate_pem)
    assert signer.not_valid_after_utc == ca.not_valid_after_utc


async def test_the_press_asks_for_its_signer_every_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    press = Press(tmp_path)
    calls: list[str] = []
    real = press._specimen_signer
    press._signer_for = lambda *which: (calls.append("asked"), real(*which))[1]  # type: ignore[func-returns-value]
    try:
        for _ in range(2):
            assert await press.is_specimen(AGENCY, "证明")
        assert len(calls) == 1
        made_on, signer = press._signers[(*AGENCY, "证明")]
        press._signers[(*AGENCY, "证明")] = (made_on - timedelta(days=1), signer)
        await press.is_specimen(AGENCY, "证明")
        assert len(calls) == 2
    finally:
        press.close()
