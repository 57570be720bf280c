# SPDX-License-Identifier: Apache-2.0
"""The mesh's command line: python3 tests/mesh --help"""

import argparse
import os
import pathlib
import subprocess
import sys

sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)

from mesh import namespaces, network, node  # noqa: E402
from mesh.cluster import Mesh  # noqa: E402
from mesh.owner import MeshError  # noqa: E402
from mesh.shop import deploy  # noqa: E402


def up(mesh, options):
    mesh.up(detached=True)
    print(f"the mesh {mesh.name} is up; its programs' logs are in {mesh.state}/log")
    if not options.no_shop:
        deploy(mesh)
        print("the sample shop is up: client -> gateway, frontend -> catalog v1 and v2, payments, flaky, legacy, db")
    prefix = f"MESH={mesh.name} " if mesh.name != "default" else ""
    print(f"try: {prefix}python3 tests/mesh kubectl get pods -A")
    print(f"     {prefix}python3 tests/mesh exec shop/client curl -s 'http://frontend/catalog?code=503'")


def down(mesh, options):
    mesh.down(keep_logs=options.keep_logs)
    print(f"the mesh {mesh.name} is down")


def kubectl(mesh, options):
    settings = mesh.state / "settings.json"
    if not settings.exists():
        raise MeshError(f"there is no mesh {mesh.name}: `make mesh-up` starts one")
    line = [f"{mesh.binaries()}/kubectl", "--kubeconfig", mesh.state / "kubeconfig", *options.args]
    sys.exit(subprocess.run(namespaces.command(mesh.node_pid, line, directory=os.getcwd()), check=False).returncode)


def exec_in(mesh, options):
    pod = mesh.pod(options.pod)
    root = mesh.state / "pods" / pod.key / "root"
    line = namespaces.command(mesh.pod_pid(pod), options.args, root=root)
    sys.exit(subprocess.run(line, check=False).returncode)


def on_node(mesh, options):
    line = namespaces.command(mesh.node_pid, options.args, directory=os.getcwd())
    sys.exit(subprocess.run(line, check=False).returncode)


def parse(args):
    parser = argparse.ArgumentParser(
        prog="mesh", description="A real Istio mesh on this machine. MESH=NAME chooses one."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("up", help="start it, with the sample shop")
    verb.add_argument("--mtls", choices=["STRICT", "DISABLE"], default="STRICT")
    verb.add_argument("--no-shop", action="store_true")
    verb.set_defaults(run=up)
    verb = verbs.add_parser("down", help="end it and remove all of it")
    verb.add_argument("--keep-logs", action="store_true")
    verb.set_defaults(run=down)
    verbs.add_parser("kubectl", help="kubectl ARGUMENTS, as its administrator").set_defaults(run=kubectl)
    verb = verbs.add_parser("exec", help="exec POD COMMAND: a command in a pod")
    verb.add_argument("pod", help="NAMESPACE/APP or NAMESPACE/POD")
    verb.set_defaults(run=exec_in)
    verbs.add_parser("node", help="node COMMAND: a command beside the API server and istiod").set_defaults(run=on_node)
    passed = {"kubectl": 1, "node": 1, "exec": 2}.get(args[0] if args else "", len(args))
    options = parser.parse_args(args[:passed])
    options.args = args[passed:]
    return options


def main():
    inner = {"node-process": node.main, "network-cut": network.cut, "network-mend": network.mend}
    if len(sys.argv) == 3 and sys.argv[1] in inner:
        return inner[sys.argv[1]](sys.argv[2])
    options = parse(sys.argv[1:])
    try:
        options.run(Mesh(os.environ.get("MESH") or "default", getattr(options, "mtls", "STRICT")), options)
    except (MeshError, RuntimeError) as error:
        sys.exit(f"mesh: {error}")


main()
