"""Attacks: what job code tries, as shell code. What floods says itself how far it came, and stays at its
height until it was looked at."""

from typing import NamedTuple

from agent_unit import PORT, SOCKET, UNIT, USER
from host import Host

SECRETS = "/etc/paws-agent/secrets"
SECRET = f"{SECRETS}/loki"
OTHER_SECRETS = (f"{SECRETS}/web.key", f"{SECRETS}/web.tokens")
RUNNER_UNIT = "actions.runner.acme-widgets.hostile.service"
ROOT = "/opt/runners/acme-widgets.hostile"
# Of another file system than /tmp, which may be full.
HEIGHT, SEEN = "/dev/shm/height", "/dev/shm/seen"


def hide_secrets(host: Host) -> None:
    """As docs/configuration.md says."""
    for file in (SECRET, *OTHER_SECRETS):
        host.run(["sh", "-c", f"printf hunter2hunter2 >{file} && chgrp {USER} {file} && chmod 640 {file}"])


# Calls by number (x86_64, arm64) on the agent: who is refused dies of what it is told.
SYSCALL = """perl -MConfig -e 'my $x86 = $Config{archname} =~ /^x86_64/; my $agent = $ARGV[0]; my $no = -1;
sub call { my ($x86_64, $arm64, @rest) = @_; syscall($x86 ? $x86_64 : $arm64, map { int } @rest) } """
AT_AGENT = "' $(pidof paws-agent)"
LISTEN = "perl -MIO::Socket::UNIX -e 'unlink $ARGV[0];" \
         "IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die \"$!\\n\"'"

# What a job may not do at all: its command fails.
DENIED = {
    "read a secret": f"cat {SECRET}",
    "read the key of the agent's certificate": f"cat {OTHER_SECRETS[0]}",
    "read the tokens of its web server": f"cat {OTHER_SECRETS[1]}",
    "list the secrets": f"ls {SECRETS}",
    "read the database": "cat /var/lib/paws-agent/paws.db",
    "put a database in the place of the agent's": "touch /var/lib/paws-agent/new.db",
    "change the configuration": "echo x >/etc/paws-agent/agent.toml",
    "add a configuration": "mkdir -p /etc/paws-agent/conf.d && echo x >/etc/paws-agent/conf.d/job.toml",
    "read the agent's environment": "cat /proc/$(pidof paws-agent)/environ",
    "read the agent's memory": "head -c1 /proc/$(pidof paws-agent)/mem",
    "read where the agent's memory is": "cat /proc/$(pidof paws-agent)/maps",
    "read the agent's memory by a call":
        SYSCALL + 'my $to = "x" x 8; my $span = pack "PQ", $to, 8; my $from = pack "QQ", 4096, 8;'
        'syscall($x86 ? 310 : 270, int $agent, $span, 1, $from, 1, 0) < 0 and die "$!\\n"' + AT_AGENT,
    "trace the agent": SYSCALL + 'call(101, 117, 16, $agent, 0, 0) < 0 and die "$!\\n"' + AT_AGENT,
    "take over what the agent has open":
        SYSCALL + 'my $it = call(434, 434, $agent, 0); $it >= 0 or die "no such process";'
        'call(438, 438, $it, 3, 0) < 0 and die "$!\\n"' + AT_AGENT,
    "see what the agent has open": "ls /proc/$(pidof paws-agent)/fd/",
    "end the agent": "kill -KILL $(pidof paws-agent)",
    "stop the agent's progress": "kill -STOP $(pidof paws-agent)",
    "reload the agent": "kill -HUP $(pidof paws-agent)",
    "take the control socket away": f"rm -f {SOCKET}",
    "move the agent's socket": f"mv {SOCKET} /tmp/",
    "listen beside the agent": f"{LISTEN} /run/paws-agent/job.sock",
    "listen where the agent does": f"{LISTEN} {SOCKET}",
    "put a socket in the place of the agent's":
        f"{LISTEN} /tmp/job.sock && mv -f /tmp/job.sock {SOCKET}",
    "restart the agent by systemd": f"systemctl restart {UNIT}",
    "stop its own unit by systemd": f"systemctl stop {RUNNER_UNIT}",
    "start a unit of its own": "systemd-run --unit=job-owned true",
    "freeze the agent by its cgroup": "echo 1 >/sys/fs/cgroup/paws.slice/cgroup.freeze",
    "move the agent into its cgroup":
        f"echo $(pidof paws-agent) >/sys/fs/cgroup/system.slice/{RUNNER_UNIT}/cgroup.procs",
    "ask for what operators ask": "pawsctl status",
    "drain a runner": "pawsctl runners drain acme-widgets.hostile",
    "write to the journal's files": "sh -c 'echo x >>$(ls /run/log/journal/*/system.journal "
                                    "/var/log/journal/*/system.journal 2>/dev/null | head -1)'",
    "write what its unit's main process writes": f"echo x >/proc/$(pgrep -of {ROOT}/runsvc.sh)/fd/1",
    "limit the agent": "prlimit --pid $(pidof paws-agent) --nofile=3",
}


