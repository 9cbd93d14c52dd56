"""What the sample screens are about: services, doors, a certificate, a face. Persons and places are invented."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

import yaml
from PIL import Image, ImageDraw, ImageFont

import content
from content.pinyin import search_keys
from content.schema.service import Service
from content.schema.text import Text
from content.search import SearchIndex
from kiosk import screens as s
from kiosk.ui.fonts import ensure_fonts

T = Text
_DOORS = (
    (
        "certificates",
        "证明开具",
        "Certificates",
        "社保、公积金、纳税、无房",
        "Insurance, housing fund, tax",
        "file-text",
    ),
    ("fees", "税费缴纳", "Taxes and bills", "水电气、医保、非税、罚款", "Water, power, gas, health", "credit-card"),
    ("packages", "一件事一次办", "Life events", "开店、入学、退休、新生儿", "A shop, school, retirement", "package"),
    ("applications", "自助申办", "Applications", "居住证、就业、补贴", "Residence, work, benefits", "clipboard-list"),
    (
        "appointments",
        "预约取号",
        "Queue tickets",
        "窗口预约、排队取号",
        "Book a counter, take a number",
        "calendar-check",
    ),
    ("enquiries", "业务查询", "Enquiries", "办件进度、办事指南", "Progress, guides", "search"),
    ("living", "民生服务", "Daily life", "社保卡、不动产、车辆", "Cards, property, vehicles", "house"),
    ("feedback", "投诉评价", "Feedback", "12345、办不成事、好差评", "12345, complaints, rating", "message-square-text"),
)
_GUIDE = (
    ("conditions", "谁能办", "Who"),
    ("materials", "要带什么", "What to bring"),
    ("procedure", "怎么办", "How"),
    ("time_limit", "多久办好", "How long"),
    ("fees", "收费", "Fee"),
    ("result", "办好给您", "You receive"),
    ("legal_basis", "依据", "Legal basis"),
    ("quota", "数量限制", "Quota"),
    ("contact", "问谁、投诉", "Questions"),
    ("notes", "注意", "Please note"),
)
KEY_LABELS = ("谁能办", "要带什么", "怎么办", "多久办好", "收费", "办好给您")


@cache
def service(name: str) -> Service:
    path = Path(content.__file__).parent / "catalogue" / "services" / f"{name}.yaml"
    return Service.model_validate(yaml.safe_load(path.read_text("utf-8")))


def tile(item: Service, unavailable: Text | None = None) -> s.Tile:
    return s.Tile(item.id, item.title, item.summary, item.icon, unavailable)


def finder(*items: Service) -> Callable[[str], tuple[s.Tile, ...]]:
    """Search over these services, as the content pack does it."""
    index = SearchIndex.of(search_keys(item) for item in items)
    return lambda query: tuple(tile(items[place]) for place in index.find(query, 50))


def guide_entries(item: Service) -> tuple[s.Entry, ...]:
    return tuple(s.Entry(T(zh, en), getattr(item.guide, name)) for name, zh, en in _GUIDE)


OFFLINE = T("打印机缺纸，补纸后恢复", "The printer is out of paper; it resumes once refilled")
_EXTRA = (
    ("property-query", "不动产查询", "Property record", "house"),
    ("fund-proof", "公积金缴存证明", "Housing fund proof", "file-text"),
    ("permit-renewal", "居住证签注", "Residence permit", "id-card"),
    ("queue-ticket", "排队取号", "Queue ticket", "ticket"),
)


def doors() -> tuple[s.Tile, ...]:
    """The eight, one of them not open."""
    closed = T("这里的事项还没有开通，请到人工窗口办理", "Not open yet on this terminal; please go to the counter")
    return tuple(
        s.Tile(name, T(zh, en), T(sum_zh, sum_en), icon, closed if name == "packages" else None)
        for name, zh, en, sum_zh, sum_en, icon in _DOORS
    )


def other_tiles() -> list[s.Tile]:
    """Services beside the two real ones."""
    return [s.Tile(i, T(zh, en), T(zh, en), icon, OFFLINE if i == "fund-proof" else None) for i, zh, en, icon in _EXTRA]


@cache
def certificate_png() -> bytes:
    """A sheet that looks like the certificate: masked, marked as a sample."""
    regular, bold = ensure_fonts()
    w, h = 1240, 1754
    image = Image.new("RGB", (w, h), "white")
    draw = ImageDraw.Draw(image)

    def font(size: int, heavy: bool = False) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(str(bold if heavy else regular), size)

    ink = (16, 36, 58)
    draw.text((w / 2, 190), "社会保险参保证明", font=font(64, True), fill=ink, anchor="mm")
    draw.text((120, 320), "参保人：林 *", font=font(34), fill=ink)
    draw.text((520, 320), "证件号码：5199 **** **** 0017", font=font(34), fill=ink)
    rows = [("险种", "参保状态", "缴费起止")] + [
        (kind, "参保缴费", "2025.11–2026.10") for kind in ("企业职工养老", "失业保险", "工伤保险")
    ]
    columns, top, step = (120, 480, 760, 1120), 420, 92
    for number, row in enumerate(rows):
        y = top + number * step
        for left, right, cell in zip(columns, columns[1:], row, strict=False):
            draw.rectangle((left, y, right, y + step), outline=(140, 160, 185), width=2)
            draw.text((left + 24, y + step / 2), cell, font=font(32, number == 0), fill=ink, anchor="lm")
    draw.text((120, 860), "以上为打印时的参保记录，可扫描左下角二维码核验。", font=font(30), fill=ink)
    red = (206, 50, 75)
    draw.ellipse((800, 1010, 1110, 1320), outline=red, width=8)
    for number, line in enumerate(("人力资源和", "社会保障局", "（示范）")):
        draw.text((955, 1110 + number * 52), line, font=font(36, True), fill=red, anchor="mm")
    draw.text((955, 1390), "2026 年 11 月 22 日", font=font(32), fill=ink, anchor="mm")
    import segno

    code = BytesIO()
    segno.make("https://example.gov.cn/v/SAMPLE", error="m").save(code, kind="png", scale=9, border=0)
    image.paste(Image.open(code).convert("RGB"), (120, 1240))
    draw.text((120, 1580), "样张 SAMPLE", font=font(30), fill=(120, 130, 140))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class DrawnPreview:
    """A drawn person before a wall: no real face is needed to judge a layout."""

    @cache  # noqa: B019 - one instance a process
    def latest(self) -> s.PreviewFrame:
        image = Image.new("RGB", (640, 480), (196, 206, 214))
        draw = ImageDraw.Draw(image)
        draw.ellipse((150, 330, 490, 760), fill=(70, 92, 118))
        draw.rectangle((285, 300, 355, 380), fill=(222, 186, 160))
        draw.ellipse((232, 92, 408, 330), fill=(232, 198, 172))
        draw.pieslice((222, 70, 418, 290), 180, 360, fill=(52, 46, 44))
        for x in (282, 358):
            draw.ellipse((x - 9, 204, x + 9, 222), fill=(50, 44, 42))
        draw.arc((286, 246, 354, 292), 20, 160, fill=(160, 90, 84), width=5)
        return s.PreviewFrame(640, 480, image.tobytes())
