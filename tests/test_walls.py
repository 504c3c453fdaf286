"""The unit as shipped, started by a real systemd, does its work within its walls; and the walls stand.

systemd and journald are real (tests/systemd_machine.py), and so are the user, the credentials, the system call filter,
MemoryDenyWriteExecute=, the address families and the read-only file system that the unit asks for; Dovecot is spoken to
over TLS and Postfix over STARTTLS, each with its password. Not enforced here: MemoryMax= and TasksMax=, where the
machine's cgroup controllers are not of version 2.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from rsvpbot.metrics import FOR_THE_COLLECTOR
from tests.corpus_mailbox import EXAMPLE
from tests.servers import Authority, Dovecot, Postfix, SmtpSink, User, until
from tests.systemd_machine import Machine
from tests.test_metrics import parsed, value

RUNNING = (EXAMPLE.parent / "docs" / "running.md").read_text(encoding="utf-8")
SECRET = "a secret that stays where it is"
UNIT = "rsvpbot.service"


def documented(beginning: str) -> str:
    """The command of docs/running.md that begins so, as root would type it."""
    found = re.search(rf"^ *((?:sudo )?{re.escape(beginning)}(?:.*\\\n)*.*)$", RUNNING, re.MULTILINE)
    assert found, beginning
    return found[1].replace("sudo -u rsvpbot", "runuser -u rsvpbot --").replace("sudo ", "")


@dataclass(frozen=True, slots=True)
class House:
    machine: Machine
    dovecot: Dovecot
    user: User
    outside: SmtpSink

    def sh(self, script: str, **options: Any) -> str:
        return self.machine.run("sh", "-ec", script, **options).stdout

    def write(self, name: str, text: str) -> None:
        self.machine.path(f"/etc/rsvpbot/{name}").write_text(text, encoding="utf-8")

    def comes(self, sender: str, text: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, self.user.address, "Re: Invitation"
        message.set_content(text)
        self.dovecot.deliver(self.user, message.as_bytes())

    def answered(self, address: str) -> bool:
        return any(address in received.recipients for received in self.outside.received)

    def units_file(self, name: str, *changes: tuple[str, str]) -> None:
        """A unit like that of deploy/, with other lines in place of some."""
        text = (EXAMPLE.parent / "deploy" / UNIT).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        self.machine.path(f"/etc/systemd/system/{name}").write_text(text, encoding="utf-8")
        self.machine.run("systemctl", "daemon-reload")


def config_toml(user: User, dovecot: Dovecot, postfix: Postfix) -> str:
    year = datetime.now(UTC).year + 1
    text = EXAMPLE.read_text(encoding="utf-8")
    for old, new in {
        'address = "rsvp@roundtable.example"': f'address = "{user.address}"',
        # By name, so that it is looked up behind the walls.
        'host = "imap.roundtable.example"': f'host = "localhost"\nport = {dovecot.imaps_port}\n'
        f'username = "{user.address}"\nca_file = "ca.pem"',
        'password_file = "imap-password"\n': "",
        'host = "smtp.roundtable.example"': f'host = "localhost"\nport = {postfix.submission_port}\n'
        f'security = "starttls"\nusername = "{user.address}"\nca_file = "ca.pem"',
        'mode = "draft"': 'mode = "send"',
        'url = "tinydb:rsvp.json"': 'url = "tinydb:/var/lib/rsvpbot/rsvp.json"',
        '# metrics_file = "rsvpbot.prom"': 'metrics_file = "/var/lib/rsvpbot-metrics/rsvpbot.prom"',
        "= 2016-": f"= {year}-",
        "Roundtable Secretariat <secretariat@roundtable.example>": "secretariat@elsewhere.example",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    if reason := Machine.missing():
        pytest.skip(f"{reason}: the unit is not run by a real systemd")
    with Machine() as started:
        yield started


@pytest.fixture(scope="module")
def house(machine: Machine, authority: Authority, dovecot: Dovecot, postfix: Postfix, outside: SmtpSink) -> House:
    """Installed by the commands of docs/running.md, with the password of a mailbox for root's eyes only."""
    user = dovecot.new_user("walls", password=SECRET)
    made = House(machine, dovecot, user, outside)
    for beginning in ("useradd ", "/opt/rsvpbot/bin/rsvpbot init "):
        made.sh(documented(beginning))
    shutil.copy(authority.ca_file, machine.path("/etc/rsvpbot/ca.pem"))
    made.write("config.toml", config_toml(user, dovecot, postfix))
    made.write("invitees.csv", "email,name\nada@lovelace.example,Ada Lovelace\nbob@babbage.example,Bob Babbage\n")
    made.sh(documented("chgrp "))
    for name in ("imap-password", "smtp-password"):
        made.sh(documented("sh -c 'umask").replace("imap-password", name), input=SECRET)
        assert stat.S_IMODE(machine.path(f"/etc/rsvpbot/{name}").stat().st_mode) == 0o600
    made.sh(documented("install -d -o rsvpbot -g rsvpbot -m 755"))
    made.units_file(UNIT, ("# LoadCredential=smtp:", "LoadCredential=smtp:"))
    return made


