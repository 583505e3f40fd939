import base64
import json
import logging
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.agent.approvals.redaction import RedactedLog, Redactor, is_secret, redacted
from repowright.agent.events import Event, LintRound, Warning

KEY = "sk-live-4f9a8b7c6d5e4f3a2b1c"
ENVIRON = {"OPENAI_API_KEY": KEY, "HOME": "/home/me", "DATABASE_URL": "postgres://me:hunter22@db/x", "LANG": "C.UTF-8"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "whatever"),
        ("my_token", "whatever"),
        ("GITHUB_TOKEN_FILE_CONTENT", "whatever"),
        ("PGPASSWORD", "whatever"),
        ("DB_PASSWD", "whatever"),
        ("AWS_SECRET_ACCESS_KEY", "whatever"),
        ("SOME_CREDENTIALS", "whatever"),
        ("SENTRY_DSN", "https://a@b/1"),
        ("INNOCENT", KEY),
        ("INNOCENT", "ghp_" + "a1" * 15),
        ("INNOCENT", "AKIA" + "A1B2" * 4),
        ("INNOCENT", "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2ln"),
        ("INNOCENT", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----"),
    ],
)
def test_a_variable_is_secret_by_name_or_by_shape(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/bin:/bin"),
        ("PWD", "/home/me/project"),
        ("SSH_AUTH_SOCK", "/tmp/ssh/agent"),
        ("KEYBOARD_LAYOUT", "german-de"),
        ("TOKENIZERS_PARALLELISM", "falsefalse"),
        ("MAX_TOKENS", "1000000"),
        ("USE_TOKEN", "default"),
        ("KEY_FILE", "/home/me/.key"),
        ("API_KEY", "short"),
        ("GITHUB_SHA", "0123456789abcdef0123456789abcdef01234567"),
    ],
)
def test_other_variables_are_not(name: str, value: str) -> None:
    assert not is_secret(name, value)


def test_a_secret_is_replaced_by_the_name_of_its_variable() -> None:
    assert Redactor(ENVIRON).text(f"key {KEY}, again {KEY}") == (
        "key [redacted OPENAI_API_KEY], again [redacted OPENAI_API_KEY]"
    )
    assert Redactor(ENVIRON).text("postgres://me:hunter22@db/x") == "postgres://me:[redacted DATABASE_URL]@db/x"


@pytest.mark.parametrize("secret", ['with "quotes" & more', "umläut-geheim", "line\nbreak\tand tab"])
def test_a_secret_is_found_in_other_clothes(secret: str) -> None:
    redactor = Redactor({"THE_SECRET": secret})
    raw = secret.encode()
    clothes = [
        secret,
        json.dumps(secret),
        repr(secret),
        quote(secret, safe=""),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        raw.hex(),
    ]
    for text in clothes:
        assert "[redacted THE_SECRET]" in redactor.text(f"<{text}>"), text


def test_each_long_line_of_a_private_key_is_a_secret() -> None:
    line = "MIIEpAIBAAKCAQEAx" * 3
    key = f"-----BEGIN PRIVATE KEY-----\n{line}\n{line[::-1]}\n-----END PRIVATE KEY-----"
    assert line not in Redactor({"DEPLOY": key}).text(f"  {line}\n")


def test_a_variable_that_settings_name_is_secret_whatever_it_is_called() -> None:
    assert Redactor({"MINE": "abcdefgh"}, frozenset({"MINE"})).text("abcdefgh") == "[redacted MINE]"
    assert Redactor({"MINE": "abcdefgh"}).text("abcdefgh") == "abcdefgh"


def test_without_secrets_nothing_changes() -> None:
    redactor = Redactor({"HOME": "/home/me"})
    event = Warning(message="/home/me")
    stream = redactor.stream()
    assert redactor.event(event) is event
    assert stream.feed("/home/me") + stream.end() == "/home/me"


@given(st.lists(st.integers(0, 60), max_size=8), st.sampled_from([KEY, "abcabcabd", "aaaaaaab", "abcabcabdabcabc"]))
def test_a_secret_cut_by_borders_of_pieces_is_found(cuts: list[int], secret: str) -> None:
    redactor = Redactor({"A_TOKEN": secret, "B_TOKEN": "abcabcabdabcabc", "C_TOKEN": "aaaaaaab"})
    text = f"abcabc{secret}aaaaaaaaab {secret[:-1]} {secret}{secret}abcabca"
    borders = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    stream = redactor.stream()
    shown = "".join(stream.feed(text[start:end]) for start, end in pairwise(borders))
    assert shown + stream.end() == redactor.text(text)
    assert secret not in shown


def test_a_stream_holds_back_no_more_than_could_be_a_secret() -> None:
    stream = Redactor(ENVIRON).stream()
    assert stream.feed("some text ") == "some text "
    assert stream.feed("sk-li") == ""
    assert stream.feed("ly") == "sk-lily"


def test_an_event_holds_no_secret_in_any_of_its_texts() -> None:
    told: list[Event] = []
    tell = redacted(told.append, Redactor(ENVIRON))
    tell(LintRound(stage="x", round=1, findings=["fine", f"found {KEY}"], ts=5.0, run="r"))
    assert told == [
        LintRound(stage="x", round=1, findings=["fine", "found [redacted OPENAI_API_KEY]"], ts=5.0, run="r")
    ]


def test_a_log_record_and_its_traceback_hold_no_secret() -> None:
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Handler()
    handler.addFilter(RedactedLog(Redactor(ENVIRON)))
    logger = logging.getLogger("test_redaction")
    logger.addHandler(handler)
    try:
        raise ValueError(f"bad key {KEY}")
    except ValueError:
        logger.exception("with %s", KEY)
    finally:
        logger.removeHandler(handler)
    assert KEY not in written[0]
    assert written[0].count("[redacted OPENAI_API_KEY]") >= 2
