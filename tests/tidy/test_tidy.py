"""Style, held by a fast test: what ruff and pyright cannot say about this repository.

What lives here: one test for each rule, each naming every place that breaks it. Rules on documents and on the command
line are in test_docs.py and test_program.py.
"""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, at, code, files, matches, name_of, python, text, texts, tree

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
PURE = (Path("shared/domain"), Path("shared/protocol"))

# What the pure core may import beside itself. Everything here computes; nothing here can look at the world.
PURE_MODULES = frozenset(
    "base64 binascii bisect collections contextlib csv dataclasses datetime decimal enum fractions functools hashlib heapq hmac io itertools json"
    " math msgspec operator re string struct types typing unicodedata zlib zoneinfo".split()
)
# Verification of signatures, behind the port `Verify`, and packing stand on these, each in its one file.
PURE_EXCEPTIONS = {Path("shared/protocol/keys.py"): {"nacl", "nkeys"}, Path("shared/protocol/packing.py"): {"isal"}}
CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "localtime", "monotonic", "perf_counter"}


def none(problems: list[str]) -> None:
    """Fail with one line for each problem."""
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def is_pure(path: Path) -> bool:
    return any(path.is_relative_to(pure) for pure in PURE)


def test_every_python_file_says_what_lives_in_it() -> None:
    none([at(path, 1, "has no module docstring") for path, module in python() if not ast.get_docstring(module)])


def test_every_front_end_file_says_what_lives_in_it() -> None:
    heads = {".ts": ("/**", "/*", "//"), ".tsx": ("/**", "/*", "//"), ".css": ("/*",), ".sql": ("--", "/*"), ".sh": ("#!", "#")}
    none([
        at(path, 1, "has no comment at its head")
        for path, content in code()
        if path.suffix in heads and content.strip() and not content.lstrip().startswith(heads[path.suffix])
    ])  # fmt: skip


def test_files_are_small_rooms() -> None:
    sizes = {path: content.count("\n") for path, content in code()}
    none(
        [
            at(path, 1, f"has {lines} lines; over {FILE_LINES_MAX} it has two jobs")
            for path, lines in sizes.items()
            if lines > FILE_LINES_MAX and "generated" not in path.parts
        ]
    )


def test_functions_fit_a_screen() -> None:
    none([
        at(path, node, f"{node.name} has {size} lines, more than {FUNCTION_LINES_MAX}")
        for path, module in python()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (size := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ])  # fmt: skip


def test_nothing_is_left_for_later() -> None:
    words = "TO" + "DO|FIX" + "ME|HA" + "CK"
    found = matches(rf"\b({words})\b", within=texts(), what="left for later")
    found += matches(r"(#|//|--|\*) .*(?<![`\"])\bX{3}\b(?![`\"])", within=code(), what="left for later")  # quoted, it is a currency
    found += [
        at(path, node, "raises NotImplementedError")
        for path, module in python()
        for node in ast.walk(module)
        if isinstance(node, ast.Name) and node.id == "NotImplementedError"
    ]
    none(found)


def test_nothing_is_swallowed() -> None:
    none([
        at(path, node, "an exception is swallowed")
        for path, module in python()
        for node in ast.walk(module)
        if isinstance(node, ast.ExceptHandler)
        and all(isinstance(each, ast.Pass) or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)) for each in node.body)
    ])  # fmt: skip


def test_a_broad_except_says_why() -> None:
    """`except Exception` needs a comment, in its line or the one above, unless it raises again what it does not know."""
    problems: list[str] = []
    for path, module in python():
        lines = (text(path) or "").splitlines()
        for node in ast.walk(module):
            if not isinstance(node, ast.ExceptHandler) or (
                node.type is not None and name_of(node.type) not in {"Exception", "BaseException"}
            ):
                continue
            if any(isinstance(each, ast.Raise) and each.exc is None for inner in node.body for each in ast.walk(inner)):
                continue
            here, above = lines[node.lineno - 1], lines[node.lineno - 2]
            if "#" not in here and not above.lstrip().startswith("#"):
                problems.append(at(path, node, "a broad except without its reason in the line above"))
    none(problems)


def test_every_exemption_names_its_rule() -> None:
    none(matches(r"#\s*(type:\s*ignore(?!\[)|noqa(?!: [A-Z])|pyright:\s*ignore(?!\[))", within=code(), what="names no rule"))


