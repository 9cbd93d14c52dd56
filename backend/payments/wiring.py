"""Payments as part of the app's life: keys, gateway client, worker, sweeper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from backend.payments.alipay_client import AlipayClient, AlipayConfig
from backend.payments.keys import open_keys
from backend.payments.service import PaymentService
from backend.payments.sweeper import Sweeper, sweeping
from backend.payments.worker import PaymentWorker
from backend.settings import BackendSettings

NOTIFY_PATH = "/pay/alipay/notify"


@asynccontextmanager
async def open_payments(app: FastAPI, settings: BackendSettings, client: httpx.AsyncClient) -> AsyncIterator[None]:
    """Set app.state.payments and .sweeper; needs .sessions and .exchange."""
    keys = await asyncio.to_thread(open_keys, settings)
    config = AlipayConfig(
        settings.alipay_gateway,
        settings.alipay_app_id,
        settings.alipay_seller_id,
        settings.public_url.rstrip("/") + NOTIFY_PATH,
        settings.gateway_timeout_s,
    )
    alipay = AlipayClient(config, keys, client)
    worker = PaymentWorker(app.state.sessions, alipay, app.state.exchange, settings.payment_expiry_s)
    if settings.environment == "embedded":
        await worker.leases.forget_all()  # embedded, we are the only process
    app.state.payment_worker = worker
    app.state.payments = PaymentService(worker)
    app.state.sweeper = Sweeper(worker, settings.sweep_interval_s)
    async with sweeping(app.state.sweeper):
        yield
