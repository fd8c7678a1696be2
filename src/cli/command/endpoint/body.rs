//! From arguments to what is sent. Pure.

use std::collections::BTreeMap;

use crate::cli::args::endpoint::{Create, InCluster, Settings};
use crate::wire::endpoint::access::{self, Access};
use crate::wire::endpoint::{
    ComputeInput, CreateEndpoint, DesiredState, PostgresSettings, PostgresSettingsPatch, RoleInput,
    StorageInput, UpdateEndpoint,
};
use crate::wire::resource::change::Change;

/// An endpoint to make.
pub(super) fn to_create(args: Create) -> CreateEndpoint {
    let ranges = args.allowed_cidrs.iter();
    let allowed_cidrs = ranges.map(ToString::to_string).collect::<Vec<_>>();
    let access = Access {
        allowed_cidrs,
        in_cluster: args.in_cluster.map(in_cluster).unwrap_or_default(),
    };
    let storage = StorageInput {
        size: args.settings.storage.clone(),
        class_name: args.storage_class,
    };
    // A new one has all defaults anyway.
    let parameters = args.settings.parameters.iter().cloned();
    let parameters = parameters.filter(|(_, value)| !value.is_empty());
    let parameters = parameters.collect::<BTreeMap<_, _>>();
    CreateEndpoint {
        project: args.project,
        name: args.name,
        compute: compute(&args.settings),
        storage: (storage != StorageInput::default()).then_some(storage),
        postgres: (!parameters.is_empty()).then_some(PostgresSettings { parameters }),
        database: args.database,
        role: args.role.map(|name| RoleInput {
            name: Some(name),
            ..RoleInput::default()
        }),
        access: (!access.allowed_cidrs.is_empty()).then_some(access),
        desired_state: args.suspended.then_some(DesiredState::Suspended),
    }
}

/// What to change; nothing where nothing was named.
pub(super) fn to_update(settings: Settings) -> UpdateEndpoint {
    let compute = compute(&settings);
    let parameters = settings.parameters.into_iter();
    let parameters = parameters.map(|(name, value)| (name, (!value.is_empty()).then_some(value)));
    let parameters = parameters.collect::<BTreeMap<_, _>>();
    UpdateEndpoint {
        compute,
        storage: settings.storage.map(|size| StorageInput {
            size: Some(size),
            class_name: None,
        }),
        postgres: match parameters.is_empty() {
            true => Change::Keep,
            false => Change::Set(PostgresSettingsPatch { parameters }),
        },
        ..UpdateEndpoint::default()
    }
}

/// Which pods may connect.
pub(super) const fn in_cluster(of: InCluster) -> access::InCluster {
    match of {
        InCluster::None => access::InCluster::None,
        InCluster::TenantNamespace => access::InCluster::TenantNamespace,
    }
}

fn compute(settings: &Settings) -> Option<ComputeInput> {
    let compute = ComputeInput {
        cpu: settings.cpu.clone(),
        memory: settings.memory.clone(),
    };
    (compute != ComputeInput::default()).then_some(compute)
}
