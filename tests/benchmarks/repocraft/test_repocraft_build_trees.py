import json
from pathlib import Path

import pytest

from repowright.benchmarks.repocraft.construction.documents import contents, headings, sections, title
from repowright.benchmarks.repocraft.construction.outlines import outlined
from repowright.benchmarks.repocraft.construction.release import release_of
from repowright.benchmarks.repocraft.construction.trees import leaves_of, tree_of, write_tree
from repowright.benchmarks.repocraft.projects import FOLDER, PROJECTS, Project

PAGE = """.. _shapes:

======
Shapes
======

What is drawn.

.. toctree::
   :maxdepth: 2

   circle
   Squares of all kinds <square>
   missing

Round ones
----------

Text that ends
before a table::

    ==== ====
    a    b
    ==== ====

Angular ones ``shapes``
-----------------------

Deeper
~~~~~~
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.rst").write_text(PAGE)
    (tmp_path / "circle.txt").write_text("1. Circles\n==========\n")
    (tmp_path / "square.md").write_text("(a-mark)=\n# The *square*\n\ntext\n")
    return tmp_path / "index.rst"


def shipped(project: Project) -> Path:
    return FOLDER / "data" / f"{project.alias.lower()}.tree.json"


def test_headings_of_a_page_are_told_from_tables_and_text(page: Path) -> None:
    assert [each.text for each in headings(page)] == ["Shapes", "Round ones", "Angular ones", "Deeper"]
    assert sections(page) == ["Round ones", "Angular ones"]


def test_a_table_of_contents_names_the_pages_that_exist(page: Path) -> None:
    assert [title(each) for each in contents(page)] == ["Circles", "The square"]


def test_an_outline_keeps_what_the_release_has(tmp_path: Path) -> None:
    (tmp_path / "plane").mkdir()
    (tmp_path / "plane" / "__init__.py").write_text("")
    (tmp_path / "plane" / "area.py").write_text("")
    outline = {
        "Plane": {"plane": "Shapes", "plane.area#sum": "Sums of areas", "plane.edge": "Edges"},
        "Solid": {"cube": "Cubes"},
    }
    assert outlined(outline, tmp_path) == {"Plane": ["Shapes", "Sums of areas"]}


def test_the_tree_that_ships_is_the_one_the_release_gives(tmp_path: Path) -> None:
    project = PROJECTS[0]
    tree = tree_of(release_of(project.name))
    write_tree(tree, tmp_path / "tree.json")
    assert (tmp_path / "tree.json").read_bytes() == shipped(project).read_bytes()
    assert leaves_of(tree) == project.categories == 22


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_every_tree_has_about_as_many_leaves_as_the_papers_and_names_no_project(project: Project) -> None:
    tree = json.loads(shipped(project).read_bytes())
    leaves = [(category, leaf) for category, below in tree.items() for leaf in below]
    assert len(set(leaves)) == len(leaves)
    assert 0.75 < len(leaves) / project.categories < 1.25
    words = {word.lower() for pair in leaves for text in pair for word in text.split()}
    assert not words & ({project.name, project.package} - {"requests"})


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_every_specification_names_the_alias_alone(project: Project) -> None:
    text = project.specification.read_text(encoding="utf-8")
    assert text.startswith(f"# {project.alias}\n\n{project.alias} is ")
    assert 600 < len(text.split()) < 1000
    assert not {project.name, project.package} & set(text.lower().split()) - {"requests"}