def test_no_test_sleeps_to_wait() -> None:
    """Outside tests/support, where waiting on a condition lives; `sleep(0)` only yields."""
    none([
        at(path, node, "sleeps: wait on a condition with a deadline (tests/support)")
        for path, module in python()
        if path.parts[0] == "tests" and path.parts[1] != "support"
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and name_of(node.func) in {"time.sleep", "asyncio.sleep", "sleep"}
        and not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ])  # fmt: skip


def test_no_test_is_skipped() -> None:
    none([
        at(path, node, "a test that cannot run must fail and say why")
        for path, module in python()
        if path.parts[0] == "tests"
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and name_of(node).endswith((".skip", ".skipif", ".importorskip", ".xfail"))
    ])  # fmt: skip


def test_the_core_imports_nothing_that_sees_the_world() -> None:
    problems: list[str] = []
    for path, module in python():
        if not is_pure(path):
            continue
        allowed = PURE_MODULES | PURE_EXCEPTIONS.get(path, set())
        for node in ast.walk(module):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" if node.module == "shared" else node.module or "" for alias in node.names]
            for name in names:
                ours = name == "shared.limits" or name.startswith(("shared.domain", "shared.protocol"))
                if not ours and name.split(".")[0] not in allowed:
                    problems.append(at(path, node, f"imports {name}: the core has no I/O, clock, randomness, logging or framework"))
    none(problems)


def test_the_core_asks_no_clock_and_opens_no_file() -> None:
    none([
        at(path, node, f"calls {name_of(node.func)}")
        for path, module in python()
        if is_pure(path)
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and ((isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS) or name_of(node.func) in {"open", "print", "input"})
    ])  # fmt: skip


def test_every_bound_has_its_unit() -> None:
    """`NAME_S = 5.0  # seconds …`: the unit is the first word of the comment, and the name's suffix agrees with it."""
    units = {"_S": "seconds", "_MS": "milliseconds", "_BYTES": "bytes", "_BYTES_MAX": "bytes", "_ENTRIES_MAX": "entries"}
    problems: list[str] = []
    for number, line in enumerate((text(Path("shared/limits.py")) or "").splitlines(), 1):
        found = re.match(r"([A-Z][A-Z0-9_]*)(?:: \w+)? = [^#]+(#\s*(\w.*))?$", line)
        if found is None:
            continue
        name, comment = found.group(1), found.group(3) or ""
        if not comment:
            problems.append(at(Path("shared/limits.py"), number, f"{name} has no comment with its unit"))
        for suffix, unit in units.items():
            if name.endswith(suffix) and comment and not comment.startswith(unit):
                problems.append(at(Path("shared/limits.py"), number, f"{name} is in {unit}: begin its comment so"))
    none(problems)


def test_no_path_of_anybodys_machine_is_written_down() -> None:
    none(matches(r"(?<![\w.])/(?:work|root|home|Users)/\w", within=texts(), what="path of a machine"))


def test_no_registry_is_named_outside_the_lock_files() -> None:
    hosts = "|".join(rf"{name}[.]{end}" for name, end in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"), ("debian", "org"), ("ubuntu", "com"),
    ))  # fmt: skip
    none(matches(hosts, within=texts(), what="host of a registry"))


def test_no_emoji() -> None:
    none(matches("[\U0001f000-\U0001faff\ufe0f]", within=texts(), what="emoji"))


def test_unit_tests_mirror_the_source() -> None:
    """tests/unit/<folder>/test_<module>[_<aspect>].py stands for <folder>/<module>.py; a folder without Python is its own subject."""
    problems: list[str] = []
    for path in files():
        if path.parts[:2] != ("tests", "unit") or not path.name.startswith("test_"):
            continue
        folder, subject = Path(*path.parts[2:-1]), path.stem.removeprefix("test_")
        if (ROOT / folder).is_dir() and not any((ROOT / folder).glob("*.py")):
            continue
        words = subject.split("_")
        modules = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
        if not any((ROOT / folder / f"{module}.py").exists() or (ROOT / folder / module / "__init__.py").exists() for module in modules):
            problems.append(at(path, 1, f"{folder / subject}.py does not exist: a unit test stands where its subject stands"))
    none(problems)


def test_only_the_entry_point_configures_logging() -> None:
    none([
        at(path, node, "configures logging; only comanda.py does")
        for path, _ in code()
        if path.suffix == ".py" and path != Path("comanda.py") and path.parts[0] != "tests"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and name_of(node.func) in {"logging.basicConfig", "logging.config.dictConfig"}
    ])  # fmt: skip
