"""Secrets of the environment never enter a prompt, a log or an event: the one place that takes them out.

A variable is secret by its name (``..._KEY``, ``..._TOKEN``, ``PASSWORD`` and so on) or by the shape of its value (the
tokens of known services, private keys, a password inside of an address). Its value is taken out as it stands and as
it looks inside of JSON, an address, base64 or hexadecimal digits.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote, quote_plus, unquote, urlsplit

from repowright.agent.event_base import BaseEvent

SHORTEST_SECRET = 6
"""Characters; a shorter value is found in any text and would tear it."""

_SECRET_NAME = re.compile(
    r"(^|_)([A-Z0-9]*KEYS?|[A-Z0-9]*TOKEN|[A-Z0-9]*SECRETS?|[A-Z0-9]*PASS(WORD|WD|PHRASE)?|PWD|CREDENTIALS?"
    r"|CREDS?|AUTH|AUTHORIZATION|COOKIES?|DSN|CONNECTION_STRING|WEBHOOK(_URL)?|SAS|JWT|PIN|SALT|PAT)($|_)",
    re.IGNORECASE,
)
_NO_SECRETS = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK", "GPG_TTY", "XAUTHORITY", "REPOWRIGHT_API_KEY_ENV"})
_SECRET_SHAPE = re.compile(
    r"(sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}"
    r"|(AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|SG\.[\w-]{16,}\.[\w-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*",
    re.DOTALL,
)
_ORDINARY = re.compile(r"true|false|none|null|default|disabled|enabled|[0-9]{1,7}|(/|~/|\./)[\w./@+-]*", re.IGNORECASE)
_LONGEST_LINE_KEPT = 24
_Event = TypeVar("_Event", bound=BaseEvent)


class Redactor:
    """Takes the secrets of an environment out of texts.

    Parameters
    ----------
    environ
        The environment; it is read once, at the beginning.
    names
        Variables that are secret whatever they are called, such as the one that settings name for the key.
    """

    def __init__(self, environ: Mapping[str, str], names: frozenset[str] = frozenset()) -> None:
        self._labels = _needles(environ, names)
        ordered = sorted(self._labels, key=lambda needle: (-len(needle), needle))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._longest = len(ordered[0]) if ordered else 0
        self._by_first: dict[str, list[str]] = {}
        for needle in ordered:
            self._by_first.setdefault(needle[0], []).append(needle)

    def text(self, text: str) -> str:
        """Return a text with ``[redacted NAME]`` in the place of every secret."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._labels[match.group()], text)

    def marks_in(self, text: str) -> list[str]:
        """Return what stands in a text, or would stand there once it is redacted, in the place of secrets; sorted."""
        shown = self.text(text)
        return sorted({mark for mark in self._labels.values() if mark in shown})

    def event(self, event: _Event) -> _Event:
        """Return an event whose texts hold no secret."""
        if self._pattern is None:
            return event
        body = event.model_dump()
        clean = self._value(body)
        return event if clean == body else type(event).model_validate(clean)

    def stream(self) -> RedactedStream:
        """Return what redacts a text that comes in pieces."""
        return RedactedStream(self)

    def split(self, text: str) -> tuple[str, str]:
        """Return what of a text can be shown now, redacted, and the end that may be the beginning of a secret."""
        if self._pattern is None:
            return text, ""
        kept_from = self._open_end(text)
        pieces: list[str] = []
        done = 0
        for match in self._pattern.finditer(text):
            if match.start() >= kept_from:
                break
            pieces += [text[done : match.start()], self._labels[match.group()]]
            done = match.end()
        cut = max(done, kept_from)
        return "".join([*pieces, text[done:cut]]), text[cut:]

    def _open_end(self, text: str) -> int:
        for start in range(max(0, len(text) - self._longest + 1), len(text)):
            left = len(text) - start
            for needle in self._by_first.get(text[start], ()):
                if len(needle) > left and text.endswith(needle[:left]):
                    return start
        return len(text)

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._value(name): self._value(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._value(each) for each in value]
        return value


class RedactedStream:
    """Redacts a text that comes in pieces: a secret cut by the border of two is found too."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take a piece and return what can be shown of the text so far; may be empty."""
        shown, self._held = self._redactor.split(self._held + piece)
        return shown

    def end(self) -> str:
        """Return the rest."""
        rest, self._held = self._held, ""
        return self._redactor.text(rest)


class RedactedLog(logging.Filter):
    """Takes secrets out of log records, their tracebacks included; to be added to every handler."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; it is always kept."""
        record.msg, record.args = self._redactor.text(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.stack_info:
            record.stack_info = self._redactor.text(record.stack_info)
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        return True


def redacted(subscriber: Callable[[_Event], None], redactor: Redactor) -> Callable[[_Event], None]:
    """Return a subscriber that is told every event without secrets."""
    return lambda event: subscriber(redactor.event(event))


def is_secret(name: str, value: str) -> bool:
    """Whether a variable holds a secret, by its name or by the shape of its value.

    Examples
    --------
    >>> is_secret("DB_PASSWORD", "correct horse"), is_secret("KEYBOARD", "german-de"), is_secret("PWD", "/home/me")
    (True, False, False)
    """
    if len(value) < SHORTEST_SECRET or name.upper() in _NO_SECRETS:
        return False
    if _SECRET_SHAPE.fullmatch(value.strip()):
        return True
    return bool(_SECRET_NAME.search(name)) and not _ORDINARY.fullmatch(value)


def _needles(environ: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name in sorted(environ):
        value = environ[name].strip()
        secrets = [value] if is_secret(name, value) or (name in names and len(value) >= SHORTEST_SECRET) else []
        secrets += _passwords(value)
        for secret in secrets:
            for form in _forms(secret):
                labels.setdefault(form, f"[redacted {name}]")
    return labels


def _passwords(value: str) -> list[str]:
    """Return the password inside of an address."""
    if "://" not in value:
        return []
    try:
        password = urlsplit(value).password or ""
    except ValueError:
        return []
    return [each for each in dict.fromkeys((password, unquote(password))) if len(each) >= SHORTEST_SECRET]


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    encoded = base64.b64encode(raw).decode()
    forms = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(raw, safe=""),
        quote_plus(raw),
        encoded,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
    }
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
    forms |= {line for line in lines if len(line) >= _LONGEST_LINE_KEPT and not line.startswith("-----")}
    return {form for form in forms if len(form) >= SHORTEST_SECRET}
