# shellcheck shell=bash
# The root folder of a Postgres image from Debian's own packages, in the manner of the official image:
# uid 999, server and client programs on PATH, all contrib extensions, a shell with the usual applets, time zones, C.UTF-8.
# Sourced; it reads the machine's apt sources and writes only the folders that it is given.

# debian_mirror: the URI this machine takes Debian itself from (any sources format), or $KISENON_DEBIAN_MIRROR
debian_mirror() {
  local id codename
  # shellcheck source=/dev/null
  read -r id codename < <(. /etc/os-release && printf '%s %s\n' "$ID" "${VERSION_CODENAME:-}")
  if [[ -n ${KISENON_DEBIAN_MIRROR:-} ]]; then
    printf '%s\n' "$KISENON_DEBIAN_MIRROR"
  elif [[ $id == debian ]]; then
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
      awk -v suite="$codename" '$1 == suite && $2 == "main" && !found {print $3; found = 1}'
  fi
}

# postgres_root SUITE MAJOR WORK: leaves the image's root folder in WORK/image
postgres_root() {
  local suite=$1 major=$2 work=$3 mirror tree=$3/tree root=$3/image
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || fail "no Debian mirror found in the apt sources; name one in KISENON_DEBIAN_MIRROR"
  mkdir -p "$work"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" >"$work/apt.list"
  mmdebstrap --quiet --variant=extract --include="postgresql-$major,busybox-static" "$suite" "$tree" "$work/apt.list" \
    >"$work/mmdebstrap.log" 2>&1 || {
    tail -n 15 "$work/mmdebstrap.log" >&2
    fail "mmdebstrap could not read Debian $suite from $mirror"
  }
  merge_usr "$tree"
  base_files "$root"
  copy_server "$tree" "$root" "$major"
  copy_libraries "$tree" "$root" "usr/lib/postgresql/$major"
  copy_busybox "$tree/usr/bin/busybox" "$root/usr/bin"
  rm -rf "$tree"
}

# merge_usr TREE: /bin, /lib and their like become links into /usr, as on an installed system
merge_usr() {
  local folder
  for folder in bin sbin lib lib64; do
    [[ ! -L $1/$folder ]] || continue
    mkdir -p "$1/usr/$folder"
    if [[ -d $1/$folder ]]; then
      cp -a "$1/$folder/." "$1/usr/$folder/"
      rm -r "${1:?}/$folder"
    fi
    ln -s "usr/$folder" "$1/$folder"
  done
}

# base_files ROOT: the folders and accounts of an image that starts with nothing
base_files() {
  mkdir -p "$1"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,dev,proc,sys,tmp,run/postgresql,var/lib/postgresql/data,var/tmp}
  local folder
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$1/$folder"; done
  ln -s ../run "$1/var/run"
  chmod 1777 "$1/tmp" "$1/var/tmp"
  printf 'root:x:0:0:root:/:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\npostgres:x:999:\n' >"$1/etc/group"
  printf 'hosts: files dns\n' >"$1/etc/nsswitch.conf"
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

# copy_libraries TREE ROOT HOME: the loader and every shared object that the programs and extensions name
copy_libraries() {
  local tree=$1 root=$2 home=$3 loader object library
  loader=$(cd "$tree" && find usr/lib64 usr/lib -maxdepth 2 -name 'ld-linux*.so*' | head -n 1)
  [[ -n $loader ]] || fail "no dynamic loader in the Debian tree $tree"
  for object in "$root/$home"/bin/* "$root/$home"/lib/*.so; do
    chroot "$tree" "/$loader" --list "/${object#"$root/"}" 2>/dev/null || true
  done | awk '$2 == "=>" {print $3} $1 ~ /ld-linux/ {print $1}' | sort -u |
    while read -r library; do
      [[ $library == /* ]] || continue
      library=usr/${library#/}
      library=${library/#usr\/usr\//usr/}
      mkdir -p "$root/$(dirname "$library")"
      cp -L "$tree/$library" "$root/$library"
    done
  chroot "$root" "/$home/bin/postgres" --version >/dev/null || fail "the Postgres image of $home does not start"
}

# copy_busybox BUSYBOX FOLDER: the shell and its applets, never over a program that is there already
copy_busybox() {
  local applet
  cp "$1" "$2/busybox"
  for applet in $("$1" --list); do
    [[ -e $2/$applet ]] || ln -s busybox "$2/$applet"
  done
}
