"""The terminal's day: home screen, one journey after another, health between them, recovery after each."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

import structlog

from backend.contract.kiosk_api import Hello
from content.load import Brief, Pack, PackError
from content.schema.service import Door, Service
from content.schema.text import Text
from kiosk import texts as shell
from kiosk.availability import Here
from kiosk.home import door_screen, home_screen, start_reason, unavailable_screen
from kiosk.journal.recovery import Recovery
from kiosk.journeys import texts
from kiosk.journeys.context import Journey, JourneyOver, Terminal, TimedOut
from kiosk.journeys.registry import JOURNEYS
from kiosk.journeys.steps.messages import ESCALATION
from kiosk.journeys.waiting import ended
from kiosk.screens import Choice, Goodbye, Home, Message, Nav, OutOfService, Screen, Stage, Tone, Working
from kiosk.session import Session
from kiosk.staff_call import call_staff

log = structlog.get_logger()
A = TypeVar("A")
_HEALTH_S = 2.0  # devices are asked this often while nobody is here; the backend seldom, see `link.line`
_RETRY_S = 10.0  # open intents are tried again this often
_SESSION_S = 3600.0  # no session lasts so long
_HELLO_TRIES = 2  # before a session
_LINE_S = 0.1
_LIST_IDLE_S = 45.0
_START_S = 60.0  # a service that opens by itself waits so long for the backend and the devices


class Reception:
    """`patient` is the stage journeys speak through (it minds the time-outs); `terminal.stage` is the same one."""

    def __init__(self, terminal: Terminal, pack: Pack, recovery: Recovery) -> None:
        self._terminal = terminal
        self._take(pack)
        self._recovery = recovery
        self._journey: asyncio.Future[Any] | None = None
        self._session: Session | None = None
        self._health_changed = asyncio.Event()
        self._health_round: Callable[[], None] = lambda: None
        self._resolving: asyncio.Task[None] | None = None
        self.at_home = False  # the home screen is shown
        self.session_open = False  # a resident is being served
        self.on_session_ended: Callable[[str], None] = lambda how: None
        self._floor = asyncio.Lock()  # a session and recovery never use the printers at the same time
        self._closed: dict[str, Text] = {}  # who has closed the terminal, and why

    @property
    def stage(self) -> Stage:
        return self._terminal.stage

    async def run(self) -> None:
        """For ever. Nothing that happens to one resident ends it."""
        await self._check_health()
        await self._finish(texts.FINISHING)
        health = asyncio.create_task(self._watch_health())
        try:
            await self._open_at_start()
            while True:
                service = await self._at_home()
                if service is not None:
                    await self._serve(service)
        finally:
            await ended(health, *([self._resolving] if self._resolving is not None else []))

    def leave(self) -> None:
        """首页 or 结束办理 was touched: the journey is cancelled, its open intents are resolved afterwards."""
        if self._journey is not None:
            self._journey.cancel()

    def after_each_health_round(self, call: Callable[[], None]) -> None:
        """`call` is called every few seconds: after the devices were asked, or where a session is left alone with
        them, though of a session only for `_SESSION_S`: one that hangs in a driver is not covered up for ever."""
        self._health_round = call

    def close_for(self, who: str, reason: Text | None) -> None:
        """Nobody new is served while anybody has a `reason`; None takes it back. The session that runs may end."""
        before = self._closed.get(who)
        if reason is None:
            self._closed.pop(who, None)
        else:
            self._closed[who] = reason
        if before != reason:
            log.info("closed" if self._closed else "opened", kind=who)
            self._health_changed.set()

    @asynccontextmanager
    async def between_sessions(self) -> AsyncIterator[None]:
        """Waits for the end of a session or recovery; inside, neither begins."""
        async with self._floor:
            yield

    def use(self, pack: Pack) -> None:
        """Serve with this content from now on. Call between sessions."""
        self._take(pack)
        self._health_changed.set()

    def _take(self, pack: Pack) -> None:
        self._pack = pack
        self._terminal.departments = {name: each.name for name, each in pack.departments.items()}
        self._terminal.can_report = ESCALATION in pack.services

    async def call_staff(self) -> None:
        """呼叫工作人员, over whatever is on the screen."""
        await call_staff(self._terminal, self.stage, self._session)

    # --- home -------------------------------------------------------------------------------------------------------

    async def _at_home(self) -> Service | None:
        """The service the resident touched, once it can really start."""
        chosen = await self._ask_home()
        kind, _, name = chosen.partition(":")
        if kind == "door":
            chosen_service = await self._behind(Door(name))
            if chosen_service is None:
                return None
            name = chosen_service
        return await self._startable(name)

    async def _open_at_start(self) -> None:
        """For who edits a service: its journey without a touch, once, as soon as the house around it is ready."""
        brief = self._pack.brief(self._terminal.settings.start_service)
        if brief is None:
            return
        self.stage.show(self._front())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while self._reason(brief) is not None:
                    await self._health_changed.wait()
                    self._health_changed.clear()
        if (service := await self._startable(brief.id)) is not None:
            await self._serve(service)

    async def _startable(self, name: str) -> Service | None:
        """The service, or None after the resident was told why not."""
        try:
            service = self._pack.services[name]
        except (PackError, KeyError) as error:
            # Its file is damaged, or new content without it came between the touch and now.
            log.error("service_unreadable", service=name, error=type(error).__name__)
            await self._briefly(unavailable_screen(texts.SERVICE_UNREADABLE))
            return None
        reason = self._reason(service)
        if reason is not None:
            await self._briefly(unavailable_screen(reason))
            return None
        return service

    async def _ask_home(self) -> str:
        """Home, renewed in place whenever a device or the backend changes; or why the terminal is closed."""
        while True:
            shown = self._front()
            asking: Coroutine[Any, Any, str | Nav | None] = self.stage.ask(shown)
            question = asyncio.ensure_future(asking)
            self.at_home = True
            try:
                while not question.done():
                    changed = asyncio.ensure_future(self._health_changed.wait())
                    await asyncio.wait({question, changed}, return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
                    if self._health_changed.is_set() and not question.done():
                        self._health_changed.clear()
                        front = self._front()
                        if type(front) is not type(shown):
                            break
                        self.stage.show(front)
                answer = question.result() if question.done() else None
            finally:
                self.at_home = False
                await ended(question)
            if isinstance(answer, str) and not isinstance(answer, Nav) and not self._closed:
                return answer

    @property
    def _here(self) -> Here:
        return Here(self._terminal.settings.division, self._pack.working_days)

    def _front(self) -> Screen[Any]:
        """What a resident finds who comes now."""
        if not self._closed:
            return self._home()
        reason = next(iter(self._closed.values()))
        return OutOfService(question=shell.SERVICE_STOPPED, speech=reason, reason=reason)

    async def _behind(self, door: Door) -> str | None:
        screen = door_screen(self._pack, door, self._terminal.devices, self._backend_reachable, self._here)
        return await self._briefly(replace(screen, idle_s=_LIST_IDLE_S))

    async def _briefly(self, screen: Screen[A]) -> A | None:
        """A list left alone, or left by 首页, goes home without a word: nothing of a person is on it."""
        asking = self.stage.ask(screen)
        question = asyncio.ensure_future(asking)
        self._journey = question
        try:
            answer = await question
        except TimedOut:
            return None
        except asyncio.CancelledError:
            if _being_cancelled():
                raise
            return None
        finally:
            self._journey = None
            await ended(question)
        return None if isinstance(answer, Nav) else answer

    def _home(self) -> Home:
        return home_screen(self._pack, self._terminal.devices, self._backend_reachable, self._here)

    def _reason(self, service: Service | Brief) -> Text | None:
        for reason in self._closed.values():
            return reason
        return start_reason(service, self._terminal.devices, self._backend_reachable, self._here)

    # --- a session --------------------------------------------------------------------------------------------------

    async def _serve(self, service: Service, failure: str = "") -> None:
        """One resident, from the first touch to a clean screen. `failure`: what ended their journey before, if that is
        to be reported (办不成事)."""
        if self._floor.locked():
            self.stage.show(Working(question=texts.FINISHING, speech=texts.FINISHING))
        async with self._floor:
            await self._check_health(a_session_follows=True)
            reason = self._reason(service)  # what was true on the home screen may be true no longer
            if reason is not None:
                await self._briefly(unavailable_screen(reason))
                return
            journey = Journey(self._terminal, service)
            journey.session.failure = failure
            self._session = journey.session
            self.session_open = True
            log.info("session_started", session=journey.session.id, service=service.id)
            self._journey = asyncio.create_task(JOURNEYS[service.journey](journey))
            ended, reported = "completed", ""
            try:
                await self._journey
            except JourneyOver as over:
                ended, reported = "over", over.reported
            except TimedOut:
                ended = "timed-out"
            except asyncio.CancelledError:
                if not self._journey.cancelled() or _being_cancelled():
                    raise
                ended = "left"
            except Exception as error:  # noqa: BLE001 - a bug must not take the terminal from the next resident
                # The message may quote personal data: only the type and the place are logged.
                log.error("journey_failed", error=type(error).__name__, at=_where(error))
                ended = "failed"
            finally:
                self._journey = self._session = None
                left = _left_behind(journey.session)
                journey.session.wipe()
                self._terminal.lights.all_off()
                self._terminal.loudness.reset()
            log.info("session_ended", session=journey.session.id, ended=ended)
            if ended == "failed":
                await self._tell_failure()
            if left:
                await self._remind(left)
            # First what has nothing of the resident on it: whoever looks at the screen now is not told their name.
            self.stage.show(self._front())
            self.stage.reset()
            self.session_open = False
            self.on_session_ended(ended)
        await self._terminal.link.rest()
        if await self._open_intents():
            await self._finish(texts.FINISHING)
        if reported and (report := self._pack.services.get(ESCALATION)) is not None:
            await self._serve(report, reported)

    async def _tell_failure(self) -> None:
        screen = Message(
            question=texts.INTERNAL_FAULT,
            speech=texts.INTERNAL_FAULT_BODY,
            tone=Tone.PROBLEM,
            body=texts.INTERNAL_FAULT_BODY,
            buttons=(Choice("ok", texts.TO_HOME),),
            idle_s=None,
        )
        try:
            await asyncio.wait_for(self.stage.ask(screen), 15.0)
        except TimeoutError:
            return

    async def _remind(self, left: tuple[Text, ...]) -> None:
        """A session that ended early, in whatever way, had no goodbye. No reader can tell whether a card still lies
        there (GA/T 467 answers "not found" for a card already read), nor the camera's picture whether a paper does, so
        it is always said."""
        said = Text("，".join(each.zh for each in left), ". ".join(each.en for each in left))
        screen = Goodbye(question=left[0], speech=said, reminders=(*left, texts.DATA_GONE))
        asking = self.stage.ask(screen)
        try:
            await asyncio.wait_for(asking, self._terminal.settings.goodbye_s)
        except TimeoutError:
            return

    async def _open_intents(self) -> bool:
        return bool(await self._terminal.journal.open_intents())

    async def _finish(self, question: Text) -> None:
        """Resolve what is open, showing so; the home screen comes after a while in any case."""
        if await self._open_intents():
            self.stage.show(Working(question=question, speech=question))
        self._resolving = asyncio.create_task(self._resolve())
        await asyncio.wait({self._resolving}, timeout=self._terminal.settings.recovery_patience_s)

    async def _resolve(self) -> None:
        async with self._floor:
            try:
                await self._recovery.resolve_open()
            except Exception as error:  # noqa: BLE001 - tried again at the next round
                log.error("recovery_failed", error=type(error).__name__, at=_where(error))

    # --- health -----------------------------------------------------------------------------------------------------

    @property
    def _backend_reachable(self) -> bool:
        return self._terminal.link.way.reachable

    async def _watch_health(self) -> None:
        resting = served = 0.0
        while True:
            await self._sleep_until_asked(_HEALTH_S)
            if self._floor.locked():
                served += _HEALTH_S
                if served < _SESSION_S:
                    self._health_round()
                continue
            served = 0.0
            try:
                await self._check_health()
                self._health_round()
                resting += _HEALTH_S
                if resting >= _RETRY_S:
                    resting = 0.0
                    if await self._open_intents():
                        await self._resolve()
            except Exception as error:  # noqa: BLE001 - looked at again in the next round
                log.error("health_check_failed", error=type(error).__name__, at=_where(error))

    async def _sleep_until_asked(self, seconds: float) -> None:
        """For so long, but not when the way to the backend has just come into doubt."""
        way = self._terminal.link.way
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(_LINE_S, left))
            if way.watched and way.due and not self._floor.locked():
                return

    async def _ask_backend(self, a_session_follows: bool) -> None:
        link = self._terminal.link
        if not (a_session_follows or link.way.due):
            return
        # Silence just before a session counts: nobody is led into a service that ends in the middle.
        for _ in range(_HELLO_TRIES if a_session_follows else 1):
            answered = isinstance(await link.hello(), Hello)
            link.way.heard(answered)
            if answered:
                break
        if not a_session_follows and link.way.watched:
            await link.rest()

    async def _check_health(self, *, a_session_follows: bool = False) -> None:
        before = self._home()
        devices = self._terminal.devices
        await asyncio.gather(self._ask_backend(a_session_follows), devices.refresh(), return_exceptions=True)
        if self._home() != before:
            log.info("availability_changed")
            self._health_changed.set()


def _left_behind(session: Session) -> tuple[Text, ...]:
    """What may still lie on the terminal. Nothing where the session was wiped: then the goodbye has been said."""
    card = (texts.TAKE_CARD,) if session.card is not None else ()
    return (*card, *((texts.TAKE_ORIGINAL,) if session.paper_on_glass else ()))


def _being_cancelled() -> bool:
    """True when this task itself is to end (the program stops), not only the journey below it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _where(error: BaseException) -> str:
    """File and line of the innermost frame, without any values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
