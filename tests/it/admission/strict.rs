//! A slip of the pen is refused and named; it is not dropped in silence.

use serde_json::json;

use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;

use super::{endpoint, object, project, project_with, refuses};
use crate::cluster;

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let words = ["strict decoding error: unknown field \"spec.acess\""];
    let acess = json!({"acess": {"allowedCidrs": ["203.0.113.0/24"]}});
    refuses(endpoint(&acess), &words).await;
    let words = ["unknown field \"spec.compute.cpus\""];
    refuses(endpoint(&json!({"compute": {"cpus": "2"}})), &words).await;
    let words = ["unknown field \"spec.allowedCidrs\""];
    refuses(
        project(&json!({"allowedCidrs": ["203.0.113.0/24"]})),
        &words,
    )
    .await;
    let words = ["unknown field \"spec.endpoints[0].cpu\""];
    refuses(project_with(&json!({"cpu": "2"})), &words).await;
    let words = ["unknown field \"spec.secret\""];
    let key = super::api_key::spec(&json!({"secret": "nsk_"}));
    refuses(object("ApiKey", "it", &key), &words).await;
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_server_side_apply_as_well() {
    let tenant = cluster::tenant("admission", "acme").await;
    let kind = GroupVersionKind::gvk("kisenon.com", "v1alpha1", "Endpoint");
    let resource = ApiResource::from_gvk(&kind);
    let endpoints: Api<DynamicObject> =
        Api::namespaced_with(tenant.client, &tenant.name, &resource);
    let slip = Patch::Apply(endpoint(&json!({"desiredstate": "Suspended"})));
    let params = PatchParams::apply("it");
    let error = endpoints.patch("it", &params, &slip).await.unwrap_err();
    let words = ".spec.desiredstate: field not declared in schema";
    assert!(error.to_string().contains(words), "{error}");
}

#[tokio::test]
async fn an_unknown_state_is_refused_with_the_known_ones() {
    let words = [
        "spec.desiredState: Unsupported value: \"Paused\"",
        "supported values: \"Running\", \"Suspended\"",
    ];
    refuses(endpoint(&json!({"desiredState": "Paused"})), &words).await;
}

#[tokio::test]
async fn an_object_without_a_spec_is_refused() {
    for kind in ["Project", "Endpoint", "ApiKey"] {
        let mut object = object(kind, "it", &json!({}));
        object.as_object_mut().unwrap().remove("spec");
        refuses(object, &["spec: Required value"]).await;
    }
}
