# SPDX-License-Identifier: Apache-2.0
"""Each rule of tidy.py finds a planted fault, and says nothing where there is none."""
import pathlib
import tempfile
import unittest

import tidy

LAYERS = """
base:
traffic: base
sinks:
sinks/kafka:
filter:
collector:
top: collector
parents: sinks
lib fmt: *
lib librdkafka: sinks/kafka
lib absl/status: *
pure: filter
ceiling header: 20
ceiling source: 30
ceiling function: 10
"""
README = "# base\n\nWhat everything else stands on: status, clock, queue, log and metrics. No noun of the domain.\n"
GOOD = {
    "src/base/README.md": README,
    "src/base/clock.h": "#pragma once\n",
    "src/base/clock.cc": '#include "base/clock.h"\n\n#include "fmt/format.h"\n',
    "src/base/log.cc": '#include "base/log.h"\n',
    "tests/base/clock_test.cc": '#include "base/clock.h"\n',
    "tests/base/life_test.cc": '#include "base/log.h"\n',
    "tests/tidy/untested.txt": "# none\n",
    "tests/tidy/phrases.txt": "# phrase = instead\nanew = again\n(?<!there )is no (?!such)\\w+ = is not a\n",
    "docs/good.md": "There is no tap, and this is no such thing: begin again.\n",
    "src/base/CMakeLists.txt": "traffictap_module(base USES fmt::fmt)\n",
    "src/traffic/README.md": README,
    "src/traffic/CMakeLists.txt": "traffictap_module(traffic USES base)\n",
    "src/traffic/t.h": '#include "absl/status/status.h"\n#include "base/clock.h"\n',
    "src/sinks/kafka/README.md": README,
    "src/sinks/kafka/k.cc": "#include <librdkafka/rdkafka.h>\n",
    "tests/sinks/kafka/k_test.cc": "",
    "Makefile": ".PHONY: help\nhelp: ## Show this list\n\t@true\n",
    ".clang-format": "BasedOnStyle: Google\nColumnLimit: 100\n",
    "tests/packages.txt": "# what there is\ncoreutils: true cat dirname env\nnpm unless npm: npm node\njq: jq\n",
    "tests/a.sh": 'here=$(cd "$(dirname "$0")" && pwd)  # strace\nfor x in 1 2; do echo "$x" | jq .; done >"$here/strace"\n',
    "tests/a.py": 'import subprocess\nsubprocess.run(["jq", "."], check=True)\nlayers = ["gdb"]\n',
    "tests/fuzz/a_fuzz.cc": "",
    "tests/fuzz/CMakeLists.txt": "traffictap_fuzzer(a USES base)\n",
    "tests/fuzz/run.sh": "targets=(a)\n",
    "tests/fuzz/README.md": "`a` reads anything.\n",
    "tests/fuzz/seeds/a/whole": "x\n",
    "tests/nightly.sh": "part() {\n  \"$@\"\n}\npart long env SECONDS_AWAY=$((9 / 3)) TEST=a_test.Away tests/b/run.sh x\n"
                        "part seeds env SHUFFLE_SEEDS=2 x/shuffle_test\n",
    "tests/b/a_test.py": 'class Away:\n    def test_it_is_away(self):\n        wait(os.environ["SECONDS_AWAY"], os.environ["TEST"])\n',
    "tests/base/seeds_test.cc": 'void F() { ForSeeds("SHUFFLE"); }\n',
    "tests/README.md": "`b` `base` `fuzz` `sinks` `tidy` are what there is.\n",
    "src/web/ui/package-lock.json": '{"packages": {"node_modules/x": {"engines": {"node": "^14.1 || >=18.0.0"}}}}',
}
GOOD = {path: next((f"{mark} {tidy.LICENCE}\n" for mark, endings in tidy.COMMENTS.items() if path.endswith(endings)), "") + text
        for path, text in GOOD.items()}
LONG = "int Long() {\n" + "  ++n;\n" * 12 + "  return n;\n}\n"

