"""The journeys' sentences: what happened, and what to do next. Short, polite, no jargon."""

from __future__ import annotations

from content.schema.text import Text

MORE_TIME = Text("您还需要更多时间吗？", "Do you need more time?")
MORE_TIME_SPEECH = Text(
    "您还需要更多时间吗？不回答的话，办理会结束，您的信息会清除。",
    "Do you need more time? Without an answer the session ends and your data is erased.",
)

# --- home and lists
HOME = Text("您要办什么事？", "What would you like to do?")
HOME_NOTICE = Text(
    "示范系统：证明为样张，付款不动真钱", "Demonstration: certificates are specimens, no real money moves"
)
DOOR_EMPTY = Text("这里暂时还没有可办的事项", "Nothing is offered here yet")
ONLY_AT_HOURS = Text("这件事的办理时间是：{hours}", "This can be done at these hours: {hours}")
NOT_YET_OFFERED = Text("这件事从 {day}起可以办", "This can be done from {day}")
NO_LONGER_OFFERED = Text("这件事已不再办理", "This is no longer offered")
NOT_OFFERED_HERE = Text("这件事不在本地办理", "This is not offered at this place")
SERVICE_UNREADABLE = Text("这件事的内容正在更新", "The contents of this service are being renewed")
UNAVAILABLE = Text("现在办不了这件事", "This cannot be done here right now")
UNAVAILABLE_ADVICE = Text(
    "请稍后再来，或拨打 12345 查询附近其他自助终端。",
    "Please come back later, or call 12345 for another terminal nearby.",
)
NO_ID_READER = Text("身份证读卡器暂时不能用", "The ID card reader is not working at the moment")
NO_DOCUMENT_PRINTER = Text("A4 打印机暂时不能用", "The A4 printer is not working at the moment")
DOCUMENT_PAPER_OUT = Text("A4 打印机没有纸了，请拨打 12345 告知", "The A4 printer is out of paper; please tell 12345")
NO_RECEIPT_PRINTER = Text("凭条打印机暂时不能用", "The receipt printer is not working at the moment")
RECEIPT_PAPER_OUT = Text(
    "凭条打印机没有纸了，请拨打 12345 告知", "The receipt printer is out of paper; please tell 12345"
)
NO_BACKEND = Text("网络暂时不通，查询和办理都要等网络恢复", "The network is down; please wait until it is back")

# --- guide and consent
GUIDE = Text("办之前，先看一眼", "Before you start")
GUIDE_PRINTED = Text("指南已打印，请在右手边取走", "The guide is printed; please take it at the right")
CONSENT = Text("需要用到您的这些信息，您同意吗？", "We need this information. Do you agree?")
CONSENT_WHAT = Text("用到什么", "What")
CONSENT_WHY = Text("为什么用", "Why")
CONSENT_KEPT = Text("保存多久", "How long kept")
GUIDE_LABELS = {
    "conditions": Text("谁能办", "Who"),
    "materials": Text("要带什么", "Bring"),
    "procedure": Text("怎么办", "How"),
    "time_limit": Text("多久办好", "How long"),
    "fees": Text("收费", "Fee"),
    "result": Text("办好给您", "You get"),
    "quota": Text("数量限制", "Limit"),
    "legal_basis": Text("依据", "Legal basis"),
    "contact": Text("问谁、投诉", "Contact"),
    "notes": Text("请注意", "Please note"),
}

