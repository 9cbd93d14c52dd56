"""The interface's own words: buttons, header, foot, panels. What a journey says lives with the journey."""

from __future__ import annotations

from content.schema.text import Text
from kiosk.screens import FaceCue

# Chrome
ROUND_THE_CLOCK = Text("24 小时自助服务", "24-hour self-service")
LANGUAGE_BUTTON = Text("English", "中文")  # the other language, in its own script
ACCESS = Text("无障碍", "Display")
HOTLINE = Text("{number} 热线", "Hotline {number}")
CALL_STAFF = Text("呼叫工作人员", "Call staff")
TERMINAL = Text("终端 {number}", "Terminal {number}")
STEP = Text("{service} · 第 {number} 步，共 {total} 步", "{service} · Step {number} of {total}")
BACK = Text("返回", "Back")
HOME = Text("首页", "Home")
END = Text("结束办理", "End")
PREVIOUS_PAGE = Text("上一页", "Previous")
NEXT_PAGE = Text("下一页", "Next")
PAGE = Text("第 {number} 页，共 {total} 页", "Page {number} of {total}")
CLOSE = Text("知道了", "OK")
DONE = Text("完成", "Done")
WEEKDAYS = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Panels
ACCESS_TITLE = Text("怎么看更方便？", "How would you like the screen?")
ACCESS_LARGE = Text("大字", "Large type")
ACCESS_LARGE_HINT = Text("字更大，每屏内容更少", "Larger letters, less on each screen")
ACCESS_CONTRAST = Text("高对比", "High contrast")
ACCESS_CONTRAST_HINT = Text("黑底黄字", "Yellow on black")
ACCESS_LOW = Text("低位模式", "Low reach")
ACCESS_LOW_HINT = Text("按键都移到屏幕下半部", "All buttons in the lower half")
ON = Text("已打开", "On")
OFF = Text("未打开", "Off")
STAFF_ABSENT_TITLE = Text("需要帮忙吗？", "Do you need help?")
STAFF_ABSENT_BODY = Text(
    "本机没有接通现场呼叫。请到旁边的人工窗口，或拨打 {number}。",
    "This terminal has no call button on site. Please go to the counter or call {number}.",
)
NOT_NOW_TITLE = Text("“{title}”现在不能办", "{title}: not available now")

# Home
SEARCH_HINT = Text("搜服务：输入拼音或首字母，如 shuifei、sb", "Search: type pinyin or initials, e.g. shuifei, sb")
SEARCH_HINT_SHORT = Text("搜服务", "Search services")
SEARCH_TITLE = Text("您要找什么服务？", "Which service are you looking for?")
SEARCH_EMPTY = Text(
    "用下面的键输入拼音或首字母，例如“水费”按 shuifei 或 sf",
    "Type pinyin or initials below: shuifei or sf for the water bill",
)
SEARCH_NONE = Text(
    "没有找到。换个说法试试，或拨打 {number} 问一问", "Nothing found. Try other letters, or call {number}"
)
CLEAR = Text("清空", "Clear")
SEARCH_CLOSE = Text("返回首页", "Back to home")
FREQUENT = Text("这里最常办", "Most used here")
ELDER = Text("长辈模式", "Large-type mode")
ELDER_HINT = Text("字更大、每屏更少", "Larger type, fewer items a screen")
ELDER_ENTER = Text("进入", "Enter")
NORMAL_MODE = Text("普通模式", "Standard type")
MORE_SERVICES = Text("更多服务", "More services")
UNAVAILABLE = Text("暂停", "Paused")
NOTHING_HERE = Text("这里暂时还没有可以办的事项", "There is nothing to do here yet")
NOTHING_HERE_ADVICE = Text(
    "可以回首页看看别的服务，或拨打 12345 询问办理地点。",
    "Please look at the other services, or call 12345 to ask where to go.",
)

# Before
START = Text("开始办理", "Start")
PRINT_GUIDE = Text("打印指南", "Print guide")
ALL_ELEMENTS = Text("全部{count}项", "All {count} items")
KEY_ELEMENTS = Text("只看要点", "Key points")
AGREE = Text("同意并继续", "Agree and go on")
DECLINE = Text("不同意", "Do not agree")
CONSENT_NOTE = Text(
    "不同意也可以到人工窗口办理，不影响结果。", "You may decline and use the counter; the result is the same."
)
ADVICE_TITLE = Text("您可以这样办", "What you can do")

