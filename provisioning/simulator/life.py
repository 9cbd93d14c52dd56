"""How a simulated kiosk spends its time: heartbeats, and what their replies ask for."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from dataclasses import dataclass, field
from typing import Any

import msgspec

from backend.contract.fleet_api import (
    FLEET_PREFIX,
    CommandAck,
    CommandOrder,
    Enrolled,
    ErrorReport,
    HeartbeatReply,
    RenewRequest,
    Settings,
)
from provisioning.simulator.book import Book
from provisioning.simulator.figures import Figures
from provisioning.simulator.identities import Identities, Identity, new_key
from provisioning.simulator.plan import Plan
from provisioning.simulator.terminal import Terminal
from provisioning.simulator.wire import Reply, Target, Tls, Wire, WireError, connect

_decode_reply = msgspec.json.Decoder(HeartbeatReply).decode
_MAX_PAUSE_S = 30.0
_TIMEOUT_S = 60.0
FILES = {"log-bundle": b"PK\x05\x06" + bytes(18), "screenshot": b"\x89PNG\r\n\x1a\n" + bytes(64)}


@dataclass
class World:
    """What all kiosks of a process share."""

    plan: Plan
    target: Target
    tls: Tls | None
    book: Book
    identities: Identities | None
    figures: Figures = field(default_factory=Figures)
    started: float = field(default_factory=time.monotonic)  # when the power came (back)
    connections: int = 0
    _sources: int = 0

    def next_source(self) -> str:
        sources = self.plan.sources
        self._sources += 1
        return sources[self._sources % len(sources)] if sources else ""

    def request(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json", more: str = ""
    ) -> bytes:
        head = f"{method} {FLEET_PREFIX}{path} HTTP/1.1\r\nHost: {self.target.host}:{self.target.port}\r\n{more}"
        if method != "GET":
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    def wrong(self, kiosk_id: str, what: str) -> None:
        """The desk did what it must not do."""
        self.figures.counts[f"wrong:{what}"] += 1
        self.book.violation(kiosk_id, what)


class Gone(Exception):
    """This kiosk has no business with the desk any more; the text says why."""


class Life:
    def __init__(self, world: World, identity: Identity, kinds: frozenset[str] = frozenset()) -> None:
        self.world = world
        self.identity = identity
        self.kinds = kinds
        self.dice = random.Random(f"{world.plan.seed}:{identity.kiosk_id}")  # noqa: S311 - no secret
        self.terminal = Terminal(identity.kiosk_id, identity.epoch, self.dice)
        self.wire: Wire | None = None
        self.mute = False
        self.back = False
        self.rollout_done: dict[str, str] = {}  # rollout: how it ended here

    # The loop

    async def live(self, first_in_s: float) -> None:
        """Until it is cancelled, or the desk wants nothing to do with it."""
        loop = asyncio.get_running_loop()
        due = loop.time() + first_in_s
        try:
            while True:
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if self.mute:
                    await asyncio.sleep(3600)
                    continue
                interval = await self._turn(due)
                due = loop.time() if self.world.plan.loop == "closed" else due + interval
        except Gone as gone:
            self.world.figures.counts[f"gone:{gone}"] += 1
        finally:
            self.drop()

    async def _turn(self, due: float) -> float:
        """One heartbeat and what comes of it; seconds until the next."""
        if self.kinds:
            from provisioning.simulator import mischief

            await mischief.before_heartbeat(self)
        elif self.dice.random() < self.world.plan.changes:
            self.terminal.something_happens()
        self.terminal.used()
        reply = await self.beat(due)
        plan = self.world.plan
        if reply is None:
            return plan.interval_s
        await self.follow(reply)
        if plan.honour:
            return reply.interval_s + self.dice.uniform(0, reply.jitter_s)
        return plan.interval_s

    async def beat(self, due: float) -> HeartbeatReply | None:
        """Tries until it is answered; None: refused. `due` is when it should have been sent: what the kiosk waited
        because of us counts as the desk's slowness."""
        world, terminal = self.world, self.terminal
        errors = [ErrorReport(code="print-failed", at=_now())] if self.dice.random() < world.plan.changes / 4 else None
        seq, body, digest = terminal.heartbeat(errors)
        changes = terminal.changes()
        request = world.request("POST", "/heartbeat", body)
        tries = 0
        while True:
            tries += 1
            try:
                reply = await self.ask(request)
            except WireError as error:
                world.figures.counts[f"broken:{error.kind}"] += 1
                await self.pause(tries)
                continue
            if reply.status in (429, 503):
                world.figures.counts[f"later:{reply.status}"] += 1
                if reply.retry_after_s is None:
                    world.wrong(terminal.kiosk_id, f"{reply.status} without Retry-After")
                await self.pause(tries, reply.retry_after_s)
                continue
            break
        if reply.status != 200:
            self._refused(reply)
            return None
        loop = asyncio.get_running_loop()
        world.figures.time("heartbeat", loop.time() - due)
        world.figures.counts["acknowledged"] += 1
        if not self.back:
            self.back = True
            world.figures.time("back", time.monotonic() - world.started)
        world.book.heartbeat(terminal.kiosk_id, seq, digest, changes)
        terminal.told()
        return _decode_reply(reply.body)

    def _refused(self, reply: Reply) -> None:
        code = _code(reply)
        self.world.figures.counts[f"refused:{reply.status}:{code}"] += 1
        if reply.status in (401, 403):
            raise Gone(code)
        if reply.status >= 500:
            self.world.wrong(self.terminal.kiosk_id, f"status {reply.status}")

    async def ask(self, request: bytes, timeout_s: float = _TIMEOUT_S) -> Reply:
        """On the kept-alive connection, or a new one. Raises WireError."""
        wire = self.wire
        if wire is None or not wire.open:
            if wire is not None:
                self.drop()
            wire = await self.connect()
        try:
            return await wire.ask(request, timeout_s)
        except WireError:
            self.drop()
            raise

    async def connect(self) -> Wire:
        world = self.world
        began = time.monotonic()
        try:
            self.wire = await connect(
                world.target, world.tls, source=world.next_source(), identity_pem=self.identity.pem
            )
        except ssl.SSLError as error:
            raise WireError("identity", str(error.reason)) from None
        world.connections += 1
        world.figures.time("connect", time.monotonic() - began)
        return self.wire

    def drop(self) -> None:
        wire, self.wire = self.wire, None
        if wire is not None:
            self.world.connections -= 1
            wire.close()

    async def pause(self, tries: int, retry_after_s: float | None = None) -> None:
        """What the desk asked for, and a little more so that not all come at once; else longer each time."""
        if retry_after_s is not None:
            await asyncio.sleep(retry_after_s + self.dice.uniform(0, max(1.0, retry_after_s / 2)))
        else:
            await asyncio.sleep(self.dice.uniform(0.2, 1) * min(_MAX_PAUSE_S, 2.0 ** min(tries, 10) / 2))

    # What a reply asks for

    async def follow(self, reply: HeartbeatReply) -> None:
        try:
            for order in reply.commands:
                await self._command(order, reply)
            if reply.settings and reply.settings != self.terminal.settings:
                await self._settings()
            if reply.rollout is not None:
                from provisioning.simulator.rollouts import obey

                await obey(self, reply.rollout)
            if reply.renew:
                await self._renew()
        except WireError as error:
            self.world.figures.counts[f"broken:{error.kind}"] += 1  # it is said again in the next reply

    async def _command(self, order: CommandOrder, reply: HeartbeatReply) -> None:
        world, terminal = self.world, self.terminal
        world.figures.counts["commands"] += 1
        if order.epoch != terminal.epoch and terminal.epoch:
            world.wrong(terminal.kiosk_id, "command of another epoch")
            return
        if order.expires_at <= reply.now:
            world.wrong(terminal.kiosk_id, "expired command handed out")
            return
        if order.command_id in terminal.acknowledged:
            world.wrong(terminal.kiosk_id, "command handed out after its acknowledged end")
            return
        if order.command_id not in terminal.executed:
            state = "refused" if "refuse" in self.kinds else self._carry_out(order)
            terminal.executed[order.command_id] = state
            if state != "refused":
                world.book.executed(terminal.kiosk_id, order.command_id)
        state = terminal.executed[order.command_id]
        await self._acknowledge(order, state)
        if terminal.wiped:
            if world.identities is not None:
                world.identities.forget(terminal.kiosk_id)
            raise Gone("wiped")

    def _carry_out(self, order: CommandOrder) -> str:
        try:
            self.terminal.carry_out(order)
        except ValueError:
            return "failed"
        return "done"

    async def _acknowledge(self, order: CommandOrder, state: str) -> None:
        world = self.world
        if state == "done" and order.kind in FILES:
            path = f"/commands/{order.command_id}/file"
            kind = "application/zip" if order.kind == "log-bundle" else "image/png"
            await self.ask(world.request("PUT", path, FILES[order.kind], kind))
        body = msgspec.json.encode(CommandAck(state=state, code="" if state == "done" else "simulated"))
        began = time.monotonic()
        reply = await self.ask(world.request("POST", f"/commands/{order.command_id}/ack", body))
        world.figures.time("ack", time.monotonic() - began)
        if reply.status == 204:
            self.terminal.acknowledged.add(order.command_id)
            world.book.acknowledged(self.terminal.kiosk_id, order.command_id, state)
        else:
            world.figures.counts[f"ack:{reply.status}:{_code(reply)}"] += 1

    async def _settings(self) -> None:
        reply = await self.ask(self.world.request("GET", "/settings"))
        if reply.status == 200:
            self.terminal.took_settings(msgspec.json.decode(reply.body, type=Settings).revision)
            self.world.figures.counts["settings taken"] += 1
        else:
            self.world.figures.counts[f"settings:{reply.status}:{_code(reply)}"] += 1

    async def _renew(self) -> None:
        key_pem, csr_pem = new_key()
        reply = await self.ask(self.world.request("POST", "/renew", msgspec.json.encode(RenewRequest(csr_pem=csr_pem))))
        if reply.status != 200:
            self.world.figures.counts[f"renew:{reply.status}:{_code(reply)}"] += 1
            return
        enrolled = msgspec.json.decode(reply.body, type=Enrolled)
        epoch = enrolled.epoch or self.identity.epoch
        self.identity = Identity(enrolled.kiosk_id, key_pem, enrolled.certificate_pem, epoch)
        if self.world.identities is not None:
            self.world.identities.put([self.identity])
        self.world.figures.counts["renewed"] += 1
        self.drop()


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _code(reply: Reply) -> str:
    """The problem's code, or where the answer came from instead (a proxy's page)."""
    try:
        return str(msgspec.json.decode(reply.body)["code"])[:40]
    except (msgspec.DecodeError, KeyError, TypeError):
        return "?"