# --- card
PLACE_CARD = Text("请把身份证放在读卡区", "Please lay your ID card on the reader")
PLACE_CARD_SPEECH = Text(
    "请把身份证平放在屏幕右下方的读卡区，听到提示再拿走。", "Lay your ID card flat on the reader at the lower right."
)
CARD_READING = Text("正在读取，请不要移动证件", "Reading, please do not move the card")
CARD_REMOVED = Text(
    "证件拿开得早了一点，请再放一次，等读完再取", "The card left too early; please lay it down again and wait"
)
CARD_UNREADABLE = Text(
    "这张证件读不出来。请翻面或擦净后再放一次；还是不行，请到人工窗口办理",
    "This card cannot be read. Turn or clean it and try again; otherwise please see the counter",
)
CARD_EXPIRED = Text("这张证件已过有效期，请先换领新证", "This card has expired; please renew it first")
CARD_UNSUPPORTED = Text(
    "本机暂不能读这种证件，请到人工窗口办理", "This kind of card cannot be read here; please see the counter"
)
CARD_READER_LOST = Text("读卡器没有反应，正在重新连接，请稍等", "The reader does not answer; reconnecting, please wait")
CARD_NUMBER_WRONG = Text(
    "证件上的号码校验不通过，请到人工窗口核对", "The number on this card fails its check; please see the counter"
)
TOO_YOUNG = Text("未满 16 周岁请由监护人陪同到人工窗口办理", "Under 16: please come to the counter with a guardian")

# --- which way
CHOOSE_WAY = Text("怎样确认是您本人？", "How shall we make sure it is you?")
CHOOSE_WAY_NOTE = Text(
    "两种方式办理结果完全一样。刷脸只在本机比对，不保存、不上传。",
    "Both lead to the same result. The face is compared in this machine only, never stored or sent.",
)
WAY_FACE = Text("看一下摄像头", "Look at the camera")
WAY_FACE_HINT = Text(
    "和证件照片比对，约 5 秒；选它即表示同意刷脸", "Compared with your card photo, about 5 s; choosing it is consent"
)
WAY_SMS = Text("短信验证码 + 密码", "SMS code + PIN")
WAY_SMS_HINT = Text(
    "不刷脸；发到您实名登记的手机，再输社保卡密码", "No face: a code to your registered phone, then your card PIN"
)
FACE_NOT_HERE = Text("摄像头暂时不能用", "The camera is not working at the moment")
FACE_USED_UP = Text("两次没有比对上，请用另一种方式", "Not matched twice; please use the other way")

# --- face
FACE_CUES = {
    "come-closer": Text("请靠近一点", "Please come closer"),
    "look": Text("请看镜头", "Please look at the camera"),
    "turn-left": Text("请慢慢向左转头", "Slowly turn your head left"),
    "turn-right": Text("请慢慢向右转头", "Slowly turn your head right"),
    "hold-still": Text("很好，请保持不动", "Good, please hold still"),
    "checking": Text("正在比对，请稍等", "Comparing, one moment"),
    "nobody": Text("请站到镜头前面", "Please stand before the camera"),
    "several": Text("镜头前请只留您一个人", "Only you before the camera, please"),
    "too-dark": Text("光线太暗，请面向灯光", "Too dark, please face the light"),
    "too-bright": Text("光线太强，请换个角度，避开强光", "Too bright, please turn away from the glare"),
}
FACE_NO_MATCH = Text("没有比对上证件照片", "Your face was not matched to the card photo")
FACE_NO_MATCH_BODY = Text(
    "可能是光线、角度，或证件照是很久以前拍的。可以再试一次，也可以用短信加密码。",
    "Light, angle or an old card photo can be the reason. Try once more, or use SMS and PIN.",
)
FACE_NOBODY = Text("没有看到人脸", "No face was seen")
FACE_NOBODY_BODY = Text(
    "请正对摄像头站好再试，也可以用短信加密码。", "Stand straight before the camera, or use SMS and PIN."
)
FACE_CAMERA_LOST = Text("摄像头断开了", "The camera has stopped working")
FACE_OUT_OF_ORDER = Text("刷脸暂时不能用", "The face check is not working at the moment")
FACE_OTHER_WAY_BODY = Text(
    "请用短信加密码继续，办理结果一样。", "Please go on with SMS and PIN; the result is the same."
)
FACE_NOT_SEEN = {
    "several": Text("镜头前不止一个人", "There is more than one person before the camera"),
    "too-dark": Text("光线太暗，看不清", "It is too dark to see you"),
    "too-bright": Text("光线太强，看不清", "It is too bright to see you"),
    "too-small": Text("离镜头太远，看不清", "You are too far from the camera"),
    "timeout": Text("没能看清您的脸", "Your face could not be seen clearly"),
}
TRY_AGAIN = Text("再试一次", "Try again")
USE_OTHER_WAY = Text("换个方式", "Use another way")

