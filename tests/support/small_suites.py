"""Small projects of every test framework, and where this machine has their tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from repowright.executors import Limits
from repowright.executors.testing.detect import framework_named
from repowright.executors.testing.framework import TestFramework
from repowright.executors.testing.jest import JestFramework
from repowright.executors.testing.maven import MavenFramework

LIMITS = Limits(wall_s=60, cpu_s=60, memory_mb=3000, pids=400, disk_mb=400)
VIRTUAL = Limits(wall_s=60, cpu_s=60, memory_mb=32000, pids=400, disk_mb=400)
"""Vitest reserves address space by the ten gigabytes, which the local sandbox counts."""
MODULES = "REPOWRIGHT_TEST_NODE_MODULES"
"""Names ``node_modules`` folders, as ``PATH`` names folders: of jest, and of vitest with @vitest/coverage-v8."""
MAVEN = "REPOWRIGHT_TEST_MAVEN_REPOSITORY"
"""Names a local repository with Surefire 3.2.5 and JUnit 5.10.2; Maven's own place is looked at too."""

CARGO = b'[package]\nname = "sign"\nversion = "0.1.0"\nedition = "2021"\n'
LIB = b"""/// Sign of a number.
///
/// ```
/// assert_eq!(sign::sign(3), 1);
/// ```
///
/// ```
/// assert_eq!(sign::sign(-3), 1);
/// ```
pub fn sign(x: i32) -> i32 {
    if x < 0 {
        return -1;
    }
    1
}

#[cfg(test)]
mod tests {
    #[test]
    fn passes() {
        println!("noise");
        assert_eq!(super::sign(3), 1);
    }
    #[test]
    fn fails() {
        assert_eq!(super::sign(-3), 1, "with \\"quotes\\"");
    }
    #[test]
    #[ignore = "not today"]
    fn skipped() {}
    #[test]
    #[should_panic]
    fn expected() {
        panic!("x");
    }
}
"""
RUST = {
    "Cargo.toml": CARGO,
    "src/lib.rs": LIB,
    "tests/outer.rs": b"#[test]\nfn outer() {\n    assert_eq!(sign::sign(1), 1);\n}\n",
}

CMAKE = b"""cmake_minimum_required(VERSION 3.20)
project(sign C)
enable_testing()
add_library(sign src/sign.c)
add_executable(check tests/check.c)
target_link_libraries(check sign)
foreach(kind passes fails crashes skips)
  add_test(NAME ${kind} COMMAND check ${kind})
endforeach()
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME absent COMMAND no_such_program)
add_test(NAME off COMMAND check passes)
set_tests_properties(off PROPERTIES DISABLED TRUE)
"""
CHECK = b"""#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int sign(int x);
int main(int count, char **words) {
    (void)count;
    if (!strcmp(words[1], "passes")) return sign(3) != 1;
    if (!strcmp(words[1], "crashes")) abort();
    if (!strcmp(words[1], "skips")) return 77;
    printf("expected 1 <&>\\n");
    return sign(-3) != 1;
}
"""
SIGN_C = b"int sign(int x) {\n    if (x < 0) {\n        return -1;\n    }\n    return 1;\n}\n"
C = {"CMakeLists.txt": CMAKE, "src/sign.c": SIGN_C, "tests/check.c": CHECK}

SIGN_JS = b"export function sign(x) {\n  if (x < 0) {\n    return -1;\n  }\n  return 1;\n}\n"
NODE_TEST = b"""import { test, describe, it } from 'node:test';
import assert from 'node:assert';
import { sign } from '../src/sign.js';
test('passes', () => assert.equal(sign(3), 1));
test('fails', () => assert.equal(sign(-3), 1));
test('skipped', { skip: 'not today' }, () => {});
test('todo', { todo: 'later' }, () => { throw new Error('x'); });
describe('group', () => {
  it('inner', () => { console.log('noise & <x>'); });
  it('raises', async () => { JSON.parse('{'); });
  describe('deep', () => { it('deeper', () => {}); });
});
"""
MODULE = b'{"name": "sign", "type": "module"}\n'
NODE = {"package.json": MODULE, "src/sign.js": SIGN_JS, "test/sign.test.js": NODE_TEST}

