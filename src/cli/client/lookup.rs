//! From what a person types to what the API knows: an id or a name, also as `--output name` writes
//! it. Names of projects and of endpoints are unique in a tenant; labels of keys need not be.

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
        let names = all.iter().map(|of| of.name.clone()).collect();
        let wanted = without_kind("project", wanted);
        let found = pick(all, |of| of.id == wanted, |of| of.name == wanted);
        found.ok_or_else(|| absent("project", wanted, names))
    }

    /// The endpoint of this name or id.
    ///
    /// # Errors
    /// When there is none, or the list does not come.
    pub(crate) async fn endpoint(&self, wanted: &str) -> Result<EndpointView, Error> {
        let all = self.list::<EndpointView>(&["v1", "endpoints"], &[]).await?;
        let names = all.iter().map(|of| of.name.clone()).collect();
        let wanted = without_kind("endpoint", wanted);
        let found = pick(all, |of| of.id == wanted, |of| of.name == wanted);
        found.ok_or_else(|| absent("endpoint", wanted, names))
    }

    /// The API key of this id, prefix or label.
    ///
    /// # Errors
    /// When there is none, several have that label, or the list does not come.
    pub(crate) async fn api_key(&self, wanted: &str) -> Result<ApiKeyView, Error> {
        let all = self.list::<ApiKeyView>(&["v1", "api-keys"], &[]).await?;
        let wanted = without_kind("api-key", wanted);
        let labels = all.iter().map(|of| of.label.clone()).collect();
        let mut exact = all
            .iter()
            .filter(|of| of.id == wanted || of.prefix == wanted);
        if let Some(key) = exact.next() {
            return Ok(key.clone());
        }
        let labelled = all.into_iter().filter(|of| of.label == wanted);
        let labelled = labelled.collect::<Vec<_>>();
        match &*labelled {
            [] => Err(absent("API key", wanted, labels)),
            [key] => Ok(key.clone()),
            several => {
                let prefixes = several.iter().map(|of| &*of.prefix).collect::<Vec<_>>();
                let message = format!("{} API keys are called {wanted}", several.len());
                let hint = format!("name it by its prefix: {}", prefixes.join(", "));
                Err(Error::refused(message).hinting(hint))
            }
        }
    }

    /// Where a refusal is about the project that was named: that there is none, and which one may
    /// have been meant.
    pub(crate) async fn about_project(&self, refusal: Error, wanted: &str) -> Error {
        let is_about = match &refusal {
            Error::Problem(problem) => problem.errors.iter().any(|of| of.field == "project"),
            _ => false,
        };
        if !is_about {
            return refusal;
        }
        match self.project(wanted).await {
            Err(absent @ Error::Refused { .. }) => absent,
            _ => refusal,
        }
    }
}

/// `main`, from `endpoint/main`: no name holds a slash.
pub(crate) fn without_kind<'a>(kind: &str, wanted: &'a str) -> &'a str {
    let rest = wanted.strip_prefix(kind);
    rest.and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(wanted)
}

/// What has that id; else what has that name, which may look like another's id.
fn pick<T>(all: Vec<T>, by_id: impl Fn(&T) -> bool, by_name: impl Fn(&T) -> bool) -> Option<T> {
    let position = all.iter().position(by_id);
    let position = position.or_else(|| all.iter().position(by_name))?;
    all.into_iter().nth(position)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_before_a_name_that_looks_like_it() {
        let all = vec![("prj-1", "prj-2"), ("prj-2", "shop")];
        let found = |wanted: &str| {
            pick(
                all.clone(),
                |(id, _)| *id == wanted,
                |(_, name)| *name == wanted,
            )
        };
        assert_eq!(found("prj-2"), Some(("prj-2", "shop")));
        assert_eq!(found("shop"), Some(("prj-2", "shop")));
        assert_eq!(found("blog"), None);
    }

    #[test]
    fn a_name_is_read_as_it_is_written() {
        assert_eq!(without_kind("endpoint", "endpoint/main"), "main");
        assert_eq!(without_kind("endpoint", "endpoint-main"), "endpoint-main");
        assert_eq!(without_kind("endpoint", "project/main"), "project/main");
    }

    #[test]
    fn what_was_meant_is_guessed_where_it_is_near() {
        let hint = |names: &[&str]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            absent("API key", "shopp", names).hint().unwrap()
        };
        assert_eq!(hint(&["blog", "shop", "shoe"]), "did you mean shop?");
        assert_eq!(hint(&["blog"]), "list them: keon api-keys list");
    }
}
