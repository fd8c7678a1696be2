//! A way to a server that a test can break, and mend.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::watch;

/// What happens to those who take the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Open,
    /// Nothing passes, and nobody is told: as if a cable were pulled.
    Silent,
    /// Every connection breaks, and new ones are refused: as if the server had ended.
    Cut,
}

/// Where one end is.
#[derive(Clone, Debug)]
enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// The way. It ends with its runtime.
pub(in crate::api) struct Link {
    way: watch::Sender<Way>,
    entrance: Place,
    _folder: Option<tempfile::TempDir>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Link {
    /// To a server on loopback.
    pub(in crate::api) async fn to_port(port: u16) -> Self {
        let any = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let entrance = Place::Tcp(any.local_addr().unwrap());
        drop(any);
        let exit = Place::Tcp((Ipv4Addr::LOCALHOST, port).into());
        Self::between(entrance, exit, None).await
    }

    /// To a server on a Unix socket, by a socket of the same name elsewhere.
    pub(in crate::api) async fn to_socket(socket: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entrance = Place::Unix(folder.path().join(socket.file_name().unwrap()));
        Self::between(entrance, Place::Unix(socket.to_owned()), Some(folder)).await
    }

    async fn between(entrance: Place, exit: Place, folder: Option<tempfile::TempDir>) -> Self {
        let way = watch::Sender::new(Way::Open);
        let (opened, is_open) = tokio::sync::oneshot::channel();
        tokio::spawn(keep(way.clone(), entrance.clone(), exit, opened));
        is_open.await.unwrap();
        Self {
            way,
            entrance,
            _folder: folder,
        }
    }

    /// Where it begins.
    pub(in crate::api) fn address(&self) -> SocketAddr {
        match &self.entrance {
            Place::Tcp(address) => *address,
            Place::Unix(path) => panic!("{} has no address", path.display()),
        }
    }

    /// The folder of the socket where it begins.
    pub(in crate::api) fn folder(&self) -> &Path {
        match &self.entrance {
            Place::Unix(path) => path.parent().unwrap(),
            Place::Tcp(address) => panic!("{address} is no socket"),
        }
    }

    pub(in crate::api) fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    pub(in crate::api) fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    pub(in crate::api) fn mend(&self) {
        self.way.send_replace(Way::Open);
    }
}

async fn keep(
    way: watch::Sender<Way>,
    entrance: Place,
    exit: Place,
    opened: tokio::sync::oneshot::Sender<()>,
) {
    let (mut opened, exit) = (Some(opened), Arc::new(exit));
    loop {
        let mut changes = way.subscribe();
        changes.wait_for(|way| *way != Way::Cut).await.unwrap();
        let accepting = accept(&entrance, &exit, &way, opened.take());
        tokio::select! {
            () = accepting => {}
            cut = changes.wait_for(|way| *way == Way::Cut) => drop(cut.unwrap()),
        }
    }
}

async fn accept(
    entrance: &Place,
    exit: &Arc<Place>,
    way: &watch::Sender<Way>,
    opened: Option<tokio::sync::oneshot::Sender<()>>,
) {
    let mut listen: Listener = match entrance {
        Place::Tcp(address) => Listener::Tcp(TcpListener::bind(address).await.unwrap()),
        Place::Unix(path) => {
            let _ = std::fs::remove_file(path);
            Listener::Unix(UnixListener::bind(path).unwrap(), path.clone())
        }
    };
    if let Some(opened) = opened {
        opened.send(()).unwrap();
    }
    loop {
        let client = listen.accept().await;
        let (exit, way) = (Arc::clone(exit), way.clone());
        tokio::spawn(async move {
            let mut cut = way.subscribe();
            let server: Box<dyn Stream> = match &*exit {
                Place::Tcp(address) => match TcpStream::connect(address).await {
                    Ok(stream) => Box::new(stream),
                    Err(_) => return,
                },
                Place::Unix(path) => match UnixStream::connect(path).await {
                    Ok(stream) => Box::new(stream),
                    Err(_) => return,
                },
            };
            let ((client_in, client_out), (server_in, server_out)) = (split(client), split(server));
            tokio::select! {
                () = pump(client_in, server_out, way.subscribe()) => {}
                () = pump(server_in, client_out, way.subscribe()) => {}
                _ = cut.wait_for(|way| *way == Way::Cut) => {}
            }
        });
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut way: watch::Receiver<Way>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if way.wait_for(|way| *way == Way::Open).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    async fn accept(&mut self) -> Box<dyn Stream> {
        match self {
            Self::Tcp(listener) => Box::new(listener.accept().await.unwrap().0),
            Self::Unix(listener, _) => Box::new(listener.accept().await.unwrap().0),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}
