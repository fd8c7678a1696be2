//! Manual pages.

use std::collections::BTreeSet;

use super::machine::Machine;

#[test]
fn every_command_has_a_page_with_all_its_sections() {
    let machine = Machine::new();
    let folder = machine.home().join("man1");
    machine.keon(&["man", &folder.display().to_string()]).ok();
    let mut pages = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "ENVIRONMENT",
            "FILES",
            "\"EXIT STATUS\"",
            "\"SEE ALSO\"",
        ] {
            let head = format!("\n.SH {section}\n");
            assert_eq!(text.matches(&head).count(), 1, "{section} of {entry:?}");
        }
        pages.insert(entry.file_name().into_string().unwrap());
    }
    let command = kisenon::cli::args::command(None);
    let mut wanted = BTreeSet::from(["keon.1".to_owned()]);
    for noun in command.get_subcommands().filter(|of| !of.is_hide_set()) {
        wanted.insert(format!("keon-{}.1", noun.get_name()));
        for verb in noun.get_subcommands() {
            wanted.insert(format!("keon-{}-{}.1", noun.get_name(), verb.get_name()));
        }
    }
    assert_eq!(pages, wanted);
    let page = std::fs::read_to_string(folder.join("keon-psql.1")).unwrap();
    let page = page
        .lines()
        .map(|line| match line.strip_prefix(".TH KEON-PSQL 1 ") {
            Some(_) => ".TH KEON-PSQL 1 […]",
            None => line,
        });
    insta::assert_snapshot!(page.collect::<Vec<_>>().join("\n"));
}
