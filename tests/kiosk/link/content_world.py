"""A repository that signs whatever a test wants, and a kiosk's updater before it. Written from the TUF specification;
it shares no code with the desk, so that both are checked."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Role, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from backend.contract.fleet_api import RolloutOrder
from content.listing import pack_files
from content.load import Pack, load_pack
from kiosk.link.content_installer import ContentInstaller, SelfCheck
from kiosk.link.content_store import ContentStore
from kiosk.link.content_trust import ContentTrust
from kiosk.link.download import Wanted, fetch
from kiosk.link.fleet_desk import DeskFault, DeskRefusal, DeskSilent
from kiosk.link.installer import InstallFailed, Way

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
ROLES = ("root", "targets", "snapshot", "timestamp")
Chunks = Callable[[], AsyncIterator[bytes]]


class GaveUp(Exception):
    """The kiosk would try again and again; the test has seen enough."""


class Repository:
    """Change `root`, `targets`, `snapshot` or `timestamp` (the signed parts) and `keys`, then `publish`."""

    def __init__(self) -> None:
        self.keys = {
            role: [CryptoSigner.generate_ed25519() for _ in range(3 if role == "root" else 1)] for role in ROLES
        }
        later = NOW + timedelta(days=30)
        self.root = Root(
            version=1, expires=later, roles={role: Role([], 1) for role in ROLES}, consistent_snapshot=True
        )
        for role in ROLES:
            for signer in self.keys[role]:
                self.root.add_key(signer.public_key, role)
        self.root.roles["root"].threshold = 2
        self.targets = Targets(expires=later)
        self.snapshot = Snapshot(expires=later)
        self.timestamp = Timestamp(expires=later)
        self.targets.version = self.snapshot.version = self.timestamp.version = 0  # `publish` counts
        self.files: dict[str, bytes] = {}
        self.objects: dict[str, bytes] = {}
        self.first_root = self.publish_root()
        self.publish()

    def publish_root(self, signers: list[CryptoSigner] | None = None) -> bytes:
        data = _signed(self.root, signers or self.keys["root"])
        self.files[f"{self.root.version}.root.json"] = data
        return data

    def publish(self, *roles: str) -> None:
        """New versions of these and of all above them; none named: of all three."""
        which = roles or ("targets", "snapshot", "timestamp")
        if "targets" in which:
            self.targets.version += 1
            self.files[f"{self.targets.version}.targets.json"] = _signed(self.targets, self.keys["targets"])
        data = self.files[f"{self.targets.version}.targets.json"]
        if "snapshot" in which:
            self.snapshot.version += 1
            self.snapshot.meta = {"targets.json": _meta(self.targets.version, data)}
            self.files[f"{self.snapshot.version}.snapshot.json"] = _signed(self.snapshot, self.keys["snapshot"])
        self.timestamp.version += 1
        data = self.files[f"{self.snapshot.version}.snapshot.json"]
        self.timestamp.snapshot_meta = _meta(self.snapshot.version, data)
        self.files["timestamp.json"] = _signed(self.timestamp, self.keys["timestamp"])

    def release(self, pack: Path) -> RolloutOrder:
        """Sign a pack and give its order."""
        order = self.hold(pack)
        path = f"content/{order.version}/pack.json"
        self.targets.targets[path] = TargetFile(order.size, {"sha256": order.sha256}, path)
        self.publish()
        return order

    def hold(self, pack: Path) -> RolloutOrder:
        """Have a pack's files without its being signed."""
        root = (pack / "pack.json").read_bytes()
        for path, facts in pack_files(pack).items():
            self.objects[facts.sha256] = (pack / path).read_bytes()
        sha256 = hashlib.sha256(root).hexdigest()
        self.objects[sha256] = root
        version = load_pack(pack).version
        return RolloutOrder(
            rollout_id=f"r-{version}",
            release_id="release",
            kind="content",
            version=version,
            sha256=sha256,
            size=len(root),
        )