# --- SMS and PIN
SMS_CODE = Text("请输入短信验证码", "Please enter the SMS code")
SMS_CODE_HINT = Text("6 位数字，已发到 {phone}", "6 digits, sent to {phone}")
SMS_LABEL = Text("验证码", "Code")
PIN = Text("请输入社保卡密码", "Please enter your social security card PIN")
PIN_HINT = Text("6 位数字，输入时不显示", "6 digits, not shown while you type")
PIN_LABEL = Text("密码", "PIN")
SMS_WRONG = Text("验证码或密码不对，请再输一次", "Code or PIN is wrong, please try again")
SMS_NO_PHONE = Text("没有查到您登记的手机号", "No phone number is registered for you")
SMS_NO_PHONE_BODY = Text(
    "可以换一种方式，或到人工窗口登记手机号。", "Use another way, or register a phone at the counter."
)
SMS_TOO_MANY = Text("输错或发送的次数太多了", "Too many wrong entries or messages")
SMS_TOO_MANY_BODY = Text(
    "请过 15 分钟再试，或换一种方式，也可以拨打 12345。", "Try again in 15 minutes, use another way, or call 12345."
)

# --- review, issue, preview, print
REVIEW = Text("请核对，没问题就签发", "Please check; then it will be issued")
REVIEW_NOTE = Text(
    "个人信息已遮住一部分，证明上会写完整。", "Personal data is masked here; the certificate shows it in full."
)
ISSUE = Text("没问题，签发", "Correct, issue it")
ISSUING = Text("正在签发证明，请稍等", "Issuing your certificate")
DONE_VERIFIED = Text("核验通过", "Identity verified")
DOING_ISSUE = Text("部门签发并盖章", "Issued and sealed")
NO_RECORD = Text("没有查到您的参保记录", "No insurance record was found for you")
NO_RECORD_BODY = Text(
    "可能是在外地参保，或记录还没有转来。请拨打 12333 核对。这不是“未参保”的证明。",
    "You may be insured elsewhere. Please ask 12333. This is not proof that you are not insured.",
)
DEPARTMENT_DOWN = Text("部门的系统暂时没有回应", "The department's system does not answer")
DEPARTMENT_DOWN_BODY = Text("这次没有办成，请过一会儿再试。", "Nothing has been done; please try again later.")
BACKEND_GONE = Text("网络断开了", "The network connection was lost")
BACKEND_GONE_BODY = Text(
    "这次办理已经停下，本机没有留下您的信息。请稍后再来，或拨打 12345。",
    "This session has stopped and your data is erased. Please come back later, or call 12345.",
)
PREVIEW = Text("这就是要打印的证明", "This is the certificate to be printed")
PRINTING = Text("正在打印，请稍等", "Printing, please wait")
SHEET = Text("第 {n} 页，共 {total} 页", "Sheet {n} of {total}")
CERTIFICATE_ISSUED = Text("证明已签发", "Certificate issued")
TAKE_CERTIFICATE = Text("取走证明", "Take the certificate")
OUTLET = Text("从屏幕下方的出纸口取证明，小票在右手边", "Certificate below the screen, slip at the right")
PRINTER_HELD = Text("打印机需要人帮一下", "The printer needs a hand")
PRINTER_HELD_BODY = {
    "media-empty": Text(
        "打印机没有纸了，请呼叫工作人员添纸，添好会接着打；也可以不打了，这份证明会作废。",
        "Out of paper; please call staff. Printing goes on once refilled. You may wait, or stop and it is voided.",
    ),
    "media-jam": Text(
        "打印机卡纸了，请呼叫工作人员，处理好会接着打；也可以不打了，这份证明会作废。",
        "Paper jam; please call staff. Printing goes on afterwards. You may wait, or stop and it is voided.",
    ),
    "other": Text(
        "打印机停下了，请呼叫工作人员，处理好会接着打；也可以不打了，这份证明会作废。",
        "The printer has stopped; please call staff. You may wait, or stop and the certificate is voided.",
    ),
}
PRINTER_WAITING = Text("正在等打印机恢复，修好会接着打", "Waiting for the printer; it goes on once mended")
KEEP_WAITING = Text("等一等", "Wait")
GIVE_UP_PRINT = Text("不打了", "Stop printing")
PRINT_FAILED = Text("这次没有打印成功", "The certificate was not printed")
PRINT_FAILED_BODY = Text(
    "这份证明已经作废，不会有人冒用。打印机修好后可以重新办理，不收费。",
    "This certificate has been voided, so nobody can use it. You can apply again once the printer works.",
)
PRINT_UNKNOWN = Text("打印结果还不能确认", "The print could not be confirmed")
PRINT_UNKNOWN_BODY = Text(
    "如果纸已经出来，证明有效，请取走；如果没有，请拨打 12345，报下面的编号。",
    "If the sheet came out it is valid, please take it; if not, call 12345 with the number below.",
)

