//! One round of dials by the gate.
//!
//! Gathers observations and decides nothing.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{GateConfig, control_targets, target};
use crate::probe::address::{Family, OwnAddresses};
use crate::probe::dial::{Dial, dial_routes};
use crate::probe::protocol::{Answer, MAX_ADDRESSES, Reply, Request, VERSION, read_line, to_line};
use crate::probe::round::{ControlDial, Round};

/// Opening the control connection may cost a resent SYN's patience, not more.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// The canary answers within its own dial timeout, unless it is starved.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Makes every dial of one round. `known` are the canary's addresses from the round before,
/// which are dialled while the canary dials back.
pub(super) async fn round(config: &GateConfig, own: &OwnAddresses, known: &[IpAddr]) -> Round {
    let mut round = Round {
        own: own.settled.clone(),
        tentative: own.tentative.clone(),
        ..Round::default()
    };
    let mut early = vec![config.canary];
    extend(&mut early, known, own);
    let (first, dials) = tokio::join!(
        exchange(config, config.canary, own),
        dial_forbidden(config, own, &early)
    );
    round.egress.forbidden = dials;
    record(&mut round, config.canary, first);

    // What is known only now: the canary's addresses on the first round or after a restart,
    // and where to ask over the other families.
    let mut late = Vec::new();
    extend(&mut late, &round.canary, own);
    late.retain(|address| !early.contains(address));
    let others = control_targets(config, own, &round.canary);
    let (answers, dials) = tokio::join!(
        join_all(others.iter().map(|address| exchange(config, *address, own))),
        dial_forbidden(config, own, &late)
    );
    round.egress.forbidden.extend(dials);
    for (address, answer) in others.into_iter().zip(answers) {
        record(&mut round, address, answer);
    }
    round
}

/// Adds the addresses this pod has a family for; the others cannot be dialled from here.
fn extend(targets: &mut Vec<IpAddr>, addresses: &[IpAddr], own: &OwnAddresses) {
    for address in addresses {
        let dialable = Family::of(*address).is_some_and(|family| own.has(family));
        if dialable && !targets.contains(address) && targets.len() <= MAX_ADDRESSES {
            targets.push(*address);
        }
    }
}

async fn dial_forbidden(config: &GateConfig, own: &OwnAddresses, to: &[IpAddr]) -> Vec<Dial> {
    let dials = to
        .iter()
        .map(|address| dial_routes(*address, own.routes_to(*address, config.forbidden_port)));
    join_all(dials).await
}

fn record(round: &mut Round, address: IpAddr, answer: Result<Answer, String>) {
    let error = match answer {
        Ok(answer) => {
            merge(&mut round.canary, answer.canary_addresses);
            round.ingress.control.push(Dial {
                address: answer.peer,
                outcome: answer.control,
            });
            round.ingress.forbidden.extend(answer.forbidden);
            merge(&mut round.ingress.blind, answer.blind);
            None
        }
        Err(error) => Some(error),
    };
    round.egress.control.push(ControlDial { address, error });
}

fn merge(into: &mut Vec<IpAddr>, from: Vec<IpAddr>) {
    for address in from.into_iter().take(MAX_ADDRESSES) {
        if !into.contains(&address) {
            into.push(address);
        }
    }
}

/// Asks the canary to dial back; the error is a sentence for people.
async fn exchange(
    config: &GateConfig,
    canary: IpAddr,
    own: &OwnAddresses,
) -> Result<Answer, String> {
    let connect = TcpStream::connect(target(canary, config.control_port));
    let mut stream = match timeout(CONNECT_TIMEOUT, connect).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(format!("it could not be reached ({})", error.kind())),
        Err(_elapsed) => return Err("it could not be reached (timed out)".to_owned()),
    };
    let request = Request {
        version: VERSION,
        addresses: own.settled.iter().copied().take(MAX_ADDRESSES).collect(),
    };
    let reply = match timeout(ANSWER_TIMEOUT, ask(&mut stream, &request)).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => return Err(format!("it gave no answer ({})", error.kind())),
        Err(_elapsed) => return Err("it gave no answer (timed out)".to_owned()),
    };
    match reply {
        Reply::Declined { error } => Err(format!("it declined ({error})")),
        // Denied dials of some other port would prove nothing about this one.
        Reply::Answer(answer)
            if answer.forbidden_port != config.postgres_port
                || answer.gate_control_port != config.gate_control_port =>
        {
            Err("it dials other ports than this gate listens on".to_owned())
        }
        Reply::Answer(answer) => Ok(answer),
    }
}

async fn ask(stream: &mut TcpStream, request: &Request) -> io::Result<Reply> {
    stream.write_all(&to_line(request)?).await?;
    let line = read_line(stream).await?;
    Ok(serde_json::from_slice(&line)?)
}
