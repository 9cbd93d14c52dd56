"""Electronic business licences: only the registry's word counts."""

from __future__ import annotations

import base64
import json
from datetime import date

import pytest
from typer.testing import CliRunner

from backend.contract.service_api import ServiceProblem
from backend.licences.check import check_licence
from backend.problems import Refused
from backend.sandbox.cli import app
from backend.sandbox.licences import COMPANY, LicenceWish, make_licence, verifying_key
from backend.settings import BackendSettings, SettingsError
from content.codes.uscc import check_uscc
from drivers.virtual.cabinet import presets

ZHANG, LI = "519999199001010017", "519999199001010025"


def why(text: str | None, *, key: str | None = None, number: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        check_licence(text, verifying_key() if key is None else key, number=number)
    assert caught.value.code is ServiceProblem.LICENCE_INVALID
    assert "5199" not in str(caught.value)
    return caught.value.detail


def test_the_legal_representative_shows_it() -> None:
    claims = check_licence(make_licence(), verifying_key(), number=ZHANG)
    assert (claims.uscc, claims.name, claims.legal_rep) == tuple(COMPANY.values())
    assert check_uscc(claims.uscc).valid
    assert ZHANG not in base64.urlsafe_b64decode(make_licence().split(".")[1] + "==").decode()


def test_the_command_prints_one() -> None:
    assert CliRunner().invoke(app, ["licence"]).output.strip() == make_licence()
    forged = CliRunner().invoke(app, ["licence", "--forged"]).output.strip()
    assert why(forged) == "not signed by the registry"


def test_another_may_act_who_is_named() -> None:
    wish = LicenceWish(holders=[ZHANG, LI])
    assert check_licence(make_licence(wish), verifying_key(), number=LI)
    assert why(make_licence(), number=LI) == "another person's"
    assert check_licence(make_licence(), verifying_key())  # L1: nobody's person is asked for


def test_what_is_not_the_registrys() -> None:
    good = make_licence()
    header, claims, signature = good.split(".")
    assert why(None) == why("") == "none was shown"
    assert why("x" * 4001) == "none was shown"
    assert why(make_licence(LicenceWish(forged=True))) == "not signed by the registry"
    assert why(make_licence(LicenceWish(expired=True))) == "expired"
    assert why(good, key="") == "no registry's key is set"
    other = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    for rubbish in ("a.b.c", "rubbish", f"{other}.{claims}.", f"{header}.{claims}.{'A' * 86}", f"{header}.{claims}"):
        assert why(rubbish) == "not signed by the registry"
    changed = base64.urlsafe_b64encode(json.dumps({**COMPANY, "name": "别的公司"}).encode()).rstrip(b"=").decode()
    assert why(f"{header}.{changed}.{signature}") == "not signed by the registry"
    hmac = base64.urlsafe_b64encode(json.dumps({"alg": "HS256"}).encode()).rstrip(b"=").decode()
    assert why(f"{hmac}.{claims}.{signature}") == "not signed by the registry"


def test_a_licence_of_an_impossible_organisation() -> None:
    assert why(make_licence(LicenceWish(uscc="91519999MA0B00024F"))) == "not understood"
    assert why(make_licence(LicenceWish(name=""))) == "not understood"


def test_the_last_day_counts() -> None:
    text = make_licence(LicenceWish(expired=True))
    assert check_licence(text, verifying_key(), today=date(2020, 12, 31))
    with pytest.raises(Refused):
        check_licence(text, verifying_key(), today=date(2021, 1, 1))


def test_the_sandboxs_licences_are_believed_in_the_demonstration_only() -> None:
    assert BackendSettings().effective_licence_key == verifying_key()
    production = BackendSettings(environment="production")
    assert production.effective_licence_key == ""
    with pytest.raises(SettingsError, match="MENKOU_BACKEND_LICENCE_KEY is the sandbox's key"):
        BackendSettings(environment="production", licence_key=verifying_key()).check_production()


@pytest.mark.parametrize(
    ("preset", "wish"),
    [
        ("business-licence", LicenceWish()),
        ("business-licence-expired", LicenceWish(expired=True)),
        ("business-licence-forged", LicenceWish(forged=True)),
    ],
)
def test_the_cabinet_has_them_ready(preset: str, wish: LicenceWish) -> None:
    assert presets.BY_ID[preset].text == make_licence(wish)
