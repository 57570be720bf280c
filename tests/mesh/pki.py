# SPDX-License-Identifier: Apache-2.0
"""The cluster's certificates and keys."""

import subprocess

from mesh.network import API_SERVICE, NODE

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
API_NAMES = [
    "DNS:kubernetes",
    "DNS:kubernetes.default",
    "DNS:kubernetes.default.svc",
    "DNS:kubernetes.default.svc.cluster.local",
    "DNS:localhost",
    "IP:127.0.0.1",
    f"IP:{NODE}",
    f"IP:{API_SERVICE}",
]


def _openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def authority(directory, name, subject):
    """NAME.crt and NAME.key of one that signs itself."""
    _openssl(
        "req",
        "-x509",
        *CURVE,
        "-days",
        30,
        "-subj",
        subject,
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
        "-keyout",
        directory / f"{name}.key",
        "-out",
        directory / f"{name}.crt",
    )


def sign(directory, name, subject, names, by="ca"):
    """NAME.crt and NAME.key, for servers and clients, by the authority of the name `by` in the same directory."""
    base = directory / name
    _openssl("req", *CURVE, "-subj", subject, "-keyout", f"{base}.key", "-out", f"{base}.csr")
    extensions = directory / f"{name}.ext"
    extensions.write_text(f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth,clientAuth\n")
    _openssl(
        "x509",
        "-req",
        "-in",
        f"{base}.csr",
        "-CA",
        directory / f"{by}.crt",
        "-CAkey",
        directory / f"{by}.key",
        "-CAcreateserial",
        "-days",
        30,
        "-extfile",
        extensions,
        "-out",
        f"{base}.crt",
    )


def create(directory):
    directory.mkdir(parents=True)
    authority(directory, "ca", "/CN=mesh-ca")
    # Of its own: whoever has a user's certificate must not pass for the front proxy.
    authority(directory, "front-proxy-ca", "/CN=front-proxy-ca")
    sign(directory, "apiserver", "/CN=kube-apiserver", API_NAMES)
    sign(directory, "admin", "/O=system:masters/CN=admin", ["DNS:admin"])
    sign(directory, "front-proxy", "/CN=front-proxy-client", ["DNS:front-proxy"], by="front-proxy-ca")
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", directory / "sa.key")
    _openssl("ec", "-in", directory / "sa.key", "-pubout", "-out", directory / "sa.pub")


def sign_user(directory, user, groups=()):
    """NAME.crt and NAME.key of a user as the API server takes them; returns both paths."""
    subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
    sign(directory, f"user-{user}", subject, [f"DNS:{user}"])
    return directory / f"user-{user}.crt", directory / f"user-{user}.key"
