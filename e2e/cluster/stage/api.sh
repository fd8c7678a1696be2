# shellcheck shell=bash
# What the API needs beside the repository's manifests: its Secrets, its certificate, and whom it trusts to sign people in.
# Sourced; none of it lies in Git, and all of it goes with the cluster.

# api_prepare: before the overlay is applied, so that the API's first start finds everything
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
  system_object configmap kisenon-idp --from-file=ca.crt="$PKI/kisenon-lan-ca.crt"
  # Made once: what it has sealed in the store must stay readable.
  kube -n kisenon-system get secret kisenon-api >/dev/null 2>&1 || secret_key | kube -n kisenon-system create -f - >/dev/null ||
    fail "could not make the Secret kisenon-api"
}

# system_object KUBECTL CREATE ARGUMENTS...: makes it, or makes it so again
system_object() {
  kube -n kisenon-system create "$@" --dry-run=client -o yaml |
    kube apply --server-side --force-conflicts --field-manager=kisenon-up -f - >>"$LOG/kisenon.log" 2>&1 ||
    fail "could not apply the $1 $2 $3" kisenon
}

# Through a pipe, never as an argument.
secret_key() {
  printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: kisenon-api}\nstringData: {secret-key: "%s"}\n' "$(openssl rand -base64 32)"
}

# api_reachable: it answers at its address on the LAN, with a certificate that its clients trust
api_reachable() {
  wait_until 60 "API $API_URL" - curl -sf --cacert "$CA_FILE" --output /dev/null "$API_URL/.well-known/jwks.json"
}
