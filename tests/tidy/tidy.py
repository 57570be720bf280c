# SPDX-License-Identifier: Apache-2.0
"""The rules that the tree keeps. Each takes a Tree and returns faults as "path:line: what is wrong and what to do"."""
import collections
import dataclasses
import pathlib
import re
import subprocess

import programs

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
BANNED = ("Manager", "Helper", "Util", "Common", "Misc", "Data", "Info", "Processor")
# Names that others chose and we must repeat.
BANNED_EXCEPT = {"Common", "CommonConfig", "CommonLabels", "DecodeCommonProperties", "IsFieldManagerConflict"}


@dataclasses.dataclass
class Layers:
    uses: dict = dataclasses.field(default_factory=dict)
    libraries: dict = dataclasses.field(default_factory=dict)
    ceilings: dict = dataclasses.field(default_factory=dict)
    top: set = dataclasses.field(default_factory=set)
    parents: set = dataclasses.field(default_factory=set)
    pure: set = dataclasses.field(default_factory=set)


def read_layers(text):
    out = Layers()
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        head, _, rest = line.partition(":")
        words = rest.split()
        if head.startswith("lib "):
            out.libraries[head[4:]] = words
        elif head.startswith("ceiling "):
            out.ceilings[head[8:]] = int(words[0])
        elif head in ("top", "parents", "pure"):
            setattr(out, head, set(words))
        else:
            out.uses[head] = set(words)
    return out


