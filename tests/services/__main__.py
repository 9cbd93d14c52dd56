"""`python -m tests.services`: every service and package walked to its end, as a table. Exit code 1 if one is not."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from kiosk.journeys.context import JourneyOver
from tests.services.walk import Walked, names, open_hall, walk


async def main(wanted: list[str]) -> int:
    failed = 0
    with tempfile.TemporaryDirectory(prefix="menkou-services-") as folder:
        async with open_hall(Path(folder)) as hall:
            print("| row | service | journey | screens | output | ms |\n|---|---|---|---|---|---|")
            for name in wanted or names():
                done = Walked(hall.pack.services[name])
                try:
                    done = await walk(hall, name)
                except (Exception, JourneyOver) as error:  # noqa: BLE001 - a line of the table
                    failed += 1
                    done.problem = f"**{type(error).__name__}: {error}**"
                row, kind = done.service.row or "", done.service.journey.value
                print(
                    f"| {row} | {name} | {kind} | {len(done.screens)} | {done.problem or done.output} | {done.ms:.0f} |"
                )
                sys.stdout.flush()
    print(f"\n{len(wanted or names()) - failed} walked, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(asyncio.run(main(sys.argv[1:])))
