//! From a changed child to the object it belongs to, by its labels.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::reflector::{ObjectRef, Store};
use tokio::sync::mpsc::UnboundedSender;

use crate::cluster::address;
use crate::controller::api_key::Keys;
use crate::crd::{Endpoint, Project, label};
use crate::domain::id;

/// Asks for reconciles.
#[derive(Clone)]
pub struct Triggers {
    /// Of Projects.
    pub projects: UnboundedSender<ObjectRef<Project>>,
    /// Of Endpoints.
    pub endpoints: UnboundedSender<ObjectRef<Endpoint>>,
    /// Of keys.
    pub keys: Arc<Keys>,
    /// To find those that live in a namespace.
    pub project_store: Store<Project>,
    /// To find those that refer to an object without owning it.
    pub endpoint_store: Store<Endpoint>,
}

impl Triggers {
    /// A child has changed: the Endpoint it belongs to, else the Project. One whose labels do not
    /// say, since somebody took them away, concerns whoever has children in its namespace.
    pub fn child(&self, meta: &ObjectMeta) {
        let label = |key: &str| meta.labels.as_ref()?.get(key).cloned();
        let is_endpoints = label(label::ENDPOINT_ID).is_some();
        match (
            label(label::TENANT_NAMESPACE),
            label(label::ENDPOINT),
            label(label::PROJECT),
        ) {
            (Some(namespace), Some(endpoint), _) => self.endpoint(&namespace, &endpoint),
            (Some(namespace), None, Some(project)) if !is_endpoints => {
                self.project(&namespace, &project);
            }
            _ => self.neighbours(meta.namespace.as_deref().unwrap_or_default()),
        }
    }

    /// Whoever has children in this namespace, be it a tenant's or a workload namespace.
    fn neighbours(&self, namespace: &str) {
        for project in self.project_store.state() {
            let (Some(home), Some(name)) = (&project.metadata.namespace, &project.metadata.name)
            else {
                continue;
            };
            if home == namespace || is_workload_of(namespace, &project) {
                self.project(home, name);
                self.endpoints_of(home, name);
            }
        }
    }

    /// A Service has changed: the Endpoints whose address it claims.
    pub fn claimed(&self, service: &Service) {
        let is_claimed = |address: &str| address::is_claimed_by(service, address);
        self.endpoints_where(|endpoint| {
            let address = endpoint.status.as_ref().and_then(|s| s.address.as_deref());
            address.is_some_and(is_claimed)
        });
    }

    /// A Secret has changed: its owner, or the Endpoints whose role takes its password from it.
    pub fn secret(&self, meta: &ObjectMeta) {
        if meta
            .labels
            .as_ref()
            .is_some_and(|labels| labels.contains_key(label::TENANT_NAMESPACE))
            || meta.owner_references.is_some()
        {
            self.child(meta);
        }
        let (Some(namespace), Some(name)) = (&meta.namespace, &meta.name) else {
            return;
        };
        for endpoint in self.endpoint_store.state() {
            let refers = endpoint.metadata.namespace.as_ref() == Some(namespace)
                && endpoint
                    .spec
                    .role
                    .password_secret_ref
                    .as_ref()
                    .is_some_and(|reference| reference.name == *name);
            if refers {
                self.endpoint(
                    namespace,
                    endpoint.metadata.name.as_deref().unwrap_or_default(),
                );
            }
        }
    }

    /// The Endpoint of this name. A closed receiver means that the process is ending.
    pub fn endpoint(&self, namespace: &str, name: &str) {
        let _ = self.endpoints.send(ObjectRef::new(name).within(namespace));
    }

    /// The Project of this name. A closed receiver means that the process is ending.
    pub fn project(&self, namespace: &str, name: &str) {
        let _ = self.projects.send(ObjectRef::new(name).within(namespace));
    }

    /// A namespace has changed: whoever lives in it.
    pub fn namespace(&self, name: &str) {
        for project in self.project_store.state() {
            if project.metadata.namespace.as_deref() == Some(name) {
                self.project(name, project.metadata.name.as_deref().unwrap_or_default());
            }
        }
        self.endpoints_where(|e| e.metadata.namespace.as_deref() == Some(name));
        self.keys.ask_namespace(name);
    }

    /// All Endpoints of a Project.
    pub fn endpoints_of(&self, namespace: &str, project: &str) {
        self.endpoints_where(|e| {
            e.spec.project == project && e.metadata.namespace.as_deref() == Some(namespace)
        });
    }

    /// All Projects.
    pub fn all_projects(&self) {
        for project in self.project_store.state() {
            let meta = &project.metadata;
            if let (Some(namespace), Some(name)) = (&meta.namespace, &meta.name) {
                self.project(namespace, name);
            }
        }
    }

    /// Something in a workload namespace has changed: the Project it was made for.
    pub fn workload(&self, namespace: &str) {
        for project in self.project_store.state() {
            if let (true, Some(of), Some(name)) = (
                is_workload_of(namespace, &project),
                &project.metadata.namespace,
                &project.metadata.name,
            ) {
                self.project(of, name);
            }
        }
    }

    /// All Endpoints that `predicate` admits.
    pub fn endpoints_where(&self, predicate: impl Fn(&Endpoint) -> bool) {
        for endpoint in self.endpoint_store.state_filter(|e| predicate(e)) {
            let meta = &endpoint.metadata;
            if let (Some(namespace), Some(name)) = (&meta.namespace, &meta.name) {
                self.endpoint(namespace, name);
            }
        }
    }
}

/// Whether this is the workload namespace of the Project, which may have no status yet.
fn is_workload_of(namespace: &str, project: &Project) -> bool {
    let uid = project.metadata.uid.as_deref().unwrap_or_default();
    id::workload_namespace(uid).is_ok_and(|of| of == namespace)
}
