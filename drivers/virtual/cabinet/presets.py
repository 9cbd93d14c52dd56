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
    # Shown on a phone; signed by the sandbox's registry (a test compares them).
    Code(
        "business-licence",
        "电子营业执照",
        "Business licence",
        "eyJhbGciOiJFZDI1NTE5In0.eyJ1c2NjIjoiOTE1MTk5OTlNQTBCMDAwMjNGIiwibmFtZSI6IumdkuWPo-WOv-ekuuiMg-WItumA"
        "oOaciemZkOWFrOWPuCIsImxlZ2FsX3JlcCI6IuW8oOekuuiMgyIsImhvbGRlcnMiOlsiY2QxZjk4Mzc2NzdlYjJiNjY2NGU0YmEx"
        "ZjZhZmY2YTBiNDg2NmYzZTgzYjExOGE1M2NmMzVjZTdlNzAwZmNhOCJdfQ.66OkGEF8D1zfWZxJw5qj7wYM6yxFuQm0RqSJBrArB"
        "m3RwD-Z_QMk5y7Df_695HzzSwE6B__BJ46dgIFpU6WWAA",
    ),
    Code(
        "business-licence-expired",
        "过期的营业执照",
        "Licence, expired",
        "eyJhbGciOiJFZDI1NTE5In0.eyJ1c2NjIjoiOTE1MTk5OTlNQTBCMDAwMjNGIiwibmFtZSI6IumdkuWPo-WOv-ekuuiMg-WItumA"
        "oOaciemZkOWFrOWPuCIsImxlZ2FsX3JlcCI6IuW8oOekuuiMgyIsImhvbGRlcnMiOlsiY2QxZjk4Mzc2NzdlYjJiNjY2NGU0YmEx"
        "ZjZhZmY2YTBiNDg2NmYzZTgzYjExOGE1M2NmMzVjZTdlNzAwZmNhOCJdLCJ2YWxpZF91bnRpbCI6IjIwMjAtMTItMzEifQ.KbB0T"
        "24-zB5yNym-uua8LtNjZXMqE7y8PQHJeSNW309-y-300AU1_nE1xyv1ymKx9PKzMgq0OaVrcfThwZXEBg",
    ),
    Code(
        "business-licence-forged",
        "伪造的营业执照",
        "Licence, forged",
        "eyJhbGciOiJFZDI1NTE5In0.eyJ1c2NjIjoiOTE1MTk5OTlNQTBCMDAwMjNGIiwibmFtZSI6IumdkuWPo-WOv-ekuuiMg-WItumA"
        "oOaciemZkOWFrOWPuCIsImxlZ2FsX3JlcCI6IuW8oOekuuiMgyIsImhvbGRlcnMiOlsiY2QxZjk4Mzc2NzdlYjJiNjY2NGU0YmEx"
        "ZjZhZmY2YTBiNDg2NmYzZTgzYjExOGE1M2NmMzVjZTdlNzAwZmNhOCJdfQ.cbVvGHI8wnN2AfDfe60vfu50YZGIQz_V6crEDpqDF"
        "cyu5cEyZAtswqegZNTsTNm9y0WJsrZxcWUVAo2ftPhmBQ",
    ),
    Code("rubbish", "乱码", "Rubbish", "\u0001?%%门口#\u00fe\u00ff"),
)

BY_ID = {code.id: code for code in CODES}
