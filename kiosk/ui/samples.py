"""A realistic instance of every screen, for the gallery and the tests. Persons, numbers and places are invented."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

import yaml
from PIL import Image, ImageDraw, ImageFont
from pypinyin import Style, lazy_pinyin

import content
from content.schema.service import Service
from content.schema.text import Text
from kiosk import screens as s
from kiosk.ui.fonts import ensure_fonts

T = Text
_DOORS = (
    (
        "certificates",
        "证明开具",
        "Certificates",
        "社保、公积金、纳税、无房",
        "Insurance, housing fund, tax",
        "file-text",
    ),
    ("fees", "税费缴纳", "Taxes and bills", "水电气、医保、非税、罚款", "Water, power, gas, health", "credit-card"),
    ("packages", "一件事一次办", "Life events", "开店、入学、退休、新生儿", "A shop, school, retirement", "package"),
    ("applications", "自助申办", "Applications", "居住证、就业、补贴", "Residence, work, benefits", "clipboard-list"),
    (
        "appointments",
        "预约取号",
        "Queue tickets",
        "窗口预约、排队取号",
        "Book a counter, take a number",
        "calendar-check",
    ),
    ("enquiries", "业务查询", "Enquiries", "办件进度、办事指南", "Progress, guides", "search"),
    ("living", "民生服务", "Daily life", "社保卡、不动产、车辆", "Cards, property, vehicles", "house"),
    ("feedback", "投诉评价", "Feedback", "12345、办不成事、好差评", "12345, complaints, rating", "message-square-text"),
)
_GUIDE = (
    ("conditions", "谁能办", "Who"),
    ("materials", "要带什么", "What to bring"),
    ("procedure", "怎么办", "How"),
    ("time_limit", "多久办好", "How long"),
    ("fees", "收费", "Fee"),
    ("result", "办好给您", "You receive"),
    ("legal_basis", "依据", "Legal basis"),
    ("quota", "数量限制", "Quota"),
    ("contact", "问谁、投诉", "Questions"),
    ("notes", "注意", "Please note"),
)
KEY_LABELS = ("谁能办", "要带什么", "怎么办", "多久办好", "收费", "办好给您")


@cache
def service(name: str) -> Service:
    path = Path(content.__file__).parent / "catalogue" / "services" / f"{name}.yaml"
    return Service.model_validate(yaml.safe_load(path.read_text("utf-8")))


def _tile(item: Service, unavailable: Text | None = None) -> s.Tile:
    return s.Tile(item.id, item.title, item.summary, item.icon, unavailable)


def _keys(item: Service) -> tuple[str, ...]:
    keys: list[str] = []
    for word in (item.title.zh, *item.keywords):
        full, initials = lazy_pinyin(word), lazy_pinyin(word, style=Style.FIRST_LETTER)
        keys += [word, "".join(full), "".join(initials)]
    return tuple(keys)


def guide_entries(item: Service) -> tuple[s.Entry, ...]:
    return tuple(s.Entry(T(zh, en), getattr(item.guide, name)) for name, zh, en in _GUIDE)


@cache
def certificate_png() -> bytes:
    """A sheet that looks like the certificate: masked, marked as a sample."""
    regular, bold = ensure_fonts()
    w, h = 1240, 1754
    image = Image.new("RGB", (w, h), "white")
    draw = ImageDraw.Draw(image)

    def font(size: int, heavy: bool = False) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(str(bold if heavy else regular), size)

    ink = (16, 36, 58)
    draw.text((w / 2, 190), "社会保险参保证明", font=font(64, True), fill=ink, anchor="mm")
    draw.text((120, 320), "参保人：林 *", font=font(34), fill=ink)
    draw.text((520, 320), "证件号码：5199 **** **** 0017", font=font(34), fill=ink)
    rows = [("险种", "参保状态", "缴费起止")] + [
        (kind, "参保缴费", "2025.11–2026.10") for kind in ("企业职工养老", "失业保险", "工伤保险")
    ]
    columns, top, step = (120, 480, 760, 1120), 420, 92
    for number, row in enumerate(rows):
        y = top + number * step
        for left, right, cell in zip(columns, columns[1:], row, strict=False):
            draw.rectangle((left, y, right, y + step), outline=(140, 160, 185), width=2)
            draw.text((left + 24, y + step / 2), cell, font=font(32, number == 0), fill=ink, anchor="lm")
    draw.text((120, 860), "以上为打印时的参保记录，可扫描左下角二维码核验。", font=font(30), fill=ink)
    red = (206, 50, 75)
    draw.ellipse((800, 1010, 1110, 1320), outline=red, width=8)
    for number, line in enumerate(("人力资源和", "社会保障局", "（示范）")):
        draw.text((955, 1110 + number * 52), line, font=font(36, True), fill=red, anchor="mm")
    draw.text((955, 1390), "2026 年 11 月 22 日", font=font(32), fill=ink, anchor="mm")
    import segno

    code = BytesIO()
    segno.make("https://example.gov.cn/v/SAMPLE", error="m").save(code, kind="png", scale=9, border=0)
    image.paste(Image.open(code).convert("RGB"), (120, 1240))
    draw.text((120, 1580), "样张 SAMPLE", font=font(30), fill=(120, 130, 140))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class DrawnPreview:
    """A drawn person before a wall: no real face is needed to judge a layout."""

    @cache  # noqa: B019 - one instance a process
    def latest(self) -> s.PreviewFrame:
        image = Image.new("RGB", (640, 480), (196, 206, 214))
        draw = ImageDraw.Draw(image)
        draw.ellipse((150, 330, 490, 760), fill=(70, 92, 118))
        draw.rectangle((285, 300, 355, 380), fill=(222, 186, 160))
        draw.ellipse((232, 92, 408, 330), fill=(232, 198, 172))
        draw.pieslice((222, 70, 418, 290), 180, 360, fill=(52, 46, 44))
        for x in (282, 358):
            draw.ellipse((x - 9, 204, x + 9, 222), fill=(50, 44, 42))
        draw.arc((286, 246, 354, 292), 20, 160, fill=(160, 90, 84), width=5)
        return s.PreviewFrame(640, 480, image.tobytes())


def _trail(item: Service, number: int, total: int) -> s.Trail:
    return s.Trail(item.title, s.Step(number, total))


def _said(text: Text) -> dict[str, Text]:
    return {"question": text, "speech": text}


@cache
def samples() -> dict[str, s.Screen]:
    """Screens by the name of their picture."""
    proof, water = service("social-insurance-enrolment-proof"), service("water-bill")
    offline = T("打印机缺纸，正在补充，大约 10 分钟后恢复", "The printer is out of paper; back in about 10 minutes")
    doors = tuple(
        s.Tile(
            name,
            T(zh, en),
            T(sum_zh, sum_en),
            icon,
            T("这里的事项还没有开通，请到人工窗口办理", "Not open yet on this terminal; please go to the counter")
            if name == "packages"
            else None,
        )
        for name, zh, en, sum_zh, sum_en, icon in _DOORS
    )
    extra = (
        ("property-query", "不动产查询", "Property record", "house"),
        ("fund-proof", "公积金缴存证明", "Housing fund proof", "file-text"),
        ("permit-renewal", "居住证签注", "Residence permit", "id-card"),
        ("queue-ticket", "排队取号", "Queue ticket", "ticket"),
    )
    others = [
        s.Tile(i, T(zh, en), T(zh, en), icon, offline if i == "fund-proof" else None) for i, zh, en, icon in extra
    ]
    frequent = (_tile(proof), _tile(water), *others)
    consent = proof.consent
    assert consent is not None  # noqa: S101 - the sample service has one
    period = proof.form[0]
    account = water.form[0]
    who = (
        s.Entry(T("姓名", "Name"), T("林 *", "林 *"), T("来自身份证", "from your ID card")),
        s.Entry(T("证件号码", "ID number"), T.same("5199 **** **** 0017"), T("来自身份证", "from your ID card")),
        s.Entry(T("证明时段", "Period"), T("最近 12 个月", "Last 12 months")),
        s.Entry(
            T("办好给您", "You receive"), T("盖电子印章的 A4 证明 1 份", "One A4 certificate with electronic seal")
        ),
    )
    bill = (
        s.Entry(T("户号", "Account"), T.same("5190 **** 2718")),
        s.Entry(T("户名", "Name"), T.same("林 **")),
        s.Entry(T("账期", "Period"), T("2026 年 10 月", "October 2026")),
        s.Entry(T("用水", "Water"), T("14 吨", "14 m³")),
    )
    png = certificate_png()
    done, now, todo = "done", "now", "todo"
    screens: dict[str, s.Screen] = {
        "home": s.Home(
            **_said(T("您想办什么？", "What would you like to do?")),
            doors=doors,
            frequent=frequent,
            searchable=((_tile(proof), _keys(proof)), (_tile(water), _keys(water))),
            notice=T(
                "11 月 25 日 22:00–24:00 医保系统维护，暂停医保缴费",
                "25 Nov, 22:00–24:00: health insurance payments paused",
            ),
        ),
        "service-list": s.ServiceList(
            **_said(T("证明开具，您要哪一种？", "Which certificate do you need?")),
            tiles=(
                _tile(proof),
                s.Tile(
                    "fund-proof",
                    T("公积金缴存证明", "Housing fund proof"),
                    T("缴存单位、基数、余额", "Employer, base, balance"),
                    "landmark",
                    offline,
                ),
                s.Tile(
                    "tax-proof",
                    T("个人所得税纳税记录", "Income tax record"),
                    T("按年度打印，税务部门出具", "By year, from the tax office"),
                    "receipt-text",
                ),
                s.Tile(
                    "no-property-proof",
                    T("无房证明", "Proof of no property"),
                    T("本县范围内的不动产登记情况", "Property registration in this county"),
                    "house",
                ),
            ),
        ),
        "service-list-empty": s.ServiceList(**_said(T("一件事一次办", "Life events")), tiles=()),
        "unavailable": s.Unavailable(
            **_said(T("社保参保证明现在不能办", "Proof of social insurance is not available now")),
            reason=offline,
            advice=T(
                "可以到一楼 3 号窗口办理；最近的另一台自助机在青口街道便民中心，步行约 8 分钟。",
                "Please go to counter 3 on the ground floor; the nearest other terminal is in the Qingkou street "
                "service centre, 8 minutes on foot.",
            ),
        ),
        "guide": s.Guide(
            **_said(T("办之前，先看一眼", "Before you start")),
            trail=_trail(proof, 1, 6),
            entries=guide_entries(proof),
            key_labels=KEY_LABELS,
            take_along_url="https://example.gov.cn/g/social-insurance-enrolment-proof",
        ),
        "consent": s.Consent(
            **_said(T("您同意我们这样使用您的信息吗？", "Do you agree to this use of your data?")),
            trail=_trail(proof, 2, 6),
            entries=(
                s.Entry(T("用什么", "What"), consent.what),
                s.Entry(T("做什么", "Why"), consent.why),
                s.Entry(T("留多久", "How long"), consent.kept),
            ),
        ),
        "place-card": s.PlaceCard(
            **_said(T("请把身份证放到读卡区", "Please place your ID card on the reader")), trail=_trail(proof, 3, 6)
        ),
        "place-card-hint": s.PlaceCard(
            **_said(T("请把身份证放到读卡区", "Please place your ID card on the reader")),
            trail=_trail(proof, 3, 6),
            hint=T("没有读到。请取下卡套，平放后不要移动", "Not read. Take it out of its sleeve and keep it still"),
        ),
        "place-card-reading": s.PlaceCard(
            **_said(T("请把身份证放到读卡区", "Please place your ID card on the reader")),
            trail=_trail(proof, 3, 6),
            reading=True,
        ),
        "choose-identity": s.Choose(
            **_said(T("用哪种方式确认是您本人？", "How shall we make sure it is you?")),
            trail=_trail(proof, 3, 6),
            choices=(
                s.Choice(
                    "face",
                    T("刷脸", "Camera"),
                    T("和身份证照片比对，约 10 秒", "Compared with the card's photo, about 10 s"),
                    "scan-face",
                ),
                s.Choice(
                    "sms-pin",
                    T("短信验证码加密码", "Text message and PIN"),
                    T("发到您登记的手机，不用摄像头", "Sent to your registered phone, no camera"),
                    "message-square-lock",
                ),
            ),
            note=T("两种方式的办理结果完全一样。", "Both ways lead to the same result."),
        ),
        "choose-period": s.Choose(
            question=period.question,
            speech=period.question,
            trail=_trail(proof, 4, 6),
            choices=tuple(s.Choice(o.value, o.label, o.hint, "calendar-range") for o in period.options),
        ),
        "face-check": s.FaceCheck(
            **_said(T("请看镜头，按提示做", "Look at the camera and follow")),
            trail=_trail(proof, 3, 6),
            cue=s.FaceCue.TURN_LEFT,
            done=(s.FaceCue.COME_CLOSER, s.FaceCue.LOOK),
            preview=DrawnPreview(),
        ),
        "keypad": s.Keypad(
            question=account.question,
            speech=account.question,
            trail=_trail(water, 1, 4),
            label=account.label,
            hint=account.hint,
            min_length=12,
            max_length=12,
            can_scan=True,
        ),
        "keypad-pin": s.Keypad(
            **_said(T("请输入 6 位服务密码", "Please enter your 6-digit PIN")),
            trail=_trail(proof, 3, 6),
            label=T("服务密码", "PIN"),
            hint=T("输入时请用手遮挡。", "Please cover the keys with your hand."),
            min_length=6,
            max_length=6,
            group=6,
            secret=True,
            error=T("密码不对，还可以再试 2 次", "Wrong PIN; two more tries"),
        ),
        "keypad-code": s.Keypad(
            **_said(T("请输入短信里的验证码", "Please enter the code from the message")),
            trail=_trail(proof, 3, 6),
            label=T("验证码", "Code"),
            hint=T(
                "已发到您登记的手机，尾号 **17，5 分钟内有效。",
                "Sent to your registered phone ending **17, valid for 5 minutes.",
            ),
            min_length=6,
            max_length=6,
            group=3,
            resend=True,
        ),
        "review": s.Review(
            **_said(T("请核对，没有问题就开具", "Please check before it is issued")),
            trail=_trail(proof, 5, 6),
            entries=who,
            confirm=T("确认开具", "Issue it"),
            note=T("号码已遮盖，打印出来是完整的。", "The number is masked here and complete on paper."),
        ),
        "review-bill": s.Review(
            **_said(T("请核对账单", "Please check the bill")),
            trail=_trail(water, 2, 4),
            entries=bill,
            amount_fen=4340,
            confirm=T("去付款", "Pay"),
        ),
        "pay": s.Pay(
            **_said(T("请付款", "Please pay")),
            trail=_trail(water, 3, 4),
            entries=bill,
            amount_fen=4340,
            qr="https://qr.alipay.com/bax00000sampleonly0000000",
            channel=T("用支付宝扫码付款", "Pay with Alipay"),
            expires_in_s=115,
            total_s=180,
            note=T(
                "付了款没出凭条，钱会自动原路退回；凭屏幕上的号码也可到任何一台终端查询。",
                "Paid but no slip: the money goes back by itself; any terminal can look up the number shown here.",
            ),
        ),
        "working": s.Working(
            **_said(T("正在办理，请稍等", "One moment, please")),
            trail=_trail(proof, 5, 6),
            milestones=(
                s.Milestone(T("身份已核验", "Identity verified"), done),
                s.Milestone(T("已查到参保记录", "Insurance record found"), done),
                s.Milestone(T("人社部门正在签发证明", "The department is issuing the certificate"), now),
                s.Milestone(T("准备打印", "Preparing to print"), todo),
            ),
        ),
        "preview": s.Preview(
            **_said(T("证明已开好，打印吗？", "Your certificate is ready. Print it?")),
            trail=_trail(proof, 6, 6),
            png=png,
            pages=1,
            masked=True,
        ),
        "printing": s.Printing(
            **_said(T("正在打印，请稍等", "Printing, one moment please")),
            trail=_trail(proof, 6, 6),
            png=png,
            sheet=1,
            sheets=1,
            milestones=(
                s.Milestone(T("核验通过", "Verified"), done),
                s.Milestone(T("证明已签发", "Issued"), done),
                s.Milestone(T("正在打印", "Printing"), now),
                s.Milestone(T("取走证明", "Take your sheet"), todo),
            ),
            outlet=T("从屏幕下方的出纸口取证明", "Take the certificate from the slot below the screen"),
        ),
        "printing-problem": s.Printing(
            **_said(T("打印暂停了", "Printing is paused")),
            trail=_trail(proof, 6, 6),
            png=png,
            sheet=1,
            sheets=1,
            milestones=(
                s.Milestone(T("核验通过", "Verified"), done),
                s.Milestone(T("证明已签发", "Issued"), done),
                s.Milestone(T("打印机卡纸", "Paper jam"), "failed"),
                s.Milestone(T("取走证明", "Take your sheet"), todo),
            ),
            outlet=T("从屏幕下方的出纸口取证明", "Take the certificate from the slot below the screen"),
            problem=T(
                "打印机卡纸了，已通知工作人员，请不要离开",
                "The printer has jammed; staff have been told, please stay",
            ),
        ),
        "rate": s.Rate(**_said(T("这次服务，您满意吗？", "How was this service?"))),
        "message-good": s.Message(
            **_said(T("缴费成功", "Paid")),
            trail=_trail(water, 4, 4),
            tone=s.Tone.GOOD,
            body=T("43.40 元已到账，请取走凭条。", "¥ 43.40 has been booked. Please take your slip."),
            entries=bill[:3],
            buttons=(s.Choice("done", T("好的", "Done")),),
        ),
        "message-problem": s.Message(
            **_said(T("没有查到参保记录", "No insurance record found")),
            trail=_trail(proof, 5, 6),
            tone=s.Tone.PROBLEM,
            body=T(
                "人社部门没有您最近 12 个月的缴费记录。可以换个时段再查，或拨打 12333 询问。",
                "The department has no payments of yours in the last 12 months. Try another period, or call 12333.",
            ),
            buttons=(s.Choice("again", T("换个时段", "Other period")), s.Choice("end", T("结束", "End"))),
        ),
        "goodbye": s.Goodbye(
            **_said(T("办好了，请带好您的物品", "All done. Please take everything with you")),
            reminders=(
                T("取走身份证", "Take your ID card"),
                T("取走证明", "Take your certificate"),
                T("您的信息已从本机清除", "Your data have been erased here"),
            ),
        ),
        "more-time": s.MoreTime(**_said(T("您还需要更多时间吗？", "Do you need more time?"))),
        "out-of-service": s.OutOfService(
            **_said(T("本机暂停服务", "This terminal is out of service")),
            reason=T("正在维护，预计 15:30 恢复。", "Under maintenance, expected back at 15:30."),
        ),
    }
    return screens
