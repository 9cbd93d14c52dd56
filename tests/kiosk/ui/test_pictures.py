"""The approved pictures in docs/screenshots against what is drawn now.

After an intended change look at the new pictures (`make screenshots`), or write only these four anew:
`MENKOU_UPDATE_PICTURES=1 pytest tests/kiosk/ui/test_pictures.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from content.schema.text import Language
from kiosk.ui import fonts
from kiosk.ui.gallery import FINGERPRINT, make_screenshots
from kiosk.ui.pump import Pump

pytestmark = pytest.mark.ui

APPROVED = Path(__file__).parents[3] / "docs" / "screenshots"
UPDATE = os.environ.get("MENKOU_UPDATE_PICTURES") == "1"
_NOTICEABLE = 48  # of 255: more than the edge of a letter drawn by another version of the renderer
_SHARE = 0.0005  # of the picture: one word more; a second more on the countdown is less


def difference(a: Image.Image, b: Image.Image) -> float:
    """Share of the pixels that differ noticeably; 1.0 for pictures of different sizes."""
    if a.size != b.size:
        return 1.0
    grey = ImageChops.difference(a.convert("RGB"), b.convert("RGB")).convert("L")
    return sum(grey.histogram()[_NOTICEABLE:]) / (a.width * a.height)


@pytest.mark.parametrize(
    ("name", "variant"),
    [("home", "standard"), ("pay", "standard"), ("keypad", "large"), ("home", "high-contrast")],
)
def test_pictures_are_the_approved_ones(window: Pump, tmp_path: Path, name: str, variant: str) -> None:
    recorded = APPROVED / FINGERPRINT
    if UPDATE:
        make_screenshots(APPROVED, [variant], only=[name], languages=[Language.ZH], pump=window)
        recorded.write_text(fonts.fingerprint() + "\n", "utf-8")
        return
    if not recorded.exists() or recorded.read_text("utf-8").strip() != fonts.fingerprint():
        pytest.skip("the pictures were drawn with another version of the fonts")
    [drawn] = make_screenshots(tmp_path, [variant], only=[name], languages=[Language.ZH], pump=window)
    with Image.open(drawn) as now, Image.open(APPROVED / drawn.name) as approved:
        assert difference(now, approved) < _SHARE, f"{drawn.name} looks different: see {drawn}"


def test_the_comparison_sees_a_changed_word(window: Pump, tmp_path: Path) -> None:
    zh, en = make_screenshots(tmp_path, ["standard"], only=["pay"], languages=[Language.ZH, Language.EN], pump=window)
    with Image.open(zh) as a, Image.open(en) as b:
        assert difference(a, b) > _SHARE
        changed = a.convert("RGB")
        changed.paste((255, 255, 255), (48, 240, 216, 330))  # the question gone: three characters
        assert difference(changed, a) > _SHARE
        assert difference(a, a) == 0
