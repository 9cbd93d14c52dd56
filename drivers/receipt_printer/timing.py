"""Every wait of the receipt printer driver."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.link.supervise import Backoff


@dataclass(frozen=True)
class Timing:
    """All in seconds."""

    reply_s: float = 0.2  # one answer to DLE EOT; asked `tries` times before the printer counts as silent
    tries: int = 3
    settle_s: float = 2.0  # for the slip after the last byte, where the printer cannot confirm
    confirm_s: float = 15.0  # for the slip after the last byte, where the printer itself confirms
    cool_s: float = 30.0  # more, for a head that got hot within the slip
    returned_s: float = 3.0  # left for a confirmation once a printer that fell silent answers again
    poll_s: float = 0.3  # between looks at the status within a slip
    counter_s: float = 1.0  # GS g 2 and GS I: the answer waits for what is being printed
    write_s: float = 10.0  # for the line to take a piece of the slip
    held_s: float = 15.0  # between XOFF and XON
    connect_s: float = 3.0  # for a line that is just coming back, before a slip is given up
    watch_s: float = 10.0  # between looks at an idle printer: finds a dead line before a resident does
    rearm_s: float = 60.0  # GS a is sent again after so long: a printer switched off and on has forgotten it
    silent_looks: int = 6  # then even a line on which nothing was ever heard is opened anew
    backoff: Backoff = field(default_factory=Backoff)
