//! The shape of the source: who may import whom, and how large things may grow.
//!
//! ```text
//! bin → server → {controller, api, health} → {cluster, probe, store, auth} → {crd, wire} → domain
//! bin → cli → {wire, domain}       config, telemetry, metrics: leaves, passed in
//! ```
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Every module of `src`, and what it may import.
const RULE: &[(&str, &str)] = &[
    (
        "bin",
        "server controller api cli health cluster probe store auth crd wire domain config telemetry metrics",
    ),
    (
        "server",
        "controller api health cluster probe store auth crd wire domain config telemetry metrics",
    ),
    (
        "controller",
        "health cluster probe auth crd domain config telemetry metrics",
    ),
    (
        "api",
        "cluster store auth crd wire domain config telemetry metrics",
    ),
    ("cluster", "crd domain config telemetry metrics"),
    ("probe", "crd domain config telemetry metrics"),
    ("health", "domain config telemetry metrics"),
    ("store", "domain config telemetry metrics"),
    ("auth", "wire domain config telemetry metrics"),
    ("cli", "wire domain"),
    ("crd", "domain"),
    ("wire", "domain"),
    ("config", "domain"),
    ("telemetry", "domain"),
    ("metrics", "domain"),
    ("domain", ""),
];

/// A crate, and the modules that are kept from it.
const KEPT_FROM: &[(&str, &str)] = &[
    ("kube", "domain wire cli store config"),
    ("k8s_openapi", "domain wire cli store config"),
    (
        "axum",
        "domain crd wire cli store auth cluster probe controller config",
    ),
    ("tokio", "domain crd wire"),
    (
        "sqlx",
        "bin server controller api cluster probe auth cli crd wire domain config telemetry metrics",
    ),
];

/// Where the client reads the environment.
const SETTINGS: &str = "src/cli/settings.rs";
/// Who knows stdout and stderr in the client: the printer, the spinner and the questions beside it,
/// and whoever asks whether they are a terminal. Help and errors of arguments are clap's to print.
const SCREENS: [&str; 4] = [
    "src/cli/printer.rs",
    "src/cli/progress.rs",
    "src/cli/question.rs",
    SETTINGS,
];

/// Crates of the server alone. `tower-http` is not among them, since reqwest brings it.
const OF_THE_SERVER: &[&str] = &[
    "axum",
    "axum-core",
    "axum-server",
    "governor",
    "jsonwebtoken",
    "k8s-openapi",
    "kube",
    "kube-client",
    "kube-core",
    "kube-runtime",
    "prometheus-client",
    "rcgen",
    "schemars",
    "sqlx",
    "sqlx-core",
    "stringprep",
    "tracing-subscriber",
    "utoipa",
    "x509-parser",
];

/// A source file: its path below the root, its module of `src`, and its code without comments.
struct Source {
    path: String,
    module: String,
    code: String,
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let below = path.strip_prefix(Path::new(ROOT).join("src")).unwrap();
        let first = below
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap();
        Source {
            path: format!("src/{}", below.display()),
            module: first.trim_end_matches(".rs").to_owned(),
            code: code.collect::<Vec<_>>().join("\n"),
        }
    };
    files("src").into_iter().map(read).collect()
}

/// The first names of all paths that follow `prefix` in `code`, those in braces too.
fn after(code: &str, prefix: &str) -> BTreeSet<String> {
    let name = |text: &str| {
        let end = |c: char| !c.is_alphanumeric() && c != '_';
        text.trim_start().split(end).next().unwrap().to_owned()
    };
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        // Not the end of a longer path or name.
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    names.insert(name(&group[start..i]));
                    start = i + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    names.remove("");
    names
}

