"""When kiosks are to come again. Under load they are told to come less often, before anybody has to be refused."""

from __future__ import annotations

from zlib import crc32

LONGEST_S = 3600
_JITTER = 12  # a twelfth of the interval
_SLACK_S = 15
_CALM_S = 0.5  # heartbeats may wait so long without anything being done about it
_MOST = 400  # percent


def jitter_of(interval_s: int) -> int:
    return interval_s // _JITTER


def patience_of(interval_s: int) -> int:
    """A kiosk told to come after `interval_s` is missed after so many seconds: two intervals and some."""
    return 2 * (interval_s + jitter_of(interval_s)) + _SLACK_S


class Pace:
    """How far intervals are stretched now, by how long heartbeats have had to wait."""

    def __init__(self, interval_s: int) -> None:
        self.interval_s = interval_s
        self._delay_s = 0.0

    def waited(self, delay_s: float) -> None:
        """The oldest heartbeat of a batch had to wait so long. Up at once, down slowly."""
        self._delay_s = max(delay_s, self._delay_s * 0.9 + delay_s * 0.1)

    @property
    def stretch(self) -> int:
        """Percent of the normal interval: 100 when calm, up to 400."""
        if self._delay_s <= _CALM_S:
            return 100
        return min(_MOST, int(100 + 50 * (self._delay_s - _CALM_S)))

    def told(self, own_s: int, stretch: int) -> int:
        """The longest interval a kiosk may be told now; the statement computes the same."""
        return min((own_s or self.interval_s) * stretch // 100, LONGEST_S)

    def spread(self, kiosk_id: str, own_s: int, stretch: int) -> int:
        """This kiosk's interval: between the normal and the stretched one, always the same place for the same kiosk,
        so that those who came together do not come together again."""
        longest = self.told(own_s, stretch)
        normal = min(own_s or self.interval_s, longest)
        return normal + crc32(kiosk_id.encode()) % (longest - normal + 1)
