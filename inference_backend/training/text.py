"""Real text that every machine has: the source, comments and docstrings of Python's standard library.

What is measured on is never what is trained on: `HELD_OUT` and `TRAINING` share no file.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repowright.inference_backend.errors import InferenceError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

HELD_OUT = ("argparse", "inspect", "tarfile", "typing")

TRAINING = (
    *("ast", "calendar", "pydoc_data.topics", "codecs", "collections", "configparser", "csv", "dataclasses"),
    *("difflib", "dis", "doctest", "email.message", "enum", "fractions", "ftplib", "functools", "gettext"),
    *("heapq", "http.client", "http.cookiejar", "http.server", "imaplib", "ipaddress", "locale", "logging"),
    *("logging.config", "mailbox", "mimetypes", "multiprocessing.pool", "optparse", "os", "pdb", "pickle"),
    *("pickletools", "platform", "plistlib", "poplib", "pprint", "pydoc", "random", "selectors", "shelve"),
    *("shlex", "shutil", "smtplib", "socket", "socketserver", "ssl", "statistics", "string", "subprocess"),
    *("tempfile", "textwrap", "threading", "timeit", "tokenize", "traceback", "turtle", "unittest.case"),
    *("unittest.mock", "urllib.parse", "urllib.request", "uuid", "weakref", "xml.dom.minidom", "xmlrpc.client"),
)


def module_text(name: str) -> str:
    """Return the source of a module of the standard library; empty if this Python has no such module."""
    beginning = Path(sysconfig.get_path("stdlib")).joinpath(*name.split("."))
    for file in (beginning.with_suffix(".py"), beginning / "__init__.py"):
        if file.is_file():
            return file.read_text(encoding="utf-8")
    return ""


def file_text(paths: Sequence[Path]) -> list[str]:
    """Return the texts of files, and of all Python and text files of folders, in the order of their names.

    Raises
    ------
    InferenceError
        If there is nothing to read.
    """
    files: list[Path] = []
    for path in paths:
        found = sorted(each for each in path.rglob("*") if each.suffix in (".py", ".md", ".rst", ".txt"))
        files += found if path.is_dir() else [path]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    if not any(text.strip() for text in texts):
        raise InferenceError(f"{', '.join(map(str, paths))} holds no text", "name files, or folders of them")
    return texts


def sequences(tokeniser: PreTrainedTokenizerBase, texts: Sequence[str], length: int, count: int) -> list[list[int]]:
    """Return sequences of tokens: the first of every text, then the second of every text, and so on.

    Raises
    ------
    InferenceError
        If the texts are too short for even one.
    """
    parts = [_parts(tokeniser, text, length) for text in texts]
    found = list(islice(_in_turns(parts), count))
    if not found:
        raise InferenceError(f"no text has {length} tokens", "name longer files, or take shorter sequences")
    return found


def standard_texts(names: Sequence[str] = TRAINING) -> list[str]:
    """Return the sources of modules that this Python has."""
    return [text for text in map(module_text, names) if text]


def _parts(tokeniser: PreTrainedTokenizerBase, text: str, length: int) -> Iterator[list[int]]:
    encoded: Any = tokeniser(text, verbose=False)
    ids: list[int] = encoded["input_ids"]
    for begin in range(0, len(ids) - length + 1, length):
        yield ids[begin : begin + length]


def _in_turns(parts: list[Iterator[list[int]]]) -> Iterator[list[int]]:
    while parts:
        left = []
        for each in parts:
            found = next(each, None)
            if found is not None:
                yield found
                left.append(each)
        parts = left
