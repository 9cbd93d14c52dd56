"""The parts of the fleet's measurement that people see: the console's pages, and the message about a silent kiosk."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from provisioning.bench.fleet_house import House, free_port
from provisioning.bench.fleet_report import Report, ms
from provisioning.ports import HOST
from provisioning.simulator.histogram import Histogram
from provisioning.simulator.simulation import Simulation

_PROVINCE = "99" + "0" * 10
_TIMES = 50
_KEY = "measurement-only-webhook-key-0123456789"
# What is asked for, and what the answer must contain: a quick page that shows nothing is no figure.
PAGES = {
    "first page": ("/console/", "990100"),
    "list": ("/console/kiosks", "K-99"),
    "search": ("/console/kiosks?q=9901010010", "K-9901010010"),
    "filter": ("/console/kiosks?health=ok&region=990100000000", "K-9901"),
    "map": ("/console/map", "points"),
    "one kiosk": ("/console/kiosks/{kiosk}", "{kiosk}"),
}


async def staff_token(house: House) -> str:
    """An account that may see the province, and its API token, made beside the database."""
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.staff import accounts, tokens
    from backend.staff.roles import Grant, Role, Staff

    now = datetime.now(UTC)
    grant = Grant(Role.VIEWER, _PROVINCE)
    engine = make_engine(house.database_url)
    try:
        async with writing(make_sessions(engine)) as session:
            operator = accounts.command_line("measurement")
            member = await accounts.add(session, operator, accounts.NewMember("bench", "Bench", _PROVINCE), now)
            await accounts.grant(session, operator, member.staff_id, grant, now, apart=False)
            staff = Staff(member.staff_id, member.name, (grant,))
            _, secret = await tokens.make(session, staff, "measurement", [grant], now + timedelta(days=1), now)
            await session.commit()
        return secret
    finally:
        await engine.dispose()


async def console(house: House, kiosk_id: str, loaded: str, report: Report) -> None:
    """Each page some fifty times, one after the other, while the heartbeats go on."""
    headers = {"Authorization": f"Bearer {await staff_token(house)}", "Accept": "text/html"}
    values = {}
    trust = ssl.create_default_context(cafile=str(house.authority_file))
    async with httpx.AsyncClient(
        base_url=house.people_url, headers=headers, trust_env=False, timeout=30, verify=trust
    ) as client:
        for name, (path, wanted) in PAGES.items():
            path, wanted = path.format(kiosk=kiosk_id), wanted.format(kiosk=kiosk_id)
            times, problem = Histogram(), ""
            for _ in range(_TIMES + 2):
                began = time.perf_counter()
                answer = await client.get(path)
                times.add(time.perf_counter() - began)
                if answer.status_code != 200 or wanted not in answer.text:
                    problem = f"status {answer.status_code}" if answer.status_code != 200 else f"without {wanted}"
                    break
            if problem:
                report.fault(f"console, {name} ({path})", problem)
                continue
            p95 = times.at(0.95)
            values[name] = {"p50_s": times.at(0.5), "p95_s": p95}
            measured = f"p50 {ms(times.at(0.5))}, p95 {ms(p95)}"
            report.add(f"console, {name}", measured, "p95 ≤ 150 ms", p95 <= 0.15, loaded)
    report.values["console"] = values


@dataclass
class Sink:
    """Takes the alerts' webhooks."""

    port: int
    messages: list[tuple[float, dict[str, object]]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        return {
            "MENKOU_ALERTS_FALLBACK_WEBHOOK": f"http://{HOST}:{self.port}/alerts",
            "MENKOU_ALERTS_WEBHOOK_KEY": _KEY,
            "MENKOU_ALERTS_WEBHOOK_PRIVATE_HOSTS": HOST,
            "MENKOU_ALERTS_QUIET_HOURS": "",
        }

    def about(self, kiosk_id: str) -> list[tuple[float, dict[str, object]]]:
        return [
            (at, message)
            for at, message in self.messages
            if kiosk_id in json.dumps(message) and "offline" in json.dumps(message)
        ]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
            self.messages.append((time.monotonic(), json.loads(body or b"{}")))
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    made = Sink(free_port())
    server = await asyncio.start_server(made.serve, HOST, made.port)
    async with server:
        yield made


async def alert(simulation: Simulation, to: Sink, kiosk_id: str, report: Report) -> None:
    """One kiosk says nothing more, in the middle of the others; then it is back."""
    await simulation.silence(kiosk_id)
    began = time.monotonic()
    told = await _message(to, kiosk_id, 1, began, 360)
    if told is None:
        report.fault("message after a kiosk fell silent", f"none within 6 min; {len(to.messages)} about other things")
        return
    report.add("message after a kiosk fell silent", f"{told:.0f} s", "≤ 3 min", told <= 180)
    await asyncio.sleep(30)
    await simulation.speak(kiosk_id)
    back = time.monotonic()
    clear = await _message(to, kiosk_id, 2, back, 360)
    if clear is None:
        report.fault("all-clear after it is back", "none within 6 min")
        return
    await asyncio.sleep(30)
    count = len(to.about(kiosk_id))
    report.add("all-clear after it is back", f"{clear:.0f} s")
    report.add("… messages in all", str(count), "2: one message, one all-clear", count == 2)
    report.values["alert"] = {"told_s": told, "clear_s": clear, "messages": count, "others": len(to.messages) - count}


async def _message(to: Sink, kiosk_id: str, number: int, since: float, within_s: float) -> float | None:
    while time.monotonic() - since < within_s:
        found = to.about(kiosk_id)
        if len(found) >= number:
            return found[number - 1][0] - since
        await asyncio.sleep(0.5)
    return None
