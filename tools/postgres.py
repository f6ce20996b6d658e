"""PostgreSQL with nothing to install: finds binaries, runs them as a child, leaves only its data folder behind."""

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

from tools.postgres_binaries import Binaries, PostgresError, find_binaries
from tools.postgres_child import DIRECT, DROP, NAMESPACE, nobody

SUPERUSER = "gongzhi"
DATABASE = "gongzhi"
CHILD = str(Path(__file__).with_name("postgres_child.py"))
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432") - 1
START_SECONDS = 60.0

SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",  # one machine, no replicas: a bulk load into a new table writes no log
    "max_wal_senders": "0",
    "max_connections": "100",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "log_error_verbosity": "terse",  # a log line must not carry the row that failed
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
FAST_SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
}


class Postgres:
    """One cluster in `data_dir`; `start()` answers its URL, `stop()` ends it, a second supervisor attaches.

    `durable=False` is for tests: no fsync. `data_dir` holds `data` (the cluster), `password`, `socket` (where), `log`
    and `lock`. The server is a child of this process and is stopped by the kernel when this process dies.
    """

    def __init__(self, data_dir: Path, *, binaries: Binaries | None = None, durable: bool = True) -> None:
        self.home = data_dir.absolute()
        self.cluster = self.home / "data"
        self.durable = durable
        self.owns = False
        self._binaries = binaries
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._way = DIRECT

    @property
    def pid(self) -> int | None:
        """The process id of the server this supervisor runs; None when it runs none."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> str:
        """Starts the server (making the cluster the first time), or attaches to one that runs; answers the URL."""
        if self.pid is not None:
            return self.url()
        self._make_home()
        if self._lock is None and not self._take_lock():
            return self._attach()
        self.owns = True
        try:
            self._start_server()
        except BaseException:
            self.stop()
            raise
        return self.url()

    def ensure(self) -> str:
        """Starts the server again if it died (killed, out of memory); answers the URL."""
        return self.start()

    def stop(self) -> None:
        """Stops the server cleanly if this supervisor runs it; one that was attached to is left alone."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self.owns:
            self._remove_socket_folder()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self.owns = False

    def url(self, database: str = DATABASE) -> str:
        """`postgresql://user:password@/database?host=folder`, as asyncpg and SQLAlchemy take it."""
        password = (self.home / "password").read_text(encoding="utf-8")
        return f"postgresql://{SUPERUSER}:{password}@/{database}?host={quote(self._socket_folder(), safe='/')}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- the supervisor's lock -----------------------------------------------------------------------------------

    def _make_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            owner = self.home.stat().st_uid
            reachable = os.geteuid() in (0, owner)
        except PermissionError:
            reachable, owner = False, -1
        if not reachable:
            message = (
                f"数据目录 {self.home} 属于其他用户（uid {owner}）：请以该用户运行，或设置 GONGZHI_HOME。 / "
                f"The data folder {self.home} belongs to another user (uid {owner}): run as that user, "
                "or set GONGZHI_HOME to a folder of your own."
            )
            raise PostgresError(message)

    def _take_lock(self) -> bool:
        handle = (self.home / "lock").open("a", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._lock = handle
        return True

    def _attach(self) -> str:
        """Waits for the other supervisor's server; takes over when that supervisor goes away meanwhile."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._serves():
                return self.url()
            if self._take_lock():
                return self.start()
            time.sleep(0.05)
        raise PostgresError(
            f"另一个进程占用 {self.home}，但数据库未就绪。 / Another process holds {self.home} but its server "
            f"is not ready: see {self.home / 'log'}."
        )

    # --- the server ----------------------------------------------------------------------------------------------

    def _start_server(self) -> None:
        binaries = self._binaries = self._binaries or find_binaries()
        self._clear_remains()
        self._way = self._choose_way(binaries)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(binaries)
        self._check_version(binaries)
        self._make_socket_folder()
        deadline = time.monotonic() + START_SECONDS
        while not self._launch(binaries):
            # the children of a killed server need a moment to notice and let go of the shared memory
            if time.monotonic() > deadline:
                raise PostgresError(self._tail())
            time.sleep(0.2)
        self._create_database(binaries)

    def _launch(self, binaries: Binaries) -> bool:
        settings = {**SERVER_SETTINGS, **({} if self.durable else FAST_SETTINGS)}
        settings["unix_socket_directories"] = self._socket_folder()
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = self.home / "log"
        if log.exists() and log.stat().st_size > 10_000_000:
            log.unlink()
        with log.open("ab") as out:
            command = self._as_server_user([binaries.path("postgres"), "-D", str(self.cluster), *options])
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._status() == "ready" and self._server_pid() == self._process.pid:
                return True
            time.sleep(0.01)
        return False

    def _serves(self) -> bool:
        ready = self._status() == "ready" and (self.home / "socket").exists() and (self.home / "database").exists()
        return ready and _runs(self._server_pid(), self.cluster)

    def _status(self) -> str:
        lines = self._pid_file()
        return lines[7].strip() if len(lines) > 7 else ""

    def _server_pid(self) -> int:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else 0

    def _pid_file(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except (FileNotFoundError, PermissionError):
            return []

    def _clear_remains(self) -> None:
        """Ends a server whose supervisor is gone, and drops a pid file that names something else or nothing."""
        deadline = time.monotonic() + START_SECONDS
        asked = False
        while (pid := self._server_pid()) and _runs(pid, self.cluster):
            if not asked and time.monotonic() > deadline - START_SECONDS + 1:
                os.kill(pid, signal.SIGINT)  # no PDEATHSIG on this system, or it is slow: ask it ourselves
                asked = True
            if time.monotonic() > deadline:
                raise PostgresError(f"旧的数据库进程 {pid} 不退出。 / The old server (pid {pid}) does not end.")
            time.sleep(0.05)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _initialise(self, binaries: Binaries) -> None:
        fresh = self.home / "data.new"  # renamed when complete, so a killed initdb leaves no half cluster
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.home / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(24))
        self._give_to_server(password)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-locale"]
        command = [
            *(binaries.path("initdb"), "-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--auth=scram-sha-256"),
            *(f"--pwfile={password}", *(locale if binaries.major >= 17 else ["--locale=C.UTF-8"])),
            *([] if self.durable else ["--no-sync"]),
        ]
        done = subprocess.run(self._as_server_user(command), capture_output=True, text=True, cwd="/", check=False)
        if done.returncode:
            raise PostgresError(f"initdb 失败 / initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        fresh.rename(self.cluster)

    def _check_version(self, binaries: Binaries) -> None:
        made = int((self.cluster / "PG_VERSION").read_text(encoding="utf-8"))
        if made != binaries.major:
            raise PostgresError(
                f"{self.cluster} 由 PostgreSQL {made} 创建，现有程序为 {binaries.major}："
                f"请用 GONGZHI_PG_BIN 指定版本 {made}，或 make clean 后重来。 / "
                f"{self.cluster} was made by PostgreSQL {made}, the programs here are {binaries.major}: "
                f"point GONGZHI_PG_BIN to version {made}, or start afresh with `make clean`."
            )

    def _create_database(self, binaries: Binaries) -> None:
        marker = self.home / "database"
        if marker.exists():
            return
        env = {**os.environ, "PGPASSWORD": (self.home / "password").read_text(encoding="utf-8")}
        command = [binaries.path("createdb"), "-h", self._socket_folder(), "-U", SUPERUSER, DATABASE]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        if done.returncode and "already exists" not in done.stderr:
            raise PostgresError(f"createdb 失败 / createdb failed: {done.stderr.strip()}")
        marker.touch()

    def _tail(self) -> str:
        try:
            lines = (self.home / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        except FileNotFoundError:
            lines = []
        head = f"PostgreSQL 未能启动，见 {self.home / 'log'}。 / PostgreSQL did not start:"
        return "\n".join([head, *lines])

    # --- the socket folder: short (a path of at most 107 bytes), mode 0700 ---------------------------------------

    def _socket_folder(self) -> str:
        return (self.home / "socket").read_text(encoding="utf-8")

    def _make_socket_folder(self) -> None:
        self._remove_socket_folder()
        inside = self.home / "run"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
            inside.mkdir(mode=0o700)
            folder = inside
        else:
            # a deep TMPDIR would be too long as well
            folder = Path(tempfile.mkdtemp(prefix="gongzhi-", dir="/tmp"))
        self._give_to_server(folder)
        temporary = self.home / "socket.new"
        temporary.write_text(str(folder), encoding="utf-8")
        temporary.rename(self.home / "socket")

    def _remove_socket_folder(self) -> None:
        noted = self.home / "socket"
        if noted.exists():
            shutil.rmtree(noted.read_text(encoding="utf-8"), ignore_errors=True)
            noted.unlink(missing_ok=True)

    # --- as whom: PostgreSQL refuses to run as root ----------------------------------------------------------------

    def _choose_way(self, binaries: Binaries) -> str:
        """Root: as the data folder's owner, else in a user namespace, else as nobody. Others: directly."""
        if os.geteuid() != 0 and _has_name(os.geteuid()):
            return DIRECT
        owner = self.home.stat().st_uid
        if os.geteuid() == 0 and owner != 0:
            return DROP
        tries = [NAMESPACE, DROP] if os.geteuid() == 0 else [NAMESPACE]
        for way in tries:
            self._way = way
            if way == DROP:
                _chown(self.home, nobody())
            command = self._as_server_user([binaries.path("postgres"), "--version"])
            if subprocess.run(command, capture_output=True, cwd="/", check=False).returncode == 0:
                return way
        raise PostgresError(
            "无法以非 root 身份运行 PostgreSQL：请以普通用户运行，或设置 DATABASE_URL。 / PostgreSQL cannot be run as "
            "anyone but root here: run as an ordinary user, or set DATABASE_URL."
        )

    def _as_server_user(self, command: list[str]) -> list[str]:
        """The command behind a small Python program that changes who it is, then becomes the command."""
        return [sys.executable, "-I", "-S", CHILD, self._way, str(self.home), str(os.getpid()), *command]

    def _give_to_server(self, path: Path) -> None:
        home = self.home.stat()
        if os.geteuid() == 0 and path.stat().st_uid != home.st_uid:
            os.chown(path, home.st_uid, home.st_gid)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _chown(folder: Path, who: tuple[int, int]) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, *who, follow_symlinks=False)


def _runs(pid: int, cluster: Path) -> bool:
    """Whether the process is a living PostgreSQL server of this cluster: not a zombie, not a reused number."""
    if Path("/proc/self/stat").exists():
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        return state not in "ZX" and os.fsencode(cluster) in arguments
    listed = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return str(cluster) in listed.stdout and not listed.stdout.lstrip().startswith("Z")
