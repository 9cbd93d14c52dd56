"""`python3.11 -m provisioning.setup run|dev`: everything `make run` (or `make test`) needs, and nothing twice."""

from __future__ import annotations

import fcntl
import hashlib
import json
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from provisioning.setup import packages
from provisioning.setup.environment import Environment, run
from provisioning.setup.say import SetupError, line, timed
from provisioning.setup.stamps import Stamps, digest

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = {"run": ("build", "kiosk", "backend"), "dev": ("build", "kiosk", "backend", "test")}
LOCKS = {"run": "runtime.txt", "dev": "dev.txt"}


@dataclass(frozen=True)
class Step:
    """One thing to have done: redone when the hash of its inputs changes or an output is gone."""

    name: str
    says: str
    key: str
    outputs: tuple[Path, ...]
    do: Callable[[], None]
    also_done_by: tuple[str, str] | None = None  # (step, key) of a superset of this one


def project_key(file: Path) -> str:
    """Changes with what is installed (names, commands, packages), not with a linter's setting."""
    project = tomllib.loads(file.read_text(encoding="utf-8"))
    installed = [project.get("build-system"), project.get("project"), project.get("tool", {}).get("hatch")]
    return hashlib.sha256(json.dumps(installed, sort_keys=True).encode()).hexdigest()


def steps(root: Path, profile: str, python: str) -> list[Step]:
    env = Environment(root, python)
    locks = {name: digest(root, [env.locks / "build.txt", env.locks / LOCKS[name]], python) for name in LOCKS}
    project = project_key(root / "pyproject.toml")
    uv_lock = digest(root, [env.locks / "uv.txt"])
    fonts = root / "build/fonts/NotoSansCJKsc-Bold.otf"  # the last one written
    content = root / "build/content"
    checks = digest(root, [root / "provisioning/preflight.py", root / "provisioning/packages.txt"])

    def module(name: str, *arguments: str) -> Callable[[], None]:
        return lambda: run([env.python, "-m", name, *arguments], root, f"{name} {' '.join(arguments)}".strip())

    environment = Step(
        f"environment-{profile}",
        "Installing the Python packages, each checked by its hash (some 300 MB the first time)",
        locks[profile],
        (env.python,),
        lambda: env.install_locked(LOCKS[profile]),
        also_done_by=("environment-dev", locks["dev"]),
    )
    provider = Step(
        "oidc-provider",
        "Installing an OpenID provider for the tests (some 15 MB)",
        digest(root, [env.locks / "oidc-provider.txt"], python),
        (env.oidc_provider,),
        env.install_oidc_provider,
    )
    return [
        Step("uv", "Getting uv, which installs the Python packages", uv_lock, (env.uv,), env.install_uv),
        environment,
        Step("project", "Installing Menkou itself into .venv", project, (env.menkou,), env.install_project),
        Step(
            "fonts",
            "Taking the Simplified Chinese faces out of Noto CJK",
            digest(root, [root / "kiosk/ui/fonts.py"]),
            (fonts,),
            module("kiosk.ui.fonts"),
        ),
        Step(
            "content",
            "Building the content (services, guides, templates)",
            digest(root, [root / "content"]),
            (content,),
            lambda: run([env.menkou, "content", "build"], root, "menkou content build"),
        ),
        Step(
            "preflight",
            "Checking that every part loads on this machine",
            digest(root, [env.locks / "runtime.txt"], checks),
            (),
            module("provisioning.preflight"),
        ),
        *([provider] if profile == "dev" else []),
    ]


def set_up(root: Path, profile: str, python: str) -> None:
    """Do what is missing. Raises SetupError; whatever was done until then is on record."""
    started = time.monotonic()
    work = root / ".setup"
    work.mkdir(exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            line("Another set-up of this folder is at work; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        stamps = Stamps(work / "stamps.json")
        did = packages.ensure(
            packages.select(packages.read_list(root / "provisioning/packages.txt"), SECTIONS[profile])
        )
        for step in steps(root, profile, python):
            if stamps.holds(step.name, step.key, step.outputs):
                continue
            if step.also_done_by and stamps.holds(*step.also_done_by, step.outputs):
                continue
            stamps.drop(step.name)
            with timed(step.says):
                step.do()
            stamps.put(step.name, step.key)
            did = True
    if did:
        line(f"Set-up complete in {time.monotonic() - started:.0f} s.")


def main(arguments: list[str]) -> int:
    profile = arguments[0] if arguments else "run"
    if profile not in SECTIONS:
        line(f"usage: python3.11 -m provisioning.setup {'|'.join(SECTIONS)}")
        return 2
    try:
        set_up(ROOT, profile, sys.executable)
    except SetupError as stopped:
        line(f"\nSet-up stopped: {stopped}")
        return 1
    except KeyboardInterrupt:
        line("\nSet-up interrupted. Run the same command again: it continues where it stopped.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
