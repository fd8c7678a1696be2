//! Questions before what cannot be undone.

use serde_json::Value;

use super::machine::Machine;

fn names(machine: &Machine, noun: &str) -> String {
    machine.keon(&[noun, "list", "-o", "name"]).ok()
}

#[tokio::test]
async fn where_nobody_can_be_asked_yes_must_be_given_before_anything_is_sent() {
    // Nobody listens there.
    let machine = Machine::new().with("KISENON_API_URL", "http://127.0.0.1:1");
    for (args, what) in [
        (&["projects", "delete", "shop"][..], "delete a project"),
        (&["endpoints", "delete", "main"], "delete an endpoint"),
        (&["endpoints", "reset-password", "main"], "reset a password"),
        (&["api-keys", "revoke", "ci"], "revoke a key"),
    ] {
        let said = machine.keon(args).fails(2);
        assert!(
            said.contains(what) && said.contains("hint: add --yes"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_project_goes_when_its_name_is_typed_and_stays_when_another_is() {
    let machine = Machine::with_shop("typed").await;
    let mut terminal = machine.terminal(&["projects", "delete", "shop"]);
    terminal.shows("Project shop has no endpoints.");
    terminal.shows("Type the name of the project to delete it");
    terminal.types("shopp\r");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 1, "{screen}");
    assert!(
        screen.contains("that is not shop: nothing was changed"),
        "{screen}"
    );
    assert_eq!(names(&machine, "projects"), "project/shop\n");

    let mut terminal = machine.terminal(&["projects", "delete", "shop"]);
    terminal.shows("Type the name of the project to delete it");
    terminal.types("shop\r");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("project shop is deleted"), "{screen}");
    assert_eq!(names(&machine, "projects"), "");
}

#[tokio::test]
async fn no_changes_nothing_and_yes_does_it() {
    let machine = Machine::with_shop("yesno").await;
    machine
        .line("endpoints create main --project shop --suspended")
        .ok();
    for answer in ["n", "\r"] {
        let mut terminal = machine.terminal(&["endpoints", "delete", "main"]);
        terminal.shows("Delete endpoint main and its data, which cannot be had again? [y/N]");
        terminal.types(answer);
        let (code, screen) = terminal.ends();
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains("error: nothing was changed"), "{screen}");
        assert_eq!(names(&machine, "endpoints"), "endpoint/main\n");
    }
    let mut terminal = machine.terminal(&["endpoints", "delete", "main"]);
    terminal.shows("[y/N]");
    terminal.types("y");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(names(&machine, "endpoints"), "");
}

#[tokio::test]
async fn an_interrupted_question_leaves_the_terminal_as_it_was() {
    let machine = Machine::with_shop("ctrlc").await;
    // A shell, to see what it is left with.
    let keon = super::machine::KEON;
    for (args, question) in [
        ("projects delete shop", "Type the name of the project"),
        ("api-keys revoke keon", "Revoke API key keon"),
    ] {
        let script = format!(
            "{keon} {args}; echo code=$?; stty -a | grep -o -- '-\\?echo '; stty -a | grep -o -- '-\\?icanon'"
        );
        let mut terminal = machine.shell(&script);
        terminal.shows(question);
        terminal.interrupt();
        let screen = terminal.shows("code=130");
        assert!(screen.contains("interrupted"), "{screen}");
        let screen = terminal.shows("icanon");
        assert!(
            !screen.contains("-echo") && !screen.contains("-icanon"),
            "{screen}"
        );
        assert!(!terminal.hides_cursor());
    }
    assert_eq!(names(&machine, "projects"), "project/shop\n");
}

#[tokio::test]
async fn the_key_in_use_is_named_as_such() {
    let machine = Machine::with_shop("own").await;
    let mut terminal = machine.terminal(&["api-keys", "revoke", "keon"]);
    terminal.shows("It is the key that keon uses here.");
    terminal.types("y");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    let said = machine.keon(&["projects", "list"]).fails(4);
    assert!(said.contains("KISENON_API_KEY"), "{said}");
}

#[tokio::test]
async fn a_password_is_reset_on_standard_output_alone() {
    let machine = Machine::with_shop("password").await;
    machine
        .line("endpoints create main --project shop --suspended")
        .ok();
    let outcome = machine.keon(&["endpoints", "reset-password", "main", "--yes"]);
    assert!(
        outcome.stderr.contains("it is not shown again"),
        "{outcome:#?}"
    );
    let password = outcome.ok();
    assert!(
        password.trim().len() >= 16 && password.lines().count() == 1,
        "{password:?}"
    );
    let again = machine.keon(&[
        "endpoints",
        "reset-password",
        "main",
        "--yes",
        "-q",
        "-o",
        "json",
    ]);
    assert_eq!(again.stderr, "");
    let made: Value = again.json();
    assert_ne!(made["password"], password.trim());
    assert_eq!(made["username"], "app");
    let lost = machine.keon(&["endpoints", "reset-password", "main", "--yes", "-o", "name"]);
    assert!(lost.fails(2).contains("-o name would lose the password"));
}