fn listed(table: &[(&str, &str)], name: &str, other: &str) -> Option<bool> {
    let (_, list) = table.iter().find(|(row, _)| *row == name)?;
    Some(list.split(' ').any(|word| word == other))
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for Source { path, module, code } in sources() {
        if module == "lib" {
            continue;
        }
        let mut used = after(&code, "crate::");
        used.append(&mut after(&code, "kisenon::"));
        // As many `super` as the file is deep lead to the crate, one more in a module within it.
        let depth = path.matches('/').count();
        for supers in [depth, depth + 1].map(|n| "super::".repeat(n)) {
            let names = after(&code, &supers).into_iter();
            used.extend(names.filter(|name| RULE.iter().any(|(row, _)| row == name)));
        }
        for other in used.iter().filter(|other| **other != module) {
            match listed(RULE, &module, other) {
                Some(true) => {}
                Some(false) => wrong.push(format!("{path}: {module} may not import {other}")),
                None => wrong.push(format!("{path}: say in RULE what {module} may import")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_crate_stays_where_it_belongs() {
    let mut wrong = Vec::new();
    for Source { path, module, code } in sources() {
        for (name, _) in KEPT_FROM {
            let used = !after(&code, &format!("{name}::")).is_empty();
            if used && listed(KEPT_FROM, name, &module) == Some(true) {
                wrong.push(format!("{path}: {module} may not use {name}"));
            }
        }
        let is_read_here = ["config", "bin"].contains(&&*module) || path == SETTINGS;
        if !is_read_here && code.contains("std::env") {
            wrong.push(format!(
                "{path}: only config, bin and {SETTINGS} may read the environment"
            ));
        }
        let writes = ["::stdout()", "::stderr()"]
            .iter()
            .any(|of| code.contains(of));
        if module == "cli" && writes && !SCREENS.contains(&&*path) {
            wrong.push(format!("{path}: only the printer may write"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_folders_and_tests_keep_their_bounds() {
    let mut wrong = Vec::new();
    let mut folders = std::collections::BTreeMap::<PathBuf, usize>::new();
    for path in ["src", "tests", "e2e"].into_iter().flat_map(files) {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.display();
        if text.lines().count() > 400 {
            wrong.push(format!("{name} has more than 400 lines"));
        }
        if path.ends_with("mod.rs") {
            wrong.push(format!("{name}: the root of a folder lies beside it"));
        }
        let skipped = |line: &str| line.trim_start().starts_with(concat!("#[", "ignore"));
        if text.lines().any(skipped) {
            wrong.push(format!("{name} has a test that is never run"));
        }
        // The root holds one file for each module, which `RULE` bounds.
        let root = Path::new(ROOT).join("src");
        if path.starts_with(&root) && path.parent() != Some(&root) {
            *folders
                .entry(path.parent().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    // The root is the map of the whole: its files are the rows of RULE.
    folders.remove(&Path::new(ROOT).join("src"));
    let full = folders.iter().filter(|(_, count)| **count > 12);
    wrong.extend(full.map(|(folder, count)| format!("{} has {count} files", folder.display())));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names of the crates that a build of `arguments` holds.
fn graph(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(ROOT)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn the_client_holds_no_crate_of_the_server() {
    let cli = ["--no-default-features", "--features", "cli", "-e", "normal"];
    let crates = graph(&cli);
    assert!(crates.contains("clap"), "{crates:?}");
    for name in OF_THE_SERVER {
        assert!(
            !crates.contains(*name),
            "{name}: see `cargo tree -i {name}`"
        );
    }
    let server = graph(&[
        "--no-default-features",
        "--features",
        "server",
        "-e",
        "normal",
    ]);
    let misspelt = OF_THE_SERVER.iter().filter(|name| !server.contains(**name));
    assert!(
        misspelt.count() == 0,
        "a name that no crate has keeps nothing out"
    );
}

#[test]
fn there_is_one_crypto_library_and_one_clock_library() {
    let crates = graph(&["--all-features", "-e", "normal,build,dev"]);
    assert!(crates.contains("aws-lc-rs") && crates.contains("jiff"));
    for name in ["ring", "rsa", "openssl", "openssl-sys", "chrono"] {
        assert!(!crates.contains(name), "{name}: see `cargo tree -i {name}`");
    }
}

#[test]
fn paths_are_found_wherever_they_are_written() {
    let code = "use crate::{a, b::{c, d}, e as f};\nfn g() { crate::h::i(); x::crate::j(); }";
    let found = after(code, "crate::");
    assert!(found.iter().eq(["a", "b", "e", "h"]), "{found:?}");
}
