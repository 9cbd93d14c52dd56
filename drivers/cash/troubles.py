"""What is wrong with an acceptor, and the status that makes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from drivers.cash.port import CASHBOX_SPACE, NOTE_PATH
from drivers.status import Action, DeviceState, DeviceStatus, SupplyState


class Trouble(StrEnum):
    """In the order of their weight. The value is the detail for the technician."""

    FRAUD = "manipulation seen"
    CASHBOX_REMOVED = "cash box removed"
    DEFECT = "unit defective"
    STUCK = "unit takes orders and moves no note"
    JAM = "note jammed"
    STACKER_FULL = "cash box full"
    UNCOUNTED = "note of unknown fate: count the cash box"  # the unit itself is well


_STATES: dict[Trouble, tuple[DeviceState, Action]] = {
    Trouble.FRAUD: (DeviceState.FRAUD_ATTEMPT, Action.MAINTENANCE),
    Trouble.CASHBOX_REMOVED: (DeviceState.USER_ERROR, Action.MAINTENANCE),
    Trouble.DEFECT: (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE),
    Trouble.STUCK: (DeviceState.HARDWARE_ERROR, Action.MAINTENANCE),
    Trouble.JAM: (DeviceState.HARDWARE_ERROR, Action.CLEAR),
    Trouble.STACKER_FULL: (DeviceState.ONLINE, Action.CLEAR),
    Trouble.UNCOUNTED: (DeviceState.ONLINE, Action.CLEAR),
}

_REPEATED = 2  # replies that name a trouble: the unit repeats it as long as it lasts
_GONE = 3  # replies in a row without it: it is over
_MENDED_UNSAID = frozenset({Trouble.JAM, Trouble.STACKER_FULL})


class TroubleBook:
    """Some units say once that something is wrong, others say it in every reply until it is mended. A trouble stays
    until the unit says that it is over; one that was repeated also ends when the unit stops repeating it. UNCOUNTED is
    over for no word of the unit but that of its cashbox being put back, which somebody had out and counted."""

    def __init__(self) -> None:
        self._open: dict[Trouble, str] = {}
        self._heard: set[Trouble] = set()
        self._repeats: dict[Trouble, int] = {}
        self._absent: dict[Trouble, int] = {}

    def __contains__(self, trouble: Trouble) -> bool:
        return trouble in self._open

    @property
    def blocking(self) -> bool:
        """Whether no notes can be taken."""
        return any(trouble is not Trouble.UNCOUNTED for trouble in self._open)

    def add(self, trouble: Trouble, detail: str = "") -> bool:
        """Whether it is news."""
        self._heard.add(trouble)
        news = trouble not in self._open
        self._open.setdefault(trouble, detail)
        return news

    def clear(self) -> None:
        """Somebody begins anew, and knows of everything."""
        self.end(*Trouble)
        self._heard.clear()

    def restarted(self) -> None:
        """The unit was; what is still wrong it will say."""
        self.end(*(trouble for trouble in Trouble if trouble is not Trouble.UNCOUNTED))
        self._heard.clear()

    def cashbox_is_back(self) -> None:
        self.end(Trouble.CASHBOX_REMOVED, Trouble.STACKER_FULL, Trouble.UNCOUNTED)

    def end(self, *troubles: Trouble) -> None:
        for trouble in troubles:
            self._open.pop(trouble, None)
            self._repeats.pop(trouble, None)
            self._absent.pop(trouble, None)

    def end_of_reply(self) -> None:
        """One reply of the unit was heard to its end."""
        for trouble in list(self._open):
            if trouble in self._heard:
                self._repeats[trouble] = self._repeats.get(trouble, 0) + 1
                self._absent[trouble] = 0
            elif trouble in _MENDED_UNSAID and self._repeats.get(trouble, 0) >= _REPEATED:
                self._absent[trouble] = self._absent.get(trouble, 0) + 1
                if self._absent[trouble] >= _GONE:
                    self.end(trouble)
        self._heard.clear()

    def status(self, identity: str, counters: Mapping[str, int]) -> DeviceStatus:
        """Of a unit that is connected."""
        worst = next((trouble for trouble in Trouble if trouble in self._open), None)
        state, action = _STATES[worst] if worst else (DeviceState.ONLINE, Action.NONE)
        no_space = Trouble.STACKER_FULL in self._open or Trouble.CASHBOX_REMOVED in self._open
        supplies = {CASHBOX_SPACE: SupplyState.OUT if no_space else SupplyState.FULL}
        if Trouble.JAM in self._open or Trouble.STUCK in self._open:
            supplies[NOTE_PATH] = SupplyState.JAMMED
        detail = (self._open[worst] or worst.value) if worst else ""
        return DeviceStatus(state, supplies, action, detail, counters=counters, identity=identity)
