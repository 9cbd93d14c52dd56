"""The signed metadata and the bytes of content releases, as files in the var dir.

    tuf/metadata/{N.root.json, N.targets.json, N.snapshot.json, timestamp.json}   what kiosks read
    tuf/objects/SHA256                                                            every file of every pack, once
    tuf/waiting/VERSION.json                                                      imported, not signed yet
    tuf/packs/SHA256                                                              the same as whole packs, hard links
    tuf/serving.json                                                              signed packs and since when
    tuf/keys/                                                                     the two online keys

Every change writes what is new first and `timestamp.json` last, so that a kiosk finds the old state or the new one.
One process at a time changes (a file lock). All of it blocks: call it in a thread.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from backend.releases.payloads import PayloadStore
from backend.tuf_desk.collect import collect
from backend.tuf_desk.keys import OnlineKeys
from content.listing import ListingError, pack_files
from content.load import load_pack
from content.pack_format import ROOT as PACK_ROOT
from content.pack_format import PackError
from content.signing.files import write
from content.signing.request import ReleaseToSign, TargetsRequest
from content.signing.roles import (
    LIFE,
    ONLINE,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    SigningFault,
    dump,
    parse_root,
    parse_targets,
    stamp,
)

METADATA_NAME = re.compile(r"timestamp\.json|[1-9][0-9]{0,9}\.(root|targets|snapshot)\.json")
_SERVED = 5  # packs: more than that a rollout is not behind
_KEPT = 20  # snapshots: a kiosk that has just read the timestamp still finds what it names
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """What is in force. None: there is none yet."""

    root: Metadata[Root] | None
    targets: Metadata[Targets] | None
    snapshot: Metadata[Snapshot] | None
    timestamp: Metadata[Timestamp] | None
    waiting: tuple[ReleaseToSign, ...]


class TufDesk:
    """`payloads` gets every pack.json too: that is what a rollout's order names."""

    def __init__(self, folder: Path, payloads: PayloadStore) -> None:
        self._folder = folder
        self._payloads = payloads
        self.objects = PayloadStore(folder / "objects")
        self.keys = OnlineKeys(folder / "keys")

    # What kiosks read

    def metadata(self, name: str) -> Path | None:
        path = self._folder / "metadata" / name
        return path if METADATA_NAME.fullmatch(name) and path.is_file() else None

    def newest_root(self) -> bytes | None:
        number = self._newest("root")
        return self._file("root", number).read_bytes() if number else None

    def state(self) -> State:
        root, targets, snapshot = self._newest("root"), self._newest("targets"), self._newest("snapshot")
        timestamp = self._folder / "metadata" / "timestamp.json"
        return State(
            root=_read(self._file("root", root)) if root else None,
            targets=_read(self._file("targets", targets)) if targets else None,
            snapshot=_read(self._file("snapshot", snapshot)) if snapshot else None,
            timestamp=_read(timestamp) if timestamp.exists() else None,
            waiting=tuple(self._waiting()),
        )

    def ends(self) -> dict[str, datetime]:
        """Until when everything counts, by role, as far as there is any. Raises SigningFault."""
        state = self.state()
        metadata = (state.root, state.targets, state.snapshot, state.timestamp)
        return {one.signed.type: one.signed.expires for one in metadata if one is not None}

    # What comes in

    def import_pack(self, directory: Path, notes: str = "") -> ReleaseToSign:
        """Keep every file of a built pack; from now on it waits for signatures. Repeatable. Raises SigningFault."""
        try:
            pack, files = load_pack(directory), pack_files(directory)
        except (PackError, ListingError) as error:
            raise SigningFault(str(error)) from None
        root = (directory / PACK_ROOT).read_bytes()
        with self._alone():
            for path, facts in files.items():
                if not self.objects.path(facts.sha256).exists():
                    self.objects.put((directory / path).read_bytes())
            sha256 = self.objects.put(root)
            self._assemble(sha256, {path: facts.sha256 for path, facts in files.items()})
            self._payloads.put(root)
            release = ReleaseToSign(version=pack.version, sha256=sha256, size=len(root), notes=notes)
            newest = self._newest("targets")
            signed = _read(self._file("targets", newest)).signed.targets.get(release.path) if newest else None
            if signed is None or signed.hashes.get("sha256") != sha256:
                write(self._folder / "waiting" / f"{release.version}.json", release.model_dump_json().encode())
        return release

    def take_root(self, data: bytes, now: datetime, *, first: bool = False) -> int:
        """A root from the ceremony; its version. The very first is believed because an operator brings it (`first`);
        each later one must be signed by the one before. Raises SigningFault."""
        new = parse_root(data)
        with self._alone():
            newest = self._newest("root")
            old = _read(self._file("root", newest)) if newest else None
            if old is None and not first:
                raise SigningFault("this desk has no root yet; the first one is brought by an operator on the server")
            if new.signed.version <= newest:
                if self._file("root", new.signed.version).read_bytes() == data:
                    self._bring_up_to_date(now)  # it may not have come so far the first time
                    return new.signed.version
                raise SigningFault(f"root {newest} is in force; this is an older one, or another of that number")
            if old is not None and new.signed.version != newest + 1:
                raise SigningFault(f"root {newest} is in force; bring root {newest + 1} first")
            before = old.signed if old is not None else None
            if not new.signed.get_root_verification_result(before, new.signed_bytes, new.signatures):
                raise SigningFault("this root has not enough signatures; `menkou sign status` says whose are missing")
            if new.signed.is_expired(now):
                raise SigningFault("this root has expired; `menkou sign root rotate` makes the next one")
            for role, public in self.keys.public().items():
                if new.signed.roles[role].threshold != 1:
                    raise SigningFault(f"this root wants more signatures of {role} than this desk's one key can give")
                if public.key.keyid not in new.signed.roles[role].keyids:
                    raise SigningFault(f"this root does not know this desk's {role} key; add {public.name} to it")
            write(self._file("root", new.signed.version), data)
            self._bring_up_to_date(now)
        return new.signed.version

    def request(self, now: datetime, withdraw: Iterable[str] = ()) -> TargetsRequest:
        """For the keepers of the targets key."""
        newest = self._newest("targets")
        data = self._file("targets", newest).read_bytes() if newest else None
        return TargetsRequest(now.replace(microsecond=0), tuple(self._waiting()), data, tuple(withdraw))

    def take_targets(self, data: bytes, now: datetime) -> list[ReleaseToSign]:
        """What the keepers have signed; the releases that kiosks may take from now on and could not before. Raises
        SigningFault."""
        new = parse_targets(data)
        with self._alone():
            newest, root = self._newest("targets"), self._root()
            if not root.get_verification_result(TARGETS, new.signed_bytes, new.signatures):
                raise SigningFault("not enough signatures of the keys that may release; nothing is changed")
            if new.signed.version <= newest and self._file("targets", newest).read_bytes() != data:
                raise SigningFault(
                    f"targets {newest} are in force; these are {new.signed.version}: ask for a new request"
                )
            if new.signed.is_expired(now):
                raise SigningFault("these signatures have expired; sign again")
            if new.signed.delegations is not None:
                raise SigningFault("these targets delegate to other keys; kiosks of ours do not follow that")
            for path, target in new.signed.targets.items():
                kept = self.objects.path(target.hashes.get("sha256", ""))
                if not kept.is_file() or kept.stat().st_size != target.length:
                    raise SigningFault(f"{path} was never imported here; import its pack first")
            waiting = {release.path: release for release in self._waiting()}
            fresh = [waiting[path] for path in new.signed.targets if path in waiting]
            fresh = [one for one in fresh if new.signed.targets[one.path].hashes.get("sha256") == one.sha256]
            if new.signed.version > newest:
                write(self._file("targets", new.signed.version), data)
            self._bring_up_to_date(now)
            self._serve(new.signed, fresh, now)
        return fresh

    def entered(self, releases: Iterable[ReleaseToSign]) -> None:
        """They are in the database: they wait no longer."""
        for release in releases:
            (self._folder / "waiting" / f"{release.version}.json").unlink(missing_ok=True)

    def collect(self, ordered: Iterable[str], now: datetime) -> int:
        """Remove what has long been named neither by the signed targets, nor by what waits, nor by `ordered` (digests
        of the packs of rollouts). How many packs and files."""
        with self._alone():
            newest = self._newest("targets")
            signed = _read(self._file("targets", newest)).signed.targets.values() if newest else ()
            named = {target.hashes.get("sha256", "") for target in signed}
            named |= {release.sha256 for release in self._waiting()} | set(ordered)
            return collect(self._folder / "packs", self.objects, named, now)

    # What the server itself answers with

    @property
    def _serving(self) -> Path:
        return self._folder / "serving.json"

    def serving(self, now: datetime | None = None, keep: timedelta = timedelta.max) -> list[Path]:
        """The signed packs kiosks may run now, the newest first. Terminals change over a rollout's nights: until then
        some ask for what only an older one has; after `keep` nobody should."""
        served = self._served()
        packs = self._folder / "packs"
        return [
            folder
            for place, digest in enumerate(served)
            if (folder := packs / digest).is_dir()
            and (now is None or place == 0 or now - list(served.values())[place - 1] < keep)
        ]

    def _served(self) -> dict[str, datetime]:
        """By pack, the newest first: since when."""
        try:
            return {
                one["sha256"]: datetime.fromisoformat(one["since"]) for one in json.loads(self._serving.read_bytes())
            }
        except (OSError, ValueError, TypeError, KeyError):
            return {}

    def _serve(self, targets: Targets, fresh: Iterable[ReleaseToSign], now: datetime) -> None:
        signed = {target.hashes.get("sha256", "") for target in targets.targets.values()}
        before = self._served()
        # Signed at the same time, the one that was imported last is the newest.
        order = sorted(fresh, key=self._imported_at, reverse=True)
        since = {one.sha256: now for one in order if one.sha256 not in before} | before
        kept = [digest for digest in since if digest in signed][:_SERVED]
        if kept != list(before):
            told = [{"sha256": digest, "since": since[digest].isoformat()} for digest in kept]
            write(self._serving, json.dumps(told).encode())

    def _imported_at(self, release: ReleaseToSign) -> float:
        try:
            return (self._folder / "waiting" / f"{release.version}.json").stat().st_mtime
        except OSError:
            return 0.0

    def _assemble(self, sha256: str, files: dict[str, str]) -> None:
        """The pack as a folder. `files`: what its tree names, by path inside it."""
        whole = self._folder / "packs" / sha256
        if whole.is_dir():
            return
        parts = whole.with_suffix(".new")
        shutil.rmtree(parts, ignore_errors=True)
        for path, digest in {**files, PACK_ROOT: sha256}.items():
            place = parts / path
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.hardlink_to(self.objects.path(digest))
        parts.rename(whole)

    # What the server itself says

    def renew(self, now: datetime) -> bool:
        """Say again that nothing has changed, before what was said runs out; say what could not be said when it did
        change. True: something was."""
        with self._alone():
            return self._bring_up_to_date(now)

    def _bring_up_to_date(self, now: datetime) -> bool:
        """A function of what lies here, not of what has just been done: whoever was cut off between two files is
        made good by the next call, whichever it is. True: something was written."""
        state = self.state()
        if state.root is None or state.targets is None:
            return False
        root, snapshot, timestamp = state.root.signed, state.snapshot, state.timestamp
        if snapshot is None or not self._stands(root, SNAPSHOT, snapshot, now) or not self._names_targets(snapshot):
            self._publish_timestamp(root, self._publish_snapshot(root, now), now)
            return True
        if timestamp is None or not self._stands(root, TIMESTAMP, timestamp, now) or not self._names(timestamp):
            self._publish_timestamp(root, snapshot, now)
            return True
        return False

    def _stands(self, root: Root, role: str, metadata: Metadata[Any], now: datetime) -> bool:
        """The newest root's keys have signed it, and it lasts a while."""
        signed_by = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
        return bool(signed_by) and not _due(metadata.signed, now)

    def _names_targets(self, snapshot: Metadata[Snapshot]) -> bool:
        newest = self._newest("targets")
        return snapshot.signed.meta.get("targets.json") == _meta(newest, self._file("targets", newest))

    def _names(self, timestamp: Metadata[Timestamp]) -> bool:
        newest = self._newest("snapshot")
        return timestamp.signed.snapshot_meta == _meta(newest, self._file("snapshot", newest))

    def _publish_snapshot(self, root: Root, now: datetime) -> Metadata[Snapshot]:
        newest = self._newest("targets")
        snapshot = Snapshot(
            version=self._next("snapshot", self._newest("snapshot"), now),
            meta={"targets.json": _meta(newest, self._file("targets", newest))},
        )
        signed = self._signed(root, snapshot, now)
        write(self._file("snapshot", snapshot.version), dump(signed))
        for number in sorted(self._numbers("snapshot"))[:-_KEPT]:
            self._file("snapshot", number).unlink()
        return signed

    def _signed(self, root: Root, signed: Any, now: datetime) -> Metadata[Any]:
        """With this desk's key of its role. Raises SigningFault where the root does not know that key: no kiosk would
        believe it."""
        stamp(signed, now)
        signer = self.keys.signer(signed.type)
        if signer.public_key.keyid not in root.roles[signed.type].keyids:
            raise SigningFault(f"the root in force does not know this desk's {signed.type} key; make the next root")
        metadata = Metadata[Any](signed)
        metadata.sign(signer)
        return metadata

    def _publish_timestamp(self, root: Root, snapshot: Metadata[Snapshot], now: datetime) -> None:
        number = snapshot.signed.version
        file = self._folder / "metadata" / "timestamp.json"
        before = _read(file).signed.version if file.exists() else 0
        meta = _meta(number, self._file("snapshot", number))
        timestamp = Timestamp(version=self._next("timestamp", before, now), snapshot_meta=meta)
        write(file, dump(self._signed(root, timestamp, now)))

    def _next(self, role: str, before: int, now: datetime) -> int:
        """Follows the clock: a desk put back from a copy must not say numbers that kiosks have heard already."""
        assert role in ONLINE  # noqa: S101
        return max(before + 1, int((now - _START).total_seconds() // 60))

    # Files

    def _root(self) -> Root:
        number = self._newest("root")
        if not number:
            raise SigningFault("this desk has no root yet; bring the one from the ceremony first")
        root: Root = _read(self._file("root", number)).signed
        return root

    def _file(self, role: str, number: int) -> Path:
        return self._folder / "metadata" / f"{number}.{role}.json"

    def _numbers(self, role: str) -> list[int]:
        return [int(path.name.split(".")[0]) for path in self._folder.glob(f"metadata/*.{role}.json")]

    def _newest(self, role: str) -> int:
        """0: there is none."""
        return max(self._numbers(role), default=0)

    def _waiting(self) -> Iterator[ReleaseToSign]:
        for path in sorted(self._folder.glob("waiting/*.json")):
            try:
                yield ReleaseToSign.model_validate_json(path.read_bytes())
            except (ValidationError, OSError):
                continue  # being written, or gone just now

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(file: Path) -> Metadata[Any]:
    try:
        return Metadata[Any].from_file(str(file))
    except (DeserializationError, RepositoryError) as error:
        raise SigningFault(f"{file.name} in the desk's own folder is damaged; restore it from the backup") from error


def _meta(number: int, file: Path) -> MetaFile:
    data = file.read_bytes()
    return MetaFile(number, len(data), {"sha256": hashlib.sha256(data).hexdigest()})


def _due(signed: Any, now: datetime) -> bool:
    """Half of its life is over."""
    expires: datetime = signed.expires
    return expires - now < LIFE[signed.type] / 2
