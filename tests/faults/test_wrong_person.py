"""Somebody else before the camera: two refusals, then only the way without a face is offered.

Device: camera
Resident: 可能是光线、角度，或证件照是很久以前拍的。可以再试一次，也可以用短信加密码。
Staff: none
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiosk.journeys import texts
from kiosk.screens import Choose, IdentityWay, Nav
from tests.kiosk.journeys.fakes import World
from tests.kiosk.journeys.house import NO_MATCH, FakeFace, House


def _face_while_offered(screen: Choose) -> str:
    face = next((choice for choice in screen.choices if choice.value == IdentityWay.FACE), None)
    if face is None:
        return screen.choices[0].value
    return IdentityWay.FACE if face.unavailable is None else IdentityWay.SMS_PIN


async def test_never_until_it_passes(tmp_path: Path) -> None:
    answers: dict[str, Any] = {"Choose": _face_while_offered, "Message": "again", "Keypad": ["123456", "135790"]}
    async with House(tmp_path / "j.sqlite3", World(), **answers) as house:
        house.face = FakeFace(NO_MATCH)
        await house.certificate()
        seen = house.stage.kinds()
        assert seen.count("FaceCheck") == 2
        said = [screen.body for screen in house.stage.seen if screen is not None and hasattr(screen, "body")]
        assert said == [texts.FACE_NO_MATCH_BODY, texts.FACE_USED_UP]
        assert seen.count("Keypad") == 2, "went on with SMS and PIN"
        assert len(house.world.sheets) == 1


async def test_going_back_does_not_start_the_count_again(tmp_path: Path) -> None:
    """Refused twice, back to the card, forward again: the camera stays closed for this session."""
    offered: list[bool] = []

    def choose(screen: Choose) -> object:
        face = next((choice for choice in screen.choices if choice.value == IdentityWay.FACE), None)
        if face is None:
            return screen.choices[0].value
        offered.append(face.unavailable is None)
        if len(offered) == 2:
            return Nav.BACK
        return IdentityWay.FACE if face.unavailable is None else IdentityWay.SMS_PIN

    answers: dict[str, Any] = {"Choose": choose, "Message": "again", "Keypad": ["123456", "135790"]}
    async with House(tmp_path / "j.sqlite3", World(), **answers) as house:
        house.face = FakeFace(NO_MATCH)
        await house.certificate()
        assert house.stage.kinds().count("FaceCheck") == 2
        assert offered[0] is True
