# SPDX-License-Identifier: Apache-2.0
"""The documents' commands, on a real mesh, in the order in which a user has them: install, tap, upgrade, uninstall."""

import unittest

import cel
import lupa.lua51
import yaml

import pages
import programs


class OnTheMesh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shell, cls.done = programs.Shell(), set()

    @classmethod
    def tearDownClass(cls):
        cls.shell.close()

    def run_page(self, name):
        """Its blocks from the top, in a directory of its own; once."""
        if name in self.done:
            return
        self.done.add(name)
        directory, said = self.shell.directory(name), None
        for block in pages.blocks(name, pages.pages()[name]):
            if block.file:
                path = directory / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
            elif block.mark == "run":
                code, said, errors = self.shell.run(directory, block.text)
                self.assertEqual(code, 0, f"{block}:\n{block.text}\n{said}{errors}")
            elif block.mark == "output":
                self.assertTrue(pages.agrees(block.text, said), f"{block}: it is not what is printed:\n{said}")

    def test_1_the_quick_start(self):
        self.run_page("quick-start.md")

    def test_2_what_else_an_installation_needs(self):
        self.run_page("quick-start.md")
        self.run_page("install.md")

    def test_3_every_object_is_taken_by_the_api_server(self):
        self.run_page("quick-start.md")
        readme = [b for b in pages.blocks("README.md", pages.at_the_top()["README.md"]) if b.language == "yaml"]
        self.assertTrue(readme)
        for block in [*pages.all_blocks(), *readme]:
            if block in readme or (block.file and block.mark.endswith("yaml")):
                with self.subTest(str(block)):
                    self.shell.mesh.kubectl("apply", "--dry-run=server", "-f", "-", stdin=block.text)

    def test_4_the_recipes(self):
        self.run_page("quick-start.md")
        for name, text in pages.pages().items():
            if name.startswith("recipes/") and any(block.mark == "run" for block in pages.blocks(name, text)):
                with self.subTest(name):
                    self.run_page(name)

    def test_5_health_checks_of_gitops_tools_understand_taps(self):
        self.run_page("quick-start.md")
        taps = self.shell.taps_by_health()
        self.assertEqual({health: argo_health(tap) for health, tap in taps.items()},
                         {health: health for health in taps})
        self.assertEqual({health: flux_health(tap) for health, tap in taps.items()},
                         {"Progressing": "InProgress", "Healthy": "Current", "Suspended": "", "Degraded": "Failed"})

    def test_5b_what_k9s_starts_is_what_we_take(self):
        """Its variables are a shell's here."""
        self.run_page("quick-start.md")
        plugins = yaml.safe_load(block_of("k9s").text)["plugins"]
        directory = self.shell.directory("k9s")
        begins = "CONTEXT=$(kubectl config current-context) NAMESPACE=shop\n"
        for plugin in plugins.values():
            line = " ".join([plugin["command"], *(f'"{arg}"' for arg in plugin["args"])])
            for scope in plugin["scopes"]:
                with self.subTest(scope):
                    if scope == "traffictaps":
                        text = f"NAME=$(kubectl traffictap tap -n shop --detach)\n{line} --no-follow\nkubectl traffictap stop -n shop $NAME\n"
                    else:
                        text = f"NAME={'shop' if scope == 'namespaces' else 'frontend'} RESOURCE_NAME={scope}\n{line} --print-cr\n"
                    code, said, errors = self.shell.run(directory, begins + text)
                    self.assertEqual(code, 0, f"{text}\n{said}{errors}")

    def test_6_what_it_exposes_is_read_before_it_goes(self):
        self.run_page("quick-start.md")
        self.assertIn("traffictap_output_failing", programs.exposed())

    def test_7_the_upgrade(self):
        self.run_page("quick-start.md")
        self.run_page("upgrade.md")

    def test_8_the_uninstall_leaves_nothing(self):
        self.run_page("quick-start.md")
        self.run_page("uninstall.md")

    def test_9_no_other_page_has_commands_to_run(self):
        for name, text in pages.pages().items():
            runs = any(block.mark == "run" for block in pages.blocks(name, text))
            known = name in ("quick-start.md", "install.md", "upgrade.md", "uninstall.md") or name.startswith("recipes/")
            self.assertTrue(known or not runs, f"{name}: nobody runs its commands")


def block_of(mark):
    return next(block for block in pages.all_blocks() if block.mark == mark)


def argo_health(tap):
    """What Argo CD would say: its Lua is 5.1."""
    script = yaml.safe_load(block_of("argocd").text)["data"]["resource.customizations.health.traffictap.io_TrafficTap"]
    lua = lupa.lua51.LuaRuntime()
    run = lua.eval(f"function(obj) {script} end")
    return run(lua.table_from(tap, recursive=True))["status"]


def flux_health(tap):
    """In the order in which Flux asks."""
    rules = yaml.safe_load(block_of("flux").text)["spec"]["healthCheckExprs"][0]
    for word in ("inProgress", "failed", "current"):
        if cel.evaluate(rules[word], {"status": {}, **tap}):
            return word[0].upper() + word[1:]
    return ""
