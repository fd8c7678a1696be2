//! The file of keys, as others might have left it (C13).

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::{Uid, mkfifo};
use serde_json::json;

use super::login::{key_of, stored};
use super::logout::signed_in;
use super::machine::Machine;
use crate::api::app::App;

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Neither reads nor writes: what refuses, and that the file stays as it is.
#[track_caller]
fn is_refused(machine: &Machine, words: &str) {
    for args in [
        &["whoami"][..],
        &["logout"],
        &["logout", "--local"],
        &["profiles", "list"],
        &["profiles", "use", "default"],
    ] {
        let told = machine.keon(args).fails(1);
        assert!(told.contains(words), "{args:?}: {told}");
        assert!(told.contains("hint: "), "{args:?}: {told}");
    }
}

#[tokio::test]
async fn c13_a_link_in_place_of_the_file_is_refused() {
    let person = App::shared().await.person("link").await;
    let machine = signed_in(&person, &["default"]).await;
    let elsewhere = machine.home().join("elsewhere.json");
    std::fs::rename(machine.credentials(), &elsewhere).unwrap();
    symlink(&elsewhere, machine.credentials()).unwrap();
    let before = std::fs::read_to_string(&elsewhere).unwrap();
    is_refused(&machine, "is a symbolic link");
    let (key, _) = person.key(json!({ "label": "new" })).await;
    let args = ["login", "--with-token", "-", "--api-url", &person.app.base];
    machine.keon_with_input(&args, &key).fails(1);
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), before);
    std::fs::remove_file(machine.credentials()).unwrap();
    machine.keon_with_input(&args, &key).ok();
    assert_eq!(key_of(&machine, "default"), key);
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), before);
}

#[tokio::test]
async fn c13_a_file_that_others_can_read_or_write_is_refused() {
    let person = App::shared().await.person("modes").await;
    let machine = signed_in(&person, &["default"]).await;
    for mode in [0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o601] {
        chmod(&machine.credentials(), mode);
        is_refused(&machine, &format!("(mode {mode:o})"));
    }
    chmod(&machine.credentials(), 0o400);
    machine.keon(&["whoami"]).ok();
}

#[tokio::test]
async fn c13_a_folder_that_is_a_link_or_that_others_can_write_to_is_refused() {
    let person = App::shared().await.person("folder").await;
    let machine = signed_in(&person, &["default"]).await;
    let folder = machine.credentials().parent().unwrap().to_owned();
    for mode in [0o770, 0o707, 0o722] {
        chmod(&folder, mode);
        is_refused(&machine, "can be written by others");
    }
    chmod(&folder, 0o755);
    machine.keon(&["whoami"]).ok();
    machine.keon(&["profiles", "use", "default"]).ok();
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "closed by the next write");
    let elsewhere = machine.home().join("elsewhere");
    std::fs::rename(&folder, &elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    is_refused(&machine, "is not a folder of yours");
}

#[tokio::test]
async fn c13_a_file_of_somebody_else_is_refused() {
    // Only root can give a file away.
    if !Uid::effective().is_root() {
        return;
    }
    let person = App::shared().await.person("foreign").await;
    let machine = signed_in(&person, &["default"]).await;
    std::os::unix::fs::chown(machine.credentials(), Some(65_534), None).unwrap();
    is_refused(&machine, "belongs to somebody else");
    std::os::unix::fs::chown(machine.credentials(), Some(0), None).unwrap();
    let folder = machine.credentials().parent().unwrap().to_owned();
    std::os::unix::fs::chown(&folder, Some(65_534), None).unwrap();
    is_refused(&machine, "is not a folder of yours");
}

