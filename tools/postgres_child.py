"""What a child does before it becomes PostgreSQL: changes who it is, asks to end with its parent. Standard library."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

NAMESPACE, DROP, DIRECT = "namespace", "drop", "direct"
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT = 1, 8, 47
_CLONE_NEWUSER, _CAP_DAC_OVERRIDE, _CAP_VERSION_3 = 0x10000000, 1, 0x20080522
_NOT_PERMITTED = 77


def nobody() -> tuple[int, int]:
    """An unprivileged user that has a name here: initdb wants one."""
    people = sorted((one for one in pwd.getpwall() if one.pw_uid), key=lambda one: one.pw_name != "nobody")
    return (people[0].pw_uid, people[0].pw_gid) if people else (65534, 65534)


def _enter_namespace(libc: ctypes.CDLL) -> None:  # pragma: no cover - the process becomes another; run by real ones
    uid, gid = os.geteuid(), os.getegid()
    inside_uid, inside_gid = nobody()
    if libc.unshare(_CLONE_NEWUSER):
        raise PermissionError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{inside_uid} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{inside_gid} {gid} 1", encoding="ascii")


def _drop(libc: ctypes.CDLL, home: Path, program: str) -> None:  # pragma: no cover - as above
    owner = home.stat()
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
    if not (os.access(home, os.W_OK) and os.access(program, os.X_OK)):
        # the checkout lies in a closed folder such as /root: keep the one right that walks through it
        header = (ctypes.c_uint32 * 2)(_CAP_VERSION_3, 0)
        only = 1 << _CAP_DAC_OVERRIDE
        libc.capset(header, (ctypes.c_uint32 * 6)(only, only, only, 0, 0, 0))
        libc.prctl(_PR_CAP_AMBIENT, 2, _CAP_DAC_OVERRIDE, 0, 0)


def become(way: str, home: Path, parent: int, command: list[str]) -> None:  # pragma: no cover - as above
    """Becomes the command as the wanted user; asks the kernel for SIGINT (a clean stop) when the parent dies."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        change: Mapping[str, Callable[[], None]] = {
            NAMESPACE: lambda: _enter_namespace(libc),
            DROP: lambda: _drop(libc, home, command[0]),
        }
        try:
            change.get(way, lambda: None)()
        except OSError as error:
            print(f"{way}: {error}", file=sys.stderr)
            sys.exit(_NOT_PERMITTED)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(0)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    become(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
