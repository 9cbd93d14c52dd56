"""E-mail by SMTP."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib

from backend.alerts.channels.base import Failure, Outgoing
from backend.alerts.settings import AlertsSettings


class Email:
    """One connection a message: there are few, and a mail server that has gone away is noticed at once."""

    def __init__(self, settings: AlertsSettings) -> None:
        self._settings = settings

    async def send(self, message: Outgoing) -> Failure | None:
        settings = self._settings
        if not is_address(message.address):
            return Failure("address", final=True)
        try:
            await aiosmtplib.send(
                self._mail(message),
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                use_tls=settings.smtp_tls == "implicit",
                start_tls=settings.smtp_tls == "starttls",
                username=settings.smtp_user or None,
                password=settings.smtp_password.get_secret_value() or None,
                timeout=settings.channel_timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            return Failure("recipient-refused", final=all(code >= 500 for code in codes))
        except aiosmtplib.SMTPResponseException as error:
            return Failure(f"smtp-{error.code}")
        except (aiosmtplib.SMTPException, OSError) as error:
            return Failure(type(error).__name__)
        return None

    def _mail(self, message: Outgoing) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._settings.smtp_from
        mail["To"] = message.address
        mail["Subject"] = " ".join(message.title.split())
        mail["Date"] = format_datetime(datetime.now(UTC))
        domain = parseaddr(self._settings.smtp_from)[1].partition("@")[2] or "localhost"
        # The same for every attempt: mail programs show a repetition once.
        mail["Message-ID"] = f"<{message.message_id}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        # Alert and all-clear stand in one thread.
        mail["References"] = f"<alert-{message.facts.get('alert_id', message.message_id)}@{domain}>"
        mail.set_content(message.text)
        return mail


def is_address(text: str) -> bool:
    """A bare address of one line."""
    name, address = parseaddr(text)
    local, at, domain = text.rpartition("@")
    return not name and address == text and bool(local and at and domain) and not any(c.isspace() for c in text)
