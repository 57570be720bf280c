# SPDX-License-Identifier: Apache-2.0
"""Sockets and commands inside of another process's namespaces.

Process ids here are the ones that /proc shows. The mesh runs in a process id namespace of its own but keeps the /proc
it was started under, so that one id means the same inside and outside of it; os.getpid() does not."""

import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess

_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def own_pid():
    return int(os.readlink("/proc/self"))


def die_with_parent():
    """For preexec_fn. The kernel means the parent's thread: start such a process only from a thread that stays."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _set_network(descriptor):
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace: root is needed")


@contextlib.contextmanager
def network_of(pid):
    """Moves the calling thread into the network of a process. A socket made in it stays in it."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        target = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            _set_network(target)
        finally:
            os.close(target)
        try:
            yield
        finally:
            _set_network(own)
    finally:
        os.close(own)


def connect(pid, address, timeout=None):
    """A TCP connection from the network of a process to a numeric address."""
    with network_of(pid):
        connection = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    except BaseException:
        connection.close()
        raise


def command(pid, args, root=None, user=None, directory=None):
    """The command line that runs `args` with the network, mounts and host name of a process."""
    line = ["nsenter", f"--net=/proc/{pid}/ns/net", f"--mount=/proc/{pid}/ns/mnt", f"--uts=/proc/{pid}/ns/uts"]
    if root:
        line += ["chroot", "--groups="] + ([f"--userspec={user}"] if user else []) + [str(root)]
    if directory:
        line += ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(directory)]
    return line + [str(a) for a in args]


def alive(pid, mark):
    """Whether the process exists and still is the one whose command line contains `mark`."""
    try:
        return mark in pathlib.Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return False


def run(*args, stdin=None):
    """Runs a small system command; its error output becomes the exception's text."""
    done = subprocess.run([str(a) for a in args], input=stdin, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, args))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
