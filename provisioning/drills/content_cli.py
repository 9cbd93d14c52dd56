"""`make drill-content`: a signed release goes to 200 kiosks, of which 3 % cannot run it. The rollout must halt by its
gate within two groups, and every broken kiosk serve the old version again.

The desk is a real one with its client certificates; the kiosks run the real updater. Exit code 1 where it went wrong.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import structlog
import typer
from sqlalchemy import select

from backend.db.engine import Sessions, make_engine, make_sessions, writing
from backend.db.migrate import migrate
from backend.fleet.identity import desk as identity_desk
from backend.fleet.models import Site
from backend.fleet.settings import FleetSettings
from backend.regions.division import COUNTRY
from backend.regions.models import Region
from backend.releases import steering
from backend.releases.models import Rollout
from backend.releases.planning import GroupPlan, RolloutPlan, Selection, make_rollout
from backend.releases.queries import RolloutView, reasons, rollout_view
from backend.releases.states import MemberState, RolloutState
from backend.settings import BackendSettings
from backend.staff.approvals import Approval, ApprovalState, decide
from backend.staff.roles import Grant, Role, Staff
from backend.tuf_desk.service import take_targets
from backend.tuf_desk.wiring import open_desk
from content.build import CATALOGUE, build
from content.load import load_pack
from provisioning.demo_signing import demo_keepers
from provisioning.drills.content_kiosks import DEFECTS, DrillKiosk
from provisioning.ports import HOST, Ports, healthy
from provisioning.process import Child, Recipe, menkou
from provisioning.simulator.codes import make_codes

app = typer.Typer(add_completion=False)

_REGION = "990000000000"
_BEAT_S = 3.0
_PUBLISHER = Staff("drill-publisher", "publisher", (Grant(Role.PUBLISHER, COUNTRY),))
_SECOND = Staff("drill-second", "second", (Grant(Role.SECURITY_ADMIN, COUNTRY),))
_GROUPS = (20.0, 60.0, 100.0)  # percent; two of them hold enough of 3 % to be seen
_SERVICES = ("water-bill", "social-insurance-enrolment-proof")


@app.command()
def drill(
    kiosks: Annotated[int, typer.Option(help="How many.", min=20, max=1000)] = 200,
    broken: Annotated[float, typer.Option(help="Percent that cannot run the release.", min=0, max=50)] = 3.0,
    seed: Annotated[int, typer.Option(help="Of the dice; 0: another one each time.")] = 0,
    minutes: Annotated[float, typer.Option(help="At most.", min=0.5)] = 10.0,
) -> None:
    """Release, watch, compare."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # 200 kiosks talk a lot
    seed = seed or random.randrange(1, 1_000_000)  # noqa: S311 - no secret
    folder = Path(tempfile.mkdtemp(prefix="menkou-drill-"))
    try:
        good = asyncio.run(Drill(folder, kiosks, broken / 100, seed).run(minutes * 60))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(0 if good else 1)


