//! The operator's own token, stolen: it writes and reads nothing beyond its namespaces.

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cluster_handle::Cluster;
use crate::stage;
use crate::tenant::Tenant;

const SYSTEM: &str = "kisenon-system";
const FENCE: &str = "kisenon-fence";

/// A namespace that is nobody's, gone when the story ends.
struct Unlabelled<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl Drop for Unlabelled<'_> {
    fn drop(&mut self) {
        self.cluster
            .kubectl(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}

#[tokio::test]
async fn a_stolen_token_stays_inside_the_fence() {
    let _stage = stage::shared().await;
    let cluster = Cluster::find().await;
    let tenant = Tenant::new(&cluster, "fence").await;
    tenant.endpoint("main", "");
    tenant.ready("main").await;
    let outside = Unlabelled {
        cluster: &cluster,
        name: format!("{}-outside", tenant.namespace),
    };
    let name = &*outside.name;
    cluster.kubectl(&["create", "namespace", name]).output();
    cluster
        .kubectl(&[
            "-n",
            name,
            "create",
            "secret",
            "generic",
            "theirs",
            "--from-literal=a=b",
        ])
        .output();
    let token = ["-n", SYSTEM, "create", "token", "kisenon-operator"];
    let stolen = Cluster::with_token(&cluster.kubectl(&token).output()).await;

    // What it may do shows that the token is good.
    let leases = Api::<Lease>::namespaced(stolen.clone(), SYSTEM);
    leases.list(&ListParams::default()).await.unwrap();
    let own = Api::<Secret>::namespaced(stolen.clone(), &tenant.namespace);
    own.get("main-connection").await.unwrap();

    reads_nothing(&stolen, name).await;
    writes_nothing(&stolen, name, &tenant).await;
}

async fn reads_nothing(stolen: &Client, outside: &str) {
    let secrets = Api::<Secret>::namespaced(stolen.clone(), outside);
    forbidden(secrets.get("theirs").await);
    forbidden(secrets.list(&ListParams::default()).await);
    forbidden(
        Api::<Secret>::all(stolen.clone())
            .list(&ListParams::default())
            .await,
    );
    forbidden(
        Api::<Secret>::namespaced(stolen.clone(), "kube-system")
            .list(&ListParams::default())
            .await,
    );
}

async fn writes_nothing(stolen: &Client, outside: &str, tenant: &Tenant) {
    let map = json!({"metadata": {"name": "x"}, "data": {"a": "b"}});
    forbidden(create::<ConfigMap>(stolen, outside, map.clone()).await);
    forbidden(create::<ConfigMap>(stolen, "kube-system", map).await);

    // RBAC grants these two; the fence refuses them.
    let binding = json!({
        "metadata": {"name": "kisenon-operator"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "kisenon-tenant"},
        "subjects": [{"kind": "ServiceAccount", "name": "kisenon-operator", "namespace": SYSTEM}],
    });
    let said = forbidden(create::<RoleBinding>(stolen, outside, binding).await);
    assert!(said.contains(FENCE), "{said}");
    let spaces = Api::<Namespace>::all(stolen.clone());
    let other = json!({"metadata": {"name": format!("{}-x", tenant.namespace)}});
    let other = serde_json::from_value(other).unwrap();
    let said = forbidden(spaces.create(&PostParams::default(), &other).await);
    assert!(said.contains(FENCE), "{said}");
    let label = Patch::Merge(json!({"metadata": {"labels": {"kisenon.com/tenant": "x"}}}));
    let said = forbidden(spaces.patch(outside, &PatchParams::default(), &label).await);
    assert!(said.contains(FENCE), "{said}");

    // Nor may it take over a Secret of the tenant's own.
    let foreign = json!({"metadata": {"name": "foreign"}, "stringData": {"a": "b"}});
    let said = forbidden(create::<Secret>(stolen, &tenant.namespace, foreign).await);
    assert!(said.contains(FENCE), "{said}");
}

async fn create<K>(client: &Client, namespace: &str, object: Value) -> kube::Result<K>
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
    K: Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let object = serde_json::from_value(object).unwrap();
    Api::<K>::namespaced(client.clone(), namespace)
        .create(&PostParams::default(), &object)
        .await
}

#[track_caller]
fn forbidden<T>(outcome: kube::Result<T>) -> String {
    match outcome {
        Err(kube::Error::Api(status)) if status.code == 403 => status.message.clone(),
        Err(error) => panic!("refused for another reason: {error}"),
        Ok(_) => panic!("was not refused"),
    }
}
