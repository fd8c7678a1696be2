//! A person with `keon` alone: signs in through the browser, has a server, opens psql on it, and
//! leaves nothing that works. The story plays the console's part of the sign-in.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use reqwest::Url;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::{Api, Session, new_person};
use crate::cluster_handle::{Cluster, Ended, Host};
use crate::stage;
use crate::tenant::Tenant;
use crate::wait::eventually;

const KEON: &str = env!("CARGO_BIN_EXE_keon");
const SOON: Duration = Duration::from_secs(15);
/// The server is asked for its own settings, since psql answers what it has been told.
const ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

/// A laptop on the LAN, and the person at it.
struct Laptop {
    cluster: Cluster,
    home: TempDir,
}

#[tokio::test]
async fn a_server_from_the_command_line_alone() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let email = new_person("cli");
    let session = Api::anonymous(&cluster, Host::Client).sign_in(&email);
    let _tenant = Tenant::signed_in(&cluster, &session.namespace).await;
    let laptop = Laptop::new(&cluster);

    laptop.log_in(&session).await;
    let me = laptop.json("whoami");
    assert_eq!(me["user"]["email"], *email);

    laptop.keon("projects create shop").output();
    laptop
        .keon("endpoints create main --project shop --allow 10.77.0.20/32")
        .output();
    connect(&laptop);
    explain(&laptop);
    suspend_and_resume(&laptop);
    log_out(&laptop, &session);
}

/// psql answers over TLS that it has checked, and so does what `connection-string` prints.
fn connect(laptop: &Laptop) {
    let psql = |sql: &str| laptop.keon(&format!("psql main -- -XAtc '{sql}'"));
    assert_eq!(psql(ENCRYPTED).output(), "t");
    assert_eq!(psql("SHOW server_version_num").output().len(), 6);
    // The exit code is psql's own: 1 for an error in a command of its caller.
    psql("SELECT no_such_column").refusal();
    let uri = laptop.keon("connection-string main").output();
    let select = [("URI", &*uri)];
    let command = "psql \"$URI\" -XAtc 'SELECT 1'";
    let ended = laptop.cluster.lan(Host::Client, &select, command);
    assert_eq!(ended.output(), "1");
    laptop.cluster.lan(Host::Other, &select, command).refusal();
}

/// Who is named is who gets in.
fn explain(laptop: &Laptop) {
    let text = laptop.keon("explain endpoint main").output();
    assert!(text.contains("10.77.0.20/32"), "{text}");
    laptop.keon("endpoints allow main 10.77.0.30/32").output();
    let access = laptop.json("explain endpoint main");
    assert!(access.to_string().contains("10.77.0.30/32"), "{access}");
    let select = "psql main -- -XAtc 'SELECT 1'";
    assert_eq!(laptop.keon_at(Host::Other, select).output(), "1");
}

fn suspend_and_resume(laptop: &Laptop) {
    laptop.keon("endpoints suspend main").output();
    let refused = laptop.keon("psql main").refusal();
    assert!(refused.contains("keon endpoints resume main"), "{refused}");
    laptop.keon("endpoints resume main").output();
    let select = "psql main -- -XAtc 'SELECT 1'";
    assert_eq!(laptop.keon(select).output(), "1");
}

/// The key stops to work, here and wherever it was copied to.
fn log_out(laptop: &Laptop, session: &Session) {
    let stored = fs::read_to_string(laptop.credentials()).unwrap();
    let stored = serde_json::from_str::<Value>(&stored).unwrap();
    let key = stored["profiles"]["default"]["apiKey"].as_str().unwrap();
    session.api.with(key).get("/v1/me").expect(200);
    laptop.keon("logout").output();
    assert!(!laptop.credentials().exists());
    let refused = session.api.with(key).get("/v1/me");
    refused.refused(401, "invalid_token");
    let refused = laptop.keon("whoami").refusal();
    assert!(refused.contains("keon login"), "{refused}");
    // The person's session is another thing.
    session.api.get("/v1/me").expect(200);
}

impl Laptop {
    fn new(cluster: &Cluster) -> Self {
        let home = TempDir::new().unwrap();
        let laptop = Self {
            cluster: cluster.clone(),
            home,
        };
        // Shows no page, and notes which one it was asked for.
        let script = format!(
            "#!/bin/sh\nprintf '%s' \"$1\" > {0}.part && mv {0}.part {0}\n",
            laptop.page().display()
        );
        fs::write(laptop.browser(), script).unwrap();
        fs::set_permissions(laptop.browser(), fs::Permissions::from_mode(0o755)).unwrap();
        laptop
    }

    fn home(&self) -> &str {
        self.home.path().to_str().unwrap()
    }

    fn browser(&self) -> PathBuf {
        self.home.path().join("browser")
    }

    /// Where the browser notes the page.
    fn page(&self) -> PathBuf {
        self.home.path().join("page")
    }

    fn credentials(&self) -> PathBuf {
        self.home.path().join(".config/keon/credentials.json")
    }

    /// Runs `keon` with these words as the LAN's client.
    fn keon(&self, words: &str) -> Ended {
        self.keon_at(Host::Client, words)
    }

    fn keon_at(&self, host: Host, words: &str) -> Ended {
        self.cluster.lan(host, &[], &self.command(words))
    }

    /// The home is set for `keon` alone: the way into the LAN has files in the person's own.
    fn command(&self, words: &str) -> String {
        let (home, browser) = (self.home(), self.browser());
        format!(
            "env HOME='{home}' BROWSER='{}' '{KEON}' {words}",
            browser.display()
        )
    }

    fn json(&self, words: &str) -> Value {
        let text = self.keon(&format!("{words} -o json")).output();
        serde_json::from_str(&text).unwrap()
    }

    /// Signs in, with the story in the place of the console and of the person's click.
    async fn log_in(&self, session: &Session) {
        // Without a terminal it would show a code for another machine's browser.
        let command = self.command("login --browser");
        let login = self.cluster.lan_start(Host::Client, &[], &command);
        let page = eventually("the browser is opened", SOON, || async {
            fs::read_to_string(self.page()).map_err(|error| error.to_string())
        })
        .await;
        let page = Url::parse(&page).unwrap();
        assert_eq!(page.path(), "/cli/authorize");
        let asked = page.query_pairs().into_owned().collect::<BTreeMap<_, _>>();
        let consent = json!({
            "redirectUri": asked["redirect_uri"],
            "codeChallenge": asked["code_challenge"],
            "codeChallengeMethod": asked["code_challenge_method"],
            "label": asked["label"],
        });
        let agreed = session.api.post("/v1/auth/cli/authorize", consent);
        let code = agreed.expect(201)["code"].as_str().unwrap().to_owned();
        let mut answer = Url::parse(&asked["redirect_uri"]).unwrap();
        answer
            .query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"]);
        // As a browser does, which follows to the page that stays.
        let visit = [("URL", answer.as_str())];
        let command = "curl --silent --show-error --fail --location --max-time 30 \"$URL\"";
        let shown = self.cluster.lan(Host::Client, &visit, command).output();
        assert!(!shown.contains(&code), "{shown}");
        let said = succeeds(login);
        assert!(said.contains("Signed in as"), "{said}");
        let mode = fs::metadata(self.credentials()).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}

/// What a program that must succeed has said to people.
fn succeeds(mut child: Child) -> String {
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    said
}
