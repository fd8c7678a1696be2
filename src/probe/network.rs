//! Which network this process is in: the text by which a proof is bound to what was proved.
//!
//! A pod's sandbox can be made anew, with a new network, while the pod and its volumes stay. The
//! text is another one then, also after a restart of the node: the kernel gives the host's end of
//! a pod's interface (`iflink`) a number that it does not give again before the next boot.
//! `entrypoint.sh` makes the same text with a shell, and a test holds both to it.
//!
//! Reads the kernel's own files; it changes nothing and opens no connection.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
const NAMESPACE: &str = "/proc/self/ns/net";
const INTERFACES: &str = "/sys/class/net";
/// What tells one interface from every other, files of its folder.
const MARKS: [&str; 3] = ["ifindex", "iflink", "address"];

/// The network that this process is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network(String);

/// An interface as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Interface {
    name: String,
    marks: [String; MARKS.len()],
}

impl Network {
    /// Reads it.
    ///
    /// # Errors
    /// When the kernel does not tell, or shows no interface but the loopback: such a text would
    /// be that of many networks.
    pub fn read() -> io::Result<Self> {
        let boot = read_line(Path::new(BOOT_ID))?;
        let namespace = std::fs::read_link(NAMESPACE)?;
        let mut interfaces = Vec::new();
        for entry in std::fs::read_dir(INTERFACES)? {
            let entry = entry?;
            // Not every entry is an interface.
            if entry.path().join(MARKS[0]).exists() {
                interfaces.push(Interface::read(
                    &entry.path(),
                    &entry.file_name().to_string_lossy(),
                )?);
            }
        }
        interfaces.retain(|interface| interface.name != "lo");
        if interfaces.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "there is no interface but the loopback",
            ));
        }
        interfaces.sort_unstable();
        Ok(Self::describe(
            &boot,
            &namespace.to_string_lossy(),
            &interfaces,
        ))
    }

    fn describe(boot: &str, namespace: &str, interfaces: &[Interface]) -> Self {
        let mut text = format!("{boot}\n{namespace}\n");
        for Interface { name, marks } in interfaces {
            let _ = writeln!(text, "{name} {}", marks.join(" "));
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Interface {
    fn read(folder: &Path, name: &str) -> io::Result<Self> {
        let [index, link, address] = MARKS.map(|mark| read_line(&folder.join(mark)));
        Ok(Self {
            name: name.to_owned(),
            marks: [index?, link?, address?],
        })
    }
}

fn read_line(path: &Path) -> io::Result<String> {
    Ok(std::fs::read_to_string(path)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, index: &str, link: &str) -> Interface {
        Interface {
            name: name.to_owned(),
            marks: [index, link, "0a:58:0a:f4:00:07"].map(str::to_owned),
        }
    }

    #[test]
    fn a_network_is_told_in_lines() {
        let interfaces = [interface("eth0", "2", "45"), interface("net1", "3", "46")];
        let network = Network::describe("b00t", "net:[4026532001]", &interfaces);
        assert_eq!(
            network.as_str(),
            "b00t\nnet:[4026532001]\neth0 2 45 0a:58:0a:f4:00:07\nnet1 3 46 0a:58:0a:f4:00:07\n"
        );
    }

    #[test]
    fn every_part_tells_networks_apart() {
        let network = |boot, namespace, index, link| {
            Network::describe(boot, namespace, &[interface("eth0", index, link)])
        };
        let one = network("b00t", "net:[1]", "2", "45");
        for other in [
            network("b007", "net:[1]", "2", "45"),
            network("b00t", "net:[2]", "2", "45"),
            network("b00t", "net:[1]", "3", "45"),
            network("b00t", "net:[1]", "2", "46"),
        ] {
            assert_ne!(one, other);
        }
    }
}
