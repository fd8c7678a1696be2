//! Identity against forged tokens, and against providers that listen on this machine.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test they help"
)]

use axum::Router;
use kisenon::auth::identity::http::{ProviderClient, Transport};
use tokio::net::TcpListener;

mod attack;
mod forge;
mod github;
mod id_token;
mod key_index;
mod keystore;

/// Serves on a free port of the loopback address for as long as the test runs; gives its URL.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn client() -> ProviderClient {
    let transport = Transport {
        allow_http: true,
        roots: None,
    };
    ProviderClient::new(&transport).unwrap()
}
