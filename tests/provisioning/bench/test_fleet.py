"""The fleet's measurement itself: what it counts, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisioning.bench import fleet
from provisioning.bench.fleet_people import sink
from provisioning.bench.fleet_report import Report
from provisioning.bench.processes import cost, cpu_s, family


def test_processor_time_of_a_family_is_counted() -> None:
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    parent = subprocess.Popen([sys.executable, "-c", work], start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while cpu_s([parent.pid]) < 0.3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(family([parent.pid])) == 2
        assert cpu_s([parent.pid]) >= 0.3
        assert cost([parent.pid]).memory > 1 << 20
    finally:
        os.killpg(parent.pid, 9)
        parent.wait()


def test_what_could_not_be_measured_is_a_miss(tmp_path: Path) -> None:
    report = Report("title")
    report.add("good", "1", "≤ 2", True)
    report.add("without a budget", "7")
    report.fault("console, list", "status 404")
    assert report.missed == ["console, list"]
    assert "| console, list | not measured | – | **no** | status 404 |" in report.table()
    assert [row["met"] for row in json.loads(report.write(tmp_path).read_text())["rows"]] == [True, None, False]


@pytest.mark.parametrize(
    "arguments",
    [["--shape", "caddy"], ["--shape", "embedded", "--kiosks", "20000"], ["--parts", "steady,dance"]],
)
def test_what_cannot_be_measured_is_refused_before_anything_starts(arguments: list[str]) -> None:
    assert CliRunner().invoke(fleet.app, arguments).exit_code == 2


async def test_the_sink_keeps_what_is_about_a_silent_kiosk() -> None:
    async with sink() as to:
        for text in ('{"rule":"offline","subject":"kiosk:K-1"}', '{"rule":"offline","subject":"kiosk:K-2"}', "{}"):
            reader, writer = await asyncio.open_connection("127.0.0.1", to.port)
            writer.write(f"POST /alerts HTTP/1.1\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            assert (await reader.read()).startswith(b"HTTP/1.1 204")
            writer.close()
        assert len(to.messages) == 3
        assert len(to.about("K-1")) == 1
        assert to.environment()["MENKOU_ALERTS_FALLBACK_WEBHOOK"].endswith(f":{to.port}/alerts")
