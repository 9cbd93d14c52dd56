"""Children are kept alive, given up on, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from provisioning.process import ChildFailed, Recipe, rotate
from provisioning.supervisor import BREAKER, Event, Happening, Supervisor

FOREVER = "import time; time.sleep(600)"
UNTIL_TOLD = "import time\nREADY\nwhile not os.path.exists('{}'): time.sleep(0.01)"


def recipe(folder: Path, name: str, code: str = FOREVER, **more: float) -> Recipe:
    """A Python child; ready as soon as it has written the file NAME.up."""
    up = folder / f"{name}.up"
    code = f"import os, pathlib, signal, subprocess, sys\n{code.replace('READY', up_code(up))}"

    async def ready() -> bool:
        return up.exists()

    return Recipe(name, [sys.executable, "-c", code], folder / f"{name}.log", {}, ready, **more)  # type: ignore[arg-type]


def up_code(up: Path) -> str:
    return f"pathlib.Path({str(up)!r}).write_text(str(os.getpid()))"


def gone(pid: int) -> bool:
    """No such process, or only its exit code is left (a stranger's child is reaped by whoever inherits it)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def until(condition: Callable[[], bool], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def told() -> list[Event]:
    return []


@pytest.fixture
async def supervisor(told: list[Event]) -> AsyncIterator[Supervisor]:
    made = Supervisor(told.append, back_off_s=(0.01,))
    yield made
    await made.stop()


async def test_children_stop_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    for name in ("first", "second", "third"):
        write = f"lambda *_: (open({str(order)!r}, 'a').write({name + ' '!r}), sys.exit(0))"
        code = f"signal.signal(signal.SIGTERM, {write})\nREADY\nsignal.pause()"
        await supervisor.launch(recipe(tmp_path, name, code))
    await supervisor.stop()
    assert order.read_text() == "third second first "
    assert supervisor.names() == []


async def test_a_child_that_ignores_sigterm_goes_with_its_own_children(supervisor: Supervisor, tmp_path: Path) -> None:
    code = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"helper = subprocess.Popen([sys.executable, '-c', {FOREVER!r}])\n"
        f"pathlib.Path({str(tmp_path / 'helper')!r}).write_text(str(helper.pid))\nREADY\nhelper.wait()"
    )
    await supervisor.launch(recipe(tmp_path, "stubborn", code, grace_s=0.2))
    pid, helper = supervisor.pid("stubborn"), int((tmp_path / "helper").read_text())
    assert pid is not None
    assert not gone(helper)
    await supervisor.stop()
    assert gone(pid)
    await until(lambda: gone(helper))


async def test_what_a_dead_child_leaves_behind_goes_too(supervisor: Supervisor, tmp_path: Path) -> None:
    """Even from a session of its own, as daemons are: the next printer daemon would find the port taken."""
    code = (
        f"helper = subprocess.Popen([sys.executable, '-c', {FOREVER!r}], start_new_session=True)\n"
        f"pathlib.Path({str(tmp_path / 'helper')!r}).write_text(str(helper.pid))\nREADY\nhelper.wait()"
    )
    await supervisor.launch(recipe(tmp_path, "cabinet", code))
    helper = int((tmp_path / "helper").read_text())
    assert not gone(helper)
    await supervisor.kill("cabinet")
    await until(lambda: gone(helper))


async def test_a_child_that_dies_comes_back(supervisor: Supervisor, told: list[Event], tmp_path: Path) -> None:
    await supervisor.launch(recipe(tmp_path, "kiosk", f"READY\n{FOREVER}"))
    first = supervisor.pid("kiosk")
    assert first is not None
    os.kill(first, signal.SIGSEGV)
    await until(lambda: [event.what for event in told] == [Happening.READY, Happening.DIED, Happening.READY])
    assert supervisor.pid("kiosk") not in (first, None)
    assert "kiosk ended unexpectedly (code -11)" in told[1].text


