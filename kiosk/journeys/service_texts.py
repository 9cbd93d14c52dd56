"""The sentences of applications and packages: what happened, and what to do next."""

from __future__ import annotations

from backend.contract.kiosk_api import ProblemCode
from backend.contract.service_api import ServiceProblem
from content.schema.text import Text
from kiosk.journeys import texts as common

TO_HOME = common.TO_HOME
OK = common.OK
TRY_AGAIN = common.TRY_AGAIN
GO_ON = Text("继续", "Go on")

# --- before the start
NO_JOURNEY = Text("这件事还不能在本机办", "This cannot be done on this terminal yet")
NO_CODE_SCANNER = Text("扫码口暂时不能用", "The code scanner is not working at the moment")
NO_CAMERA = Text("摄像头暂时不能用，拍不了材料", "The camera is not working; papers cannot be scanned at the moment")
NO_SERVICE_NOW = common.UNAVAILABLE

# --- business licence
LICENCE = Text("请出示电子营业执照", "Please show the electronic business licence")
LICENCE_SPEECH = Text(
    "请在手机上打开电子营业执照的二维码，对准屏幕下方的扫码口。",
    "Open the licence's QR code on your phone and hold it under the scanner below the screen.",
)
LICENCE_HINT = Text(
    "用手机打开“电子营业执照”小程序，出示二维码，对准扫码口",
    "Open the electronic business licence on your phone and hold its QR code to the scanner",
)
NO_LICENCE = Text(
    "这不是电子营业执照的码，请打开“电子营业执照”再试",
    "This is not a business licence; please open the licence and retry",
)
LICENCE_EXPIRED = Text(
    "这张执照已过有效期，请先到登记机关办理", "This licence has expired; please see the registration authority first"
)

# --- on behalf of another
FOR_WHOM = Text("您为谁办？", "Whom is this for?")
FOR_MYSELF = Text("为自己办", "For myself")
FOR_ANOTHER = Text("替别人办", "For another person")
FOR_ANOTHER_HINT = Text("需要填写对方的姓名和身份证号", "You will be asked for their name and identity number")
RELATION = Text("您是对方的什么人？", "What are you to that person?")
PRINCIPAL = Text("请填写被代办人的信息", "Please enter whose matter it is")
PRINCIPAL_NAME = Text("被代办人姓名", "Name of the person")
PRINCIPAL_NUMBER = Text("被代办人身份证号", "Identity number of the person")
PRINCIPAL_IS_YOU = Text(
    "这是您自己的号码，请填被代办人的；为自己办请点“返回”", "This is your own number; for yourself please go back"
)

# --- questions
NOT_HERE = Text("这种情况不能在这里办", "In this case it cannot be done here")
CHOOSE_AGAIN = Text("重新选择", "Choose again")

# --- parts of a package
PARTS = Text("这次要办哪几项？", "Which of these shall we do?")
PARTS_SPEECH = Text("可以全办，也可以只办一部分。不要的请点掉。", "All, or only some: untick what you do not want.")
BY_LAW = Text("依法要一起办", "The law wants this together with the rest")
LED_BY = Text("牵头：{leads}；配合：{partners}", "Led by {leads}; with {partners}")
LED_ALONE = Text("牵头：{leads}", "Led by {leads}")
NO_PARTS = Text(
    "按您的回答，这里没有要办的事项。请检查前面的选择。", "With these answers nothing is to be done; please check them."
)

