"""Prometheus is told what it may know, and nobody else anything."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from backend.operations.jobs import JobLease, Lease
from tests.backend.desk import Desk


async def _read(desk: Desk, address: str = "127.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(desk.app, client=(address, 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.invalid") as client:
        return await client.get("/metrics", headers={name.replace("_", "-"): value for name, value in headers.items()})


def _samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_figures(desk: Desk) -> None:
    kiosks = await desk.seed()

    async def run(lease: Lease) -> None: ...

    desk.app.state.jobs.add("some-job", 60, run)
    assert await desk.app.state.jobs.run_once("some-job")
    await desk.get("/nowhere/519999199001010017", None)
    await desk.get("/healthz", None)
    reply = await _read(desk)
    assert reply.status_code == 200
    assert "519999199001010017" not in reply.text
    samples = _samples(reply.text)
    assert samples["menkou_database_up",] == 1
    assert samples["menkou_kiosks", "health=planned"] == kiosks
    assert samples["menkou_job_runs_total", "job=some-job", "result=done"] >= 1
    assert samples["menkou_http_requests_total", "method=GET", "route=(none)", "status=404"] >= 1
    assert samples["menkou_http_requests_total", "method=GET", "route=/healthz", "status=200"] >= 1
    async with desk.sessions() as session:
        finished = await session.scalar(select(JobLease.finished_at).where(JobLease.name == "some-job"))
    assert finished is not None
    assert samples["menkou_job_finished_timestamp_seconds", "job=some-job"] == pytest.approx(finished.timestamp())


async def test_figures_without_a_database(desk: Desk) -> None:
    async with desk.app.state.engine.begin() as connection:
        from sqlalchemy import text

        await connection.execute(text("DROP TABLE job_lease"))
    samples = _samples((await _read(desk)).text)
    assert samples["menkou_database_up",] == 0


@pytest.mark.parametrize(
    ("token", "address", "headers", "seen"),
    [
        ("", "127.0.0.1", {}, True),
        ("", "::1", {}, True),
        ("", "192.0.2.7", {}, False),
        ("", "127.0.0.1", {"x_forwarded_for": "192.0.2.7"}, False),
        ("", "192.0.2.7", {"authorization": "Bearer "}, False),
        ("a-long-token", "127.0.0.1", {}, False),
        ("a-long-token", "192.0.2.7", {"authorization": "Bearer a-long-token"}, True),
        ("a-long-token", "192.0.2.7", {"authorization": "Bearer another"}, False),
        ("a-long-token", "127.0.0.1", {"authorization": "Basic a-long-token"}, False),
    ],
)
async def test_who_may_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, token: str, address: str, headers: dict[str, str], seen: bool
) -> None:
    monkeypatch.setenv("MENKOU_OPERATIONS_METRICS_TOKEN", token)
    assert (await _read(desk, address, **headers)).status_code == (200 if seen else 404)
