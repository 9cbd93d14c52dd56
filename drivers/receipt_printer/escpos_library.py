"""python-escpos, imported so that nothing is left behind.

At every import it makes a new temporary folder for a pickle of its printer profiles and never removes it. Here that
folder lies in one of ours, which goes at once.
"""

from __future__ import annotations

import tempfile

with tempfile.TemporaryDirectory(prefix="menkou-escpos-") as _folder:
    _before, tempfile.tempdir = tempfile.tempdir, _folder
    try:
        from escpos.constants import QR_ECLEVEL_M, QR_MODEL_2
        from escpos.printer import Dummy
    finally:
        tempfile.tempdir = _before

__all__ = ["QR_ECLEVEL_M", "QR_MODEL_2", "Dummy"]
