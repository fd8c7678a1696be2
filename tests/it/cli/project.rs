//! `keon projects` against the API, with the operator at work.

use std::time::Duration;

use kube::ResourceExt as _;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use kisenon::crd::Project;

use super::machine::Machine;
use super::steered::Steered;
use crate::resource::app::until;

#[tokio::test]
async fn a_project_lives_from_create_to_delete() {
    let machine = Machine::of_somebody("project").await;
    let args = "projects create shop --display-name Shop --postgres-version 17 \
        --allow 203.0.113.0/24,198.51.100.7 --quota-endpoints 3 --quota-cpu 2 --quota-memory 4Gi \
        --quota-storage 20Gi --deletion-protection --deletion-policy retain -o json";
    let made = machine
        .keon(&args.split_whitespace().collect::<Vec<_>>())
        .json();
    assert_eq!(
        made["network"]["allowedCidrs"],
        json!(["203.0.113.0/24", "198.51.100.7/32"])
    );
    assert_eq!(
        made["quota"],
        json!({"endpoints": 3, "cpu": "2", "memory": "4Gi", "storage": "20Gi"})
    );
    assert_eq!(
        (
            &made["displayName"],
            &made["deletionPolicy"],
            &made["deletionProtection"]
        ),
        (&json!("Shop"), &json!("Retain"), &json!(true))
    );
    let id = made["id"].as_str().unwrap();
    for wanted in ["shop", "project/shop", id] {
        let shown = machine
            .keon(&["projects", "get", wanted, "-o", "json"])
            .json();
        assert_eq!(shown["id"], made["id"]);
    }
    let listed = machine.keon(&["projects", "list", "-o", "json"]).json();
    assert_eq!(listed[0]["name"], "shop");

    let said = machine
        .keon(&["projects", "delete", "shop", "--yes"])
        .fails(1);
    assert!(
        said.contains("hint: keon projects update PROJECT --deletion-protection=false"),
        "{said}"
    );
    let args = [
        "projects",
        "update",
        "shop",
        "--deletion-protection=false",
        "--no-allow",
        "--display-name",
        "",
        "-o",
        "json",
    ];
    let changed = machine.keon(&args).json();
    assert_eq!(changed["deletionProtection"], false);
    assert_eq!(
        (changed.get("network"), changed.get("displayName")),
        (None, None)
    );
    assert_eq!(changed["quota"], made["quota"], "what is not named stays");
    machine.keon(&["projects", "delete", "shop", "--yes"]).ok();
    let said = machine.keon(&["projects", "get", "shop"]).fails(1);
    assert_eq!(
        said,
        "error: there is no project shop\nhint: list them: keon projects list\n"
    );
}

#[tokio::test]
async fn bad_input_is_told_where_it_is_typed() {
    let machine = Machine::of_somebody("badproject").await;
    machine.refuses(&[
        ("projects create shop --allow 10.0.0.1/8", 2, "10.0.0.0/8"),
        (
            "projects create shop --allow example.com",
            2,
            "203.0.113.0/24",
        ),
        ("projects create shop --allow ::/0", 2, "IPv4"),
        ("projects create shop --quota-cpu lots", 2, "500m"),
        (
            "projects create shop --quota-endpoints -1",
            2,
            "unexpected argument",
        ),
        ("projects create shop --deletion-policy keep", 2, "retain"),
        ("projects create Shop", 1, "name:"),
        (
            "projects create shop --postgres-version 9",
            1,
            "postgresVersion:",
        ),
        ("projects update shop", 2, "--quota-cpu"),
        (
            "projects update shop --no-allow --allow 192.0.2.1",
            2,
            "cannot be used with",
        ),
        (
            "projects update nosuch --quota-cpu 1",
            1,
            "there is no project nosuch",
        ),
        ("projects get", 2, "<PROJECT>"),
    ]);
    machine
        .keon(&["projects", "create", "shop", "--no-wait"])
        .ok();
    let said = machine.keon(&["projects", "create", "shop"]).fails(1);
    assert!(said.contains("hint: take another name"), "{said}");
    let said = machine.keon(&["projects", "get", "shopp"]).fails(1);
    assert!(said.contains("hint: did you mean shop?"), "{said}");
}

