# shellcheck shell=bash
# The development identity provider of e2e/idp, a process on the machine's own leg of the LAN: pods, the LAN's hosts and this
# machine reach it, nobody else does. Its npm packages are kept in the cache, by the hash of the lock file.
# Sourced; it writes below the cache and the state folder.

IDP_DIR=$REPO_DIR/e2e/idp

idp_modules() { printf '%s/%s' "$NODE_MODULES_ROOT" "$(sha256sum <"$IDP_DIR/package-lock.json" | cut -c 1-16)"; }

# identity_provider_packages: what npm has to fetch, once per lock file
identity_provider_packages() {
  local target work
  target=$(idp_modules)
  [[ ! -d $target ]] || return 0
  mkdir -p "$NODE_MODULES_ROOT"
  exec 8>"$NODE_MODULES_ROOT/lock"
  flock 8
  if [[ ! -d $target ]]; then
    rm -rf "$NODE_MODULES_ROOT"/installing.* # of a run that was ended
    work=$(mktemp -d "$NODE_MODULES_ROOT/installing.XXXXXX")
    cp "$IDP_DIR"/{package.json,package-lock.json,.npmrc} "$work/"
    # No package may run a program of its own at the installation.
    npm ci --prefix "$work" --omit=dev --ignore-scripts >"$NODE_MODULES_ROOT/npm.log" 2>&1 </dev/null || {
      tail -n 15 "$NODE_MODULES_ROOT/npm.log" >&2
      fail "npm could not install the packages of e2e/idp; its log is $NODE_MODULES_ROOT/npm.log"
    }
    chmod 755 "$work"
    mv "$work" "$target"
    say "npm packages of the identity provider"
  fi
  exec 8>&-
}

# identity_provider_up: it runs, from the present sources; an older one is replaced
identity_provider_up() {
  local folder=$STATE/identity-provider modules node
  modules=$(idp_modules)/node_modules
  node=$(command -v node)
  if ! daemon_alive identity-provider || ! cmp -s "$IDP_DIR/server.mjs" "$folder/server.mjs" ||
    [[ $(readlink "$folder/node_modules") != "$modules" ]]; then
    daemon_end identity-provider TERM 5
    mkdir -p "$folder"
    cp "$IDP_DIR/server.mjs" "$folder/"
    ln -sfn "$modules" "$folder/node_modules"
    daemon_start_outside identity-provider "$node" "$folder/server.mjs" --address "$ROOT_IP" --port "$IDP_PORT" \
      --certificate "$PKI/identity-provider.crt" --key "$PKI/identity-provider.key" --signing-key "$PKI/id-token.key" \
      --redirect "$CONSOLE_URL/api/auth/callback/dev" --redirect http://127.0.0.1/callback
  fi
  wait_until 30 "identity provider $IDP_URL" identity-provider \
    curl -sf --cacert "$PKI/kisenon-lan-ca.crt" "$IDP_URL/.well-known/openid-configuration"
}
