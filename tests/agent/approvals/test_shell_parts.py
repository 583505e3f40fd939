import pytest

from repowright.agent.approvals.shell_parts import read_command


def programs(text: str) -> list[str]:
    reading = read_command(text)
    assert not reading.unclear, reading.unclear
    return [part.text for part in reading.parts]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("git log", ["git log"]),
        ("a && b | c; d", ["a", "b", "c", "d"]),
        ("a || b & c |& d", ["a", "b", "c", "d"]),
        ("a\nb", ["a", "b"]),
        ("a \\\n  --long", ["a --long"]),
        ("(a; b) && { c; }", ["a", "b", "c"]),
        ("a $(b $(c))", ["c", "b $(c)", "a $(b $(c))"]),
        ('a "$(b)"', ["b", "a $(b)"]),
        ("a `b`", ["b", "a `b`"]),
        ("a <(b) >(c)", ["b", "c", "a <(b) >(c)"]),
        ("! a", ["a"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("for f in *.py; do a $f; done", ["a $f"]),
        ("while a; do b; done", ["a", "b"]),
        ("a # b; c", ["a"]),
        ("a#b", ["a#b"]),
        ("'git' pu\"sh\"", ["git push"]),
        ("g\\it push", ["git push"]),
        ("a ';' '&&' b", ["a ; && b"]),
        ("name=1; a", ["a"]),
        ("NO_COLOR=1 pytest -q", ["pytest -q"]),
        ("PATH=. pytest", ["PATH=. pytest"]),
        ("env A=1 git push", ["A=1 git push"]),
        ("timeout -k 5 10s git push", ["git push"]),
        ("nice -n 19 nohup git push", ["git push"]),
        ("command git push", ["git push"]),
        ("time git push", ["git push"]),
        ("a | xargs -0 -n 1 git push", ["a", "git push ..."]),
        ("a | xargs -I {} git push {}", ["a", "git push {} ..."]),
        ("a | xargs", ["a", "echo ..."]),
        ("find . -name '*.py' -exec git push {} \\;", ["git push {}", "find . -name *.py"]),
        ("find . -exec a {} + -exec b ';'", ["a {}", "b", "find ."]),
        ("sh -c 'a; git push'", ["a", "git push"]),
        ('bash -ec "a && b" name', ["a", "b"]),
        ("env bash -c 'timeout 5 git push'", ["git push"]),
        ("find . -exec sh -c 'a \"$1\"' _ {} \\;", ["a $1", "find ."]),
        ("set -euo pipefail; a", ["set -euo pipefail", "a"]),
        ("cat <<'END'\n$(b)\nEND\nc", ["cat", "c"]),
        ("cat <<END | a\ntext\nEND\n", ["cat", "a"]),
        ("a <<< b", ["a"]),
        ("", []),
    ],
)
def test_each_program_is_found_with_its_arguments(text: str, parts: list[str]) -> None:
    assert programs(text) == parts


@pytest.mark.parametrize(
    ("text", "writes", "reads"),
    [
        ("a > out 2>&1", ("out",), ()),
        ("a >> out < in", ("out",), ("in",)),
        ("a &> out", ("out",), ()),
        ("a >| out", ("out",), ()),
        ("a 2>err >out", ("err", "out"), ()),
        ("> out", ("out",), ()),
        ("a $(b > inner)", ("inner",), ()),
        ("sh -c 'a > inner'", ("inner",), ()),
        ("(a) > out", ("out",), ()),
        ("cat <<E > out\ntext\nE", ("out",), ()),
        ("a > 'name with blank'", ("name with blank",), ()),
    ],
)
def test_files_of_redirections_are_found(text: str, writes: tuple[str, ...], reads: tuple[str, ...]) -> None:
    reading = read_command(text)
    assert (reading.unclear, reading.writes, reading.reads) == ("", writes, reads)


@pytest.mark.parametrize(
    "text",
    [
        "$TOOL push",
        "{git,push}",
        "g?t push",
        "$'git' push",
        'eval "git push"',
        "exec git push",
        "source setup.sh",
        ". setup.sh",
        "trap 'git push' EXIT",
        "alias ls='git push'; ls",
        "ls() { git push; }; ls",
        "function ls { git push; }",
        "case a in a) git push;; esac",
        "[[ -v 'a[$(git push)]' ]]",
        "((a[$(git push)]))",
        "echo $((a[0]))",
        "echo ${x:-$(git push)}",
        "echo ${x@P}",
        "a[0]=1",
        "a=(1 2)",
        "PATH=.; ls",
        "export PATH=.",
        "for PATH in .; do ls; done",
        "http_proxy=evil; a",
        "read PATH; ls",
        "bash",
        "bash <<'E'\ngit push\nE",
        "echo x | sh",
        'bash -c "$X"',
        "bash -c +x 'git push'",
        "bash script.sh",
        "bash - -c 'a'",
        "busybox sh -c 'git push'",
        "env -S 'git push'",
        "timeout $X 5 a",
        "timeout -s $X 5 a",
        "xargs $X a",
        "a | xargs -I git git push",
        "a | xargs sh -c",
        "find . $X",
        "find . -name *.py",
        "find . -exec {} \\;",
        "find . -exec a",
        "parallel git ::: push",
        "setsid git push",
        "a > $OUT",
        "a > *.txt",
        "a <> file",
        "a >& file",
        "a >&'$(git push)'",
        "cd sub && a > file",
        "cat <<E\n$(git push)\nE",
        "cat <<E\nx\\\nE\ngit push\nE",
        "a $(cat <<'E'\nx\nE)\ngit push\nE\n)",
        "a <(b)# ; git push",
        "(a",
        "a)",
        "a 'open",
        'a "open',
        "a `open",
        "a \\",
        "gi\\\nt push",
        "(\\\n(x=y))",
        "a ;; b",
        "a\u200b",
        "a\r",
        "ls\x00",
        "a " + "$(" * 11 + ")" * 11,
        "a" * 20_001,
    ],
)
def test_what_is_not_read_with_certainty_is_said_to_be_unclear(text: str) -> None:
    reading = read_command(text)
    assert reading.unclear
    assert reading.parts == ()


def test_words_that_are_known_only_at_run_time_are_marked() -> None:
    (part,) = read_command("a plain $x *.py {b,c} 'q*' \"$y\" {} ~/z HEAD~1").parts
    assert [word.text for word in part.words if not word.certain] == ["$x", "*.py", "{b,c}", "$y", "~/z"]