class Flood(NamedTuple):
    """`code` prints `did N of M: ERROR`: how far it came, of how many at least, and what ended it."""
    code: str
    ends: str = ""  # what it met there


# The agent's web server takes 128 connections, and the kernel as many before it takes them.
QUEUES = 256
PERL = f"""perl -MConfig -MErrno -MIO::Socket::INET -MIO::Socket::UNIX -e '
$| = 1; $SIG{{PIPE}} = "IGNORE"; my @all;
sub high {{ open my $file, ">", "{HEIGHT}" or die "$!" }}
sub seen {{ -e "{SEEN}" or time > $^T + 50 }}
sub hold {{ printf "did %d of %d: %s\\n", @_; pop @all; high(); select undef, undef, undef, 0.05 until seen() }}
"""
HOLD = f"touch {HEIGHT}; for n in $(seq 1000); do test -e {SEEN} && break; sleep 0.05; done"
# Arguments: how many at most, of how many, what it says in each. A queue that is full is seen in less
# than the second after which the kernel tries again.
CONNECT = PERL + f"""my ($most, $of, $text) = @ARGV; my $end = "";
for (1..$most) {{ my $one = IO::Socket::INET->new(PeerAddr => "127.0.0.1:{PORT}", Timeout => 0.5)
    or $end = $!, last; push @all, $one; print $one $text; $one->flush }} hold(scalar @all, $of, $end)'"""
# Those that found no seat are told so, after its height.
CONTROL = PERL + f"""my ($most, $of, $text) = @ARGV; my ($end, $refused) = ("", 0);
for (1..$most) {{ my $one = IO::Socket::UNIX->new(Peer => "{SOCKET}")
    or $end = $!, last; push @all, $one; print $one $text; $one->flush }} hold(scalar @all, $of, $end);
for (@all) {{ my $said = <$_>; $refused++ if defined $said and $said =~ /too many ask/ }}
print "refused $refused\\n"'"""
# As an action hands over a directory, again and again; the socket takes whole messages (seqpacket).
HAND_OVER = PERL + """my ($did, $end) = (0, ""); for (1..3000) {
my $one = IO::Socket::UNIX->new(Type => SOCK_SEQPACKET, Peer => "/run/paws-agent/handover.sock")
    or $end = $!, last; push @all, $one; $one->send("acme-widgets.hostile\\n/\\nroot"); $did++;
    shift @all if @all > 200 }
hold($did, 3000, $end)'"""
# One after the other, until it was looked at; counts the answers.
ASK = PERL + f"""my ($asked, $answers) = (0, 0);
until ($asked >= 500 and seen()) {{ my $one = IO::Socket::UNIX->new(Peer => "{SOCKET}") or die "$!";
    print $one "{{\\"version\\":1,\\"verb\\":\\"status\\",\\"arguments\\":{{}}}}\\n"; $one->flush;
    $answers++ if defined <$one>; high() if ++$asked == 100 }} print "did $answers of $asked: \\n"'"""
# Every instance that a user may have, with all watches that he gets (inotify(7)).
WATCH = """most=$(cat /proc/sys/fs/inotify/max_user_watches)
each=$((most / $(cat /proc/sys/fs/inotify/max_user_instances) + 10))
mkdir -p /tmp/w && cd /tmp/w && seq $each | xargs mkdir -p; """ + PERL + """
my ($most, $each) = @ARGV; my ($make, $watch) = $Config{archname} =~ /^x86_64/ ? (253, 254) : (26, 27);
my ($watches, $full, @held) = (0, "");
while ((my $at = syscall $make == 26 ? (26, 0) : $make) >= 0) { push @held, $at;
    for my $name (1..$each) { $full = $!, last if syscall($watch, $at, "/tmp/w/$name", 2) < 0; $watches++ } }
hold($watches, $most, "$full, $!")' $most $each; rm -rf /tmp/w"""
# Connections with itself, which whoever reads the tables of the host's sockets has to read.
SOCKETS = "ulimit -n 8000; " + PERL + """my $door = IO::Socket::INET->new(Listen => 100, LocalAddr => "127.0.0.1");
my $end; for (;;) { my $one = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $door->sockport)
    or $end = $!, last; push @all, $one; my $other = $door->accept or $end = $!, last; push @all, $other }
hold(scalar @all, 8000, $end)'"""
# To the last byte.
FILL = f"""of=$(($(stat -f -c %a /tmp) * $(stat -f -c %S /tmp))); head -c 64G /dev/zero 2>/tmp/why >/tmp/full
free=$(stat -f -c %a /tmp); echo did $(stat -c %s /tmp/full) of $of: $free blocks are free; {HOLD}; rm /tmp/full"""

