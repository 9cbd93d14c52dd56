"""How this package joins the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import APIRouter, FastAPI

from backend.alerts.api import router as api
from backend.alerts.channels.base import Channel
from backend.alerts.channels.email import Email
from backend.alerts.channels.sms import ExchangeSms, Sms
from backend.alerts.channels.webhook import Webhook
from backend.alerts.desk_watch import DeskWatch
from backend.alerts.duty.api import router as duty_api
from backend.alerts.duty.pages import router as duty_pages
from backend.alerts.engine import Engine
from backend.alerts.outbox import Outbox
from backend.alerts.pages import router as pages
from backend.alerts.prune import Pruner
from backend.alerts.rule_pages import router as rule_pages
from backend.alerts.settings import AlertsSettings
from backend.alerts.supplies.sampler import Sampler
from backend.alerts.work.api import router as work_api
from backend.alerts.work.pages import router as work_pages
from backend.operations.jobs import Jobs
from backend.settings import BackendSettings
from backend.tuf_desk.repository import TufDesk

ROUTERS: tuple[APIRouter, ...] = (api, duty_api, work_api, rule_pages, pages, duty_pages, work_pages)
LANES = 2  # outboxes side by side, on different workers if there are several


@asynccontextmanager
async def opened(app: FastAPI, settings: BackendSettings, jobs: Jobs) -> AsyncIterator[None]:
    """While the app runs. `app.state.sessions` is there; jobs are added here and started afterwards."""
    own = AlertsSettings()
    tuf: TufDesk = app.state.tuf
    app.state.alerts_settings = own
    lanes = [f"alerts.outbox.{lane}" for lane in range(1, LANES + 1)]

    def wake() -> None:
        jobs.wake(lanes[0])

    engine = Engine(app.state.sessions, own, settings.public_url, wake_outbox=wake)
    async with httpx.AsyncClient(trust_env=settings.environment != "embedded", follow_redirects=False) as client:
        channels: dict[str, Channel] = {"sms": Sms(ExchangeSms(app.state.exchange))}
        if own.smtp_host:
            channels["email"] = Email(own)
        if own.webhook_key.get_secret_value():
            channels["webhook"] = Webhook(client, own)
        outbox = Outbox(app.state.sessions, channels, own)
        jobs.add("alerts", own.round_s, engine.round, lease_s=120)
        jobs.add("alerts.desk", 30, DeskWatch(app.state.sessions, jobs, signed=tuf.ends).run)
        jobs.add("alerts.supplies", 60, Sampler(app.state.sessions).run)
        jobs.add("alerts.prune", 3600, Pruner(app.state.sessions, own).run, lease_s=600)
        for lane in lanes:
            jobs.add(lane, own.outbox_s, outbox.run, lease_s=600)
        yield
