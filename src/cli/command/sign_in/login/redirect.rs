//! What a request to the listener means (RFC 6749 section 4.1.2). Decides, and does nothing.
//!
//! Whoever runs a program on this machine can send one, so all but the right one is refused, and
//! a refusal never ends the login (C6).

use std::fmt;

use aws_lc_rs::constant_time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};

use super::page::Page;
use crate::domain::grant::redirect::PATH;

/// Longest code that is passed on.
const LONGEST_CODE: usize = 512;

/// What binds an answer to this very process: 256 random bits, good for one login.
#[derive(Clone)]
pub(super) struct State(SecretString);

impl State {
    /// A new one from random bytes, which `fill` writes; nothing when it fails.
    pub(super) fn generate(fill: &mut dyn FnMut(&mut [u8]) -> bool) -> Option<Self> {
        let mut bytes = [0; 32];
        fill(&mut bytes).then(|| Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// Its text.
    pub(super) fn text(&self) -> &str {
        self.0.expose_secret()
    }

    fn is(&self, other: &str) -> bool {
        let own = self.0.expose_secret().as_bytes();
        constant_time::verify_slices_are_equal(own, other.as_bytes()).is_ok()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

/// What the person has decided.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// To sign in: a code.
    Code(SecretString),
    /// Not to, or the console could not: the code of RFC 6749 section 4.1.2.1.
    Error(String),
}

/// What the listener does with a request.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// It is the answer that is waited for.
    Answer(Answer),
    /// A page that was sent after it.
    Page(Page),
    /// It is nothing of ours.
    Refuse(Page),
}

/// A request, as far as it matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// Its method.
    pub(super) method: &'a str,
    /// Its `Host`, if it has exactly one.
    pub(super) host: Option<&'a str>,
    /// Path of its target.
    pub(super) path: &'a str,
    /// Query of its target.
    pub(super) query: &'a str,
}

/// Decides. `authority` is where the listener is: address and port.
pub(super) fn judge(seen: Seen<'_>, authority: &str, state: &State) -> Verdict {
    // A name that was made to point here is another site's (DNS rebinding).
    if seen.host != Some(authority) {
        return Verdict::Refuse(Page::WrongHost);
    }
    let page = Page::at(seen.path);
    if page.is_none() && seen.path != PATH {
        return Verdict::Refuse(Page::NotFound);
    }
    if seen.method != "GET" {
        return Verdict::Refuse(Page::WrongMethod);
    }
    match page {
        Some(page) => Verdict::Page(page),
        None => answer(seen.query, state).map_or(Verdict::Refuse(Page::Invalid), Verdict::Answer),
    }
}

/// The answer in a query that bears the state and says one thing, once.
fn answer(query: &str, state: &State) -> Option<Answer> {
    let (mut states, mut codes, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "state" => states.push(value),
            "code" => codes.push(value),
            "error" => errors.push(value),
            _ => {}
        }
    }
    let [of] = &*states else { return None };
    if !state.is(of) {
        return None;
    }
    match (&*codes, &*errors) {
        ([code], []) if is_token(code, LONGEST_CODE) => {
            Some(Answer::Code(code.as_ref().to_owned().into()))
        }
        ([], [error]) if is_token(error, 64) => Some(Answer::Error(error.as_ref().to_owned())),
        _ => None,
    }
}

/// Not empty, and nothing that would move the cursor of a terminal.
fn is_token(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "127.0.0.1:49152";

    fn state() -> State {
        State::generate(&mut |bytes| {
            bytes.fill(7);
            true
        })
        .unwrap()
    }

    fn get<'a>(path: &'a str, query: &'a str) -> Seen<'a> {
        Seen {
            method: "GET",
            host: Some(HERE),
            path,
            query,
        }
    }

    fn judged(seen: Seen<'_>) -> String {
        match judge(seen, HERE, &state()) {
            Verdict::Answer(Answer::Code(code)) => format!("code {}", code.expose_secret()),
            Verdict::Answer(Answer::Error(error)) => format!("error {error}"),
            Verdict::Page(page) => format!("page {page:?}"),
            Verdict::Refuse(page) => format!("refuse {page:?}"),
        }
    }

    #[test]
    fn c6_a_state_has_256_bits() {
        assert_eq!(state().text().len(), 43);
        assert!(State::generate(&mut |_| false).is_none());
    }

    #[test]
    fn the_right_state_brings_a_code_or_an_error() {
        let right = state().text().to_owned();
        let code = format!("code=a.b-c&state={right}");
        assert_eq!(judged(get("/callback", &code)), "code a.b-c");
        let more = format!("state={right}&code=abc&iss=https%3A%2F%2Fkisenon.com");
        assert_eq!(judged(get("/callback", &more)), "code abc");
        let error = format!("error=access_denied&state={right}");
        assert_eq!(judged(get("/callback", &error)), "error access_denied");
    }

    #[test]
    fn c6_everything_else_is_refused() {
        let right = state().text().to_owned();
        let other = right.replace('B', "C");
        for query in [
            String::new(),
            "code=abc".to_owned(),
            format!("state={right}"),
            "code=abc&state=".to_owned(),
            format!("code=abc&state={other}"),
            format!("code=abc&state={right}x"),
            format!("code=abc&state={}", &right[1..]),
            format!("code=abc&state={right}&state={right}"),
            format!("code=abc&state={other}&state={right}"),
            format!("code=abc&code=def&state={right}"),
            format!("code=abc&error=access_denied&state={right}"),
            format!("code=&state={right}"),
            format!("code=a%1b%5b2J&state={right}"),
            format!("code={}&state={right}", "a".repeat(513)),
            format!("error=%1b%5b2J&state={right}"),
            format!("CODE=abc&STATE={right}"),
        ] {
            let verdict = judged(get("/callback", &query));
            assert_eq!(verdict, "refuse Invalid", "{query}");
        }
    }

    #[test]
    fn other_paths_methods_and_hosts_are_refused() {
        let query = format!("code=abc&state={}", state().text());
        for path in ["/", "/callback/", "/Callback", "//callback", "/favicon.ico"] {
            assert_eq!(judged(get(path, &query)), "refuse NotFound", "{path}");
        }
        for method in ["POST", "HEAD", "PUT", "OPTIONS", "get"] {
            let seen = Seen {
                method,
                ..get("/callback", &query)
            };
            assert_eq!(judged(seen), "refuse WrongMethod", "{method}");
        }
        for host in [
            None,
            Some("localhost:49152"),
            Some("127.0.0.1"),
            Some("127.0.0.1:49153"),
            Some("evil.example:49152"),
            Some("127.0.0.1:49152.evil.example"),
        ] {
            let seen = Seen {
                host,
                ..get("/callback", &query)
            };
            assert_eq!(judged(seen), "refuse WrongHost", "{host:?}");
        }
        assert_eq!(judged(get("/done", "")), "page Done");
    }
}
