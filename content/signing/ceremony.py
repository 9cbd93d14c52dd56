"""The folder that is carried between the desk and the keys, and what may be done in it.

    keys/NAME.public.json   the public half of every key that has or had a part
    root/N.root.json        finished roots, each signed by the one before and by itself
    targets.json            the finished targets metadata: goes back to the desk
    signing/root.json       being signed, until enough have
    signing/targets.json

Nothing here needs a network or a server. Private keys are never in the folder: each keeper brings their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, Role, Root, TargetFile, Targets

from content.signing.files import write
from content.signing.keys import PublicKey, read_public
from content.signing.request import ReleaseToSign, TargetsRequest
from content.signing.roles import (
    OFFLINE,
    ONLINE,
    ROOT,
    ROOT_THRESHOLD,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    SigningFault,
    dump,
    parse_root,
    parse_targets,
    stamp,
)

ROLES = (*OFFLINE, *ONLINE)


@dataclass(frozen=True)
class Standing:
    """How one piece of metadata stands. `missing`: names of keys of which `wanted` more must sign."""

    name: str  # such as "root 3" or "targets 7"
    expires: datetime
    signed_by: tuple[str, ...]
    wanted: int = 0
    missing: tuple[str, ...] = ()


class Ceremony:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # What is there

    def root(self) -> Metadata[Root] | None:
        """The newest finished root."""
        numbers = [int(path.name.split(".")[0]) for path in self.folder.glob("root/*.root.json")]
        return parse_root(self._root_file(max(numbers)).read_bytes()) if numbers else None

    def targets(self) -> Metadata[Targets] | None:
        file = self.folder / "targets.json"
        return parse_targets(file.read_bytes()) if file.exists() else None

    def staged_root(self) -> Metadata[Root] | None:
        file = self._staged(ROOT)
        return parse_root(file.read_bytes()) if file.exists() else None

    def staged_targets(self) -> Metadata[Targets] | None:
        file = self._staged(TARGETS)
        return parse_targets(file.read_bytes()) if file.exists() else None

    def key(self, name: str) -> PublicKey:
        file = self.folder / "keys" / f"{name}.public.json"
        if not file.exists():
            raise SigningFault(
                f"there is no key {name} in {self.folder / 'keys'}; bring it with `menkou sign keys add`"
            )
        return read_public(file)

    def names(self) -> dict[str, str]:
        """Key id to name."""
        found = (read_public(file) for file in sorted(self.folder.glob("keys/*.public.json")))
        return {public.key.keyid: public.name for public in found}

    # Keys

    def add_key(self, public: PublicKey) -> None:
        file = self.folder / "keys" / f"{public.name}.public.json"
        if file.exists() and read_public(file).key.keyid != public.key.keyid:
            raise SigningFault(f"another key is called {public.name} here; give the new one another name")
        write(file, public.to_bytes())

    # Root

    def begin_root(self, keys: Mapping[str, Sequence[str]], thresholds: Mapping[str, int], now: datetime) -> None:
        """The first root. `keys`: names by role. Raises SigningFault."""
        if self.root() is not None:
            raise SigningFault("there is a root already; change it with `menkou sign root rotate`")
        for role in ROLES:
            if not keys.get(role):
                raise SigningFault(f"no key for {role}; name at least one")
        root = Root(version=1, roles={role: Role([], 1) for role in ROLES}, consistent_snapshot=True)
        for role in ROLES:
            for name in keys[role]:
                root.add_key(self.key(name).key, role)
        for role in ROLES:
            root.roles[role].threshold = thresholds.get(role, ROOT_THRESHOLD if role == ROOT else 1)
        self._stage_root(root, now)

    def change_root(
        self,
        now: datetime,
        *,
        add: Iterable[tuple[str, str]] = (),
        remove: Iterable[tuple[str, str]] = (),
        thresholds: Mapping[str, int] | None = None,
    ) -> None:
        """The next root: other keys, another threshold, or the same for another year. `add`, `remove`: (role, name).
        Begins anew what was being signed. Raises SigningFault."""
        old = self.root()
        if old is None:
            raise SigningFault("there is no root yet; begin with `menkou sign root new`")
        root = Root.from_dict(old.signed.to_dict())
        root.version += 1
        for role, name in add:
            root.add_key(self.key(name).key, _role(role))
        for role, name in remove:
            keyid = self.key(name).key.keyid
            if keyid not in root.roles[_role(role)].keyids:
                raise SigningFault(f"{name} is not a key of {role}")
            root.revoke_key(keyid, role)
        for role, threshold in (thresholds or {}).items():
            root.roles[_role(role)].threshold = threshold
        self._stage_root(root, now)

    def _stage_root(self, root: Root, now: datetime) -> None:
        for name, role in root.roles.items():
            if not 1 <= role.threshold <= len(role.keyids):
                raise SigningFault(f"{name} wants {role.threshold} signatures and has {len(role.keyids)} keys")
        for name in ONLINE:
            if root.roles[name].threshold != 1:
                raise SigningFault(f"{name} is signed by the server's one key; its threshold stays 1")
        online = {keyid for name in ONLINE for keyid in root.roles[name].keyids}
        if online & {keyid for name in OFFLINE for keyid in root.roles[name].keyids}:
            raise SigningFault("a key of the server must not sign root or targets; use a key of its own for each")
        stamp(root, now)
        write(self._staged(ROOT), dump(Metadata(root)))

    def sign_root(self, signer: Signer) -> bool:
        """True: enough have signed, it is finished. Raises SigningFault."""
        staged = self.staged_root()
        if staged is None:
            raise SigningFault("no root is waiting for signatures; `menkou sign root rotate` begins one")
        old = self.root()
        before = old.signed if old is not None else None
        keyids = set(staged.signed.roles[ROOT].keyids) | set(before.roles[ROOT].keyids if before else ())
        _sign(staged, signer, keyids, "root")
        write(self._staged(ROOT), dump(staged))
        if not staged.signed.get_root_verification_result(before, staged.signed_bytes, staged.signatures):
            return False
        write(self._root_file(staged.signed.version), dump(staged))
        self._staged(ROOT).unlink()
        return True

    # Targets

    def take_request(self, request: TargetsRequest, now: datetime) -> None:
        """Everything a desk asks for, on top of what it has in force. Raises SigningFault."""
        if request.targets is not None:
            theirs, ours = parse_targets(request.targets), self.targets()
            self._verified(theirs, "the targets metadata in the request")
            if ours is not None and theirs.signed.version < ours.signed.version:
                raise SigningFault(
                    f"the desk has targets {theirs.signed.version}, {ours.signed.version} was signed here; "
                    "bring it the newer targets.json first, then ask for a new request"
                )
            write(self.folder / "targets.json", request.targets)
        self.add_releases(request.releases, now, withdraw=request.withdraw)

    def add_releases(self, releases: Iterable[ReleaseToSign], now: datetime, *, withdraw: Iterable[str] = ()) -> None:
        """Stage targets metadata with these as well; none: the same for another half a year. Raises SigningFault."""
        if self.root() is None:
            raise SigningFault("there is no root yet; finish it first")
        old, staged = self.targets(), self.staged_targets()
        base = staged or old
        targets = Targets.from_dict(base.signed.to_dict()) if base is not None else Targets()
        targets.version = (old.signed.version if old is not None else 0) + 1
        for release in releases:
            known = targets.targets.get(release.path)
            wanted = TargetFile(release.size, {"sha256": release.sha256}, release.path)
            if known is not None and (known.length, known.hashes) != (wanted.length, wanted.hashes):
                raise SigningFault(f"version {release.version} was signed with other content; give it another version")
            targets.targets[release.path] = wanted
        for version in withdraw:
            targets.targets = {
                path: target for path, target in targets.targets.items() if path.split("/")[1:2] != [version]
            }
        stamp(targets, now)
        write(self._staged(TARGETS), dump(Metadata(targets)))

    def sign_targets(self, signer: Signer) -> bool:
        """True: enough have signed, targets.json can go to the desk. Raises SigningFault."""
        staged, root = self.staged_targets(), self.root()
        if staged is None or root is None:
            raise SigningFault("no targets are waiting for signatures; `menkou sign targets add` begins them")
        _sign(staged, signer, set(root.signed.roles[TARGETS].keyids), "targets")
        write(self._staged(TARGETS), dump(staged))
        if not root.signed.get_verification_result(TARGETS, staged.signed_bytes, staged.signatures):
            return False
        write(self.folder / "targets.json", dump(staged))
        self._staged(TARGETS).unlink()
        return True

    # Where it stands

    def status(self) -> list[Standing]:
        """Everything that is finished, then what waits for signatures."""
        names, root, found = self.names(), self.root(), []
        staged_root, staged_targets, targets = self.staged_root(), self.staged_targets(), self.targets()
        if root is not None:
            found.append(_finished(f"root {root.signed.version}", root, names))
        if targets is not None:
            found.append(_finished(f"targets {targets.signed.version}", targets, names))
        if staged_root is not None:
            before = root.signed if root is not None else None
            result = staged_root.signed.get_root_verification_result(
                before, staged_root.signed_bytes, staged_root.signatures
            )
            halves = (result.first, result.second)
            missing = {keyid for half in halves if not half.verified for keyid in half.unsigned}
            wanted = max(half.missing for half in halves)
            found.append(_open(f"root {staged_root.signed.version}", staged_root, names, missing, wanted))
        if staged_targets is not None and root is not None:
            one = root.signed.get_verification_result(TARGETS, staged_targets.signed_bytes, staged_targets.signatures)
            name = f"targets {staged_targets.signed.version}"
            found.append(_open(name, staged_targets, names, set(one.unsigned), one.missing))
        return found

    def _verified(self, targets: Metadata[Targets], what: str) -> None:
        root = self.root()
        if root is None:
            raise SigningFault("there is no root yet; finish it first")
        if not root.signed.get_verification_result(TARGETS, targets.signed_bytes, targets.signatures):
            raise SigningFault(f"{what} is not signed by our keys; do not sign it, ask the desk where it comes from")

    def _staged(self, role: str) -> Path:
        return self.folder / "signing" / f"{role}.json"

    def _root_file(self, number: int) -> Path:
        return self.folder / "root" / f"{number}.root.json"


def _role(name: str) -> str:
    if name not in ROLES:
        raise SigningFault(f"{name!r} is not a role; one of {', '.join(ROLES)}")
    return name


def _sign(metadata: Metadata[Any], signer: Signer, keyids: set[str], what: str) -> None:
    if signer.public_key.keyid not in keyids:
        raise SigningFault(f"this key has no part in {what}; use one of those `menkou sign status` names")
    metadata.sign(signer, append=True)


def _finished(name: str, metadata: Metadata[Any], names: Mapping[str, str]) -> Standing:
    return Standing(name, metadata.signed.expires, _named(metadata.signatures, names))


def _open(name: str, metadata: Metadata[Any], names: Mapping[str, str], missing: set[str], wanted: int) -> Standing:
    return Standing(name, metadata.signed.expires, _named(metadata.signatures, names), wanted, _named(missing, names))


def _named(keyids: Iterable[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(keyid, keyid[:12]) for keyid in keyids))


__all__ = ["ROLES", "SNAPSHOT", "TIMESTAMP", "Ceremony", "Standing"]
