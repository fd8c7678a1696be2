//! A browser that only notes where it is sent, and the console's page in it.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::redirect::Policy;
use serde_json::json;
use tempfile::TempDir;
use url::Url;

use super::machine::{Machine, Outcome};
use crate::api::app::{Answer, Person, client, finish};

/// Longest that anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What `BROWSER` names.
pub(super) struct Browser(TempDir);

impl Browser {
    /// One that has not been opened.
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let script = folder.path().join("browser");
        let note = folder.path().join("url").display().to_string();
        // The name comes last, so that nobody reads half a URL.
        let text = format!("#!/bin/sh\nprintf %s \"$1\" > {note}.new && mv {note}.new {note}\n");
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    /// This machine, with this browser on it.
    pub(super) fn on(&self, machine: Machine) -> Machine {
        machine.with("BROWSER", self.0.path().join("browser").to_str().unwrap())
    }

    /// Whether it was opened since somebody last looked.
    pub(super) fn is_open(&self) -> bool {
        self.0.path().join("url").exists()
    }

    /// Waits until it is opened: the page.
    pub(super) async fn page(&self) -> Url {
        let note = self.0.path().join("url");
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let opened = async {
            loop {
                ticks.tick().await;
                if let Ok(text) = std::fs::read_to_string(&note) {
                    return text;
                }
            }
        };
        let text = tokio::time::timeout(PATIENCE, opened).await.unwrap();
        std::fs::remove_file(&note).unwrap();
        text.parse().unwrap()
    }
}

/// A member of the page's query, which is there once.
pub(super) fn member(page: &Url, name: &str) -> String {
    let mut values = page.query_pairs().filter(|(of, _)| of == name);
    let (_, value) = values.next().unwrap_or_else(|| panic!("no {name}: {page}"));
    assert!(values.next().is_none(), "{name} twice: {page}");
    value.into_owned()
}

/// What the console's page does once the person has pressed *Authorize*: a code.
pub(super) async fn code(person: &Person<'_>, page: &Url) -> String {
    let agreed = person
        .post(
            "/v1/auth/cli/authorize",
            json!({
                "redirectUri": member(page, "redirect_uri"),
                "codeChallenge": member(page, "code_challenge"),
                "codeChallengeMethod": member(page, "code_challenge_method"),
                "label": member(page, "label"),
            }),
        )
        .await;
    agreed.expect(201)["code"].as_str().unwrap().to_owned()
}

/// Where the console sends the browser.
pub(super) fn back(page: &Url, answer: &[(&str, &str)]) -> Url {
    let mut url: Url = member(page, "redirect_uri").parse().unwrap();
    url.query_pairs_mut().extend_pairs(answer);
    url
}

/// Presses *Authorize*: where the console then sends the browser.
pub(super) async fn agree(person: &Person<'_>, page: &Url) -> Url {
    let (code, state) = (code(person, page).await, member(page, "state"));
    back(page, &[("code", &code), ("state", &state)])
}

/// Goes there, and on to where the answer leads.
pub(super) async fn visit(url: &Url) -> Answer {
    finish(client().get(url.clone())).await
}

/// Goes there, and nowhere else.
pub(super) async fn visit_once(url: &Url) -> Answer {
    let builder = reqwest::Client::builder().no_proxy();
    let client = builder.redirect(Policy::none()).build().unwrap();
    finish(client.get(url.clone())).await
}

/// A `keon` that runs beside the test.
pub(super) struct Running {
    args: Vec<String>,
    child: Option<Child>,
}

impl Running {
    /// Starts it, piped.
    pub(super) fn start(machine: &Machine, args: &[&str]) -> Self {
        let command = &mut machine.command(args);
        Self::of(command, args)
    }

    fn of(command: &mut Command, args: &[&str]) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            child: Some(command.spawn().unwrap()),
        }
    }

    /// Whether it still runs.
    pub(super) fn runs(&mut self) -> bool {
        let child = self.child.as_mut().unwrap();
        child.try_wait().unwrap().is_none()
    }

    /// Waits until it ends.
    pub(super) async fn ends(mut self) -> Outcome {
        let (child, args) = (self.child.take().unwrap(), self.args.clone());
        let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        let output = tokio::time::timeout(PATIENCE, waiting).await;
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        Outcome::of(&args, output.unwrap().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
