"""Taking a version: fetched slowly and to the end, switched between residents, taken back when it does not run."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.contract.fleet_api import Inventory, RolloutOrder
from kiosk.link import download
from kiosk.link.desk_clock import DeskClock
from kiosk.link.enrolment import Invitation, enrol
from kiosk.link.fleet_desk import FleetDesk
from kiosk.link.fleet_store import FleetStore
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.installer import InstallFailed, TrialInstaller
from kiosk.link.key_store import FileKeyStore
from kiosk.link.rollouts import Rollouts
from tests.kiosk.link.fake_desk import Answer, FakeDesk, refusal
from tests.kiosk.link.terminal import FakeTerminal, until


class House:
    def __init__(self, home: Path, desk: FakeDesk, link: FleetDesk, store: FleetStore) -> None:
        self.home, self.desk, self.link, self.store = home, desk, link, store
        self.terminal = FakeTerminal()
        self.installer = TrialInstaller(home / "trial")
        self.clock = DeskClock()
        self.clock.hear(datetime.now(UTC))
        self.slept: list[float] = []
        self.rollouts = self._rollouts()

    def _rollouts(self) -> Rollouts:
        return Rollouts(
            {"trial": self.installer},
            self.store,
            self.terminal,
            self.clock,
            lambda: self.link,
            self.home / "releases",
            sleep=self._sleep,
        )

    async def restarted(self) -> None:
        """As after a power cut."""
        await self.rollouts.stop()
        self.terminal = FakeTerminal()
        self.rollouts = self._rollouts()
        await self.rollouts.restore()

    async def take(self, order: RolloutOrder) -> tuple[str, str, str]:
        self.rollouts.want(order)
        await self.rollouts.settled()
        last = self.desk.reports[-1]
        return last.stage, last.version, last.detail

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.01)


def order(
    desk: FakeDesk, version: str, behaviour: str = "ok", rollout: str = "", size: int = 300_000, **other: Any
) -> Any:
    desk.payload = json.dumps({"version": version, "behaviour": behaviour, "ballast": "x" * size}).encode()
    facts = {
        "rollout_id": rollout or f"r-{version}",
        "release_id": f"release/{version}",
        "kind": "trial",
        "version": version,
        "sha256": hashlib.sha256(desk.payload).hexdigest(),
        "size": len(desk.payload),
    }
    return RolloutOrder(**(facts | other))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with FakeDesk(tmp_path / "desk") as desk:
        files = IdentityFiles(tmp_path / "identity", FileKeyStore())
        identity = await enrol(files, Invitation.scanned(desk.ticket()), Inventory())
        assert isinstance(identity, Identity)
        link = FleetDesk(desk.url, files.context(identity))
        store = await FleetStore.open(tmp_path / "fleet.sqlite3")
        house = House(tmp_path, desk, link, store)
        yield house
        await house.rollouts.stop()
        await link.close()
        await store.close()


async def test_it_runs_and_only_then_says_so(house: House) -> None:
    assert await house.take(order(house.desk, "2")) == ("running", "2", "")
    stages = [report.stage for report in house.desk.reports]
    assert stages == ["downloading", "waiting", "installing", "running"]
    assert [report.version for report in house.desk.reports] == ["", "", "", "2"]
    assert list((house.home / "releases").iterdir()) == []
    told = len(house.desk.reports)
    await house.take(order(house.desk, "2"))
    assert len(house.desk.reports) == told, "the end is told once"


async def test_no_resident_waits_while_the_desk_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = asyncio.Event()
    right = house.link.report

    async def report(rollout_id: str, report: Any) -> Any:
        if report.stage == "installing":
            await answered.wait()
        return await right(rollout_id, report)

    monkeypatch.setattr(house.link, "report", report)
    house.rollouts.want(order(house.desk, "2"))
    await until(lambda: house.installer.version() == "2")
    await until(lambda: not house.terminal.floor.locked())
    answered.set()
    await house.rollouts.settled()
    assert [told.stage for told in house.desk.reports] == ["downloading", "waiting", "installing", "running"]


async def test_what_is_on_the_disk_is_not_believed_for_its_name(house: House) -> None:
    """A power cut may leave the name of a whole payload over data that never came."""
    wanted = order(house.desk, "2")
    (house.home / "releases").mkdir()
    (house.home / "releases" / wanted.sha256).write_bytes(bytes(wanted.size))
    assert await house.take(wanted) == ("running", "2", "")


async def test_the_data_is_on_the_disk_before_the_name(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    fsync, replace = download.os.fsync, Path.replace

    def renamed(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            happened.append("renamed")
        return replace(path, target)

    monkeypatch.setattr(download.os, "fsync", lambda number: (happened.append("fsync"), fsync(number)))
    monkeypatch.setattr(Path, "replace", renamed)
    await house.take(order(house.desk, "2"))
    at = happened.index("renamed")
    assert happened[at - 1] == "fsync"
    assert happened[at + 1] == "fsync", "the folder too"


@pytest.mark.parametrize(
    ("behaviour", "code"), [("fails-self-check", "self-check-failed"), ("refuses", "not-installable")]
)
async def test_what_does_not_run_is_taken_back(house: House, behaviour: str, code: str) -> None:
    await house.take(order(house.desk, "1"))
    bad = order(house.desk, "2", behaviour)
    assert await house.take(bad) == ("failed", "1", code)
    asked = len(house.desk.asked)
    await house.take(bad)
    assert len(house.desk.asked) == asked, "not tried for ever"
    assert await house.take(order(house.desk, "2", rollout="again")) == ("running", "2", "")


async def test_the_first_version_has_nothing_to_go_back_to(house: House) -> None:
    assert await house.take(order(house.desk, "1", "fails-self-check")) == ("failed", "", "self-check-failed")


async def test_a_rollout_taken_back_returns_to_the_version_before(house: House) -> None:
    await house.take(order(house.desk, "1"))
    await house.take(order(house.desk, "2"))
    payloads = sum("payload" in asked for asked in house.desk.asked)
    back = order(house.desk, "2", restore=True)
    assert await house.take(back) == ("running", "1", "")
    await house.restarted()
    house.rollouts.want(back)
    await house.rollouts.settled()
    assert house.installer.version() == "1"
    assert sum("payload" in asked for asked in house.desk.asked) == payloads, "nothing was fetched"


async def test_a_download_goes_on_where_it_was_cut(house: House) -> None:
    wanted = order(house.desk, "2")
    whole = house.desk.payload
    cuts = 2

    def short(method: str, path: str) -> Answer | None:
        nonlocal cuts
        if "payload" in path and cuts:
            cuts -= 1
            start = int((house.desk.ranges[-1] if house.desk.ranges else "bytes=0-")[6:-1] or 0)
            done = (house.home / "releases" / f"{wanted.sha256}.part").stat().st_size if start or cuts == 0 else 0
            house.desk.ranges.append(f"bytes={done + 100_000}-")
            return Answer(206 if done else 200, whole[done : done + 100_000])
        return None

    house.desk.before = short
    assert await house.take(wanted) == ("running", "2", "")
    assert house.desk.ranges[-1] == "bytes=200000-"


async def test_a_restart_in_the_middle_fetches_the_rest(house: House) -> None:
    wanted = order(house.desk, "2", bytes_per_s=200_000)
    house.rollouts.want(wanted)
    part = house.home / "releases" / f"{wanted.sha256}.part"
    await until(lambda: part.exists() and part.stat().st_size > 50_000)
    await house.restarted()
    assert await house.take(order(house.desk, "2")) == ("running", "2", "")
    assert house.desk.ranges[-1].startswith("bytes=")


async def test_a_damaged_payload_is_fetched_again_and_then_given_up(house: House) -> None:
    wanted = order(house.desk, "2")
    good, house.desk.payload = house.desk.payload, b"y" * wanted.size
    assert await house.take(wanted) == ("failed", "", "payload-damaged")
    assert sum("payload" in asked for asked in house.desk.asked) == 3
    assert good


async def test_the_line_is_not_filled(house: House) -> None:
    wanted = order(house.desk, "2", size=200_000, bytes_per_s=400_000)
    began = time.monotonic()
    await house.take(wanted)
    assert time.monotonic() - began > 0.4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "firmware"}, "kind-unknown"),
        ({"sha256": "../../../etc/passwd"}, "order-unusable"),
        ({"size": 10**18}, "disk-full"),
        ({"version": "other"}, "version-differs"),
        ({"deadline": datetime(2020, 1, 1, tzinfo=UTC)}, "deadline-passed"),
    ],
)
async def test_orders_that_cannot_be_followed(house: House, changes: dict[str, Any], code: str) -> None:
    wanted = msgspec.structs.replace(order(house.desk, "2"), **changes)
    assert await house.take(wanted) == ("failed", "", code)
    assert house.installer.version() == ""


async def test_a_payload_that_is_gone(house: House) -> None:
    house.desk.before = lambda method, path: refusal(404, "not-found") if "payload" in path else None
    assert await house.take(order(house.desk, "2")) == ("failed", "", "payload-gone")


async def test_it_waits_for_its_time_and_for_the_resident(house: House) -> None:
    house.rollouts.want(order(house.desk, "2", not_before=house.clock.best() + timedelta(seconds=0.5)))
    async with house.terminal.session():
        await until(lambda: house.desk.reports and house.desk.reports[-1].stage == "waiting")
        await until(lambda: house.clock.best() and len(house.slept) > 3)
        await asyncio.sleep(0.6)
        assert house.installer.version() == ""
    await house.rollouts.settled()
    assert house.installer.version() == "2"


async def test_an_order_withdrawn_is_not_followed(house: House) -> None:
    house.rollouts.want(order(house.desk, "2", not_before=house.clock.best() + timedelta(hours=1)))
    await until(lambda: house.desk.reports and house.desk.reports[-1].stage == "waiting")
    house.rollouts.want(None)
    house.clock.hear(datetime.now(UTC) + timedelta(hours=2))
    await asyncio.sleep(0.1)
    assert house.installer.version() == ""
    assert house.rollouts.progress is None


async def test_the_end_is_told_until_it_is_heard(house: House) -> None:
    house.desk.before = lambda method, path: refusal(503, "busy") if path.endswith("/report") else None
    wanted = order(house.desk, "2")
    house.rollouts.want(wanted)
    await house.rollouts.settled()
    assert house.desk.reports == []
    await house.restarted()
    house.desk.before = lambda method, path: None
    assert await house.take(wanted) == ("running", "2", "")
    assert sum("payload" in asked for asked in house.desk.asked) == 1


async def test_the_power_goes_just_after_the_switch(house: House) -> None:
    """Whichever of both halves was done, the self-check has the last word."""
    await house.take(order(house.desk, "1"))
    for version, behaviour, end in (("2", "ok", ("running", "2", "")), ("3", "fails-self-check", None)):
        wanted = order(house.desk, version, behaviour)
        (house.home / "payload").write_bytes(house.desk.payload)
        await house.installer.install(house.home / "payload", version)  # and then the power went
        await house.restarted()
        assert await house.take(wanted) == (end or ("failed", "2", "self-check-failed"))


async def test_installing_twice_keeps_the_version_before(tmp_path: Path) -> None:
    installer = TrialInstaller(tmp_path / "trial")
    for version in ("1", "2"):
        (tmp_path / version).write_text(json.dumps({"version": version, "behaviour": "ok"}))
        await installer.install(tmp_path / version, version)
    await installer.install(tmp_path / "2", "2")
    await installer.go_back("2")
    await installer.go_back("2")
    assert installer.version() == "1"
    with pytest.raises(InstallFailed):
        await installer.check("2")


async def test_the_deadline_counts_while_it_is_fetched(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk that never finishes an answer holds nobody beyond it."""
    monkeypatch.setattr("kiosk.link.rollouts._LOOK_S", 0.02)
    ended: list[bool] = []

    async def fetch(_order: RolloutOrder, _way: object) -> Path:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        raise AssertionError

    monkeypatch.setattr(house.installer, "fetch", fetch)
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    async with asyncio.timeout(10):
        assert await house.take(order(house.desk, "2", deadline=soon)) == ("failed", "", "deadline-passed")
    assert ended == [True]
