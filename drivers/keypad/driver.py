"""A keypad whose keys come as input events: grabbed, so that no press reaches anything but the kiosk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import structlog
from evdev import ecodes

from drivers.keypad.keymap import DIGITS, key_numbers, shown_name
from drivers.keypad.port import Key, KeyPress
from drivers.keypad.presses import KeyPresses, KeyTimings
from drivers.link.input_events import RECORD, EventParser, InputEvent, InputLink, open_input
from drivers.link.stream import LinkLost
from drivers.link.supervise import Backoff, end_supervision, keep_connected
from drivers.link.trace import Way, trace
from drivers.status import Action, DeviceState, DeviceStatus

log = structlog.get_logger()

NAME = "keypad"
MAX_WAITING = 32  # presses nobody has taken yet


@dataclass(frozen=True)
class KeypadSettings:
    """`path`: see `open_input`. `keys`: changes to `keymap.DEFAULT_KEYS`."""

    path: str
    keys: Mapping[str, Key | None] = field(default_factory=dict)
    timings: KeyTimings = field(default_factory=KeyTimings)
    backoff: Backoff = field(default_factory=Backoff)


class EvdevKeypad:
    """A `Keypad`. Raises ValueError for names of keys that do not exist."""

    def __init__(self, settings: KeypadSettings) -> None:
        self._settings = settings
        self._timings = settings.timings
        self._presses = KeyPresses(key_numbers(settings.keys), settings.timings)
        self._status = DeviceStatus()
        self._keeper: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[KeyPress, float]] = deque(maxlen=MAX_WAITING)
        self._arrived = asyncio.Event()
        self._forgetting: asyncio.TimerHandle | None = None

    @property
    def status(self) -> DeviceStatus:
        return replace(self._status, counters=dict(self._presses.counters))

    async def open(self) -> None:
        if self._keeper is None:
            self._set_status(DeviceStatus(DeviceState.STARTING))
            self._keeper = keep_connected(
                NAME, lambda: open_input(self._settings.path), self._serve, self._on_lost, self._settings.backoff
            )

    async def close(self) -> None:
        await end_supervision(self._keeper)
        self._keeper = None
        self._waiting.clear()
        if self._forgetting is not None:
            self._forgetting.cancel()
            self._forgetting = None
        self._set_status(DeviceStatus(DeviceState.OFFLINE, detail="closed"))

    async def refresh(self) -> DeviceStatus:
        """A keypad cannot be asked; that it was unplugged, the kernel says at once."""
        return self.status

    async def next_key(self) -> KeyPress:
        """See `Keypad`."""
        while True:
            self._forget_old()
            if self._waiting:
                return self._waiting.popleft()[0]
            self._arrived.clear()
            await self._arrived.wait()

    # the connection

    async def _serve(self, link: InputLink) -> None:
        parser = EventParser()
        self._presses.reset()
        trace(NAME, Way.NOTE, f"connected: {link.identity}")
        self._set_status(DeviceStatus(DeviceState.ONLINE, identity=link.identity))
        try:
            while True:
                for event in await self._events(link, parser):
                    self._take(event)
                self._look_for_stuck(link)
        finally:
            self._presses.reset()

    async def _events(self, link: InputLink, parser: EventParser) -> list[InputEvent]:
        """What comes next; nothing when it is time to look after keys that are held."""
        try:
            async with asyncio.timeout(self._presses.next_check(self._now())):
                return parser.feed(await link.read(64 * RECORD.size))
        except TimeoutError:
            return []

    def _take(self, event: InputEvent) -> None:
        self._presses.unknown = None
        press = self._presses.feed(event, self._now())
        self._trace(event, press)
        if press is None:
            return
        self._forget_old()
        self._waiting.append((press, self._now()))
        self._arrived.set()
        if self._forgetting is None:
            self._forget_later()

    def _look_for_stuck(self, link: InputLink) -> None:
        stuck = self._presses.stuck(self._now())
        if not stuck:
            self._set_status(DeviceStatus(DeviceState.ONLINE, identity=link.identity))
            return
        names = sorted({"a digit" if key in DIGITS else key.value if key else "a key without meaning" for key in stuck})
        detail = f"held down for more than {self._timings.stuck:g} s: {', '.join(names)}"
        self._set_status(
            DeviceStatus(DeviceState.ONLINE, action=Action.MAINTENANCE, detail=detail, identity=link.identity)
        )

    def _on_lost(self, reason: LinkLost) -> None:
        trace(NAME, Way.NOTE, f"lost: {reason}")
        self._set_status(DeviceStatus(DeviceState.OFFLINE, action=Action.MAINTENANCE, detail=str(reason)))

    def _set_status(self, status: DeviceStatus) -> None:
        if not status.same_trouble(self._status):
            log.info("keypad_status", state=status.device.value, action=status.action.value, detail=status.detail)
        self._status = status

    # details

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _forget_old(self) -> None:
        oldest = self._now() - self._timings.forget
        while self._waiting and self._waiting[0][1] <= oldest:
            self._waiting.popleft()

    def _forget_later(self) -> None:
        """Also when nobody ever asks: the last presses may be a PIN."""
        self._forget_old()
        self._forgetting = None
        if self._waiting:
            loop = asyncio.get_running_loop()
            self._forgetting = loop.call_at(self._waiting[0][1] + self._timings.forget, self._forget_later)

    def _trace(self, event: InputEvent, press: KeyPress | None) -> None:
        """Keys only: the scan codes beside them would tell as much."""
        if event.type != ecodes.EV_KEY:
            return
        if press is not None:
            label = "digit" if press.key in DIGITS else press.key.value
        elif self._presses.unknown is not None:
            label = f"key without meaning {shown_name(event.code)}".strip()
        else:
            label = "key"
        trace(NAME, Way.IN, label, event.to_bytes()[-8:], secret=(slice(2, 4),))
