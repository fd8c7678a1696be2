//! Scripts and settings that are no secret. Pure.

use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use super::super::validate::ValidEndpoint;
use super::{metadata, settings, tenant_pod_cidrs};
use crate::config::Config;

/// Key of the canary's address, read when a container starts: a change restarts nothing.
pub(super) const CANARY_ADDRESS: &str = "canary-address";
/// Key of those whom the gate must expect to connect already.
pub(super) const ADMITTED: &str = "admitted.json";
/// Key of the entrypoint.
pub(super) const ENTRYPOINT: &str = "entrypoint.sh";
const SCRIPT: &str = include_str!("entrypoint.sh");
/// Key of `postgresql.conf`.
pub(super) const POSTGRESQL_CONF: &str = "postgresql.conf";

pub(super) fn build(valid: &ValidEndpoint, config: &Config) -> ConfigMap {
    let data = [
        (ENTRYPOINT, SCRIPT.to_owned()),
        (POSTGRESQL_CONF, settings::postgresql_conf(valid)),
        ("pg_hba.conf", settings::pg_hba_conf(valid, config)),
        ("database.sql", settings::database_sql(valid)),
        (CANARY_ADDRESS, valid.canary.to_string()),
        (ADMITTED, admitted(valid, config)),
    ];
    ConfigMap {
        metadata: metadata(valid),
        data: Some(data.map(|(key, value)| (key.to_owned(), value)).into()),
        ..ConfigMap::default()
    }
}

/// A server that wakes has its Service already: its clients may knock while the gate still
/// watches, and are no breach.
fn admitted(valid: &ValidEndpoint, config: &Config) -> String {
    let pods = tenant_pod_cidrs(valid, config);
    let from = valid
        .blocks
        .iter()
        .map(|block| block.cidr.to_string())
        .chain(pods.iter().map(ToString::to_string))
        .collect::<Vec<_>>();
    let except = valid
        .blocks
        .iter()
        .flat_map(|block| &block.except)
        .filter(|net| !pods.contains(net))
        .map(ToString::to_string)
        .collect::<Vec<_>>();
    json!({ "from": from, "except": except }).to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write as _};
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    use super::SCRIPT;
    use crate::probe::network::Network;

    /// The entrypoint's functions and what is asked of them.
    fn script(ask: &str) -> String {
        let start = SCRIPT.find("network() {").unwrap();
        let end = SCRIPT.find("# Single-user mode").unwrap();
        format!("set -eu\n{}\n{ask}\n", &SCRIPT[start..end])
    }

    /// Shells of official-style images.
    const SHELLS: [&[&str]; 2] = [&["sh"], &["busybox", "sh"]];

    fn run(shell: &[&str], arguments: &[&str], script: &str) -> Child {
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .args(arguments)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(script.as_bytes()).unwrap();
        child
    }

    #[test]
    fn gate_and_entrypoint_name_a_network_alike() {
        for shell in SHELLS {
            let output = run(shell, &["-s"], &script("network"));
            let said = output.wait_with_output().unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            assert_eq!(said, Network::read().unwrap().as_str(), "{shell:?}");
        }
    }

    /// Waits until the entrypoint has looked for its pass and gone to sleep, some times.
    fn has_looked(trace: &mut impl BufRead) {
        let sleeps = trace.lines().map(Result::unwrap);
        assert_eq!(
            sleeps.filter(|line| line.contains("sleep")).take(3).count(),
            3
        );
    }

    fn give(pass: &Path, content: &str) {
        let unfinished = pass.with_extension("new");
        std::fs::write(&unfinished, content).unwrap();
        std::fs::rename(unfinished, pass).unwrap();
    }

    #[test]
    fn the_entrypoint_waits_for_the_pass_of_its_own_network() {
        let place = tempfile::tempdir().unwrap();
        let pass = place.path().join("pass");
        let own = Network::read().unwrap();
        for shell in SHELLS {
            let _ = std::fs::remove_file(&pass);
            let ask = format!("pass={}; wait_for_pass", pass.display());
            let mut child = run(shell, &["-sx"], &script(&ask));
            let mut trace = BufReader::new(child.stderr.take().unwrap());
            has_looked(&mut trace);
            for other in ["", "another\n", &own.as_str().replace("net:[", "net:[9")] {
                give(&pass, other);
                has_looked(&mut trace);
                assert!(child.try_wait().unwrap().is_none(), "{other}");
            }
            give(&pass, own.as_str());
            assert!(trace.lines().all(|line| line.is_ok()));
            assert!(child.wait().unwrap().success(), "{shell:?}");
        }
    }

    #[test]
    fn no_program_of_postgres_comes_before_the_pass() {
        let (before, after) = SCRIPT.split_once("\nwait_for_pass\n").unwrap();
        // Functions are called only afterwards.
        let code = before.lines().filter(|line| !line.starts_with([' ', '#']));
        for line in code {
            for word in ["initdb", "postgres ", "exec ", "single_user \"", "$PGDATA"] {
                assert!(!line.contains(word), "{line}");
            }
        }
        assert!(after.contains("initdb --") && after.contains("exec postgres"));
    }
}
