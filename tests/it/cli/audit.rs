//! What was changed, by whom.

use super::machine::Machine;
use crate::api::app::App;
use serde_json::json;

#[tokio::test]
async fn changes_are_listed_the_newest_first_and_no_more_than_asked_for() {
    let person = App::shared().await.person("audit").await;
    let machine = Machine::of(&person).await;
    for name in ["one", "two", "three"] {
        person
            .post("/v1/projects", json!({ "name": name }))
            .await
            .expect(201);
    }
    let table = machine.keon(&["audit"]).ok();
    let lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let lines = lines.collect::<Vec<_>>();
    assert_eq!(lines[0], ["TIME", "ACTOR", "ACTION", "TARGET"]);
    let [time, actor, action, target] = lines[1][..] else {
        panic!("{table}");
    };
    let time = time.parse::<jiff::Timestamp>().unwrap();
    assert!(time.as_second() > 1_700_000_000 && time.subsec_nanosecond() == 0);
    assert_eq!((actor, action), (&*person.email, "project.create"));
    assert_eq!(target, "project/three");
    assert_eq!(lines[3][3], "project/one");

    let two = machine.keon(&["audit", "--limit", "2"]);
    assert_eq!(two.stderr, "there are older ones: keon audit --limit 4\n");
    assert_eq!(two.ok().lines().count(), 3);
    let json = machine
        .keon(&["audit", "-o", "json", "--limit", "1000"])
        .json();
    let wire = person.get("/v1/audit-events").await.expect(200);
    assert_eq!(json, wire["items"]);
    let narrow = machine.keon(&["audit", "--limit", "0"]).fails(2);
    assert!(narrow.contains("--limit"), "{narrow}");
}