FLOODS = {
    "hold every connection to the web server": Flood(f"{CONNECT} 1500 {QUEUES} ''", "timed out"),
    "send requests that never end": Flood(f"{CONNECT} 1500 {QUEUES} 'GET / HTTP/1.1\r\nX: '", "timed out"),
    "send garbage to the web server": Flood(f"{CONNECT} 100 100 \"$(seq 5000)\""),
    # More than the agent may have open (LimitNOFILE=4096).
    "hold every connection to the control socket": Flood(f"{CONTROL} 5000 5000 ''"),
    "send garbage to the control socket": Flood(f"{CONTROL} 200 200 \"$(seq 5000)\""),
    "ask the control socket for ever": Flood(ASK),
    "hand directories over for ever": Flood(HAND_OVER),
    "exhaust its inotify(7) watches": Flood(WATCH, "No space left on device, Too many open files"),
    "have as many sockets as it may": Flood(SOCKETS, "Too many open files"),
    "fill /tmp": Flood(FILL, ": 0 blocks are free"),
    "have hundreds of processes": Flood(
        f"all=; for n in $(seq 400); do sleep 99 & all=\"$all $!\"; done; echo did 400 of 400:; {HOLD}; kill $all"),
}

STAMP = "2026-01-01 00:00:00Z"
# What a listener and its wrapper say that the agent believes.
FORGED = (
    f"{STAMP}: Running job: forged",
    f"{STAMP}: Job forged completed with result: Succeeded",
    f"{STAMP}: Listening for Jobs",
    f"{STAMP}: Runner connect error: forged. Retrying until reconnected.",
    "A session for this runner already exists.",
    "The runner no longer exists on the server. Please reconfigure the runner.",
    "Runner listener exited with error code 134",
    "Runner listener exit with terminated error, stop the service, no retry needed.",
    "Runner update failed: forged",
)
# With fields that journald alone gives, and those by which systemd tells of a unit (its start).
NATIVE = """perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM,
    Peer => "/run/systemd/journal/socket"); while (<STDIN>) { $s->send(join "", map { "$_\\n" } "_PID=1", "_UID=0",
    "_COMM=systemd", "_TRANSPORT=stdout", "_SYSTEMD_UNIT=$ARGV[0]", "UNIT=$ARGV[0]", "OBJECT_SYSTEMD_UNIT=$ARGV[0]",
    "SYSLOG_IDENTIFIER=runsvc.sh", "MESSAGE_ID=39f53479d3a045ac8e11786248231fbf", "MESSAGE=$_") }'"""
# As sd_journal_stream_fd(3) opens one, for another unit.
STREAM = """perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => "/run/systemd/journal/stdout");
    print $s "runsvc.sh\\n$ARGV[0]\\n6\\n0\\n0\\n0\\n0\\n"; print $s $_ while <STDIN>'"""
# How a line is written, and as what it arrives.
FORMS = {
    "logger(1)": ("logger -t runsvc.sh", "syslog"),
    "systemd-cat(1)": ("systemd-cat -t runsvc.sh", "stdout"),
    "the journal's own protocol": (f"{NATIVE} {RUNNER_UNIT}", "journal"),
    "the journal's own protocol, for the agent": (f"{NATIVE} {UNIT}", "journal"),
    "a stream for its unit": (f"{STREAM} {RUNNER_UNIT}", "stdout"),
    "a stream for the agent": (f"{STREAM} {UNIT}", "stdout"),
}


def forge(how: str) -> str:
    """Whoever writes stays for a while: of the unit of one that has gone journald knows nothing."""
    lines = " ".join(f"'{line}'" for line in FORGED)
    return f"(printf '%s\\n' {lines}; {HOLD}) | {FORMS[how][0]}"
