"""`menkou fleet …`: what the desk's own machine can do with sites and kiosks."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from backend.settings import BackendSettings

app = typer.Typer(help="Sites and kiosks: enter, enrol, revoke, simulate.", no_args_is_help=True)


@app.command()
def seed(
    share: Annotated[float, typer.Option(help="Of the invented province's 57,705 sites.", min=0.0001, max=1)] = 1.0,
) -> None:
    """Fill an empty desk with an invented province: regions, sites and planned kiosks."""
    print(f"{asyncio.run(_seed(BackendSettings(), share)):,} kiosks entered")


async def _seed(settings: BackendSettings, share: float) -> int:
    from backend.db.engine import make_engine, make_sessions, writing
    from backend.db.migrate import migrate
    from backend.fleet.seed import seed_province

    settings.var_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = make_engine(settings.effective_database_url)
    try:
        await migrate(engine)
        async with writing(make_sessions(engine)) as session:
            made = await seed_province(session, share)
            await session.commit()
        return made
    finally:
        await engine.dispose()