EXPECT = b"""test('passes', () => expect(sign(3)).toBe(1));
test('fails', () => expect(sign(-3)).toBe(1));
test.skip('skipped', () => {});
test.todo('later');
test('idle', () => {});
describe('group', () => {
  it('raises', () => { JSON.parse('{'); });
  it.each([1, -1])('each %d', (n) => expect(sign(n)).toBe(n));
});
"""
COMMON_JS = SIGN_JS.replace(b"export ", b"") + b"module.exports = { sign };\n"
JEST = {
    "package.json": b'{"name": "sign"}\n',
    "src/sign.js": COMMON_JS,
    "test/sign.test.js": b"const { sign } = require('../src/sign');\n" + EXPECT,
    "test/broken.test.js": b'test("a", () => {}\n',
    "test/none.test.js": b"\n",
}
IMPORTS = b"import { test, it, describe, expect } from 'vitest'; import { sign } from '../src/sign.js';\n"
VITEST = {
    "package.json": MODULE,
    "src/sign.js": SIGN_JS,
    "test/sign.test.js": IMPORTS + EXPECT,
    "test/broken.test.js": b'test("a", () => {}\n',
    "test/none.test.js": b"\n",
}

POM = b"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>calc</artifactId><version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies><dependency>
    <groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>5.10.2</version>
    <scope>test</scope>
  </dependency></dependencies>
  <build><plugins>
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>3.2.5</version></plugin>
  </plugins></build>
</project>
"""
CALC = b"""package calc;

public class Calc {
    public static int sign(int x) {
        return x < 0 ? -1 : 1;
    }
}
"""
CALC_TEST = b"""package calc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalcTest {
    @Test void passes() { assertEquals(1, Calc.sign(3)); }
    @Test void fails() { assertEquals(1, Calc.sign(-3)); }
    @Test void raises() { throw new IllegalStateException("broken"); }
    @Disabled("not today") @Test void skipped() { }
    @Test void assumes() { assumeTrue(false, "not here"); }
    @ParameterizedTest @ValueSource(ints = {1, -1}) void each(int x) { assertEquals(x, Calc.sign(x)); }
}
"""
JAVA = {"pom.xml": POM, "src/main/java/calc/Calc.java": CALC, "src/test/java/calc/CalcTest.java": CALC_TEST}


def cargo_environment() -> Mapping[str, str] | None:
    """The ``PATH`` that leads to the toolchain itself, past rustup, which looks for it in a home."""
    rustc = shutil.which("rustc")
    if rustc is None:
        return None
    argv = [rustc, "--print", "sysroot"]
    found = subprocess.run(argv, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    folder = Path(found.stdout.strip(), "bin")
    return {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin"} if (folder / "cargo").is_file() else None


def missing_tool(name: str) -> str:
    """Why a framework cannot run here; empty when it can."""
    if name == "cargo":
        return "" if cargo_environment() is not None else "no Rust toolchain is installed"
    if name == "ctest":
        absent = [tool for tool in ("cmake", "ctest", "cc", "gcov") if shutil.which(tool) is None]
        return f"not installed: {', '.join(absent)}" if absent else ""
    if name in {"node", "jest", "vitest"} and shutil.which("node") is None:
        return "node is not installed"
    if name in {"jest", "vitest"}:
        return "" if modules(name) is not None else f"{MODULES} names no node_modules with {name}"
    if name == "maven":
        if shutil.which("mvn") is None:
            return "maven is not installed"
        needed = "org/apache/maven/plugins/maven-surefire-plugin/3.2.5/maven-surefire-plugin-3.2.5.jar"
        return "" if (maven_repository() / needed).is_file() else f"{MAVEN} names no repository with Surefire 3.2.5"
    return ""


def maven_repository() -> Path:
    """The local repository that holds what the Java project needs."""
    return Path(os.environ.get(MAVEN) or Path.home() / ".m2" / "repository")


def modules(name: str) -> Path | None:
    """The ``node_modules`` that hold a package."""
    folders = [Path(folder) for folder in os.environ.get(MODULES, "").split(os.pathsep) if folder]
    return next((folder for folder in folders if (folder / name).is_dir()), None)


def local_framework(name: str) -> TestFramework:
    """The framework, told where this machine keeps its packages."""
    if name == "maven":
        return MavenFramework(str(maven_repository()))
    return JestFramework(str(modules(name))) if name == "jest" else framework_named(name)


def with_modules(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """A project together with its packages, which its own tests import."""
    folder = modules("vitest")
    assert folder is not None
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {**files, **{f"node_modules/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}}
