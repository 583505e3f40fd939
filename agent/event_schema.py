"""The published JSON Schema of events; ``python -m repowright.agent.event_schema`` writes it anew."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from repowright.agent.atomic import write_atomically
from repowright.agent.event_base import VERSION
from repowright.agent.events import json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PUBLISHED = Path("docs") / "events.schema.json"


def published_schema() -> bytes:
    """Return the schema as it is published: one form, so that a change of the events is a change of the file."""
    schema = {
        "$schema": DIALECT,
        "title": f"Events of repowright, version {VERSION}",
        "description": "One line of --json, or of the events.jsonl of a run.",
        **json_schema(),
    }
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    write_atomically(Path(sys.argv[1]) if len(sys.argv) > 1 else PUBLISHED, published_schema())