async def test_a_child_that_ends_to_be_restarted_is_not_called_unexpected(
    supervisor: Supervisor, told: list[Event], tmp_path: Path
) -> None:
    await supervisor.launch(recipe(tmp_path, "kiosk", UNTIL_TOLD.format(tmp_path / "die")))
    (tmp_path / "die").touch()
    await until(lambda: any(event.what is Happening.DIED for event in told))
    died = next(event.text for event in told if event.what is Happening.DIED)
    assert "kiosk ended in order, to be restarted" in died
    assert "unexpected" not in died


async def test_a_killed_child_stays_down_until_restarted(
    supervisor: Supervisor, told: list[Event], tmp_path: Path
) -> None:
    await supervisor.launch(recipe(tmp_path, "kiosk", f"READY\n{FOREVER}"))
    first = supervisor.pid("kiosk")
    await supervisor.kill("kiosk")
    await asyncio.sleep(0.1)  # ten times the back-off
    assert supervisor.pid("kiosk") is None
    (tmp_path / "kiosk.up").unlink()
    await supervisor.restart("kiosk")
    assert supervisor.pid("kiosk") not in (first, None)
    assert Happening.DIED not in [event.what for event in told]


async def test_a_child_that_keeps_dying_is_given_up(supervisor: Supervisor, told: list[Event], tmp_path: Path) -> None:
    await supervisor.launch(recipe(tmp_path, "kiosk", UNTIL_TOLD.format(tmp_path / "die")))
    (tmp_path / "die").touch()
    await until(lambda: told[-1].what is Happening.GIVEN_UP)
    assert sum(event.what is Happening.DIED for event in told) == BREAKER - 1
    assert "kiosk.log" in told[-1].text


async def test_without_keep_alive_the_first_death_is_the_last(
    supervisor: Supervisor, told: list[Event], tmp_path: Path
) -> None:
    await supervisor.launch(recipe(tmp_path, "kiosk", UNTIL_TOLD.format(tmp_path / "die")), keep_alive=False)
    (tmp_path / "die").touch()
    await until(lambda: told[-1].what is Happening.GIVEN_UP)
    assert [event.what for event in told] == [Happening.READY, Happening.GIVEN_UP]


async def test_a_child_that_ends_while_starting_names_its_log(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match=r"backend ended while starting \(code 3\); see .*backend\.log"):
        await supervisor.launch(recipe(tmp_path, "backend", "print('no database'); sys.exit(3)"))
    assert (tmp_path / "backend.log").read_text() == "no database\n"


async def test_an_errand_is_waited_for_and_its_failure_told(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.run(recipe(tmp_path, "errand", "READY"))
    assert (tmp_path / "errand.up").exists()
    with pytest.raises(ChildFailed, match=r"errand failed \(code 4\)"):
        await supervisor.run(recipe(tmp_path, "errand", "sys.exit(4)"))


async def test_an_errand_does_not_outlive_the_others(supervisor: Supervisor, tmp_path: Path) -> None:
    errand = asyncio.create_task(supervisor.run(recipe(tmp_path, "errand", f"READY\n{FOREVER}")))
    await until((tmp_path / "errand.up").exists)
    errand.cancel()
    await supervisor.stop()
    assert gone(int((tmp_path / "errand.up").read_text()))


async def test_a_child_that_is_never_ready_is_reported(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed, match="not ready within"):
        await supervisor.launch(recipe(tmp_path, "cabinet", ready_within_s=0.2))
    pid = supervisor.pid("cabinet")
    await supervisor.stop()
    assert pid is not None
    assert gone(pid)


async def test_children_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, sys\n"
        "from provisioning.process import Recipe\n"
        "from provisioning.supervisor import Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor()\n"
        f"    argv = [sys.executable, '-c', {FOREVER!r}]\n"
        f"    await supervisor.launch(Recipe('kiosk', argv, pathlib.Path({str(tmp_path / 'kiosk.log')!r})))\n"
        "    print(supervisor.pid('kiosk'), flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    child = int(await owner.stdout.readline())
    assert not gone(child)
    owner.kill()
    await owner.wait()
    await until(lambda: gone(child))


def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "kiosk.log"
    rotate(log)
    log.write_text("x" * 10)
    rotate(log, limit=10)
    assert log.exists()
    rotate(log, limit=9)
    assert not log.exists()
    assert (tmp_path / "kiosk.log.1").read_text() == "x" * 10
