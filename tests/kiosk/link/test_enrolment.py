"""Becoming somebody: the desk is proved first, a break at any step leaves the old identity or the new one."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.contract.enrolment import CodeError, grouped, new_code
from backend.contract.fleet_api import Inventory
from kiosk.link import files, identity_files
from kiosk.link.enrolment import BadIdentity, Invitation, UntrustedDesk, enrol, renew
from kiosk.link.fleet_desk import DeskRefusal, DeskSilent, FleetDesk
from kiosk.link.identity_files import Identity, IdentityFiles
from kiosk.link.key_store import FileKeyStore
from tests.kiosk.link.fake_desk import KIOSK, Authority, FakeDesk, refusal

INVENTORY = Inventory(model="test")


def _files(tmp_path: Path) -> IdentityFiles:
    return IdentityFiles(tmp_path / "identity", FileKeyStore())


async def _enrolled(desk: FakeDesk, tmp_path: Path) -> Identity:
    identity = await enrol(_files(tmp_path), Invitation.scanned(desk.ticket()), INVENTORY)
    assert isinstance(identity, Identity)
    return identity


async def test_by_qr_code_and_by_typed_code(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        identity = await _enrolled(desk, tmp_path)
        assert (identity.kiosk_id, identity.epoch, identity.desk_url) == (KIOSK, 1, desk.url)
        assert stat.S_IMODE((identity.folder / "key.pem").stat().st_mode) == 0o600
        desk.code = new_code()
        typed = Invitation.typed(grouped(desk.code).lower(), desk.url)
        again = await enrol(_files(tmp_path), typed, INVENTORY)
        assert isinstance(again, Identity)
        assert again.folder != identity.folder
        assert not identity.folder.exists(), "the old key is gone"
        assert desk.code not in str(typed)


async def test_another_desk_in_between_gets_nothing(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk, FakeDesk(tmp_path / "other", Authority("Evil")) as other:
        for invitation in (
            Invitation.scanned(desk.ticket(url=other.url)),
            Invitation.typed(desk.code, other.url),
            Invitation.typed(desk.code, other.url, desk.authority.pin),
        ):
            with pytest.raises(UntrustedDesk):
                await enrol(_files(tmp_path), invitation, INVENTORY)
        assert set(other.asked) == {"GET /authority"}
        assert _files(tmp_path).current() is None


async def test_a_desk_that_shows_the_right_authority_without_having_it(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk, FakeDesk(tmp_path / "other", Authority("Evil")) as other:
        other.authority = desk.authority  # says so; its own certificate is another's
        answer = await enrol(_files(tmp_path), Invitation.scanned(desk.ticket(url=other.url)), INVENTORY)
        assert isinstance(answer, DeskSilent)
        assert set(other.asked) == {"GET /authority"}


async def test_refusals_and_silence_are_answers(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        ticket = Invitation.scanned(desk.ticket())
        desk.before = lambda method, path: refusal(503, "busy", "7") if path == "/enrol" else None
        assert await enrol(_files(tmp_path), ticket, INVENTORY) == DeskRefusal(503, "busy", 7.0)
        desk.before = lambda method, path: None
        desk.code = new_code()
        answer = await enrol(_files(tmp_path), ticket, INVENTORY)
        assert answer == DeskRefusal(403, "enrolment-code-invalid")
    assert isinstance(await enrol(_files(tmp_path), ticket, INVENTORY), DeskSilent)
    assert _files(tmp_path).current() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://desk/",
        "menkou://enrol?u=http://desk&k=K&c=X&e=1&p=00",
        "menkou://enrol?c=ABCD",
        "menkou://enrol?%%%",
    ],
)
def test_other_texts_are_no_codes(text: str) -> None:
    with pytest.raises(CodeError):
        Invitation.scanned(text)


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        desk.after = lambda method, path: path == "/enrol"
        ticket = Invitation.scanned(desk.ticket())
        assert isinstance(await enrol(_files(tmp_path), ticket, INVENTORY), DeskSilent)
        desk.after = lambda method, path: False
        assert isinstance(await enrol(_files(tmp_path), ticket, INVENTORY), Identity)


class _PowerCut(BaseException):
    pass


def _count_writes(monkeypatch: pytest.MonkeyPatch, cut_at: int) -> list[str]:
    """Every step that changes the disk; the power goes before step `cut_at`."""
    steps: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            if len(steps) == cut_at:
                raise _PowerCut
            steps.append(name)
            return call(*arguments, **options)

        return step

    monkeypatch.setattr(Path, "replace", counted("replace", Path.replace))
    monkeypatch.setattr(Path, "rename", counted("rename", Path.rename))
    monkeypatch.setattr(Path, "mkdir", counted("mkdir", Path.mkdir))
    monkeypatch.setattr(files.os, "fsync", counted("fsync", files.os.fsync))
    monkeypatch.setattr(identity_files.shutil, "rmtree", counted("rmtree", identity_files.shutil.rmtree))
    return steps


async def test_a_power_cut_at_any_step_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enrolment over an identity that exists, cut before each step; then done again with the same code."""
    async with FakeDesk(tmp_path / "desk") as desk:
        cut = 0
        while True:
            home = tmp_path / f"at-{cut}"
            desk.code = new_code()
            old = await enrol(_files(home), Invitation.scanned(desk.ticket()), INVENTORY)
            assert isinstance(old, Identity)
            desk.code = new_code()
            invitation = Invitation.scanned(desk.ticket())
            with monkeypatch.context() as patch:
                steps = _count_writes(patch, cut)
                try:
                    await enrol(_files(home), invitation, INVENTORY)
                    finished = True
                except _PowerCut:
                    finished = False
            found = _files(home).current()
            assert found is not None, f"neither old nor new after {steps}"
            _files(home).context(found)  # key, certificate and authority belong together
            new = await enrol(_files(home), invitation, INVENTORY)
            assert isinstance(new, Identity), f"{new} after {steps}"
            if finished:
                assert len(steps) > 10
                break
            cut += 1