# rule, the files of the fault, a part of what must be said
PLANTED = [
    (tidy.layers, {"src/traffic/a.h": '#include "sinks/sink.h"\n'}, "traffic may not include sinks"),
    (tidy.layers, {"src/base/a.h": '#include "collector/collector.h"\n'}, "which nothing may include"),
    (tidy.layers, {"src/stray/a.h": "#pragma once\n"}, "src/stray/a.h:1: folder stray is not in"),
    (tidy.cycles, {"src/base/a.h": '#include "traffic/t.h"\n', "src/traffic/t.h": '#include "base/a.h"\n'},
     "cycle: base -> traffic -> base"),
    (tidy.libraries, {"src/base/a.cc": "#include <librdkafka/rdkafka.h>\n"}, "librdkafka may not be used here"),
    (tidy.libraries, {"src/sinks/kafka/a.h": "#include <librdkafka/rdkafka.h>\n"}, "may not be in a header"),
    (tidy.libraries, {"src/base/a.cc": '#include "folly/json.h"\n'}, "of no module and no library"),
    (tidy.purity, {"src/filter/a.cc": "#include <thread>\n"}, "thread has no place in filter"),
    (tidy.ceilings, {"src/base/a.h": "\n" * 21}, "src/base/a.h:1: 21 lines"),
    (tidy.ceilings, {"src/base/a.cc": "\n" * 31}, "src/base/a.cc:1: 31 lines"),
    (tidy.ceilings, {"src/base/a.cc": LONG}, "Long has 15 lines"),
    (tidy.names, {"src/base/a.h": "class TapManager {};\n"}, "TapManager has \"Manager\""),
    (tidy.names, {"src/base/a.h": "void ReadData(int x);\n"}, "ReadData has \"Data\""),
    (tidy.names, {"src/base/text_util.h": "#pragma once\n"}, "file name has \"util\""),
    (tidy.readmes, {"src/filter/a.h": "#pragma once\n"}, "src/filter: no README.md"),
    (tidy.readmes, {"src/base/README.md": "# base\n"}, "says next to nothing"),
    (tidy.readmes, {"src/base/inner/a.h": "#pragma once\n"}, "src/base/inner: no README.md"),
    (tidy.orphan_sources, {"src/base/queue.cc": "\n"}, "src/base/queue.cc: no tests/base/queue_test.cc"),
    (tidy.orphan_sources, {"tests/tidy/untested.txt": "src/base/clock.cc: said by all others\n"}, "has a test now"),
    (tidy.orphan_sources, {"tests/tidy/untested.txt": "src/base/gone.cc: said by all others\n"}, "does not exist"),
    (tidy.orphan_sources, {"src/base/queue.cc": "\n", "tests/tidy/untested.txt": "src/base/queue.cc: no\n"},
     "needs its reason"),
    (tidy.formatted, {"src/base/a.cc": "int  x ;\n"}, "src/base/a.cc: 2 places"),
    (tidy.machine_names, {"docs/a.md": "see /ho" + "me/someone/notes\n"}, "a path of one machine"),
    (tidy.machine_names, {"package-lock.json": '"x": "https://nexus.example.com/npm/"\n'}, "host name of a registry"),
    (tidy.merged, {"docs/a.md": "a\n" + "<" * 7 + " HEAD\nb\n"}, "docs/a.md:2: <<<<<<< is the mark of a merge"),
    (tidy.make_help, {"Makefile": ".PHONY: build\nbuild:\n\t@true\n"}, "build has no"),
    (tidy.make_help, {"Makefile": "build: ## Build it\n\t@true\n"}, "build is not .PHONY"),
    (tidy.installed, {"tests/a.sh": "cat x | strace cat\n"}, "tests/a.sh:1: starts strace"),
    (tidy.installed, {"tests/a.sh": 'x="a $(if y=1 timeout -k 5 3 gdb "$0"; then :; fi)"\n'}, "starts gdb"),
    (tidy.installed, {"tests/a.sh": "cat x\n", "tests/packages.txt": "bash: bash\n"}, "starts cat"),
    (tidy.installed, {"tests/a.py": 'import subprocess\nsubprocess.run(["strace", "-f"], check=True)\n'}, "starts strace"),
    (tidy.installed, {"tests/a.py": 'def f(run):\n    run("tcpdump", "-i", 1)\n'}, "starts tcpdump"),
    (tidy.installed, {"tests/a.py": 'def f(x):\n    return ["gdb", *x]\n'}, "starts gdb"),
    (tidy.installed, {"tests/a.mjs": 'launch({ executablePath: "/usr/bin/chromium" });\n'}, "starts chromium"),
    (tidy.installed, {"tests/base/a.cc": 'int x = std::system("xz -d file");\n'}, "starts xz"),
    (tidy.installed, {"cmake/a.cmake": "find_program(CCACHE ccache)\n"}, "starts ccache"),
    (tidy.installed, {"Makefile": "help: ## Show\n\t@$(if $(X),y) true && unzip $(X)\n"}, "starts unzip"),
    (tidy.node_version, {"src/web/ui/package-lock.json": '{"packages": {"node_modules/x": {"engines": {"node": ">=20"}}}}'},
     "x needs Node.js >=20"),
    (tidy.python_version, {"tests/a.py": "archive.extractall(out, filter='tar')\n"}, "tests/a.py:1: a tarfile's filter is newer"),
    (tidy.python_version, {"tests/a.py": "type A = int\n"}, "tests/a.py:1: its syntax is newer"),
    (tidy.comment_tables, {"src/base/a.h": "// Codes:\n//   400    wrong      404\n//   gone 410   over\nint x;\n"},
     "src/base/a.h:2: no other line"),
    (tidy.torn_members, {"src/base/a.h": "struct A {\n  std::optional<int>\n      x;  // why\n};\n"},
     "src/base/a.h:3: its comment breaks the line"),
    (tidy.torn_members, {"src/base/a.h": "struct A {\n  int x;  // why\n          // not\n};\n"}, "goes on below"),
    (tidy.unused_rights, {"src/traffic/t.h": "#pragma once\n"}, "traffic no longer includes base"),
    (tidy.unused_rights, {"src/sinks/kafka/k.cc": "\n"}, "librdkafka is no longer used by sinks/kafka"),
    (tidy.link_lines, {"src/traffic/CMakeLists.txt": "traffictap_module(traffic)\n"}, "traffic includes base and does not USE it"),
    (tidy.link_lines, {"src/base/CMakeLists.txt": "traffictap_module(base USES traffic)\n"},
     "base USES traffic and includes nothing of it"),
    (tidy.licensed, {"src/base/a.cc": "int x;\n"}, 'src/base/a.cc:1: begin with "// SPDX-License-Identifier: Apache-2.0"'),
    (tidy.licensed, {"tests/a.sh": "#!/bin/sh\n\n# SPDX-License-Identifier: Apache-2.0\n"}, "tests/a.sh:1: begin with"),
    (tidy.plain_english, {"docs/a.md": "Begin\nanew.\n"}, 'docs/a.md:2: "anew": plainer: again'),
    (tidy.plain_english, {"src/base/a.cc": 'Fail("the value "\n     "is no number");\n'}, 'src/base/a.cc:1: "is no number"'),
    (tidy.plain_english, {"CHANGELOG.md": "Begin anew.\n"}, 'CHANGELOG.md:1: "anew"'),
    (tidy.plain_english, {"src/web/ui/src/a.tsx": "// anew\n<p>Start anew.</p>\n"}, 'src/web/ui/src/a.tsx:2: "anew"'),
    (tidy.plain_english, {"charts/traffictap/files/dashboards/a.json": '{\n"title": "Taps anew"\n}\n'}, 'a.json:2: "anew"'),
    (tidy.plain_english, {"tests/a/demo.py": '# anew\nsay("Begins anew:")\n'}, 'tests/a/demo.py:2: "anew"'),
    (tidy.fuzz_targets, {"tests/fuzz/b_fuzz.cc": ""}, "tests/fuzz/b_fuzz.cc:1: b is not in tests/fuzz/run.sh"),
    (tidy.fuzz_targets, {"tests/fuzz/b_fuzz.cc": "", "tests/fuzz/run.sh": "targets=(a b)\n"}, "b is not in tests/fuzz/seeds/"),
    (tidy.fuzz_targets, {"tests/fuzz/run.sh": "targets=(a c)\n"}, "tests/fuzz/run.sh: there is no tests/fuzz/c_fuzz.cc"),
    (tidy.long_forms, {"tests/nightly.sh": "part long env TEST=a_test.Gone tests/b/run.sh x\n"},
     "tests/nightly.sh:1: no test in tests/b is called a_test.Gone"),
    (tidy.long_forms, {"tests/nightly.sh": "part long env MINUTES_AWAY=9 tests/b/run.sh x\n"}, "nothing in tests/ reads MINUTES_AWAY"),
    (tidy.map_of_tests, {"tests/stray/a_test.py": ""}, "tests/README.md:1: stray is not on the map"),
    (tidy.line_width, {"tests/a.py": "x" * 161 + "\n"}, "161 columns"),
    (tidy.line_width, {"src/base/a.cc": "int x; \n"}, "ends in blanks"),
]


def faults(rule, files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            target = pathlib.Path(root, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return rule(tidy.Tree(root, files, tidy.read_layers(LAYERS)))


class Planted(unittest.TestCase):
    def test_every_rule_has_a_planted_fault(self):
        self.assertEqual({rule for rule, _, _ in PLANTED}, set(tidy.RULES))

    def test_a_good_tree_has_no_fault(self):
        for rule in tidy.RULES:
            self.assertEqual(faults(rule, GOOD), [], rule.__name__)

    def test_functions_are_measured_through_strings_comments_and_lambdas(self):
        text = 'int F() {\n  Call("{", [] { return 1; });  // {\n  return 1;\n}\n\nnamespace x {\nclass A {};\n}\n'
        self.assertEqual(tidy.functions(text), [(1, 4, "F")])


def finds(rule, planted, expected):
    def test(self):
        found = faults(rule, {**GOOD, **planted})
        self.assertTrue(any(expected in fault for fault in found), f"expected {expected!r}, got {found}")

    return test


for index, (rule, planted, expected) in enumerate(PLANTED):
    setattr(Planted, f"test_{rule.__name__}_{index}", finds(rule, planted, expected))
