# shellcheck shell=bash
# What a person sees while a script works: elapsed times, waits on conditions, errors that name the log.
# Sourced; it may print and wait, and changes nothing.

PROGRESS_START=${EPOCHREALTIME/[.,]/}

# elapsed: seconds since the script began, with one decimal
elapsed() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - PROGRESS_START) / 100000))
  printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

say() { printf '%7s s  %s\n' "$(elapsed)" "$*"; }

# fail MESSAGE [LOG NAME]: says what went wrong, with the last lines of that process' log
fail() {
  local message=$1 log=${2:-}
  printf '%7s s  FAILED: %s\n' "$(elapsed)" "$message" >&2
  if [[ -n $log && -s $LOG/$log.log ]]; then
    printf -- '--- last lines of %s\n' "$LOG/$log.log" >&2
    tail -n 15 "$LOG/$log.log" >&2
  fi
  exit 1
}

# wait_until SECONDS WHAT LOG COMMAND...: polls COMMAND; gives up when the time is over or process LOG has ended.
# LOG is "-" where no process of ours stands behind the condition.
wait_until() {
  local limit=$1 what=$2 log=$3 output
  shift 3
  local deadline=$((SECONDS + limit))
  until output=$("$@" 2>&1); do
    if [[ $log != - && -e $RUN/$log.pid ]] && ! daemon_alive "$log"; then
      fail "$log ended while waiting for: $what" "$log"
    fi
    if ((SECONDS >= deadline)); then
      printf -- '--- last answer\n%s\n' "$output" >&2
      fail "not reached in $limit s: $what" "${log#-}"
    fi
    sleep 0.1
  done
  say "$what"
}

# require_root WHAT: Linux and root, or one plain sentence
require_root() {
  [[ $(uname -s) == Linux ]] || fail "$1 needs Linux; on another system use a virtual machine, or CLUSTER=current"
  [[ $(id -u) == 0 ]] || fail "$1 needs root (network namespaces, mounts): run it with sudo, or use CLUSTER=current"
}
