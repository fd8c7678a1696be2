//! What every command says of itself: the real program's words, for each command of its own tree.

use clap::Command;

use super::machine::Machine;

/// The words of a command and of all below it.
fn help(machine: &Machine, command: &Command, path: &[&str], text: &mut String) {
    let args = [path, &["--help"]].concat();
    let said = machine.keon(&args).ok();
    text.push_str(&format!("$ keon {}\n{said}\n", args.join(" ")));
    check(command, path, &said);
    for verb in command.get_subcommands() {
        help(machine, verb, &[path, &[verb.get_name()]].concat(), text);
    }
}

/// Whoever can set something is shown how.
fn check(command: &Command, path: &[&str], said: &str) {
    let is_own = |of: &&clap::Arg| !of.is_global_set() && !of.is_positional();
    let has_flags = command
        .get_arguments()
        .filter(is_own)
        .any(|of| !["help", "version"].contains(&of.get_id().as_str()));
    assert!(
        !has_flags || said.contains("\nExamples:\n"),
        "keon {} has flags and no examples",
        path.join(" ")
    );
    for example in said.lines().filter(|line| line.starts_with("  keon ")) {
        assert!(example.len() <= 100, "too long: {example}");
    }
}

/// The words of an example, up to its remark or to what is the shell's.
fn words(example: &str) -> Vec<String> {
    let typed = example.trim().split("  ").next().unwrap();
    let typed = typed.split(['>', '<', '|']).next().unwrap();
    let parts = typed.split(['\'', '"']).enumerate();
    // Every second part stands in quotes.
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

#[test]
fn every_command_says_what_it_does() {
    let machine = Machine::new();
    let tree = kisenon::cli::args::command(None);
    let mut root = String::new();
    let said = machine.keon(&["--help"]).ok();
    check(&tree, &[], &said);
    root.push_str(&said);
    insta::assert_snapshot!("help", root);
    for command in tree.get_subcommands() {
        let mut text = String::new();
        let name = command.get_name();
        help(&machine, command, &[name], &mut text);
        insta::assert_snapshot!(format!("help_{name}"), text.trim_end());
    }
}

#[test]
fn every_example_can_be_typed() {
    let machine = Machine::new();
    let tree = kisenon::cli::args::command(None);
    let mut paths = vec![Vec::new()];
    for command in tree.get_subcommands() {
        let name = command.get_name().to_owned();
        let verbs = command.get_subcommands();
        paths.extend(verbs.map(|verb| vec![name.clone(), verb.get_name().to_owned()]));
        paths.push(vec![name]);
    }
    let mut count = 0;
    for path in paths {
        let mut args = path.iter().map(|word| &**word).collect::<Vec<_>>();
        args.push("--help");
        let said = machine.keon(&args).ok();
        for line in said.lines().filter(|line| line.starts_with("  keon ")) {
            let words = words(line);
            let parsed = tree.clone().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} examples were found");
}

#[test]
fn a_slip_is_answered_with_what_was_meant() {
    let machine = Machine::new();
    for (typed, meant) in [
        (&["project", "lst"][..], "list"),
        (&["endpints", "list"], "endpoints"),
        (
            &["endpoints", "create", "main", "--projct", "shop"],
            "--project",
        ),
        (&["endpoints", "list", "-o", "jsn"], "json"),
        (
            &["endpoints", "allow", "main", "--in-cluster", "tenant"],
            "tenant-namespace",
        ),
    ] {
        let said = machine.keon(typed).fails(2);
        assert!(said.contains(meant), "{typed:?}: {said}");
    }
}
