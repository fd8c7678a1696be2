//! `keon endpoints` against the API.

use serde_json::json;

use super::machine::Machine;
use super::steered::Steered;
use crate::api::app::App;

#[tokio::test]
async fn an_endpoint_lives_from_create_to_delete() {
    let machine = Machine::with_shop("endpointlife").await;
    let args = "endpoints create main --project shop --cpu 250m --memory 256Mi --storage 2Gi \
        --database store --role clerk --allow 192.0.2.0/24 --in-cluster tenant-namespace \
        --parameter work_mem=16MB --parameter jit=off --suspended -o json";
    let made = machine.line(args).json();
    assert_eq!(made["compute"], json!({"cpu": "250m", "memory": "256Mi"}));
    assert_eq!(
        made["postgres"]["parameters"],
        json!({"work_mem": "16MB", "jit": "off"})
    );
    assert_eq!(
        made["access"],
        json!({"allowedCidrs": ["192.0.2.0/24"], "inCluster": "TenantNamespace"})
    );
    assert_eq!(
        (&made["database"], &made["role"]["name"], &made["phase"]),
        (&json!("store"), &json!("clerk"), &json!("Stopped"))
    );
    let id = made["id"].as_str().unwrap();
    for wanted in ["main", "endpoint/main", id] {
        let shown = machine
            .keon(&["endpoints", "get", wanted, "-o", "json"])
            .json();
        assert_eq!(shown["id"], made["id"]);
    }
    let args = "endpoints update main --cpu 500m --parameter jit= -o json";
    let changed = machine.line(args).json();
    assert_eq!(
        changed["compute"],
        json!({"cpu": "500m", "memory": "256Mi"})
    );
    assert_eq!(
        changed["postgres"]["parameters"],
        json!({"work_mem": "16MB"})
    );
    assert_eq!(changed["observedGeneration"], changed["generation"]);
    let args = "endpoints update main --storage 3Gi --no-wait -o json";
    assert_eq!(machine.line(args).json()["storage"]["size"], "3Gi");

    for (filter, count) in [("shop", 1), (made["project"]["id"].as_str().unwrap(), 1)] {
        let args = ["endpoints", "list", "--project", filter, "-o", "json"];
        let listed = machine.keon(&args).json();
        assert_eq!(listed.as_array().unwrap().len(), count);
    }
    machine.keon(&["endpoints", "delete", "main", "--yes"]).ok();
    assert_eq!(
        machine.keon(&["endpoints", "list", "-o", "json"]).json(),
        json!([])
    );
}

