"""What a certificate's sheet says, apart from its seal: clear for the paper, masked for the preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.certificates import links
from backend.certificates.mapping import Mapping
from backend.certificates.models import Certificate
from backend.records.who import is_organisation
from content.codes.masking import mask_id_number, mask_name
from content.schema.text import Text

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_NOTE = Text(
    "本凭证由自助终端打印，加盖电子印章，与窗口出具具有同等效力，可扫码核验。",
    "Printed by a self-service terminal under electronic seal, of the same effect as one issued at the counter. "
    "Scan the code to verify it.",
)
_SPECIMEN_NOTE = Text(
    "本页为演示样张，由自助终端打印，所盖为样张印章，仅供演示和测试，可扫码核验。",
    "A specimen printed by a self-service terminal under a specimen seal, for demonstration and test only, without "
    "legal effect. Scan the code to verify it.",
)


def sheet_data(
    certificate: Certificate,
    content: dict[str, Any],
    *,
    terminal: str,
    print_serial: int,
    url: str,
    verify_address: str,
    specimen: bool,
) -> dict[str, Any]:
    """What the sheet says, apart from its seal: the template's `data`."""
    local = certificate.issued_at.astimezone(_SHANGHAI)
    note = _SPECIMEN_NOTE if specimen else _NOTE
    mark = f"{mask_name(certificate.holder_name)} {local:%Y-%m-%d %H:%M}"
    return {
        "title_zh": certificate.title_zh,
        "title_en": certificate.title_en,
        "issuer_zh": certificate.issuer_zh,
        "number": certificate.number,
        "identifier": certificate.identifier,
        "holder_kind": "organisation" if is_organisation(certificate.proof_method) else "person",
        "holder_name": certificate.holder_name,
        "holder_number": certificate.holder_number,
        "verification_code": certificate.verification_code,
        "verify_address": verify_address,
        "valid_until": _day(certificate.valid_until),
        "issued_at": f"{local:%Y-%m-%d %H:%M:%S}",
        "issued_on": _day(certificate.issued_at),
        "kiosk": terminal,
        "print_serial": f"{print_serial:06d}",
        "foot_zh": "样张：由演示系统签发，不具有法律效力" if specimen else certificate.issuer_zh,
        "note_zh": note.zh,
        "note_en": note.en,
        "watermark": f"样张 SPECIMEN {mark}" if specimen else mark,
        "specimen": specimen,
        "qr_svg": links.qr_svg(url),
        "content": content,
    }


def masked_data(data: dict[str, Any], mapping: Mapping) -> dict[str, Any]:
    """The same sheet for the eyes around the kiosk: no clear name or number, and nothing that opens the check."""
    return {
        **data,
        "holder_name": mask_name(data["holder_name"]),
        "holder_number": mask_id_number(data["holder_number"]),
        "verification_code": f"{data['verification_code'][:4]}-****-****-****",
        "qr_svg": links.qr_svg(data["verify_address"]),
        "content": mapping.masked(data["content"]),
    }


def _day(at: datetime) -> str:
    local = at.astimezone(_SHANGHAI)
    return f"{local.year} 年 {local.month} 月 {local.day} 日"
