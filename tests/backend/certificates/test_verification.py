"""The public page and `menkou verify`: what is genuine, what is not, and what is not told."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from typer.testing import CliRunner

from backend.certificates.check import FileState, check_pdf
from backend.certificates.keys import CA_FILE, ca_certificate
from backend.certificates.models import Certificate
from backend.certificates.public import MAX_FILE, RateLimit
from backend.certificates.verify_cli import app, verify_file
from tests.backend.certificates.conftest import NAME, NUMBER, Counter, Signed
from tests.backend.house import BACKEND, House


def _path(url: str) -> str:
    return url.removeprefix(BACKEND)


async def test_the_qr_link_shows_a_valid_certificate_masked(counter: Counter) -> None:
    certificate = await counter.issued()
    page = await counter.page("GET", _path(certificate["verification_url"]))
    assert page.status_code == 200
    for shown in ("有效", "Valid", "社会保险参保证明", "张*范", "5****************7", certificate["certificate_id"]):
        assert shown in page.text
    assert "打印未完成" in page.text
    assert NAME not in page.text
    assert NUMBER not in page.text
    await counter.deliver("printed")
    assert "已打印 1 份" in (await counter.page("GET", _path(certificate["verification_url"]))).text


async def test_headers_and_no_script(counter: Counter) -> None:
    page = await counter.page("GET", "/v")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    assert "style=" not in page.text
    style = await counter.page("GET", "/v/style.css")
    assert "#0A4F8F" in style.text


async def test_voided_and_expired_are_said(house: House, counter: Counter) -> None:
    certificate = await counter.issued()
    await counter.deliver("not-printed")
    page = await counter.page("GET", _path(certificate["verification_url"]))
    assert "已作废" in page.text
    assert "verdict bad" in page.text

    second = await counter.issued("intent-0002")
    async with house.backend.state.sessions() as session:
        await session.execute(
            update(Certificate).where(Certificate.intent_id == "intent-0002").values(valid_until=Certificate.issued_at)
        )
        await session.commit()
    page = await counter.page("POST", "/v/code", data={"code": second["verification_code"]})
    assert "已过验证有效期" in page.text


async def test_anything_unknown_gets_one_constant_answer(counter: Counter) -> None:
    certificate = await counter.issued()
    path = _path(certificate["verification_url"])
    mac = path.split("&s=")[1]
    wrong = [
        path.replace("?i=", "?i=x"),
        re.sub(r"&t=.", "&t=0", path),
        path.replace(mac, mac[:-2] + ("AA" if mac[-2:] != "AA" else "BB")),
        path.replace(mac, ""),
        "/v?i=nothing&t=1&s=中文",
    ]
    pages = [await counter.page("GET", each) for each in wrong]
    code = certificate["verification_code"]
    swapped = ("3" if code[0] == "2" else "2") + code[1:]  # another first character: the check no longer matches
    pages += [await counter.page("POST", "/v/code", data={"code": each}) for each in (swapped, "7777777777777777", "?")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "查无此证" in pages[0].text


async def test_the_typed_code_forgives_spacing_and_case(counter: Counter) -> None:
    certificate = await counter.issued()
    typed = certificate["verification_code"].replace("-", " ").lower()
    assert "张*范" in (await counter.page("POST", "/v/code", data={"code": typed})).text


async def test_upload(counter: Counter) -> None:
    await counter.issued()
    pdf = await counter.file()

    async def verdict(data: bytes) -> str:
        page = await counter.page("POST", "/v/file", files={"file": ("a.pdf", data, "application/pdf")})
        match = re.search(r"<h1>(.*?)</h1>", page.text)
        assert match is not None
        return match.group(1)

    assert await verdict(pdf) == "有效"
    altered = bytearray(pdf)
    altered[len(pdf) // 2] ^= 1
    assert await verdict(bytes(altered)) == "已被改动"
    assert await verdict(pdf + b"\n") == "已被改动"
    assert await verdict(pdf[:-700]) == "已被改动"
    assert await verdict(b"hello") == "文件无法识别"
    assert await verdict(b"%PDF-1.7" + b"0" * MAX_FILE) == "文件无法识别"


async def test_rate_limit(counter: Counter) -> None:
    counter.house.backend.state.verification_limit = RateLimit(limit=3)
    statuses = [(await counter.page("GET", "/v")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def test_rate_limit_forgets() -> None:
    limit = RateLimit(limit=1, window_s=60, addresses=2)
    assert limit.allows("a", 0.0)
    assert not limit.allows("a", 59.0)
    assert limit.allows("a", 60.0)
    assert limit.allows("b", 61.0)
    assert limit.allows("c", 62.0)
    assert limit.allows("a", 63.0)  # pushed out by the bound on addresses


def test_pdfsig_agrees(signed: Signed, tmp_path: Path) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not installed")
    path = tmp_path / "certificate.pdf"
    path.write_bytes(signed[0])
    run = subprocess.run(
        ["pdfsig", "-nocert", str(path)],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert "Signature is Valid" in run.stdout
    assert "Total document signed" in run.stdout
    altered = bytearray(signed[0])
    altered[altered.index(b"endobj") - 3] ^= 1
    path.write_bytes(altered)
    run = subprocess.run(
        ["pdfsig", "-nocert", str(path)],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert "Signature is Valid" not in run.stdout


def _gap(pdf: bytes) -> tuple[int, int]:
    match = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)", pdf)
    assert match is not None
    return int(match[2]), int(match[3])


@pytest.mark.parametrize(
    "where", ["head", "start", "middle", "envelope", "algorithms", "cms", "certificate", "padding", "after", "trailer"]
)
def test_one_flipped_bit_is_altered(signed: Signed, where: str) -> None:
    pdf, var_dir = signed
    first, second = _gap(pdf)
    position = {
        "head": 12,
        "start": 4000,
        "middle": first // 2,
        "envelope": first + 51,
        "algorithms": first + 65,
        "cms": first + 40,
        "certificate": first + 700,
        "padding": second - 30,
        "after": second + 20,
        "trailer": len(pdf) - 4,
    }[where]
    altered = bytearray(pdf)
    altered[position] ^= 1
    assert check_pdf(bytes(altered), ca_certificate(var_dir)).state is FileState.ALTERED


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_flipped_bit_goes_unseen(signed: Signed, data: st.DataObject) -> None:
    pdf, var_dir = signed
    position = data.draw(st.integers(0, len(pdf) - 1))
    altered = bytearray(pdf)
    altered[position] ^= 1 << data.draw(st.integers(0, 7))
    assert check_pdf(bytes(altered), ca_certificate(var_dir)).state is not FileState.VALID


def test_another_authority_is_not_ours(signed: Signed, tmp_path: Path) -> None:
    assert check_pdf(signed[0], ca_certificate(tmp_path)).state is FileState.NOT_OURS


def test_lower_case_hexadecimal_is_altered(signed: Signed) -> None:
    pdf, var_dir = signed
    first, second = _gap(pdf)
    changed = pdf[:first] + pdf[first:second].lower() + pdf[second:]
    assert check_pdf(changed, ca_certificate(var_dir)).state is FileState.ALTERED


def test_command(signed: Signed, tmp_path: Path) -> None:
    pdf, var_dir = signed
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    ca = var_dir / CA_FILE
    result = verify_file(path, ca)
    assert result.valid
    assert "电子印章样张" in result.signer
    runner = CliRunner()
    good = runner.invoke(app, [str(path), "--ca", str(ca)])
    assert (good.exit_code, "有效" in good.output) == (0, True)
    path.write_bytes(pdf + b"\n")
    bad = runner.invoke(app, [str(path), "--ca", str(ca)])
    assert (bad.exit_code, "已被改动" in bad.output) == (1, True)
    assert runner.invoke(app, [str(tmp_path / "absent.pdf"), "--ca", str(ca)]).exit_code == 1
