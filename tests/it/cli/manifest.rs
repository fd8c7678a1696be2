//! `keon apply` and `keon plan`, with the documents that kubectl takes.

use kisenon::crd::{Endpoint, Project};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::machine::{Machine, Outcome};
use super::shop::Shop;

const PROJECT: &str = "\
apiVersion: kisenon.com/v1alpha1
kind: Project
metadata: {name: shop}
spec:
  displayName: Shop
  network: {allowedCidrs: [203.0.113.0/24]}
";
const ENDPOINT: &str = "\
apiVersion: kisenon.com/v1alpha1
kind: Endpoint
metadata: {name: shop-main}
spec: {project: shop, compute: {cpu: '1'}}
";

fn write(machine: &Machine, name: &str, text: &str) {
    let path = machine.home().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// In the home folder, so that files have short names.
fn keon(machine: &Machine, args: &[&str]) -> Outcome {
    let mut command = machine.command(args);
    Outcome::of(args, command.current_dir(machine.home()).output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_tells_field_by_field_what_applying_then_does() {
    let shop = Shop::empty("plan").await;
    let machine = &shop.machine;
    write(machine, "shop.yaml", &format!("{PROJECT}---\n{ENDPOINT}"));
    let plan = ["plan", "-f", "shop.yaml"];
    let apply = ["apply", "-f", "shop.yaml", "--no-wait"];
    let detailed = ["plan", "-f", "shop.yaml", "--detailed-exitcode"];
    let first = keon(machine, &plan);
    assert_eq!(first.stderr, "2 to create, 0 to configure, 0 unchanged\n");
    insta::assert_snapshot!("plan_creates", first.ok());
    assert_eq!(
        shop.home.api::<Project>().get_opt("shop").await.unwrap(),
        None
    );
    assert_eq!(keon(machine, &detailed).code, 2);
    insta::assert_snapshot!("apply_creates", keon(machine, &apply).ok());
    assert_eq!(keon(machine, &detailed).code, 0);
    let again = keon(machine, &apply).ok();
    assert!(
        again
            .lines()
            .skip(1)
            .all(|line| line.ends_with("unchanged")),
        "{again}"
    );

    let larger = ENDPOINT.replace("'1'", "'2'");
    let project = PROJECT.replace("  displayName: Shop\n", "");
    write(machine, "shop.yaml", &format!("{project}---\n{larger}"));
    let second = keon(machine, &plan);
    assert_eq!(second.stderr, "0 to create, 2 to configure, 0 unchanged\n");
    insta::assert_snapshot!("plan_configures", second.ok());
    let json = keon(machine, &["plan", "-f", "shop.yaml", "-o", "json"]).json();
    assert_eq!(json["applied"], false);
    let diff = json!([{"field": "spec.compute.cpu", "before": "1", "after": "2"}]);
    assert_eq!(json["results"][1]["diff"], diff);
    let json = keon(machine, &[&apply[..], &["-o", "json"]].concat()).json();
    assert_eq!(
        (&json["applied"], &json["results"][1]["action"]),
        (&json!(true), &json!("configured"))
    );
    let names = keon(machine, &[&apply[..], &["-o", "name"]].concat()).ok();
    assert_eq!(names, "project/shop\nendpoint/shop-main\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_folders_and_standard_input_are_applied_together() {
    let shop = Shop::empty("files").await;
    let machine = &shop.machine;
    let named = |name: &str| PROJECT.replace("shop", name).replace("Shop", name);
    write(machine, "all/b.yml", &named("from-b"));
    write(
        machine,
        "all/a.yaml",
        &format!("# first\n---\n{}", named("from-a")),
    );
    write(machine, "all/README.md", "no manifest");
    write(
        machine,
        "all/below/c.json",
        r#"{"apiVersion": "v1", "kind": "List", "items": []}"#,
    );
    write(machine, "one.yaml", &named("from-one"));
    let path = |name: &str| machine.home().join(name).display().to_string();
    let (all, one) = (path("all"), path("one.yaml"));
    let args = [
        "apply",
        "-R",
        "-f",
        &all,
        "-f",
        &one,
        "-f",
        "-",
        "--no-wait",
        "-o",
        "name",
    ];
    let applied = machine.keon_with_input(&args, &named("from-stdin")).ok();
    assert_eq!(
        applied,
        "project/from-a\nproject/from-b\nproject/from-one\nproject/from-stdin\n"
    );
    // What kubectl prints of several objects can be given back.
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "kisenon.com/v1alpha1", "kind": "Project", "metadata": {"name": "from-list"}, "spec": {}},
    ]});
    let args = ["apply", "-f", "-", "--no-wait", "-o", "name"];
    assert_eq!(
        machine.keon_with_input(&args, &list.to_string()).ok(),
        "project/from-list\n"
    );

    let told = machine.keon_with_input(&["plan", "-f", "-"], "\n").fails(1);
    assert!(
        told.contains("there is no document in what was given"),
        "{told}"
    );
    let told = keon(machine, &["apply", "-f", "nowhere.yaml"]).fails(1);
    assert!(
        told.contains("failed to read nowhere.yaml\ncaused by: No such file"),
        "{told}"
    );
    write(machine, "broken.yaml", "kind: A\nspec: [\n");
    let told = keon(machine, &["apply", "-f", "broken.yaml"]).fails(1);
    assert!(
        told.contains("error: broken.yaml is not YAML: ") && told.contains("line 2"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_names_file_and_document_and_nothing_is_written() {
    let shop = Shop::empty("refused").await;
    let machine = &shop.machine;
    let bad = ENDPOINT.replace("cpu: '1'", "cpu: much");
    write(machine, "a.yaml", PROJECT);
    write(
        machine,
        "b.yaml",
        &format!("{ENDPOINT}---\n{}", bad.replace("shop-main", "other")),
    );
    let files = ["-f", "a.yaml", "-f", "b.yaml"];
    let told = keon(machine, &[&["apply"], &files[..]].concat()).fails(1);
    assert!(told.contains("nothing was written"), "{told}");
    assert!(
        told.contains("  b.yaml, document 2: Endpoint other: "),
        "{told}"
    );
    assert_eq!(
        shop.home.api::<Project>().get_opt("shop").await.unwrap(),
        None
    );
    let plan = keon(machine, &[&["plan"], &files[..]].concat());
    assert_eq!(plan.code, 1);
    assert!(
        plan.stdout
            .contains("! Endpoint other is refused (b.yaml, document 2)"),
        "{plan:#?}"
    );
    assert!(
        plan.stdout
            .contains("+ Project shop would be created (a.yaml)"),
        "{plan:#?}"
    );
    write(
        machine,
        "c.yaml",
        &PROJECT.replace("kind: Project", "kind: Secret"),
    );
    let told = keon(machine, &["apply", "-f", "a.yaml", "-f", "c.yaml"]).fails(1);
    assert!(
        told.contains("error: c.yaml: only Project, Endpoint and ApiKey"),
        "{told}"
    );
    write(machine, "d.yaml", PROJECT);
    let told = keon(machine, &["apply", "-f", "a.yaml", "-f", "d.yaml"]).fails(1);
    assert!(
        told.contains("error: d.yaml: Project shop stands twice"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_of_another_manager_are_taken_over_only_on_request() {
    let shop = Shop::empty("held").await;
    let machine = &shop.machine;
    let theirs = json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
        "metadata": {"name": "shop"}, "spec": {"displayName": "Theirs"},
    });
    let kubectl = PatchParams::apply("kubectl");
    let projects = shop.home.api::<Project>();
    projects
        .patch("shop", &kubectl, &Patch::Apply(&theirs))
        .await
        .unwrap();
    write(machine, "a.yaml", PROJECT);
    let told = keon(machine, &["apply", "-f", "a.yaml"]).fails(1);
    assert!(
        told.contains("a.yaml: Project shop: ") && told.contains("kubectl"),
        "{told}"
    );
    assert!(
        told.contains("apply with --force to take it over"),
        "{told}"
    );
    keon(machine, &["apply", "-f", "a.yaml", "--force", "--no-wait"]).ok();
    let name = projects.get("shop").await.unwrap().spec.display_name;
    assert_eq!(name.as_deref(), Some("Shop"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_applied_before_a_refusal_is_told() {
    let shop = Shop::empty("many").await;
    let machine = &shop.machine;
    let many = (0..100).map(|n| PROJECT.replace("name: shop", &format!("name: p{n}")));
    write(machine, "a.yaml", &many.collect::<Vec<_>>().join("---\n"));
    write(
        machine,
        "b.yaml",
        &PROJECT.replace("kind: Project", "kind: Secret"),
    );
    let outcome = keon(
        machine,
        &["apply", "-f", "a.yaml", "-f", "b.yaml", "--no-wait"],
    );
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    let created = outcome
        .stdout
        .lines()
        .filter(|line| line.ends_with("created"));
    assert_eq!(created.count(), 100);
    let told = &outcome.stderr;
    assert!(
        told.contains("warning: 100 of 101 documents were applied before that"),
        "{told}"
    );
    assert!(told.contains("error: b.yaml: only Project"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn applying_waits_until_endpoints_are_as_they_were_asked_to_be() {
    let shop = Shop::new("waits").await;
    let machine = &shop.machine;
    write(
        machine,
        "a.yaml",
        &ENDPOINT.replace(", compute: {cpu: '1'}", ""),
    );
    let args = ["apply", "-f", "a.yaml", "--timeout", "1s"];
    let outcome = keon(machine, &args);
    assert_eq!(outcome.code, 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("shop-main"), "{outcome:#?}");
    // The table is there before the wait.
    assert!(outcome.stdout.contains("shop-main"), "{outcome:#?}");
    let generation = shop.home.api::<Endpoint>().get("shop-main").await.unwrap();
    let generation = generation.metadata.generation;
    let ready = json!({
        "phase": "Running", "observedGeneration": generation,
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": generation,
        }],
    });
    shop.status(ready).await;
    keon(machine, &["apply", "-f", "a.yaml"]).ok();
}
