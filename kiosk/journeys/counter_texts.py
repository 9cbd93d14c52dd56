"""The sentences of enquiries, appointments, tickets, advice, complaints, copies and help."""

from __future__ import annotations

from collections.abc import Mapping

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import ServiceProblem
from content.schema.text import Text

# --- enquiries
ASKING = Text("正在向部门查询，请稍等", "Asking the department")
RECORD = Text("查到的信息", "What we found")
RECORD_HIDDEN = Text(
    "为防旁人看到，个人信息已遮住。点“显示”可以看全。", "Personal data is hidden. Touch “Show” to see it."
)
SLIP_PRINTED = Text("已打印，请在右手边取走", "Printed; please take it at the right")
NO_ROWS = Text("没有记录", "No records")
SCAN_CASE = Text("请扫受理单上的二维码", "Please scan the code on your receipt")
SCAN_CASE_HINT = Text(
    "把受理单上的二维码对准扫码口；没有单子请点“返回”手工输入",
    "Hold the receipt's code to the scanner; without it go back and type",
)
HOW_TO_FIND = Text("怎样查这个办件？", "How shall we find your case?")
BY_SCANNING = Text("扫受理单上的码", "Scan the receipt's code")
BY_TYPING = Text("手工输入编码", "Type the number")
PROGRESS = Text("办理进度", "Progress of your case")
CASE_UNKNOWN = Text("没有查到这个办件", "No such case was found")
CASE_UNKNOWN_BODY = Text(
    "编码或查询码不对。请对照受理单再输一次；单子丢了，请带身份证到窗口查。",
    "Number or check code is wrong. Please compare with your receipt, or ask at the counter with your ID card.",
)
CASE = Text("办件", "Case")
MATTER = Text("事项", "Matter")
DEPARTMENT = Text("部门", "Department")
PROMISED = Text("承诺办结", "Promised by")
TO_DO = Text("要您做的", "For you to do")

# --- nobody knows whether it arrived
NO_ANSWER = Text("网络断开了，还没有收到结果", "The network was lost before the answer came")
PERHAPS_BOOKED = Text(
    "可能已经约上了。请点“再试一次”，不会重复预约；还是不行，请打 12345 问一下，再决定要不要重约。",
    "It may be booked already. Touch “Try again”: nothing is booked twice. Otherwise ask 12345 before booking anew.",
)
PERHAPS_SENT = Text(
    "可能已经送到了。请点“再试一次”，不会重复提交；还是不行，请直接打 12345。",
    "It may have arrived already. Touch “Try again”: nothing is sent twice. Otherwise please call 12345.",
)
PERHAPS_TICKET = Text(
    "请点“再试一次”，不会多占号；还是不行，请到导办台取号。",
    "Touch “Try again”: no second number is taken. Otherwise please ask at the information desk.",
)

# --- appointments
SLOTS = Text("请选时间", "Please choose a time")
SLOTS_DAY = Text("请选日期", "Please choose a day")
LOOKING_FOR_SLOTS = Text("正在查可预约的时间", "Looking for free times")
NO_SLOTS = Text("近期约满了", "No free times")
NO_SLOTS_BODY = Text(
    "请过两天再来看，或拨打 12345，也可以直接到窗口取号。", "Please look again later, call 12345, or take a number."
)
SLOT_LEFT = Text("还剩 {n} 个", "{n} left")
BOOKING = Text("正在预约", "Booking")
BOOKED = Text("约好了", "Booked")
BOOKED_BODY = Text(
    "请按时到场，带好身份证。来不了请提前打 12345 报预约号，把时间让给别人。",
    "Please be on time and bring your ID card. If you cannot come, tell 12345 the number, so that others can.",
)
BOOKING_NO = Text("预约号", "Booking number")
WHEN = Text("时间", "When")
WHERE = Text("地点", "Where")
CHECK_BOOKING = Text("请核对预约", "Please check your booking")
BOOK = Text("确认预约", "Book")
SLOT_GONE = Text("这个时间刚刚约满，请另选一个", "That time has just gone; please choose another")

# --- queue
HAVE_BOOKING = Text("您有预约吗？", "Do you have a booking?")
NO_BOOKING = Text("没有，直接取号", "No, just a number")
WITH_BOOKING = Text("有预约", "Yes, I have one")
WITH_BOOKING_HINT = Text("扫预约单上的码，或输入预约号", "Scan the slip's code, or type the number")
SCAN_BOOKING = Text("请扫预约单上的二维码", "Please scan the code on your booking slip")
SCAN_BOOKING_HINT = Text(
    "把预约单上的二维码对准扫码口；没有带单子，请点“返回”手工输入",
    "Hold the slip's code to the scanner; without it go back and type",
)
BOOKING_UNKNOWN = Text("没有查到今天的这个预约", "No such booking for today was found")
BOOKING_UNKNOWN_BODY = Text(
    "请对照预约单看看日期和号码。也可以不用预约，直接取号。",
    "Please compare day and number with your slip. You may also take a number without it.",
)
ANOTHER_BOOKING = Text("重新输入", "Enter it again")
TAKING_NUMBER = Text("正在取号", "Taking a number")
YOUR_NUMBER = Text("您的号码", "Your number")
WAIT = Text("大约等 {minutes} 分钟", "About {minutes} minutes")
NO_PAPER_TICKET = Text("号票没有打出来，请记住号码", "The ticket was not printed; please remember the number")

# --- advice
ADVICE_DONE = Text("您要准备的材料", "What you need")
NOTHING_TO_BRING = Text("不用带材料，带上身份证即可", "Nothing to bring but your ID card")

