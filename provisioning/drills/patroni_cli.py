"""`make drill-ha`: kill the primary of a PostgreSQL with a standby while the desk's tables are written to.

Prints for each kind of death how long nothing could be written and whether anything acknowledged is missing. Exit 1 if
something is, or if it took longer than the limit; exit 2 where Patroni or etcd are not installed.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from backend.db.engine import make_engine, make_sessions
from backend.db.migrate import migrate
from provisioning.drills.patroni_book import Book, compare, write
from provisioning.drills.patroni_cluster import HaCluster, Node, missing

LIMIT_S = 30.0
_BEFORE_S, _AFTER_S = 3.0, 3.0  # load before the death, and after the service is back
_PATIENCE_S = 90.0

app = typer.Typer(add_completion=False)

HOW: dict[str, tuple[str, Callable[[HaCluster, Node], None]]] = {
    "machine": ("the primary's machine is gone (SIGKILL to Patroni and PostgreSQL)", HaCluster.kill_machine),
    "postgres": ("PostgreSQL alone is killed; Patroni lives", HaCluster.kill_postgres),
    "switchover": ("the roles are changed for maintenance", lambda cluster, node: cluster.switch_over()),
}


@dataclass(frozen=True)
class Figure:
    how: str
    gap_s: float
    acknowledged: int
    missing: int
    faults: int
    chain: bool
    moved: bool  # another node is the primary now

    @property
    def passed(self) -> bool:
        return self.missing == 0 and self.chain and self.gap_s <= LIMIT_S


@app.command()
def main(
    how: Annotated[list[str] | None, typer.Option(help=f"{', '.join(HOW)}; more than once for more.")] = None,
    etcd: Annotated[int, typer.Option(help="How many etcd: 1 or 3.")] = 1,
    writers: Annotated[int, typer.Option(help="How many write at once.")] = 8,
) -> None:
    """Kill the primary under load and compare the books."""
    packages = missing()
    if packages:
        typer.echo(f"not installed: {', '.join(packages)} (apt-get install {' '.join(packages)})", err=True)
        raise typer.Exit(2)
    chosen = how or list(HOW)
    unknown = [name for name in chosen if name not in HOW]
    if unknown:
        raise typer.BadParameter(f"unknown: {', '.join(unknown)}")
    figures = drill(chosen, etcd, writers)
    print(f"{'':12} {'no write for':>12} {'limit':>7} {'acknowledged':>13} {'missing':>8} {'refused':>8}  audit chain")
    for figure in figures:
        print(
            f"{figure.how:12} {figure.gap_s:>10.1f} s {LIMIT_S:>5.0f} s {figure.acknowledged:>13,} {figure.missing:>8}"
            f" {figure.faults:>8}  {'in order' if figure.chain else 'BROKEN'}{'' if figure.passed else '   FAILED'}"
        )
    if not all(figure.passed for figure in figures):
        raise typer.Exit(1)


def drill(how: list[str], etcd: int = 1, writers: int = 8) -> list[Figure]:
    """One figure for each kind of death, on one cluster after the other's recovery. Raises TimeoutError."""
    folder = Path(tempfile.mkdtemp(prefix="menkou-ha-"))
    folder.chmod(0o755)
    cluster = HaCluster(folder, etcd)
    try:
        cluster.make()
        print(f"cluster ready: {HaCluster.__name__} with {etcd} etcd, primary {_name(cluster.primary())}")
        return asyncio.run(_all(cluster, how, writers))
    finally:
        cluster.remove()


async def _all(cluster: HaCluster, how: list[str], writers: int) -> list[Figure]:
    admin = make_engine(cluster.url())
    async with admin.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("CREATE DATABASE menkou"))
    await admin.dispose()
    engine = make_engine(cluster.url("menkou"))
    await migrate(engine)
    figures = []
    for name in how:
        print(f"{name}: {HOW[name][0]} …")
        figures.append(await _one(cluster, name, writers))
        await asyncio.to_thread(_mend, cluster)
    await engine.dispose()
    return figures


async def _one(cluster: HaCluster, name: str, writers: int) -> Figure:
    engine = make_engine(cluster.url("menkou"))
    sessions, book, stop = make_sessions(engine), Book(), asyncio.Event()
    names = [f"{'audit' if n % 4 == 0 else 'events'}-{name}-{n}" for n in range(writers)]
    tasks = [asyncio.create_task(write(sessions, book, writer, stop)) for writer in names]
    await asyncio.sleep(_BEFORE_S)
    before = await asyncio.to_thread(cluster.primary)
    assert before is not None  # noqa: S101
    killed_at = time.monotonic()
    await asyncio.to_thread(HOW[name][1], cluster, before)
    # A write that was under way may still be answered; the service is back when writes go on for a while.
    while time.monotonic() - killed_at < _PATIENCE_S:
        await asyncio.sleep(0.2)
        recent = [moment for moment in book.times[-20:] if moment > time.monotonic() - 1]
        if len(recent) == 20 and time.monotonic() - killed_at > _AFTER_S:
            break
    await asyncio.sleep(_AFTER_S)
    stop.set()
    await asyncio.gather(*tasks)
    gap = book.longest_gap(killed_at)
    lost, _, fault = await compare(sessions, book)
    after = await asyncio.to_thread(cluster.primary)
    await engine.dispose()
    return Figure(
        name, gap, len(book.acknowledged), len(lost), sum(book.faults.values()), fault is None, after is not before
    )


def _mend(cluster: HaCluster) -> None:
    """Power is back: the dead node starts, rewinds what it had alone, and follows."""
    for node in cluster.nodes:
        if node.process is None or node.process.poll() is not None:
            cluster.start(node)
    waited = cluster.wait_for(lambda: cluster.primary() and cluster.standby(), 120)
    print(f"  both nodes again after {waited:.0f} s, primary {_name(cluster.primary())}")


def _name(node: Node | None) -> str:
    return node.name if node else "none"


if __name__ == "__main__":
    app()
