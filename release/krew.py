# SPDX-License-Identifier: Apache-2.0
"""The manifest with which krew, kubectl's package manager, installs kubectl-traffictap."""

import yaml_text

DESCRIPTION = """\
Shows the requests of an Istio mesh as they happen: what the client saw and what the server saw of each, joined
into one line with a verdict on which side is to blame. No pod is restarted, but HTTP connections of tapped
proxies drain when a tap starts and after it has ended. The cluster needs TrafficTap's operator and collector,
which its Helm chart installs.

  kubectl traffictap tap ns/shop --response-code 5xx
"""
CAVEATS = """\
krew links one program per plugin. For completion, link the second one yourself:

  ln -s ~/.krew/store/traffictap/v{number}/kubectl_complete-traffictap ~/.krew/bin/
"""


def manifest(number, home, url, archives):
    """The text. `archives`: {architecture: (folder in the archive, SHA-256)}; they are to be had below `url`."""
    return yaml_text.text({
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": "traffictap"},
        "spec": {
            "version": f"v{number}",
            "homepage": home,
            "shortDescription": "See both sides of every request in an Istio mesh",
            "description": DESCRIPTION,
            "caveats": CAVEATS.format(number=number),
            "platforms": [{
                "selector": {"matchLabels": {"os": "linux", "arch": architecture}},
                "uri": f"{url}/{folder}.tar.gz",
                "sha256": digest,
                "files": [{"from": f"{folder}/*", "to": "."}],
                "bin": "kubectl-traffictap",
            } for architecture, (folder, digest) in sorted(archives.items())],
        },
    })
