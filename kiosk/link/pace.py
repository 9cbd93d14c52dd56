"""When to come next. The desk says; where it is silent, everybody stays away longer and longer, each by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from backend.contract.fleet_api import HeartbeatReply
from kiosk.link.fleet_desk import DeskFault, DeskRefusal

_LEAST_S = 5.0
_MOST_S = 3600.0
_BASE_S = 5.0
_CAP_S = 300.0
_STRANGER_S = 600.0  # to a desk that does not know us


@dataclass
class Pace:
    """All in seconds. `interval_s` is what the desk said last."""

    interval_s: float = 60.0
    chance: random.Random = field(default_factory=random.SystemRandom)
    failures: int = 0

    def after(self, answer: HeartbeatReply | DeskFault) -> float:
        """How long to wait for the next heartbeat."""
        if isinstance(answer, HeartbeatReply):
            self.failures = 0
            self.interval_s = min(_MOST_S, max(_LEAST_S, float(answer.interval_s)))
            return self.interval_s + self.chance.uniform(0, min(_MOST_S, max(0.0, float(answer.jitter_s))))
        self.failures += 1
        # Full jitter: after a power cut a whole city fails at the same moment.
        pause = self.chance.uniform(_BASE_S / 5, min(_CAP_S, _BASE_S * 2.0 ** min(self.failures, 10)))
        if isinstance(answer, DeskRefusal):
            if answer.not_ours:
                pause = _STRANGER_S * self.chance.uniform(0.8, 1.2)
            if answer.retry_after_s is not None:
                pause = max(pause, answer.retry_after_s + self.chance.uniform(0, 0.1 * answer.retry_after_s))
        return pause
