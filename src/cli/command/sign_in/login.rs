//! `keon login`: chooses a way in, and sees to it beforehand that a key could be kept.

mod browser;
mod device;
mod keep;
mod loopback;
mod page;
mod redirect;
mod token;

use std::time::Duration;

use crate::cli::args::sign_in::Login;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::settings::Environment;
use crate::domain::api_key::{LABEL_LENGTH, is_label};

/// How long the browser is waited for unless somebody says otherwise.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Longest name of a profile.
const LONGEST_NAME: usize = 64;

/// A way to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The browser of this machine.
    Browser,
    /// The browser of another one.
    Device,
    /// A key that somebody has.
    Token,
}

/// Signs in.
pub(in crate::cli::command) async fn run(context: &Context, args: Login) -> Result<(), Error> {
    let settings = &context.settings;
    check_name(&settings.profile_name)?;
    if let Some(other) = settings
        .profile
        .as_ref()
        .filter(|of| !of.is_for(&settings.api_url))
    {
        return Err(keep::of_another_server(&settings.profile_name, other));
    }
    let way = choose(&args, &settings.environment);
    if way == Way::Token {
        return token::run(context, args.with_token.as_deref()).await;
    }
    let label = match args.label {
        Some(label) => checked(label)?,
        None => default_label(&gethostname::gethostname().to_string_lossy()),
    };
    // Nobody should agree in a browser to a key that cannot be kept.
    settings.store.prepare()?;
    match way {
        Way::Device => device::run(context, &label, args.timeout).await,
        _ => {
            let timeout = args.timeout.unwrap_or(PATIENCE);
            browser::run(context, args.console_url.as_ref(), &label, timeout).await
        }
    }
}

/// The person has said no (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5).
fn denied() -> Error {
    Error::refused("access was refused in the browser").hinting("to sign in after all: keon login")
}

/// A browser helps where it is on the person's own screen, and somebody is there.
fn choose(args: &Login, environment: &Environment) -> Way {
    let is_attended = environment.has_keyboard || environment.has_message_screen;
    if args.with_token.is_some() {
        Way::Token
    } else if args.browser || (!args.device && environment.has_browser && is_attended) {
        Way::Browser
    } else {
        Way::Device
    }
}

/// A name that can be typed, and does nothing to a terminal that lists it.
fn check_name(name: &str) -> Result<(), Error> {
    let is_good = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    if is_good {
        return Ok(());
    }
    Err(
        Error::usage(format!("{name:?} cannot be the name of a profile"))
            .hinting("write up to 64 letters, digits, dots, hyphens and underscores"),
    )
}

/// The rule of the server, before anybody opens a browser.
fn checked(label: String) -> Result<String, Error> {
    if is_label(&label) {
        return Ok(label);
    }
    Err(Error::usage("this cannot be the label of a key").hinting(
        "write 1 to 128 characters without control characters, and no space at either end",
    ))
}

/// What lists of keys show of this machine.
fn default_label(host: &str) -> String {
    let name = host.chars().filter(|c| !c.is_control());
    let label = format!("keon on {}", name.collect::<String>().trim());
    let label = label.chars().take(LABEL_LENGTH).collect::<String>();
    label.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Args, Command};

    fn environment(has_browser: bool, is_attended: bool) -> Environment {
        Environment {
            api_key: None,
            config_folder: None,
            cache_folder: None,
            libpq_variables: Vec::new(),
            has_keyboard: is_attended,
            has_message_screen: is_attended,
            has_browser,
        }
    }

    fn way(typed: &[&str], has_browser: bool, is_attended: bool) -> Way {
        let args = Args::try_parse_from(["keon", "login"].iter().chain(typed)).unwrap();
        let Command::Login(args) = args.command else {
            panic!("{typed:?}");
        };
        choose(&args, &environment(has_browser, is_attended))
    }

    #[test]
    fn c10_the_device_flow_is_chosen_where_no_browser_helps() {
        assert_eq!(way(&[], true, true), Way::Browser);
        assert_eq!(way(&[], false, true), Way::Device);
        assert_eq!(way(&[], true, false), Way::Device);
        assert_eq!(way(&["--device"], true, true), Way::Device);
        assert_eq!(way(&["--browser"], false, false), Way::Browser);
        assert_eq!(way(&["--with-token", "-"], true, true), Way::Token);
    }

    #[test]
    fn the_label_names_the_machine_as_the_server_takes_it() {
        assert_eq!(default_label("laptop"), "keon on laptop");
        assert_eq!(default_label(""), "keon on");
        assert_eq!(default_label("a\u{1b}[2Jb\n"), "keon on a[2Jb");
        assert_eq!(default_label(&"é".repeat(300)).chars().count(), 128);
        for host in ["laptop", "", " ", "\u{fffd}", &"x ".repeat(200)] {
            assert!(checked(default_label(host)).is_ok(), "{host:?}");
        }
    }

    #[test]
    fn names_and_labels_that_cannot_be_kept_are_refused() {
        for name in ["default", "work-1", "a.b_c", "me@example.com"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "a b", "a/b", "\u{1b}[2J", "é", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for label in ["", " ", "a ", "a\nb", &"x".repeat(129)] {
            assert!(checked(label.to_owned()).is_err(), "{label:?}");
        }
    }
}
