//! The data's volume. Pure. A claim of its own rather than a template of the StatefulSet, whose
//! templates can never change: so a volume can grow.

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::super::validate::ValidEndpoint;
use super::metadata;

pub(super) fn build(valid: &ValidEndpoint) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: metadata(valid),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".into()]),
            // The default, said all the same: what is created must name what it has.
            volume_mode: Some("Filesystem".into()),
            storage_class_name: valid.storage_class.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some([("storage".to_owned(), Quantity(valid.storage.clone()))].into()),
                ..VolumeResourceRequirements::default()
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        ..PersistentVolumeClaim::default()
    }
}
