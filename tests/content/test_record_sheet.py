"""The template that prints any record: short ones on a page, long ones over several, the seal always in the clear."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.certificates import links
from backend.certificates.typeset import Seal, SealPlace, Typesetter
from content.build import CATALOGUE
from content.sources import templates_dir

TEMPLATES = templates_dir(CATALOGUE)
TYPESETTER = Typesetter(TEMPLATES)


def data(rows: int | None, kind: str = "person", columns: int = 3) -> dict[str, Any]:
    cell = {"zh": "正常缴存", "en": "paying in"}
    table = {
        "columns": [{"label_zh": "月份", "label_en": "Month"}] * columns,
        "rows": [[cell] * columns] * (rows or 0),
        "empty_zh": "没有查到记录",
        "empty_en": "No record was found",
    }
    return {
        "title_zh": "缴存证明",
        "title_en": "Proof",
        "issuer_zh": "青口县示范局（示范）",
        "number": "QK-1",
        "identifier": "1.2.156.3005.2.11519999000000019R001.1.1.A",
        "holder_kind": kind,
        "holder_name": "张示范",
        "holder_number": "519999199001010017",
        "verification_code": "ABCD-EFGH-JKLM-NPQR",
        "verify_address": "https://desk.example/v",
        "valid_until": "2027 年 1 月 1 日",
        "issued_at": "2026-11-22 12:00:00",
        "issued_on": "2026 年 11 月 22 日",
        "kiosk": "QK-0107",
        "print_serial": "000001",
        "foot_zh": "样张",
        "note_zh": "样张",
        "note_en": "Specimen",
        "watermark": "样张",
        "specimen": True,
        "qr_svg": links.qr_svg("https://desk.example/v"),
        "content": {
            "entries": [
                {"label_zh": "单位", "label_en": "Employer", "value_zh": "示范公司", "value_en": "示范公司"},
                {"label_zh": "状态", "label_en": "Status", "value_zh": "正常", "value_en": "normal"},
            ],
            "table": None if rows is None else table,
            "note_zh": "只反映当时的记录",
            "note_en": "As of then",
        },
    }


@pytest.mark.parametrize(("rows", "pages"), [(None, 1), (0, 1), (2, 1), (8, 2), (60, 4)])
def test_pages(rows: int | None, pages: int) -> None:
    """A page more than the rows need when the seal would lie on them."""
    seal, place = Seal("青口县示范局"), SealPlace()
    pdf, count = TYPESETTER.sheet(TEMPLATES / "record-sheet.typ", data(rows), seal, place, datetime.now(UTC))
    assert pdf.startswith(b"%PDF")
    assert count == pages


@pytest.mark.parametrize("columns", [1, 7])
def test_organisations_and_any_number_of_columns(columns: int) -> None:
    sheet = data(3, "organisation", columns)
    assert TYPESETTER.picture(TEMPLATES / "record-sheet.typ", sheet, Seal("局"), SealPlace()).startswith(b"\x89PNG")