class Drill:
    def __init__(self, folder: Path, kiosks: int, broken: float, seed: int) -> None:
        self._folder = folder
        self._count = kiosks
        self._dice = random.Random(seed)  # noqa: S311
        self._defects = {number: DEFECTS[at % len(DEFECTS)] for at, number in enumerate(self._pick(broken))}
        self._ports = Ports(0, 0, 0, 0, 0, 0).settle()
        _say(f"{kiosks} kiosks, {len(self._defects)} of them broken, seed {seed}")

    def _pick(self, broken: float) -> list[int]:
        return self._dice.sample(range(self._count), round(self._count * broken))

    async def run(self, most_s: float) -> bool:
        factory, edition = await asyncio.to_thread(_two_packs, self._folder)
        environment = self._environment(factory)
        os.environ.update(environment)
        settings, fleet = BackendSettings(), FleetSettings()
        settings.var_dir.mkdir(parents=True)
        engine = make_engine(settings.effective_database_url)
        server = Child(
            Recipe(
                "backend",
                menkou("backend", "serve"),
                self._folder / "backend.log",
                environment,
                lambda: healthy(self._ports.backend, "/readyz"),
            )
        )
        try:
            await migrate(engine)
            sessions = make_sessions(engine)
            await self._enter(sessions)
            keepers, desk, now = demo_keepers(settings), open_desk(settings), datetime.now(UTC)
            keepers.ensure_root(now)
            desk.import_pack(edition, "the drill's release")
            async with writing(sessions) as session:
                (release,) = await take_targets(session, desk, keepers.sign_waiting(now), "drill", now)
                release_id, version = release.release_id, release.version
            await server.start()
            await server.wait_ready()
            kiosks = [
                DrillKiosk(self._folder / "kiosks" / str(number), ticket, factory, self._defects.get(number, ""))
                for number, ticket in enumerate(await make_codes(settings, fleet, self._count))
            ]
            await self._enrol(kiosks)
            lives = [asyncio.create_task(kiosk.live(_BEAT_S)) for kiosk in kiosks]
            try:
                view, why = await self._roll_out(sessions, release_id, most_s)
                await asyncio.sleep(2 * _BEAT_S)  # whoever is in the middle of it comes to its end
            finally:
                for life in lives:
                    life.cancel()
                await asyncio.gather(*lives, return_exceptions=True)
            return _verdict(view, why, kiosks, load_pack(factory).version, version)
        finally:
            await server.stop()
            await engine.dispose()

    def _environment(self, pack: Path) -> dict[str, str]:
        return {
            "MENKOU_BACKEND_HOST": HOST,
            "MENKOU_BACKEND_PORT": str(self._ports.backend),
            "MENKOU_BACKEND_VAR_DIR": str(self._folder / "var" / "backend"),
            "MENKOU_BACKEND_SANDBOX_DIR": str(self._folder / "var" / "sandbox"),
            "MENKOU_BACKEND_CONTENT_DIR": str(pack),
            "MENKOU_FLEET_KIOSK_HOST": HOST,
            "MENKOU_FLEET_KIOSK_PORT": str(self._ports.fleet),
        }

    async def _enter(self, sessions: Sessions) -> None:
        now = datetime.now(UTC)
        async with writing(sessions) as session:
            session.add(Region(code=_REGION, parent=None, level=1, name_zh="样本省", name_en="Yangben Province"))
            await session.flush()
            if await session.get(Site, "S-1") is None:
                site = identity_desk.NewSite(site_id="S-1", region_code=_REGION, name_zh="演练", name_en="Drill")
                await identity_desk.add_site(session, "drill", site, now)
            for number in range(self._count):
                kiosk = identity_desk.NewKiosk(kiosk_id=f"D-{number:04d}", site_id="S-1", model="Drill")
                await identity_desk.add_kiosk(session, "drill", kiosk, now)
            await session.commit()

    async def _enrol(self, kiosks: list[DrillKiosk]) -> None:
        began, gate = time.monotonic(), asyncio.Semaphore(4)

        async def one(kiosk: DrillKiosk) -> None:
            async with gate:
                await kiosk.enrol()

        await asyncio.gather(*(one(kiosk) for kiosk in kiosks))
        _say(f"enrolled in {time.monotonic() - began:.0f} s")

    async def _roll_out(
        self, sessions: Sessions, release_id: str, most_s: float
    ) -> tuple[RolloutView, list[tuple[str, int]]]:
        plan = RolloutPlan(
            title="演练",
            release_id=release_id,
            members=Selection(regions=[_REGION]),
            groups=[GroupPlan(name=str(number), share=share) for number, share in enumerate(_GROUPS, 1)],
            max_error_share=0.01,
            min_sample=10,
            silence_s=120,
            reach_s=120,
            soak_s=0,
        )
        rollout_id = await _start(sessions, plan)
        end, shown = time.monotonic() + most_s, ""
        while True:
            async with sessions() as session:
                view = await rollout_view(session, _PUBLISHER, rollout_id)
                why = await reasons(session, _PUBLISHER, rollout_id)
            assert view is not None  # noqa: S101 - it was made just now
            told = ", ".join(f"group {one.name}: {_told(one.counts)}" for one in view.groups)
            if told != shown:
                _say(f"{view.state.value}: {told}")
                shown = told
            if view.state not in (RolloutState.RUNNING,) or time.monotonic() > end:
                return view, why
            await asyncio.sleep(1)


