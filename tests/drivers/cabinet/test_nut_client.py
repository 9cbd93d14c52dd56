"""NUT's protocol, by a library, against a upsd that can be broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from drivers.cabinet.nut_client import NutClient, NutSettings, SupplySilentError
from drivers.link.trace import Traced, watch
from drivers.virtual.ups_server import UpsFault, VirtualUpsServer


@pytest.fixture
async def upsd() -> AsyncIterator[VirtualUpsServer]:
    server = VirtualUpsServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(upsd: VirtualUpsServer) -> AsyncIterator[NutClient]:
    asker = NutClient(NutSettings(port=upsd.port, answer_s=0.3))
    yield asker
    await asker.close()


async def silence(client: NutClient) -> str:
    with pytest.raises(SupplySilentError) as silent:
        await client.variables()
    return str(silent.value)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (b"GET VAR kiosk ups.status\n", b'VAR kiosk ups.status "OB LB"\n'),
        (b"GET VAR kiosk nope\n", b"ERR VAR-NOT-SUPPORTED\n"),
        (b"LIST VAR nope\n", b"ERR UNKNOWN-UPS\n"),
    ],
)
async def test_the_simulator_speaks_as_the_real_one(upsd: VirtualUpsServer, question: bytes, answer: bytes) -> None:
    """Examples taken from upsd 2.8.0."""
    upsd.says("OB LB")
    reader, writer = await asyncio.open_connection("127.0.0.1", upsd.port)
    writer.write(question)
    assert await reader.readline() == answer
    writer.close()


async def test_everything_in_one_question(upsd: VirtualUpsServer, client: NutClient) -> None:
    assert await client.variables() == upsd.variables
    assert await client.variables() == upsd.variables
    assert upsd.questions == 2


async def test_one_byte_at_a_time(upsd: VirtualUpsServer, client: NutClient) -> None:
    upsd.byte_by_byte = True
    assert await client.variables() == upsd.variables


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (UpsFault.DATA_STALE, "its driver gets no data from it"),
        (UpsFault.DRIVER_NOT_CONNECTED, "its driver does not run"),
        (UpsFault.SILENT, "upsd does not answer"),
        (UpsFault.HALF, "upsd hung up"),
        (UpsFault.GARBAGE, "upsd answers nonsense"),
        (UpsFault.ENDLESS, "upsd answers nonsense"),
        (UpsFault.HANGS_UP, "upsd hung up"),
    ],
)
async def test_every_fault_is_a_value_and_is_over_when_it_is_over(
    upsd: VirtualUpsServer, client: NutClient, fault: UpsFault, reason: str
) -> None:
    assert await client.variables()
    upsd.fault = fault
    assert await silence(client) == reason
    upsd.fault = None
    assert await client.variables() == upsd.variables


async def test_a_line_without_a_value(upsd: VirtualUpsServer, client: NutClient) -> None:
    upsd.variables["ups.mfr"] = 'x"\nVAR kiosk ups.model\nVAR kiosk ups.serial "1'
    assert await silence(client) == "upsd answers nonsense"


async def test_a_late_answer_is_not_taken_for_the_next_questions(upsd: VirtualUpsServer, client: NutClient) -> None:
    upsd.fault = UpsFault.LATE
    upsd.says("OB")
    assert await silence(client) == "upsd does not answer"
    upsd.fault = None
    upsd.says("OL")
    assert (await client.variables())["ups.status"] == "OL"


async def test_nor_is_one_to_a_question_that_was_given_up(upsd: VirtualUpsServer) -> None:
    client = NutClient(NutSettings(port=upsd.port, answer_s=20))
    upsd.fault, upsd.late_s = UpsFault.LATE, 0.2
    upsd.says("OB")
    asking = asyncio.create_task(client.variables())
    while not upsd.questions:
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.wait([asking])
    upsd.fault = None
    upsd.says("OL")
    assert (await client.variables())["ups.status"] == "OL"
    await client.close()


async def test_nobody_listens_and_then_somebody_does(upsd: VirtualUpsServer, client: NutClient) -> None:
    await upsd.stop()
    assert await silence(client) == "upsd is not there"
    await upsd.start()
    assert await client.variables()


async def test_another_supplys_name(upsd: VirtualUpsServer) -> None:
    client = NutClient(NutSettings(port=upsd.port, ups="other"))
    assert await silence(client) == "upsd knows no such supply"
    await client.close()


async def test_what_a_technician_sees(upsd: VirtualUpsServer, client: NutClient) -> None:
    seen: list[Traced] = []
    with watch(seen.append):
        await client.variables()
    assert [(each.device, each.label) for each in seen] == [("cabinet", "LIST VAR"), ("cabinet", "VAR")]
    assert b"ups.status=OL CHRG" in bytes(byte or 0 for byte in seen[1].data)
