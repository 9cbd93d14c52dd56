"""The interface's own words on the screens of `kiosk.service_screens`; see `kiosk.texts`."""

from __future__ import annotations

from content.schema.text import Text
from kiosk.service_screens import PaperState

# Forms: the page
CONTINUE = Text("继续", "Continue")
SAVE_FOR_LATER = Text("存下来，下次接着办", "Save and finish later")
TOUCH_TO_FILL = Text("点这里填写", "Touch to fill in")
TOUCH_TO_CHOOSE = Text("点这里选择", "Touch to choose")
TOUCH_TO_READ = Text("点这里阅读", "Touch to read")
OPTIONAL = Text("{label}（可不填）", "{label} (optional)")
STILL_TO_FILL = Text("还有 {count} 项要填", "{count} still to fill in")
ALL_FILLED = Text("都填好了，请按“继续”", "All done; please touch Continue")
PAGE_OF_PAGES = Text("第 {number}/{total} 页", "Page {number} of {total}")
AGREED = Text("已阅读并同意", "Read and agreed")
LOCKED_TITLE = Text("“{label}”不能在这里改", "{label} cannot be changed here")
LOCKED_BODY = Text(
    "这一项{source}。如果不对，请到人工窗口更正，或拨打 {number} 询问。",
    "This comes {source}. If it is wrong, please have it corrected at the counter, or call {number}.",
)
LOCKED_SOURCE = Text("由系统填写", "from our records")

# Forms: one field
FILL_IN = Text("请填写：{label}", "Please fill in: {label}")
CHOOSE_ONE = Text("请选一项：{label}", "Please choose: {label}")
CHOOSE_SEVERAL = Text("请选择：{label}（可选多项）", "Please choose one or more: {label}")
PLEASE_READ = Text("请阅读：{label}", "Please read: {label}")
NEXT_FIELD = Text("下一项", "Next")
FIELD_DONE = Text("填好了", "Done")
EMPTY = Text("这一项还没有填", "This is still empty")
NOT_CHOSEN = Text("这一项还没有选", "Nothing is chosen yet")
NOT_AGREED = Text("请看完后点“我已阅读并同意”", "Please read it and touch “I have read and agree”")
UNFINISHED = Text("还差 {count} 位", "Digits left: {count}")
UNFINISHED_DATE = Text("请把年、月、日都填上", "Please give year, month and day")
DATE_YEAR = Text("先按年份，4 位数字", "First the year, 4 digits")
DATE_MONTH = Text("再按月份，例如 3 月按 03", "Then the month: 03 for March")
DATE_DAY = Text("再按几号，例如 5 号按 05", "Then the day: 05 for the 5th")
YEAR, MONTH, DAY = Text("年", "year"), Text("月", "month"), Text("日", "day")
YUAN = Text("元", "yuan")
AMOUNT_HINT = Text("按元填写；有角、分的，先按小数点", "In yuan; for jiao and fen touch the point first")
ENOUGH_DIGITS = Text("位数够了", "Complete")
I_AGREE = Text("我已阅读并同意", "I have read and agree")
CHOSEN_COUNT = Text("已选 {count} 项", "{count} chosen")

# Keyboards
KEYS_PINYIN = Text("拼音", "拼音")
KEYS_LETTERS = Text("字母", "ABC")
KEYS_NUMBERS = Text("数字", "123")
SPACE = Text("空格", "Space")
SMALL_LETTERS = Text("小写", "abc")
CAPITAL_LETTERS = Text("大写", "ABC")
PINYIN_HINT = Text("按拼音字母写字：“张”按 zhang，“社保”按 sb", "Type pinyin: zhang for 张, sb for 社保")
PINYIN_NONE = Text("没有这样的拼音，请按“删除”改一改", "No such pinyin; please touch Delete and try again")
PINYIN_CHOOSE = Text("从下面选字", "Choose below")
TEXT_ROOM = Text("{count}/{total} 字", "{count}/{total}")
TEXT_FULL = Text("写满了，最多 {total} 个字", "Full: at most {total} characters")

