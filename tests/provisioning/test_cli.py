"""One command, lazily put together."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from provisioning import cli

HEAVY = ("kivy", "fastapi", "numpy", "cv2", "pydantic", "rich", "httpx", "asyncio")


def test_help_lists_every_part() -> None:
    result = CliRunner().invoke(cli.app, ["--help"])
    assert result.exit_code == 0
    for name, part in cli.PARTS.items():
        assert f"{name} " in result.output
        assert part.help in " ".join(result.output.split()), f"the help of {name} is cut short: too long"


def test_help_imports_no_part() -> None:
    code = (
        "import sys; from provisioning.entry import main\n"
        "sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        f"print('IMPORTED', [m for m in {HEAVY!r} if sys.modules.get(m)])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "IMPORTED []"


def test_no_traceback_of_ours_shows_local_variables() -> None:
    code = (
        "import sys; from provisioning.entry import main\n"
        "def serve():\n"
        "    card_number = 'SECRET'\n"
        "    import structlog\n"
        "    try: raise RuntimeError('broken')\n"
        "    except RuntimeError: structlog.get_logger().exception('fault')\n"
        "    raise RuntimeError('broken')\n"
        "import provisioning.preflight as part\n"
        "part.problems = serve\n"
        "sys.argv[1:] = ['preflight']\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = result.stdout + result.stderr
    assert result.returncode == 1
    assert said.count("RuntimeError: broken") == 2
    # The line of code itself is not in a file, so only a dump of variables could show this.
    assert "SECRET" not in said


def test_an_unknown_part_is_an_error_without_a_traceback() -> None:
    result = CliRunner().invoke(cli.app, ["nonsense"])
    assert result.exit_code == 2
    assert "nonsense" in result.output


def test_a_part_is_called_with_its_own_help() -> None:
    result = CliRunner().invoke(cli.app, ["run", "--help"])
    assert result.exit_code == 0
    assert "--cabinet-port" in result.output
    assert "menkou run" in result.output or "run [OPTIONS]" in result.output


@pytest.mark.parametrize("name", [name for name, part in cli.PARTS.items() if part.group])
def test_a_group_keeps_its_subcommands(name: str) -> None:
    """Typer makes an app with one subcommand that very command; `menkou sandbox serve` must stay as it is."""
    code = f"from provisioning.cli import load; print(sorted(load({name!r}).commands))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr.strip().splitlines()[-1]
    assert result.stdout.strip() != "[]"