async def test_renewal_has_a_new_key_and_both_are_good_meanwhile(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        identity = await _enrolled(desk, tmp_path)
        store = _files(tmp_path)
        before = (identity.folder / "key.pem").read_bytes()
        old = FleetDesk(desk.url, store.context(identity))
        new = await renew(store, identity, old)
        assert isinstance(new, Identity)
        assert (new.folder / "key.pem").read_bytes() != before
        fresh = FleetDesk(desk.url, store.context(new))
        assert not isinstance(await old.settings(), DeskRefusal), "the connection before the renewal"
        assert not isinstance(await fresh.settings(), DeskRefusal)
        assert len({serial for serial in desk.peers if serial is not None}) == 2
        await old.close()
        await fresh.close()


async def test_what_is_no_identity_for_us_is_not_taken(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        identity = await _enrolled(desk, tmp_path)
        store = _files(tmp_path)
        link = FleetDesk(desk.url, store.context(identity))
        right = desk._certified
        for wrong in (
            {"certificate_pem": identity.certificate_file.read_text()},  # for the key before
            {"certificate_pem": "nonsense"},
            {"ca_pem": "nonsense"},
            {"kiosk_id": "K-another"},
        ):
            desk._certified = lambda csr, wrong=wrong: _with(right(csr), **wrong)  # type: ignore[method-assign,misc]
            with pytest.raises(BadIdentity):
                await renew(store, identity, link)
            found = _files(tmp_path).current()
            assert found is not None
            assert found.folder == identity.folder
        await link.close()


async def test_forgetting_is_finished_after_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        await _enrolled(desk, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(identity_files.shutil, "rmtree", lambda *a, **o: (_ for _ in ()).throw(_PowerCut()))
        with pytest.raises(_PowerCut):
            _files(tmp_path).forget()
    assert _files(tmp_path).current() is None
    assert list((tmp_path / "identity").iterdir()) == []


async def test_a_damaged_identity_is_none(tmp_path: Path) -> None:
    async with FakeDesk(tmp_path / "desk") as desk:
        identity = await _enrolled(desk, tmp_path)
    for name in ("key.pem", "certificate.pem", "ca.pem", "kiosk.json"):
        whole = (identity.folder / name).read_bytes()
        (identity.folder / name).write_bytes(whole[: len(whole) // 2])
        assert _files(tmp_path).current() is None, name
        (identity.folder / name).write_bytes(whole)
    assert _files(tmp_path).current() is not None


def _with(value: Any, **changes: Any) -> Any:
    return type(value)(**({name: getattr(value, name) for name in value.__struct_fields__} | changes))
