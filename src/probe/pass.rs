//! The pass: the file by which a gate lets the server of its pod start, and the evidence beside it.
//!
//! Both lie in a volume of the pod that the gate alone may write. The pass holds the [`Network`]
//! that was proved and is none in any other. It is written last and in one step, so whoever finds
//! it valid finds the evidence of that very proof.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::evidence::Evidence;
use super::gate::{self, GateConfig, GateError};
use super::network::Network;

/// Where the volume is mounted, in the gate and in the server's container.
pub const FOLDER: &str = "/run/kisenon";
/// What the program that shows the evidence says while there is none.
pub const NOT_PASSED: &str = "the gate has not passed yet";
const PASS: &str = "pass";
const EVIDENCE: &str = "evidence.json";
/// Ends the name of a file that is not whole yet.
const UNFINISHED: &str = ".new";

/// The folder in which a gate keeps its pass.
#[derive(Clone, Debug)]
pub struct PassFolder(PathBuf);

impl PassFolder {
    /// This folder, which must exist.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Whether it holds a pass for this network.
    #[must_use]
    pub fn admits(&self, network: &Network) -> bool {
        fs::read(self.0.join(PASS)).is_ok_and(|pass| pass == network.as_str().as_bytes())
    }

    /// What the gate has seen, as it wrote it; `None` while there is no pass for this network.
    ///
    /// # Errors
    /// When there is a pass and the evidence cannot be read.
    pub fn evidence(&self, network: &Network) -> io::Result<Option<String>> {
        if self.admits(network) {
            fs::read_to_string(self.0.join(EVIDENCE)).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Takes back what an earlier gate has left.
    ///
    /// # Errors
    /// When a file stays.
    pub fn clear(&self) -> io::Result<()> {
        for name in [PASS, EVIDENCE] {
            match fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives the pass: from now on the server runs.
    ///
    /// # Errors
    /// When it cannot be written; then there is none.
    pub fn give(&self, network: &Network, evidence: &Evidence) -> io::Result<()> {
        self.write(EVIDENCE, &serde_json::to_vec(evidence)?)?;
        self.write(PASS, network.as_str().as_bytes())
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let unfinished = self.0.join(format!("{name}{UNFINISHED}"));
        fs::write(&unfinished, content)?;
        fs::rename(unfinished, self.0.join(name))
    }
}

/// Proves this network and gives the pass. `None` when there was a pass for it already: then a
/// gate before this one has proved it, and the ports are the server's by now.
///
/// # Errors
/// Whenever isolation was not observed, for whatever reason; then there is no pass.
pub async fn earn(config: GateConfig, folder: &PassFolder) -> Result<Option<Evidence>, GateError> {
    let network = Network::read().map_err(GateError::Network)?;
    if folder.admits(&network) {
        return Ok(None);
    }
    folder.clear().map_err(GateError::Pass)?;
    // The gate's listeners are closed when this returns.
    let evidence = gate::run(config).await?;
    if Network::read().map_err(GateError::Network)? != network {
        return Err(GateError::Changed);
    }
    folder.give(&network, &evidence).map_err(GateError::Pass)?;
    Ok(Some(evidence))
}

#[cfg(test)]
mod tests {
    use super::super::evidence::tests::evidence;
    use super::*;

    #[test]
    fn a_pass_is_for_one_network_and_brings_its_evidence() {
        let place = tempfile::tempdir().unwrap();
        let folder = PassFolder::new(place.path());
        let network = Network::read().unwrap();
        assert!(!folder.admits(&network));
        assert_eq!(folder.evidence(&network).unwrap(), None);
        folder.give(&network, &evidence()).unwrap();
        assert!(folder.admits(&network));
        let kept = folder.evidence(&network).unwrap().unwrap();
        assert_eq!(Evidence::parse(&kept).unwrap(), evidence());

        folder.clear().unwrap();
        assert!(!folder.admits(&network));
        folder.clear().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_pass_of_another_network_is_none() {
        let place = tempfile::tempdir().unwrap();
        let folder = PassFolder::new(place.path());
        let network = Network::read().unwrap();
        folder.give(&network, &evidence()).unwrap();
        let pass = place.path().join(PASS);
        let text = fs::read_to_string(&pass).unwrap();
        for other in [
            text.replacen("net:[", "net:[9", 1),
            text[..text.len() / 2].to_owned(),
            format!("{text}eth9 9 9 0a:00:00:00:00:00\n"),
            String::new(),
        ] {
            fs::write(&pass, &other).unwrap();
            assert!(!folder.admits(&network), "{other}");
            assert_eq!(folder.evidence(&network).unwrap(), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_stale_pass_goes_before_anything_is_tried() {
        let place = tempfile::tempdir().unwrap();
        let folder = PassFolder::new(place.path());
        fs::write(place.path().join(PASS), "another network\n").unwrap();
        let mut config = GateConfig::new("127.0.0.1".parse().unwrap());
        (config.control_port, config.forbidden_port) = (1, 1);
        (config.gate_control_port, config.postgres_port) = (0, 0);
        config.deadline = std::time::Duration::from_millis(50);
        earn(config, &folder).await.unwrap_err();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_gate_that_comes_back_finds_its_pass_and_opens_no_port() {
        let place = tempfile::tempdir().unwrap();
        let folder = PassFolder::new(place.path());
        folder.give(&Network::read().unwrap(), &evidence()).unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = GateConfig::new("127.0.0.1".parse().unwrap());
        config.postgres_port = taken.local_addr().unwrap().port();
        assert_eq!(earn(config, &folder).await.unwrap(), None);
    }
}
