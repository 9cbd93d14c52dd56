"""A realistic instance of the screens of `kiosk.service_screens`, also the fullest; see `kiosk.ui.samples`."""

from __future__ import annotations

import math
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageFilter

from content.schema.text import Text
from kiosk import screens as s
from kiosk import service_screens as v
from kiosk.service_screens import PaperState
from kiosk.ui.sample_data import certificate_png
from kiosk.ui.samples_forms import DECLARATION, FORMS, PERMIT, SHOP, STATES, said, trail

T = Text


def _part(value: str, zh: str, en: str, **more: Any) -> v.Item:
    return v.Item(value, T(zh, en), **more)


def _choosing() -> dict[str, s.Screen[Any]]:
    return {
        "tick": v.Tick(
            **said(T("要办哪几项？", "Which of these do you need?")),
            trail=trail(T("退休一件事", "Retiring"), 2, 6),
            items=(
                _part(
                    "pension",
                    "基本养老保险待遇申领",
                    "Pension",
                    fixed=True,
                    reason=T("退休必须先办这一项", "Retiring begins with it"),
                ),
                _part("medical", "职工医保退休待遇核定", "Health insurance in retirement", needs=("pension",)),
                _part("fund", "公积金退休提取", "Housing fund payout", hint=T("转到您的银行卡", "To your bank card")),
                _part("register", "户籍信息变更", "Household register", chosen=False),
            ),
            confirm=T("就办这些", "Take these"),
            note=T("没有选的，以后随时可以再办。", "What you leave out can be done at any time later."),
        ),
        "tick-package": v.Tick(
            **said(T("开便利店，要办哪几项？", "What do you need for your shop?")),
            trail=trail(SHOP, 2, 6),
            items=(
                _part(
                    "licence",
                    "营业执照",
                    "Business licence",
                    fixed=True,
                    reason=T("开店必须有营业执照", "No shop without one"),
                ),
                _part(
                    "seal", "公章刻制备案", "Company seal", hint=T("免费刻一套 4 枚", "A set of four, free of charge")
                ),
                _part("tax", "税务信息确认和发票领用", "Tax registration and invoices", needs=("licence",)),
                _part("social", "社会保险登记", "Social insurance", needs=("licence",)),
                _part(
                    "food",
                    "食品经营许可或备案",
                    "Food licence",
                    hint=T("卖散装食品的要许可", "A licence for loose food"),
                    needs=("licence",),
                ),
                _part(
                    "tobacco", "烟草专卖零售许可证", "Tobacco retail licence", chosen=False, needs=("licence", "food")
                ),
                _part(
                    "sign",
                    "户外招牌设置",
                    "Shop sign",
                    chosen=False,
                    hint=T("招牌超过 10 平方米要办", "Needed for signs larger than 10 square metres"),
                ),
                _part("fund", "住房公积金单位登记", "Housing fund registration of the employer", chosen=False),
                _part(
                    "fire",
                    "公众聚集场所投入使用、营业前消防安全检查",
                    "Fire safety check before a place of public assembly opens",
                    chosen=False,
                    fixed=True,
                    reason=T("您的店面积小，不用办这一项", "Not needed for a shop as small as yours"),
                ),
            ),
            confirm=T("就办这些", "Take these"),
        ),
    }


_DROPPED = T("一起去掉了：烟草专卖零售许可证", "Also left out: Tobacco retail licence")
STATES["tick-along"] = ("tick-package", {"chosen": frozenset(("licence", "seal")), "said": _DROPPED})


def _paper(id_: str, zh: str, en: str, state: PaperState, note: Text | None = None, pages: int = 0) -> v.Paper:
    return v.Paper(id_, T(zh, en), state, note, pages)


