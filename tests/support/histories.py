"""Small generated repositories and random edits of them, as histories are made of."""

from __future__ import annotations

from random import Random

Files = dict[str, bytes]

_NAMES = ["load", "save", "parse", "render", "open_cart", "total", "Cart", "Store", "Item", "Base"]
_FOLDERS = ["", "shop/", "shop/db/", "tools/", "tests/"]


def first_files(random: Random) -> Files:
    """Return a repository of a few modules that import, call and inherit from each other."""
    files: Files = {"shop/__init__.py": b"from shop.cart import *\n", "README.md": b"# Shop\n"}
    for name in ("shop/cart.py", "shop/db/store.py", "tools/run.py", "tests/test_cart.py"):
        files[name] = module(random, files)
    return files


def module(random: Random, files: Files) -> bytes:
    """Return the source of a module that mentions others."""
    lines = [_import(random, files) for _ in range(random.randrange(4))]
    for _ in range(random.randrange(1, 5)):
        lines += _definition(random)
    return ("\n".join(lines) + "\n").encode()


def edit(random: Random, files: Files) -> Files:
    """Return the files after one random edit: what people do to repositories, and what should not happen."""
    act = random.choice(
        [_add, _add, _delete, _move, _rewrite, _rewrite, _append, _append, _import_more, _break, _blank]
    )
    return act(random, dict(files)) or files


def _add(random: Random, files: Files) -> Files:
    ending = random.choice([".py", ".py", ".py", ".js", ".c", ".h", ".go", ".rs"])
    path = f"{random.choice(_FOLDERS)}{random.choice(_NAMES).lower()}{random.randrange(4)}{ending}"
    files[path] = module(random, files) if ending == ".py" else _foreign(random, ending)
    return files


def _delete(random: Random, files: Files) -> Files:
    if len(files) > 2:
        del files[random.choice(sorted(files))]
    return files


def _move(random: Random, files: Files) -> Files:
    """Rename a file, or turn a module into a package of its own."""
    path = random.choice(sorted(files))
    name = path.rpartition("/")[2]
    stem, _, ending = name.rpartition(".")
    package = ending == "py" and random.random() < 0.4
    target = f"{path.removesuffix('.py')}/__init__.py" if package else f"{random.choice(_FOLDERS)}{stem}.{ending}"
    content = files.pop(path)
    if random.random() < 0.5:
        content += b"\n"
    files.setdefault(target, content)
    return files


def _rewrite(random: Random, files: Files) -> Files:
    path = _python(random, files)
    files[path] = module(random, files)
    return files


def _append(random: Random, files: Files) -> Files:
    path = _python(random, files)
    files[path] += ("\n".join(_definition(random)) + "\n").encode()
    return files


def _import_more(random: Random, files: Files) -> Files:
    path = _python(random, files)
    files[path] = _import(random, files).encode() + b"\n" + files[path]
    return files


def _break(random: Random, files: Files) -> Files:
    """Leave a file in the state of a bad merge, or a bad disk."""
    path = _python(random, files)
    content = files[path]
    at = random.randrange(len(content) + 1)
    files[path] = random.choice([content[:at], content[:at] + b"\0\xff(((", b"<<<<<<< ours\n" + content])
    return files


def _blank(random: Random, files: Files) -> Files:
    path = _python(random, files)
    files[path] = b"# a comment\n\n" + files[path] + b"\n\n"
    return files


def _python(random: Random, files: Files) -> str:
    found = sorted(path for path in files if path.endswith(".py"))
    if not found:
        files["lone.py"] = b""
        return "lone.py"
    return random.choice(found)


def _import(random: Random, files: Files) -> str:
    path = random.choice(sorted(each for each in files if each.endswith(".py")) or ["shop/cart.py"])
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    head, _, last = dotted.rpartition(".")
    return random.choice(
        [
            f"import {dotted}",
            f"import {dotted} as other",
            f"from {dotted} import {random.choice(_NAMES)}",
            f"from {dotted} import *",
            f"from {head or '.'} import {last}",
            f"from . import {random.choice(_NAMES)}",
        ]
    )


def _definition(random: Random) -> list[str]:
    name, other, third = (random.choice(_NAMES) for _ in range(3))
    return random.choice(
        [
            [f"def {name}(value):", f"    return {other}(value) + other.{third}(1)"],
            [f"class {name.title()}({other.title()}):", f"    def {third}(self):", f"        return self.{other}()"],
            [
                *(f"class {name.title()}:", "    def __init__(self):", f"        self.item = {other.title()}()", ""),
                *(f"    def {third}(self):", f"        return self.item.{other}()"),
            ],
            [f"{name.upper()} = {other}", f"@{third}", f"def {other}(): ..."],
            [f"if {name}:", f"    def {other}(): return {third}()", "else:", f"    def {other}(): return 1"],
        ]
    )


def _foreign(random: Random, ending: str) -> bytes:
    name, other = random.choice(_NAMES), random.choice(_NAMES)
    texts = {
        ".js": f"import {{ {other} }} from './{other}0'\nexport function {name}() {{ return {other}() }}\n",
        ".c": f'#include "{other}.h"\nint {name}(void) {{ return {other}(); }}\n',
        ".h": f"int {name}(void);\nstruct {other} {{ int a; }};\n",
        ".go": f"package shop\nfunc {name}() int {{ return {other}() }}\n",
        ".rs": f"pub fn {name}() -> i32 {{ {other}() }}\n",
    }
    return texts[ending].encode()
