# SPDX-License-Identifier: Apache-2.0
"""Which programs the build and the tests start, read from their text, and the table of those that are there:
tests/packages.txt."""
import ast
import json
import re

WORD = re.compile(r"[a-z][\w.+-]*")
KEYWORDS = set("if then else elif fi for in do done while until case esac function select time coproc".split())
BUILTINS = set("break builtin cd command continue declare echo eval exec exit export false getopts hash kill let local "
               "mapfile popd printf pushd pwd read readonly return set shift shopt source test times trap true type "
               "ulimit umask unset wait".split())
# A word after which a command begins, and programs that start the one after their options and numbers.
OPENERS = r"(?:then|do|else|if|elif|while|until|!|exec|command)\s+"
STARTERS = r"(?:timeout|nice|xargs|env|flock|setpriv)(?:\s+(?:-\S+|\d\S*))*\s+"
ASSIGNED = r"(?:[A-Za-z_]\w*=[^\s(]*\s+)"
COMMAND = re.compile(rf"(?:^|[;|&(]|\{{\s|`)[ \t]*(?:{OPENERS}|{STARTERS}|{ASSIGNED})*([a-z][\w.+-]*)(?=[\s;|&)`]|$)", re.M)
PREFIX = re.compile(r"\b(timeout|nice|xargs|env|flock|setpriv)\s")


def table(text):
    """package -> its programs, of the lines "package [unless program]: programs"."""
    out = {}
    for line in text.splitlines():
        line = line.split("#")[0]
        if line.strip():
            head, _, rest = line.partition(":")
            out[head.split()[0]] = rest.split()
    return out


def unquoted(text):
    """Shell text with comments cut and quoted text replaced, but with the commands of $(...) inside double quotes."""
    out, stack, i = [], [], 0
    while i < len(text):
        c, top = text[i], stack[-1] if stack else None
        if c == "\\":
            out.append(" " if text[i + 1:i + 2] == "\n" else "Q")
            i += 2
            continue
        if text.startswith("$((", i):
            stack.append("))")
            i += 3
            continue
        if text.startswith("$(", i):
            stack.append(")")
            out.append("$(")
            i += 2
            continue
        if top == "))":
            if text.startswith("))", i):
                stack.pop()
                out.append("Q")
                i += 1
            i += 1
            continue
        if c == '"':
            stack.pop() if top == '"' else stack.append('"')
            out.append("Q")
        elif top == '"':
            out.append("Q")
        elif c == "'":
            end = text.find("'", i + 1)
            out.append("Q")
            i = end if end > 0 else len(text)
        elif c == "#" and (i == 0 or text[i - 1] in " \t\n;("):
            end = text.find("\n", i)
            i = (end if end >= 0 else len(text)) - 1
        else:
            if c == "(":
                stack.append(")")
            elif c == ")" and top == ")":
                stack.pop()
            out.append(c)
        i += 1
    return "".join(out)


def in_shell(text):
    """The programs that a shell script starts."""
    text = unquoted(text)
    text = re.sub(r"=\([^()]*\)", "=Q", text)  # an array
    text = re.sub(r"<<-?\s*(\w+)\n.*?\n\s*\1\n", "\n", text, flags=re.S)
    text = re.sub(r"^\s*[\w|*. -]+\)(?=\s|$)", " ;", text, flags=re.M)  # a pattern of case
    own = set(re.findall(r"^\s*(?:function\s+)?(\w[\w-]*)\s*\(\)", text, re.M))
    found = {m.group(1) for m in COMMAND.finditer(text)} | {m.group(1) for m in PREFIX.finditer(text)}
    return found - own - KEYWORDS - BUILTINS


STARTS = {"run", "Popen", "check_call", "check_output", "which", "output", "namespaces.command", "subprocess.run", "subprocess.Popen",
          "subprocess.check_call", "subprocess.check_output", "shutil.which"}


