"""For developers: write a migration from what models and tables differ in.

    python -m backend.db.migrations.draft 0002 fleet

Writes versions/r0002_fleet.py against the newest revision before it, over an older draft of the same number. A
revision that has been released is never written again: take the next number.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import create_engine

from backend.db.migrate import alembic_config

VERSIONS = Path(__file__).parent / "versions"


def draft(number: str, name: str) -> Path:
    """Returns the file. The tables of every earlier revision are made in memory and compared with the models."""
    from alembic import command

    for old in VERSIONS.glob(f"r{number}_*.py"):
        old.unlink()
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        config = alembic_config(connection)
        command.upgrade(config, "head")
    with engine.connect() as connection:
        made = command.revision(alembic_config(connection), message=name, rev_id=number, autogenerate=True)
    assert not isinstance(made, list)  # noqa: S101
    assert made is not None  # noqa: S101
    target = VERSIONS / f"r{number}_{name}.py"
    Path(made.path).rename(target)
    for arguments in (["format"], ["check", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, "--quiet", str(target)], check=True)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{draft(sys.argv[1], sys.argv[2])}\n")
