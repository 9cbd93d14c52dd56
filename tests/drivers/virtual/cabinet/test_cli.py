from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from typer.testing import CliRunner

from drivers.cli import app

START_S = 60.0


def test_options_are_those_the_stack_uses() -> None:
    text = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    for option in ("--host", "--port", "--run-dir", "--sandbox-url", "--backend-url", "--network-port", "--vnc-port"):
        assert option in text
    for option in ("--display", "--fbdir", "--speed", "--terminal"):
        assert option in text


def test_starts_answers_and_ends_on_sigterm(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "drivers.cli", "serve", "--port", "0", "--network-port", "0"]
    argv += ["--without", "smart_card", "--without", "document_printer"]
    process = subprocess.Popen([*argv, "--run-dir", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = next(line.split()[-1] for line in process.stdout if line.startswith("Virtual cabinet:"))
        with httpx.stream("GET", f"{url}camera/stream", timeout=START_S, trust_env=False) as stream:
            assert next(stream.iter_bytes()).startswith(b"--frame")
            assert httpx.get(f"{url}healthz", timeout=START_S, trust_env=False).status_code == 200
            process.send_signal(signal.SIGTERM)
            process.stdout.read()
            assert process.wait(START_S) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    finally:
        process.kill()
        process.wait()
    assert not (tmp_path / "dev" / "id_reader").is_symlink()


def test_taken_port_is_said_plainly(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["serve", "--port", str(port), "--run-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "Cannot listen" in result.output


def test_two_in_one_folder_are_refused(tmp_path: Path) -> None:
    """The second one would take the first one's devices away."""
    with (tmp_path / "cabinet.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = CliRunner().invoke(app, ["serve", "--run-dir", str(tmp_path), "--port", "0"])
    assert result.exit_code == 1
    assert f"A cabinet is running in {tmp_path} already" in result.stderr


def test_unknown_device_is_said() -> None:
    result = CliRunner().invoke(app, ["serve", "--without", "toaster"], env={"COLUMNS": "300", "NO_COLOR": "1"})
    assert result.exit_code == 2
    assert "toaster" in result.output