# --- policies
POLICIES = Text("您可能用得上的政策", "Policies you may use")
POLICY_COUNT = Text("符合 {n} 项", "{n} match")
NO_POLICY = Text("这次没有匹配到政策", "No policy matched this time")
NO_POLICY_BODY = Text(
    "条件会变，可以过段时间再测，或拨打 12345 咨询。", "Conditions change: try again later, or ask 12345."
)
POLICY_NOTE = Text("结果供参考，以主管部门审核为准。", "For guidance; the department decides.")

# --- complaints
SENDING = Text("正在提交", "Sending")
CHECK_WORDS = Text("请核对要反映的内容", "Please check what you report")
SEND = Text("提交", "Send")
ANONYMOUS = Text("不留电话，按匿名办理，不能回复您", "Without a phone it is anonymous and cannot be answered")
SENT = Text("已经受理", "Received")
SENT_BODY = Text("请记下工单号，可拨打 12345 查询办理情况。", "Please note the number; 12345 can tell how it goes.")
TICKET_NO = Text("工单号", "Number")
ANSWER_BY = Text("答复时限", "Answer by")

# --- copies
COPY_FRONT = Text("正面", "Front side")
COPY_BACK = Text("反面", "Back side")
COPY_PAGE = Text("要复印的材料", "What you copy")
COPY_HINT = Text("平放在摄像头下面，四边都在画面里", "Flat under the camera, all four edges in the picture")
COPYING = Text("正在打印复印件", "Printing your copies")
NOT_COPIED = Text("没有打印成功", "The copies were not printed")
NOT_COPIED_BODY = Text(
    "图像已清除。如果有纸出来，请一并取走。请稍后再试，或换一台终端。",
    "The picture is erased. Please take any sheet that came out, and try later or at another terminal.",
)
TAKE_COPIES = Text("请在屏幕下方取走复印件", "Please take your copies below the screen")

# --- help
CALLING = Text("正在呼叫工作人员", "Calling staff")
CALLED = Text("已经通知工作人员", "Staff have been told")
CALLED_BODY = Text(
    "请在这里稍等，会有人来帮您。也可以拨打 {phone}。", "Please wait here, somebody will come. Or call {phone}."
)
CALL_WAIT = Text("大约 {minutes} 分钟", "About {minutes} minutes")
CALL_NO = Text("呼叫号", "Call")
BADGE_HINT_OVER = Text(
    "来帮您的工作人员请把工牌的二维码对准扫码口。", "Staff who come to help: please hold your badge to the scanner."
)
HELPER_HERE = Text("{name} 正在帮您", "{name} is helping you")
HELPER_HERE_BODY = Text(
    "输入号码、密码和签名时，请让帮办人员转开。办什么由您自己决定。",
    "Please let your helper look away when you type numbers, PINs or sign. The decisions stay yours.",
)
NOT_CALLED_BODY = Text(
    "网络不通，没有通知到。请拨打 {phone} 或 12345，报终端号 {terminal}。",
    "Nobody could be told. Please call {phone} or 12345; terminal {terminal}.",
)

# --- licences
STOCK_OUT = Text("本机的专用纸用完了", "This terminal has no more special paper")
STOCK_OUT_BODY = Text(
    "请到其他终端或窗口打印，或拨打 12345。", "Please print at another terminal or the counter, or call 12345."
)

REFUSED: Mapping[str, tuple[Text, Text]] = {
    ProblemCode.TOO_MANY_TRIES: (
        Text("现在请求太多了", "Too many requests just now"),
        Text(
            "请过一刻钟再试，或到人工窗口办理。没有扣款，也没有提交。",
            "Please try again in a quarter of an hour, or go to the counter. Nothing was charged or handed in.",
        ),
    ),
    ServiceProblem.CASE_UNKNOWN: (CASE_UNKNOWN, CASE_UNKNOWN_BODY),
    ServiceProblem.NOT_OPEN: (
        Text("现在不在服务时间", "Not open now"),
        Text("请在服务时间再来，时间见办事指南。", "Please come back in service hours, see the guide."),
    ),
    ServiceProblem.BOOKED_ALREADY: (
        Text("您已经约过了", "You have a booking already"),
        Text(
            "同一件事只能约一个时间。请按原来的时间来；要改，请打 12345 报预约号。",
            "One matter, one booking: please come at that time. To change it, tell 12345 the booking number.",
        ),
    ),
    ServiceProblem.MISSED_BOOKINGS: (
        Text("暂时不能预约", "You cannot book for now"),
        Text(
            "您有几次约了没来，过几天再约；可以直接到窗口取号。",
            "You missed several bookings. You can still take a number.",
        ),
    ),
    ServiceProblem.LICENCE_INVALID: (
        Text("营业执照核验没有通过", "The licence could not be confirmed"),
        Text(
            "请刷新手机上的二维码再试，并由本人出示。", "Please refresh the code on your phone, and show it in person."
        ),
    ),
    ServiceProblem.DAILY_LIMIT: (
        Text("今天打印的次数到了", "Printed often enough today"),
        Text("请明天再来，或到窗口打印。", "Please come back tomorrow, or print at the counter."),
    ),
    ServiceProblem.NO_STOCK: (STOCK_OUT, STOCK_OUT_BODY),
    ServiceProblem.FORM_INVALID: (
        Text("有一项没有通过部门的检查", "The department did not accept an entry"),
        Text("请从头再填一次，对照指南检查。", "Please start again and check against the guide."),
    ),
    ServiceProblem.SERVICE_CHANGED: (
        Text("这件事刚刚更新了", "This service has just changed"),
        Text("请回首页重新打开。", "Please open it again from the home screen."),
    ),
}