def test_the_check_of_the_instructions_passes_in_the_service_s_place(house: House) -> None:
    command = documented("systemd-run --pipe").replace(
        "/opt/rsvpbot", "-p LoadCredential=smtp:/etc/rsvpbot/smtp-password /opt/rsvpbot", 1
    )
    told = house.sh(command)
    assert "✘" not in told and "letters" in told
    folder = house.machine.path("/var/lib/rsvpbot")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700, "as the unit has it, and not open to other users"
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.iterdir()} <= {0}


def test_the_service_reads_answers_and_tells_within_its_walls(house: House) -> None:
    machine = house.machine
    house.sh(documented("systemctl enable --now rsvpbot"))
    assert machine.show(UNIT, "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
    # What comes before the first poll is mail of a used mailbox, which a person must decide on.
    until(lambda: "Mailbox read at" in machine.show(UNIT, "StatusText")["StatusText"], 120, 0.2)
    house.comes("Ada Lovelace <ada@lovelace.example>", "Yes, I will attend.")
    until(lambda: house.answered("ada@lovelace.example"), 120)
    until(lambda: house.dovecot.messages(house.user, "RSVP/Recorded"), 90)
    assert not house.dovecot.messages(house.user)

    pid = machine.show(UNIT, "MainPID")["MainPID"]
    status = machine.run("cat", f"/proc/{pid}/status").stdout
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE) and re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0{16}$", status, re.MULTILINE)
    for place in ("environ", "cmdline"):
        assert SECRET.encode() not in machine.path(f"/proc/{pid}/{place}").read_bytes()
    assert re.search(r"Max core file size +0 +0 ", machine.run("cat", f"/proc/{pid}/limits").stdout)

    metrics = machine.path("/var/lib/rsvpbot-metrics/rsvpbot.prom")
    until(lambda: value(parsed(metrics.read_text(encoding="utf-8")), "letters", state="sent") >= 1, 90)
    assert stat.S_IMODE(metrics.stat().st_mode) == FOR_THE_COLLECTOR
    assert machine.run("runuser", "-u", "nobody", "--", "cat", "/var/lib/rsvpbot-metrics/rsvpbot.prom").stdout

    assert "accepted" in house.sh(documented("sudo -u rsvpbot /opt/rsvpbot/bin/rsvpbot status"))

    machine.run("systemctl", "stop", UNIT)
    assert machine.show(UNIT, "Result", "ExecMainStatus") == {"Result": "success", "ExecMainStatus": "0"}
    entries = machine.journal(UNIT)
    (told,) = [entry for entry in entries if entry.get("RSVPBOT_UID")]
    assert (told["RSVPBOT_FOLDER"], told["RSVPBOT_PARTSTAT"], told["_TRANSPORT"]) == ("Recorded", "accepted", "journal")
    assert [entry for entry in entries if entry.get("RSVPBOT_LETTER")]
    assert [entry["MESSAGE"] for entry in entries if int(entry["PRIORITY"]) <= 4] == []
    assert not re.search("lovelace|babbage|secret", "\n".join(entry["MESSAGE"] for entry in entries), re.IGNORECASE)


def test_the_nightly_backup_has_a_place_of_its_own(house: House) -> None:
    """By the commands of docs/running.md, in a folder that goes with the machine."""
    spelt_out = "runuser -u rsvpbot -- /opt/rsvpbot/bin/rsvpbot backup --config /etc/rsvpbot/config.toml "
    for command in (documented("install -d -o rsvpbot -g rsvpbot -m 700"), documented("rsvpbot backup ")):
        house.sh(re.sub("^rsvpbot backup ", spelt_out, command).replace("/var/backups", "/var/lib/backups"))
    folder = house.machine.path("/var/lib/backups/rsvpbot")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        ".json": 0o600,
        ".key": 0o600,
    }


