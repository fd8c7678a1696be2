# shellcheck shell=bash
# What the API and the console need beside the repository's manifests: their Secrets, their certificates, and whom they trust
# to sign people in.
# Sourced; none of it lies in Git, and all of it goes with the cluster.

# api_prepare: before the overlay is applied, so that the first start of both finds everything
api_prepare() {
  lan_pki_up
  identity_provider_up
  # Again: a cluster that an older checkout has made has no pool for the API.
  kube apply --server-side -f "$CLUSTER_DIR/manifests/pool.yaml" >>"$LOG/kisenon.log" 2>&1 || fail "could not apply the address pools" kisenon
  save_authorities 0 || true # the operator may have none yet
  kube get namespace kisenon-system >/dev/null 2>&1 ||
    kube apply --server-side -f "$REPO_DIR/manifests/namespace.yaml" >>"$LOG/kisenon.log" 2>&1 ||
    fail "could not make the namespace kisenon-system" kisenon
  system_object secret tls kisenon-api-tls --cert="$PKI/api.crt" --key="$PKI/api.key"
  system_object secret tls kisenon-console-tls --cert="$PKI/console.crt" --key="$PKI/console.key"
  system_object configmap kisenon-idp --from-file=ca.crt="$PKI/kisenon-lan-ca.crt"
  # Made once: what the API has sealed in the store must stay readable, and people stay signed in at the console.
  random_secret kisenon-api secret-key
  random_secret kisenon-console nextauth-secret api-secret
}

# random_secret NAME KEY...: makes it if it is not there, through a pipe: what is random never is an argument
random_secret() {
  kube -n kisenon-system get secret "$1" >/dev/null 2>&1 || random_values "$@" | kube -n kisenon-system create -f - >/dev/null ||
    fail "could not make the Secret $1"
}

random_values() {
  local key
  printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: %s}\nstringData:\n' "$1"
  shift
  for key in "$@"; do printf '  %s: "%s"\n' "$key" "$(openssl rand -base64 32)"; done
}

# system_object KUBECTL CREATE ARGUMENTS...: makes it, or makes it so again
system_object() {
  kube -n kisenon-system create "$@" --dry-run=client -o yaml |
    kube apply --server-side --force-conflicts --field-manager=kisenon-up -f - >>"$LOG/kisenon.log" 2>&1 ||
    fail "could not apply the $1 $2 $3" kisenon
}

# api_reachable: it answers at its address on the LAN, with a certificate that its clients trust
api_reachable() {
  wait_until 60 "API $API_URL" - curl -sf --cacert "$CA_FILE" --output /dev/null "$API_URL/.well-known/jwks.json"
}

# console_reachable: the same of the console
console_reachable() {
  wait_until 60 "console $CONSOLE_URL" - curl -sf --cacert "$CA_FILE" --output /dev/null "$CONSOLE_URL/healthz"
}
