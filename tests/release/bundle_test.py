# SPDX-License-Identifier: Apache-2.0
"""The archive of kubectl-traffictap, taken by somebody without rights on a machine that has nothing but busybox."""

import http.server
import json
import pathlib
import re
import shutil
import ssl
import subprocess
import tarfile
import threading
import unittest

import artifacts

RECORDS = artifacts.ROOT / "tests/cli/print/golden/pair.ndjson"
INSTALL = """
tar xzf kubectl-traffictap-*.tar.gz
cd kubectl-traffictap-*/
mkdir -p ~/.local/bin
ln -sf "$PWD/kubectl-traffictap" "$PWD/kubectl_complete-traffictap" ~/.local/bin/
"""


def setUpModule():
    global root, archive
    archive = artifacts.one("kubectl-traffictap-*.tar.gz")
    root = artifacts.BusyboxRoot()
    for path in (archive, RECORDS):
        shutil.copy(path, root.home)
    done = root.run(INSTALL)
    assert done.returncode == 0, done.stderr


class Archive(unittest.TestCase):
    def test_has_files_and_folders_alone_so_that_krew_takes_it(self):
        with tarfile.open(archive) as members:
            for member in members:
                self.assertTrue(member.isfile() or member.isdir(), member.name)
                self.assertTrue(member.name.startswith(archive.name.removesuffix(".tar.gz")), member.name)

    def test_has_the_licences_in_full(self):
        folder = root.home / archive.name.removesuffix(".tar.gz")
        self.assertIn("Apache License", (folder / "share/common-licenses/Apache-2.0").read_text())
        self.assertEqual((folder / "share/doc/traffictap/NOTICE").read_text(), (artifacts.ROOT / "NOTICE").read_text())
        for notice in (folder / "share/doc").rglob("copyright"):
            for wanted in re.findall(r"/usr/share/common-licenses/([A-Z][\w.-]*\w)", notice.read_text(errors="replace")):
                self.assertTrue((folder / "share/common-licenses" / wanted).is_file(), f"{notice} refers to {wanted}")

    def test_holds_no_library_that_its_bill_of_materials_does_not_name(self):
        folder = root.home / archive.name.removesuffix(".tar.gz")
        bill = json.loads(artifacts.one(f"{archive.name.removesuffix('.tar.gz')}.spdx.json").read_text())
        self.assertEqual(json.loads((folder / "share/doc/traffictap/kubectl-traffictap.spdx.json").read_text()), bill)
        libraries = {f"./lib/{path.name}" for path in (folder / "lib").iterdir() if path.name != "kubectl-traffictap"}
        self.assertGreater(len(libraries), 20)
        self.assertEqual({one["fileName"] for one in bill["files"]}, libraries)

    def test_says_how_to_install_it_as_this_test_did(self):
        folder = root.home / archive.name.removesuffix(".tar.gz")
        for line in INSTALL.splitlines()[3:]:
            self.assertIn(f"    {line}\n", (folder / "README").read_text())


class Program(unittest.TestCase):
    def output(self, script, **environment):
        done = root.run(script, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_runs(self):
        self.assertIn(artifacts.number(), self.output("kubectl-traffictap version"))

    def test_runs_wherever_its_folder_is_moved_and_by_any_path(self):
        self.output("cp -r kubectl-traffictap-*/ 'a folder'; cd 'a folder'; ./kubectl-traffictap version; "
                    "cd share; ../kubectl-traffictap version; sh ../kubectl-traffictap version")

    def test_reads_recorded_files(self):
        self.assertIn("shop/cart", self.output("kubectl-traffictap open pair.ndjson"))

    def test_answers_kubectls_completion_under_its_other_name(self):
        self.assertRegex(self.output("kubectl_complete-traffictap ta"), r"^tap\t")

    def test_passes_on_arguments_exit_codes_and_standard_input(self):
        self.assertIn("shop/cart", self.output("cat pair.ndjson | kubectl-traffictap open -"))
        self.assertEqual(root.run("kubectl-traffictap open 'no such file'").returncode,
                         root.run("kubectl-traffictap open nothing").returncode)
        self.assertIn("no such file", root.run("kubectl-traffictap open 'no such file'").stderr)


class ApiServer(http.server.BaseHTTPRequestHandler):
    """Answers every list with an empty one."""

    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        body = json.dumps({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Authorities(unittest.TestCase):
    """A kubeconfig without a certificate authority: the machine's own are asked, wherever it keeps them."""

    @classmethod
    def setUpClass(cls):
        directory = artifacts.temporary()
        cls.certificate = directory / "certificate.pem"
        line = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", directory / "key.pem", "-out", cls.certificate]
        subprocess.run(line, check=True, stderr=subprocess.DEVNULL)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.certificate, directory / "key.pem")
        cls.server.socket = context.wrap_socket(cls.server.socket, server_side=True)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        (root.home / "config").write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"https://localhost:{cls.server.server_port}"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": "t"}}]}))

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def ask(self, **environment):
        ApiServer.asked.clear()
        return root.run("kubectl-traffictap list --kubeconfig config", **environment)

    def test_are_found_where_other_distributions_have_them(self):
        for place in ("etc/ssl/cert.pem", "etc/pki/tls/certs/ca-bundle.crt"):
            there = root.path / place
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.certificate, there)
            done = self.ask()
            there.unlink()
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(ApiServer.asked, place)

    def test_are_those_that_the_environment_names(self):
        shutil.copy(self.certificate, pathlib.Path(root.home, "own.pem"))
        self.assertEqual(self.ask(SSL_CERT_FILE="/somewhere/own.pem").returncode, 0)

    def test_are_needed(self):
        self.assertNotEqual(self.ask().returncode, 0)
        self.assertEqual(ApiServer.asked, [])
