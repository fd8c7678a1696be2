//! The OpenAPI document, made from the handlers, and a page that people can read. The page is
//! plain HTML made here: it asks nobody for scripts, fonts or styles.

use std::fmt::Write as _;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::Value;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::api::state::ApiState;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
code{font-family:ui-monospace,monospace}h2{margin-top:2.5rem}summary{cursor:pointer}\
table{border-collapse:collapse}td,th{border-bottom:1px solid #8884;padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:top}\
.verb{display:inline-block;min-width:4.5rem;font-weight:600}:root{color-scheme:light dark}";

/// The document without any route.
#[must_use]
pub fn frame() -> OpenApi {
    let bearer = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API key (`nsk_…`) or the access token of a session; both are equal on tenant routes.",
            ))
            .build(),
    );
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Kisenon API")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Postgres endpoints on Kubernetes, each behind its own network perimeter. The API authenticates, writes custom resources and reads their status. Refusals are problem documents (RFC 9457).",
                ))
                .build(),
        )
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("bearer", bearer)
                .build(),
        ))
        .build()
}

/// `/openapi.json` and `/docs`.
pub fn pages(document: &OpenApi) -> Router<ApiState> {
    let json = document.to_pretty_json().unwrap_or_default();
    let page = page(&serde_json::from_str(&json).unwrap_or_default());
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
    Router::new()
        .route(
            "/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }),
        )
        .route(
            "/docs",
            get(move || async move {
                let headers = [
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                    (header::CONTENT_SECURITY_POLICY, policy),
                ];
                (headers, page)
            }),
        )
}

/// The reference as a page, by tags.
fn page(document: &Value) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Kisenon API</title>\
         <style>{STYLE}</style></head><body><h1>Kisenon API</h1><p>{}</p>\
         <p><a href=\"/openapi.json\">openapi.json</a></p>",
        escaped(&document["info"]["description"])
    );
    let mut tags = operations(document)
        .map(|operation| operation.tag)
        .collect::<Vec<_>>();
    tags.sort_unstable();
    tags.dedup();
    for tag in tags {
        let _ = write!(html, "<h2>{}</h2>", escape(tag));
        for operation in operations(document).filter(|o| o.tag == tag) {
            operation.write(&mut html);
        }
    }
    html.push_str("<h2>Bodies</h2>");
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        write_schema(&mut html, name, schema);
    }
    html.push_str("</body></html>");
    html
}

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    tag: &'a str,
    value: &'a Value,
}

fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| {
            let value = item.get(*method)?;
            Some(Operation {
                path,
                method,
                tag: value["tags"][0].as_str().unwrap_or("other"),
                value,
            })
        })
    })
}

impl Operation<'_> {
    fn write(&self, html: &mut String) {
        let id = escaped(&self.value["operationId"]);
        let _ = write!(
            html,
            "<details id=\"{id}\"><summary><span class=\"verb\">{}</span><code>{}</code> {}</summary><p>{}</p>",
            self.method.to_uppercase(),
            escape(self.path),
            escaped(&self.value["summary"]),
            escaped(&self.value["description"])
        );
        html.push_str("<table>");
        for parameter in self.value["parameters"].as_array().into_iter().flatten() {
            row(
                html,
                &format!("{} ({})", text(&parameter["name"]), text(&parameter["in"])),
                &text(&parameter["description"]),
            );
        }
        if let Some(body) = self.value.get("requestBody") {
            row(html, "body", &reference(&body["content"]));
        }
        for (status, response) in self.value["responses"].as_object().into_iter().flatten() {
            row(html, status, &reference(&response["content"]));
        }
        html.push_str("</table></details>");
    }
}

fn write_schema(html: &mut String, name: &str, schema: &Value) {
    let _ = write!(
        html,
        "<details id=\"schema-{0}\"><summary><code>{0}</code></summary><p>{1}</p><table>",
        escape(name),
        escaped(&schema["description"])
    );
    for (member, value) in schema["properties"].as_object().into_iter().flatten() {
        row(html, member, &text(&value["description"]));
    }
    html.push_str("</table></details>");
}

fn row(html: &mut String, name: &str, meaning: &str) {
    let _ = write!(
        html,
        "<tr><th><code>{}</code></th><td>{}</td></tr>",
        escape(name),
        escape(meaning)
    );
}

/// Name of the schema that a body refers to.
fn reference(content: &Value) -> String {
    let schema = content
        .as_object()
        .and_then(|types| types.values().next())
        .map(|body| text(&body["schema"]["$ref"]))
        .unwrap_or_default();
    schema.rsplit('/').next().unwrap_or_default().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn escaped(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