async def _start(sessions: Sessions, plan: RolloutPlan) -> str:
    """With four eyes."""
    async with writing(sessions) as session:
        rollout = await make_rollout(session, _PUBLISHER, plan, datetime.now(UTC))
        rollout_id = rollout.rollout_id
        await session.commit()
    async with writing(sessions) as session:
        rollout = await session.get_one(Rollout, rollout_id)
        await steering.ask_for_release(session, _PUBLISHER, rollout, "drill", datetime.now(UTC))
        await session.commit()
    async with writing(sessions) as session:
        asked = await session.scalar(select(Approval).where(Approval.state == ApprovalState.OPEN.value))
        assert asked is not None  # noqa: S101
        await decide(session, _SECOND, asked.approval_id, True, datetime.now(UTC))
        await session.commit()
    return rollout_id


def _verdict(view: RolloutView, why: list[tuple[str, int]], kiosks: list[DrillKiosk], old: str, new: str) -> bool:
    """Say how it went, and whether that is right."""
    serves = {kiosk.kiosk_id: kiosk.serves() for kiosk in kiosks}
    broken = [kiosk for kiosk in kiosks if kiosk.defect]
    tried = [group for group in view.groups if group.attempted]
    print(f"{view.state.value}: {view.reason}")
    for group in view.groups:
        print(f"  group {group.name} ({group.size}): {_told(group.counts)}  {group.reason}")
    print(f"why: {', '.join(f'{code} {count} times' for code, count in why) or 'nobody failed'}")
    print(f"serve the new version: {sum(version == new for version in serves.values())}")
    print(f"serve the old version: {sum(version == old for version in serves.values())}")
    print(f"restarts of the program: {sum(kiosk.restarts for kiosk in kiosks)}")
    failed = sum(group.errors for group in view.groups)
    right = {
        "the gate has halted it": view.state is RolloutState.HALTED if broken else view.state is RolloutState.DONE,
        "within two groups": len(tried) <= 2 or not broken,
        "every broken kiosk serves the old version": all(serves[kiosk.kiosk_id] == old for kiosk in broken),
        "every kiosk serves one of the two": set(serves.values()) <= {old, new},
        "the report says why": not broken or (bool(view.reason) and sum(count for _, count in why) == failed > 0),
        "who succeeded runs the new version": sum(version == new for version in serves.values())
        >= sum(group.counts.get(MemberState.SUCCEEDED, 0) for group in view.groups),
    }
    for what, true in right.items():
        print(f"{'yes' if true else 'NO '}  {what}")
    return all(right.values())


def _told(counts: dict[MemberState, int]) -> str:
    return ", ".join(f"{count} {state.value}" for state, count in Counter(counts).most_common() if count)


def _two_packs(folder: Path) -> tuple[Path, Path]:
    """The catalogue's own, and one in which a service has another title. Two services are enough."""

    def others(directory: str, names: list[str]) -> list[str]:
        if Path(directory).name not in ("services", "packages"):
            return []
        return [name for name in names if Path(name).stem not in _SERVICES]

    source = folder / "content"
    shutil.copytree(CATALOGUE, source / "catalogue", ignore=others)
    shutil.copytree(CATALOGUE.parent / "templates", source / "templates")
    build(source / "catalogue", folder / "factory")
    file = source / "catalogue" / "services" / f"{_SERVICES[0]}.yaml"
    text, count = re.subn(r'(?m)^(title: \{ ?zh: "?[^",]+)', r"\g<1>（新）", file.read_text("utf-8"), count=1)
    if count != 1:
        raise RuntimeError(f"{file.name}: the title is written otherwise now")
    file.write_text(text, "utf-8")
    build(source / "catalogue", folder / "edition")
    return folder / "factory", folder / "edition"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    app()
