"""Realistic pages of forms, also the fullest, and every keyboard; see `kiosk.ui.samples`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from content.schema.text import Text
from kiosk import screens as s
from kiosk import service_screens as v
from kiosk.service_screens import FieldKind, FormEntry
from kiosk.ui.keyboards.words import Keys, Writing

T = Text
_CARD = T("来自身份证", "from your ID card")
_RECORD = T("来自公安人口信息", "from the population register")
PERMIT = T("居住证申领", "Residence permit")
SHOP = T("开便利店一件事", "Opening a shop")


def said(text: Text) -> dict[str, Text]:
    return {"question": text, "speech": text}


def trail(service: Text, number: int, total: int) -> s.Trail:
    return s.Trail(service, s.Step(number, total))


def _check(name: str, values: Mapping[str, str]) -> Text | None:
    if name == "phone" and values["phone"] and not values["phone"].startswith(("13", "15", "18")):
        return T(
            "手机号以 13、15、18 开头，请看一看有没有按错", "Mobile numbers begin with 13, 15 or 18; please look again"
        )
    if name == "child" and values.get("child") and values["child"][-1:] != "X":
        return T(
            "这个号码最后一位对不上，请照着证件再核对一遍",
            "The last digit does not fit; please compare it with the card",
        )
    return None


def _choices(*labels: tuple[str, str, str]) -> tuple[s.Choice, ...]:
    return tuple(s.Choice(value, T(zh, en)) for value, zh, en in labels)


_REASONS = (
    s.Choice(
        "work", T("务工就业", "Work"), T("有劳动合同或单位证明", "With a contract or a letter from your employer")
    ),
    s.Choice("home", T("有合法稳定住所", "A lawful home here"), T("自购房或租房", "Your own or rented")),
    s.Choice("study", T("连续就读", "Study"), T("有学籍", "Enrolled at a school here")),
    s.Choice("join", T("投靠亲属", "To join relatives")),
)
_NATION_NAMES = (
    "汉 Han, 蒙古 Mongol, 回 Hui, 藏 Tibetan, 维吾尔 Uyghur, 苗 Miao, 彝 Yi, 壮 Zhuang, 布依 Bouyei, 朝鲜 Korean, "
    "满 Manchu, 侗 Dong, 瑶 Yao, 白 Bai, 土家 Tujia, 哈尼 Hani, 哈萨克 Kazakh, 傣 Dai, 黎 Li, 傈僳 Lisu, 佤 Va, "
    "畲 She, 高山 Gaoshan, 拉祜 Lahu, 水 Sui, 东乡 Dongxiang, 纳西 Naxi, 景颇 Jingpo"
)
_NATIONS = tuple(
    s.Choice(str(number), T(f"{pair.split()[0]}族", pair.split()[1]))
    for number, pair in enumerate(_NATION_NAMES.split(", "))
)
DECLARATION = T(
    "本人承诺：填写的内容真实、准确；知道办理条件和所需材料；如有隐瞒或者不实，愿意依法承担责任，已经取得的证件由发证机关撤销。",
    "I declare that what I have written is true and exact; that I know the conditions and the papers needed; and that "
    "I answer for it under the law if anything is hidden or untrue, in which case the permit is withdrawn.",
)
_FIELDS = (
    FormEntry("name", FieldKind.TEXT, T("姓名", "Name"), "张示范", source=_CARD, locked=True),
    FormEntry(
        "number",
        FieldKind.ID_NUMBER,
        T("证件号码", "ID number"),
        "519999199001010017",
        source=_CARD,
        locked=True,
        private=True,
    ),
    FormEntry(
        "phone",
        FieldKind.PHONE,
        T("手机号码", "Mobile number"),
        hint=T("办好后发短信通知您", "We text you when it is ready"),
    ),
    FormEntry(
        "address",
        FieldKind.TEXT,
        T("现在住在哪里", "Where you live now"),
        "青口街道示范路 18 号阳光花园 3 栋 2 单元 501 室",
        source=_RECORD,
        hint=T("写到门牌号", "With the door number"),
    ),
    FormEntry("since", FieldKind.DATE, T("从哪天住起", "Living there since")),
    FormEntry("reason", FieldKind.CHOICE, T("居住理由", "Reason"), choices=_REASONS),
)
_MORE = (
    FormEntry(
        "shop",
        FieldKind.TEXT,
        T("店名", "Name of the shop"),
        hint=T("例如：青口县便民便利店", "As it shall be on the licence"),
        max_length=30,
    ),
    FormEntry("mail", FieldKind.TEXT, T("电子邮箱", "E-mail"), required=False, keyboard="letters", max_length=60),
    FormEntry("capital", FieldKind.AMOUNT, T("出资金额", "Capital"), "1234550"),
    FormEntry("nation", FieldKind.CHOICE, T("民族", "Ethnic group"), "0", choices=_NATIONS, source=_CARD),
    FormEntry(
        "goods",
        FieldKind.CHOICES,
        T("卖什么", "What you sell"),
        choices=_choices(
            ("food", "预包装食品", "Packed food"),
            ("fresh", "散装食品", "Loose food"),
            ("milk", "婴幼儿奶粉", "Infant formula"),
            ("tobacco", "烟草", "Tobacco"),
            ("daily", "日用百货", "Daily goods"),
        ),
    ),
    FormEntry("promise", FieldKind.STATEMENT, T("告知承诺书", "Declaration"), statement=DECLARATION),
)
_PARENT = FormEntry(
    "child",
    FieldKind.ID_NUMBER,
    T("孩子的身份证号码", "The child's ID number"),
    hint=T("在户口簿上孩子那一页", "On the child's page of the household register"),
)
_ACCOUNT = FormEntry(
    "account",
    FieldKind.DIGITS,
    T("银行卡号", "Bank card number"),
    "6222021234567890",
    private=True,
    max_length=19,
    hint=T("补贴发到这张卡", "The subsidy is paid to this card"),
)


def _form(fields: tuple[FormEntry, ...], **more: Any) -> v.Form:
    return v.Form(
        **said(T("请核对并填写您的情况", "Please check and fill in your details")),
        trail=trail(PERMIT, 3, 6),
        fields=fields,
        check=_check,
        **more,
    )


FORMS = {
    "form": _form(_FIELDS, can_save=True),
    "form-short": _form(
        (*_FIELDS[:2], _PARENT, _ACCOUNT),
        note=T("带锁的内容来自您的证件，不用再填。", "What is locked comes from your card."),
    ),
    "form-long": v.Form(
        **said(T("请填写您和店铺的情况", "Please fill in the details of yourself and of your shop")),
        trail=trail(SHOP, 3, 6),
        fields=(*_FIELDS, *_MORE),
        check=_check,
        can_save=True,
        note=T("九个部门只填这一张表。", "One form for all nine departments."),
    ),
}

_STORY = "小区门口的路灯坏了三个多月，晚上老人和孩子经过很不安全，我们打过两次物业电话，都说已经上报，一直没有人来修。"
FORMS["form-complaint"] = v.Form(
    **said(T("请说说您的问题", "Please tell us what it is about")),
    fields=(
        FormEntry("what", FieldKind.TEXT, T("发生了什么", "What happened"), _STORY * 5, max_length=500),
        FormEntry("phone", FieldKind.PHONE, T("回电号码", "Number to call back"), required=False),
    ),
)


def _writing(text: str, keys: Keys, letters: str = "", *, longest: int = 30) -> dict[str, Any]:
    return {"writing": Writing(text, longest, keys, letters), "values": {"shop": text, "mail": text}}


# A sample and the state it is to be seen in, by the name of the picture.
STATES: dict[str, tuple[str, dict[str, Any]]] = {
    "form-tried": ("form", {"tried": True, "values": {"phone": "1490000"}}),
    "form-last-page": ("form-long", {"page": 9}),
    "form-phone": ("form", {"field": "phone", "values": {"phone": "1380"}}),
    "form-phone-wrong": ("form", {"field": "phone", "blamed": "phone", "values": {"phone": "14900001111"}}),
    "form-date": ("form", {"field": "since", "values": {"since": "2024-1"}}),
    "form-empty-blamed": ("form", {"field": "since", "blamed": "since", "tried": True}),
    "form-choice": ("form", {"field": "reason", "values": {"reason": "home"}}),
    "form-id": ("form-short", {"field": "child", "values": {"child": "51999920190301001"}}),
    "form-digits": ("form-short", {"field": "account"}),
    "form-pinyin": ("form-long", {"field": "shop", **_writing("青口县", Keys.PINYIN, "bianminbianlid")}),
    "form-pinyin-start": ("form-long", {"field": "shop", **_writing("", Keys.PINYIN)}),
    "form-pinyin-none": ("form-long", {"field": "shop", **_writing("便民", Keys.PINYIN, "uu")}),
    "form-pinyin-one": (
        "form-long",
        {"field": "shop", **_writing("青口县便民便利店青口县便民便利店青口县便民便利店青", Keys.PINYIN, "yi")},
    ),
    "form-complaint-text": ("form-complaint", {"field": "what"}),
    "form-letters": ("form-long", {"field": "mail", **_writing("zhang.shifan", Keys.LETTERS, longest=60)}),
    "form-numbers": ("form-long", {"field": "shop", **_writing("示范路18号", Keys.NUMBERS)}),
    "form-amount": ("form-long", {"field": "capital", "draft": "12345.5", "values": {"capital": "1234550"}}),
    "form-nation": ("form-long", {"field": "nation"}),
    "form-choices": ("form-long", {"field": "goods", "values": {"goods": "food daily"}}),
    "form-statement": ("form-long", {"field": "promise", "values": {"promise": "yes"}}),
    "form-statement-blamed": ("form-long", {"field": "promise", "blamed": "promise", "tried": True}),
}
