//! What the browser is shown: small pages that say what has happened, load nothing from anywhere,
//! and need no script.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1.125rem/1.6 system-ui,sans-serif;display:grid;min-height:90vh;place-content:center;\
margin:0 auto;max-width:34rem;padding:1rem}\
h1{font-size:1.5rem;margin:0}p{margin:.5rem 0 0}code{font-family:ui-monospace,monospace}";

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The key is kept.
    Done,
    /// The person has refused.
    Denied,
    /// The sign-in has failed, as the terminal says.
    Failed,
    /// The server has not taken the code; the next may do.
    Rejected,
    /// Not the answer that is waited for.
    Invalid,
    /// Another name than the listener's own.
    WrongHost,
    /// Only GET is known.
    WrongMethod,
    /// No such page.
    NotFound,
}

/// The pages that the browser is sent to, away from the URL that bears the code.
const AFTERWARDS: [Page; 4] = [Page::Done, Page::Denied, Page::Failed, Page::Rejected];

impl Page {
    /// The page at this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        AFTERWARDS.into_iter().find(|page| page.path() == path)
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Done => "/done",
            Self::Denied => "/denied",
            Self::Failed => "/failed",
            Self::Rejected => "/rejected",
            Self::Invalid | Self::WrongHost | Self::WrongMethod | Self::NotFound => "",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Done | Self::Denied | Self::Failed | Self::Rejected => StatusCode::OK,
            Self::Invalid | Self::WrongHost => StatusCode::BAD_REQUEST,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Done => (
                "You are signed in",
                "<code>keon</code> has its key. You can close this tab and go back to the terminal.",
            ),
            Self::Denied => (
                "You are not signed in",
                "Access was refused, so <code>keon</code> has no key. You can close this tab.",
            ),
            Self::Failed => (
                "You are not signed in",
                "Something went wrong; the terminal says what. You can close this tab.",
            ),
            Self::Rejected => (
                "You are not signed in yet",
                "The server did not accept this answer, perhaps because it came late. \
                 <code>keon</code> still waits: open the address in the terminal again.",
            ),
            Self::Invalid => (
                "This is not the answer that keon waits for",
                "Nothing was changed. To sign in, open the address in the terminal.",
            ),
            Self::WrongHost => (
                "Wrong address",
                "<code>keon</code> answers to its own address alone.",
            ),
            Self::WrongMethod => ("Wrong method", "Only GET is known here."),
            Self::NotFound => ("Nothing here", "There is no such page."),
        }
    }

    /// The page itself.
    pub(super) fn response(self) -> Response<String> {
        let (title, words) = self.words();
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title} – keon</title><style>{STYLE}</style></head>\
             <body><main><h1>{title}</h1><p>{words}</p></main></body></html>\n"
        );
        let mut response = plain(self.status(), html);
        let headers = response.headers_mut();
        let media_type = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, media_type);
        if self == Self::WrongMethod {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        response
    }

    /// Sends the browser to the page, so that the code stays neither in its address bar nor in its
    /// history. 303, since 307 would repeat the request.
    pub(super) fn redirect(self) -> Response<String> {
        let mut response = plain(StatusCode::SEE_OTHER, String::new());
        let location = HeaderValue::from_static(self.path());
        response.headers_mut().insert(header::LOCATION, location);
        response
    }
}

fn plain(status: StatusCode, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Nothing but the one style in the page itself.
fn policy() -> String {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
}
