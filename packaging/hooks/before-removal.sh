#!/bin/sh
# Run before the package is removed: names the runners whose .env names its hooks, as without them every job of theirs
# fails. It only looks, at plain files and not for long, and a removal never fails by it.
[ -d /run/systemd/system ] || exit 0
set -f

names_a_hook() {  # names_a_hook FILE
  # shellcheck disable=SC2016  # the words of another shell
  timeout --kill-after=1 5 sh -c '[ -f "$1" ] && [ ! -L "$1" ] && head -c 262144 "$1" |
    grep -q "^ACTIONS_RUNNER_HOOK_JOB_[A-Z]*=.*/usr/libexec/paws-agent/"' sh "$1" 2>/dev/null
}

list=$(timeout 20 systemctl list-unit-files --plain --no-legend 'actions.runner.*.service' | head -n 256)
printf '%s\n' "$list" | while read -r unit _; do
  root=$(timeout 5 systemctl show --property=WorkingDirectory --value "$unit" </dev/null)
  root=${root#!}  # one that may be absent
  if [ -n "$unit" ] && [ -n "$root" ] && names_a_hook "$root/.env" </dev/null; then
    runner=${unit#actions.runner.}
    runner=${runner%.service}
    cat >&2 <<EOF
paws-runner-agent: $root/.env names hooks of this package: without them every job of runner $runner fails.
  Before the removal: pawsctl runners hook remove $runner --yes
  After it: take the lines with /usr/libexec/paws-agent out of $root/.env
  Then, when no job runs: systemctl restart $unit
EOF
  fi
done
exit 0
