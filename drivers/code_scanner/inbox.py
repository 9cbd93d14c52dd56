"""Who waits for a code, and whether one that came is meant for them. The same for every kind of scanner."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from drivers.code_scanner.classify import CodeRules, classify
from drivers.code_scanner.frames import Code
from drivers.code_scanner.port import ScanContext, ScannedCode

log = structlog.get_logger()


class CodeInbox:
    """One question at a time. A code answers the question that is open when it comes and none that is asked later;
    the same code again within `repeat_s` is still the same presentation of it.

    Of the last code a hash is kept, salted anew by each process, and never the code itself.
    """

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._one_scan = asyncio.Lock()
        self._wanted: asyncio.Future[str] | None = None
        self._last: tuple[int, float] | None = None
        self.counters: Counter[str] = Counter(codes_read=0, codes_rejected=0, codes_repeated=0, codes_unasked=0)

    @property
    def busy(self) -> bool:
        """Whether a screen asks for a code."""
        return self._one_scan.locked()

    @asynccontextmanager
    async def question(self) -> AsyncIterator[asyncio.Future[str]]:
        """The text of the code that is going to come. Waits until an earlier question is done with."""
        async with self._one_scan:
            self._wanted = asyncio.get_running_loop().create_future()
            try:
                yield self._wanted
            finally:
                self._wanted = None

    def offer(self, code: Code) -> bool:
        """True: somebody waits, and this was not it."""
        wanted = self._wanted
        if wanted is None or wanted.done():
            self.counters["codes_unasked"] += 1
            return False
        text, now = code.text(), asyncio.get_running_loop().time()
        fingerprint = hash(code.data)
        if text is None:
            self.counters["codes_rejected"] += 1
            log.info("code_not_text", bytes=len(code.data))
            return True
        if self._last is not None and self._last[0] == fingerprint and now - self._last[1] < self._repeat_s:
            self.counters["codes_repeated"] += 1
            log.info("code_repeated")
            return True
        self._last = (fingerprint, now)
        self.counters["codes_read"] += 1
        wanted.set_result(text)
        return False


def judge(text: str, context: ScanContext, rules: CodeRules) -> ScannedCode:
    """`classify`, and a line in the log without the code."""
    code = classify(text, context, rules)
    log.info("code_scanned", kind=code.kind.value, context=context.value)
    return code
