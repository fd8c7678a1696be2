//! Signing in with the browser of this machine (RFC 8252): the console sends it back here with a
//! code, which together with the verifier (RFC 7636) makes a key.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Notify, mpsc};
use url::Url;

use super::keep::{self, Kept};
use super::loopback::{Attempt, Loopback};
use super::page::Page;
use super::redirect::{Answer, State};
use crate::cli::command::sign_in::console;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::progress::Progress;
use crate::domain::grant::pkce::Verifier;
use crate::wire::grant::cli::{ExchangeCliCode, GrantedKey};

/// How long the browser may take to show the last page before the listener goes.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// What one sign-in is made of. Held in memory alone.
struct Request {
    redirect_uri: String,
    state: State,
    verifier: Verifier,
}

/// Signs in.
///
/// # Errors
/// When the person refuses, nothing comes in time, or no key can be had or kept.
pub(super) async fn run(
    context: &Context,
    console_url: Option<&Url>,
    label: &str,
    timeout: Duration,
) -> Result<(), Error> {
    let console = console::find(context, console_url).await?;
    let loopback = Loopback::open().await?;
    let fill = &mut |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).is_ok();
    let request = Request {
        redirect_uri: loopback.redirect().as_str().to_owned(),
        state: State::generate(fill).ok_or(Error::NoRandomness)?,
        verifier: Verifier::generate(fill).ok_or(Error::NoRandomness)?,
    };
    let page = request.page(&console, label);
    context.printer.message(&format!(
        "Opening the browser to sign in. If it does not open, go to\n\n  {page}\n"
    ))?;
    let (attempts, answers) = mpsc::channel(1);
    let shown = Arc::new(Notify::new());
    let signing_in = async {
        let outcome = match tokio::time::timeout(timeout, request.key(context, answers)).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(too_late(timeout)),
        };
        let outcome = match outcome {
            Ok(kept) => kept.tell(context).await,
            Err(error) => Err(error),
        };
        // A browser that shows no pages keeps nobody waiting.
        let _ = tokio::time::timeout(LAST_PAGE, shown.notified()).await;
        outcome
    };
    tokio::select! {
        outcome = signing_in => outcome,
        never = loopback.serve(request.state.clone(), attempts, &shown) => match never {},
        outcome = open(context, &page) => outcome,
    }
}

/// Opens the page. Ends only where nobody can be told that it does not open.
async fn open(context: &Context, page: &Url) -> Result<(), Error> {
    if !console::open(page).await {
        context.printer.warn(
            "no browser opens: go to that address on this machine, or stop and use keon login --device",
        )?;
    }
    std::future::pending().await
}

impl Request {
    /// The console's page, with what it is to agree to (RFC 6749 section 4.1.1).
    fn page(&self, console: &Url, label: &str) -> Url {
        let mut url = console::page(console, &["cli", "authorize"]);
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("state", self.state.text())
            .append_pair("code_challenge", self.verifier.challenge().as_str())
            .append_pair("code_challenge_method", "S256")
            .append_pair("label", label);
        url
    }

    /// Waits for the answer that makes a key. One that the server does not take is not the
    /// person's, whose own may still come.
    async fn key(
        &self,
        context: &Context,
        mut answers: mpsc::Receiver<Attempt>,
    ) -> Result<Kept, Error> {
        let progress = Progress::start(context, "waiting for the browser");
        while let Some(Attempt { answer, reply }) = answers.recv().await {
            let outcome = self.redeem(context, &answer).await;
            let page = match &outcome {
                Ok(_) => Page::Done,
                Err(_) if matches!(answer, Answer::Error(_)) => Page::Denied,
                Err(error) if error.code() == Some("invalid_grant") => Page::Rejected,
                Err(_) => Page::Failed,
            };
            if page != Page::Rejected {
                // From here on no other answer is taken.
                drop(answers);
                // The browser may have gone.
                let _ = reply.send(page);
                return outcome;
            }
            let _ = reply.send(page);
            progress.suspend(|| {
                context.printer.warn(
                    "the server has not accepted what the browser brought; still waiting for another",
                )
            })?;
        }
        Err(Error::refused("the browser's answer cannot come any more"))
    }

    async fn redeem(&self, context: &Context, answer: &Answer) -> Result<Kept, Error> {
        let code = match answer {
            Answer::Code(code) => code,
            Answer::Error(error) => return Err(refusal(error)),
        };
        let granted = self.exchange(context, code).await?;
        keep::granted(context, granted).await
    }

    async fn exchange(&self, context: &Context, code: &SecretString) -> Result<GrantedKey, Error> {
        let body = ExchangeCliCode {
            code: code.expose_secret().to_owned(),
            code_verifier: self.verifier.text().expose_secret().to_owned(),
            redirect_uri: self.redirect_uri.clone(),
        };
        let client = context.anonymous_client()?;
        let path = ["v1", "auth", "cli", "exchange"];
        client
            .call(reqwest::Method::POST, &path)
            .body(&body)?
            .json()
            .await
    }
}

/// What the console says instead of a code (RFC 6749 section 4.1.2.1).
fn refusal(error: &str) -> Error {
    match error {
        "access_denied" => super::denied(),
        error => Error::refused(format!("the console could not agree: {error}"))
            .hinting("try again: keon login"),
    }
}

fn too_late(timeout: Duration) -> Error {
    let waited = jiff::SignedDuration::try_from(timeout).unwrap_or_default();
    Error::refused(format!("the browser brought no answer in {waited:#}")).hinting(
        "try again: keon login, with --timeout for longer, or with --device for the browser of another machine",
    )
}
