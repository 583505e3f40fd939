"""A model that plans whatever it is given, by rule: a function for each feature, files of a few features."""

from __future__ import annotations

import json
import re

_FEATURE = re.compile(r"^\s*- (F\d+): (.+)$", re.MULTILINE)
_FILES = 6


def plan_by_rule(system: str, user: str) -> str | None:
    """Answer what the planning stages after the areas ask; the code stage is not foreseen."""
    if "lay the areas out" in system:
        return json.dumps(_structure(user))
    if "data flow between areas" in system:
        return json.dumps({"flows": []})
    if "base types" in system and "define the base types" in system:
        return json.dumps({"files": []})
    if "interface of one file" in system:
        return json.dumps(_interface(user))
    raise AssertionError(f"nobody should have asked: {system[:200]}")


def _structure(user: str) -> dict[str, object]:
    package = re.search(r"Import package: `(\w+)`", user)
    assert package is not None
    files: list[dict[str, object]] = []
    for block in re.split(r"^## ", user.partition("# Areas, categories and features")[2], flags=re.MULTILINE)[1:]:
        area = block.splitlines()[0]
        features = [short for short, _ in _FEATURE.findall(block)]
        for start in range(0, len(features), _FILES):
            path = f"src/{package[1]}/part_{len(files)}.py"
            chosen = features[start : start + _FILES]
            files.append({"path": path, "area": area, "purpose": "A part.", "features": chosen, "depends_on": []})
    return {"files": files, "entry_point": None}


def _interface(user: str) -> dict[str, object]:
    own = user.partition("\nFeatures:\n")[2].partition("\nData flow of the area:")[0]
    entry = re.search(r"entry point: `def (\w+)\(", own)
    units = []
    for number, (short, phrase) in enumerate(_FEATURE.findall(own)):
        name = entry[1] if entry and not number else f"do_{short.lower()}"
        skeleton = f'def {name}(value: str) -> str:\n    """Do this: {phrase.replace(chr(34), "")}"""\n    ...\n'
        units.append({"name": name, "kind": "function", "skeleton": skeleton, "features": [short], "uses": []})
    return {"units": units}