def _papers() -> dict[str, s.Screen[Any]]:
    question = T("这些材料，您准备好了吗？", "Do you have these papers ready?")
    rows = (
        _paper(
            "card",
            "居民身份证",
            "ID card",
            PaperState.NOT_NEEDED,
            T("已读卡，用电子证照", "Read; the e-certificate is used"),
        ),
        _paper(
            "photo",
            "近期照片",
            "Recent photograph",
            PaperState.NOT_NEEDED,
            T("用身份证上的照片", "Taken from your card"),
        ),
        _paper(
            "lease",
            "房屋租赁合同",
            "Lease",
            PaperState.TO_SCAN,
            T("有双方签名的那几页", "The pages with both signatures"),
        ),
        _paper("work", "劳动合同", "Work contract", PaperState.SCANNED, pages=3),
        _paper(
            "form",
            "居住登记凭证",
            "Certificate of residence registration",
            PaperState.LATER,
            T("10 天内补交", "Within 10 days"),
        ),
    )
    long = _paper(
        "owner",
        "房屋所有权人同意设置经营场所的书面材料原件",
        "Owner's written consent to the use of the home as business premises (original)",
        PaperState.BRING,
        T("领证时带到一楼 3 号窗口", "To counter 3 on the ground floor when you fetch the licence"),
    )
    more = [
        _paper(f"more{i}", f"从业人员健康证明（{i}）", f"Health certificate {i}", PaperState.SCANNED, pages=1)
        for i in range(1, 5)
    ]
    return {
        "papers": v.Papers(
            **said(question),
            trail=trail(PERMIT, 4, 6),
            papers=rows,
            can_go_on=False,
            note=T("没带齐也可以先存下来，下次接着办。", "You can keep what is done and go on another day."),
        ),
        "papers-many": v.Papers(
            **said(question),
            trail=trail(SHOP, 4, 6),
            papers=(*rows[:2], *rows[3:], long, *more),
        ),
    }


