//! `keon endpoints allow`: a range more or less, to the list as it is at that moment.

use ipnet::Ipv4Net;
use reqwest::Method;

use super::{body, project_of, show};
use crate::cli::args::endpoint::Allow;
use crate::cli::client::Client;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::wire::endpoint::access::Access;
use crate::wire::endpoint::{EndpointView, UpdateEndpoint};
use crate::wire::resource::change::Change;

/// Changes who may reach an endpoint.
pub(super) async fn run(context: &Context, args: Allow) -> Result<(), Error> {
    let client = context.client()?;
    let read = client.endpoint(&args.endpoint.endpoint).await?;
    let id = read.id.clone();
    let path = ["v1", "endpoints", &*id];
    let limit = args.wait.limit();
    if args.inherit {
        let body = UpdateEndpoint {
            access: Change::Remove,
            ..UpdateEndpoint::default()
        };
        let change = |_: &EndpointView| client.call(Method::PATCH, &path).body(&body);
        let changed = client.revise(&path, read, change).await?;
        return show(context, &client, changed, limit).await;
    }
    let inherited = match &read.access {
        Some(_) => Vec::new(),
        None => inherited(&client, &read).await?,
    };
    check_removed(&args, &present(&read, &inherited))?;
    warn_of_everyone(context, &args.cidrs)?;
    if read.access.is_none() {
        let (name, project) = (&read.name, &read.project.name);
        context.printer.note(&format!(
            "endpoint {name} has a list of its own from now on, not that of project {project}"
        ))?;
    }
    let access_path = ["v1", "endpoints", &*id, "access"];
    let change = |endpoint: &EndpointView| {
        let access = next(&args, present(endpoint, &inherited))?;
        client.call(Method::PUT, &access_path).body(&access)
    };
    let changed = client.revise(&path, read, change).await?;
    show(context, &client, changed, limit).await
}

/// Says so where somebody lets in the whole internet.
pub(super) fn warn_of_everyone(context: &Context, ranges: &[Ipv4Net]) -> Result<(), Error> {
    match ranges.iter().find(|range| range.prefix_len() == 0) {
        Some(range) => context.printer.warn(&format!(
            "{range} lets in everybody on the internet: only TLS and the password are left"
        )),
        None => Ok(()),
    }
}

/// The list of an endpoint that has none of its own.
async fn inherited(client: &Client, endpoint: &EndpointView) -> Result<Vec<String>, Error> {
    let project = project_of(client, endpoint).await?;
    let network = project.and_then(|project| project.network);
    Ok(network.map(|of| of.allowed_cidrs).unwrap_or_default())
}

fn present(endpoint: &EndpointView, inherited: &[String]) -> Access {
    endpoint.access.clone().unwrap_or_else(|| Access {
        allowed_cidrs: inherited.to_vec(),
        in_cluster: Default::default(),
    })
}

/// A range that is not let in was meant to be another.
fn check_removed(args: &Allow, present: &Access) -> Result<(), Error> {
    let mut removed = args.remove.iter();
    let Some(range) = removed.find(|range| !has(&present.allowed_cidrs, **range)) else {
        return Ok(());
    };
    let name = &args.endpoint.endpoint;
    let error = Error::refused(format!("the list of endpoint {name} does not hold {range}"));
    Err(match present.allowed_cidrs.is_empty() {
        true => error.hinting("it is empty"),
        false => error.hinting(format!("it holds {}", present.allowed_cidrs.join(", "))),
    })
}

/// The list as it is to be.
fn next(args: &Allow, present: Access) -> Result<Access, Error> {
    let mut allowed = match args.replace {
        true => Vec::new(),
        false => present.allowed_cidrs,
    };
    for range in &args.cidrs {
        if !has(&allowed, *range) {
            allowed.push(range.to_string());
        }
    }
    allowed.retain(|text| !args.remove.iter().any(|range| is(text, *range)));
    if allowed.is_empty() {
        let name = &args.endpoint.endpoint;
        return Err(
            Error::refused("nobody would be let in, and a list must not be empty").hinting(
                format!("stop it: keon endpoints suspend {name}; or name who may: --replace"),
            ),
        );
    }
    Ok(Access {
        allowed_cidrs: allowed,
        in_cluster: args.in_cluster.map_or(present.in_cluster, body::in_cluster),
    })
}

fn has(texts: &[String], range: Ipv4Net) -> bool {
    texts.iter().any(|text| is(text, range))
}

fn is(text: &str, range: Ipv4Net) -> bool {
    text.parse() == Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        allow: Allow,
    }

    fn parsed(args: &str) -> Result<Allow, clap::Error> {
        let words = ["keon", "main"].into_iter().chain(args.split_whitespace());
        Line::try_parse_from(words).map(|line| line.allow)
    }

    fn after(args: &str) -> Result<Vec<String>, Error> {
        let present = Access {
            allowed_cidrs: vec!["10.0.0.0/8".to_owned(), "192.0.2.1/32".to_owned()],
            in_cluster: Default::default(),
        };
        let args = parsed(args).unwrap();
        check_removed(&args, &present)?;
        next(&args, present).map(|access| access.allowed_cidrs)
    }

    #[test]
    fn a_list_grows_shrinks_and_is_replaced() {
        for (args, list) in [
            ("192.0.2.9", "10.0.0.0/8 192.0.2.1/32 192.0.2.9/32"),
            ("10.0.0.0/8", "10.0.0.0/8 192.0.2.1/32"),
            ("--remove 192.0.2.1", "10.0.0.0/8"),
            ("192.0.2.9 --remove 10.0.0.0/8,192.0.2.1", "192.0.2.9/32"),
            ("192.0.2.9 --replace", "192.0.2.9/32"),
        ] {
            assert_eq!(after(args).unwrap().join(" "), list, "{args}");
        }
        for args in ["--remove 10.0.0.0/8,192.0.2.1/32", "--remove 10.0.0.0/9"] {
            assert!(after(args).is_err(), "{args}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_not_taken() {
        for args in [
            "",
            "--replace",
            "--inherit 192.0.2.9",
            "192.0.2.9 --replace --remove 10.0.0.0/8",
            "10.0.0.1/8",
        ] {
            assert!(parsed(args).is_err(), "{args}");
        }
        assert!(parsed("--in-cluster none").is_ok());
        assert!(parsed("--inherit").is_ok());
    }
}
