"""Status flags in the port's terms. Pure functions."""

from __future__ import annotations

from drivers.receipt_printer.port import ReceiptOutcome
from drivers.receipt_printer.status_codec import Flag
from drivers.status import Action, DeviceState, DeviceStatus, SupplyState

PAPER = "paper"

# Most telling first: an open cover also makes a printer offline, and often paperless.
_FAULTS: tuple[tuple[frozenset[Flag], ReceiptOutcome], ...] = (
    (frozenset({Flag.UNRECOVERABLE_ERROR}), ReceiptOutcome.HARDWARE_ERROR),
    (frozenset({Flag.COVER_OPEN}), ReceiptOutcome.COVER_OPEN),
    (frozenset({Flag.CUTTER_ERROR}), ReceiptOutcome.CUTTER_ERROR),
    (frozenset({Flag.PAPER_END, Flag.STOPPED_PAPER_END}), ReceiptOutcome.PAPER_OUT),
    (frozenset({Flag.RECOVERABLE_ERROR, Flag.OVERHEATED, Flag.ERROR}), ReceiptOutcome.HARDWARE_ERROR),
    (frozenset({Flag.OFFLINE, Flag.FEED_BUTTON}), ReceiptOutcome.OFFLINE),
)

# A head that cools down by itself: with nothing else wrong, waiting helps.
_HOT = frozenset({Flag.OVERHEATED, Flag.ERROR, Flag.OFFLINE})


def fault_of(flags: frozenset[Flag]) -> ReceiptOutcome | None:
    """Why the printer does not print now; None if it does."""
    return next((outcome for causes, outcome in _FAULTS if causes & flags), None)


def only_hot(flags: frozenset[Flag]) -> bool:
    """True if the printer pauses until its head has cooled, and will then go on by itself."""
    return Flag.OVERHEATED in flags and flags <= _HOT | {Flag.PAPER_NEAR_END}


def device_status(flags: frozenset[Flag]) -> DeviceStatus:
    """Supplies: "paper"."""
    paper = SupplyState.FULL
    if flags & {Flag.PAPER_END, Flag.STOPPED_PAPER_END}:
        paper = SupplyState.OUT
    elif Flag.PAPER_NEAR_END in flags:
        paper = SupplyState.LOW
    device, action = _device(flags, paper)
    return DeviceStatus(device, {PAPER: paper}, action, ", ".join(sorted(flags)))


def _device(flags: frozenset[Flag], paper: SupplyState) -> tuple[DeviceState, Action]:
    if Flag.UNRECOVERABLE_ERROR in flags:
        return DeviceState.HARDWARE_ERROR, Action.MAINTENANCE
    if flags & {Flag.CUTTER_ERROR, Flag.RECOVERABLE_ERROR}:
        return DeviceState.HARDWARE_ERROR, Action.CLEAR
    if Flag.COVER_OPEN in flags:
        return DeviceState.USER_ERROR, Action.CLEAR
    if Flag.OVERHEATED in flags:
        return DeviceState.BUSY, Action.NONE  # it cools down by itself
    if Flag.ERROR in flags:
        return DeviceState.HARDWARE_ERROR, Action.MAINTENANCE
    if paper is SupplyState.OUT:
        return DeviceState.ONLINE, Action.CLEAR
    if Flag.FEED_BUTTON in flags:
        return DeviceState.BUSY, Action.NONE
    if Flag.OFFLINE in flags:
        return DeviceState.OFFLINE, Action.CLEAR
    return DeviceState.ONLINE, Action.CLEAR if paper is SupplyState.LOW else Action.NONE


def silent(detail: str, device: DeviceState = DeviceState.OFFLINE) -> DeviceStatus:
    """A printer that says nothing, or nothing that makes sense."""
    return DeviceStatus(device, {PAPER: SupplyState.UNKNOWN}, Action.RESET, detail)
