#!/usr/bin/env bash
# Stops and starts one daemon of the local cluster with the same command line, for tests of what happens without it.
#   process.sh list
#   process.sh NAME stop|start|restart|kill     (kill: SIGKILL, as a crash)
# It signals only processes recorded by up.sh, and waits until they have ended; it does not wait until one is ready.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/progress.sh
. "$here/stage/progress.sh"
# shellcheck source=e2e/cluster/stage/daemon.sh
. "$here/stage/daemon.sh"

list() {
  local name
  for name in $(daemon_names); do
    if daemon_alive "$name"; then printf '%-26s running  %s\n' "$name" "$DAEMON_PID"; else printf '%-26s stopped\n' "$name"; fi
  done
}

# end NAME SIGNAL: the mark says that it was ended on purpose, so that `up` starts it again instead of starting afresh
end() {
  touch "$RUN/$1.stopped"
  daemon_end "$1" "$2" 10
}

start() { daemon_alive "$1" || daemon_spawn "$1"; }

usage() {
  printf 'usage: process.sh list | process.sh NAME stop|start|restart|kill\nnames: %s\n' "$(daemon_names | tr '\n' ' ')" >&2
  exit 2
}

main() {
  [[ -d $RUN ]] || fail "there is no local cluster: make up"
  local name=${1:-} verb=${2:-}
  if [[ $name == list ]]; then list; return; fi
  [[ -n $name && -e $RUN/$name.command ]] || usage
  exec 9>"$RUN/process.lock"
  flock 9
  case $verb in
    stop) end "$name" TERM ;;
    kill) end "$name" KILL ;;
    start) start "$name" ;;
    restart) end "$name" TERM; start "$name" ;;
    *) usage ;;
  esac
}

main "$@"