class DrawnPaper:
    """What a document camera would show: a sheet a little askew on a dark table."""

    @cache  # noqa: B019 - one instance a process
    def latest(self) -> s.PreviewFrame:
        sheet = Image.open(BytesIO(certificate_png())).convert("RGB").resize((424, 600), Image.Resampling.LANCZOS)
        image = Image.new("RGB", (960, 720), (72, 80, 90))
        turned = sheet.convert("RGBA").rotate(4, expand=True, resample=Image.Resampling.BICUBIC)
        image.paste(turned, ((960 - turned.width) // 2, (720 - turned.height) // 2), turned)
        return s.PreviewFrame(960, 720, image.filter(ImageFilter.GaussianBlur(0.6)).tobytes())


@cache
def _photo() -> bytes:
    frame = DrawnPaper().latest()
    out = BytesIO()
    Image.frombytes("RGB", (frame.width, frame.height), frame.rgb).save(out, "PNG")
    return out.getvalue()


def _scanning() -> dict[str, s.Screen[Any]]:
    lease = T("扫描房屋租赁合同", "Scan your lease")
    hint = T("把合同平放在高拍仪下面，四个角对准框", "Lay it flat below the camera, corners in the frame")
    return {
        "scan": v.Scan(**said(lease), trail=trail(PERMIT, 4, 6), hint=hint, preview=DrawnPaper(), pages=2),
        "scan-waiting": v.Scan(**said(lease), trail=trail(PERMIT, 4, 6), hint=hint),
        "scan-taken": v.Scan(**said(lease), trail=trail(PERMIT, 4, 6), hint=hint, png=_photo(), pages=2),
        "scan-code": v.ScanCode(
            **said(T("请出示电子营业执照", "Please show the electronic business licence")),
            trail=trail(T("企业年报", "Annual report"), 1, 4),
            hint=T(
                "在手机上打开“电子营业执照”，点“出示二维码”", "Open the licence app on your phone and show its code"
            ),
        ),
        "scan-code-reading": v.ScanCode(
            **said(T("请出示电子营业执照", "Please show the electronic business licence")),
            hint=T("请出示二维码", "Please show the code"),
            reading=True,
        ),
        "scan-code-error": v.ScanCode(
            **said(T("请扫预约凭证上的码", "Please scan the code of your booking")),
            hint=T("请出示二维码", "Please show the code"),
            error=T(
                "这个码已经过期，请在手机上刷新后再扫一次", "This code has expired; please refresh it on your phone"
            ),
        ),
    }


_ENTRIES = (
    s.Entry(T("受理编号", "Number"), T.same("QK20261122-000318")),
    s.Entry(T("事项", "Service"), PERMIT),
    s.Entry(T("受理部门", "Department"), T("青口县公安局（示范）", "Qingkou police (demonstration)")),
    s.Entry(T("办结时限", "Ready by"), T("2026 年 12 月 7 日前", "7 December 2026")),
)
_MONTHS = tuple(
    (T.same(f"2026-{month:02d}"), T("企业职工养老", "Pension"), T.same("¥ 412.00"), T("已到账", "Booked"))
    for month in range(10, 0, -1)
)
_COLUMNS = (T("月份", "Month"), T("险种", "Insurance"), T("个人缴费", "You paid"), T("状态", "State"))


def _known() -> dict[str, s.Screen[Any]]:
    nothing = T("没有查到记录。可以换个时段再查。", "Nothing was found. You may try another period.")
    return {
        "record": v.Record(
            **said(T("您的申请办到这一步了", "This is how far your application is")),
            trail=trail(T("办件进度", "Progress"), 2, 2),
            entries=_ENTRIES,
            milestones=(
                s.Milestone(T("已受理，11 月 22 日", "Received on 22 November"), "done"),
                s.Milestone(T("正在审核", "Being examined"), "now"),
                s.Milestone(T("制证", "The permit is made"), "todo"),
                s.Milestone(T("领证", "You fetch it"), "todo"),
            ),
            can_print=True,
        ),
        "record-table": v.Record(
            **said(T("您的缴费记录", "Your payments")),
            trail=trail(T("社保缴费查询", "Insurance payments"), 3, 3),
            entries=(
                s.Entry(T("姓名", "Name"), T("张 **", "张 **")),
                s.Entry(T("证件号码", "ID number"), T.same("5199 **** **** 0017")),
            ),
            grid=v.Grid(_COLUMNS, _MONTHS, nothing),
            can_print=True,
            can_reveal=True,
        ),
        "record-wide": v.Record(
            **said(T("您名下的不动产", "Property in your name")),
            grid=v.Grid(
                (
                    T("不动产权证号", "Certificate number"),
                    T("坐落", "Place"),
                    T("用途", "Use"),
                    T("建筑面积", "Floor area"),
                    T("共有情况", "Ownership"),
                    T("登记日期", "Registered"),
                ),
                tuple(
                    (
                        T.same(f"青口（2021）不动产权第00012{number}号"),
                        T(
                            "青口街道示范路 18 号阳光花园 3 栋 501 室",
                            "18 Shifan Road, Qingkou street, building 3, room 501",
                        ),
                        T("成套住宅", "Residential"),
                        T("89.6 平方米", "89.6 m²"),
                        T("共同共有", "Owned jointly"),
                        T.same("2021-03-15"),
                    )
                    for number in (3, 4)
                ),
                nothing,
            ),
            note=T("只显示在本县登记的不动产。", "Only property registered in this county is shown."),
        ),
        "record-empty": v.Record(**said(T("您的缴费记录", "Your payments")), grid=v.Grid(_COLUMNS, (), nothing)),
        "queue-ticket": v.QueueTicket(
            **said(T("请记住您的号码", "Please remember your number")),
            number="A023",
            ahead=4,
            wait=T("15 分钟", "15 minutes"),
            window=T("一楼 3 号、4 号窗口", "Counters 3 and 4, ground floor"),
            matter=T("不动产登记", "Property registration"),
        ),
        "queue-ticket-next": v.QueueTicket(
            **said(T("请记住您的号码", "Please remember your number")),
            number="YB-1108",
            ahead=0,
            wait=None,
            window=T("二楼医疗保障综合服务窗口 12 号", "Counter 12, health insurance services, second floor"),
            matter=T("医保关系转移接续", "Transfer of health insurance"),
        ),
        "sign": v.Sign(
            **said(T("请签名", "Please sign")),
            trail=trail(SHOP, 5, 6),
            statement=DECLARATION,
        ),
    }


def _name(scale: float = 1.0) -> list[list[tuple[float, float]]]:
    """Lines that look like somebody's writing."""
    strokes = []
    for at in range(3):
        x = 150 + at * 240
        strokes.append([(x + i * 5 * scale, 150 + 22 * math.sin(i / 5 + at)) for i in range(34)])
        strokes.append([(x + 70 + 14 * math.sin(i / 4), 100 + i * 7) for i in range(36)])
        strokes.append([(x + 150 - i * 4, 230 + i * 4 + 10 * math.sin(i / 3)) for i in range(30)])
    return strokes


STATES["sign-drawn"] = ("sign", {"strokes": _name()})


@cache
def service_samples() -> dict[str, s.Screen[Any]]:
    """Screens by the name of their picture."""
    return {**FORMS, **_choosing(), **_papers(), **_scanning(), **_known()}
