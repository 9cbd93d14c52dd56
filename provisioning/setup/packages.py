"""The list of Debian packages, and getting the missing ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from provisioning.setup.say import SetupError, line, timed

POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = """#!/bin/sh
# Written by Menkou's set-up while it installs packages: no daemon starts. Removed afterwards.
exit 101
"""


def read_list(path: Path) -> dict[str, list[str]]:
    """Section → package names of a list file. `#` starts a comment; a name before any section is an error."""
    sections: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = raw.partition("#")[0].strip()
        if not text:
            continue
        if text.startswith("[") and text.endswith("]"):
            current = sections.setdefault(text[1:-1].strip(), [])
        elif current is None or len(text.split()) != 1:
            raise ValueError(f"{path.name}, line {number}: expected one package name inside a [section]")
        else:
            current.append(text)
    return sections


def select(sections: Mapping[str, Sequence[str]], wanted: Iterable[str]) -> list[str]:
    """The packages of the wanted sections, each once, in the file's order."""
    return list(dict.fromkeys(name for section in wanted for name in sections[section]))


def parse_status(output: str) -> set[str]:
    """Names that `dpkg-query -W -f '${Package} ${db:Status-Status}\\n'` reports as installed."""
    return {words[0] for words in (text.split() for text in output.splitlines()) if words[1:] == ["installed"]}


def missing(names: Sequence[str]) -> list[str]:
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        text=True,
        check=False,  # it answers 1 when one of the names is unknown
    )
    present = parse_status(query.stdout)
    return [name for name in names if name not in present]


def install_command(names: Sequence[str]) -> list[str]:
    return ["apt-get", "install", "--yes", "--no-install-recommends", *names]


def by_hand(names: Sequence[str], why: str) -> SetupError:
    """The sentence for a machine where set-up may not install anything itself."""
    command = "apt-get update && " + " ".join(install_command(names))
    return SetupError(f"{why}\nPlease run this as root, then try again:\n\n    {command}\n")


def privilege() -> list[str] | None:
    """The words to put before apt-get: none for root, sudo where it works, None where there is no way."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo"]
    return ["sudo"] if sys.stdin.isatty() else None


@contextmanager
def daemons_stay_off(root: Sequence[str]) -> Iterator[None]:
    """No service of a freshly installed package starts; a policy that was there before is left alone."""
    if POLICY.exists():
        yield
        return
    subprocess.run(
        [*root, "sh", "-c", f"cat >{POLICY} && chmod 755 {POLICY}"], input=POLICY_TEXT, text=True, check=True
    )
    try:
        yield
    finally:
        subprocess.run([*root, "rm", "-f", str(POLICY)], check=False)


def ensure(names: Sequence[str]) -> bool:
    """Install what is missing of `names`; True when something was. Raises SetupError with the command to run."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        raise SetupError(
            "This system has no apt. Menkou is set up on Debian 12 (bookworm); elsewhere install the equivalents of\n"
            f"provisioning/packages.txt yourself: {' '.join(names)}"
        )
    absent = missing(names)
    if not absent:
        return False
    root = privilege()
    if root is None:
        raise by_hand(absent, f"{len(absent)} system packages are missing, and only root may install them.")
    if root:
        line("    (sudo is used for apt-get only; it may ask for your password)")
    environment = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    with timed(f"Installing {len(absent)} system packages with apt: {' '.join(absent)}"), daemons_stay_off(root):
        for command in (["apt-get", "update"], install_command(absent)):
            quiet = [*root, *environment, command[0], "-qq", "-o", "Dpkg::Use-Pty=0", *command[1:]]
            # No standard input: apt would swallow what the person types for the next command.
            result = subprocess.run(quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            # A failed update may still leave usable lists; a failed install may not be passed over.
            if result.returncode != 0:
                line("    " + "\n    ".join((result.stdout + result.stderr).strip().splitlines()[-12:]))
                if command[1] == "install":
                    raise by_hand(absent, "apt-get refused (its last words are above).")
    still = missing(absent)
    if still:
        raise by_hand(still, "apt-get ended, but some packages are still missing.")
    return True