# --- papers
PAPERS = Text("要准备这些材料", "These papers are needed")
PAPERS_SPEECH = Text(
    "这是全部材料，不会再要别的。要扫描的请点一下。", "This is the complete list. Touch a paper to scan it."
)
PAPERS_SO_FAR = Text(
    "先准备这些材料，要扫描的请点一下。填表以后，按您的回答可能还要一两份。",
    "These papers first; touch one to scan it. What you answer in the form may ask for one or two more.",
)
NO_PAPERS = Text("不用提供任何材料", "No papers are needed")
NOT_ASKED = Text("有 {n} 份由部门提供，不用您跑", "{n} come from the departments; you need not bring them")
REPLACED = Text("不用您提供：用{by}代替", "Not asked of you: replaced by {by}")
FETCHED = Text("不用您提供：由发证部门共享", "Not asked of you: the issuing department shares it")
READ_HERE = Text("本机办理时已核验，不用另交", "Checked here; nothing to hand in")
LATER = Text("可以以后补交，受理单上写明期限", "May be handed in later; the receipt says until when")
LATER_OR_NOW = Text("现在扫描，或以后补交", "Scan it now, or hand it in later")
OPTIONAL = Text("可交可不交", "optional")
COPIES = Text("共 {n} 份", "{n} copies")
NOTICE_PRINTED = Text("清单已打印，请在右手边取走", "The list is printed; please take it at the right")
NO_SLIP_NOW = Text("清单打不出来", "The list could not be printed")
NO_SLIP_NOW_BODY = Text("可以拍下屏幕，或稍后再来。", "You may photograph the screen, or come back later.")

# --- scanning
SCAN = Text("请放好：{name}", "Please lay down: {name}")
SCAN_SPEECH = Text(
    "请把{name}平放在摄像头下面，摆正，然后点“拍照”。", "Lay {name} flat under the camera, straight, then touch “Take”."
)
SCAN_HINT = Text("平放、摆正，四个角都要看得见", "Flat and straight, with all four corners visible")
SCAN_LOOK = Text("拍清楚了吗？", "Is it clear?")
SCAN_LOOK_HINT = Text("字都看得清就留下，看不清就重拍", "Keep it if every word can be read; otherwise take it again")
SCAN_AGAIN = Text("再拍一次", "Take it again")
NO_PICTURE = Text("没有拍到", "No picture was taken")
NO_PICTURE_BODY = Text(
    "请让光线亮一点，把材料摆好再拍。", "Please have more light, lay the paper straight and try again."
)
KEEPING_SCAN = Text("正在保存这一页", "Keeping this page")
SCAN_NOT_KEPT = Text("这一页没有存上", "This page could not be kept")
SCAN_NOT_KEPT_BODY = Text("请再拍一次；前面的页都在。", "Please take it again; the pages before are kept.")

# --- form
LOOKING_UP = Text("正在取已有的信息，省得您再填", "Looking up what is known, so that you need not type it")
MORE_FIELDS = Text("按您的选择，还有几项要填", "With your answer a few more fields are to be filled in")
FORM_INCOMPLETE = Text("表里有一处要改", "Something in the form needs a change")
FORM_INCOMPLETE_BODY = Text(
    "前面的选择变了，有的内容要重新填。其他内容都在。", "An earlier answer has changed; some fields are asked again."
)
FORM_REFUSED_BODY = Text(
    "“{label}”没有通过，请核对后改一下。其他内容都在。", "“{label}” was not accepted; please correct it."
)
THE_FORM = Text("表格", "The form")
MEND = Text("去修改", "Correct it")

