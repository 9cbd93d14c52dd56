"""Whatever happens in whatever order, and wherever the backend is killed: money ends where it belongs.

Every network call and every commit is a place to die. After a death the backend starts again (nobody holds a lease
any more); at the end the outside world is healed and the sweeper works until nothing is left to do.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from contextvars import ContextVar, copy_context
from pathlib import Path
from typing import Any

import httpx
import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from backend.payments.models import PaymentRow
from tests.backend.house import House, furnished_postgres, make_pack, open_house
from tests.backend.payments.conftest import assert_books_agree, expire, ledger, request_of, sweep

ACCOUNTS = ("035012342718", "035012340002")
PACK = tempfile.TemporaryDirectory(prefix="menkou-pack-")


class Killed(BaseException):
    """The process dies here."""


ACTIONS = st.sampled_from(
    [
        ("GET", "", None),
        ("POST", "/close", None),
        ("POST", "/refund", {"reason": "paper-out"}),
        ("POST", "/receipt", {"outcome": "printed"}),
        ("POST", "/receipt", {"outcome": "unprintable"}),
    ]
)
EXAMPLES = int(os.environ.get("MENKOU_TEST_EXAMPLES", "6"))  # some hundreds for a night

MORTAL = ContextVar("mortal", default=False)  # false in what the app does by itself, e.g. clearing old proofs away


class Death:
    """Kills at the n-th chance from now."""

    def __init__(self) -> None:
        self.chances: int | None = None

    def chance(self) -> None:
        if self.chances is not None and MORTAL.get():
            self.chances -= 1
            if self.chances < 0:
                self.chances = None
                raise Killed


class AnyOrder(RuleBasedStateMachine):
    house: House

    def _database(self) -> str:
        return ""  # the SQLite file of its rooms

    def __init__(self) -> None:
        super().__init__()
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
        self.runner = asyncio.Runner()
        self.directory = tempfile.TemporaryDirectory(prefix="menkou-any-order-")
        self.stack = AsyncExitStack()
        self.death = Death()
        self.intents: list[tuple[str, str]] = []
        self.codes: list[str] = []
        if not (Path(PACK.name) / "pack").exists():
            make_pack(Path(PACK.name))
        self.house = self.runner.run(
            self.stack.enter_async_context(
                open_house(Path(self.directory.name), Path(PACK.name) / "pack", database_url=self._database())
            )
        )
        self.house.streets.fault = self._on_the_way
        event.listen(Session, "before_commit", self._on_commit)

    def _on_the_way(self, request: httpx.Request, response: httpx.Response | None) -> None:
        if request.url.host == "sandbox.invalid" and not request.url.path.startswith(("/wallet", "/control")):
            self.death.chance()  # before the request is sent, and after the other side has worked it off

    def _on_commit(self, session: Session) -> None:
        self.death.chance()

    def _do(self, work: Any) -> Any:
        context = copy_context()
        context.run(MORTAL.set, True)
        try:
            return self.runner.run(work, context=context)
        except Killed:
            self.death.chances = None
            self.runner.run(self.house.backend.state.payment_worker.leases.forget_all())
            return None
        except BaseExceptionGroup as group:
            if group.subgroup(Killed) is None:
                raise
            self.death.chances = None
            self.runner.run(self.house.backend.state.payment_worker.leases.forget_all())
            return None

    # --- the kiosk -----------------------------------------------------------------------------------------------

    @rule(account=st.sampled_from(ACCOUNTS), kiosk=st.sampled_from(["kiosk-1", "kiosk-2"]), pay_at_once=st.booleans())
    def begin(self, account: str, kiosk: str, pay_at_once: bool) -> None:
        async def work() -> None:
            query = {"service_id": "water-bill", "account": account}
            found = await self.house.call("POST", "/bills/query", query, kiosk)
            if found.status_code != 200:
                return
            intent = f"intent-{len(self.intents):05d}"
            self.intents.append((intent, kiosk))
            made = await self.house.call("POST", "/payments", request_of(found.json(), intent), kiosk)
            if made.status_code == 200 and made.json()["qr_code"]:
                self.codes.append(made.json()["qr_code"])
                if pay_at_once:
                    await self.house.pay(made.json()["qr_code"])
                    await sweep(self.house)

        self._do(work())

    @rule(pick=st.integers(0, 5), action=ACTIONS, late_ms=st.integers(0, 20), pay=st.booleans())
    def ask_beside_a_sweep(self, pick: int, action: tuple[str, str, Any], late_ms: int, pay: bool) -> None:
        """The sweeper works, the gateway tells, and the kiosk wants something, all in the same moment."""
        method, path, body = action
        if not self.intents:
            return
        intent, kiosk = self.intents[-1 - pick % len(self.intents)]

        async def kiosk_asks() -> None:
            await asyncio.sleep(late_ms / 1000)
            await self.house.call(method, f"/payments/{intent}{path}", body, kiosk)

        async def work() -> None:
            if pay and self.codes:
                await self.house.pay(self.codes[-1 - pick % len(self.codes)])
                await self.house.sandbox.state.notifier.drain()
            async with asyncio.TaskGroup() as group:
                group.create_task(sweep(self.house))
                group.create_task(kiosk_asks())

        self._do(work())

    @rule(pick=st.integers(0, 5), action=ACTIONS)
    def ask(self, pick: int, action: tuple[str, str, Any]) -> None:
        method, path, body = action
        if self.intents:
            intent, kiosk = self.intents[-1 - pick % len(self.intents)]
            self._do(self.house.call(method, f"/payments/{intent}{path}", body, kiosk))

    # --- the resident --------------------------------------------------------------------------------------------

    @rule(pick=st.integers(0, 5), outcome=st.sampled_from(["success", "success", "success", "insufficient"]))
    def phone(self, pick: int, outcome: str) -> None:
        async def work() -> None:
            offers = (await self.house.sandbox_call("GET", "/wallet/qr")).json()
            codes = [offer["qr_code"] for offer in offers] + self.codes
            if codes:
                await self.house.pay(codes[pick % len(codes)], outcome)
                await self.house.sandbox.state.notifier.drain()

        self._do(work())

    # --- the world -----------------------------------------------------------------------------------------------

    @rule(
        fault=st.fixed_dictionaries(
            {
                "down": st.booleans(),
                "answer_20000": st.integers(0, 1),
                "lose_answers": st.integers(0, 2),
                "notify": st.sampled_from(["normal", "none", "forged", "duplicate"]),
                "pay_after_close": st.booleans(),
            }
        ),
        water_down=st.booleans(),
    )
    def weather(self, fault: dict[str, Any], water_down: bool) -> None:
        self._do(self.house.control(alipay=fault, departments={"water": {"down": water_down}}))

    @rule()
    def time_passes(self) -> None:
        self._do(sweep(self.house))

    @rule()
    def codes_expire(self) -> None:
        self._do(expire(self.house))

    @rule(chances=st.integers(0, 14))
    def death_is_near(self, chances: int) -> None:
        self.death.chances = chances

    # --- the end -------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.death.chances = None
            event.remove(Session, "before_commit", self._on_commit)
            self.runner.run(self._settled())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            self.directory.cleanup()
            structlog.reset_defaults()

    async def _settled(self) -> None:
        house = self.house
        await house.backend.state.payment_worker.leases.forget_all()
        await house.control(alipay={"notify": "none"}, departments={"water": {}})
        await expire(house)
        await sweep(house, 5)
        async with house.backend.state.sessions() as session:
            rows = list(await session.scalars(select(PaymentRow)))
        booked = dict(house.sandbox.state.sandbox.water_postings.values())
        trades = {trade.out_trade_no: trade for trade in house.sandbox.state.trades.all()}
        for row in rows:
            trade = trades.get(row.out_trade_no)
            kept = trade.amount_fen - trade.refunded_fen if trade and trade.paid_at is not None else 0
            seen = row.state, row.posted_at is not None, kept, row.out_trade_no in booked
            assert seen in {
                ("closed", False, 0, False),
                ("refunded", False, 0, False),
                ("paid", True, row.amount_fen, True),  # the kiosk has not reported its slip yet
                ("delivered", True, row.amount_fen, True),
            }, seen
        assert len(booked) == len(house.sandbox.state.sandbox.water_postings)
        await assert_books_agree(house)
        assert (await ledger(house)).get("resident-deposit", 0) == 0


class AnyOrderOnPostgres(AnyOrder):
    def _database(self) -> str:
        return furnished_postgres()


_SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = _SETTINGS
TestAnyOrderOnPostgres = AnyOrderOnPostgres.TestCase
TestAnyOrderOnPostgres.settings = _SETTINGS
