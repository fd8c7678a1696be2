//! Projects, endpoints and keys from the command line.

use super::machine::Machine;
use crate::api::app::App;

#[tokio::test]
async fn whoami_names_the_person_and_the_key() {
    let person = App::shared().await.person("whoami").await;
    let machine = Machine::of(&person).await;
    let me = machine.keon(&["whoami", "-o", "json"]).json();
    assert_eq!(me["user"]["email"], person.email);
    assert_eq!(me["credential"]["label"], "keon");
    let (code, screen) = machine.terminal(&["whoami"]).ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains(&person.email), "{screen}");
}
