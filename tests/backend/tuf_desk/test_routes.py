"""From an imported pack to a rollout's order and a kiosk's files, over the desk's doors."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.db.engine import writing
from backend.devices.service import issue_token
from backend.releases.orders import RolloutOrders
from backend.staff.roles import Role
from backend.tuf_desk.collect import KEPT_FOR
from backend.tuf_desk.repository import TufDesk
from content.signing.request import TargetsRequest
from tests.backend.desk import Desk, staff_with
from tests.backend.releases.fleet import PUBLISHER, Fleet
from tests.backend.tuf_desk.signers import Keepers
from tests.packs import small_pack

SIGNING = "/api/staff/v1/content-signing"
KIOSK = "/fleet/v1/tuf"


@pytest.fixture
def tuf(desk: Desk) -> TufDesk:
    found: TufDesk = desk.app.state.tuf
    return found


@pytest.fixture
def keepers(desk: Desk, tuf: TufDesk, tmp_path: Path) -> Keepers:
    now = datetime.now(UTC)
    found = Keepers(tmp_path / "ceremony", tuf, now)
    tuf.take_root(found.root(), now, first=True)
    return found


async def sign(desk: Desk, keepers: Keepers) -> list[str]:
    asked = await desk.get(f"{SIGNING}/request", PUBLISHER)
    assert asked.status_code == 200, asked.text
    signed = keepers.sign(TargetsRequest.from_bytes(asked.content), datetime.now(UTC))
    taken = await desk.post(f"{SIGNING}/targets", PUBLISHER, files={"file": ("targets.json", signed)})
    assert taken.status_code == 201, taken.text
    found: list[str] = taken.json()["releases"]
    return found


async def kiosk_headers(desk: Desk) -> dict[str, str]:
    async with writing(desk.sessions) as session:
        token = await issue_token(session, "K-1", "青口")
    return {"Authorization": f"Bearer {token}"}


async def test_a_release_is_there_once_it_is_signed(desk: Desk, tuf: TufDesk, keepers: Keepers) -> None:
    waiting = tuf.import_pack(small_pack("second"), "水费缴纳改名")
    shown = (await desk.get(SIGNING, PUBLISHER)).json()
    assert [one["version"] for one in shown["waiting"]] == [waiting.version]
    assert shown["releases"] == []
    assert (await desk.get("/api/staff/v1/releases", PUBLISHER)).json() == []
    assert await sign(desk, keepers) == [waiting.version]
    (release,) = (await desk.get("/api/staff/v1/releases", PUBLISHER)).json()
    assert (release["kind"], release["version"], release["sha256"]) == ("content", waiting.version, waiting.sha256)
    assert release["notes"] == "水费缴纳改名"
    shown = (await desk.get(SIGNING, PUBLISHER)).json()
    assert (shown["releases"], shown["waiting"]) == ([waiting.version], [])
    assert (await desk.get(f"{SIGNING}/request", PUBLISHER)).status_code == 409


async def test_the_director_orders_what_was_signed(desk: Desk, tuf: TufDesk, keepers: Keepers) -> None:
    await desk.seed(0.001)
    fleet = Fleet(desk)
    kiosks = await fleet.enrol_all()
    waiting = tuf.import_pack(small_pack("second"))
    await sign(desk, keepers)
    (release,) = (await desk.get("/api/staff/v1/releases", PUBLISHER)).json()
    fleet.release_id = release["release_id"]
    rollout = await fleet.start(await fleet.plan())
    order = await RolloutOrders(desk.sessions, lambda: datetime.now(UTC)).order(rollout, kiosks[0])
    assert order is not None
    assert (order.kind, order.version, order.sha256, order.size) == (
        "content",
        waiting.version,
        waiting.sha256,
        (small_pack("second") / "pack.json").stat().st_size,
    )
    assert desk.app.state.payloads.path(order.sha256).read_bytes() == (small_pack("second") / "pack.json").read_bytes()


async def test_a_kiosk_fetches_metadata_and_files(desk: Desk, tuf: TufDesk, keepers: Keepers) -> None:
    tuf.import_pack(small_pack())
    await sign(desk, keepers)
    headers = await kiosk_headers(desk)
    timestamp = await desk.client.get(f"{KIOSK}/metadata/timestamp.json", headers=headers)
    assert timestamp.headers["cache-control"] == "no-store"
    root = await desk.client.get(f"{KIOSK}/metadata/1.root.json", headers=headers)
    assert root.content == keepers.root()
    assert "immutable" in root.headers["cache-control"]
    data = (small_pack() / "templates" / "sheet.typ").read_bytes()
    path = f"{KIOSK}/content/objects/{hashlib.sha256(data).hexdigest()}"
    whole = await desk.client.get(path, headers=headers)
    assert whole.content == data
    assert "immutable" in whole.headers["cache-control"]
    part = await desk.client.get(path, headers=headers | {"Range": "bytes=100-"})
    assert (part.status_code, part.content) == (206, data[100:])


@pytest.mark.parametrize(
    "path",
    [
        "metadata/root.json",
        "metadata/2.root.json",
        "metadata/..%2Fkeys",
        f"content/objects/{'0' * 64}",
        "content/objects/x",
    ],
)
async def test_what_is_not_there(desk: Desk, keepers: Keepers, path: str) -> None:
    reply = await desk.client.get(f"{KIOSK}/{path}", headers=await kiosk_headers(desk))
    assert reply.status_code == 404


async def test_strangers_and_onlookers(desk: Desk, tuf: TufDesk, keepers: Keepers) -> None:
    assert (await desk.client.get(f"{KIOSK}/metadata/1.root.json")).status_code == 401
    assert (await desk.get(SIGNING, None)).status_code == 401
    viewer = staff_with(Role.VIEWER)
    assert (await desk.get(SIGNING, viewer)).status_code == 200
    assert (await desk.get(f"{SIGNING}/request", viewer)).status_code == 403
    assert (await desk.post(f"{SIGNING}/targets", viewer, files={"file": ("x", b"{}")})).status_code == 403
    assert (await desk.post(f"{SIGNING}/roots", viewer, files={"file": ("x", b"{}")})).status_code == 403


async def test_nothing_unsigned_comes_in_over_the_network(
    desk: Desk, tuf: TufDesk, keepers: Keepers, tmp_path: Path
) -> None:
    tuf.import_pack(small_pack())
    now = datetime.now(UTC)
    stranger = Keepers(tmp_path / "stranger", tuf, now)
    for data in (b"", b"{}", stranger.sign(tuf.request(now), now), keepers.root()):
        reply = await desk.post(f"{SIGNING}/targets", PUBLISHER, files={"file": ("targets.json", data)})
        assert reply.status_code == 422
    stranger.ceremony.change_root(now)
    reply = await desk.post(f"{SIGNING}/roots", PUBLISHER, files={"file": ("x", stranger.sign_root())})
    assert reply.status_code == 422
    assert (await desk.get("/api/staff/v1/releases", PUBLISHER)).json() == []


async def test_the_next_root_may_come_over_the_network(desk: Desk, keepers: Keepers) -> None:
    keepers.ceremony.change_root(datetime.now(UTC))
    reply = await desk.post(f"{SIGNING}/roots", PUBLISHER, files={"file": ("2.root.json", keepers.sign_root())})
    assert (reply.status_code, reply.json()["version"]) == (201, 2)


async def test_a_job_renews_the_timestamp(desk: Desk, tuf: TufDesk, keepers: Keepers) -> None:
    tuf.import_pack(small_pack())
    await sign(desk, keepers)
    assert await desk.app.state.jobs.run_once("content-timestamp")
    state = tuf.state()
    assert state.timestamp is not None
    assert state.timestamp.signed.expires > datetime.now(UTC)


@pytest.mark.parametrize(("size", "status"), [(4_900_000, 422), (5_100_000, 413)])
async def test_signed_metadata_may_be_as_large_as_it_may_be(
    desk: Desk, keepers: Keepers, size: int, status: int
) -> None:
    for path in ("targets", "roots"):
        reply = await desk.post(f"{SIGNING}/{path}", PUBLISHER, files={"file": ("x", b" " * size)})
        assert reply.status_code == status


async def test_a_job_removes_what_no_rollout_names(desk: Desk, tuf: TufDesk, keepers: Keepers) -> None:
    await desk.seed(0.001)
    fleet = Fleet(desk)
    await fleet.enrol_all()
    named: dict[str, str] = {}
    for edition in ("second", "third"):
        named[edition] = tuf.import_pack(small_pack(edition)).sha256
        [version] = await sign(desk, keepers)
        releases = (await desk.get("/api/staff/v1/releases", PUBLISHER)).json()
        [fleet.release_id] = [one["release_id"] for one in releases if one["version"] == version]
        if edition == "second":
            await fleet.start(await fleet.plan())
        now = datetime.now(UTC)
        tuf.take_targets(keepers.sign(tuf.request(now, [version]), now), now)
    before = (datetime.now(UTC) - KEPT_FOR - timedelta(days=1)).timestamp()
    for digest in named.values():
        os.utime(tuf.objects.path(digest), (before, before))
    assert await desk.app.state.jobs.run_once("content-collect")
    assert tuf.objects.path(named["second"]).exists(), "a rollout names it"
    assert not tuf.objects.path(named["third"]).exists()