#[tokio::test]
async fn bad_input_is_told_where_it_is_typed() {
    let machine = Machine::with_shop("badendpoint").await;
    machine.refuses(&[
        ("endpoints create main", 2, "--project"),
        ("endpoints create main --project shop --cpu lots", 2, "500m"),
        (
            "endpoints create main --project shop --parameter jit",
            2,
            "NAME=VALUE",
        ),
        (
            "endpoints create main --project shop --in-cluster none",
            2,
            "--allow",
        ),
        (
            "endpoints create main --project nosuch",
            1,
            "there is no project nosuch",
        ),
        (
            "endpoints create main --project shpo",
            1,
            "did you mean shop?",
        ),
        ("endpoints create Main --project shop", 1, "name:"),
        (
            "endpoints create main --project shop --role postgres",
            1,
            "belong to the server",
        ),
        (
            "endpoints create main --project shop --parameter fsync=off",
            1,
            "unknown or protected parameter",
        ),
        (
            "endpoints list --project nosuch",
            1,
            "there is no project nosuch",
        ),
        ("endpoints get nosuch", 1, "there is no endpoint nosuch"),
        ("endpoints suspend nosuch", 1, "there is no endpoint nosuch"),
        (
            "endpoints get ep-0000000000000000",
            1,
            "there is no endpoint ep-0000000000000000",
        ),
        (
            "endpoints update main",
            2,
            "--cpu, --memory, --storage or --parameter",
        ),
        ("endpoints allow main", 2, "--inherit"),
        ("endpoints allow main --replace", 2, "<CIDR>"),
        ("endpoints allow main 10.0.0.1/8", 2, "10.0.0.0/8"),
    ]);
    let create = "endpoints create main --project shop --suspended";
    machine.line(create).ok();
    let said = machine.line(create).fails(1);
    assert!(said.contains("hint: take another name"), "{said}");
    let said = machine
        .line("endpoints update main --storage 512Mi")
        .fails(1);
    assert!(said.contains("can only grow"), "{said}");
    let said = machine.line("endpoints get mian").fails(1);
    assert!(said.contains("hint: did you mean main?"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_an_endpoint_starts_from_its_projects() {
    let steered = Steered::start("allow").await;
    steered.shop();
    steered.main();
    let allow = |args: &str| {
        let args = format!("endpoints allow main {args} --no-wait -o json");
        steered.machine.line(&args)
    };
    let outcome = allow("192.0.2.7");
    assert!(
        outcome.stderr.contains("a list of its own from now on"),
        "{outcome:#?}"
    );
    let list = |value: serde_json::Value| value["access"]["allowedCidrs"].clone();
    assert_eq!(
        list(outcome.json()),
        json!(["203.0.113.0/24", "192.0.2.7/32"])
    );
    assert_eq!(
        list(allow("--remove 203.0.113.0/24").json()),
        json!(["192.0.2.7/32"])
    );
    let said = allow("--remove 203.0.113.0/24").fails(1);
    assert!(said.contains("hint: it holds 192.0.2.7/32"), "{said}");
    let said = allow("--remove 192.0.2.7").fails(1);
    assert!(said.contains("keon endpoints suspend main"), "{said}");
    let outcome = allow("0.0.0.0/0 --replace --in-cluster tenant-namespace");
    assert!(
        outcome
            .stderr
            .contains("warning: 0.0.0.0/0 lets in everybody"),
        "{outcome:#?}"
    );
    let open = outcome.json();
    assert_eq!(
        open["access"],
        json!({"allowedCidrs": ["0.0.0.0/0"], "inCluster": "TenantNamespace"})
    );
    // What is not named stays.
    let changed = allow("192.0.2.9 --remove 0.0.0.0/0").json();
    assert_eq!(
        changed["access"],
        json!({"allowedCidrs": ["192.0.2.9/32"], "inCluster": "TenantNamespace"})
    );
    assert_eq!(allow("--inherit").json().get("access"), None);
}

/// Several people at once: nobody's range is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ranges_that_are_added_at_once_are_all_there() {
    let steered = Steered::start("atonce").await;
    steered.shop();
    steered.main();
    let children = (1..=4).map(|last| {
        let range = format!("192.0.2.{last}");
        let mut command =
            steered
                .machine
                .command(&["endpoints", "allow", "main", &range, "--no-wait", "-q"]);
        command.stdout(std::process::Stdio::null()).spawn().unwrap()
    });
    for mut child in children.collect::<Vec<_>>() {
        assert!(child.wait().unwrap().success());
    }
    let shown = steered
        .machine
        .keon(&["endpoints", "get", "main", "-o", "json"])
        .json();
    let mut list = shown["access"]["allowedCidrs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|range| range.as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    list.sort_unstable();
    assert_eq!(
        list,
        [
            "192.0.2.1/32",
            "192.0.2.2/32",
            "192.0.2.3/32",
            "192.0.2.4/32",
            "203.0.113.0/24"
        ]
    );
}

#[tokio::test]
async fn what_a_project_declares_is_changed_there_and_keon_says_so() {
    let person = App::shared().await.person("declares").await;
    let machine = Machine::of(&person).await;
    machine.keon(&["projects", "create", "seed"]).ok();
    let namespace = person.get("/v1/me").await.expect(200)["tenant"]["namespace"].clone();
    let client = crate::operator::site::SHARED.plane.client().await;
    let projects =
        kube::Api::<kisenon::crd::Project>::namespaced(client, namespace.as_str().unwrap());
    let object = json!({
        "apiVersion": "kisenon.com/v1alpha1", "kind": "Project", "metadata": {"name": "shop"},
        "spec": {
            "network": {"allowedCidrs": ["203.0.113.0/24"]},
            "endpoints": [{"name": "main", "desiredState": "Suspended"}],
        },
    });
    let object = serde_json::from_value(object).unwrap();
    projects
        .create(&kube::api::PostParams::default(), &object)
        .await
        .unwrap();
    crate::resource::app::until("the operator has made it", async || {
        let listed = machine.keon(&["endpoints", "list", "-o", "name"]).ok();
        (listed == "endpoint/shop-main\n").then_some(())
    })
    .await;
    let said = machine
        .keon(&["endpoints", "delete", "shop-main", "--yes"])
        .fails(1);
    assert!(
        said.contains("take it out of the project's endpoints"),
        "{said}"
    );
    let shown = machine.keon(&["endpoints", "get", "shop-main"]).ok();
    assert!(shown.contains("shop, which declares it"), "{shown}");
}