# Who are you
READER = Text("读卡区", "Card reader")
CARD = Text("身份证", "ID card")
READING = Text("正在读卡，请不要移动", "Reading, please keep the card still")
PLACE_CARD_NOTE = Text(
    "把身份证平放在读卡区，等听到“滴”声再拿开。", "Lay your ID card flat on the reader until it beeps."
)
NO_FACE_TITLE = Text("不想刷脸？", "Rather not use the camera?")
NO_FACE_BODY = Text(
    "可以用短信验证码加密码，办理结果完全一样。",
    "Use a text-message code and PIN instead; the result is the same.",
)
OTHER_WAY = Text("换个方式", "Another way")
FACE_PRIVACY = Text(
    "画面只在本机内存里比对，办完立即清除，不保存、不上传。",
    "Compared in this machine's memory only and erased at once; never stored or sent.",
)
FACE_WAITING = Text("正在打开摄像头", "Opening the camera")
# The chips below the picture; the sentence itself comes with the screen
CUES = {
    FaceCue.COME_CLOSER: Text("靠近", "Closer"),
    FaceCue.LOOK: Text("看镜头", "Look"),
    FaceCue.TURN_LEFT: Text("向左转", "Left"),
    FaceCue.TURN_RIGHT: Text("向右转", "Right"),
    FaceCue.HOLD_STILL: Text("不动", "Still"),
    FaceCue.CHECKING: Text("比对", "Check"),
    FaceCue.NOBODY: Text("站到镜头前", "Step in"),
    FaceCue.SEVERAL: Text("一个人", "Alone"),
    FaceCue.TOO_DARK: Text("光线", "Light"),
    FaceCue.TOO_BRIGHT: Text("背光", "Glare"),
}

# Keypad
CONFIRM = Text("确定", "OK")
DELETE = Text("删除", "Delete")
SCAN_INSTEAD = Text("也可以把账单条码对准扫码口", "Or hold the bill's bar code to the scanner")
RESEND_CODE = Text("重新发送", "Send again")
DIGITS_LEFT = Text("还差 {count} 位", "{count} more digits")
DIGITS_COMPLETE = Text("位数够了，请按“确定”", "Complete; press OK")

# The matter
AMOUNT = Text("应付", "To pay")
PAY_STEP_1 = Text("打开手机，点“扫一扫”", "Open the app on your phone and tap Scan")
PAY_STEP_2 = Text("对准这个码，付款", "Point it at this code and pay")
PAY_STEP_3 = Text("付好后，这里会自动跳转", "This screen goes on by itself")
PAY_LEFT = Text("还有 {minutes} 分 {seconds} 秒", "{minutes} min {seconds} s left")
PAY_OVER = Text("时间到了，正在确认是否已付款", "Time is up; checking whether you have paid")
PAY_CANCEL = Text("不付了", "Do not pay")
PAY_MORE_TIME = Text("再加时间", "More time")
PRINT = Text("打印", "Print")
REVEAL = Text("显示全部内容", "Show everything")
MASKED_NOTE = Text(
    "为保护隐私，个人信息已遮盖；打印出来是完整的。", "Personal details are hidden here; the printed sheet is complete."
)
REVEALED_NOTE = Text("正在显示全部内容，请留意身边有没有人看。", "Everything is shown; please mind who is beside you.")
PAGES = Text("共 {count} 页", "{count} page(s)")
SHEET = Text("第 {sheet} 张，共 {sheets} 张", "Sheet {sheet} of {sheets}")
RATES = {
    "5": Text("非常满意", "Very good"),
    "4": Text("满意", "Good"),
    "3": Text("一般", "Fair"),
    "2": Text("不满意", "Poor"),
    "1": Text("非常不满意", "Very poor"),
}
SKIP_RATING = Text("不评了", "Skip")
RATE_NOTE = Text("评价不记名，只用来改进服务。", "Anonymous; used only to improve the service.")
NEED_MORE_TIME = Text("需要更多时间", "I need more time")
END_NOW = Text("结束", "End")
MORE_TIME_LEFT = Text(
    "没有触摸的话，到时会自动结束并清除您的信息。",
    "Without a touch the session ends by itself and your data are erased.",
)
TOUCH_TO_END = Text("触摸屏幕，回到首页", "Touch the screen to return")
OUT_OF_SERVICE_HELP = Text("需要帮忙，请到人工窗口或拨打 {number}", "For help, go to the counter or call {number}")
SERVICE_STOPPED = Text("本机暂停服务", "This terminal is out of service")
SERVICE_STOPPED_REASON = Text(
    "机器遇到了问题，您的信息已清除。需要办理请到人工窗口，或拨打 12345。",
    "The machine has a problem; your data have been erased. Please go to the counter or call 12345.",
)