class Tree:
    """The tracked files below `root`."""

    def __init__(self, root, files=None, layers=None):
        self.root = pathlib.Path(root)
        if files is None:
            listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, check=True, text=True,
                                    stdout=subprocess.PIPE).stdout.split("\n")
            files = [f for f in listed if f and (self.root / f).is_file()]
        self.files = sorted(files)
        self.layers = layers or read_layers((self.root / "tests/tidy/layers.txt").read_text())
        self.texts = {}

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = (self.root / path).read_bytes().decode(errors="replace")
        return self.texts[path]

    def cpp(self, folders=("src/", "operator/")):
        return [f for f in self.files if f.startswith(folders) and f.endswith((".h", ".cc"))]

    def includes(self, path):
        """(line number, included path, was it quoted)"""
        for number, line in enumerate(self.text(path).splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found.group(1) or found.group(2), bool(found.group(1))


def module_of(path):
    """src/sinks/kafka/x.h and sinks/kafka/x.h: sinks/kafka. operator/main.cc: operator."""
    return str(pathlib.PurePosixPath(path.removeprefix("src/")).parent)


def include_edges(tree):
    for path in tree.cpp():
        for number, target, quoted in tree.includes(path):
            if quoted and module_of(target) in tree.layers.uses:
                yield path, number, module_of(path), module_of(target)


def layers(tree):
    """Includes follow tests/tidy/layers.txt."""
    faults = []
    for path in tree.cpp():
        if module_of(path) not in tree.layers.uses:
            faults.append(f"{path}:1: folder {module_of(path)} is not in tests/tidy/layers.txt: add its row")
    for path, number, source, target in include_edges(tree):
        if source == target or source not in tree.layers.uses:
            continue
        if target in tree.layers.top:
            faults.append(f"{path}:{number}: includes {target}, which nothing may include")
        elif target not in tree.layers.uses[source]:
            faults.append(f"{path}:{number}: {source} may not include {target} (tests/tidy/layers.txt)")
    return faults


def cycles(tree):
    """No two modules include each other, directly or over others."""
    graph = collections.defaultdict(set)
    for _, _, source, target in include_edges(tree):
        if source == target or target in tree.layers.parents and source.startswith(target + "/"):
            continue
        graph[source].add(target)
    faults, done = [], set()

    def visit(module, path):
        if module in path:
            faults.append("cycle: " + " -> ".join(path[path.index(module):] + [module]))
            return
        if module in done:
            return
        for target in sorted(graph[module]):
            visit(target, path + [module])
        done.add(module)

    for module in sorted(graph):
        visit(module, [])
    return faults


def library_of(tree, target):
    matching = [lib for lib in tree.layers.libraries if target == lib or target.startswith(lib + "/")]
    return max(matching, key=len, default=None)


def unused_rights(tree):
    """Every right in layers.txt is used, so that it says what is and not what once was."""
    name, faults = "tests/tidy/layers.txt", []
    edges = {(source, target) for _, _, source, target in include_edges(tree)}
    for module, targets in tree.layers.uses.items():
        faults += [f"{name}: {module} no longer includes {target}: take it out of its row"
                   for target in sorted(targets) if (module, target) not in edges]
    used, in_headers = collections.defaultdict(set), set()
    for path in tree.cpp():
        inner = path.removeprefix("src/")
        for lib in filter(None, (library_of(tree, target) for _, target, _ in tree.includes(path))):
            used[lib] |= {"*", module_of(path), inner}
            if path.endswith(".h"):
                used[lib].add("in-headers")
    for lib, places in tree.layers.libraries.items():
        faults += [f"{name}: {lib} is no longer used by {place}: take it out of its row" for place in places
                   if place not in used[lib]]
    return faults


MODULE = re.compile(r"traffictap_module\((\w+)([^()]*)\)")


def link_lines(tree):
    """A module's USES in its CMakeLists.txt names the modules that it includes, neither more nor less."""
    declared = {}  # CMake's name -> (folder, the names that it uses)
    for path in tree.files:
        if path.endswith("CMakeLists.txt") and path.startswith(("src/", "operator/")):
            for name, arguments in MODULE.findall(tree.text(path)):
                declared[name] = (module_of(path), arguments.partition("USES")[2].split())
    folders = {folder: name for name, (folder, _) in declared.items()}

    def owner(module):
        while module not in folders and "/" in module:
            module = module.rpartition("/")[0]
        return folders.get(module)

    wanted = collections.defaultdict(set)
    for _, _, source, target in include_edges(tree):
        wanted[owner(source)].add(owner(target))
    faults = []
    for name, (folder, uses) in declared.items():
        path = next(p for p in (f"src/{folder}/CMakeLists.txt", f"{folder}/CMakeLists.txt") if p in tree.files)
        has, needs = {use for use in uses if use in declared}, wanted[name] - {name, None}
        faults += [f"{path}:1: {name} includes {one} and does not USE it" for one in sorted(needs - has)]
        faults += [f"{path}:1: {name} USES {one} and includes nothing of it" for one in sorted(has - needs)]
    return faults


SYSTEM = re.compile(r"^[a-z_0-9]+$|^(sys|netinet|arpa|linux|net)/[a-z_0-9]+\.h$|^[a-z_0-9]+\.h$")


def libraries(tree):
    """Foreign libraries stay where layers.txt has them, and out of headers."""
    faults = []
    for path in tree.cpp():
        inner = path.removeprefix("src/")
        for number, target, quoted in tree.includes(path):
            lib = library_of(tree, target)
            if lib is None:
                if module_of(target) not in tree.layers.uses and not (not quoted and SYSTEM.match(target)):
                    faults.append(f"{path}:{number}: {target} is of no module and no library of tests/tidy/layers.txt")
                continue
            allowed = tree.layers.libraries[lib]
            if not ("*" in allowed or module_of(path) in allowed or inner in allowed):
                faults.append(f"{path}:{number}: {lib} may not be used here (tests/tidy/layers.txt)")
            elif path.endswith(".h") and not (inner in allowed or "in-headers" in allowed) and lib != "absl/status":
                faults.append(f"{path}:{number}: {lib} may not be in a header: forward declare, or hide it in the .cc")
    return faults


IMPURE = {"thread", "fstream", "filesystem", "chrono", "iostream", "mutex", "base/log.h", "unistd.h", "fcntl.h"}


def purity(tree):
    """Pure modules neither read clocks and files nor start threads nor log."""
    return [f"{path}:{number}: {target} has no place in {module_of(path)}, which is pure"
            for path in tree.cpp() if module_of(path) in tree.layers.pure
            for number, target, _ in tree.includes(path) if target in IMPURE]


def bare(text):
    """The C++ text with the same lines but without comments and literals' contents."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda m: " " + "\n" * m.group().count("\n"), text, flags=re.S)


def functions(text):
    """(first line, lines, name) of each function body, by matching braces outside of types and namespaces."""
    lines = bare(text).split("\n")
    stack, head, out = [], "", []
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            continue
        for c in line:
            if c == "{":
                inside = any(kind == "function" for kind, _, _ in stack)
                scope = re.search(r"\b(namespace|class|struct|enum|union)\b[^()]*$", head)
                kind = "other" if inside or scope or ")" not in head else "function"
                stack.append((kind, number, head.strip()))
                head = ""
            elif c == "}":
                if stack:
                    kind, start, name = stack.pop()
                    if kind == "function":
                        found = re.search(r"([\w:~]+)\s*\(", name)
                        out.append((start, number - start + 1, found.group(1) if found else name[-40:]))
                head = ""
            elif c == ";":
                head = ""
            else:
                head += c
        head += " "
    return out


def ceilings(tree):
    """Headers, sources and functions stay within their ceilings."""
    faults = []
    for path in tree.cpp():
        kind = "header" if path.endswith(".h") else "source"
        lines = tree.text(path).count("\n")
        if lines > tree.layers.ceilings[kind]:
            faults.append(f"{path}:1: {lines} lines, more than {tree.layers.ceilings[kind]}: split it by subject")
        for start, length, name in functions(tree.text(path)):
            if length > tree.layers.ceilings["function"]:
                faults.append(f"{path}:{start}: {name} has {length} lines, more than "
                              f"{tree.layers.ceilings['function']}: split it")
    return faults


def largest(tree):
    """One line about the largest header, source and function, and the median function."""
    size = {p: tree.text(p).count("\n") for p in tree.cpp()}
    bodies = [(length, name, p) for p in tree.cpp() for _, length, name in functions(tree.text(p))]
    header = max((p for p in size if p.endswith(".h")), key=size.get)
    source = max((p for p in size if p.endswith(".cc")), key=size.get)
    lengths = sorted(length for length, _, _ in bodies)
    return (f"largest header {header} {size[header]}, source {source} {size[source]}, function "
            f"{max(bodies)[1]} {max(bodies)[0]} ({max(bodies)[2]}), median function {lengths[len(lengths) // 2]}")


def names(tree):
    """No type, function or file has one of the words that say nothing."""
    faults = []
    declared = re.compile(r"\b(?:class|struct|enum class|enum|using|namespace)\s+(\w+)|\b([A-Z]\w*)\s*\(")
    for path in tree.cpp():
        stem = pathlib.PurePosixPath(path).stem
        for word in BANNED:
            if word.lower() in stem.split("_") and not (word == "Common" and stem == "decode_common"):
                faults.append(f"{path}:1: file name has \"{word.lower()}\": say what it holds")
        for number, line in enumerate(bare(tree.text(path)).split("\n"), 1):
            for match in declared.finditer(line):
                name = match.group(1) or match.group(2)
                parts = re.findall(r"[A-Z][a-z0-9]+|[A-Z]+(?![a-z])", name)
                hit = set(parts) & set(BANNED)
                if hit and name not in BANNED_EXCEPT and not line[:match.start()].rstrip().endswith(("::", ".", "->")):
                    faults.append(f"{path}:{number}: {name} has \"{min(hit)}\": say what it is")
    return faults


def readmes(tree):
    """Every folder with sources has a README.md that says what it is for, or a part in that of the folder above."""
    folders = {str(pathlib.PurePosixPath(p).parent) for p in tree.cpp()}
    faults = []
    for folder in sorted(folders):
        readme, above = f"{folder}/README.md", str(pathlib.PurePosixPath(folder).parent / "README.md")
        if readme not in tree.files and above in tree.files and f"`{folder.split('/')[-1]}/`" in tree.text(above):
            continue
        if readme not in tree.files:
            faults.append(f"{folder}: no README.md: write its purpose, what does not belong, its types")
        elif len(tree.text(readme).split()) < 15:
            faults.append(f"{readme}:1: says next to nothing")
    return faults


def orphan_sources(tree):
    """Every source has a test of its name or of its header, or its reason in tests/tidy/untested.txt."""
    listed, faults = {}, []
    for number, line in enumerate(tree.text("tests/tidy/untested.txt").splitlines(), 1):
        path, _, reason = line.partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        listed[path.strip()] = number
        if len(reason.split()) < 3:
            faults.append(f"tests/tidy/untested.txt:{number}: {path} needs its reason")
    tests = {pathlib.PurePosixPath(p) for p in tree.files if p.startswith("tests/") and p.endswith("_test.cc")}
    included = {target for path in tree.cpp(("tests/",)) for _, target, _ in tree.includes(path)}
    for path in (p for p in tree.cpp() if p.endswith(".cc")):
        source = pathlib.PurePosixPath(path.removeprefix("src/"))
        tested = str(source.with_suffix(".h")) in included or any(
            t.parent == "tests" / source.parent and t.name.startswith(source.stem) for t in tests)
        if not tested and path not in listed:
            faults.append(f"{path}: no tests/{source.parent}/{source.stem}_test.cc")
        if tested and path in listed:
            faults.append(f"tests/tidy/untested.txt:{listed[path]}: {path} has a test now: remove the line")
    faults += [f"tests/tidy/untested.txt:{n}: {p} does not exist" for p, n in listed.items() if p not in tree.files]
    return faults


def formatted(tree):
    """clang-format would change nothing."""
    paths = tree.cpp(("src/", "operator/", "tests/"))
    if not paths:
        return []
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=tree.root, text=True,
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    hits = collections.Counter(re.findall(r"^(\S+?):\d+:\d+: error:", run.stderr, re.M))
    return [f"{path}: {count} places are not as clang-format has them: make fmt" for path, count in hits.items()]


BINARY = (".png", ".svg", ".woff2")
FOREIGN = [
    (re.compile(r"(?<![\w.])/(?:home|root|Users|tmp/wt|work)/[\w.-]+"), "a path of one machine"),
    (re.compile(r"https?://(?!registry\.npmjs\.org|127\.)[\w.-]*(?:registry|proxy|mirror|artifact|nexus)[\w.-]*", re.I),
     "the host name of a registry"),
    (re.compile(r"\"resolved\":\s*\"http"), "a lock file's download address: leave it out"),
]


def machine_names(tree):
    """Nothing tracked knows the machine that it was written on."""
    faults = []
    for path in tree.files:
        if path.endswith(BINARY) or path.startswith("tests/tidy/"):
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            for pattern, what in FOREIGN:
                found = pattern.search(line)
                if found:
                    faults.append(f"{path}:{number}: {found.group()}: {what}")
    return faults


MERGE = re.compile(r"(<{7}|>{7}|[|]{7}) ")


def merged(tree):
    """No merge was left half done."""
    return [f"{path}:{number}: {line[:7]} is the mark of a merge: choose what is to stay"
            for path in tree.files if not path.endswith(BINARY)
            for number, line in enumerate(tree.text(path).split("\n"), 1) if MERGE.match(line)]


def make_help(tree):
    """Every target of the Makefile that a person calls has its line in make help."""
    text, faults = tree.text("Makefile"), []
    phony = {word for line in re.findall(r"^\.PHONY:(.*)$", text, re.M) for word in line.split()}
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r"^([A-Za-z][\w-]*):(?!=)(.*)$", line)
        if not found:
            continue
        if "##" not in found.group(2):
            faults.append(f"Makefile:{number}: {found.group(1)} has no \"## help text\"")
        if found.group(1) not in phony and not (tree.root / found.group(1)).is_file():
            faults.append(f"Makefile:{number}: {found.group(1)} is not .PHONY")
    return faults


def line_width(tree):
    """Python and shell keep to 160 columns (aim: 120), and no text ends in blanks."""
    faults = []
    for path in tree.files:
        if not path.endswith((".py", ".sh", ".cc", ".h", ".cmake", "Makefile", "CMakeLists.txt")):
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            if line != line.rstrip():
                faults.append(f"{path}:{number}: ends in blanks")
            if path.endswith((".py", ".sh")) and len(line) > 160:
                faults.append(f"{path}:{number}: {len(line)} columns, more than 160")
    return faults


def installed(tree):
    """Every program that the build or a test starts comes from a package of tests/packages.txt."""
    known = {name for names in programs.table(tree.text("tests/packages.txt")).values() for name in names}
    return [f"{path}:1: starts {name}, which no package of tests/packages.txt brings: add it there"
            for path in tree.files if not path.endswith(BINARY)
            for name in sorted(programs.started(path, tree.text(path)) - known)]


LICENCE = "SPDX-License-Identifier: Apache-2.0"
COMMENTS = {"//": (".cc", ".h", ".c", ".go", ".proto", ".ts", ".tsx", ".mjs", ".mts"), "/*": (".css",),
            "#": (".py", ".sh", ".cmake", "CMakeLists.txt", "Makefile", ".ci/run")}


def licensed(tree):
    """Every source names its licence in its first two lines."""
    marks = {ending: mark for mark, endings in COMMENTS.items() for ending in endings}
    return [f"{path}:1: begin with \"{mark} {LICENCE}\""
            for path in tree.files for ending, mark in marks.items()
            if path.endswith(ending) and not any(line.startswith(f"{mark} {LICENCE}")
                                                 for line in tree.text(path).splitlines()[:2])]


def node_version(tree):
    """npm's packages run on the Node.js that Debian 12 has."""
    return [f"{path}:1: {package} needs Node.js {wanted}, and Debian has {programs.NODE}: take an earlier version"
            for path in tree.files if path.endswith("package-lock.json")
            for package, wanted in programs.too_new_for_node(tree.text(path))]


def python_version(tree):
    """Python sources run on the Python that Debian 12 has."""
    return [f"{path}:{line}: {what} is newer than Debian's Python {programs.PYTHON}"
            for path in tree.files if path.endswith(".py")
            for line, what in programs.too_new_for_python(tree.text(path))]


def comment_tables(tree):
    """A table in a comment is in columns: no formatter has wrapped its rows into each other."""
    faults = []
    for path in (p for p in tree.files if p.endswith((".h", ".cc", ".proto"))):
        for block in comment_blocks(tree.text(path)):
            columns = {number: {m.end() - 1 for m in re.finditer(r"(?<=[^\s/]) {3,}\S", line)} for number, line in block}
            for number, own in columns.items():
                if own and not any(own & others for at, others in columns.items() if at != number):
                    faults.append(f"{path}:{number}: no other line of this comment has a column here: a table that was wrapped")
    return faults


def comment_blocks(text):
    """Each run of lines that are comments alone, as (line number, line)."""
    block = []
    for number, line in enumerate(text.split("\n") + [""], 1):
        if line.lstrip().startswith("//"):
            block.append((number, line))
        elif block:
            yield block
            block = []


TRAILING = re.compile(r"^(\s*)[^\s/].*;\s+(//)")


def torn_members(tree):
    """A comment behind a member neither tears it from its type nor goes on below: then it stands above."""
    faults = []
    for path in tree.cpp(("src/", "operator/")):
        lines = tree.text(path).split("\n")
        for number, line in enumerate(lines):
            found = TRAILING.match(line)
            if not found:
                continue
            above, below = lines[number - 1], lines[number + 1]
            torn = re.search(r"[=<>\w]$", above) and "//" not in above and len(found[1]) > len(above) - len(above.lstrip())
            goes_on = below.startswith(" " * found.start(2) + "//")
            if torn or goes_on:
                faults.append(f"{path}:{number + 1}: its comment {'breaks the line' if torn else 'goes on below'}: put it above")
    return faults


LITERALS = re.compile(r'(?:"(?:\\.|[^"\\\n])*"\s*)+')


def literals(text):
    """(line, text) of each C++ string, parts that stand behind each other joined."""
    for found in LITERALS.finditer(text):
        parts = re.findall(r'"((?:\\.|[^"\\\n])*)"', found.group())
        yield text.count("\n", 0, found.start()) + 1, "".join(parts)


PROSE = ("README.md", "CHANGELOG.md", "SECURITY.md", "SUPPORT.md")
COMMENT = re.compile(r"(?:^|\s|\{/\*)//.*|/\*.*\*/")


SHOWN = ("charts/traffictap/files/", "crds/samples/")


def read_by_users(tree):
    """(path, line, text) of documents, help, messages, metrics, alerts, dashboards, samples, demos and the page."""
    for path in tree.files:
        if path in PROSE or path.startswith("docs/") and path.endswith(".md") or path in (
                "charts/traffictap/values.yaml", "charts/traffictap/templates/NOTES.txt") or (
                path.startswith(SHOWN) and path.endswith((".json", ".yaml"))):
            yield from ((path, number, line) for number, line in enumerate(tree.text(path).split("\n"), 1))
        elif path.startswith(("src/", "operator/")) and path.endswith(".cc"):
            yield from ((path, number, text) for number, text in literals(tree.text(path)) if len(text.split()) > 2)
        elif path.endswith("/demo.py"):
            yield from ((path, number, line) for number, line in enumerate(tree.text(path).split("\n"), 1) if "say(" in line)
        elif path.startswith("src/web/ui/src/") and path.endswith((".ts", ".tsx")):
            yield from ((path, number, COMMENT.sub("", line)) for number, line in enumerate(tree.text(path).split("\n"), 1))


def plain_english(tree):
    """What users read has none of the phrases of tests/tidy/phrases.txt."""
    lines = [line.partition(" = ") for line in tree.text("tests/tidy/phrases.txt").splitlines()
             if line and not line.startswith("#")]
    phrases = [(re.compile(rf"\b(?:{phrase})\b", re.I), instead) for phrase, _, instead in lines]
    return [f"{path}:{number}: \"{found.group()}\": plainer: {instead}"
            for path, number, text in read_by_users(tree) for phrase, instead in phrases
            for found in [phrase.search(text)] if found]


def fuzz_targets(tree):
    """Every fuzz target is built, is run by tests/fuzz/run.sh, has seeds and stands in the README."""
    here, faults = "tests/fuzz/", []
    mine = {path.removeprefix(here).removesuffix("_fuzz.cc"): path for path in tree.files
            if path.startswith(here) and path.endswith("_fuzz.cc")}
    if not mine:
        return []
    listed = {"CMakeLists.txt": set(re.findall(r"traffictap_fuzzer\((\w+)", tree.text(here + "CMakeLists.txt"))),
              "run.sh": set(re.search(r"^targets=\((.*)\)$", tree.text(here + "run.sh"), re.M).group(1).split()),
              "README.md": set(re.findall(r"`(\w+)`", tree.text(here + "README.md"))),
              "seeds/": {path.split("/")[3] for path in tree.files if path.startswith(here + "seeds/")}}
    for name, path in mine.items():
        faults += [f"{path}:1: {name} is not in {here}{place}" for place, names in listed.items() if name not in names]
    faults += [f"{here}{place}: there is no {here}{name}_fuzz.cc" for place, names in listed.items()
               for name in sorted(names - set(mine)) if place != "README.md"]
    return faults


TESTS = re.compile(r"^ *class (\w+)|^ +def (test_\w+)", re.M)


def test_names(tree, folder):
    """"file.Class.method" of the Python tests in a folder, as tests/runner.py selects them."""
    for path in tree.files:
        if path.startswith(folder + "/") and path.endswith("_test.py"):
            group = ""
            for found in TESTS.finditer(tree.text(path)):
                group = found.group(1) or group
                if found.group(2):
                    yield f"{pathlib.PurePosixPath(path).stem}.{group}.{found.group(2)}"


def long_forms(tree):
    """What tests/nightly.sh selects is there and what it sets is read: a night that tests less than it says is noticed late."""
    name, faults = "tests/nightly.sh", []
    if name not in tree.files:
        return []
    read = " ".join(tree.text(path) for path in tree.files
                    if path.startswith("tests/") and path != name and path.endswith((".py", ".sh", ".cc", ".h")))
    for number, line in enumerate(tree.text(name).split("\n"), 1):
        found = re.match(r"\s*part \S+ env ((?:[A-Z_0-9]+=(?:\$\(\(.*?\)\)|\S*) )+)(?:(tests/\w+)/run\.sh)?", line)
        if not found:
            continue
        settings = dict(re.findall(r"([A-Z_0-9]+)=(\S*)", found.group(1)))
        for variable in settings:
            # Those of tests/pipeline/seeds.h are put together there.
            if not re.search(rf"""["']{variable.removesuffix("_SEEDS")}["']|\$\{{?{variable}\b""", read):
                faults.append(f"{name}:{number}: nothing in tests/ reads {variable}")
        wanted = settings.get("TEST")
        if wanted and found.group(2) and not any(wanted in test for test in test_names(tree, found.group(2))):
            faults.append(f"{name}:{number}: no test in {found.group(2)} is called {wanted}")
    return faults


def map_of_tests(tree):
    """tests/README.md names every folder of tests/."""
    name = "tests/README.md"
    folders = sorted({path.split("/")[1] for path in tree.files if path.startswith("tests/") and path.count("/") > 1})
    named = set(re.findall(r"`(\w+)[`/]", tree.text(name))) if name in tree.files else set()
    return [f"{name}:1: {folder} is not on the map: add it" for folder in folders if folder not in named]


RULES = [layers, cycles, libraries, purity, ceilings, names, readmes, orphan_sources, formatted, machine_names, merged,
         make_help, line_width, installed, node_version, python_version, comment_tables, torn_members,
         unused_rights, link_lines, licensed, plain_english, fuzz_targets, long_forms, map_of_tests]
