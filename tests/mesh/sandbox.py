# SPDX-License-Identifier: Apache-2.0
"""A pod's namespaces and root directory, kept by one process that does nothing else.

The root is a plain directory with this machine's /usr, /proc and /dev bound into it, so that paths under /etc, /var and
/run are the pod's own. All containers of a pod share it."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

from mesh import network
from mesh.processes import wait_until

LINKS = {
    "bin": "usr/bin",
    "sbin": "usr/sbin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "var/run": "/run",
}
TEMPLATE = "envoy_bootstrap_tmpl.json"
# Of Istio's own Envoy alone, and only in the bootstrap of waypoints: a stock Envoy does not start with it.
ISTIO_ONLY = re.compile(r'\{\{- if \.metadata_discovery \}\}\s*\{\s*"name": "metadata_discovery".*?\{\{- end \}\}', re.DOTALL)
DIRECTORIES = [
    "usr",
    "proc",
    "dev",
    "run",
    "tmp",
    "var/log",
    "var/lib",
    "etc/ssl",
    "etc/alternatives",
    "volumes",
    "root",
]
COPIED = ["passwd", "group", "nsswitch.conf", "ld.so.cache", "ld.so.conf"]
BOUND = ["/usr", "/proc", "/dev", "/etc/ssl", "/etc/alternatives"]


class Sandbox:
    """`directory` is the pod's own; `binds` maps absolute paths in the pod to directories of this machine."""

    def __init__(self, directory, name, namespace, address, resolver, binds):
        self.directory, self.name, self.address = pathlib.Path(directory), name, address
        self.root = self.directory / "root"
        self._namespace, self._resolver, self._binds = namespace, resolver, binds
        self._holder = None
        self.pid = 0  # as /proc shows it

    def start(self):
        self._make_root()
        script = self.directory / "sandbox.sh"
        script.write_text(self._script())
        log = open(self.directory / "sandbox.log", "wb")
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--uts", "bash", "-e", script],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
        log.close()
        wait_until((self.directory / "pid.new").exists, f"the namespaces of {self.name} exist", 60)
        network.attach(self.address, self._holder.pid)
        self._holder.stdin.write(b"attached\n")
        self._holder.stdin.flush()
        wait_until((self.directory / "pid").exists, f"the network of {self.name} is up", 60)
        self.pid = int((self.directory / "pid").read_text())

    def _make_root(self):
        for name in DIRECTORIES:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "tmp").chmod(0o1777)
        (self.root / "run").chmod(0o755)
        for name, target in LINKS.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            os.symlink(target, self.root / name)
        # Where pilot-agent looks for it.
        template = self.root / "var/lib/istio/envoy" / TEMPLATE
        template.parent.mkdir(parents=True)
        template.write_text(ISTIO_ONLY.sub("", (pathlib.Path(self._binds["/opt/mesh"]) / "istio" / TEMPLATE).read_text()))
        for name in COPIED:
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", self.root / "etc" / name)
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        own = [f"{address} {self.name}\n" for address in network.addresses_of(self.address)]
        (self.root / "etc/hosts").write_text("".join(["127.0.0.1 localhost\n", *own]))
        (self.root / "etc/resolv.conf").write_text(self._resolver)

    def _script(self):
        binds = {path: path for path in BOUND if os.path.exists(path)} | self._binds
        mounts = [
            f"mkdir -p '{self.root}{inside}'\nmount --rbind '{outside}' '{self.root}{inside}'"
            for inside, outside in binds.items()
        ]
        return "\n".join(
            [
                *mounts,
                f"hostname '{self.name}'",
                "read -r pid _ </proc/self/stat",
                f"echo $pid >'{self.directory}/pid.new'",
                "read -r _",
                network.pod_side(self.address),
                "sysctl -qw net.ipv4.ip_unprivileged_port_start=0",
                f"mv '{self.directory}/pid.new' '{self.directory}/pid'",
                "exec sleep infinity",
                "",
            ]
        )

    def alive(self):
        return self._holder is not None and self._holder.poll() is None

    def _local_pids(self):
        """Every process of the pod's network namespace, as this process counts them."""
        own = os.stat(f"/proc/{self.pid}/ns/net").st_ino
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.stat(entry / "ns/net").st_ino == own:
                    status = (entry / "status").read_text()
                    yield int(next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[-1])
            except (OSError, StopIteration):
                continue  # it ended meanwhile

    def stop(self):
        """The namespaces go with their last process, also with those that a container left behind."""
        if self.alive() and self.pid:
            for pid in self._local_pids():
                if pid != self._holder.pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        if self._holder:
            self._holder.kill()
            self._holder.wait()
            self._holder.stdin.close()
        shutil.rmtree(self.directory, ignore_errors=True)
