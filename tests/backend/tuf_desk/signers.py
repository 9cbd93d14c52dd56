"""The keepers of the keys, in memory: a ceremony without its sticks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner, SSlibKey

from backend.tuf_desk.repository import TufDesk
from content.signing.ceremony import Ceremony
from content.signing.keys import PublicKey
from content.signing.request import TargetsRequest


class Keepers:
    def __init__(self, folder: Path, desk: TufDesk, now: datetime) -> None:
        self.ceremony = Ceremony(folder)
        names = ("root-1", "root-2", "root-3", "targets-1")
        self.signers = {name: CryptoSigner.generate_ed25519() for name in names}
        for name, signer in self.signers.items():
            assert isinstance(signer.public_key, SSlibKey)
            self.ceremony.add_key(PublicKey(name, signer.public_key))
        online = desk.keys.public()
        for public in online.values():
            self.ceremony.add_key(public)
        roles = {"root": names[:3], "targets": names[3:]} | {role: [key.name] for role, key in online.items()}
        self.ceremony.begin_root(roles, {}, now)
        self.sign_root()

    def sign_root(self) -> bytes:
        for name in ("root-1", "root-2"):
            self.ceremony.sign_root(self.signers[name])
        return self.root()

    def root(self) -> bytes:
        return max(
            (self.ceremony.folder / "root").iterdir(), key=lambda file: int(file.name.split(".")[0])
        ).read_bytes()

    def sign(self, request: TargetsRequest, now: datetime) -> bytes:
        self.ceremony.take_request(request, now)
        assert self.ceremony.sign_targets(self.signers["targets-1"])
        return (self.ceremony.folder / "targets.json").read_bytes()
