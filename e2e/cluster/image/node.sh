# shellcheck shell=bash
# The root folder of an image that runs a Node program, from Debian's own packages: node with its libraries, no shell, no npm.
# Sourced, with debian.sh; it writes only the folders that it is given.

# The first Debian release whose Node is new enough for Next.
NODE_SUITE=trixie

# Debian's node reads PUBLIC_ROOTS from their file and has none built in.
# node_root WORK: leaves the image's root folder in WORK/image, for an account "node" with the id 65532
node_root() {
  local tree=$1/tree root=$1/image
  debian_tree "$NODE_SUITE" nodejs "$1"
  base_files "$root"
  cp "$tree/usr/bin/node" "$root/usr/bin/node"
  copy_libraries "$tree" "$root" usr/bin/node
  # Parts of node that Debian keeps as packages of their own; it does not start without them.
  mkdir -p "$root/usr/share" "$root$(dirname "$PUBLIC_ROOTS")"
  cp -a "$tree/usr/share/nodejs" "$root/usr/share/nodejs"
  rm -rf "$root/usr/share/nodejs"/{corepack,@types,undici-types}
  install -m 644 "$PUBLIC_ROOTS" "$root$PUBLIC_ROOTS"
  printf 'node:x:65532:65532::/:/none\n' >"$root/etc/passwd"
  printf 'node:x:65532:\n' >"$root/etc/group"
  rm -rf "$tree"
  chroot "$root" /usr/bin/node --version >/dev/null || fail "the Node of Debian $NODE_SUITE does not start in its image"
}
