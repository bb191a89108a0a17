"""Python as the project's own code finds it on Windows: modules and names that only POSIX has are missing.

A folder for PYTHONPATH, which takes effect in every process that is started with it. Only what ``kata`` imports is
changed; torch, pytest and the standard library run as they are. What this cannot show: paths, files that are open or in
use, the console, real signals.
"""

from __future__ import annotations

import builtins
import importlib
import os
import signal
import stat
import subprocess
from types import ModuleType

NO_MODULES = {
    "_curses",
    "crypt",
    "curses",
    "fcntl",
    "grp",
    "nis",
    "posix",
    "pty",
    "pwd",
    "readline",
    "resource",
    "spwd",
}
NO_MODULES |= {"syslog", "termios", "tty"}

# After the tables "Availability: Unix" of Python's documentation.
NO_NAMES = {
    "os": """
        EX_OK O_ASYNC O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_SYNC WCOREDUMP
        WEXITSTATUS WIFEXITED WIFSIGNALED WIFSTOPPED WNOHANG WSTOPSIG WTERMSIG chown chroot confstr ctermid
        eventfd fchdir fchown fork forkpty fpathconf get_blocking getegid geteuid getgid getgroups
        getloadavg getpgid getpgrp getpriority getresuid getsid getuid getxattr initgroups killpg lchown
        lockf major memfd_create mkfifo mknod nice openpty pathconf pidfd_open pipe2 posix_fadvise
        posix_fallocate posix_spawn posix_spawnp pread prlimit pwrite readv register_at_fork
        sched_getaffinity sched_yield sendfile set_blocking setegid seteuid setgid setgroups setpgid
        setpriority setsid setuid setxattr splice statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname
        unshare wait wait3 wait4 waitid writev
    """,
    "signal": """
        ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE
        SIGPROF SIGQUIT SIGSTOP SIGSYS SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM
        SIGWINCH SIGXCPU SIGXFSZ alarm getitimer pause pidfd_send_signal pthread_kill pthread_sigmask
        setitimer siginterrupt sigpending sigtimedwait sigwait sigwaitinfo
    """,
    "socket": "AF_UNIX CMSG_LEN CMSG_SPACE SCM_RIGHTS sethostname",
    "select": "epoll kqueue poll",
    "time": "clock_gettime clock_settime pthread_getcpuclockid tzset",
    "sys": "getdlopenflags setdlopenflags",
}


class Poorer(ModuleType):
    """A module without some of its names, and with others."""

    def __init__(self, module: ModuleType, names: str, **others: object) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(_module=module, _names=frozenset(names.split()), **others)

    def __getattr__(self, name: str) -> object:
        if name in self._names:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(self._module, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._module, name, value)

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._module) if name not in self._names]


class Popen(subprocess.Popen):
    """Knows the arguments that it has on Windows."""

    def __init__(self, *arguments: object, **options: object) -> None:
        if options.get("pass_fds") or options.get("preexec_fn"):
            raise ValueError("pass_fds and preexec_fn are not supported on Windows platforms")
        options.pop("start_new_session", None)
        options.pop("creationflags", None)
        super().__init__(*arguments, **options)


def kill(pid: int, number: int) -> None:
    """Every signal but the two of the console ends the process."""
    os.kill(pid, signal.SIGKILL)


def select(readers: list, writers: list, others: list, timeout: float | None = None) -> tuple:
    """Knows sockets alone."""
    for stream in (*readers, *writers, *others):
        number = stream if isinstance(stream, int) else stream.fileno()
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            raise OSError(10038, "An operation was attempted on something that is not a socket")
    return importlib.import_module("select").select(readers, writers, others, timeout)


OTHERS = {
    "os": {"name": "nt", "kill": kill},
    "sys": {"platform": "win32"},
    "select": {"select": select},
    "subprocess": {"Popen": Popen, "CREATE_NEW_PROCESS_GROUP": 0x200},
}

_import = builtins.__import__
_modules: dict[str, Poorer] = {}


def import_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):  # noqa: A002 (Python's own names)
    """In place of ``__import__``."""
    known = globals or {}
    ours = any(str(known.get(key) or "").split(".")[0] == "kata" for key in ("__name__", "__package__"))
    if not ours or level:
        return _import(name, globals, locals, fromlist, level)
    if name.split(".")[0] in NO_MODULES:
        raise ModuleNotFoundError(f"No module named {name!r} on Windows", name=name)
    module = _import(name, globals, locals, fromlist, level)
    if name not in NO_NAMES and name not in OTHERS:
        return module
    if name not in _modules:
        _modules[name] = Poorer(module, NO_NAMES.get(name, ""), **OTHERS.get(name, {}))
    return _modules[name]


builtins.__import__ = import_as_on_windows
