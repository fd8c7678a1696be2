#!/usr/bin/env bash
# Builds the client, self-contained and small, and prints its path. It writes only to the cargo target folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=e2e/cluster/settings.sh
. "$here/settings.sh"

# Of this checkout, and not of one around it; without a history the program does not say.
commit=$(GIT_CEILING_DIRECTORIES=$(dirname "$REPO_DIR") git -C "$REPO_DIR" describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null) || commit=
[[ -z $commit ]] || export KISENON_COMMIT=$commit
# Seeds come from the operating system alone: to gather more from the processor's jitter takes longer than all else that keon
# does.
AWS_LC_SYS_NO_JITTER_ENTROPY=1 "$here/cargo-static.sh" --profile keon --no-default-features --features cli --bin keon
printf '%s/keon/keon\n' "$("$here/cargo-static.sh" --print-dir)"
