"""Passwords: argon2id off the event loop, and the rules for new ones."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from backend.staff.errors import StaffError

MIN_LENGTH = 12
MAX_LENGTH = 200
HISTORY = 5  # so many of the last passwords may not come back

_WORKERS = 2  # each hash takes 32 MiB and a core
_MAX_WAITING = 32  # more than that is an attack: refused at once instead of queued for minutes
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without what looks alike

# The start of what everybody tries first, with digits and signs taken off its end.
_COMMON_WORDS = (
    "password passw0rd p@ssword p@ssw0rd qwerty qwertyuiop qwertyuiopasdfghjkl asdfghjkl zxcvbnm 1qaz2wsx 1qaz2wsx3edc "
    "1q2w3e4r 1q2w3e4r5t admin administrator adminadmin root welcome letmein iloveyou changeme woaini woaini1314 "
    "5201314 zhongguo china beijing menkou passwordpassword abcdefgh abcdefghijkl abc123 test guest government "
    "correcthorsebatterystaple qazwsxedc mima mimamima"
)
_COMMON = frozenset(_COMMON_WORDS.split())


Result = TypeVar("Result")


class PasswordsBusy(StaffError):
    def __init__(self) -> None:
        super().__init__("busy", "现在登录的人太多，请稍后再试。", "Too many sign-ins at once; try again shortly.", 503)
        self.headers = {"Retry-After": "5"}


class Passwords:
    """Hashes and checks in a small pool of threads. RFC 9106's second choice asks for 64 MiB; with 32 MiB and two
    passes (OWASP's floor is 19 MiB and two) a modest machine still signs in twenty people a second."""

    def __init__(self, *, memory_kib: int = 32 * 1024, passes: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        return await self._off_loop(lambda: self._hasher.hash(password))

    async def check(self, stored: str, password: str) -> bool:
        """An empty `stored` (no such account) takes as long as a real one and is never right."""
        right = await self._off_loop(lambda: self._check(stored or self._nobody, password))
        return right and bool(stored)

    def outdated(self, stored: str) -> bool:
        """Made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _check(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _off_loop(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= _MAX_WAITING:
            raise PasswordsBusy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def make_password() -> str:
    """A first password: 80 random bits, to be typed from a slip of paper."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def check_rules(password: str, login: str, name: str) -> None:
    """Raises StaffError for one that is too short, too long, guessable or the person's own name."""
    if len(password) < MIN_LENGTH:
        raise StaffError(
            "password-short",
            f"密码至少要有 {MIN_LENGTH} 位。",
            f"A password has at least {MIN_LENGTH} characters.",
            422,
        )
    if len(password) > MAX_LENGTH:
        raise StaffError("password-long", f"密码最多 {MAX_LENGTH} 位。", f"At most {MAX_LENGTH} characters.", 422)
    folded = password.casefold()
    own = [part for part in (login.casefold(), name.casefold()) if len(part) >= 3 and part in folded]
    core = folded.rstrip("0123456789!@#$%^&*._-?+~ ")
    if own or core in _COMMON or folded in _COMMON or len(set(folded)) < 5 or _is_run(folded):
        raise StaffError(
            "password-common",
            "这个密码太容易猜到，请换一个（不要含登录名或姓名）。",
            "This password is too easy to guess; take another, without your login or name in it.",
            422,
        )


def _is_run(text: str) -> bool:
    """123456789012, abcdefghijkl, and the same backwards."""
    steps = {
        (ord(after) - ord(before)) % 10 if before.isdigit() and after.isdigit() else ord(after) - ord(before)
        for before, after in pairwise(text)
    }
    return len(steps) == 1 and steps <= {1, 9, -1}
