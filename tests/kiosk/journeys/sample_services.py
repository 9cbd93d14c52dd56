"""Small services of every shape that applications and packages can have; nobody's real content."""

from __future__ import annotations

from typing import Any

from content.schema.service import Service


def t(zh: str) -> dict[str, str]:
    return {"zh": zh, "en": f"({zh})"}


_GUIDE = {
    name: t(name)
    for name in (
        "legal_basis",
        "conditions",
        "materials",
        "procedure",
        "time_limit",
        "result",
        "quota",
        "fees",
        "contact",
        "notes",
    )
}

_COMMON: dict[str, Any] = {
    "version": 3,
    "door": "applications",
    "summary": t("简介"),
    "icon": "file-text",
    "agency": {"name": t("示范局"), "uscc": "12519999MB0A00018J"},
    "devices": ["id_reader", "receipt_printer"],
    "consent": {"what": t("姓名"), "why": t("办事"), "kept": t("不留")},
    "guide": _GUIDE,
}

ALLOWANCE: dict[str, Any] = {
    **_COMMON,
    "id": "sample-allowance",
    "journey": "application",
    "title": t("示范补贴"),
    "auth": "A3",
    "delegation": {
        "relations": [{"value": "child", "label": t("子女")}, {"value": "spouse", "label": t("配偶")}],
        "proof": t("请出示户口簿"),
    },
    "situations": [
        {
            "name": "age",
            "question": t("满 80 岁了吗？"),
            "options": [
                {"value": "yes", "label": t("满了")},
                {"value": "no", "label": t("没有"), "stop": t("满 80 岁再来办")},
            ],
        },
        {
            "name": "account",
            "question": t("有银行卡吗？"),
            "options": [{"value": "card", "label": t("有")}, {"value": "none", "label": t("没有")}],
        },
        {
            "name": "bank",
            "question": t("哪家银行？"),
            "when": {"account": ["card"]},
            "options": [{"value": "a", "label": t("甲")}, {"value": "b", "label": t("乙")}],
        },
    ],
    "materials": [
        {"id": "hukou", "name": t("户籍信息"), "source": "government", "fetched_by": "household.record"},
        {
            "id": "bank-card",
            "name": t("银行卡"),
            "source": "applicant",
            "collect": "scan",
            "when": {"account": ["card"]},
        },
        {
            "id": "photo",
            "name": t("近照"),
            "source": "applicant",
            "collect": "scan",
            "necessity": "deferrable",
            "when": {"account": ["card"]},
        },
        {
            "id": "lease",
            "name": t("租房合同"),
            "source": "applicant",
            "collect": "scan",
            "when": {"living": ["rented"]},
        },
    ],
    "pages": [{"id": "person", "title": t("本人")}, {"id": "living", "title": t("住房")}],
    "form": [
        {
            "kind": "text",
            "name": "name",
            "label": t("姓名"),
            "prefill": {"value": "card.name", "source": t("身份证"), "locked": True},
        },
        {"kind": "phone", "name": "phone", "label": t("手机号")},
        {
            "kind": "text",
            "name": "address",
            "label": t("住址"),
            "prefill": {"value": "household.record:address", "source": t("公安")},
        },
        {
            "kind": "choice",
            "name": "living",
            "label": t("住房"),
            "question": t("房子是谁的？"),
            "page": "living",
            "options": [{"value": "own", "label": t("自己的")}, {"value": "rented", "label": t("租的")}],
        },
        {
            "kind": "amount",
            "name": "rent",
            "label": t("租金"),
            "page": "living",
            "most_fen": 500000,
            "when": {"living": ["rented"]},
        },
    ],
    "results": [
        {"name": t("受理单"), "kind": "receipt", "delivery": ["printed-here"]},
        {"name": t("补贴卡"), "kind": "card", "delivery": ["counter", "courier"]},
    ],
}

PLAIN: dict[str, Any] = {
    **_COMMON,
    "id": "sample-plain",
    "journey": "application",
    "title": t("示范登记"),
    "auth": "A0",
    "consent": None,
    "devices": ["receipt_printer"],
    "form": [{"kind": "text", "name": "matter", "label": t("事由")}],
}

FIRM: dict[str, Any] = {
    **_COMMON,
    "id": "sample-firm",
    "journey": "application",
    "title": t("示范变更"),
    "auth": "L2",
    "devices": ["id_reader", "receipt_printer", "code_scanner"],
    "form": [
        {
            "kind": "text",
            "name": "uscc",
            "label": t("统一社会信用代码"),
            "prefill": {"value": "licence.uscc", "source": t("营业执照"), "locked": True},
        },
        {"kind": "text", "name": "new_name", "label": t("新名称")},
    ],
}


def _shared(name: str, **more: Any) -> dict[str, Any]:
    return {"kind": "text", "name": name, "label": t("店址"), "fact": "shop_address", **more}


SHOP: dict[str, Any] = {
    **_COMMON,
    "id": "sample-shop",
    "journey": "package",
    "door": "packages",
    "title": t("示范开店"),
    "auth": "A2",
    "situations": [
        {
            "name": "sells",
            "question": t("卖什么？"),
            "options": [{"value": "food", "label": t("吃的")}, {"value": "tobacco", "label": t("烟")}],
        }
    ],
    "form": [{"kind": "text", "name": "shop_name", "label": t("店名")}],
    "package": {
        "leads": [
            {"department": "market", "when": {"sells": ["food"]}},
            {"department": "tobacco", "when": {"sells": ["tobacco"]}},
        ],
        "partners": [{"department": "fire"}],
        "parts": [
            {
                "id": "licence",
                "title": t("执照"),
                "department": "market",
                "operation": "market.submit",
                "required": True,
                "reason": t("先有执照"),
                "form": [_shared("address")],
                "materials": [{"id": "lease", "name": t("租约"), "source": "applicant", "collect": "scan"}],
                "result": t("营业执照"),
            },
            {
                "id": "food",
                "title": t("食品"),
                "department": "market",
                "operation": "market.submit",
                "when": {"sells": ["food"]},
                "form": [_shared("place", required=False), {"kind": "text", "name": "dishes", "label": t("菜品")}],
                "materials": [{"id": "lease", "name": t("租约"), "source": "applicant", "collect": "scan"}],
                "result": t("食品经营许可证"),
            },
            {
                "id": "sign",
                "title": t("招牌"),
                "department": "city",
                "operation": "city.submit",
                "needs": ["food"],
                "form": [
                    {"kind": "text", "name": "sign_text", "label": t("招牌上的字")},
                    {
                        "kind": "text",
                        "name": "owner",
                        "label": t("店主"),
                        "prefill": {"value": "card.name", "source": t("身份证"), "locked": True},
                    },
                ],
                "result": t("招牌备案"),
            },
            {
                "id": "tobacco",
                "title": t("烟草"),
                "department": "tobacco",
                "operation": "tobacco.submit",
                "when": {"sells": ["tobacco"]},
                "result": t("烟草证"),
            },
        ],
    },
}


def service(content: dict[str, Any], **changes: Any) -> Service:
    return Service.model_validate(content | changes)
