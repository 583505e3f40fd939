"""What users install: its contents, and that compiled modules do what their sources say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from random import Random

import pytest

from repowright.benchmarks.speed.mutations import monsters, mutated

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "graph", "repo_tools", "executors", "inference_backend", "tui", "benchmarks")
ENCODED = """
import sys
from pathlib import Path
from repowright.graph.encode import encode
from repowright.graph.encode.resolve import lookup
from repowright.repo_tools.languages import python
print(python.__file__, lookup.__file__)
encode(Path(sys.argv[1]), Path(sys.argv[2]) / "graph.rpg").to_json(Path(sys.argv[2]) / "graph.json")
"""
pytestmark = pytest.mark.slow


def built(folder: Path, **environment: str) -> tuple[Path, str]:
    """A wheel of the tree, built in a copy, and what was said meanwhile."""
    source = folder / "source"
    ignored = shutil.ignore_patterns(".git", ".venv*", "build", "*.egg-info", "examples", "_ns", "__pycache__", "tests")
    shutil.copytree(ROOT, source, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "wheel", "--verbose", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--wheel-dir", str(folder), str(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    (wheel,) = folder.glob("*.whl")
    return wheel, done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"))[0]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, comes before the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def compiled(wheel: Path) -> set[str]:
    """Modules of a wheel that are compiled, as paths without their endings."""
    with zipfile.ZipFile(wheel) as archive:
        return {name.partition(".")[0] for name in archive.namelist() if name.endswith((".so", ".pyd"))}


@pytest.mark.timeout(900)
def test_wheel_holds_one_top_level_name_and_all_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"repowright"}
    data = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.*")}
    wanted = {f"repowright/{name}" for name in data if name.endswith((".md", ".html", ".css", ".js", ".j2", ".typed"))}
    assert wanted <= set(names)


@pytest.mark.timeout(900)
def test_wheel_holds_the_encoder_compiled_and_beside_its_sources(wheel: Path) -> None:
    found = compiled(wheel)
    assert {"repowright/repo_tools/languages/python", "repowright/graph/encode/resolve/lookup"} <= found
    sources = {name.removesuffix(".py") for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    assert found - sources == {"repowright/compiled__mypyc"}
    assert not [path for room in ROOMS for path in (ROOT / room).rglob("*.so")], (
        "they would hide the checkout's sources"
    )


def graph_of(repository: Path, out: Path, path: str = "") -> tuple[str, bytes]:
    out.mkdir()
    command = [sys.executable, "-c", ENCODED, str(repository), str(out)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=300, cwd="/", env=os.environ | {"PYTHONPATH": path}
    )
    return done.stdout, (out / "graph.json").read_bytes()


@pytest.mark.timeout(900)
def test_compiled_encoder_gives_the_same_bytes(installed: Path, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for room in ("graph", "repo_tools", "tui"):
        shutil.copytree(ROOT / room, repository / room, ignore=shutil.ignore_patterns("__pycache__"))
    random = Random(5)
    seeds = [path.read_bytes() for path in sorted((ROOT / "graph").rglob("*.py"))]
    files = {f"f{number}.py": mutated(random, random.choice(seeds)) for number in range(400)}
    for name, text in (files | monsters(line=100_000)).items():
        (repository / name).write_bytes(text)
    ours, expected = graph_of(repository, tmp_path / "interpreted")
    theirs, found = graph_of(repository, tmp_path / "compiled", str(installed))
    assert ours.count(".py") == 2 and ".so" not in ours
    assert theirs.count(".so") == 2 and str(installed) in theirs
    assert found == expected and len(found) > 1_000_000


@pytest.mark.timeout(900)
def test_compiled_encoder_passes_its_own_tests(installed: Path) -> None:
    parts = ["graph/encode", "graph/resolve", "graph/test_encode.py", "repo_tools/test_facts_codec.py"]
    parts += [
        path.relative_to(ROOT / "tests").as_posix() for path in (ROOT / "tests").rglob("test_python_frontend*.py")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{part}" for part in parts)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(installed)}
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(done.stdout.split(" passed")[0].split()[-1]) > 300


@pytest.mark.timeout(900)
def test_wheel_without_a_compiler_is_whole_and_says_so(tmp_path: Path) -> None:
    wheel, said = built(tmp_path, CC="/nonexistent/cc")
    assert not compiled(wheel)
    assert "built without compiled modules, encoding takes longer" in said
    with zipfile.ZipFile(wheel) as archive:
        assert "repowright/repo_tools/languages/python.py" in archive.namelist()


def test_compiler_is_the_one_that_checks_the_types() -> None:
    pinned = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("mypy==")]
    assert pinned and f'"{pinned[0]}"' in (ROOT / "pyproject.toml").read_text()
