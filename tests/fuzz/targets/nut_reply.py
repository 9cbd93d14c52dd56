"""What upsd answers to LIST VAR, as the library takes it apart and as we understand it."""

from __future__ import annotations

import asyncio
from unittest import mock

from drivers.cabinet.nut_client import NutClient, NutSettings, SupplySilentError
from drivers.cabinet.power_policy import PowerPolicy, read_supply

SEEDS: tuple[bytes, ...] = (
    b'BEGIN LIST VAR kiosk\nVAR kiosk battery.charge "100"\nVAR kiosk ups.status "OL CHRG"\nEND LIST VAR kiosk\n',
    b'BEGIN LIST VAR kiosk\nVAR kiosk ups.status "OB LB"\nVAR kiosk battery.runtime "nan"\nEND LIST VAR kiosk\n',
    b"BEGIN LIST VAR kiosk\nVAR kiosk nothing\nEND LIST VAR kiosk\n",
    b"ERR DATA-STALE\n",
    b"ERR DRIVER-NOT-CONNECTED\n",
    b'VAR kiosk ups.status "OB LB"\n',
    b"\xff\xfe\x00",
)

_loop = asyncio.new_event_loop()


def one_input(data: bytes) -> None:
    """Only SupplySilentError; whatever is understood has a meaning."""
    _loop.run_until_complete(_ask(data))


async def _ask(data: bytes) -> None:
    async def connect(*_: object, **__: object) -> tuple[asyncio.StreamReader, mock.Mock]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return reader, mock.Mock()

    with mock.patch("aionut.client.asyncio.open_connection", connect):
        try:
            variables = await NutClient(NutSettings()).variables()
        except SupplySilentError:
            return
    supply = read_supply(variables)
    assert supply.battery_percent is None or 0 <= supply.battery_percent <= 100
    assert supply.runtime_s is None or supply.runtime_s >= 0
    assert len(supply.identity) <= 80
    if supply.says_something:
        PowerPolicy().heard(supply, 0.0)