def _signed(signed: Any, signers: list[CryptoSigner]) -> bytes:
    metadata = Metadata[Any](signed)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes(JSONSerializer())


def _meta(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})


class Carrier:
    """The desk as the updater sees it, and what an attacker in its place may do. `says(name)`: other chunks, a fault,
    or None for the truth."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.says: Callable[[str], Chunks | DeskFault | None] = lambda name: None
        self.asked: list[str] = []
        self.ranges: dict[str, list[int]] = {}
        self.sent = 0  # bytes

    @asynccontextmanager
    async def metadata(self, name: str) -> AsyncIterator[httpx.Response | DeskFault]:
        self.asked.append(name)
        yield self._answer(name, self.repository.files.get(name), 0)

    @asynccontextmanager
    async def content(self, sha256: str, start: int) -> AsyncIterator[httpx.Response | DeskFault]:
        self.asked.append(sha256)
        self.ranges.setdefault(sha256, []).append(start)
        yield self._answer(sha256, self.repository.objects.get(sha256), start)

    def _answer(self, name: str, data: bytes | None, start: int) -> httpx.Response | DeskFault:
        said = self.says(name)
        if isinstance(said, DeskRefusal | DeskSilent):
            return said
        if said is not None:
            return httpx.Response(200, content=said())
        if data is None:
            return DeskRefusal(404, "not-found")
        self.sent += len(data) - start
        return httpx.Response(206 if start else 200, content=_stream(data[start:]))


async def _stream(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 4096):
        yield data[start : start + 4096]


def bytes_of(data: bytes) -> Chunks:
    return lambda: _stream(data)


class Kiosk:
    """A kiosk with a factory pack. `restart` is what a power cut is."""

    def __init__(self, home: Path, factory: Path, repository: Repository, *, check: SelfCheck | None = None) -> None:
        self.home = home
        self.factory = factory
        self.carrier = Carrier(repository)
        self.root: bytes | None = repository.first_root
        self.now: datetime | None = NOW
        self.own_clock = NOW
        self.own_clock_set = False
        self.spare = 0
        self.faults: list[DeskFault] = []
        self.most_faults = 5
        self._check = check
        self.restart()

    def restart(self) -> None:
        self.serves: list[Pack] = []
        self.store = ContentStore(self.home / "content", self.factory)
        pack = self.store.open()
        self.serves.append(pack)
        self.trust = ContentTrust(
            self.home / "content" / "trust",
            lambda: self.root,
            own_clock=lambda: self.own_clock,
            own_clock_set=lambda: self.own_clock_set,
        )
        self.installer = ContentInstaller(
            self.store,
            self.trust,
            pack,
            use=self.serves.append,
            check=self._check or _good,
            spare=self.spare,
            sleep=_no_time,
        )

    def way(self, order: RolloutOrder) -> Way:
        async def payload() -> Path:
            return await fetch(
                Wanted(order.sha256, order.size),
                self.home / "releases",
                lambda at: self.carrier.content(order.sha256, at),
                self.pause,
            )

        carrier: Any = self.carrier
        return Way(lambda: carrier, payload, self.pause, lambda: self.now)

    async def pause(self, attempt: int, fault: DeskFault) -> None:
        self.faults.append(fault)
        if attempt >= self.most_faults:
            raise GaveUp
        await asyncio.sleep(0)

    async def take(self, order: RolloutOrder) -> str:
        """As Rollouts does it: "running", or the code of the failure."""
        try:
            payload = await self.installer.fetch(order, self.way(order))
            try:
                await self.installer.install(payload, order.version)
                await self.installer.check(order.version)
            except InstallFailed:
                await self.installer.go_back(order.version)
                raise
        except InstallFailed as failure:
            return failure.code
        return "running"


async def _good(_old: Pack, _new: Pack) -> str | None:
    return None


async def _no_time(_seconds: float) -> None:
    await asyncio.sleep(0)
