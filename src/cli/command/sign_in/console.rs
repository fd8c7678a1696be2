//! Where the web console is, and its pages in the browser of this machine.

use url::Url;
use webbrowser::{Browser, BrowserOptions};

use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::settings::is_loopback;
use crate::wire::discovery::{self, Discovery};

/// The console: as somebody typed it, else as the API says.
///
/// # Errors
/// When the API does not say, or names what no browser should be sent to.
pub(super) async fn find(context: &Context, typed: Option<&Url>) -> Result<Url, Error> {
    let url = match typed {
        Some(url) => url.clone(),
        None => ask(context).await?,
    };
    if !is_page(&url) {
        let message = format!("{url} cannot be the console: a person would sign in there");
        return Err(Error::refused(message)
            .hinting("its URL begins with https://; name it with --console-url"));
    }
    Ok(url)
}

async fn ask(context: &Context) -> Result<Url, Error> {
    let client = context.anonymous_client()?;
    match client.get::<Discovery>(&discovery::PATH).await {
        Ok(found) => Ok(found.console_url),
        Err(error) if error.code() == Some("not_found") => {
            let message = format!(
                "{} does not say where its console is",
                context.settings.api_url
            );
            Err(Error::refused(message).hinting("name it with --console-url"))
        }
        Err(error) => Err(error),
    }
}

/// A page that a person may be sent to: over TLS, or on this machine, and with no credentials in
/// its URL. What a server says is not trusted to be one: a browser also runs `javascript:` and
/// opens files.
pub(super) fn is_page(url: &Url) -> bool {
    let is_local = is_loopback(url) || url.host_str() == Some("localhost");
    let is_safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_local,
        _ => false,
    };
    is_safe && url.username().is_empty() && url.password().is_none()
}

/// A page of the console.
pub(super) fn page(console: &Url, segments: &[&str]) -> Url {
    let mut url = console.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Opens a page in the browser of this machine (C1), which `BROWSER` names or the system knows.
/// Whether there is one.
pub(super) async fn open(url: &Url) -> bool {
    let url = url.to_string();
    // A browser of the terminal runs until it is left.
    let opened = tokio::task::spawn_blocking(move || {
        let mut options = BrowserOptions::new();
        options.with_suppress_output(true);
        webbrowser::open_browser_with_options(Browser::Default, &url, &options).is_ok()
    });
    opened.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_over_tls_or_on_this_machine_are_opened() {
        for url in [
            "https://kisenon.com/",
            "https://console.example.com:8443/base",
            "http://127.0.0.1:3000/",
            "http://[::1]:3000/",
            "http://localhost:3000/",
        ] {
            assert!(is_page(&url.parse().unwrap()), "{url}");
        }
        for url in [
            "http://kisenon.com/",
            "http://10.0.0.1/",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "javascript:alert(1)",
            "javascript://kisenon.com/%0aalert(1)",
            "data:text/html,hello",
            "file:///etc/passwd",
            "ftp://kisenon.com/",
            "vscode://kisenon.com/",
            "https://kisenon.com@evil.example/",
            "https://me:secret@kisenon.com/",
        ] {
            assert!(!is_page(&url.parse().unwrap()), "{url}");
        }
    }

    #[test]
    fn a_page_lies_below_the_console() {
        for (console, expected) in [
            ("https://kisenon.com/", "https://kisenon.com/cli/authorize"),
            ("https://kisenon.com", "https://kisenon.com/cli/authorize"),
            (
                "https://example.com/kisenon?a=b#c",
                "https://example.com/kisenon/cli/authorize",
            ),
        ] {
            let url = page(&console.parse().unwrap(), &["cli", "authorize"]);
            assert_eq!(url.as_str(), expected);
        }
    }
}
