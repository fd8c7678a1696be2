# shellcheck shell=bash
# Programs of another Debian release for an image: its packages are unpacked and never installed, and what an image needs of
# them is copied out with the shared libraries that it names.
# Sourced; it reads the machine's apt sources and writes only the folders that it is given.

# debian_sources SUITE: a line for each archive, that of security fixes among them, as this machine is told to find them (any
# sources format); or $KISENON_DEBIAN_MIRROR alone
debian_sources() {
  local suite=$1 id codename mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  # shellcheck source=/dev/null
  read -r id codename < <(. /etc/os-release && printf '%s %s\n' "$ID" "${VERSION_CODENAME:-}")
  if [[ -n ${KISENON_DEBIAN_MIRROR:-} ]]; then
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$KISENON_DEBIAN_MIRROR" "$suite"
  elif [[ $id == debian ]]; then
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages')
    awk -v keyring="$keyring" -v here="$codename" -v suite="$suite" '
      $2 != "main" || seen[$1]++ {next}
      $1 == here {printf "deb [signed-by=%s] %s %s main\n", keyring, $3, suite}
      $1 == here "-security" {printf "deb [signed-by=%s] %s %s-security main\n", keyring, $3, suite}' <<<"$mirror"
  fi
}

# debian_tree SUITE PACKAGES WORK: the packages (by commas) and what they depend on, unpacked into WORK/tree
debian_tree() {
  local suite=$1 packages=$2 work=$3
  mkdir -p "$work"
  debian_sources "$suite" >"$work/apt.list"
  [[ -s $work/apt.list ]] || fail "no Debian mirror found in the apt sources; name one in KISENON_DEBIAN_MIRROR"
  mmdebstrap --quiet --variant=extract --include="$packages" "$suite" "$work/tree" "$work/apt.list" >"$work/mmdebstrap.log" 2>&1 || {
    tail -n 15 "$work/mmdebstrap.log" >&2
    fail "mmdebstrap could not read Debian $suite from $(awk '{print $3}' "$work/apt.list" | tr '\n' ' ')"
  }
  merge_usr "$work/tree"
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

# base_files ROOT: the folders of an image that starts with nothing
base_files() {
  local folder
  mkdir -p "$1"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,dev,proc,sys,tmp,run,var/tmp}
  for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$1/$folder"; done
  ln -s ../run "$1/var/run"
  chmod 1777 "$1/tmp" "$1/var/tmp"
  printf 'hosts: files dns\n' >"$1/etc/nsswitch.conf"
}

# copy_libraries TREE ROOT OBJECT...: the loader and every shared library that the objects, which are in both, name
copy_libraries() {
  local tree=$1 root=$2 loader object library
  shift 2
  loader=$(cd "$tree" && find usr/lib64 usr/lib -maxdepth 2 -name 'ld-linux*.so*' | head -n 1)
  [[ -n $loader ]] || fail "no dynamic loader in the Debian tree $tree"
  for object in "$@"; do
    chroot "$tree" "/$loader" --list "/$object" 2>/dev/null || true
  done | awk '$2 == "=>" {print $3} $1 ~ /ld-linux/ {print $1}' | sort -u |
    while read -r library; do
      [[ $library == /* ]] || continue
      library=usr/${library#/}
      library=${library/#usr\/usr\//usr/}
      mkdir -p "$root/$(dirname "$library")"
      cp -L "$tree/$library" "$root/$library"
    done
}
