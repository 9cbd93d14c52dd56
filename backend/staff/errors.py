"""Expected refusals of this package."""

from __future__ import annotations

from fastapi import HTTPException


class StaffError(HTTPException):
    """Not done, and why. `code` is for programs, the texts are for people; no secrets, no residents' data in them.
    `link`: the console's page of what is in the way."""

    def __init__(self, code: str, zh: str, en: str, status: int = 409, link: str = "") -> None:
        super().__init__(status, en)
        self.code = code
        self.zh = zh
        self.en = en
        self.link = link


def not_found() -> StaffError:
    return StaffError("not-found", "没有这个账号。", "There is no such account.", 404)


def not_allowed(zh: str = "您没有这个权限。", en: str = "You may not do that.") -> StaffError:
    return StaffError("not-allowed", zh, en, 403)
