//! From what a person types to what the API knows: a name where that is unique, or an id.

use super::Client;
use crate::cli::error::Error;
use crate::wire::api_key::ApiKeyView;
use crate::wire::endpoint::EndpointView;
use crate::wire::project::ProjectView;

/// How alike a name must be to be what was meant (Jaro-Winkler).
const ALIKE: f64 = 0.8;

impl Client {
    /// The project of this name or id.
    ///
    /// # Errors
    /// When there is none, or the list does not come.
    pub(crate) async fn project(&self, wanted: &str) -> Result<ProjectView, Error> {
        let all = self.list::<ProjectView>(&["v1", "projects"], &[]).await?;
        let is_it = |of: &ProjectView| of.id == wanted || of.name == wanted;
        let names = all.iter().map(|of| of.name.clone()).collect();
        all.into_iter()
            .find(is_it)
            .ok_or_else(|| absent("project", wanted, names))
    }

    /// The endpoint of this name or id.
    ///
    /// # Errors
    /// When there is none, or the list does not come.
    pub(crate) async fn endpoint(&self, wanted: &str) -> Result<EndpointView, Error> {
        let all = self.list::<EndpointView>(&["v1", "endpoints"], &[]).await?;
        let is_it = |of: &EndpointView| of.id == wanted || of.name == wanted;
        let names = all.iter().map(|of| of.name.clone()).collect();
        all.into_iter()
            .find(is_it)
            .ok_or_else(|| absent("endpoint", wanted, names))
    }

    /// The API key of this id, prefix or label.
    ///
    /// # Errors
    /// When there is none, several have that label, or the list does not come.
    pub(crate) async fn api_key(&self, wanted: &str) -> Result<ApiKeyView, Error> {
        let all = self.list::<ApiKeyView>(&["v1", "api-keys"], &[]).await?;
        let labels = all.iter().map(|of| of.label.clone()).collect();
        let mut exact = all
            .iter()
            .filter(|of| of.id == wanted || of.prefix == wanted);
        if let Some(key) = exact.next() {
            return Ok(key.clone());
        }
        let mut labelled = all.into_iter().filter(|of| of.label == wanted);
        match (labelled.next(), labelled.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(absent("API key", wanted, labels)),
            (Some(_), Some(_)) => Err(Error::refused(format!(
                "several API keys are called {wanted}"
            ))
            .hinting("name it by its id or prefix: keon api-keys list")),
        }
    }
}

/// The name that was probably meant.
pub(crate) fn alike<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a String>,
) -> Option<&'a String> {
    let likeness = |name: &'a String| (strsim::jaro_winkler(name, wanted), name);
    let mut alike: Vec<_> = names.into_iter().map(likeness).collect();
    alike.retain(|(likeness, _)| *likeness >= ALIKE);
    let best = alike.into_iter().max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, name)| name)
}

fn absent(kind: &str, wanted: &str, names: Vec<String>) -> Error {
    let error = Error::refused(format!("there is no {kind} {wanted}"));
    match alike(wanted, names.iter()) {
        Some(name) => error.hinting(format!("did you mean {name}?")),
        None => error.hinting(format!(
            "list them: keon {}s list",
            kind.to_lowercase().replace(' ', "-")
        )),
    }
}
