# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for the shop: each pod gets a certificate with its SPIFFE name, as Istio's would."""
import pathlib
import subprocess

import envoy_config

TLS = f"{envoy_config.PREFIX}.extensions.transport_sockets.tls.v3"


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class PodTls:
    def __init__(self, directory, pod):
        common = {
            "tls_certificates": [
                {"certificate_chain": {"filename": str(directory / f"{pod.name}.pem")},
                 "private_key": {"filename": str(directory / f"{pod.name}.key")}}
            ],
            "validation_context": {"trusted_ca": {"filename": str(directory / "ca.pem")}},
        }
        self.common = common

    def socket(self, kind, extra):
        return {"name": "envoy.transport_sockets.tls",
                "typed_config": {"@type": f"{TLS}.{kind}TlsContext", "common_tls_context": self.common, **extra}}

    def server(self):
        return self.socket("Downstream", {"require_client_certificate": True})

    def client(self):
        return self.socket("Upstream", {"sni": "outbound_.8080_._"})


class Authority:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
                "-subj", "/O=shop", "-keyout", self.directory / "ca.key", "-out", self.directory / "ca.pem")

    def sign(self, name, alternative):
        """NAME.pem and NAME.key in the directory."""
        base = self.directory / name
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/O=shop",
                "-keyout", base.with_suffix(".key"), "-out", base.with_suffix(".csr"))
        extensions = base.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={alternative}\n")
        openssl("x509", "-req", "-days", 2, "-in", base.with_suffix(".csr"), "-CA", self.directory / "ca.pem",
                "-CAkey", self.directory / "ca.key", "-CAcreateserial", "-extfile", extensions,
                "-out", base.with_suffix(".pem"))

    def of(self, pod):
        if not (self.directory / pod.name).with_suffix(".pem").exists():
            self.sign(pod.name, f"URI:spiffe://cluster.local/ns/shop/sa/{pod.name}")
        return PodTls(self.directory, pod)
