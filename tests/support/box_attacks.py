"""The attacks on a box as one table: what runs, how it must end, and which defences hold it off.

``off`` holds, by kind of sandbox, sets of defences. Each set, switched off together, lets the attack through: where
it has more than one member, a second defence holds when the first fails. Where a kind has no
set, the kernel itself refuses and nothing here can allow it: a device file, the clock and another user's identity in a
user namespace, and setuid programs under bubblewrap, which never starts one with new privileges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from box_attack import BUBBLEWRAP, DOCKER, UNBOUND, Attack, by_kind, everywhere, sets

from repowright.executors import Ended, Limits
from repowright.executors.limits.defences import Defence as D
from repowright.executors.limits.defences import Without

BY_NAMESPACE: Mapping[str, Sequence[Without]] = {
    DOCKER: sets((D.USER, D.CAPABILITIES), (D.SECCOMP,)),
    BUBBLEWRAP: sets((D.SECCOMP, D.USER_NAMESPACES)),
    UNBOUND: sets((D.SECCOMP, D.USER_NAMESPACES)),
}
"""What needs capabilities: had at once, or in a user namespace of the attacker's own."""
BOMBS = (
    Attack(
        "fork bomb",
        """
children = []
while len(children) < SIZE:
    try:
        pid = os.fork()
    except OSError:
        time.sleep(0.01)
        continue
    if pid == 0:
        time.sleep(20)
        os._exit(0)
    children.append(pid)
print('reached', len(children), 'processes', flush=True)
for pid in children:
    os.kill(pid, 9)
""",
        everywhere(D.PIDS),
        Ended.PIDS,
        full=1_000_000,
        mild=60,
    ),
    Attack(
        "memory bomb",
        """
hoard = []
while len(hoard) < SIZE:
    try:
        hoard.append(bytearray(b'x') * 1_000_000)
    except MemoryError:
        time.sleep(0.1)
time.sleep(0.3)
print('reached', len(hoard), 'MB', flush=True)
""",
        everywhere(D.MEMORY),
        Ended.MEMORY,
        full=10_000,
        mild=200,
    ),
    Attack(
        "ten gigabytes of output",
        """
for _ in range(SIZE):
    os.write(2, b'x' * 1_000_000)
print('reached the end', flush=True)
""",
        everywhere(D.OUTPUT),
        Ended.OUTPUT,
        full=10_000,
        mild=4,
    ),
    Attack(
        "ten gigabytes of files",
        """
with open('big', 'wb', buffering=0) as file:
    written = 0
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    while written < SIZE * 1_000_000:
        try:
            written += file.write(b'x' * 1_000_000)
        except OSError:
            time.sleep(0.01)
time.sleep(0.2)
print('reached', written, 'bytes', flush=True)
""",
        everywhere(D.DISK),
        Ended.DISK,
        full=10_000,
        mild=40,
    ),
    Attack(
        "a million empty files",
        """
made = 0
while made < SIZE:
    try:
        os.close(os.open(f'file{made}', os.O_CREAT | os.O_WRONLY))
        made += 1
    except OSError:
        time.sleep(0.01)
time.sleep(0.2)
print('reached', made, 'files', flush=True)
""",
        everywhere(D.INODES),
        Ended.DISK,
        full=1_000_000,
        mild=20_500,
    ),
    Attack(
        "an endless loop that ignores signals",
        """
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
until = time.monotonic() + SIZE / 10
while time.monotonic() < until:
    time.sleep(0.05)
print('reached the end', flush=True)
""",
        everywhere(D.WALL),
        Ended.TIME,
        full=36_000,
        mild=14,
        limits=Limits(wall_s=0.8, memory_mb=64, pids=24, disk_mb=16),
    ),
    Attack(
        "a busy loop",
        """
while time.process_time() < SIZE / 10:
    pass
print('reached the end', flush=True)
""",
        everywhere(D.CPU),
        Ended.TIME,
        full=36_000,
        mild=16,
        limits=Limits(wall_s=60, cpu_s=1, memory_mb=64, pids=24, disk_mb=16),
    ),
    Attack(
        "a busy loop in small pieces",
        """
for _ in range(SIZE):
    if os.fork() == 0:
        while time.process_time() < 0.3:
            pass
        os._exit(0)
    os.wait()
print('reached the end', flush=True)
""",
        everywhere(D.CPU),
        Ended.TIME,
        full=36_000,
        mild=5,
        limits=Limits(wall_s=60, cpu_s=1, memory_mb=64, pids=24, disk_mb=16),
    ),
)
NETWORK = (
    Attack(
        "a connection to the host's loopback",
        "attempt('stream', lambda: socket.create_connection(('127.0.0.1', STREAM), 2))",
        everywhere(D.NETWORK),
        evidence=frozenset({"stream listener"}),
    ),
    Attack(
        "a name looked up",
        """
QUESTION = bytes.fromhex('abcd01000001000000000000') + b'\\x06secret\\x07invalid\\0\\0\\x01\\0\\x01'
def ask():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.connect(('127.0.0.1', DATAGRAM))
        asker.send(QUESTION)
        time.sleep(0.05)
        asker.send(QUESTION)
attempt('name server', ask)
""",
        everywhere(D.NETWORK),
        evidence=frozenset({"datagram listener"}),
    ),
    Attack(
        "a socket without a file",
        "attempt('abstract', lambda: socket.socket(socket.AF_UNIX).connect(ABSTRACT))",
        everywhere(D.NETWORK),
        evidence=frozenset({"abstract listener"}),
    ),
    Attack(
        "raw and packet sockets",
        """
libc.unshare(NEW_USER | NEW_NETWORK)
attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
""",
        BY_NAMESPACE,
    ),
)
PRIVILEGES = (
    Attack(
        "mount",
        """
os.mkdir('/tmp/here')
libc.unshare(NEW_USER | NEW_MOUNTS)
attempt('mount', lambda: checked(libc.mount(b'none', b'/tmp/here', b'tmpfs', 0, None)))
attempt('unmount', lambda: checked(libc.umount2(b'/proc', 2)))
""",
        BY_NAMESPACE,
    ),
    Attack(
        "chroot",
        "attempt('chroot', lambda: os.chroot('/tmp'))",
        by_kind((D.USER, D.CAPABILITIES), (D.CAPABILITIES, D.SECCOMP)),
    ),
    Attack(
        "a device file",
        "attempt('device', lambda: os.mknod('/tmp/device', 0o020600, os.makedev(1, 3)))",
        by_kind((D.USER, D.CAPABILITIES), ()),
    ),
    Attack(
        "becoming root",
        "attempt('setuid', lambda: os.setuid(0))",
        by_kind((D.USER,), ()),
    ),
    Attack(
        "a setuid program",
        """
def become():
    with subprocess.Popen(['/usr/bin/su'], stdin=-1, stdout=-3, stderr=-3) as child:
        time.sleep(0.3)
        users = [line.split() for line in read(f'/proc/{child.pid}/status').splitlines() if line.startswith(b'Uid:')]
        child.kill()
    if not users or users[0][2] != b'0':
        raise PermissionError('the program runs as its caller')
attempt('setuid program', become)
""",
        by_kind((D.NO_NEW_PRIVILEGES,), ()),
    ),
    Attack(
        "the clock",
        """
def adjust(call, *question):
    # No such tick and no such time is ever set: who may set the clock is told that they are wrong.
    try:
        checked(libc.syscall(call, *question))
    except OSError as err:
        if err.errno != errno.EINVAL:
            raise
adjtimex, settimeofday = {'x86_64': (159, 164), 'aarch64': (171, 170)}[os.uname().machine]
attempt('tick', lambda: adjust(adjtimex, (0x4000).to_bytes(4, sys.byteorder) + bytes(252)))
attempt('time', lambda: adjust(settimeofday, bytes([255] * 16), None))
""",
        by_kind((D.USER, D.CAPABILITIES), ()),
    ),
    Attack(
        "a write to the kernel's settings",
        """
def write():
    with open('/proc/sys/kernel/domainname', 'w') as file:
        file.write('attacked')
attempt('domain name', write)
for name in ('sys/kernel/core_pattern', 'sysrq-trigger', 'sys/vm/drop_caches'):
    attempt(name, lambda: open(f'/proc/{name}', 'w').close())
""",
        by_kind((D.PROTECTED_PROC, D.USER, D.CAPABILITIES), (D.USER,)),
    ),
    Attack(
        "a write to the system",
        """
for name in ('/attacked', '/etc/attacked', '/usr/attacked', '/opt/attacked'):
    attempt(name, lambda: open(name, 'w').close())
""",
        by_kind((D.READ_ONLY_ROOT, D.USER), (D.READ_ONLY_ROOT,)),
    ),
    Attack(
        "a new user namespace",
        "attempt('user namespace', lambda: checked(libc.unshare(NEW_USER)))",
        by_kind((D.SECCOMP,), (D.SECCOMP, D.USER_NAMESPACES)),
    ),
)
SIGHT = (
    Attack(
        "the host's environment",
        """
places = [os.environb.get(b'REPOWRIGHT_TEST_SECRET', b'')]
places += [read(f'/proc/{pid}/environ') for pid in os.listdir('/proc') if pid.isdigit()]
seen('secret', SECRET.encode() in b' '.join(places))
""",
        everywhere(D.HOST_ENVIRONMENT),
    ),
    Attack(
        "the host's files",
        """
roots = ['', '/host', '/proc/1/root', '/proc/1/cwd'] + [f'/proc/self/fd/{fd}' for fd in range(20)]
seen('secret', SECRET.encode() in b' '.join(read(root + FILE) for root in roots))
""",
        everywhere(D.HOST_FILES),
    ),
    Attack(
        "the Docker socket",
        """
import stat
def is_socket(path):
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
found = [name for folder in ('/run', '/var/run', '/tmp', '/var/lib/docker') for name in
         (f'{folder}/docker.sock', f'{folder}/containerd/containerd.sock') if is_socket(name)]
seen('socket', found)
""",
        everywhere(D.DOCKER_SOCKET),
    ),
    Attack(
        "shared memory of the host",
        "attempt('segment', lambda: checked(libc.shmget(KEY, 4096, 0)))",
        everywhere(D.IPC_NAMESPACE),
    ),
    Attack(
        "the host's name",
        "seen('name', os.uname().nodename == NODE)",
        everywhere(D.UTS_NAMESPACE),
    ),
)
PROCESSES = (
    Attack(
        "killing a process of the host",
        "attempt('kill', lambda: os.kill(VICTIM, 9))",
        everywhere(D.PID_NAMESPACE),
    ),
    Attack(
        "signals to the first process",
        "attempt('signal', lambda: os.kill(1, 0))",
        {DOCKER: sets((D.KEEPER,), (D.USER,))},
        only=(DOCKER,),
    ),
    Attack(
        "tracing the first process",
        """
attempt('seize', lambda: checked(libc.ptrace(0x4206, 1, None, None)))
attempt('memory', lambda: open('/proc/1/mem', 'r+b').close())
""",
        {DOCKER: sets((D.USER, D.CAPABILITIES))},
        only=(DOCKER,),
    ),
    Attack(
        "running past the box's life",
        """
time.sleep(SIZE / 10)
print('reached the end', flush=True)
""",
        {DOCKER: sets((D.DEAD_MAN,))},
        Ended.KILLED,
        full=100,
        mild=25,
        life_s=2,
        only=(DOCKER,),
    ),
    Attack(
        "system calls that reach the kernel",
        """
keyctl, kcmp = {'x86_64': (250, 312), 'aarch64': (219, 272)}[os.uname().machine]
attempt('keyctl', lambda: checked(libc.syscall(keyctl, 0, -3, 1)))
attempt('kcmp', lambda: checked(libc.syscall(kcmp, os.getpid(), os.getpid(), 0, 0, 0)))
attempt('personality', lambda: checked(libc.personality(0x0040000)))
""",
        everywhere(D.SECCOMP),
    ),
    Attack(
        "tracing a child",
        "attempt('trace', lambda: checked(libc.ptrace(0, 0, None, None)))",
        {BUBBLEWRAP: sets((D.SECCOMP,)), UNBOUND: sets((D.SECCOMP,))},
        only=(BUBBLEWRAP, UNBOUND),
    ),
)
ATTACKS = BOMBS + NETWORK + PRIVILEGES + SIGHT + PROCESSES