# --- bill and payment
ACCOUNT_NOT_FOUND = Text(
    "没有查到这个户号，请对照账单再输一次", "This account was not found; please check your bill and try again"
)
NOTHING_DUE = Text("这个户号现在没有欠费", "Nothing is due on this account")
NOTHING_DUE_BODY = Text("不用付款。", "There is nothing to pay.")
QUERYING = Text("正在查询，请稍等", "Looking it up")
CHECK_BILL = Text("请核对账单", "Please check the bill")
CHECK_BILL_NOTE = Text(
    "姓名已遮住一部分。户号不对请点“返回”重输。", "The name is masked. Wrong account? Go back and enter it again."
)
GO_PAY = Text("去付款", "Pay now")
ACCOUNT = Text("户号", "Account")
CUSTOMER = Text("户名", "Name")
PERIOD = Text("账期", "Period")
USAGE = Text("用量", "Usage")
AMOUNT = Text("应付", "To pay")
PREPARING_PAYMENT = Text("正在生成付款码", "Preparing the payment code")
PAY = Text("请用支付宝扫码付款", "Please pay with Alipay")
PAY_SPEECH = Text("请打开支付宝，扫一扫屏幕上的码付款。", "Open Alipay and scan the code on the screen.")
PAY_NOTE = Text(
    "没付成？换一张银行卡或零钱，再扫一次。付了款没出凭条，钱会自动原路退回。",
    "Refused? Choose another card and scan again. Paid but no slip? The money is returned the way it came.",
)
ALIPAY = Text("支付宝", "Alipay")
CLOSING_PAYMENT = Text("正在取消付款，请稍等", "Cancelling the payment")
NOT_PAID = Text("没有付款，也没有扣钱", "Not paid, and no money was taken")
NOT_PAID_BODY = Text("这笔付款已经取消，付款码作废。", "This payment is cancelled and the code is void.")
PAY_EXPIRED = Text("付款时间到了，没有收到付款", "Time is up; no payment was received")
PAY_EXPIRED_BODY = Text(
    "没有扣钱，付款码已作废。可以重新付一次。", "No money was taken; the code is void. You can try again."
)
PAY_AGAIN = Text("重新付款", "Pay again")
PAY_UNKNOWN = Text("付款结果还在确认", "The payment is still being confirmed")
PAY_UNKNOWN_BODY = Text(
    "请不要重复付款。如果已经扣钱，会入账或自动原路退回。请记下编号，可拨打 12345 查询。",
    "Please do not pay again. Money taken will be booked or returned. Note the number; 12345 can tell you more.",
)
PAY_CLOSED_DOWN = Text("付款通道暂时不通", "The payment channel is down")
PAY_CLOSED_DOWN_BODY = Text("没有扣钱，请过一会儿再试。", "No money was taken; please try again later.")
AMOUNT_CHANGED = Text("账单金额刚刚变了，请重新核对", "The amount has just changed; please check again")
PAID = Text("付款成功", "Payment received")
BOOKED = Text("收费单位已入账", "Booked by the company")
PRINT_SLIP = Text("打印凭条", "Printing your slip")
PAID_WORKING = Text("付款成功，正在打印凭条", "Paid; printing your slip")
REFUNDING = Text("凭条打不出来，钱正在原路退回", "No slip could be printed; the money is being returned")
NOT_BOOKED = Text("这笔钱没能入账，正在原路退回", "The payment could not be booked; the money is being returned")
BOOKING = Text("已收到付款，正在入账", "Payment received, being booked")
BOOKING_LATE = Text("已收到付款，收费单位还没有入账", "Payment received; the company has not booked it yet")
BOOKING_LATE_BODY = Text(
    "请不要重复付款。入账后凭条会在本机打印；不能入账会自动原路退回。请记下编号，可拨打 12345 查询。",
    "Please do not pay again. The slip is printed here once booked; otherwise the money is returned. Note the number.",
)
REFUNDED = Text("凭条打不出来，钱已原路退回", "No slip could be printed; the money was returned")
REFUNDED_BODY = Text(
    "这笔费用没有交成。请换一台终端，或稍后再来。编号见下。",
    "This bill is not paid. Please use another terminal or come back later. The number is below.",
)
NUMBER = Text("编号", "Number")

