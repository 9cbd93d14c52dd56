"""A smart card reader with two slots behind a real pcscd, and the hand that puts cards into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drivers.virtual.social_security_card import VirtualChip
from drivers.virtual.vpcd import FRIENDLY_NAME, VirtualPcscd, VpcdSlot


class VirtualSmartCardReader:
    """`folder` is for pcscd's socket and configuration. PC/SC knows the first slot as `name`."""

    def __init__(
        self,
        folder: Path,
        on_event: Callable[[str], None] = lambda text: None,
        friendly_name: str = FRIENDLY_NAME,
    ) -> None:
        self._on_event = on_event
        self.pcscd = VirtualPcscd(folder, friendly_name)
        self.slot = VpcdSlot(on_event)
        self.plugged = True

    @property
    def name(self) -> str:
        return f"{self.pcscd.friendly_name} 00 00"

    @property
    def socket(self) -> Path:
        return self.pcscd.socket

    @property
    def chip(self) -> VirtualChip | None:
        return self.slot.chip

    async def start(self) -> None:
        """RuntimeError with the reason when this machine cannot run pcscd."""
        self.plugged = True
        await self.pcscd.start()

    async def stop(self) -> None:
        await self.slot.withdraw()
        await self.pcscd.stop()

    async def insert(self, chip: VirtualChip) -> None:
        """Whatever was in the slot is out. A slot without a reader takes nothing."""
        await self.slot.insert(self.pcscd.port, chip)
        self._on_event("card inserted")

    async def withdraw(self) -> None:
        if self.slot.chip is not None:
            await self.slot.withdraw()
            self._on_event("card withdrawn")

    async def unplug(self) -> None:
        """The reader is gone while pcscd goes on. A card in it leaves with it.

        Readers of this kind cannot be pulled out under a running pcscd, so it is started anew without the reader: for
        its clients the same as if it had been away for a moment.
        """
        await self._restart(plugged=False)
        self._on_event("unplugged")

    async def replug(self) -> None:
        await self._restart(plugged=True)
        self._on_event("plugged in")

    async def stop_service(self) -> None:
        """pcscd ends; nobody can be asked for readers."""
        await self.slot.withdraw()
        await self.pcscd.stop()
        self._on_event("pcscd stopped")

    async def start_service(self) -> None:
        await self.pcscd.start(with_reader=self.plugged)
        self._on_event("pcscd started")

    async def mend(self) -> None:
        """Everything as new: no card, no faults, plugged in, pcscd at work."""
        await self.slot.withdraw()
        self.slot.silent, self.slot.withdraw_after, self.slot.garbage = False, None, None
        self.pcscd.thaw()
        if not self.plugged or not self.pcscd.running:
            await self._restart(plugged=True)

    async def _restart(self, *, plugged: bool) -> None:
        await self.slot.withdraw()
        await self.pcscd.stop()
        self.plugged = plugged
        await self.pcscd.start(with_reader=plugged)
