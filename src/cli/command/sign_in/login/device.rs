//! Signing in with the browser of another machine (RFC 8628): this one shows a code, and asks the
//! server until the person has compared it there.

use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use url::Url;

use super::keep;
use crate::cli::client::Client;
use crate::cli::command::sign_in::console;
use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::progress::Progress;
use crate::domain::grant::user_code::UserCode;
use crate::wire::grant::cli::GrantedKey;
use crate::wire::grant::device::{DeviceCode, ExchangeDeviceCode, RequestDeviceCode};

/// How much longer to wait from every `slow_down` on (RFC 8628 section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The interval is held within these, whatever the server says.
const INTERVALS: (u64, u64) = (1, 60);
/// Longest that codes are believed to live.
const LONGEST_LIFE: u64 = 60 * 60;

/// Signs in.
///
/// # Errors
/// When the person refuses, does not answer in time, or no key can be had or kept.
pub(super) async fn run(
    context: &Context,
    label: &str,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let client = context.anonymous_client()?;
    let body = RequestDeviceCode {
        label: label.to_owned(),
    };
    let path = ["v1", "auth", "device", "code"];
    let codes = client
        .call(Method::POST, &path)
        .body(&body)?
        .json::<DeviceCode>()
        .await?;
    show(context, &codes)?;
    let life = Duration::from_secs(
        u64::try_from(codes.expires_in)
            .unwrap_or(0)
            .min(LONGEST_LIFE),
    );
    let asking = Asking {
        client,
        interval: Duration::from_secs(
            u64::try_from(codes.interval)
                .unwrap_or(0)
                .clamp(INTERVALS.0, INTERVALS.1),
        ),
        deadline: Instant::now() + timeout.map_or(life, |timeout| timeout.min(life)),
        device_code: codes.device_code,
    };
    let progress = Progress::start(context, "waiting for you to approve it there");
    let granted = asking.key().await?;
    drop(progress);
    keep::granted(context, granted).await?.tell(context).await
}

/// Shows where to go, and what to compare. The server's words do not reach the terminal as they
/// are: a URL is one that may be opened, and a code is eight letters.
fn show(context: &Context, codes: &DeviceCode) -> Result<(), Error> {
    let unexpected = |words: &str| Error::Unexpected {
        url: context.settings.api_url.to_string(),
        source: words.into(),
    };
    let page = |text: &str| Url::parse(text).ok().filter(console::is_page);
    let (Some(short), Some(complete)) = (
        page(&codes.verification_uri),
        page(&codes.verification_uri_complete),
    ) else {
        return Err(unexpected("it names a page that is none to sign in at"));
    };
    let code = UserCode::parse(&codes.user_code)
        .map_err(|_| unexpected("it has made a code that is none"))?;
    context.printer.message(&format!(
        "On any machine with a browser, open\n\n  {short}\n\n\
         and type the code\n\n  {code}\n\n\
         Or open {complete} and compare the code.\n"
    ))
}

/// What is asked again and again.
struct Asking {
    client: Client,
    device_code: String,
    interval: Duration,
    deadline: Instant,
}

impl Asking {
    /// Asks until the person has decided.
    async fn key(mut self) -> Result<GrantedKey, Error> {
        loop {
            let next = Instant::now() + self.interval;
            if next > self.deadline {
                tokio::time::sleep_until(self.deadline).await;
                return Err(too_late("nobody approved the code in time"));
            }
            tokio::time::sleep_until(next).await;
            match self.ask().await {
                Ok(granted) => return Ok(granted),
                Err(error) => self.interval = wait_after(error, self.interval)?,
            }
        }
    }

    async fn ask(&self) -> Result<GrantedKey, Error> {
        let body = ExchangeDeviceCode {
            device_code: self.device_code.clone(),
        };
        let path = ["v1", "auth", "device", "token"];
        self.client
            .call(Method::POST, &path)
            .body(&body)?
            .json()
            .await
    }
}

/// How long to wait until the next question, if there is to be one (RFC 8628 section 3.5).
fn wait_after(error: Error, interval: Duration) -> Result<Duration, Error> {
    match error.code() {
        Some("authorization_pending") => Ok(interval),
        Some("slow_down") => Ok(interval + SLOWER),
        Some("access_denied") => Err(super::denied()),
        Some("expired_token") => Err(too_late("the code has expired")),
        _ => match error {
            // The network may come back, and the server, before the code expires.
            Error::Unreachable { .. } => Ok(interval + SLOWER),
            Error::Problem(problem) if problem.status >= 500 => Ok(interval + SLOWER),
            error => Err(error),
        },
    }
}

fn too_late(message: &str) -> Error {
    Error::refused(message).hinting("get another code: keon login --device")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::problem::Problem;

    fn problem(code: &str, status: u16) -> Error {
        Error::Problem(Box::new(Problem {
            type_: String::new(),
            title: String::new(),
            status,
            code: code.to_owned(),
            detail: None,
            request_id: None,
            errors: Vec::new(),
        }))
    }

    #[test]
    fn c10_slow_down_adds_five_seconds_and_only_what_may_pass_is_waited_out() {
        let now = Duration::from_secs(5);
        for (code, status, next) in [
            ("authorization_pending", 400, Some(5)),
            ("slow_down", 400, Some(10)),
            ("internal", 500, Some(10)),
            ("unavailable", 503, Some(10)),
            ("access_denied", 403, None),
            ("expired_token", 400, None),
            ("invalid_grant", 400, None),
        ] {
            let wait = wait_after(problem(code, status), now).ok();
            assert_eq!(wait, next.map(Duration::from_secs), "{code}");
        }
    }
}
