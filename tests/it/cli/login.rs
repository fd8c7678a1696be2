//! Signing in with the browser of this machine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::browser::{Browser, Running, agree, back, member, visit, visit_once};
use super::machine::Machine;
use crate::api::app::App;

/// A machine that nobody has signed in on, and its browser.
pub(super) async fn new_machine() -> (Machine, Browser) {
    let app = App::shared().await;
    let browser = Browser::new();
    let machine = browser.on(Machine::new().with("KISENON_API_URL", &app.base));
    (machine, browser)
}

/// The credentials file, read.
pub(super) fn stored(machine: &Machine) -> Value {
    serde_json::from_str(&std::fs::read_to_string(machine.credentials()).unwrap()).unwrap()
}

/// The key of a profile.
pub(super) fn key_of(machine: &Machine, profile: &str) -> String {
    let stored = stored(machine);
    stored["profiles"][profile]["apiKey"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn c1_c3_c4_c6_a_person_signs_in_with_the_browser() {
    let person = App::shared().await.person("login").await;
    let (machine, browser) = new_machine().await;
    let login = Running::start(&machine, &["login", "--browser", "--label", "keon on a&b"]);
    let page = browser.page().await;
    assert!(
        page.as_str()
            .starts_with("https://console.it.test/cli/authorize?")
    );
    assert_eq!(member(&page, "response_type"), "code");
    assert_eq!(member(&page, "code_challenge_method"), "S256");
    assert_eq!(member(&page, "label"), "keon on a&b");
    assert_eq!(member(&page, "state").len(), 43, "256 bits");
    assert!(member(&page, "redirect_uri").starts_with("http://127.0.0.1:"));
    let shown = visit(&agree(&person, &page).await).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert!(shown.text.contains("You are signed in"), "{shown:?}");
    let outcome = login.ends().await;
    assert!(outcome.stderr.contains(page.as_str()), "{outcome:?}");
    let signed_in = format!("Signed in as {}", person.email);
    assert!(outcome.stderr.contains(&signed_in), "{outcome:?}");
    let key = key_of(&machine, "default");
    assert!(!outcome.stderr.contains(&key));
    assert_eq!(outcome.ok(), "");
    let me = machine.keon(&["whoami", "-o", "json"]).json();
    assert_eq!(me["user"]["email"], person.email);
    assert_eq!(me["credential"]["label"], "keon on a&b");
}

#[tokio::test]
async fn c8_c13_only_the_key_stays_on_disk_and_only_its_owner_can_read_it() {
    let person = App::shared().await.person("disk").await;
    let (machine, browser) = new_machine().await;
    let login = Running::start(&machine, &["login", "--browser"]);
    let page = browser.page().await;
    let back = agree(&person, &page).await;
    let (code, state) = (member(&back, "code"), member(&page, "state"));
    visit(&back).await;
    login.ends().await.ok();
    let folder = machine.credentials().parent().unwrap().to_owned();
    assert_eq!(mode(&machine.credentials()), 0o600);
    assert_eq!(mode(&folder), 0o700);
    let mut found = files(machine.home());
    found.sort();
    assert_eq!(
        found,
        [machine.credentials(), folder.join("credentials.lock")]
    );
    for path in found {
        let text = std::fs::read_to_string(path).unwrap();
        for secret in [
            &code,
            &state,
            &member(&page, "code_challenge"),
            &person.token,
        ] {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
    }
    // The verifier is nobody's business, so all that is there must be known.
    let mut stored = stored(&machine);
    let profile = stored["profiles"]["default"].as_object_mut().unwrap();
    let key = profile.remove("apiKey").unwrap();
    assert!(key.as_str().unwrap().starts_with("nsk_"));
    let id = profile.remove("keyId").unwrap();
    assert!(id.as_str().unwrap().starts_with("key-"));
    let app = App::shared().await;
    assert_eq!(
        stored,
        json!({
            "version": 1,
            "currentProfile": "default",
            "profiles": { "default": {
                "apiUrl": format!("{}/", app.base),
                "account": person.email,
            }},
        })
    );
}

#[tokio::test]
async fn c8_the_code_leaves_the_address_bar_at_once_and_the_page_loads_nothing() {
    let person = App::shared().await.person("page").await;
    let (machine, browser) = new_machine().await;
    let login = Running::start(&machine, &["login", "--browser"]);
    let page = browser.page().await;
    let redirected = visit_once(&agree(&person, &page).await).await;
    assert_eq!(redirected.status, 303, "{redirected:?}");
    assert_eq!(redirected.header("location"), "/done");
    let mut done = back(&page, &[]);
    done.set_path("/done");
    done.set_query(None);
    let shown = visit_once(&done).await;
    for answer in [&redirected, &shown] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
    }
    for loaded in [
        "<script", "<link", "<img", "src=", "href=", "url(", "@import",
    ] {
        assert!(!shown.text.contains(loaded), "{loaded}: {}", shown.text);
    }
    assert!(shown.text.contains("<html lang=\"en\">"), "{}", shown.text);
    login.ends().await.ok();
}

#[tokio::test]
async fn a_person_signs_in_at_a_terminal() {
    let person = App::shared().await.person("terminal").await;
    let (machine, browser) = new_machine().await;
    let mut terminal = machine.terminal(&["login"]);
    terminal.shows("Opening the browser");
    terminal.shows("waiting for the browser");
    let page = browser.page().await;
    visit(&agree(&person, &page).await).await;
    terminal.shows("Signed in as");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains(&person.email), "{screen}");
    assert!(!screen.contains("waiting"), "the spinner goes:\n{screen}");
    assert!(!screen.contains(&key_of(&machine, "default")), "{screen}");
}

#[tokio::test]
async fn an_interrupted_login_keeps_nothing_and_leaves_the_terminal_clean() {
    let (machine, browser) = new_machine().await;
    let mut terminal = machine.terminal(&["login"]);
    terminal.shows("waiting for the browser");
    browser.page().await;
    terminal.interrupt();
    terminal.shows("interrupted");
    let written = terminal.written();
    let (hidden, shown) = (written.rfind("\x1b[?25l"), written.rfind("\x1b[?25h"));
    assert!(hidden <= shown, "the cursor is hidden: {written:?}");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 130, "{screen}");
    assert!(!screen.contains("waiting"), "{screen}");
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn a_refusal_in_the_browser_ends_the_login() {
    let (machine, browser) = new_machine().await;
    let login = Running::start(&machine, &["login", "--browser"]);
    let page = browser.page().await;
    let state = member(&page, "state");
    let refused = back(&page, &[("error", "access_denied"), ("state", &state)]);
    let shown = visit(&refused).await;
    assert!(shown.text.contains("You are not signed in"), "{shown:?}");
    let told = login.ends().await.fails(1);
    assert!(
        told.contains("error: access was refused in the browser"),
        "{told}"
    );
    assert!(told.contains("hint: "), "{told}");
    assert!(!machine.credentials().exists());
}

#[tokio::test]
async fn c3_a_login_that_nobody_answers_ends_with_a_hint() {
    let (machine, browser) = new_machine().await;
    let login = Running::start(&machine, &["login", "--browser", "--timeout", "1s"]);
    let page = browser.page().await;
    let told = login.ends().await.fails(1);
    assert!(
        told.contains("error: the browser brought no answer in 1s"),
        "{told}"
    );
    assert!(told.contains("--device"), "{told}");
    let late = reqwest::get(back(&page, &[])).await;
    assert!(late.is_err(), "the listener is closed: {late:?}");
}

#[tokio::test]
async fn a_second_login_revokes_the_key_of_the_first() {
    let app = App::shared().await;
    let person = app.person("again").await;
    let (machine, browser) = new_machine().await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        let login = Running::start(&machine, &["login", "--browser"]);
        visit(&agree(&person, &browser.page().await).await).await;
        let outcome = login.ends().await;
        let says = outcome
            .stderr
            .contains("Revoked the key that this profile had before");
        assert_eq!(says, !keys.is_empty(), "{outcome:?}");
        outcome.ok();
        keys.push(key_of(&machine, "default"));
    }
    let old = app.send(reqwest::Method::GET, "/v1/me", Some(&keys[0]), None);
    assert_eq!(old.await.refusal(401), "invalid_token");
    machine.keon(&["whoami"]).ok();
}

