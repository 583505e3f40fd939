"""The program that calls translated functions in the box; what C gives is not there for the code under test to find."""

CALLING = r"""
import importlib
import json
import os
import signal
import sys

SECONDS = 2


class Late(BaseException):
    pass


def late(number, frame):
    raise Late


def argument(kind, value, handle):
    if kind == "handle":
        return handle
    if value is None:
        return None
    if kind == "float":
        return float.fromhex(value)
    if kind in ("bytes", "bytearray"):
        return bytes(value) if kind == "bytes" else bytearray(value)
    if kind == "floats":
        return [float.fromhex(each) for each in value]
    return list(value) if kind == "ints" else value


def number(value):
    return value.hex() if isinstance(value, float) else int(value)


def told(kind, value):
    if kind == "none" or value is None:
        return None
    if kind == "handle":
        return True
    if kind == "text":
        data = value.encode("latin-1") if isinstance(value, str) else bytes(value)
        return list(data.partition(b"\0")[0])
    return float(value).hex() if kind == "float" else int(value)


def run(calls, spec, out):
    modules = {each["module"]: importlib.import_module(each["module"]) for each in spec}
    handle, broken = None, False
    for call in calls:
        each = spec[call["op"]]
        broken = broken and not call["new"]
        if broken:
            continue
        line = {"at": call["at"]}
        values = [argument(kind, value, handle) for kind, value in zip(each["kinds"], call["args"])]
        try:
            signal.alarm(SECONDS)
            result = getattr(modules[each["module"]], each["name"])(*values)
            signal.alarm(0)
            line["result"] = told(each["result"], result)
            line["left"] = [[number(one) for one in values[at]] for at in each["written"]]
            if call["new"]:
                handle = result
        except NotImplementedError:
            line["pending"] = broken = True
        except Late:
            line["raises"] = "does not return"
            broken = True
        except Exception as err:
            line["raises"] = f"raises {type(err).__name__}: {err}"[:200]
            broken = True
        finally:
            signal.alarm(0)
        out.write(json.dumps(line) + "\n")
        out.flush()


def main():
    sys.setrecursionlimit(400_000)
    signal.signal(signal.SIGALRM, late)
    with open("calls.json", encoding="utf-8") as file:
        asked = json.load(file)
    for calls in asked["runs"]:
        child = os.fork()
        if child == 0:
            nowhere = os.open(os.devnull, os.O_RDWR)
            with open("results.jsonl", "a", encoding="utf-8") as out:
                for each in (0, 1, 2):
                    os.dup2(nowhere, each)
                run(calls, asked["spec"], out)
            os._exit(0)
        os.waitpid(child, 0)


sys.path.insert(0, os.getcwd())
main()
"""

IMPORTING = r"""
import importlib
import os
import sys
import traceback

sys.path.insert(0, os.getcwd())
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException:
        lines = traceback.format_exc(limit=-4).strip().splitlines()
        print(f"the module {name} cannot be imported: " + "\n".join(lines[-8:]))
        sys.exit(1)
"""
