"""The Python environment: uv in a small environment of its own, then `.venv` with everything locked by hash."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from provisioning.setup.say import SetupError

SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def tool_environment() -> dict[str, str]:
    """The person's own environment (mirrors, proxies), plus what makes it hold for pip and uv alike."""
    env = dict(os.environ)
    env["UV_PYTHON_DOWNLOADS"] = "never"
    env.setdefault("UV_HTTP_TIMEOUT", "180")
    env.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    if SYSTEM_CERTIFICATES.exists():  # the system's store also knows an organisation's own certificate authority
        env.setdefault("UV_SYSTEM_CERTS", "true")
        env.setdefault("PIP_CERT", str(SYSTEM_CERTIFICATES))
    if "PIP_INDEX_URL" in env:  # a mirror set for pip counts for uv too
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    env.pop("VIRTUAL_ENV", None)
    return env


NETWORK = """
If it could not download: is the network there? pip and uv use your own mirror settings (PIP_INDEX_URL or
UV_DEFAULT_INDEX)."""
AGAIN = "Set-up continues where it stopped: run the same command again."


def run(command: Sequence[str | Path], root: Path, what: str, advice: str = "") -> None:
    result = subprocess.run(
        [str(word) for word in command], cwd=root, env=tool_environment(), stdin=subprocess.DEVNULL, check=False
    )
    if result.returncode != 0:
        raise SetupError(f"{what} failed (exit code {result.returncode}; the reason is above).{advice}\n{AGAIN}")


class Environment:
    def __init__(self, root: Path, python: str) -> None:
        self.root = root
        self.base_python = python
        self.locks = root / "requirements"
        self.uv = root / ".uv/bin/uv"
        self.python = root / ".venv/bin/python"
        self.menkou = root / ".venv/bin/menkou"
        self.oidc_provider = root / ".setup/oidc-provider/bin/python"

    def install_uv(self) -> None:
        run([self.base_python, "-m", "venv", "--clear", ".uv"], self.root, "Making the environment for uv")
        run(
            [".uv/bin/python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", self.locks / "uv.txt"],
            self.root,
            "Installing uv",
            NETWORK,
        )

    def _healthy(self) -> bool:
        """A `.venv` that starts. One that was copied, or whose interpreter went away, is made anew."""
        try:
            check = subprocess.run([self.python, "-c", "import sys"], capture_output=True, check=False)
        except OSError:
            return False
        return check.returncode == 0

    def install_locked(self, lock: str) -> None:
        if not self._healthy():
            venv: list[str | Path] = [self.uv, "venv", "--quiet", "--clear", "--python", self.base_python, ".venv"]
            run(venv, self.root, "Making .venv")
        install: list[str | Path] = [self.uv, "pip", "install", "--quiet", "--python", self.python, "--require-hashes"]
        constraints: list[str | Path] = ["--build-constraints", self.locks / "build.txt"]
        run(
            [*install, *constraints, "-r", self.locks / lock],
            self.root,
            "Installing the locked Python packages",
            NETWORK,
        )

    def install_oidc_provider(self) -> None:
        """In an environment of its own: its libraries and ours need not agree."""
        apart = self.oidc_provider.parents[1]
        venv: list[str | Path] = [self.uv, "venv", "--quiet", "--clear", "--python", self.base_python, apart]
        run(venv, self.root, "Making the OpenID provider's environment")
        install: list[str | Path] = [self.uv, "pip", "install", "--quiet", "--python", self.oidc_provider]
        locked: list[str | Path] = [
            "--require-hashes",
            "--only-binary",
            ":all:",
            "-r",
            self.locks / "oidc-provider.txt",
        ]
        run([*install, *locked], self.root, "Installing the OpenID provider", NETWORK)

    def install_project(self) -> None:
        install: list[str | Path] = [self.uv, "pip", "install", "--quiet", "--python", self.python, "--no-deps"]
        constraints: list[str | Path] = ["--build-constraints", self.locks / "build.txt"]
        run([*install, *constraints, "--editable", self.root], self.root, "Installing Menkou itself", NETWORK)
