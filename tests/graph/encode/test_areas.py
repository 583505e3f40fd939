from __future__ import annotations

import os
import random
import subprocess
import sys
import time

from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.encode.areas import FLAT, FileCard, Group, plan_areas

Placement = dict[str, tuple[str, str]]


def plan(*paths: str, tests: tuple[str, ...] = (), imports: tuple[tuple[str, str], ...] = ()) -> Placement:
    cards = [FileCard(path) for path in paths] + [FileCard(path, True) for path in tests]
    return placement(plan_areas(cards, imports))


def placement(groups: list[Group]) -> Placement:
    return {path: (group.area, group.category) for group in groups for path in group.paths}


def package(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names)


def test_areas_are_the_folders_of_the_one_package() -> None:
    found = plan(*package("src/shop/db", "a", "b"), *package("src/shop/http", "a", "b"), "src/shop/cart.py", "setup.py")
    assert found["src/shop/db/a.py"] == ("Database", "")
    assert found["src/shop/http/a.py"] == ("HTTP", "")
    assert found["src/shop/cart.py"] == ("Shop Core", "")
    assert found["setup.py"] == ("Project Setup", "")


def test_categories_are_the_folders_below() -> None:
    models, forms = package("shop/db/models", "a", "b"), package("shop/db/forms", "a", "b")
    found = plan(*models, *forms, *package("shop/web", "a", "b"))
    assert found[models[0]] == ("Database", "Models")
    assert found[forms[0]] == ("Database", "Forms")


def test_tests_docs_and_examples_have_areas_of_their_own() -> None:
    found = plan(
        *package("shop/cart", "a", "b"),
        *package("shop/web", "a", "b"),
        "docs/conf.py",
        "examples/buy.py",
        tests=("tests/cart/test_a.py", "tests/cart/test_b.py", "shop/web/tests/test_a.py", "shop/web/tests/test_b.py"),
    )
    assert found["docs/conf.py"][0] == "Documentation"
    assert found["examples/buy.py"][0] == "Examples"
    assert found["tests/cart/test_a.py"] == ("Tests", "Cart")
    assert found["shop/web/tests/test_a.py"][0] == "Tests"


def test_a_large_folder_is_divided_by_its_own_folders() -> None:
    admin = [path for part in ("forms", "views", "users") for path in package(f"shop/web/{part}", *map(str, range(12)))]
    found = plan(*(path.replace("web/", "web/admin/") for path in admin), *package("shop/cart", "a", "b"))
    assert found["shop/web/admin/forms/1.py"] == ("Web", "Admin Forms")
    assert found["shop/web/admin/users/1.py"] == ("Web", "Admin Users")


def flat(count: int = 30) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    kinds = ("csv", "http")
    names = package("shop/parts", *(f"{kinds[number % 2]}_{number:02}" for number in range(count)))
    pairs = [(each, other) for each in names for other in names if each < other and each[11:14] == other[11:14]]
    return names, tuple(pairs)


def test_a_flat_folder_is_divided_by_dependencies() -> None:
    names, imports = flat()
    assert len(names) > FLAT
    found = plan(*names, *package("shop/web", "a", "b"), imports=imports)
    assert {found[path] for path in names if "csv" in path} == {("Parts", "CSV")}
    assert {found[path] for path in names if "http" in path} == {("Parts", "HTTP")}


def test_one_changed_import_moves_no_other_file() -> None:
    names, imports = flat()
    before = plan(*names, imports=imports)
    assert plan(*names, imports=imports[1:]) == before
    assert plan(*names, imports=(*imports, (names[0], names[1]))) == before


def test_a_new_file_moves_no_other() -> None:
    names, imports = flat()
    before = plan(*names, imports=imports)
    after = plan(*names, "shop/parts/csv_new.py", imports=(*imports, ("shop/parts/csv_new.py", names[0])))
    assert {path: after[path] for path in names} == before
    assert after["shop/parts/csv_new.py"] == before[names[0]]


def test_folders_that_would_share_a_name_are_told_apart() -> None:
    found = plan(*package("shop/util", "a", "b"), *package("shop/utils", "a", "b"), *package("shop/_utils", "a", "b"))
    areas = {area for area, _ in found.values()}
    assert len(areas) == 3


PARTS = st.sampled_from(["src", "shop", "db", "DB", "util", "utils", "tests", "docs", "a", "__init__", "-"])
PATHS = st.lists(PARTS, min_size=1, max_size=5).map(lambda parts: "/".join(parts) + ".py")


@given(st.dictionaries(PATHS, st.booleans(), max_size=60), st.lists(st.tuples(PATHS, PATHS), max_size=40))
def test_every_file_is_in_one_group_and_no_two_groups_share_a_name(
    files: dict[str, bool], imports: list[tuple[str, str]]
) -> None:
    cards = [FileCard(path, test) for path, test in files.items()]
    groups = plan_areas(cards, imports)
    assert sorted(path for group in groups for path in group.paths) == sorted(files)
    keys = [(group.area.casefold(), group.category.casefold()) for group in groups]
    assert len(set(keys)) == len(keys)
    assert all(group.area and group.paths and "/" not in group.area + group.category for group in groups)
    assert plan_areas(cards[::-1], imports[::-1]) == groups


def test_the_plan_is_the_same_under_every_hash_seed() -> None:
    program = (
        "from repowright.graph.encode.areas import *\n"
        "names = [f'shop/parts/part_{number % 7}_{number}.py' for number in range(60)]\n"
        "pairs = [(a, b) for i, a in enumerate(names) for j, b in enumerate(names) if (i * j) % 5 == 1]\n"
        "print(plan_areas([FileCard(name) for name in names], pairs))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"Group(" in outputs.pop()


def test_three_thousand_files_take_little_time() -> None:
    chance = random.Random(1)
    paths = [f"shop/area{number % 9}/part{number % 31}/file{number}.py" for number in range(2600)]
    paths += [f"shop/flat/file{number}.py" for number in range(400)]
    imports = [(chance.choice(paths), chance.choice(paths)) for _ in range(12_000)]
    cards = [FileCard(path) for path in paths]
    started = time.process_time()
    groups = plan_areas(cards, imports)
    assert time.process_time() - started < 0.5
    assert len(groups) > 100
