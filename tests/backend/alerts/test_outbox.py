"""Messages leave at least once and, while nobody dies, exactly once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from backend.alerts.channels.base import Failure, Outgoing
from backend.alerts.channels.email import Email
from backend.alerts.channels.sms import Sms
from backend.alerts.channels.webhook import Webhook, is_allowed, signature
from backend.alerts.models import AlertMessage
from backend.alerts.outbox import Outbox, pause_after
from backend.alerts.settings import AlertsSettings
from backend.db.engine import Sessions, writing
from tests.backend.alerts.fleet import START
from tests.backend.alerts.smtp import MailServer, mail_server

OUTGOING = Outgoing("m1", "zhang@example.org", "【告警】青山市 终端离线", "地点：青山市\n.\n开始", {"alert_id": "a1"})


class Recorder:
    """A channel that remembers, and fails as often as told."""

    def __init__(self, failures: int = 0, final: bool = False) -> None:
        self.sent: list[str] = []
        self.tried: list[str] = []
        self.failures = failures
        self.final = final
        self.gate: asyncio.Event | None = None

    async def send(self, message: Outgoing) -> Failure | None:
        self.tried.append(message.message_id)
        if self.gate is not None:
            await self.gate.wait()
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            return Failure("refused", self.final)
        self.sent.append(message.message_id)
        return None


class Post:
    """An outbox's table under a clock."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.now = START
        self.settings = AlertsSettings(channel_timeout_s=0.2)

    def worker(self, channel: Recorder) -> Outbox:
        return Outbox(self.sessions, {"webhook": channel}, self.settings, clock=lambda: self.now)

    async def write(self, count: int = 1, alert: str = "", address: str = "https://a.example.org/") -> list[str]:
        async with writing(self.sessions) as session:
            made = [
                AlertMessage(
                    message_id=uuid4().hex,
                    alert_id=alert or uuid4().hex,
                    kind="alert",
                    channel="webhook",
                    address=address,
                    title="t",
                    text="t",
                    facts={},
                    state="waiting",
                    created_at=self.now,
                    next_at=self.now,
                )
                for _ in range(count)
            ]
            for one in made:
                session.add(one)
                await session.flush()
            await session.commit()
        return [one.message_id for one in made]

    async def rows(self) -> list[AlertMessage]:
        async with self.sessions() as session:
            return list(await session.scalars(select(AlertMessage).order_by(AlertMessage.number)))


@pytest.fixture
def post(sessions: Sessions) -> Post:
    return Post(sessions)


async def test_workers_side_by_side_send_nothing_twice(post: Post) -> None:
    written = await post.write(100)
    channel = Recorder()
    await asyncio.gather(*(post.worker(channel).run() for _ in range(4)))
    assert sorted(channel.sent) == sorted(written)
    assert {row.state for row in await post.rows()} == {"sent"}


async def test_it_is_tried_again_later_and_later(post: Post) -> None:
    await post.write()
    channel = Recorder(failures=3)
    for tries in (1, 2, 3):
        await post.worker(channel).run()
        await post.worker(channel).run()  # not yet
        assert len(channel.tried) == tries
        post.now += pause_after(tries)
    await post.worker(channel).run()
    assert len(channel.sent) == 1
    assert len(set(channel.tried)) == 1  # the same id every time


async def test_it_is_given_up_and_stays_visible(post: Post) -> None:
    await post.write()
    channel = Recorder(failures=100)
    for _ in range(post.settings.outbox_attempts + 3):
        await post.worker(channel).run()
        post.now += timedelta(hours=1)
    (row,) = await post.rows()
    assert (row.state, row.error, row.attempts) == ("given-up", "refused", post.settings.outbox_attempts)


async def test_what_cannot_help_is_not_repeated(post: Post) -> None:
    await post.write()
    await post.worker(Recorder(failures=1, final=True)).run()
    (row,) = await post.rows()
    assert (row.state, row.attempts) == ("given-up", 1)


async def test_a_killed_worker_s_messages_are_sent_by_another(post: Post) -> None:
    (written,) = await post.write()
    stuck = Recorder()
    stuck.gate = asyncio.Event()
    dying = asyncio.create_task(post.worker(stuck).run())
    while not stuck.tried:
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    other = Recorder()
    await post.worker(other).run()
    assert other.sent == []  # the lease still holds
    post.now += timedelta(minutes=5)
    await post.worker(other).run()
    assert other.sent == [written]


