"""A model on the loopback that lifts by rule: what it says follows from the request alone."""

from __future__ import annotations

import json
import re

_DEFINITION = re.compile(r"^@@ (U\d+): (\S+): (\S+)$", re.MULTILINE)
_FILE = re.compile(r"^@@ (F\d+): ([^\s:]+)", re.MULTILINE)


def lift_answer(system: str, user: str) -> str:
    """Return the answer to a question of lifting."""
    if "one feature" in system:
        found = [{"id": one, "feature": f"handle {_words(name)} by rule"} for one, _, name in _DEFINITION.findall(user)]
        return json.dumps({"features": found})
    if "what it is for, as one phrase" in system:
        return json.dumps(
            {"summaries": [{"id": one, "summary": f"serve {_words(path)}"} for one, path in _FILE.findall(user)]}
        )
    if "find the functional areas" in system:
        areas = [{"name": "Selling", "purpose": "Carts."}, {"name": "Counting", "purpose": "Prices."}]
        return json.dumps({"areas": areas})
    places = [{"id": one, "place": _place(path)} for one, path in _FILE.findall(user)]
    return json.dumps({"places": places})


def _place(path: str) -> str:
    return "Counting/price rules" if "price" in path else "Selling/carts/items"


def _words(name: str) -> str:
    return " ".join(re.findall(r"[a-z]+", name.rpartition("/")[2].lower())[:4]) + " well"
