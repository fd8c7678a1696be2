//! What gate and canary say to each other: one JSON line each way per connection.
//!
//! Types and line reading only. The request carries no port and no address the canary would
//! dial and report on, so whoever speaks this protocol gains no scanner by it.

use std::io;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use super::dial::{Dial, Outcome};

/// The version of the protocol spoken here.
pub const VERSION: u32 = 1;
/// The longest line either side reads.
pub const MAX_LINE: u64 = 4096;
/// The most addresses a gate may list, and a canary may report.
pub const MAX_ADDRESSES: usize = 16;

/// What a gate asks of the canary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Must be [`VERSION`].
    pub version: u32,
    /// The addresses of the gate's pod; the canary uses only link-local ones.
    pub addresses: Vec<IpAddr>,
}

/// What the canary saw when it dialled back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The canary's own addresses on which its forbidden port answered the canary itself.
    pub canary_addresses: Vec<IpAddr>,
    /// The gate's address as the canary sees it.
    pub peer: IpAddr,
    /// The gate's control port at `peer`.
    pub control: Outcome,
    /// The gate's control port that was dialled.
    pub gate_control_port: u16,
    /// The gate's Postgres port at `peer`.
    pub forbidden: Vec<Dial>,
    /// The Postgres port that was dialled.
    pub forbidden_port: u16,
    /// Link-local addresses whose Postgres port was dialled without reporting the outcome.
    ///
    /// The gate counts what reaches its own listener. An outcome told here would let any
    /// tenant learn which of its neighbours listen.
    pub blind: Vec<IpAddr>,
}

/// The canary's line: an answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    /// The canary dialled back.
    Answer(Answer),
    /// The canary did not dial back.
    Declined {
        /// Why, in words.
        error: String,
    },
}

/// Reads one line of at most [`MAX_LINE`] bytes.
///
/// # Errors
/// When the line is too long, cut short or unreadable.
pub async fn read_line(stream: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut limited = BufReader::new(stream.take(MAX_LINE));
    limited.read_until(b'\n', &mut line).await?;
    if line.pop() == Some(b'\n') {
        Ok(line)
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

/// One value as a line.
///
/// # Errors
/// When the value does not serialize.
pub fn to_line(value: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_read_up_to_its_end() {
        assert_eq!(read_line(&b"abc\ndef\n"[..]).await.unwrap(), b"abc");
        assert!(read_line(&b"abc"[..]).await.is_err());
        assert!(read_line(&b""[..]).await.is_err());
        let long = vec![b'a'; 5000];
        assert!(read_line(&long[..]).await.is_err());
    }

    #[test]
    fn a_request_cannot_name_a_port() {
        let with_port = r#"{"version":1,"addresses":[],"forbiddenPort":22}"#;
        assert!(serde_json::from_str::<Request>(with_port).is_err());
    }

    #[test]
    fn a_refusal_is_not_read_as_an_answer() {
        let reply: Reply = serde_json::from_str(r#"{"error":"too many requests"}"#).unwrap();
        assert!(matches!(reply, Reply::Declined { .. }));
    }
}