async def test_a_slow_receiver_holds_up_nobody_else(post: Post) -> None:
    await post.write(3)

    class Slow:
        async def send(self, message: Outgoing) -> Failure | None:
            await asyncio.sleep(60)
            return None

    box = Outbox(post.sessions, {"webhook": Slow()}, post.settings, clock=lambda: post.now)
    await box.run()
    assert {(row.state, row.error) for row in await post.rows()} == {("waiting", "timeout")}


async def test_an_all_clear_never_overtakes_its_alert(post: Post) -> None:
    first, second = await post.write(2, alert="a1")
    channel = Recorder(failures=1)
    await post.worker(channel).run()
    assert channel.tried == [first]
    post.now += timedelta(minutes=1)
    await post.worker(channel).run()
    assert channel.sent == [first, second]


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as made:
        yield made


def email_to(server: MailServer) -> Email:
    return Email(
        AlertsSettings(
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_tls="none",
            smtp_from="desk@example.org",
            channel_timeout_s=0.5,
        )
    )


async def test_a_mail_arrives_in_chinese(server: MailServer) -> None:
    assert await email_to(server).send(OUTGOING) is None
    (mail,) = server.mails
    assert mail["Subject"] == OUTGOING.title
    assert mail["Message-ID"] == "<m1@example.org>"
    assert mail.get_content().replace("\r\n", "\n").strip() == OUTGOING.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mode", "final"), [("busy", False), ("unknown", True), ("silent", False), ("half", False)])
async def test_a_mail_server_in_trouble(server: MailServer, mode: str, final: bool) -> None:
    server.mode = mode
    failure = await email_to(server).send(OUTGOING)
    assert failure is not None
    assert failure.final is final


@pytest.mark.parametrize("address", ["zhang", "a@b\r\nBcc: c@d.example", "Zhang <a@b.example>", "a b@c.example", ""])
async def test_no_mail_to_a_made_up_address(server: MailServer, address: str) -> None:
    failure = await email_to(server).send(Outgoing("m", address, "t", "t", {}))
    assert failure == Failure("address", final=True)
    assert server.mails == []


async def test_a_webhook_is_signed() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202)

    settings = AlertsSettings(webhook_key=SecretStr("key"))
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        hook = Webhook(client, settings)
        outgoing = Outgoing("m1", "https://hooks.example.org/x", "标题", "t", {"rule": "offline"})
        assert await hook.send(outgoing) is None
    (request,) = seen
    assert request.headers["Menkou-Signature"] == signature(b"key", request.headers["Menkou-Time"], request.content)
    assert json.loads(request.content)["message_id"] == request.headers["Menkou-Message"] == "m1"


@pytest.mark.parametrize(("status", "final"), [(500, False), (429, False), (302, False), (410, True)])
async def test_a_webhook_s_receiver_in_trouble(status: int, final: bool) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, headers={"location": "http://10.0.0.1/"}))
    async with httpx.AsyncClient(transport=transport) as client:
        hook = Webhook(client, AlertsSettings(webhook_key=SecretStr("key")))
        assert await hook.send(Outgoing("m", "https://a.example.org", "t", "t", {})) == Failure(f"http-{status}", final)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://hooks.example.org/x", True),
        ("http://hooks.example.org/x", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://localhost/", False),
        ("https://db.internal/", False),
        ("https://user:pass@hooks.example.org/", False),
        ("http://bell.house:8080/", True),
        ("ftp://bell.house/", False),
        ("https://[", False),
    ],
)
def test_where_a_webhook_may_go(address: str, allowed: bool) -> None:
    assert is_allowed(address, frozenset({"bell.house"})) is allowed


async def test_a_text_message_is_short_and_has_the_link() -> None:
    sent: list[tuple[str, str, str]] = []

    class Port:
        async def send(self, phone: str, text: str, message_id: str) -> bool:
            sent.append((phone, text, message_id))
            return True

    link = "https://desk.example.org/console/alerts/a1"
    assert await Sms(Port()).send(Outgoing("m1", "13900000000", "长" * 300, "t", {"link": link})) is None
    ((_, text, _),) = sent
    assert len(text) <= 210
    assert text.endswith(link)
    assert await Sms(Port()).send(Outgoing("m1", "call me", "t", "t", {})) == Failure("address", final=True)
