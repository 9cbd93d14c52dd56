"""Every hand of the cabinet that needs details: which note, which card, which key.

One list for all who use hands: HTTP (`POST /api/devices/{device}/{name}`), scenarios (`- cash: {insert: 1000}`) and the
client. Hands without details are the `actions` in `desks.PLACES`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from drivers.virtual.cabinet import card_terminal_desk, cards, cash_desk, keypad_desk, presets, smart_card_desk
from drivers.virtual.cabinet.card_terminal_desk import CardTerminalDesk, TapCall
from drivers.virtual.cabinet.cash_desk import CashDesk, InsertNote
from drivers.virtual.cabinet.desks import PLACES
from drivers.virtual.cabinet.keypad_desk import KeypadDesk, PressKey
from drivers.virtual.cabinet.named import Named
from drivers.virtual.cabinet.phone import PAY_OUTCOMES, PayResult
from drivers.virtual.cabinet.smart_card_desk import InsertCard, SmartCardDesk
from drivers.virtual.cabinet.state import (
    CameraCall,
    CameraTroubleCall,
    Done,
    LayCard,
    NetworkCall,
    Nothing,
    Pay,
    Plug,
    Present,
    ReaderFaultCall,
    RemoveMidway,
)

if TYPE_CHECKING:
    from drivers.virtual.cabinet.cabinet import Cabinet

# What is worked but is no desk.
OTHERS = {"camera": ("摄像头", "Camera"), "phone": ("手机", "Phone"), "network": ("网络", "Network")}
LABELS = {place.name: (place.label_zh, place.label_en) for place in PLACES} | OTHERS


@dataclass(frozen=True)
class Hand:
    """`do` gets the cabinet and a `body`; its result, awaited if need be, is a `result`, or None for Done.

    `choices`: what the body's single value may be, for the words of scenarios.
    """

    device: str
    name: str
    label_zh: str
    label_en: str
    body: type[BaseModel]
    do: Callable[[Cabinet, Any], object]
    result: type[BaseModel] = Done
    choices: tuple[Named, ...] = ()

    @property
    def single(self) -> str | None:
        """The field that may be given alone: the only required one, else the first."""
        fields = self.body.model_fields
        required = [name for name, info in fields.items() if info.is_required()]
        return required[0] if len(required) == 1 else next(iter(fields), None)


async def work(cabinet: Cabinet, hand: Hand, body: BaseModel) -> BaseModel:
    """Move the hand. Raises RefusedError when it cannot be done now."""
    result = hand.do(cabinet, body)
    if inspect.isawaitable(result):
        result = await result
    return result if isinstance(result, BaseModel) else Done()


def _named(things: tuple[cards.DemoCard, ...] | tuple[presets.Code, ...]) -> tuple[Named, ...]:
    return tuple(Named(id=thing.id, label_zh=thing.label_zh, label_en=thing.label_en) for thing in things)


CARDS = _named(cards.CARDS)
CODES = _named(presets.CODES)
SCENES = (
    Named(id="holder", label_zh="本人", label_en="Holder"),
    Named(id="other", label_zh="别人", label_en="Someone else"),
    Named(id="photo", label_zh="照片", label_en="A photo"),
    Named(id="two", label_zh="两个人", label_en="Two people"),
    Named(id="paper", label_zh="放上材料", label_en="A paper"),
    Named(id="nobody", label_zh="没人", label_en="Nobody"),
    Named(id="dark", label_zh="太暗", label_en="Too dark"),
    Named(id="unplugged", label_zh="拔线", label_en="Unplug"),
)
POSES = (
    Named(id="front", label_zh="看前面", label_en="Ahead"),
    Named(id="auto", label_zh="左右转头", label_en="Turns both ways"),
    Named(id="left", label_zh="向左", label_en="Left"),
    Named(id="right", label_zh="向右", label_en="Right"),
)
CAMERA_TROUBLES = (
    Named(id="none", label_zh="画面正常", label_en="Picture well"),
    Named(id="bright", label_zh="太亮", label_en="Too bright"),
    Named(id="backlit", label_zh="逆光", label_en="Against the light"),
    Named(id="covered", label_zh="镜头被遮住", label_en="Lens covered"),
    Named(id="frozen", label_zh="画面不动", label_en="Picture frozen"),
    Named(id="stalled", label_zh="没有画面", label_en="No pictures come"),
)
CABLE = (
    Named(id="connected", label_zh="接通", label_en="mended"),
    Named(id="cut", label_zh="打断", label_en="cut"),
    Named(id="stalled", label_zh="卡住", label_en="stalled"),
)
PLUGGED = (
    Named(id="True", label_zh="插上", label_en="in"),
    Named(id="False", label_zh="拔掉", label_en="out"),
)

HANDS: tuple[Hand, ...] = (
    Hand("id_reader", "lay", "放上", "lay", LayCard, lambda c, b: c.lay_card(b.card), choices=CARDS),
    Hand("id_reader", "lift", "取走证件", "take the card away", Nothing, lambda c, b: c.id_reader.lift()),
    Hand(
        "id_reader",
        "remove-midway",
        "读到一半拿走",
        "take the card away mid-read",
        RemoveMidway,
        lambda c, b: c.remove_midway(b.card),
        choices=CARDS,
    ),
    Hand(
        "id_reader",
        "fault",
        "故障",
        "fault",
        ReaderFaultCall,
        lambda c, b: c.id_reader.fault(b),
    ),
    Hand("id_reader", "plug", "接线", "cable", Plug, lambda c, b: c.id_reader.plug(b.plugged), choices=PLUGGED),
    Hand("camera", "scene", "镜头前", "before it", CameraCall, lambda c, b: c.change_scene(b), choices=SCENES),
    Hand(
        "camera",
        "trouble",
        "故障",
        "trouble",
        CameraTroubleCall,
        lambda c, b: c.change_scene(CameraCall(trouble=b.trouble)),
        choices=CAMERA_TROUBLES,
    ),
    Hand("scanner", "present", "出示", "show", Present, lambda c, b: c.scanner.present(b), choices=CODES),
    Hand("scanner", "plug", "接线", "cable", Plug, lambda c, b: c.scanner.plug(b.plugged), choices=PLUGGED),
    Hand(
        "phone",
        "pay",
        "付款",
        "pay",
        Pay,
        lambda c, b: c.phone.pay(b.outcome, b.qr),
        result=PayResult,
        choices=PAY_OUTCOMES,
    ),
    Hand(
        "cash",
        "insert",
        "放入",
        "feed",
        InsertNote,
        lambda c, b: c.desk(CashDesk).insert(b.value),
        choices=cash_desk.CHOICES,
    ),
    Hand(
        "card_terminal",
        "tap",
        "持卡人",
        "cardholder",
        TapCall,
        lambda c, b: c.desk(CardTerminalDesk).tap(b.outcome),
        choices=card_terminal_desk.TAPS,
    ),
    Hand(
        "smart_card",
        "insert",
        "插入",
        "insert",
        InsertCard,
        lambda c, b: c.desk(SmartCardDesk).insert(b.card),
        choices=smart_card_desk.CHOICES,
    ),
    Hand(
        "keypad",
        "press",
        "按",
        "press",
        PressKey,
        lambda c, b: c.desk(KeypadDesk).press(b),
        choices=keypad_desk.CHOICES,
    ),
    Hand("network", "set", "网线", "cable", NetworkCall, lambda c, b: c.cable.set_state(b.state), choices=CABLE),
)

BY_NAME = {(hand.device, hand.name): hand for hand in HANDS}
