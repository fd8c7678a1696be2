//! From files to documents. Judges nothing that the server knows better: only what cannot be read
//! is refused here, by its file and line.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cli::error::Error;

/// What stands for standard input.
const STDIN: &str = "-";
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// One document, and where it was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    /// For people: `shop.yaml`, or `shop.yaml, document 2`.
    pub(super) place: String,
    /// The object.
    pub(super) object: Value,
}

/// The documents of files, folders and standard input, in that order.
///
/// # Errors
/// When one cannot be read, or there is none at all.
pub(super) fn documents(paths: &[PathBuf], is_recursive: bool) -> Result<Vec<Document>, Error> {
    let inputs = paths.iter().filter(|path| path.as_os_str() == STDIN);
    if inputs.count() > 1 {
        return Err(Error::usage("standard input can be read once only"));
    }
    let mut documents = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            let mut bytes = Vec::new();
            let read = std::io::stdin().read_to_end(&mut bytes);
            read.map_err(failed(Path::new("standard input")))?;
            documents.extend(parse("standard input", &bytes)?);
            continue;
        }
        for file in files(path, is_recursive)? {
            let bytes = std::fs::read(&file).map_err(failed(&file))?;
            documents.extend(parse(&file.display().to_string(), &bytes)?);
        }
    }
    if documents.is_empty() {
        return Err(Error::refused("there is no document in what was given")
            .hinting("a document has apiVersion, kind, metadata and spec; see examples/"));
    }
    Ok(documents)
}

/// A file as it is; of a folder what looks like a manifest, by name.
fn files(path: &Path, is_recursive: bool) -> Result<BTreeSet<PathBuf>, Error> {
    if !std::fs::metadata(path).map_err(failed(path))?.is_dir() {
        return Ok([path.to_owned()].into());
    }
    let mut found = BTreeSet::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(failed(&folder))? {
            let entry = entry.map_err(failed(&folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(failed(&path))?;
            let extension = path.extension().and_then(|of| of.to_str());
            if kind.is_dir() && is_recursive {
                folders.push(path);
            } else if !kind.is_dir() && extension.is_some_and(|of| EXTENSIONS.contains(&of)) {
                found.insert(path);
            }
        }
    }
    if found.is_empty() {
        return Err(Error::refused(format!(
            "there is no .yaml, .yml or .json file in {}",
            path.display()
        ))
        .hinting("look into its folders as well with --recursive"));
    }
    Ok(found)
}

fn parse(name: &str, bytes: &[u8]) -> Result<Vec<Document>, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::refused(format!("{name} is not text in UTF-8")))?;
    let options = serde_saphyr::options! { with_snippet: false };
    let read = serde_saphyr::from_multiple_with_options::<Value>(text, options)
        .map_err(|error| Error::refused(format!("{name} is not YAML: {error}")))?;
    let is_one = read.len() == 1;
    let mut documents = Vec::new();
    for (index, object) in read.into_iter().enumerate() {
        let place = match is_one {
            true => name.to_owned(),
            false => format!("{name}, document {}", index + 1),
        };
        match object {
            Value::Null => {}
            Value::Object(mut list) if is_list(&list) => {
                let items = match list.remove("items") {
                    Some(Value::Array(items)) => items,
                    _ => Vec::new(),
                };
                let items = items.into_iter().enumerate();
                documents.extend(items.map(|(index, object)| Document {
                    place: format!("{place}, item {}", index + 1),
                    object,
                }));
            }
            object => documents.push(Document { place, object }),
        }
    }
    Ok(documents)
}

/// What `kubectl get -o yaml` writes of several objects.
fn is_list(object: &serde_json::Map<String, Value>) -> bool {
    let is = |field: &str, value: &str| object.get(field).is_some_and(|of| of == value);
    is("apiVersion", "v1") && is("kind", "List")
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File {
        verb: "read",
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(name: &str, text: &str) -> Vec<String> {
        let documents = parse(name, text.as_bytes()).unwrap();
        documents.into_iter().map(|of| of.place).collect()
    }

    #[test]
    fn a_document_is_named_by_its_file_and_place() {
        assert_eq!(places("a.yaml", "kind: A\n"), ["a.yaml"]);
        let several = places("a.yaml", "---\nkind: A\n---\n---\nkind: B\n");
        assert_eq!(several[0], "a.yaml, document 1");
        assert_eq!(several.len(), 2);
        let list = "apiVersion: v1\nkind: List\nitems: [{kind: A}, {kind: B}]\n";
        assert_eq!(places("l.yaml", list), ["l.yaml, item 1", "l.yaml, item 2"]);
        assert_eq!(places("-", "# nothing\n"), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_told_by_file_and_line() {
        let words = |bytes: &[u8]| parse("a.yaml", bytes).unwrap_err().to_string();
        assert_eq!(words(b"\xff"), "a.yaml is not text in UTF-8");
        let yaml = words(b"kind: A\nspec: [\n");
        assert!(yaml.starts_with("a.yaml is not YAML: "), "{yaml}");
        assert!(yaml.contains("line"), "{yaml}");
    }

    #[test]
    fn a_folder_gives_its_manifests_by_name_and_those_below_on_request() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        for name in ["b.yml", "a.yaml", "c.json", "notes.md", "below/d.yaml"] {
            std::fs::write(folder.path().join(name), "kind: A\n").unwrap();
        }
        let names = |is_recursive| {
            let files = files(folder.path(), is_recursive).unwrap().into_iter();
            let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
            files.map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["a.yaml", "b.yml", "c.json"]);
        assert_eq!(names(true), ["a.yaml", "b.yml", "d.yaml", "c.json"]);
        assert!(files(Path::new("/nowhere"), false).is_err());
    }
}
