"""The slips of applications and packages: list of papers, draft code, receipt of the case. They hold no name and no
number of the person: a slip may be left behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import singledispatch

from backend.contract.kiosk_api import Payment
from backend.contract.service_api import CaseReceipt, DraftSaved
from content.schema.service import Service
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptPart, Rule
from kiosk.journeys import service_texts as texts
from kiosk.journeys.context import Journey
from kiosk.journeys.receipts import local_time, payment_slip
from kiosk.service_screens import Paper, PaperState
from kiosk.settings import KioskSettings

_NOTICE_WORDS = {
    PaperState.NOT_NEEDED: "不用您提供",
    PaperState.TO_SCAN: "要扫描",
    PaperState.SCANNED: "已扫描",
    PaperState.BRING: "要带来",
    PaperState.LATER: "可以后补",
}


def minute(moment: datetime) -> str:
    return local_time(moment)[:16]


@singledispatch
def slip_of(done: object, settings: KioskSettings, *, copy: bool) -> Receipt:
    """The slip for what the backend says was done, for a journey or, after a restart, for recovery."""
    raise TypeError(type(done).__name__)


@slip_of.register
def _(done: Payment, settings: KioskSettings, *, copy: bool) -> Receipt:
    return payment_slip(done, settings, copy=copy)


@slip_of.register
def case_slip(done: CaseReceipt, settings: KioskSettings, *, copy: bool) -> Receipt:
    """受理单: case number, check code, departments, promised day, what to bring until when, how to ask. `copy` marks a
    slip that may be the second one."""
    parts: list[ReceiptPart] = [Heading("受理单"), Line(settings.site)]
    if copy:
        parts.append(Line("补打（原受理单可能已出纸，只受理一次）", bold=True))
    parts += [
        Rule(),
        Pair("事项", done.title_zh),
        Pair("办件编码", done.case_no),
        Pair("查询码", done.check_code, large=True),
        Pair("受理部门", done.department_zh),
        Pair("受理时间", minute(done.received_at)),
    ]
    if done.promised_by is not None:
        parts.append(Pair("承诺办结", done.promised_by.isoformat()))
    if done.outcome_zh:
        parts.append(Pair("办理结果", done.outcome_zh))
    if done.parts:
        parts += [Rule(), Line("本次一并办理", bold=True)]
        parts += [Pair(part.title_zh, part.department_zh) for part in done.parts]
    if done.to_bring:
        parts += [Rule(), Line("还要交来", bold=True)]
        parts += [Pair(entry.label_zh, entry.value_zh) for entry in done.to_bring]
    parts += [
        Rule(),
        Qr(done.case_no, "扫码或输入办件编码，再输查询码，查办理进度"),
        Line("任何一台自助终端的“办件进度查询”都可以查，也可拨打 12345。"),
        Pair("终端", settings.terminal),
        Line("示范系统，部门为虚拟"),
    ]
    return Receipt(tuple(parts))


def draft_slip(service: Service, settings: KioskSettings, saved: DraftSaved) -> Receipt:
    return Receipt(
        (
            Heading("续办凭条"),
            Line(settings.site),
            Rule(),
            Pair("事项", service.title.zh),
            Pair("续办码", f"{saved.code[:5]} {saved.code[5:]}", large=True),
            Pair("保留到", minute(saved.expires_at)),
            Rule(),
            Line("再来时带身份证，在任何一台自助终端打开这件事，选“接着上次办”，输入续办码。"),
            Line("过期自动删除。只有您本人能打开。"),
            Pair("终端", settings.terminal),
        )
    )


def notice_slip(journey: Journey, papers: Sequence[Paper]) -> Receipt:
    """一次性告知单: every paper for the answers given, and nothing besides."""
    service = journey.service
    parts: list[ReceiptPart] = [Heading("一次性告知单"), Line(service.title.zh, bold=True), Rule()]
    for each in service.situations:
        given = journey.session.situation.get(each.name)
        label = next((option.label.zh for option in each.options if option.value == given), None)
        if label is not None:
            parts += [Line(each.question.zh), Line(f"　{label}", bold=True)]
    parts.append(Rule())
    for number, paper in enumerate(papers, 1):
        parts.append(Pair(f"{number}. {paper.name.zh}", _NOTICE_WORDS[paper.state]))
        if paper.note is not None:
            parts.append(Line(f"　{paper.note.zh}"))
    if not papers:
        parts.append(Line(texts.NO_PAPERS.zh))
    parts += [
        Rule(),
        Pair("办理时限", service.guide.time_limit.zh),
        Pair("收费", service.guide.fees.zh),
        Line(service.guide.contact.zh),
        Line(journey.settings.site),
    ]
    return Receipt(tuple(parts))
