"""The slips of paper. Masked data only: a slip may be left behind, and one is printed after a restart too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from backend.contract.kiosk_api import IssuedCertificate, Payment
from drivers.receipt_printer.port import Heading, Line, Pair, Qr, Receipt, ReceiptPart, Rule
from kiosk.journeys import texts
from kiosk.journeys.context import Journey
from kiosk.settings import KioskSettings

_ZONE = ZoneInfo("Asia/Shanghai")


def yuan(amount_fen: int) -> str:
    """`4340` → "43.40"; integer arithmetic only."""
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


def local_time(moment: datetime) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def payment_slip(payment: Payment, settings: KioskSettings, *, copy: bool) -> Receipt:
    """Amount, channel, our number, the channel's number, time, item, way of refund, hotline. `copy` marks a slip
    printed when nobody can tell whether the first one came out: never silently twice."""
    parts: list[ReceiptPart] = [Heading("缴费凭条"), Line(settings.site)]
    if copy:
        parts.append(Line("补打（原凭条可能已出纸，只入账一次）", bold=True))
    parts += [
        Rule(),
        Pair("项目", payment.title_zh),
        Pair("户号", payment.account_masked),
        Pair("户名", payment.customer_masked),
        Pair("账期", payment.period_zh),
        Pair("实付", f"¥{yuan(payment.amount_fen)}", large=True),
        Rule(),
        Pair("方式", "支付宝扫码"),
        Pair("时间", local_time(payment.paid_at or datetime.now(UTC))),
        Pair("凭条号", payment.receipt_no),
        Pair("订单号", payment.out_trade_no),
        Pair("支付宝交易号", payment.trade_no or "-"),
        Pair("终端", settings.terminal),
        Rule(),
        Line("退款按原付款方式退回。查询、投诉请拨 12345。"),
        Line("示范系统，不动真钱"),
    ]
    return Receipt(tuple(parts))


def certificate_slip(certificate: IssuedCertificate, settings: KioskSettings) -> Receipt:
    """Says what was issued and how to verify it; holds no name and no number of the person."""
    return Receipt(
        (
            Heading("办理凭条"),
            Line(settings.site),
            Rule(),
            Pair("事项", certificate.title_zh),
            Pair("页数", str(certificate.pages)),
            Pair("签发", local_time(certificate.issued_at)),
            Pair("验证码", certificate.verification_code),
            Pair("终端", settings.terminal),
            Rule(),
            Qr(certificate.verification_url, "扫码核验证明真伪"),
            Line("请妥善保管证明。查询、投诉请拨 12345。"),
            Line("示范系统，证明为样张"),
        )
    )


def guide_slip(journey: Journey) -> Receipt:
    """ "打印这页指南": the ten elements to take home."""
    service = journey.service
    parts: list[ReceiptPart] = [Heading("办事指南"), Line(service.title.zh, bold=True), Rule()]
    for name, label in texts.GUIDE_LABELS.items():
        parts += [Line(label.zh, bold=True), Line(getattr(service.guide, name).zh)]
    parts += [Rule(), Line(journey.settings.site), Line("24 小时自助服务，咨询 12345")]
    return Receipt(tuple(parts))
