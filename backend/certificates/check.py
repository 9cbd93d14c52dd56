"""Is this PDF one of ours, unaltered? The cryptographic half of verification; no database."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from asn1crypto import cms, pem, x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from content.schema.text import Text

# Its messages may quote the file it reads.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


class FileState(StrEnum):
    VALID = "valid"
    ALTERED = "altered"  # signed by us once, but changed since
    NOT_OURS = "not-ours"  # no signature, or somebody else's
    UNREADABLE = "unreadable"  # not a PDF, or broken

    @property
    def text(self) -> Text:
        return _SENTENCES[self]


_SENTENCES = {
    FileState.VALID: Text("有效：签名真实，文件未被改动", "Valid: genuine signature, file unaltered"),
    FileState.ALTERED: Text("已被改动：文件与签发时不一致", "Altered: the file differs from what was issued"),
    FileState.NOT_OURS: Text("不是这里签发的文件", "Not issued here"),
    FileState.UNREADABLE: Text("文件损坏或不是 PDF，无法核验", "Damaged or not a PDF: cannot be verified"),
}


@dataclass(frozen=True)
class FileCheck:
    """`signer` and `signed_at` are the signature's own claims, set when it is valid."""

    state: FileState
    signer: str = ""
    signed_at: datetime | None = None


def check_pdf(data: bytes, ca_pem: bytes) -> FileCheck:
    """Check the signature, its certificate's chain to `ca_pem`, and that it covers the whole file.

    Blocking, and as greedy as the file wants: strangers' files only through `check_process.FileChecker`. Raises
    MemoryError where memory is limited.
    """
    if not data.startswith(b"%PDF-"):
        return FileCheck(FileState.UNREADABLE)
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=True)
        signatures = reader.embedded_regular_signatures
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a hostile or broken file may fail anywhere in the parser
        return FileCheck(FileState.ALTERED if b"/ETSI.CAdES.detached" in data else FileState.UNREADABLE)
    if not signatures:
        return FileCheck(FileState.NOT_OURS)
    if len(signatures) > 1:
        return FileCheck(FileState.ALTERED)
    signature = signatures[0]
    root = x509.Certificate.load(pem.unarmor(ca_pem)[2])
    context = ValidationContext(trust_roots=[root], allow_fetching=False, revocation_mode="soft-fail")
    try:
        status = validate_pdf_signature(signature, signer_validation_context=context)
        # `valid` speaks of the signature's own bytes and stays True for an altered document: `bottom_line` sums up.
        whole = (
            status.coverage is SignatureCoverageLevel.ENTIRE_FILE
            and status.modification_level is ModificationLevel.NONE
            and _nothing_unsigned(data, signature, status.signing_cert)
        )
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the same
        return FileCheck(FileState.ALTERED)
    if status.bottom_line and whole:
        name = status.signing_cert.subject.native.get("common_name", "")
        return FileCheck(FileState.VALID, name, status.signer_reported_dt)
    if status.intact and status.valid and whole and not status.trusted:
        return FileCheck(FileState.NOT_OURS)
    return FileCheck(FileState.ALTERED)


def _nothing_unsigned(data: bytes, signature: EmbeddedPdfSignature, signer: x509.Certificate) -> bool:
    """The signed ranges leave out nothing but the signature itself, written in the one way we write it.

    The gap's padding, the spelling of its hexadecimal digits and the envelope around the signed attributes are not
    signed: a changed bit there is an altered file all the same.
    """
    start, first, second, length = (int(part) for part in signature.byte_range)
    contents: bytes = signature.pkcs7_content
    envelope = _envelope(signature.signer_info, signer)
    return (
        start == 0
        and second + length == len(data)
        and contents.startswith(envelope)
        and not contents[len(envelope) :].strip(b"\0")
        and data[first:second] == b"<" + contents.hex().upper().encode() + b">"
    )


def _envelope(info: cms.SignerInfo, signer: x509.Certificate) -> bytes:
    """The CMS written anew from what is verified: attributes, signature value, and the certificate they name."""
    rebuilt = cms.SignerInfo(
        {
            "version": "v1",
            "sid": {"issuer_and_serial_number": {"issuer": signer.issuer, "serial_number": signer.serial_number}},
            "digest_algorithm": {"algorithm": info["digest_algorithm"]["algorithm"].native},
            "signed_attrs": info["signed_attrs"],
            "signature_algorithm": {"algorithm": info["signature_algorithm"]["algorithm"].native},
            "signature": info["signature"].native,
        }
    )
    content = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": info["digest_algorithm"]["algorithm"].native}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [signer],
        "signer_infos": [rebuilt],
    }
    written: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)}).dump()
    return written
