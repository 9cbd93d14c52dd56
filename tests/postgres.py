"""PostgreSQL for tests: one cluster a test process, a fresh database a test.

    async def test_x(fresh_database: str) -> None: ...      # a URL; every test runs on SQLite and on PostgreSQL

Nothing of the machine's own clusters is touched. PostgreSQL refuses to run as root: then it runs as `postgres`.
"""

from __future__ import annotations

import atexit
from functools import cache
from itertools import count

from provisioning.postgres import Cluster, binaries, remove_orphans

__all__ = ["Cluster", "binaries", "cluster", "fresh_postgres"]

_numbers = count(1)


@cache
def cluster() -> Cluster:
    """The test process's own, made at first use, removed at the end."""
    remove_orphans()
    made = Cluster()
    atexit.register(made.remove)
    return made


@cache
def _migrated() -> str:
    """The name of an empty, migrated database: the template of the others."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from backend.db.engine import make_engine
    from backend.db.migrate import migrate

    async def prepare(url: str) -> None:
        engine = make_engine(url)
        await migrate(engine)
        await engine.dispose()

    url = cluster().create("migrated")
    with ThreadPoolExecutor(1) as pool:  # a loop of its own: tests call this from theirs
        pool.submit(asyncio.run, prepare(url)).result()
    return "migrated"


def fresh_postgres(*, migrated: bool = True, template: str = "") -> str:
    """The URL of a new database: empty, with all tables, or a copy of `template` (to which nobody is connected)."""
    return cluster().create(f"test_{next(_numbers)}", template or (_migrated() if migrated else "template0"))
