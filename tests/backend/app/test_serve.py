"""The commands as processes of their own, on real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_backend_and_sandbox_find_each_other(tmp_path: Path, pack: Path) -> None:
    """Started in any order, they leave each other their public keys; a signed call passes."""
    backend_port, sandbox_port = _free_port(), _free_port()
    backend, sandbox = f"http://127.0.0.1:{backend_port}", f"http://127.0.0.1:{sandbox_port}"
    environment = {
        **os.environ,
        "MENKOU_BACKEND_VAR_DIR": str(tmp_path / "backend"),
        "MENKOU_BACKEND_SANDBOX_DIR": str(tmp_path / "sandbox"),
        "MENKOU_BACKEND_CONTENT_DIR": str(pack),
        "MENKOU_BACKEND_PORT": str(backend_port),
        "MENKOU_FLEET_KIOSK_PORT": str(_free_port()),
        "MENKOU_BACKEND_PUBLIC_URL": backend,
        "MENKOU_BACKEND_EXCHANGE_URL": f"{sandbox}/exchange",
        "MENKOU_BACKEND_ALIPAY_GATEWAY": f"{sandbox}/alipay/gateway.do",
        "MENKOU_SANDBOX_VAR_DIR": str(tmp_path / "sandbox"),
        "MENKOU_SANDBOX_PORT": str(sandbox_port),
        "MENKOU_SANDBOX_MERCHANT_PUBLIC_KEY": str(tmp_path / "backend" / "alipay_merchant_public.pem"),
    }
    token = _run("backend.cli", ["token", "kiosk-1"], environment)
    logs = [(tmp_path / name).open("w+") for name in ("backend.log", "sandbox.log")]
    processes = [
        subprocess.Popen(_command(module, ["serve"]), env=environment, stderr=log)
        for module, log in zip(("backend.cli", "backend.sandbox.cli"), logs, strict=True)
    ]
    try:
        for url in (f"{backend}/readyz", f"{sandbox}/healthz"):
            _wait_for(url)
        with httpx.Client(
            base_url=f"{backend}/api/kiosk/v1", headers={"Authorization": f"Bearer {token}"}, trust_env=False
        ) as kiosk:
            query = {"service_id": "water-bill", "account": "035012342718"}
            bill = kiosk.post("/bills/query", json=query, timeout=30).json()
            request = {"intent_id": "intent-00001", "channel": "alipay_qr", "service_id": "water-bill"}
            request |= {"bill_id": bill["bill_id"], "amount_fen": bill["amount_fen"]}
            payment = kiosk.post("/payments", json=request, timeout=30).json()
            assert payment["state"] == "pending"
            httpx.post(
                f"{sandbox}/wallet/pay", json={"qr_code": payment["qr_code"]}, timeout=30, trust_env=False
            ).raise_for_status()
            deadline = time.monotonic() + 30
            while not payment["posted"] and time.monotonic() < deadline:
                time.sleep(0.1)
                payment = kiosk.get("/payments/intent-00001", timeout=30).json()
            assert payment["posted"]
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(30) for process in processes]
    for log in logs:
        log.seek(0)
        text = log.read()
        assert "035012342718" not in text
        assert payment["qr_code"] not in text
        log.close()
    assert all(code in (0, -15) for code in codes)


def _command(module: str, arguments: list[str]) -> list[str]:
    return [sys.executable, "-c", f"from {module} import app; app()", *arguments]


def _run(module: str, arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        _command(module, arguments), env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=60
    )
    return done.stdout.strip()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(url, timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, url
        time.sleep(0.1)
