"""Content packs on the kiosk's disk: the one that runs, the one before, and the one the software came with.

    content/state.json      which is which; the only thing a switch changes
    content/packs/NAME/     whole packs, each named by the digest of its pack.json; files are shared by hard links
    content/packs/NAME.new/ one being put together
    content/files/          what was fetched for it

The power may fail at any point: a pack's folder has its name only when it is whole and on the disk, and `state.json` is
replaced as one. A pack that was being tried when the program ended is not begun again without having been asked for.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import structlog

from content.listing import FileFacts, ListingError, pack_files
from content.load import Pack, load_pack
from content.pack_format import ROOT, PackError
from kiosk.link.files import sync_folder, write_whole

log = structlog.get_logger()

FACTORY = ""
_STATE = "state.json"
_FOR = "for"
_MOST_ENDED = 2  # so often the program may end while a pack is tried; a power cut is one, a pack that crashes it is two


class _State(msgspec.Struct):
    current: str = FACTORY
    previous: str = FACTORY
    trying: bool = False  # current was put in place and has not been found good yet
    ended: dict[str, int] = {}  # how often the program ended while this pack was tried


class _StateDamaged(OSError):
    """`state.json` is there and says nothing that can be understood."""

    def __init__(self) -> None:
        super().__init__(errno.EIO, "state.json is damaged")


class ContentStore:
    """Blocking; raises OSError: the disk. `factory`: the pack that came with the software; read only."""

    def __init__(self, folder: Path, factory: Path) -> None:
        self._folder = folder
        self._factory = factory
        self.files = folder / "files"

    # At the start

    def open(self) -> Pack:
        """The pack to serve with. Whatever has happened to the disk, the newest one that is whole. Raises PackError
        if there is none at all."""
        try:
            state = self._state()
        except OSError as error:
            # Residents are served all the same. What cannot be read just now may be read at the next start.
            log.error("content_state_unreadable", error=errno.errorcode.get(error.errno or 0, "?"))
            if isinstance(error, _StateDamaged):
                self._write(_State())
            return load_pack(self._factory)
        if state.trying:
            log.error("content_try_ended")
            state.ended[state.current] = state.ended.get(state.current, 0) + 1
            self._write(_State(state.previous, FACTORY, False, state.ended))
            state = self._state()
        for name in dict.fromkeys((state.current, state.previous)):
            if name == FACTORY:
                break
            try:
                pack = load_pack(self.folder_of(name))
            except (PackError, OSError) as error:
                log.error("content_pack_unusable", error=type(error).__name__)
                continue
            if name != state.current:
                self._write(_State(name, FACTORY, False, state.ended))
            return pack
        if state.current != FACTORY:
            self._write(_State(ended=state.ended))
        return load_pack(self._factory)

    # What is there

    def folder_of(self, name: str) -> Path:
        return self._factory if name == FACTORY else self._folder / "packs" / name

    @property
    def current(self) -> str:
        return self._state().current

    @property
    def previous(self) -> str:
        return self._state().previous

    def given_up(self, name: str) -> bool:
        """The program has ended too often while this one was tried."""
        return self._state().ended.get(name, 0) >= _MOST_ENDED

    def whole(self, name: str) -> bool:
        return self.folder_of(name).is_dir()

    def sound(self, name: str) -> bool:
        """It is here, and every file of it is what its listing says: all of them are read."""
        folder = self.folder_of(name)
        try:
            with (folder / ROOT).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != name:
                    return False
            pack_files(folder)
        except (OSError, ListingError):
            return False
        return True

    def find(self, files: Mapping[str, FileFacts]) -> tuple[dict[str, Path], list[FileFacts]]:
        """Where the files are that are here, by their paths in the new pack, and those that are to be fetched, each
        once. Every file is read: a disk may have lost what it kept."""
        folders = [self.folder_of(name) for name in self._names()]
        found: dict[str, Path] = {}
        missing: dict[str, FileFacts] = {}
        for path, facts in files.items():
            places = (self.files / facts.sha256, *(folder / path for folder in folders))
            place = next((place for place in places if _is(place, facts)), None)
            if place is not None:
                found[path] = place
            else:
                missing[facts.sha256] = facts
        return found, list(missing.values())

    def read(self, path: str, facts: FileFacts) -> bytes:
        """One file of a pack that is to be. Raises PackError."""
        found, _ = self.find({path: facts})
        if path not in found:
            raise PackError(f"{path} is missing")
        return found[path].read_bytes()

    # Changes

    def begin(self, name: str, running: str) -> None:
        """This pack is fetched next; what was fetched for another goes, unless it serves (`running`)."""
        purpose = self.files / _FOR
        try:
            same = purpose.read_text("ascii") == name
        except OSError:
            same = False
        if not same:
            self.tidy(keep=[name, running])
            write_whole(purpose, name.encode())

    def drop(self, name: str) -> None:
        """A pack that is not what it should be: it is put together anew."""
        shutil.rmtree(self._folder / "packs" / name)

    def assemble(self, root: bytes, found: Mapping[str, Path]) -> str:
        """Put a pack together from what `find` has just found; its name. Raises OSError: the disk."""
        name = hashlib.sha256(root).hexdigest()
        if self.whole(name):
            return name
        scratch = self._folder / "packs" / f"{name}.new"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True, mode=0o700)
        for path, source in found.items():
            target = scratch / path
            target.parent.mkdir(parents=True, exist_ok=True)
            _share(source, target)
        write_whole(scratch / ROOT, root)
        for folder in [scratch, *(path for path in scratch.rglob("*") if path.is_dir())]:
            sync_folder(folder)
        scratch.rename(self.folder_of(name))
        sync_folder(self._folder / "packs")
        return name

    def switch(self, name: str) -> None:
        """From now on this one, on trial until `confirm`; the one that ran is kept."""
        state = self._state()
        if state.current != name:
            self._write(_State(name, state.current, True, state.ended))

    def confirm(self) -> None:
        """It runs and is good."""
        state = self._state()
        if state.trying or state.ended:
            self._write(_State(state.current, state.previous, False, {}))

    def back(self) -> None:
        """To the one before. Without one, to the factory's."""
        state = self._state()
        self._write(_State(state.previous, FACTORY, False, state.ended))

    def tidy(self, keep: Iterable[str] = ()) -> None:
        """Two packs are kept, and what is named: whatever else lies here is of an update that is over."""
        state = self._state()
        kept = {state.current, state.previous, *keep}
        if (packs := self._folder / "packs").is_dir():
            for path in [path for path in packs.iterdir() if path.name not in kept]:
                shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(self.files, ignore_errors=True)

    # Inside

    def _names(self) -> list[str]:
        state = self._state()
        return list(dict.fromkeys((state.current, state.previous, FACTORY)))

    def _state(self) -> _State:
        """Only where there is no file is nothing installed. Who cannot read it must not take that for the answer:
        the pack that serves would be tidied away. Raises OSError."""
        try:
            data = (self._folder / _STATE).read_bytes()
        except FileNotFoundError:
            return _State()
        try:
            return msgspec.json.decode(data, type=_State)
        except msgspec.MsgspecError:
            raise _StateDamaged from None

    def _write(self, state: _State) -> None:
        write_whole(self._folder / _STATE, msgspec.json.encode(state))


def _is(file: Path, facts: FileFacts) -> bool:
    try:
        if file.stat().st_size != facts.size:
            return False
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == facts.sha256
    except OSError:
        return False


def _share(source: Path, target: Path) -> None:
    """A hard link; a copy where the factory's pack lies on another disk."""
    try:
        os.link(source, target)
    except OSError:
        with source.open("rb") as old, target.open("xb") as new:
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())
