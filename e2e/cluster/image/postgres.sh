# shellcheck shell=bash
# The root folder of a Postgres image from Debian's own packages, in the manner of the official image:
# uid 999, server and client programs on PATH, all contrib extensions, a shell with the usual applets, time zones, C.UTF-8.
# Sourced, with debian.sh; it writes only the folders that it is given.

# postgres_root SUITE MAJOR WORK: leaves the image's root folder in WORK/image
postgres_root() {
  local suite=$1 major=$2 tree=$3/tree root=$3/image home=usr/lib/postgresql/$2 object
  local -a objects=()
  debian_tree "$suite" "postgresql-$major,busybox-static" "$3"
  base_files "$root"
  postgres_account "$root"
  copy_server "$tree" "$root" "$major"
  for object in "$root/$home"/bin/* "$root/$home"/lib/*.so; do objects+=("${object#"$root/"}"); done
  copy_libraries "$tree" "$root" "${objects[@]}"
  chroot "$root" "/$home/bin/postgres" --version >/dev/null || fail "the Postgres image of $home does not start"
  copy_busybox "$tree/usr/bin/busybox" "$root/usr/bin"
  rm -rf "$tree"
}

# postgres_account ROOT: who runs the server, and the folders that are theirs
postgres_account() {
  mkdir -p "$1"/{run/postgresql,var/lib/postgresql/data}
  printf 'root:x:0:0:root:/:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\npostgres:x:999:\n' >"$1/etc/group"
  chown -R 999:999 "$1/var/lib/postgresql" "$1/run/postgresql"
  chmod 700 "$1/var/lib/postgresql/data"
}

# copy_server TREE ROOT MAJOR: programs, extensions, time zones, locale; without JIT (it needs LLVM) and without manuals
copy_server() {
  local tree=$1 root=$2 home=usr/lib/postgresql/$3 share=usr/share/postgresql/$3
  mkdir -p "$root/$home" "$root/usr/share/postgresql" "$root/usr/lib/locale"
  cp -a "$tree/$home/bin" "$tree/$home/lib" "$root/$home/"
  rm -rf "$root/$home/lib/bitcode" "$root/$home/lib/pgxs" "$root/$home"/lib/llvmjit*
  cp -a "$tree/$share" "$root/usr/share/postgresql/"
  rm -rf "$root/$share/man"
  cp -a "$tree/usr/share/zoneinfo" "$root/usr/share/"
  rm -rf "$root"/usr/share/zoneinfo/{right,posix}
  cp -a "$tree/usr/lib/locale/C.utf8" "$root/usr/lib/locale/"
}

# copy_busybox BUSYBOX FOLDER: the shell and its applets, never over a program that is there already
copy_busybox() {
  local applet
  cp "$1" "$2/busybox"
  for applet in $("$1" --list); do
    [[ -e $2/$applet ]] || ln -s busybox "$2/$applet"
  done
}
