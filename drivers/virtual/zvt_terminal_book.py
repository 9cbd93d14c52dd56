"""What a simulated payment terminal has in its memory: every transaction, for it and for the tests to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Booking:
    """`result` 0: approved by the bank. `reverses`: trace number of the payment given back. Amounts in fen."""

    receipt: int
    trace: int
    amount: int
    result: int = 0
    reverses: int | None = None
    given_back: bool = False


class Book:
    """Receipt and trace numbers go on as in a terminal's life; a new one does not begin at 1. `earlier`: its newest
    transaction before this book begins; None for a terminal that never had one."""

    def __init__(self, receipt: int = 469, trace: int = 469) -> None:
        self._receipt, self._trace = receipt, trace
        self.earlier: Booking | None = Booking(receipt, trace, 8800)
        self.bookings: list[Booking] = []
        self.handed_in = 0  # bookings that were part of an end of day

    def add(self, amount: int, result: int = 0, reverses: int | None = None) -> Booking:
        self._receipt = self._receipt % 9999 + 1
        self._trace = self._trace % 999999 + 1
        booking = Booking(self._receipt, self._trace, amount, result, reverses)
        self.bookings.append(booking)
        return booking

    def give_back(self, booking: Booking) -> Booking:
        booking.given_back = True
        return self.add(booking.amount, 0, booking.trace)

    def with_receipt(self, receipt: int) -> Booking | None:
        found = [b for b in self.bookings if b.receipt == receipt and b.reverses is None and b.result == 0]
        return found[-1] if found else None

    @property
    def newest(self) -> Booking | None:
        return self.bookings[-1] if self.bookings else None

    @property
    def payments(self) -> list[Booking]:
        """For which money was taken, whether or not it was given back."""
        return [b for b in self.bookings if b.result == 0 and b.reverses is None]

    @property
    def kept(self) -> list[Booking]:
        """For which money was taken and kept."""
        return [b for b in self.payments if not b.given_back]

    def open_batch(self) -> list[Booking]:
        return [b for b in self.bookings[self.handed_in :] if b.result == 0 and b.reverses is None and not b.given_back]
