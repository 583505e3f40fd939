"""Names of programs and shell words, by what they may do."""

from __future__ import annotations

LOOKING = """
basename cat cmp comm cut date df diff dirname du echo egrep false fgrep find fd grep head id ls nl nproc pwd
readlink realpath rg seq sort stat tail tr true type uname wc which whoami cd [ test : printf sleep
"""
"""Programs that change nothing, whatever their arguments; those that some options change are in `harmless`."""

LOOKING_IN_GIT = """
blame cat-file describe diff grep log ls-files ls-tree merge-base name-rev rev-list rev-parse shortlog show
status whatchanged
"""
"""Commands of git that change nothing."""

REACHING = """
apt apt-get aria2c aws az brew chown chattr crontab curl dd dnf docker doas ftp gcloud gh glab gpg halt helm
iptables kill killall kubectl launchctl mkfs mount nc ncat netcat npx open osascript passwd pkill podman
poweroff reboot rsync scp sftp shred shutdown socat ssh sudo systemctl telnet truncate twine umount useradd
wget xdg-open yum
"""
"""Programs that reach beyond the folder, or cannot be undone."""

REACHING_IN_GIT = """
push remote clone fetch pull config credential send-email clean reset submodule filter-branch rebase gc
update-ref worktree daemon archive bundle fast-export fast-import request-pull svn p4
"""
"""Commands of git that do."""

WITH_SUBCOMMANDS = """
bundle bun cargo composer dotnet gem git go gradle make mvn npm pip pip3 pnpm poetry ruff rustup uv yarn
"""
"""Programs whose first argument says what they do."""

CHANGING_MEANING = """
case esac select function coproc [[ ]] eval exec trap alias unalias enable builtin . source hash set shopt
export declare typeset local readonly unset read mapfile readarray getopts let pushd popd dirs fc bind
complete in
"""
"""Words after which the rest of a command line means something else."""

QUIET_VARIABLES = """
CI COLUMNS FORCE_COLOR LANG LC_ALL NO_COLOR PYTHONDONTWRITEBYTECODE PYTHONHASHSEED PYTHONUNBUFFERED TERM TZ
"""
"""Variables that change how a program shows its work, not what it does."""

STARTING_OTHERS = """
at batch chroot chrt crontab doas fakeroot faketime flock ionice ltrace parallel runuser screen script setpriv
setsid ssh-agent strace su taskset time tmux unbuffer unshare watch xvfb-run
"""
"""Programs that start others in ways that are not read."""
