#!/usr/bin/env bash
# Prints shell exports for the running local cluster: eval "$(make -s env)".
# It prints exports only, and refreshes nothing but the copy of the certificate authorities.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"
# shellcheck source=e2e/cluster/stage/kisenon.sh
. "$here/stage/kisenon.sh"

if [[ ! -e $STATE/complete ]]; then
  printf 'there is no local cluster: make up\n' >&2
  exit 1
fi
if [[ -e $STATE/deployed ]]; then save_authorities 0 || true; fi
printf 'export KUBECONFIG=%q\n' "$ADMIN_KUBECONFIG"
printf 'export PATH=%q:"$%s"\n' "$STATE_BIN" PATH
printf 'export KISENON_CA_FILE=%q\n' "$CA_FILE"
printf 'export KISENON_API_URL=%q\n' "$API_URL"
printf 'export KISENON_CONSOLE_URL=%q\n' "$CONSOLE_URL"
