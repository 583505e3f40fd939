"""Draws the pictures of the app that the README shows: ``python tests/support/app_pictures.py docs/images``.

The app runs as it is. The key-value store of ``examples/`` is generated from its recording, a fault is put into it, and
a conversation with a scripted endpoint on the loopback finds and mends it, with the real tools, graph and sandbox.
Needs ``resvg-py`` and the font DejaVu Sans Mono (``fonts-dejavu-core``).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from streaming_talk import Speech, streamed
from talks import call
from textual.pilot import Pilot

from repowright.agent.runs import find_run, runs_root
from repowright.tui.app.app import RepowrightApp
from repowright.tui.app.attach import replay_screen
from repowright.tui.app.opening import Wanted, chat_screen
from repowright.tui.app.screens.chat import ChatScreen
from repowright.tui.app.screens.run import RunScreen
from repowright.tui.commands.chat import chat

ROOT = Path(__file__).parents[2]
SIZE = (120, 36)
PIXELS = 1_480
FONT = "DejaVu Sans Mono"
PLACE = "src/kvstore/model/state.py"
RIGHT, WRONG = "return expires is not None and now >= expires", "return expires is not None and now > expires"
ASKED = "A key whose ttl ends right now can still be read. Where is that decided? Please fix it."
PLAN = "- [{}] find where expiry is decided\n- [{}] fix it\n- [{}] run the tests it may break"
ANSWER = """\
Fixed: a key is now gone **at** its expiry time, as the docstring of `is_expired` promises.

- `now > expires` let a key live one tick too long; it is `now >= expires` again
- every reader goes through `State`, so nothing else had to change

```python
def is_expired(expires: float | None, now: float) -> bool:
    return expires is not None and now >= expires
```

All tests that depend on `state.py` pass."""


def speech() -> Speech:
    """Return what the scripted model says."""
    return Speech(
        says=[
            [
                {"say": "I look for the place first."},
                call("plan", plan=PLAN.format(" ", " ", " ")),
                call("search", feature_terms=["tell whether a key is expired"], search_terms=["is_expired"]),
            ],
            [call("read", path=PLACE, first=54, last=73)],
            [
                {"say": "`is_expired` compares with `>`; its own docstring says that at exactly that time it is gone."},
                call("edit", path=PLACE, old=WRONG, new=RIGHT),
            ],
            [call("plan", plan=PLAN.format("x", "x", " ")), call("run_tests", which="affected")],
            [call("plan", plan=PLAN.format("x", "x", "x"))],
            ANSWER,
        ]
    )


def run(*command: str, folder: Path | None = None) -> None:
    """Run a command that must work."""
    subprocess.run(command, cwd=folder, check=True, timeout=600, capture_output=True)


def project(folder: Path) -> Path:
    """Generate the key-value store and put the fault into it."""
    out = folder / "kvstore"
    example = ROOT / "examples" / "kvstore"
    words = ["generate", str(example / "spec.md"), "--replay", str(example / "recording"), "--out", str(out)]
    run(sys.executable, "-m", "repowright.tui", *words)
    place = out / PLACE
    place.write_text(place.read_text(encoding="utf-8").replace(RIGHT, WRONG), encoding="utf-8")
    run("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qam", "Compare strictly", folder=out)
    return out


async def until(pilot: Pilot[int], holds: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something holds, and all that came is drawn."""
    async with asyncio.timeout(seconds):
        while not (holds() and pilot.app.screen_stack[0].up_to_date):  # type: ignore[attr-defined]
            await pilot.pause(0.1)
    await pilot.pause(0.5)


def keep(app: RepowrightApp, name: str, folder: Path) -> None:
    """Write what the app shows as SVG and PNG."""
    from resvg_py import svg_to_bytes

    svg = app.export_screenshot(title=f"repowright {name}").replace("Fira Code", FONT)
    (folder / f"app-{name}.png").write_bytes(svg_to_bytes(svg_string=svg, width=PIXELS, monospace_family=FONT))


async def conversation(out: Path, url: str, keep_as: Callable[[RepowrightApp, str], None]) -> None:
    """Have the conversation and keep its screens."""
    flags = ["--model", "scripted", "--base-url", url, "--sandbox", "bubblewrap"]
    screen = chat_screen(Wanted(out, "", "ask", chat.make_context("chat", flags).params))
    app = RepowrightApp(lambda: screen, quiet=True)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: bool(screen.story and screen.story.graph and screen.story.graph.state == "ready"))
        keep_as(app, "start")
        await pilot.press(*ASKED, "enter")
        await _approve(pilot, screen, lambda: keep_as(app, "approval"))
        keep_as(app, "chat")
        for key, name in (("f4", "diff"), ("f5", "tests"), ("f6", "log"), ("f3", "graph")):
            await pilot.press(key)
            if name == "graph":
                await pilot.pause(1.0)
                await pilot.press("slash", *"is_expired", "enter")
            await until(pilot, lambda: True)
            keep_as(app, name)
        await pilot.press("f2", "f8")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.5)
        keep_as(app, "rewind")


async def _approve(pilot: Pilot[int], screen: ChatScreen, first: Callable[[], None]) -> None:
    story = screen.story
    assert story is not None
    await until(pilot, lambda: bool(story.approvals))
    first()
    while story.turn is not None:
        if story.approvals:
            await pilot.press("y")
        await pilot.pause(0.3)
    await until(pilot, lambda: True)


async def generation(keep_as: Callable[[RepowrightApp, str], None]) -> None:
    """Replay the generation and keep its screen."""
    found = find_run("last", runs_root(os.environ))
    app = RepowrightApp(lambda: replay_screen(found, 0), quiet=True)
    async with app.run_test(size=SIZE) as pilot:
        screen = app.screen_stack[0]
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: bool(screen.story and screen.story.ended))
        keep_as(app, "run")


def main(target: Path) -> None:
    """Draw all pictures into a folder."""
    os.environ |= {"OPENAI_API_KEY": "none", "REPOWRIGHT_ALLOW_MODEL_REQUESTS": "loopback"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"REPOWRIGHT_HOME": str(folder / "home"), "REPOWRIGHT_CONFIG": str(folder / "config.toml")}
        (folder / "config.toml").touch()
        out = project(folder)

        def keep_as(app: RepowrightApp, picture: str) -> None:
            keep(app, picture, target)

        asyncio.run(generation(keep_as))
        with streamed(speech()) as url:
            asyncio.run(conversation(out, url, keep_as))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
