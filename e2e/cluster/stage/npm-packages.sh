# shellcheck shell=bash
# npm packages of the repository's programs, in the cache: one folder for each lock file, shared by all clones, never changed.
# Sourced, with cache.sh; it writes only below the cache.

# npm_packages FOLDER: where its packages are, or will be
npm_packages() { printf '%s/%s' "$NODE_MODULES_ROOT" "$(sha256sum <"$1/package-lock.json" | cut -c 1-16)"; }

# npm_packages_up FOLDER [OPTIONS OF npm ci...]: fetches them, once per lock file
npm_packages_up() {
  local folder=$1 target work
  shift
  target=$(npm_packages "$folder")
  [[ ! -d $target ]] || return 0
  mkdir -p "$NODE_MODULES_ROOT"
  exec 8>"$NODE_MODULES_ROOT/lock"
  flock -n 8 || { say "another run fetches npm packages: waiting for it"; flock 8; }
  if [[ ! -d $target ]]; then
    rm -rf "$NODE_MODULES_ROOT"/installing.* # of a run that was ended
    work=$(mktemp -d "$NODE_MODULES_ROOT/installing.XXXXXX")
    cp "$folder"/{package.json,package-lock.json,.npmrc} "$work/"
    # No package may run a program of its own at the installation.
    npm ci --prefix "$work" --ignore-scripts "$@" >"$NODE_MODULES_ROOT/npm.log" 2>&1 </dev/null || {
      tail -n 15 "$NODE_MODULES_ROOT/npm.log" >&2
      fail "npm could not install the packages of ${folder#"$REPO_DIR/"}; its log is $NODE_MODULES_ROOT/npm.log"
    }
    chmod 755 "$work"
    mv "$work" "$target"
    forget_old_packages
    say "npm packages of ${folder#"$REPO_DIR/"}"
  fi
  exec 8>&-
}

# Each new lock file makes a folder; the eight newest are enough for all programs and a few branches.
forget_old_packages() {
  find "$NODE_MODULES_ROOT" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | keep_newest 8
}