# --- drafts
START_HOW = Text("从头填，还是接着上次？", "Start new, or go on?")
START_NEW = Text("从头开始", "Start new")
START_RESUME = Text("接着上次办", "Go on with a saved one")
START_RESUME_HINT = Text("要用凭条上的 10 位续办码", "With the 10-digit code from your slip")
TYPE_CODE = Text("请输入续办码", "Please enter the code")
TYPE_CODE_HINT = Text("10 位数字，在续办凭条上", "10 digits, on your slip")
DRAFT_CODE = Text("续办码", "Code")
DRAFT_UNTIL = Text("保留到", "Kept until")
CODE_UNKNOWN = Text(
    "没有找到：码不对、已过期，或不是您本人存的", "Not found: wrong, expired, or saved by somebody else"
)
CODE_OF_ANOTHER = Text(
    "这个码是另一件事的，请回首页打开那件事", "This code belongs to another service; please open that one"
)
CODE_FOR_ANOTHER = Text(
    "这份是替别人存的：请点“返回”，选“替别人办”，填原来那个人的号码",
    "This was saved for another person: go back, choose “For another person” and enter the same number",
)
CODE_FOR_SELF = Text(
    "这份是为您自己存的：请点“返回”，选“为自己办”", "This was saved for yourself: go back and choose “For myself”"
)
DRAFT_TOO_OLD = Text("这件事已经更新", "This service has changed")
DRAFT_TOO_OLD_BODY = Text("上次存的内容对不上了，请从头填，很抱歉。", "What was saved fits no more; please start new.")
SERVICE_CHANGED = Text("这件事在您离开后更新过", "This service has changed since")
DROPPED = Text(
    "有 {n} 处对不上，已经去掉，请重新填；其余都在。", "{n} answers fit no more and are asked again; the rest is here."
)
NOTHING_DROPPED = Text("您填的内容都还能用。", "All your answers still fit.")
SAVING = Text("正在保存", "Saving")
SAVED = Text("存好了，随时可以接着办", "Saved: go on whenever you like")
SAVED_BODY = Text(
    "请在右手边取走续办凭条。再来时带身份证，输入续办码。扫描的材料要重新扫。",
    "Please take the slip at the right. Come back with your ID card and the code. Papers are scanned again.",
)
SAVED_WRITE_DOWN = Text(
    "凭条打不出来，请记下或拍下续办码。再来时带身份证，输入续办码。",
    "No slip could be printed: please write the code down or photograph it, and bring your ID card.",
)
NOT_SAVED = Text("没有存上", "It could not be saved")
NOT_SAVED_BODY = Text("您填的内容还在本机，可以再试，或继续办完。", "Your answers are still here: try again, or go on.")
GO_ON_FILLING = Text("继续填", "Go on filling in")
PROVE_AGAIN = Text("请再确认一次是您本人", "Please prove again that it is you")
PROVE_AGAIN_BODY = Text(
    "核验只管 15 分钟，已经过了。您填的内容都在。", "A verification lasts 15 minutes. Everything you filled in is kept."
)

# --- review and signature
REVIEW = Text("请核对，没问题就提交", "Please check; then it is handed in")
REVIEW_NOTE = Text("号码已遮住一部分。要改请点“返回”。", "Numbers are partly hidden. To change something, go back.")
HAND_IN = Text("没问题，提交", "Correct, hand it in")
ORGANISATION = Text("单位", "Organisation")
PRINCIPAL_ENTRY = Text("被代办人", "On behalf of")
PARTS_ENTRY = Text("办理事项", "Items")
AGREED = Text("已同意", "Agreed")
NOT_AGREED = Text("不选用", "Not chosen")
PAPERS_COME = {
    "scanned": Text("已扫描 {n} 页", "{n} pages scanned"),
    "bring": Text("带到窗口", "Bring it to the counter"),
    "later": Text("以后补交", "Handed in later"),
}
FEE = Text("收费：{name}", "Fee: {name}")
FEE_LATER = Text("由部门核定后通知", "The department says how much")
DELIVERY = Text("结果怎么给您？", "How shall the result reach you?")
DELIVERY_ENTRY = Text("领取方式", "Delivery")
DELIVERIES = {
    "printed-here": Text("在本机打印", "Printed here"),
    "counter": Text("到窗口领", "At the counter"),
    "locker": Text("到取件柜领", "From the pick-up locker"),
    "courier": Text("邮寄到家", "By courier"),
    "electronic": Text("电子证照，发到手机", "Electronic, to your phone"),
}
SIGN = Text("请在框里签名", "Please sign in the box")
SIGN_AGAIN = Text("没有写上，请再签一次", "Nothing was written; please sign again")
SIGN_STATEMENT = Text(
    "我申请办理“{service}”。所填内容和所交材料是真实的，我愿意为此负责。",
    "I apply for “{service}”. What I have stated and handed in is true, and I answer for it.",
)
SIGN_FOR_ANOTHER = Text(
    "我受委托代为办理“{service}”。所填内容和所交材料是真实的，委托是真实的，我愿意为此负责。",
    "I apply for “{service}” on behalf of the person named. What I have stated, and my authority, is true.",
)

