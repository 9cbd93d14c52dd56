"""The people before a terminal under load: cards, notes, codes and keys without a pause, in a process of their own, so
that they cost the measured one nothing.

    python -m provisioning.bench.hands URL
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from drivers.virtual.cabinet.client import CabinetClient, CabinetRefusedError

PAUSE_S = 0.15
ROUND: tuple[Callable[[CabinetClient, int], None], ...] = (
    lambda hands, n: hands.lay_card(("li", "zhang")[n % 2]),
    lambda hands, n: hands.device("cash").act("insert-1000"),
    lambda hands, n: hands.scan(f"{20260000 + n}"),
    lambda hands, n: hands.device("keypad").act("press-confirm"),
    lambda hands, n: hands.device("card_terminal").act("pay"),
    lambda hands, n: hands.device("smart_card").act(("insert-li", "withdraw")[n % 2]),
    lambda hands, n: hands.device("box").act(("door-open", "door-close")[n % 2]),
)


def main(url: str) -> None:
    with CabinetClient(url) as hands:
        for n in itertools.count():
            for hand in ROUND:
                with suppress(CabinetRefusedError):  # a note is still in the slot, a code still under the beam
                    hand(hands, n)
                time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1])