def test_a_single_poll_within_the_same_walls(house: House) -> None:
    house.units_file(
        "poll.service",
        ("Type=notify", "Type=oneshot"),
        ("rsvpbot run --config", "rsvpbot poll --config"),
        ("Restart=on-failure", "Restart=no"),
        ("# LoadCredential=smtp:", "LoadCredential=smtp:"),
        ("WatchdogSec=15min\n", ""),
    )
    house.comes("Bob Babbage <bob@babbage.example>", "I am afraid I cannot come.")
    done = house.machine.run("systemctl", "start", "poll.service", check=False)
    told = [entry["MESSAGE"] for entry in house.machine.journal("poll.service")]
    assert done.returncode == 0, told
    assert house.answered("bob@babbage.example")
    assert any("1 messages handled: recorded 1" in line for line in told)


def test_a_wrong_configuration_is_not_tried_again(house: House) -> None:
    house.write("wrong.toml", "[event]\nuid = 3\n")
    house.sh("chgrp rsvpbot /etc/rsvpbot/wrong.toml && chmod 640 /etc/rsvpbot/wrong.toml")
    house.units_file("wrong.service", ("/etc/rsvpbot/config.toml", "/etc/rsvpbot/wrong.toml"))
    assert house.machine.run("systemctl", "start", "wrong.service", check=False).returncode
    until(lambda: house.machine.show("wrong.service", "ActiveState")["ActiveState"] == "failed", 20)
    assert house.machine.show("wrong.service", "NRestarts", "ExecMainStatus") == {
        "NRestarts": "0",
        "ExecMainStatus": "2",
    }
    assert any("event.uid" in entry["MESSAGE"] for entry in house.machine.journal("wrong.service"))


PROBE = """
import errno, mmap, os, socket, sys, threading

def refused(what, *errors):
    try:
        what()
    except OSError as error:
        print(what.__name__, errno.errorcode[error.errno])
        assert error.errno in errors, what.__name__
    else:
        raise AssertionError(f"{what.__name__} was allowed")

def memory_for_code(): mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)
def packets(): socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
def netlink(): socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
def what_all_may_write(): open("/var/lib/for-all/x", "w")
def configuration(): open("/etc/rsvpbot/config.toml", "a")
def passwords(): open("/etc/rsvpbot/imap-password")
def homes(): os.listdir("/home")
def other_users(): os.setuid(0)
def real_time(): os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
def processors(): os.sched_setaffinity(0, os.sched_getaffinity(0))
def root_folder(): os.chroot("/tmp")
def set_uid_bit(): open("/tmp/x", "w"); os.chmod("/tmp/x", 0o4755)
def namespaces():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000): raise OSError(ctypes.get_errno(), "unshare")
def mounts():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, 0): raise OSError(ctypes.get_errno(), "mount")
def tracing():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(0, 0, 0, 0): raise OSError(ctypes.get_errno(), "ptrace")

never = (errno.EPERM, errno.EACCES)
refused(memory_for_code, *never)
refused(packets, errno.EAFNOSUPPORT)
refused(netlink, errno.EAFNOSUPPORT)
refused(what_all_may_write, errno.EROFS)
refused(configuration, errno.EROFS, errno.EACCES)
refused(passwords, errno.EACCES)
refused(homes, *never)
for what in (other_users, real_time, processors, root_folder, set_uid_bit, namespaces, mounts, tracing):
    refused(what, errno.EPERM)
assert not os.path.exists("/dev/sda") and not os.path.exists("/dev/vda")
assert len([name for name in os.listdir("/proc") if name.isdigit()]) <= 3, "other processes are hidden"
open("/var/lib/rsvpbot/probe", "w").close(); os.remove("/var/lib/rsvpbot/probe")
with open(os.environ["CREDENTIALS_DIRECTORY"] + "/imap") as file: assert file.read()
thread = threading.Thread(target=lambda: print("threads start")); thread.start(); thread.join()
"""


def test_the_walls_stand(house: House) -> None:
    """What the service never does is refused to whoever takes it over."""
    house.write("probe.py", PROBE)
    house.sh("chgrp rsvpbot /etc/rsvpbot/probe.py && chmod 640 /etc/rsvpbot/probe.py")
    house.sh("install -d -m 777 /var/lib/for-all")
    start = "ExecStart=/opt/rsvpbot/bin/rsvpbot run --config /etc/rsvpbot/config.toml"
    probe = "ExecStart=/opt/rsvpbot/bin/python /etc/rsvpbot/probe.py"
    house.units_file(
        "probe.service",
        ("Type=notify", "Type=oneshot"),
        (start, probe),
        ("Restart=on-failure", "Restart=no"),
        ("WatchdogSec=15min\n", ""),
    )
    done = house.machine.run("systemctl", "start", "probe.service", check=False)
    told = [entry["MESSAGE"] for entry in house.machine.journal("probe.service")]
    assert done.returncode == 0, "\n".join(told)
    assert "threads start" in told
