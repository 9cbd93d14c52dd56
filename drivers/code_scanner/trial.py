"""`menkou devices test code_scanner`: one code read, its kind and length told, the code itself not shown."""

from __future__ import annotations

import asyncio

from drivers.code_scanner.port import CodeKind, CodeScanner, ScanContext
from drivers.trial import NOT_READY, Console

PATIENCE_S = 30.0

_KINDS = {
    CodeKind.BILL_ACCOUNT: "缴费户号",
    CodeKind.WECHAT_PAYMENT: "微信付款码",
    CodeKind.ALIPAY_PAYMENT: "支付宝付款码",
    CodeKind.UNIONPAY_PAYMENT: "银联付款码",
    CodeKind.ECNY_PAYMENT: "数字人民币付款码",
    CodeKind.ID_NUMBER: "身份证号",
    CodeKind.CASE_NUMBER: "办件编号",
    CodeKind.CERTIFICATE_ID: "电子证照标识",
    CodeKind.CERTIFICATE_LINK: "电子证照链接",
    CodeKind.OTHER: "其他",
}


async def trial(device: CodeScanner, console: Console, *, patience_s: float = PATIENCE_S) -> bool:
    """See `drivers.trial`."""
    if not (await device.refresh()).ready:
        console.say(*NOT_READY)
        return False
    console.say(
        f"请把缴费单条码或付款码放到扫码窗口（{patience_s:.0f} 秒内）",
        f"Hold a bill's bar code or a payment code under the window (within {patience_s:.0f} s)",
    )
    try:
        async with asyncio.timeout(patience_s):
            code = await device.scan(ScanContext.BILL_ACCOUNT)
    except TimeoutError:
        console.say(
            "没有扫到码。窗口干净吗？devices.toml 里的 family 对吗？",
            "No code was read. Is the window clean? Is the right family set in devices.toml?",
        )
        return False
    console.say(
        f"扫到 {len(code.text)} 个字符，种类：{_KINDS[code.kind]}",
        f"Read a code of {len(code.text)} characters; kind: {code.kind.value}",
    )
    return await console.ask(
        "扫码灯灭了（或回到待机）吗？", "Has the scanner's light gone out (or gone back to waiting)?"
    )
