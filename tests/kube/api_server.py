# SPDX-License-Identifier: Apache-2.0
"""Runs a real etcd and kube-apiserver on loopback for a test that holds its standard input open.

usage: api_server.py DIRECTORY
Prints one line: "ready KUBECONFIG ETCD_URL", or "absent REASON" where the programs are not built. Both end when the
input does, so that a test that dies leaves nothing behind.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

CACHE = pathlib.Path(os.environ.get("TRAFFICTAP_CACHE", pathlib.Path.home() / ".cache/traffictap"))
START_SECONDS_MAX = 120


def binaries():
    for complete in sorted(CACHE.glob("mesh-*/bin/complete")):
        return complete.parent
    return None


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def sign(pki, name, subject, names):
    extensions = pki / f"{name}.ext"
    extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", pki / f"{name}.key",
            "-out", pki / f"{name}.csr")
    openssl("x509", "-req", "-in", pki / f"{name}.csr", "-CA", pki / "ca.crt", "-CAkey", pki / "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", pki / f"{name}.crt")


def create_pki(pki):
    pki.mkdir(parents=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test-ca",
            "-keyout", pki / "ca.key", "-out", pki / "ca.crt")
    sign(pki, "apiserver", "/CN=kube-apiserver", "DNS:localhost,DNS:kubernetes,IP:127.0.0.1,IP:::1")
    sign(pki, "admin", "/O=system:masters/CN=admin", "DNS:admin")
    openssl("genrsa", "-out", pki / "sa.key", "2048")
    openssl("rsa", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub")


def write_kubeconfig(path, pki, port):
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(pki / "ca.crt")}
    user = {"client-certificate": str(pki / "admin.crt"), "client-key": str(pki / "admin.key")}
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}], "users": [{"name": "admin", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}]}))


def start(directory, name, program, options):
    log = open(directory / f"{name}.log", "wb")
    flags = [f"--{option}={value}" for option, value in options.items()]
    return subprocess.Popen([program, *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory)


def wait_until_ready(port, process):
    # The port answers early; readiness is asked for over plain TLS without a client certificate.
    import ssl

    context = ssl._create_unverified_context()
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"https://127.0.0.1:{port}/readyz", timeout=2, context=context) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.2)
    return False


def main():
    directory = pathlib.Path(sys.argv[1])
    bin_directory = binaries()
    if bin_directory is None:
        print(f"absent no kube-apiserver in {CACHE}/mesh-*/bin: run tests/mesh/build.sh", flush=True)
        return
    pki = directory / "pki"
    create_pki(pki)
    etcd_port, peer_port, port = free_ports(3)
    etcd_url = f"http://127.0.0.1:{etcd_port}"
    kubeconfig = directory / "kubeconfig"
    write_kubeconfig(kubeconfig, pki, port)
    running = []
    try:
        running.append(start(directory, "etcd", bin_directory / "etcd", {
            "data-dir": directory / "etcd", "listen-client-urls": etcd_url, "advertise-client-urls": etcd_url,
            "listen-peer-urls": f"http://127.0.0.1:{peer_port}", "unsafe-no-fsync": "true"}))
        running.append(start(directory, "kube-apiserver", bin_directory / "kube-apiserver", {
            "etcd-servers": etcd_url, "bind-address": "127.0.0.1", "advertise-address": "127.0.0.1",
            "secure-port": port, "service-cluster-ip-range": "10.96.0.0/16", "client-ca-file": pki / "ca.crt",
            "tls-cert-file": pki / "apiserver.crt", "tls-private-key-file": pki / "apiserver.key",
            "service-account-key-file": pki / "sa.pub", "service-account-signing-key-file": pki / "sa.key",
            "service-account-issuer": "https://kubernetes.default.svc", "authorization-mode": "RBAC",
            # Without its cache the server answers from etcd, whose history a test can throw away.
            "watch-cache-sizes": "configmaps#0", "disable-admission-plugins": "ServiceAccount"}))
        if not wait_until_ready(port, running[-1]):
            print(f"absent the API server did not get ready: see {directory}/kube-apiserver.log", flush=True)
            return
        print(f"ready {kubeconfig} {etcd_url}", flush=True)
        sys.stdin.read()
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