#[tokio::test]
async fn c13_what_is_no_file_does_not_hang() {
    let machine = Machine::new();
    let folder = machine.credentials().parent().unwrap().to_owned();
    std::fs::create_dir_all(&folder).unwrap();
    chmod(&folder, 0o700);
    mkfifo(&machine.credentials(), Mode::from_bits_truncate(0o600)).unwrap();
    is_refused(&machine, "is not a file");
    std::fs::remove_file(machine.credentials()).unwrap();
    std::fs::create_dir(machine.credentials()).unwrap();
    is_refused(&machine, "is not a file");
    std::fs::remove_dir(machine.credentials()).unwrap();
    // Nor a lock that is a link or a pipe, which would be written through.
    let person = App::shared().await.person("lock").await;
    let (key, _) = person.key(json!({ "label": "lock" })).await;
    let args = ["login", "--with-token", "-", "--api-url", &person.app.base];
    let (lock, target) = (
        folder.join("credentials.lock"),
        machine.home().join("target"),
    );
    symlink(&target, &lock).unwrap();
    let told = machine.keon_with_input(&args, &key).fails(1);
    assert!(told.contains("error: failed to lock"), "{told}");
    assert!(!target.exists());
    std::fs::remove_file(&lock).unwrap();
    mkfifo(&lock, Mode::from_bits_truncate(0o600)).unwrap();
    machine.keon_with_input(&args, &key).fails(1);
    std::fs::remove_file(&lock).unwrap();
    machine.keon_with_input(&args, &key).ok();
}

#[tokio::test]
async fn a_damaged_file_and_one_of_a_newer_keon_are_refused_and_left_alone() {
    let person = App::shared().await.person("damaged").await;
    let machine = signed_in(&person, &["default"]).await;
    let whole = std::fs::read_to_string(machine.credentials()).unwrap();
    let newer = r#"{"version":2,"profiles":["of another shape"]}"#;
    for (text, words) in [
        ("", "is damaged"),
        ("{}", "is damaged"),
        ("null", "is damaged"),
        (&whole[..whole.len() / 2], "is damaged"),
        (r#"{"version":1,"profiles":{"default":{}}}"#, "is damaged"),
        (newer, "was written by a newer keon"),
    ] {
        std::fs::write(machine.credentials(), text).unwrap();
        is_refused(&machine, words);
        let left = std::fs::read_to_string(machine.credentials()).unwrap();
        assert_eq!(left, text);
    }
}

#[tokio::test]
async fn c13_copies_that_a_killed_keon_has_left_go_with_the_next_change() {
    let person = App::shared().await.person("copies").await;
    let machine = signed_in(&person, &["default"]).await;
    let left = machine.credentials().with_file_name(".credentialsAbCdEf");
    std::fs::copy(machine.credentials(), &left).unwrap();
    machine.keon(&["logout"]).ok();
    assert!(!left.exists());
}

#[tokio::test]
async fn a_login_that_could_not_be_kept_is_refused_before_the_browser_opens() {
    let app = App::shared().await;
    let machine = Machine::new().with("KISENON_API_URL", &app.base);
    // The home is a file, where no folder can be made.
    let home = machine.home().join("home");
    std::fs::write(&home, "").unwrap();
    let machine = machine.with("HOME", home.to_str().unwrap());
    let told = machine.keon(&["login", "--browser"]).fails(1);
    assert!(told.contains("error: failed to"), "{told}");
    assert!(!told.contains("Opening the browser"), "{told}");
}

#[tokio::test]
async fn the_certificate_authority_is_found_from_every_folder() {
    let app = App::shared().await;
    let person = app.person("authority").await;
    let (key, _) = person.key(json!({ "label": "authority" })).await;
    let machine = Machine::new();
    let pair = rcgen::generate_simple_self_signed(["it.test".to_owned()]).unwrap();
    std::fs::write(machine.home().join("ca.crt"), pair.cert.pem()).unwrap();
    std::fs::write(machine.home().join("key.txt"), key).unwrap();
    let args = [
        "login",
        "--with-token",
        "-",
        "--api-url",
        &app.base,
        "--ca-file",
        "ca.crt",
    ];
    let mut command = machine.command(&args);
    command.current_dir(machine.home());
    command.stdin(std::fs::File::open(machine.home().join("key.txt")).unwrap());
    assert!(command.status().unwrap().success());
    let kept = stored(&machine)["profiles"]["default"]["caFile"].clone();
    let expected = machine.home().join("ca.crt");
    assert_eq!(kept, expected.to_str().unwrap());
    machine.keon(&["whoami"]).ok();
}
