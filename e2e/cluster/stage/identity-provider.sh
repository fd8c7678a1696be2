# shellcheck shell=bash
# The development identity provider of e2e/idp, a process on the machine's own leg of the LAN: pods, the LAN's hosts and this
# machine reach it, nobody else does.
# Sourced; it writes below the cache and the state folder.

IDP_DIR=$REPO_DIR/e2e/idp

# identity_provider_packages: what npm has to fetch
identity_provider_packages() { npm_packages_up "$IDP_DIR" --omit=dev; }

# identity_provider_up: it runs, from the present sources; an older one is replaced
identity_provider_up() {
  local folder=$STATE/identity-provider modules node
  modules=$(npm_packages "$IDP_DIR")/node_modules
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