#[tokio::test]
async fn where_no_browser_opens_the_login_says_so_and_still_waits() {
    let app = App::shared().await;
    let person = app.person("headless").await;
    let machine = Machine::new()
        .with("KISENON_API_URL", &app.base)
        .with("BROWSER", "/nonexistent/browser")
        .with("PATH", "/nonexistent");
    let mut terminal = machine.terminal(&["login"]);
    let screen = terminal.shows("no browser opens");
    let start = screen.find("https://console.it.test").unwrap();
    let page = screen[start..].split_whitespace().next().unwrap();
    visit(&agree(&person, &page.parse().unwrap()).await).await;
    terminal.shows("Signed in as");
    assert_eq!(terminal.ends().0, 0);
}

#[tokio::test]
async fn a_variable_that_comes_before_the_profile_is_told() {
    let app = App::shared().await;
    let person = app.person("both").await;
    let (key, _) = person.key(json!({ "label": "variable" })).await;
    let browser = Browser::new();
    let machine = Machine::new()
        .with("KISENON_API_URL", &app.base)
        .with("KISENON_API_KEY", &key);
    let machine = browser.on(machine);
    let login = Running::start(&machine, &["login", "--browser"]);
    visit(&agree(&person, &browser.page().await).await).await;
    let outcome = login.ends().await;
    assert!(
        outcome.stderr.contains("warning: KISENON_API_KEY is set"),
        "{outcome:?}"
    );
    outcome.ok();
}
