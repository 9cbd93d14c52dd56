"""A realistic instance of every screen, for the gallery and the tests. Persons, numbers and places are invented."""

from __future__ import annotations

from functools import cache

from content.schema.service import Service
from content.schema.text import Text
from kiosk import screens as s
from kiosk.ui.sample_data import (
    KEY_LABELS,
    OFFLINE,
    DrawnPreview,
    certificate_png,
    doors,
    finder,
    guide_entries,
    other_tiles,
    service,
    tile,
)
from kiosk.ui.samples_services import service_samples

T = Text
_WHO = (
    s.Entry(T("姓名", "Name"), T("林 *", "林 *"), T("来自身份证", "from your ID card")),
    s.Entry(T("证件号码", "ID number"), T.same("5199 **** **** 0017"), T("来自身份证", "from your ID card")),
    s.Entry(T("证明时段", "Period"), T("最近 12 个月", "Last 12 months")),
    s.Entry(T("办好给您", "You receive"), T("盖电子印章的 A4 证明 1 份", "One A4 certificate with electronic seal")),
)
_BILL = (
    s.Entry(T("户号", "Account"), T.same("5190 **** 2718")),
    s.Entry(T("户名", "Name"), T.same("林 **")),
    s.Entry(T("账期", "Period"), T("2026 年 10 月", "October 2026")),
    s.Entry(T("用水", "Water"), T("14 吨", "14 m³")),
)


def _trail(item: Service, number: int, total: int) -> s.Trail:
    return s.Trail(item.title, s.Step(number, total))


def _said(text: Text) -> dict[str, Text]:
    return {"question": text, "speech": text}


def _at_home() -> dict[str, s.Screen]:
    """What is seen before anything has begun."""
    proof, water = service("social-insurance-enrolment-proof"), service("water-bill")
    frequent = (tile(proof), tile(water), *other_tiles())
    return {
        "home": s.Home(
            **_said(T("您想办什么？", "What would you like to do?")),
            doors=doors(),
            frequent=frequent,
            search=finder(proof, water),
            notice=T(
                "11 月 25 日 22:00–24:00 医保系统维护，暂停医保缴费",
                "25 Nov, 22:00–24:00: health insurance payments paused",
            ),
        ),
        "service-list": s.ServiceList(
            **_said(T("证明开具，您要哪一种？", "Which certificate do you need?")),
            tiles=(
                tile(proof),
                s.Tile(
                    "fund-proof",
                    T("公积金缴存证明", "Housing fund proof"),
                    T("缴存单位、基数、余额", "Employer, base, balance"),
                    "landmark",
                    OFFLINE,
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
            reason=OFFLINE,
            advice=T(
                "可以到一楼 3 号窗口办理；最近的另一台自助机在青口街道便民中心，步行约 8 分钟。",
                "Please go to counter 3 on the ground floor; the nearest other terminal is in the Qingkou street "
                "service centre, 8 minutes on foot.",
            ),
        ),
        "out-of-service": s.OutOfService(
            **_said(T("本机暂停服务", "This terminal is out of service")),
            reason=T("正在维护，预计 15:30 恢复。", "Under maintenance, expected back at 15:30."),
        ),
    }


def _beginning() -> dict[str, s.Screen]:
    """The guide, the consent and who it is."""
    proof = service("social-insurance-enrolment-proof")
    consent = proof.consent
    assert consent is not None  # noqa: S101 - the sample service has one
    period = proof.form[0]
    return {
        "guide": s.Guide(
            **_said(T("办之前，先看一眼", "Before you start")),
            trail=_trail(proof, 1, 6),
            entries=guide_entries(proof),
            key_labels=KEY_LABELS,
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
            **_said(T("请慢慢向左转头", "Slowly turn your head left")),
            trail=_trail(proof, 3, 6),
            cue=s.FaceCue.TURN_LEFT,
            done=(s.FaceCue.LOOK, s.FaceCue.HOLD_STILL),
            preview=DrawnPreview(),
        ),
    }


def _typing() -> dict[str, s.Screen]:
    """Digits."""
    proof, water = service("social-insurance-enrolment-proof"), service("water-bill")
    account = water.form[0]
    return {
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
    }


def _matter() -> dict[str, s.Screen]:
    """What it is all about: checking, paying, waiting, paper."""
    proof, water = service("social-insurance-enrolment-proof"), service("water-bill")
    png = certificate_png()
    done, now, todo = "done", "now", "todo"
    return {
        "review": s.Review(
            **_said(T("请核对，没有问题就开具", "Please check before it is issued")),
            trail=_trail(proof, 5, 6),
            entries=_WHO,
            confirm=T("确认开具", "Issue it"),
            note=T("号码已遮盖，打印出来是完整的。", "The number is masked here and complete on paper."),
        ),
        "review-bill": s.Review(
            **_said(T("请核对账单", "Please check the bill")),
            trail=_trail(water, 2, 4),
            entries=_BILL,
            amount_fen=4340,
            confirm=T("去付款", "Pay"),
        ),
        "pay": s.Pay(
            **_said(T("请付款", "Please pay")),
            trail=_trail(water, 3, 4),
            entries=_BILL,
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
    }


def _ending() -> dict[str, s.Screen]:
    """Results, faults and farewell."""
    proof, water = service("social-insurance-enrolment-proof"), service("water-bill")
    return {
        "rate": s.Rate(**_said(T("这次服务，您满意吗？", "How was this service?"))),
        "message-good": s.Message(
            **_said(T("缴费成功", "Paid")),
            trail=_trail(water, 4, 4),
            tone=s.Tone.GOOD,
            body=T("43.40 元已到账，请取走凭条。", "¥ 43.40 has been booked. Please take your slip."),
            entries=_BILL[:3],
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
        "staff": s.Message(  # what the program lays over any screen at 呼叫工作人员
            **_said(T("呼叫工作人员", "Call staff")),
            tone=s.Tone.INFO,
            body=T(
                "请拨打 0838-555-0100，或 12345。报终端号 QK-0107，工作人员会远程帮您。",
                "Please call 0838-555-0100 or 12345 and give terminal number QK-0107.",
            ),
            buttons=(s.Choice("ok", T("知道了", "OK")),),
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
    }


@cache
def samples() -> dict[str, s.Screen]:
    """Screens by the name of their picture."""
    return {**_at_home(), **_beginning(), **_typing(), **_matter(), **_ending(), **service_samples()}
