# shellcheck shell=bash
# Start, find and end the cluster's daemons, by process id and start time.
# Sourced; it never looks a process up by name and never signals one that it has no record of.

# Records in $RUN: NAME.command (NUL-separated), NAME.pid ("pid start-time"), NAME.stopped (ended on purpose),
# NAME.outside (runs on the machine's own network and is no part of Kubernetes).

# process_start_time PID: the kernel's start time, empty when there is no such process or it is a zombie
process_start_time() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  read -r -a fields <<<"${stat##*) }"
  [[ ${fields[0]} == Z ]] || printf '%s' "${fields[19]}"
}

daemon_names() {
  local record
  for record in "$RUN"/*.command; do
    [[ -e $record ]] && basename "$record" .command
  done
  return 0
}

# daemon_alive NAME: true when the recorded process still runs; sets DAEMON_PID
daemon_alive() {
  local pid start
  [[ -s $RUN/$1.pid ]] || return 1
  read -r pid start <"$RUN/$1.pid"
  [[ -n $start && $(process_start_time "$pid") == "$start" ]] || return 1
  DAEMON_PID=$pid
}

# daemon_start NAME COMMAND...: records the command line and starts it on the node's network
daemon_start() {
  local name=$1
  shift
  printf '%s\0' "$@" >"$RUN/$name.command"
  daemon_spawn "$name"
}

# daemon_start_outside NAME COMMAND...: the same, on the machine's own network
daemon_start_outside() {
  touch "$RUN/$1.outside"
  daemon_start "$@"
}

# close_inherited_files: a daemon must keep no file of its caller's open: a lock among them would be held for good
close_inherited_files() {
  local file
  for file in "/proc/$BASHPID/fd/"*; do
    file=${file##*/}
    if ((file > 2)); then eval "exec $file>&-"; fi
  done
}

# daemon_spawn NAME: starts the recorded command line
daemon_spawn() {
  local name=$1 pid
  local -a command network=(nsenter --net="/run/netns/$NODE")
  mapfile -d '' -t command <"$RUN/$name.command"
  [[ ! -e $RUN/$name.outside ]] || network=()
  rm -f "$RUN/$name.stopped"
  (
    close_inherited_files
    exec setsid ${network[@]+"${network[@]}"} env -i PATH="$DAEMON_PATH" HOME="$STATE" LANG=C "${command[@]}"
  ) >>"$LOG/$name.log" 2>&1 </dev/null &
  pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(process_start_time "$pid")" >"$RUN/$name.pid"
}

# daemon_end NAME SIGNAL SECONDS: signals it and waits for its end; SIGKILL when the time is over
daemon_end() {
  local name=$1 signal=$2 deadline=$((SECONDS + $3))
  daemon_alive "$name" || return 0
  kill -s "$signal" "$DAEMON_PID" 2>/dev/null || true
  while daemon_alive "$name"; do
    if ((SECONDS >= deadline)); then
      say "$name did not end in $3 s: SIGKILL"
      kill -s KILL "$DAEMON_PID" 2>/dev/null || true
      deadline=$((SECONDS + 10))
    fi
    sleep 0.05
  done
}
