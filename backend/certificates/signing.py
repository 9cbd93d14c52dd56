"""PAdES B-B signatures that carry the agency's visible seal and forbid any later change (DocMDP 1).

`Signer` is the port: an agency's licensed seal service (SM2, GB/T 38540) implements it; `SpecimenSigner` holds a
software key for demonstration and tests.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Protocol

from asn1crypto import keys, pem, x509  # type: ignore[import-untyped]
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
from pyhanko.sign import fields, signers
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from backend.certificates.keys import SignerKeys

FIELD = "AgencySeal"
_FULL = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MID, y_align=AxisAlignment.ALIGN_MID, margins=Margins(0, 0, 0, 0)
)


class Signer(Protocol):
    """Seals a typeset PDF in the agency's name. Blocking; called from a worker thread."""

    @property
    def specimen(self) -> bool:
        """True: what it signs is marked 样张 and has no legal force."""
        ...

    def sign(self, pdf: bytes, *, page: int, box: tuple[int, int, int, int], seal_pdf: bytes) -> bytes:
        """The signed file. `page` counts from 0; `box` in PDF points; `seal_pdf` is the seal's picture."""
        ...


class SpecimenSigner:
    """Signs with a P-256 key of our own CA."""

    specimen = True

    def __init__(self, keypair: SignerKeys, reason: str) -> None:
        certificate = _certificate(keypair.certificate_pem)
        self._signer = signers.SimpleSigner(
            signing_cert=certificate,
            signing_key=keys.PrivateKeyInfo.load(pem.unarmor(keypair.key_pem)[2]),
            # Only the signer's own certificate goes into the file: copies of others would be bytes nobody signs.
            cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
            embed_roots=False,
        )
        self._name = certificate.subject.native["common_name"]
        self._reason = reason

    def sign(self, pdf: bytes, *, page: int, box: tuple[int, int, int, int], seal_pdf: bytes) -> bytes:
        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            name=self._name,
            reason=self._reason,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            subfilter=fields.SigSeedSubFilter.PADES,
        )
        with tempfile.TemporaryDirectory(prefix="menkou-seal-") as directory:
            # pyHanko imports the picture by file name; the seal says nothing about the holder.
            picture = Path(directory) / "seal.pdf"
            picture.write_bytes(seal_pdf)
            style = StaticStampStyle.from_pdf_file(
                str(picture), border_width=0, background_opacity=1.0, background_layout=_FULL
            )
            output = io.BytesIO()
            signers.PdfSigner(
                metadata,
                self._signer,
                stamp_style=style,
                new_field_spec=fields.SigFieldSpec(FIELD, on_page=page, box=box),
            ).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=output)
        return output.getvalue()


def _certificate(pem_bytes: bytes) -> x509.Certificate:
    return x509.Certificate.load(pem.unarmor(pem_bytes)[2])