/// J12: what belongs to another tenant is as if it were not there.
#[tokio::test]
async fn another_tenants_project_does_not_exist() {
    let (mine, theirs) = (
        Machine::of_somebody("mine").await,
        Machine::of_somebody("theirs").await,
    );
    let made = theirs
        .keon(&["projects", "create", "shop", "-o", "json"])
        .json();
    let id = made["id"].as_str().unwrap();
    for args in [
        vec!["projects", "get", id],
        vec!["projects", "delete", id, "--yes"],
        vec!["projects", "update", id, "--quota-cpu", "1"],
        vec!["endpoints", "list", "--project", id],
        vec!["endpoints", "create", "main", "--project", id],
        vec!["api-keys", "create", "ci", "--project", id],
    ] {
        let said = mine.keon(&args).fails(1);
        assert!(
            said.starts_with(&format!("error: there is no project {id}\n")),
            "{said}"
        );
    }
    theirs.keon(&["projects", "get", id]).ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keon_makes_shows_up_in_kubernetes_and_the_other_way_round() {
    let steered = Steered::start("bothways").await;
    let machine = &steered.machine;
    let projects = steered.home.api::<Project>();
    let object = json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project",
        "metadata": {"name": "by-hand"}, "spec": {"displayName": "mine"},
    });
    let object: Project = serde_json::from_value(object).unwrap();
    projects
        .create(&PostParams::default(), &object)
        .await
        .unwrap();
    let shown = until("it is listed", async || {
        let listed = machine.keon(&["projects", "list", "-o", "json"]).json();
        listed.as_array().unwrap().first().cloned()
    })
    .await;
    assert_eq!(
        (&shown["name"], &shown["displayName"]),
        (&json!("by-hand"), &json!("mine"))
    );
    machine
        .keon(&[
            "projects",
            "create",
            "by-keon",
            "--allow",
            "192.0.2.0/24",
            "--no-wait",
        ])
        .ok();
    let stored = projects.get("by-keon").await.unwrap();
    let network = serde_json::to_value(&stored.spec.network).unwrap();
    assert_eq!(network["allowedCidrs"], json!(["192.0.2.0/24"]));
    machine
        .keon(&[
            "projects",
            "update",
            "by-hand",
            "--display-name",
            "ours",
            "--no-wait",
        ])
        .ok();
    let stored = projects.get("by-hand").await.unwrap();
    assert_eq!(stored.spec.display_name.as_deref(), Some("ours"));
    machine
        .keon(&["projects", "delete", "by-hand", "--yes"])
        .ok();
    assert!(projects.get_opt("by-hand").await.unwrap().is_none());
}

/// The operator writes its own part while people change theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_made_to_what_changes_by_itself() {
    let steered = Steered::start("busyproject").await;
    steered.shop();
    let projects = steered.home.api::<Project>();
    let writes = tokio::spawn(async move {
        let params = PatchParams::default();
        let mut ticks = tokio::time::interval(Duration::from_millis(40));
        for count in 0.. {
            ticks.tick().await;
            let patch = json!({"metadata": {"annotations": {"it.test/count": count.to_string()}}});
            let written = projects
                .patch("shop", &params, &Patch::Merge(patch))
                .await
                .unwrap();
            assert_eq!(written.name_any(), "shop");
        }
    });
    for count in 1..6 {
        let quota = count.to_string();
        let args = [
            "projects",
            "update",
            "shop",
            "--quota-endpoints",
            &quota,
            "--no-wait",
            "-o",
            "json",
        ];
        let changed: Value = steered.machine.keon(&args).json();
        assert_eq!(changed["quota"]["endpoints"], count);
    }
    writes.abort();
}
