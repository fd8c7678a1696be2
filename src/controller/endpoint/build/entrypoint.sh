#!/bin/sh
# Starts Postgres from an official-style image: any that has sh, the usual applets, initdb and
# postgres on PATH. May not reach the network; runs as uid 999 on a read-only root. Before the gate
# beside it has proved that the network is closed it only lays out files: no program of Postgres
# runs, and nothing listens.
set -eu
umask 077
# Process 1 of a container ends on no signal that it does not ask for.
trap 'exit 143' TERM

config=/etc/kisenon/config
credentials=/etc/kisenon/credentials
run=/run/postgresql
pass=/run/kisenon/pass

# The network that this container is in, in the words of the gate (src/probe/network.rs).
network() {
    cat /proc/sys/kernel/random/boot_id
    readlink /proc/self/ns/net
    for interface in /sys/class/net/*; do
        name=${interface##*/}
        if [ "$name" != lo ] && [ -e "$interface/ifindex" ]; then
            read -r index < "$interface/ifindex"
            read -r link < "$interface/iflink"
            read -r address < "$interface/address"
            printf '%s %s %s %s\n' "$name" "$index" "$link" "$address"
        fi
    done
}

# A pass may be left over from a sandbox that is gone: only one for this very network counts.
wait_for_pass() {
    here=$(network)
    until [ -f "$pass" ] && [ "$(cat "$pass")" = "$here" ]; do
        sleep 0.01
    done
}

# Single-user mode reports errors on its output only: look for them.
single_user() {
    output=$(postgres --single -D "$1" -c config_file="$config/postgresql.conf" \
        -c ssl=off -c hba_file="$run/pg_hba.conf" postgres < "$2" 2>&1)
    case $output in
        *ERROR:* | *FATAL:* | *PANIC:*)
            printf '%s\n' "$output" | grep -E 'ERROR:|FATAL:|PANIC:' >&2
            return 1
            ;;
    esac
}

# The startup probe looks for the socket, and a server that was killed has left its own.
rm -f "$run"/.s.PGSQL.*

# A running server reads copies, which can be replaced and reloaded.
cp "$config/pg_hba.conf" "$credentials/tls.crt" "$credentials/tls.key" "$run/"
chmod 600 "$run/pg_hba.conf" "$run/tls.crt" "$run/tls.key"

role=$(sha256sum < "$credentials/role.sql")
role=${role%% *}

wait_for_pass

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # Made beside its place and moved there whole, so that a crash leaves nothing half made.
    new=$PGDATA.new
    rm -rf "$new"
    initdb --pgdata "$new" --username postgres --encoding UTF8 --locale C.UTF-8 \
        --auth-local peer --auth-host scram-sha-256 --data-checksums --no-instructions > /dev/null
    cat "$credentials/role.sql" "$config/database.sql" > "$run/first.sql"
    single_user "$new" "$run/first.sql"
    rm "$run/first.sql"
    printf %s "$role" > "$new/kisenon.role"
    sync
    mv "$new" "$PGDATA"
elif [ "$(cat "$PGDATA/kisenon.role" 2> /dev/null)" != "$role" ]; then
    # The role was changed while the server was down: no client may meet the old one.
    rm -f "$PGDATA/postmaster.pid"
    single_user "$PGDATA" "$credentials/role.sql"
    printf %s "$role" > "$PGDATA/kisenon.role"
fi

exec postgres -D "$PGDATA" -c config_file="$config/postgresql.conf"