def in_python(text):
    """The programs that Python starts by a literal: run(["x", …]), run("x", …), line = ["x", …], return ["x", …]."""
    found = set()

    def first(node):
        if isinstance(node, ast.IfExp):
            first(node.body)
            first(node.orelse)
        elif isinstance(node, ast.BinOp):
            first(node.left)
        elif isinstance(node, (ast.List, ast.Tuple)) and node.elts:
            first(node.elts[0])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WORD.fullmatch(node.value):
            found.add(node.value)

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in STARTS or called.endswith(".run_on_node"):
                for argument in node.args[:1] + [a for a in node.args[1:2] if isinstance(a, ast.List)]:
                    first(argument)
            elif called.endswith(".exec"):  # in a pod
                for argument in node.args[1:2]:
                    first(argument)
        elif isinstance(node, ast.Assign):
            assigned = getattr(node.targets[0], "id", "")
            if assigned in ("line", "command"):
                first(node.value)
            elif assigned == "script" and isinstance(node.value, ast.Constant):
                found.update(in_shell(node.value.value))
        elif isinstance(node, ast.Return) and isinstance(node.value, (ast.List, ast.BinOp)):
            first(node.value)
    return found


def in_makefile(text):
    """The programs of a Makefile's recipes."""
    lines = re.findall(r"^\t[@-]*(.*)$", text, re.M)
    return in_shell("\n".join(re.sub(r"(?<!\$)\$\(\w[^()]*(?:\([^()]*\)[^()]*)*\)", "Q", line).replace("$$", "$") for line in lines))


ELSEWHERE = {
    (".cc", ".h"): re.compile(r'posix_spawnp\(&\w+, "([a-z][\w.+-]*)"|"([a-z][\w.+-]*) (?:-\w|req )'),
    (".mjs",): re.compile(r'spawn\("([a-z][\w.+-]*)"|"/usr/bin/([a-z][\w.+-]*)"'),
    (".cmake", "CMakeLists.txt"): re.compile(r"find_program\(\w+ ([a-z][\w.+-]*)|COMMAND ([a-z][\w.+-]*)\s"),
}


def elsewhere(path, text):
    if path.endswith((".cc", ".h")) and not re.search(r"std::system|posix_spawnp", text):
        return set()
    for endings, pattern in ELSEWHERE.items():
        if path.endswith(endings):
            return {name for match in pattern.finditer(text) for name in match.groups() if name}
    return set()


def started(path, text):
    """The programs that a file of this tree starts, as far as its text names them."""
    if path.startswith(("src/", "operator/", "tests/tidy/")) and not path.startswith("src/web/ui/"):
        return set()  # what our own programs start is for their users to have
    if path.endswith(".sh") or re.match(r"#!.*\b(?:ba)?sh\b", text):
        return in_shell(text)
    if path == "Makefile":
        return in_makefile(text)
    return in_python(text) if path.endswith(".py") else elsewhere(path, text)


NODE = (18, 20)


def too_new_for_node(lock):
    """(package, the versions it takes) of a lock file of npm, where Debian's is none of them."""
    for package, entry in json.loads(lock).get("packages", {}).items():
        engines = entry.get("engines", {})
        wanted = engines.get("node", "*") if isinstance(engines, dict) else "*"
        if not any(_takes(one.strip()) for one in wanted.split("||")):
            yield package.removeprefix("node_modules/"), wanted


def _takes(range_):
    """Whether one alternative of a range of versions takes NODE."""
    found = re.match(r"(>=|\^|~)?\s*v?(\d+)?(?:\.(\d+))?", range_)
    if not found[2]:
        return True  # any
    least = (int(found[2]), int(found[3] or 0))
    return least <= NODE if found[1] == ">=" else least[0] == NODE[0] and least <= NODE


PYTHON = "3.11.2"


def too_new_for_python(text):
    """(line, what is not there yet) of a source. Filters of tarfile came with 3.11.4."""
    try:
        tree = ast.parse(text, feature_version=(3, 11))
    except SyntaxError as error:
        yield error.lineno, "its syntax"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("extract", "extractall"):
            if any(keyword.arg == "filter" for keyword in node.keywords):
                yield node.lineno, "a tarfile's filter"
