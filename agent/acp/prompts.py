"""What an editor sends as a prompt, as the words of the user."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from acp.helpers import ContentBlock
from acp.schema import EmbeddedResourceContentBlock, ResourceContentBlock, TextContentBlock, TextResourceContents

from repowright.agent.acp.updates import fenced
from repowright.agent.errors import UserError


def prompt_text(blocks: Sequence[ContentBlock], folder: Path) -> str:
    """Return the blocks of a prompt as text: files by their path, what the editor embeds as code.

    Raises
    ------
    UserError
        If there is nothing but blanks, or something that is no text.
    """
    text = "".join(_words(block, folder) for block in blocks).strip()
    if not text:
        raise UserError("the message is empty", "say something")
    return text


def _words(block: ContentBlock, folder: Path) -> str:
    if isinstance(block, TextContentBlock):
        return block.text
    if isinstance(block, ResourceContentBlock):
        return f"@{_path(block.uri, folder)}"
    if isinstance(block, EmbeddedResourceContentBlock) and isinstance(block.resource, TextResourceContents):
        return f"\n@{_path(block.resource.uri, folder)}\n{fenced(block.resource.text, '')}\n"
    raise UserError(f"a prompt with {block.type} cannot be read", "send text and files")


def _path(uri: str, folder: Path) -> str:
    """Return the path of a file below the folder, or the address as it is."""
    parts = urlsplit(uri)
    if parts.scheme not in ("file", ""):
        return uri
    path = Path(unquote(parts.path))
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
