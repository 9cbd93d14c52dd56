"""What a resident may hold under the scanner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Code:
    id: str
    label_zh: str
    label_en: str
    text: str


CODES: tuple[Code, ...] = (
    Code("water-bill", "水费单条码", "Water bill", "035012342718"),
    Code("wrong-account", "不存在的户号", "Unknown account", "035099999999"),
    Code("alipay", "支付宝付款码", "Alipay code", "281234567890123456"),
    Code("wechat", "微信付款码", "WeChat code", "134567890123456789"),
    Code("unionpay", "云闪付付款码", "UnionPay code", "6212345678901234567"),
    Code("id-number", "身份证号条码", "ID number bar code", "519999199001010025"),
    Code("case", "受理单条码", "Case slip", "12519999MB0A00018J4002099001000202611220001"),
    Code(
        "certificate",
        "证照标识",
        "Certificate identifier",
        "1.2.156.3005.2.11519999000000019R001.12519999MB0A00018J.2025000000001.001.Z",
    ),
    Code("rubbish", "乱码", "Rubbish", "\u0001?%%门口#\u00fe\u00ff"),
)

BY_ID = {code.id: code for code in CODES}