# Choosing several
FIXED_TITLE = Text("“{label}”不能改", "{label} cannot be changed")
FIXED_CHOSEN = Text("这一项必须办理。", "This one is always included.")
FIXED_OUT = Text("这一项现在不能选。", "This one cannot be chosen now.")
CHOSEN_OF = Text("已选 {count} 项，共 {total} 项", "{count} of {total} chosen")
TAKEN_ALONG = Text("一起选上了：{names}", "Chosen with it: {names}")
DROPPED_ALONG = Text("一起去掉了：{names}", "Also left out: {names}")
TOO_FEW_TITLE = Text("还没有选够", "Please choose more")
TOO_FEW = Text(
    "请至少选 {count} 项。点一下就选上，再点一下就去掉。",
    "Please choose at least {count}. A touch chooses, another takes back.",
)

# Papers
PAPER_STATES = {
    PaperState.NOT_NEEDED: Text("不用提供", "Not needed"),
    PaperState.TO_SCAN: Text("要扫描", "To scan"),
    PaperState.SCANNED: Text("已扫描 {pages} 页", "Scanned, {pages} page(s)"),
    PaperState.BRING: Text("带到窗口", "Bring along"),
    PaperState.LATER: Text("可以后补", "May follow"),
}
PRINT_LIST = Text("打印清单", "Print list")
PAPERS_SUMMARY = Text("共 {total} 份，还有 {count} 份要扫描", "{total} in all, {count} still to scan")
PAPERS_MAY_SCAN = Text("共 {total} 份，{count} 份可扫可不扫", "{total} in all, {count} may be scanned")
PAPERS_BRING = Text("共 {total} 份，{count} 份请带到窗口", "{total} in all, {count} to bring along")
PAPERS_READY = Text("共 {total} 份，都准备好了", "{total} in all, everything is ready")
PAPER_MAY_SCAN = Text("可以扫描", "May scan")
PAPERS_MISSING_TITLE = Text("还有材料要扫描", "Something is still to be scanned")
PAPERS_MISSING = Text("请点标着“要扫描”的材料：{names}", "Please touch what is marked “To scan”: {names}")
PAPERS_INCOMPLETE = Text(
    "必须有的材料还没有准备好，请看清单上的说明。", "Something required is still missing; please see the list."
)

# The document camera
TAKE_PICTURE = Text("拍照", "Take picture")
KEEP_PICTURE = Text("清楚，用这张", "Clear, keep it")
TAKE_AGAIN = Text("重拍", "Again")
ENOUGH_PAGES = Text("拍完了", "No more pages")
PAGES_KEPT = Text("已有 {count} 页", "{count} page(s) so far")
LOOK_AT_PICTURE = Text(
    "看一看：字都清楚吗？四个角都在吗？", "Please look: is all of it readable, with its four corners?"
)
CAMERA_OPENING = Text("正在打开高拍仪", "Opening the document camera")

# Records
RECORD_DONE = Text("看完了", "Done")
RECORD_MASKED = Text("为保护隐私，部分内容已遮盖。", "Some details are hidden for your privacy.")

# Queue tickets
YOUR_NUMBER = Text("您的号码", "Your number")
AHEAD = Text("前面还有 {count} 位", "{count} before you")
NOBODY_AHEAD = Text("前面没有人，马上轮到您", "Nobody before you: you are next")
WAIT_ABOUT = Text("约等 {time}", "About {time}")
GO_TO = Text("请到", "Please go to")
TICKET_KNOWN = Text("知道了", "OK")

# Signatures
SIGN_HERE = Text("请用手指在框里写您的名字", "Please write your name in the box with a finger")
SIGN_AGAIN = Text("重写", "Write again")
SIGN_DONE = Text("签好了", "Done")
SIGN_EMPTY_TITLE = Text("还没有签名", "There is no signature yet")
SIGN_EMPTY = Text(
    "请用手指在框里写您的名字，写好再按“签好了”。写不了的，请叫工作人员帮忙。",
    "Please write your name in the box with a finger, then touch Done. If you cannot, please call staff.",
)
SIGNING = Text("正在保存签名", "Keeping your signature")

# Codes
CODE_WINDOW = Text("扫码口", "Scanner")
CODE_NOTE_PAPER = Text("单子拉平，离扫码口约一个手掌远。", "Hold the slip flat, a hand's width away.")
CODE_NOTE = Text(
    "手机屏幕调亮一些，离扫码口约一个手掌远。", "Turn the phone's brightness up; hold it a hand's width away."
)
CODE_READING = Text("读到了，正在核对", "Read, now checking")
