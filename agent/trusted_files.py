"""Files of a project that count only as the user has seen them.

A repository can bring configuration along that moves keys, costs money or allows acts. Such a file is trusted byte for
byte: its hash stands in the user's own folder, and a changed file must be trusted again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import SettingsError


class TrustedFiles:
    """The hashes of trusted files by their path, in one JSON file.

    Parameters
    ----------
    store
        The JSON file in the user's folder; it need not exist.
    """

    def __init__(self, store: Path) -> None:
        self._store = store

    def holds(self, path: Path, content: bytes) -> bool:
        """Whether the file was trusted with exactly this content.

        Raises
        ------
        SettingsError
            If the hashes cannot be read; so for `trust`.
        """
        return self._hashes().get(str(path.absolute())) == hashlib.sha256(content).hexdigest()

    def trust(self, path: Path, content: bytes) -> None:
        """Trust the file with this content from now on.

        Raises
        ------
        OSError
            If the hashes cannot be written.
        """
        hashes = self._hashes() | {str(path.absolute()): hashlib.sha256(content).hexdigest()}
        self._store.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._store, json.dumps(hashes, indent=1, sort_keys=True).encode())

    def _hashes(self) -> dict[str, str]:
        try:
            found = json.loads(self._store.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as err:
            raise SettingsError(f"cannot read {self._store}: {err.strerror}", "check its permissions") from err
        except ValueError as err:
            raise SettingsError(f"{self._store} is not JSON", "remove it; what was trusted is asked again") from err
        return {str(path): str(digest) for path, digest in found.items()} if isinstance(found, dict) else {}
