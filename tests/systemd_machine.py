"""A systemd of our own, with journald, in namespaces: where the unit of deploy/ is started as an admin would start it.

Everything that systemd would change lies in memory and goes with it: /etc is laid over the real one, /var/lib, /opt,
/run and /tmp are empty, /sys and /proc/sys are read-only, and no unit of this machine is known. The network is this
machine's, so that the test servers on loopback are reached.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.servers import until

ROOT = Path(__file__).parent.parent
UNITS = Path("/lib/systemd/system")
NEEDED = (
    *("sysinit.target", "basic.target", "shutdown.target", "umount.target", "multi-user.target"),
    *("network-online.target", "nss-lookup.target", "time-sync.target"),
    *("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"),
    *("dbus.service", "dbus.socket"),
)
"""Without their .wants folders: nothing else of the machine's is started."""

START = """\
[Unit]
DefaultDependencies=no
Requires=systemd-journald.socket systemd-journald.service dbus.socket
"""

BOOT = r"""
set -e
stage=$1 base=$2 site=$3 version=$4
# Apart from the machine's mounts, and shared within, as systemd counts on to hand over credentials.
mount --make-rprivate / && mount --make-rshared /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/stage /run/base /run/site /run/over/etc /run/over/work /run/systemd/system
mount --bind "$stage" /run/stage
mount --bind "$base" /run/base
mount --bind "$site" /run/site
mount -t overlay -o lowerdir=/etc,upperdir=/run/over/etc,workdir=/run/over/work overlay /etc
for folder in /etc/systemd/system /opt /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs $folder; done
for folder in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $folder; done
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -o remount,bind,ro /sys
mkdir -p /opt/python "/opt/rsvpbot/bin" "/opt/rsvpbot/lib/python$version/site-packages"
mount --bind /run/base /opt/python
mount -t overlay -o lowerdir=/run/stage/site:/run/site overlay "/opt/rsvpbot/lib/python$version/site-packages"
ln -s "/opt/python/bin/python$version" /opt/rsvpbot/bin/python
echo 'home = /opt/python/bin' > /opt/rsvpbot/pyvenv.cfg
cp /run/stage/rsvpbot /opt/rsvpbot/bin/rsvpbot
# Where the interpreter is a shared library, it is looked for where it lies now.
echo /opt/python/lib > /etc/ld.so.conf.d/rsvpbot-test.conf && ldconfig
cp /run/stage/units/* /etc/systemd/system/
exec env -i container=rsvpbot-test SYSTEMD_UNIT_PATH=/etc/systemd/system PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=start.target --log-target=null --show-status=0
"""

PROGRAM = """\
#!/opt/rsvpbot/bin/python
from rsvpbot.cli import main
main()
"""


def _cgroup() -> Path | None:
    """This process's own group in the unified hierarchy, as a folder."""
    mounts = (line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines())
    at = next((fields[4] for fields in mounts if "cgroup2" in fields), None)
    own = next(
        (line[3:] for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines() if line[:3] == "0::"),
        None,
    )
    return Path(at + own) if at and own else None


class Machine:
    """Started with `with`; the program is this checkout's, run by this Python with the packages of this environment."""

    def __init__(self) -> None:
        self.stage = Path(tempfile.mkdtemp(prefix="rsvpbot-machine-"))
        self._group: Path | None = None
        self._outer: subprocess.Popen[bytes] | None = None
        self._pid = 0

    @staticmethod
    def missing() -> str:
        """Why no systemd can be started here, or ""."""
        if os.geteuid() != 0:
            return "systemd needs root to start"
        for program in ("/lib/systemd/systemd", "dbus-daemon", "unshare", "nsenter", "systemctl", "journalctl"):
            if shutil.which(program) is None:
                return f"{program} is not installed"
        group = _cgroup()
        if group is None or not os.access(group, os.W_OK):
            return "no cgroup of version 2 can be written to"
        tried = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--cgroup", "--ipc", "--uts", "true"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return f"no namespaces: {tried.stderr.strip()}" if tried.returncode else ""

    def __enter__(self) -> Self:
        self._lay_out()
        own = _cgroup()
        assert own is not None
        self._group = own / self.stage.name
        self._group.mkdir()
        boot = self.stage / "boot.sh"
        boot.write_text(BOOT, encoding="utf-8")
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        arguments = [str(self.stage), sys.base_prefix, sysconfig.get_path("purelib"), version]
        # It joins the group first, so that this group is the root of all that it sees.
        joined = 'echo $$ > "$0"/cgroup.procs; exec unshare --mount --pid --fork --kill-child --cgroup --ipc --uts "$@"'
        with (self.stage / "log").open("wb") as log:
            self._outer = subprocess.Popen(
                ["sh", "-c", joined, str(self._group), "sh", str(boot), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._ready, 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _lay_out(self) -> None:
        self.stage.chmod(0o755)
        (self.stage / "units").mkdir()
        for name in NEEDED:
            shutil.copy(UNITS / name, self.stage / "units")
        shutil.copy(ROOT / "deploy" / "rsvpbot.service", self.stage / "units")
        (self.stage / "units" / "start.target").write_text(START, encoding="utf-8")
        (self.stage / "rsvpbot").write_text(PROGRAM, encoding="utf-8")
        (self.stage / "rsvpbot").chmod(0o755)
        # As the wheel would lay it.
        shutil.copytree(ROOT / "rsvpbot", self.stage / "site" / "rsvpbot")
        shutil.copytree(ROOT / "templates", self.stage / "site" / "rsvpbot" / "templates")

    def _ready(self) -> bool:
        assert self._outer is not None
        if self._outer.poll() is not None:
            raise RuntimeError(f"systemd did not start: {(self.stage / 'log').read_text(errors='replace')[-2000:]}")
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text(encoding="utf-8").split()
        if not children:
            return False
        self._pid = int(children[0])
        if Path(f"/proc/{self._pid}/comm").read_text(encoding="utf-8") != "systemd\n":
            return False
        active = self.run("systemctl", "is-active", "start.target", "systemd-journald.service", check=False)
        return active.stdout.split() == ["active", "active"]

    def __exit__(self, *_: object) -> None:
        if self._outer is not None:
            self._outer.kill()  # and with it, by --kill-child, the first process of its namespace: so all of them
            self._outer.wait()
        if self._group is not None:
            end = time.monotonic() + 10
            while self._group.exists() and time.monotonic() < end:
                for folder in sorted(self._group.rglob("*"), reverse=True):
                    if folder.is_dir():
                        with suppress(OSError):
                            folder.rmdir()
                with suppress(OSError):
                    self._group.rmdir()
                time.sleep(0.05)
        shutil.rmtree(self.stage, ignore_errors=True)

    def run(self, *command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """A command beside the service, as root."""
        inside = ["nsenter", "--target", str(self._pid), "--mount", "--pid", "--cgroup", "--ipc", "--uts", "--"]
        done = subprocess.run([*inside, *command], capture_output=True, text=True, timeout=120, check=False, **options)
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
        return done

    def path(self, inside: str) -> Path:
        """Where a file of the machine is seen from here."""
        return Path(f"/proc/{self._pid}/root{inside}")

    def journal(self, unit: str) -> list[dict[str, Any]]:
        """Every entry of a unit, with its fields."""
        self.run("journalctl", "--sync")
        told = self.run("journalctl", "-u", unit, "-o", "json", "--all", "--no-pager")
        return [json.loads(line) for line in told.stdout.splitlines()]

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        told = self.run("systemctl", "show", unit, *(f"--property={name}" for name in properties)).stdout
        return dict(line.split("=", 1) for line in told.splitlines())