# --- case
HANDING_IN = Text("正在提交，请稍等", "Handing it in, one moment")
PRINTING_RECEIPT = Text("已受理，正在打印受理单", "Received; printing the receipt")
DOING_HAND_IN = Text("提交给部门", "Handed to the department")
DOING_RECEIPT = Text("打印受理单", "Print the receipt")
RECEIVED = Text("已受理", "Received")
DECIDED = Text("办好了", "Done")
RECEIVED_BODY = Text(
    "请在右手边取走受理单。凭办件编码和查询码，随时可以查进度。",
    "Please take the receipt at the right. Its number and check code show the progress at any time.",
)
RECEIVED_WRITE_DOWN = Text(
    "受理单打不出来，不影响办理。请记下或拍下编号和查询码。",
    "The receipt could not be printed; your case is not affected. Please write down or photograph these numbers.",
)
RECEIVED_LOOK = Text(
    "请看看右手边有没有受理单；没有的话，请记下编号和查询码。",
    "Please look for the receipt at the right; if there is none, write down these numbers.",
)
NOTED = Text("知道了", "OK")
CASE_NO = Text("办件编码", "Case number")
CHECK_CODE = Text("查询码", "Check code")
DEPARTMENT = Text("受理部门", "Department")
RECEIVED_AT = Text("受理时间", "Received")
PROMISED = Text("承诺办结", "Promised by")
OUTCOME = Text("办理结果", "Outcome")
TO_BRING = Text("还要交：{name}", "Still to hand in: {name}")
OUR_NUMBER = Text("编号", "Number")
CASE_UNKNOWN = Text("提交结果还在确认", "Not yet known whether it was received")
CASE_UNKNOWN_BODY = Text(
    "网络断开了。请先不要重复提交。受理成功的话，受理单会在本机打印，也可以拨打 12345 报编号查询。",
    "The network was lost. Please do not hand it in again: if received, the receipt is printed here; or ask 12345.",
)

# --- refusals: title and what to do, by the backend's code
REFUSED: dict[str, tuple[Text, Text]] = {
    ProblemCode.TOO_MANY_TRIES: (
        Text("现在请求太多了", "Too many requests just now"),
        Text(
            "请过一刻钟再试，或到人工窗口办理。没有扣款，也没有提交。",
            "Please try again in a quarter of an hour, or go to the counter. Nothing was charged or handed in.",
        ),
    ),
    ServiceProblem.SITUATION_STOPS: (
        NOT_HERE,
        Text("请到人工窗口办理，或拨打 12345 咨询。没有留下您的信息。", "Please go to the counter, or ask 12345."),
    ),
    ServiceProblem.LICENCE_INVALID: (
        Text("执照没有通过核验", "The licence was not accepted"),
        Text(
            "可能已过期、已注销，或您不是法定代表人和被授权的办事人。请用本人有权使用的执照重新办理。",
            "It may have expired, or you are not authorised to use it. Please start again with one that you may use.",
        ),
    ),
    ServiceProblem.REFUSED_BY_DEPARTMENT: (
        Text("部门没有受理", "The department did not accept it"),
        Text(
            "您的申请没有提交成功，没有留下材料。请拨打 12345 问清原因，或到人工窗口办理。",
            "Nothing was handed in and nothing is kept. Please ask 12345 for the reason, or go to the counter.",
        ),
    ),
    ServiceProblem.SERVICE_CHANGED: (
        Text("这件事刚刚更新了", "This service has just changed"),
        Text(
            "填的内容对不上了，没有提交。请过一会儿重新办理。", "Nothing was handed in. Please start again in a moment."
        ),
    ),
    ProblemCode.SERVICE_UNKNOWN: (
        Text("这件事已经不在本机办了", "This is no longer offered here"),
        Text(
            "没有提交。请拨打 12345 咨询现在怎么办理。", "Nothing was handed in. Please ask 12345 where it is done now."
        ),
    ),
    ServiceProblem.DAILY_LIMIT: (
        Text("今天受理的已经满了", "No more can be taken today"),
        Text(
            "没有提交，本机也没有留下您填的内容。请明天再来办。",
            "Nothing was handed in and nothing is kept here. Please come back tomorrow.",
        ),
    ),
    ServiceProblem.NOT_OPEN: (
        Text("现在不是办理时间", "It is closed now"),
        Text("请在办理时间内再来，时间见办事指南。", "Please come back within the hours the guide names."),
    ),
    ServiceProblem.NO_CALENDAR: (
        Text("暂时不能承诺办结日期", "No date can be promised yet"),
        Text("请到人工窗口办理，或过几天再来。", "Please go to the counter, or come back in a few days."),
    ),
}
