//! Waiting: what counts as done, what ends it early, and what is shown meanwhile.

use std::process::Stdio;

use serde_json::json;

use super::machine::{Machine, Outcome};
use super::steered::{Steered, running, stalled, stopped, working};
use crate::api::app::App;

const CREATE: [&str; 5] = ["endpoints", "create", "main", "--project", "shop"];

/// A command that runs beside the test.
struct Running {
    args: Vec<String>,
    child: std::process::Child,
}

impl Running {
    fn start(machine: &Machine, args: &[&str]) -> Self {
        let mut command = machine.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            child: command.spawn().unwrap(),
        }
    }

    fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    fn ends(self) -> Outcome {
        let args = self.args.iter().map(|arg| &**arg).collect::<Vec<_>>();
        Outcome::of(&args, self.child.wait_with_output().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_returns_once_the_server_accepts_clients_and_not_before() {
    let steered = Steered::start("ready").await;
    steered.shop();
    let mut create = Running::start(&steered.machine, &[&CREATE[..], &["-o", "json"]].concat());
    steered
        .says("main", working("Pending", "the gate runs"))
        .await;
    // Of an older wish this says nothing.
    let mut early = running();
    early["observedGeneration"] = json!(0);
    steered.says("main", early).await;
    steered
        .says("main", working("Starting", "it comes up"))
        .await;
    assert!(!create.is_over());
    steered.says("main", running()).await;
    let outcome = create.ends();
    let lines = outcome.stderr.lines().collect::<Vec<_>>();
    assert_eq!(lines, ["waiting until endpoint main is ready, 5m at most"]);
    let made = outcome.json();
    assert_eq!(
        (&made["phase"], &made["port"]),
        (&json!("Running"), &json!(5432))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stalled_fails_at_once_with_its_reason_and_the_command_that_helps() {
    let steered = Steered::start("stalled").await;
    steered.shop();
    let create = Running::start(&steered.machine, &CREATE);
    let message = "neither this Endpoint nor its Project says who may connect";
    steered
        .says("main", stalled("AccessMissing", message))
        .await;
    let said = create.ends().fails(1);
    let lines = said.lines().skip(1).collect::<Vec<_>>();
    assert_eq!(
        lines,
        [
            "error: endpoint main is stalled: AccessMissing",
            &format!("caused by: {message}"),
            "hint: keon endpoints allow main CIDR",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_is_too_long_says_where_things_stand_and_that_they_go_on() {
    let steered = Steered::start("timeout").await;
    steered.shop();
    let create = Running::start(
        &steered.machine,
        &[&CREATE[..], &["--timeout", "3s", "-q"]].concat(),
    );
    steered
        .says("main", working("Pending", "the gate runs"))
        .await;
    assert_eq!(
        create.ends().fails(1),
        "error: after 3s endpoint main: Pending: the gate runs\n\
         hint: it goes on by itself; wait longer with --timeout\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wait_returns_what_was_asked_for() {
    let steered = Steered::start("nowait").await;
    steered.shop();
    let outcome = steered
        .machine
        .keon(&[&CREATE[..], &["--no-wait", "-o", "json"]].concat());
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.json()["phase"], "Pending");
    let both = steered
        .machine
        .keon(&[&CREATE[..], &["--no-wait", "--timeout", "3s"]].concat());
    assert!(both.fails(2).contains("cannot be used with"));
    for time in ["0s", "-1m", "soon", "5"] {
        let refused = steered
            .machine
            .keon(&[&CREATE[..], &["--timeout", time]].concat());
        refused.fails(2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspend_waits_for_the_stop_and_resume_for_the_start() {
    let steered = Steered::start("suspend").await;
    steered.shop();
    steered.main();
    steered.says("main", running()).await;
    let mut suspend = Running::start(
        &steered.machine,
        &["endpoints", "suspend", "main", "-o", "json"],
    );
    steered.is_asked("main", 2).await;
    steered
        .says("main", working("Stopping", "the server is going down"))
        .await;
    assert!(!suspend.is_over());
    steered.says("main", stopped()).await;
    assert_eq!(suspend.ends().json()["phase"], "Stopped");
    let resume = Running::start(
        &steered.machine,
        &["endpoints", "resume", "main", "-o", "json"],
    );
    steered.is_asked("main", 3).await;
    steered.says("main", running()).await;
    assert_eq!(resume.ends().json()["phase"], "Running");
    // What is so already is not waited for.
    let again = steered.machine.keon(&["endpoints", "resume", "main"]);
    assert_eq!((again.code, &*again.stderr), (0, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_ends_where_somebody_else_wants_the_contrary() {
    let steered = Steered::start("contrary").await;
    steered.shop();
    let create = Running::start(&steered.machine, &CREATE);
    steered.is_asked("main", 1).await;
    steered
        .machine
        .keon(&["endpoints", "suspend", "main", "--no-wait"])
        .ok();
    let said = create.ends().fails(1);
    assert!(
        said.contains("error: endpoint main was suspended meanwhile"),
        "{said}"
    );
    let resume = Running::start(&steered.machine, &["endpoints", "resume", "main"]);
    steered.is_asked("main", 3).await;
    steered
        .machine
        .keon(&["endpoints", "delete", "main", "--yes"])
        .ok();
    let said = resume.ends().fails(1);
    assert!(
        said.contains("error: endpoint main was deleted meanwhile"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delete_waits_until_it_is_gone() {
    let steered = Steered::start("gone").await;
    steered.shop();
    steered.main();
    steered.holds("main").await;
    let delete = Running::start(&steered.machine, &["endpoints", "delete", "main", "--yes"]);
    steered.lets_go("main").await;
    let outcome = delete.ends();
    assert_eq!((outcome.code, &*outcome.stdout), (0, ""), "{outcome:#?}");
    assert!(
        outcome.stderr.ends_with("endpoint main is deleted\n"),
        "{outcome:#?}"
    );
    assert_eq!(
        steered
            .machine
            .keon(&["endpoints", "list", "-o", "json"])
            .json(),
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_shows_where_things_stand_and_is_clean_afterwards() {
    let steered = Steered::start("spinner").await;
    steered.shop();
    let mut terminal = steered.machine.terminal(&CREATE);
    terminal.shows("main: Pending");
    steered
        .says("main", working("Starting", "it comes up"))
        .await;
    terminal.shows("main: Starting: it comes up");
    steered.says("main", running()).await;
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("198.51.100.7:5432"), "{screen}");
    for rest in ["Starting", "waiting"] {
        assert!(!screen.contains(rest), "{screen}");
    }
    let quiet = steered
        .machine
        .terminal(&["endpoints", "delete", "main", "--yes", "-q"]);
    assert_eq!(quiet.ends(), (0, String::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_ends_the_wait_and_clears_the_line() {
    let steered = Steered::start("interrupt").await;
    steered.shop();
    let mut terminal = steered.machine.terminal(&CREATE);
    terminal.shows("main: Pending");
    terminal.interrupt();
    let (code, screen) = terminal.ends();
    assert_eq!(code, 130, "{screen}");
    assert!(
        !screen.contains("Pending") && screen.contains("interrupted"),
        "{screen}"
    );
}

/// With the operator at work: what a project needs comes by itself.
#[tokio::test]
async fn a_project_is_waited_for_from_create_to_delete() {
    let person = App::shared().await.person("await").await;
    let machine = Machine::of(&person).await;
    let made = machine
        .keon(&["projects", "create", "shop", "-o", "json"])
        .json();
    assert_eq!(made["observedGeneration"], made["generation"]);
    let ready = made["conditions"].as_array().unwrap().iter();
    assert!(
        ready
            .clone()
            .any(|of| of["type"] == "Ready" && of["status"] == "True"),
        "{made}"
    );
    let args = [
        "projects",
        "update",
        "shop",
        "--quota-cpu",
        "3",
        "-o",
        "json",
    ];
    let changed = machine.keon(&args).json();
    assert_eq!(changed["observedGeneration"], changed["generation"]);
    assert_ne!(changed["generation"], made["generation"]);
    // No server has to come up for this one.
    let args = [
        "endpoints",
        "create",
        "off",
        "--project",
        "shop",
        "--allow",
        "203.0.113.7",
        "--suspended",
    ];
    let outcome = machine.keon(&args);
    assert!(outcome.stderr.contains("is stopped"), "{outcome:#?}");
    outcome.ok();
    let stalled = machine.keon(&["endpoints", "create", "bad", "--project", "shop"]);
    let said = stalled.fails(1);
    assert!(
        said.contains("endpoint bad is stalled: AccessMissing"),
        "{said}"
    );
    let outcome = machine.keon(&["projects", "delete", "shop", "--yes"]);
    assert!(
        outcome.stderr.ends_with("project shop is deleted\n"),
        "{outcome:#?}"
    );
    assert_eq!(
        machine.keon(&["projects", "list", "-o", "json"]).json(),
        json!([])
    );
}