# --- refusals that are nobody's fault: title and what to do, by the backend's code
REFUSED = {
    "proof-expired": (
        Text("核验已经过期", "The verification has expired"),
        Text("为了您的安全，请从头再办一次，很快。", "For your safety, please start again; it is quick."),
    ),
    "no-record": (NO_RECORD, NO_RECORD_BODY),
    "nothing-due": (NOTHING_DUE, NOTHING_DUE_BODY),
    "not-found": (
        Text("账单已经更新", "The bill has been renewed"),
        Text("没有扣钱，请回首页重新查询。", "No money was taken; please look it up again."),
    ),
    "amount-changed": (
        AMOUNT_CHANGED,
        Text("没有扣钱，请回首页重新查询。", "No money taken; please look it up again."),
    ),
    "department-down": (DEPARTMENT_DOWN, DEPARTMENT_DOWN_BODY),
    "gateway-down": (PAY_CLOSED_DOWN, PAY_CLOSED_DOWN_BODY),
    "id-invalid": (UNAVAILABLE, CARD_NUMBER_WRONG),
    "card-expired": (UNAVAILABLE, CARD_EXPIRED),
}

# --- end
RATE = Text("您对这次服务满意吗？", "How satisfied are you?")
GOODBYE = Text("办好了，谢谢您", "All done, thank you")
TAKE_CARD = Text("请取走身份证", "Please take your ID card")
TAKE_ORIGINAL = Text("请取走您的原件", "Please take your original")
TAKE_PAPER = Text("请在屏幕下方取走证明", "Please take your certificate below the screen")
TAKE_SLIP = Text("请在右手边取走凭条", "Please take your slip at the right")
DATA_GONE = Text("您的信息已从本机清除", "Your data has been erased from this machine")
NO_SLIP = Text("凭条没有打出来，证明不受影响", "The slip was not printed; the certificate is not affected")
OK = Text("知道了", "OK")
TO_HOME = Text("回首页", "Home")
REPORT_FAILURE = Text("反映办不成事", "Report that it failed")
FINISHING = Text("正在收尾，请稍等", "Finishing, one moment")
STAFF_CALLED = Text("呼叫工作人员", "Call staff")
STAFF_CALLED_BODY = Text(
    "请拨打 {phone}，或 12345。报终端号 {terminal}，工作人员会远程帮您。",
    "Please call {phone} or 12345 and give terminal number {terminal}.",
)
INTERNAL_FAULT = Text("机器出了点问题", "Something went wrong with this machine")
INTERNAL_FAULT_BODY = Text(
    "办理已停下，您的信息已清除；没有出凭条的付款会自动退回。请稍后再试或拨打 12345。",
    "The session has stopped and your data is erased; payments without a slip are returned. Please try later.",
)
