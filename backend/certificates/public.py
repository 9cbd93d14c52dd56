"""/v: the public verification page behind the QR code of every certificate. No script, no cookies, nothing kept."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader

from backend.certificates.links import Link
from backend.certificates.runtime import press_of
from backend.certificates.verification import Finding, Verdict, Verification
from backend.contract.kiosk_api import CertificateState
from backend.deps import CurrentSessions
from backend.identity.runtime import vault_of
from content.schema.text import Text

router = APIRouter(prefix="/v", tags=["verification"])

MAX_FILE = 900 * 1024  # bytes; our certificates have about 120,000
CHECKS_PER_MINUTE = 30  # per address

_PAGES = Path(__file__).parent / "pages"
_ENVIRONMENT = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the link's MAC
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

_VERDICTS = {
    Verdict.VALID: (
        "good",
        Text("有效", "Valid"),
        Text(
            "请核对纸上内容与下列信息一致。纸上标有“样张”的由示范系统签发，不具有法律效力。",
            "Compare the paper with these details. A sheet marked 样张 is a specimen without legal effect.",
        ),
    ),
    Verdict.EXPIRED: (
        "doubt",
        Text("已过验证有效期", "Verification period over"),
        Text(
            "这份证明确由下列机构签发，但已过核验期限，请重新开具。",
            "Genuine, but too old to rely on: please ask for a new one.",
        ),
    ),
    Verdict.VOIDED: (
        "bad",
        Text("已作废", "Voided"),
        Text("这份证明已作废，请勿采信。", "This certificate has been voided: do not rely on it."),
    ),
    Verdict.UNKNOWN: (
        "bad",
        Text("查无此证", "No such certificate"),
        Text(
            "请核对验证码是否输对；如果是扫码进来的，请勿采信这份证明。",
            "Check the code you typed; if you scanned it, do not rely on the paper.",
        ),
    ),
    Verdict.ALTERED: (
        "bad",
        Text("已被改动", "Altered"),
        Text("文件与签发时不一致，请勿采信。", "The file differs from what was issued: do not rely on it."),
    ),
    Verdict.NOT_OURS: (
        "bad",
        Text("不是这里签发的文件", "Not issued here"),
        Text("文件上没有本系统的电子签名。", "The file does not carry our electronic signature."),
    ),
    Verdict.UNREADABLE: (
        "doubt",
        Text("文件无法识别", "Unreadable file"),
        Text(
            "请上传从本系统取得的 PDF 原件；照片和扫描件不能这样核验，请改用验证码。",
            "Upload the original PDF; for photos and scans use the code instead.",
        ),
    ),
}
_PRINTED = {
    CertificateState.ISSUED: Text("已签发，打印未完成", "Issued, not printed yet"),
    CertificateState.DELIVERED: Text("已打印 1 份", "Printed once"),
    CertificateState.DELIVERY_UNKNOWN: Text("已签发，打印结果待确认", "Issued, printing to be confirmed"),
    CertificateState.VOIDED: Text("已作废", "Voided"),
}


@dataclass(frozen=True)
class Row:
    label: Text
    value: Text


class RateLimit:
    """So many checks a minute per address; remembers a bounded number of addresses, in memory only."""

    def __init__(self, limit: int = CHECKS_PER_MINUTE, window_s: float = 60.0, addresses: int = 10_000) -> None:
        self._limit = limit
        self._window = window_s
        self._addresses = addresses
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, address: str, now: float | None = None) -> bool:
        now = time.monotonic() if now is None else now
        times = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        while times and times[0] <= now - self._window:
            times.popleft()
        if len(times) >= self._limit:
            return False
        times.append(now)
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
        return True


def rate_limited(request: Request) -> None:
    limit: RateLimit | None = getattr(request.app.state, "verification_limit", None)
    if limit is None:
        limit = request.app.state.verification_limit = RateLimit()
    if not limit.allows(request.client.host if request.client else "?"):
        raise HTTPException(429, "too many checks, wait a minute", headers={"Retry-After": "60"})


def get_verification(request: Request, sessions: CurrentSessions) -> Verification:
    return Verification(sessions, vault_of(request.app), press_of(request.app))


Checker = Annotated[Verification, Depends(get_verification)]


@router.get("/style.css")
async def style() -> Response:
    return FileResponse(_PAGES / "style.css", media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@router.get("", dependencies=[Depends(rate_limited)])
async def by_link(checker: Checker, i: str = "", t: str = "", s: str = "") -> HTMLResponse:
    """The page behind the QR code; without parameters the empty form."""
    if not (i or t or s):
        return _page(None)
    return _page(await checker.by_link(Link(i[:40], t[:20], s[:60])))


@router.post("/code", dependencies=[Depends(rate_limited)])
async def by_code(checker: Checker, code: Annotated[str, Form(max_length=60)]) -> HTMLResponse:
    return _page(await checker.by_code(code))


@router.post("/file", dependencies=[Depends(rate_limited)])
async def by_file(checker: Checker, file: UploadFile) -> HTMLResponse:
    """The upload stays in memory (the app's body limit lies below the spool's) and is forgotten with the answer."""
    data = await file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        return _page(Finding(Verdict.UNREADABLE))
    return _page(await checker.by_file(data))


def _page(finding: Finding | None) -> HTMLResponse:
    tone, headline, advice = _VERDICTS[finding.verdict] if finding else ("", Text("", ""), None)
    html = _ENVIRONMENT.get_template("form.html").render(
        tone=tone,
        headline=headline,
        advice=advice,
        rows=_rows(finding) if finding and finding.state else [],
        limit_kib=MAX_FILE // 1024,
    )
    status = 404 if finding and finding.verdict is Verdict.UNKNOWN else 200
    return HTMLResponse(html, status, headers=_HEADERS)


def _rows(finding: Finding) -> list[Row]:
    same = Text.same
    return [
        Row(Text("证明名称", "Certificate"), Text(finding.title_zh, finding.title_en)),
        Row(Text("签发机构", "Issued by"), Text(finding.issuer_zh, finding.issuer_en)),
        Row(Text("编号", "Number"), same(finding.number)),
        Row(Text("持证人", "Holder"), same(finding.holder_masked)),
        Row(Text("证件号码", "ID number"), same(finding.holder_number_masked)),
        Row(Text("签发时间", "Issued at"), same(_moment(finding.issued_at))),
        Row(Text("验证有效期至", "Check until"), same(_moment(finding.valid_until)[:10])),
        Row(Text("打印情况", "Printing"), _PRINTED[finding.state] if finding.state else same("")),
        Row(Text("证照标识", "Identifier"), same(finding.identifier)),
        Row(Text("核验时间", "Checked at"), same(f"{datetime.now(_SHANGHAI):%Y-%m-%d %H:%M:%S}")),
    ]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(_SHANGHAI):%Y-%m-%d %H:%M:%S}" if at else ""
