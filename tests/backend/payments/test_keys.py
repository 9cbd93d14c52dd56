"""Merchant keys: made when embedded, demanded in production."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backend.payments.keys import open_keys
from backend.settings import BackendSettings


def test_made_once_for_the_owner_only(tmp_path: Path) -> None:
    settings = BackendSettings(var_dir=tmp_path, sandbox_dir=tmp_path / "sandbox")
    first = open_keys(settings)
    assert stat.S_IMODE((tmp_path / "alipay_merchant.pem").stat().st_mode) == 0o600
    assert first.merchant.key_size == 2048
    assert open_keys(settings).merchant.private_numbers() == first.merchant.private_numbers()
    assert b"PRIVATE" not in (tmp_path / "alipay_merchant_public.pem").read_bytes()


def test_the_gateways_key_may_come_later_and_change(tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    keys = open_keys(BackendSettings(var_dir=tmp_path, sandbox_dir=tmp_path / "sandbox"))
    file = tmp_path / "sandbox" / "alipay_public.pem"
    assert keys.gateway() is None
    file.write_text("not a key")
    assert keys.gateway() is None
    file.write_bytes((tmp_path / "alipay_merchant_public.pem").read_bytes())
    assert keys.gateway() is not None
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    file.write_bytes(elliptic.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    assert keys.gateway() is None


def test_production_makes_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="MENKOU_BACKEND_ALIPAY_MERCHANT_KEY"):
        open_keys(BackendSettings(var_dir=tmp_path, environment="production"))
    assert not list(tmp_path.iterdir())
