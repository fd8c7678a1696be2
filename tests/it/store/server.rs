//! A real Postgres server for the tests: initdb in a folder of ours, a Unix socket, and no TCP
//! unless it is configured.
//!
//! It starts with the first test that asks for it, once per test binary, and ends, with its
//! files, with the binary. Postgres refuses to run as root, so root runs it as `nobody`.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::cluster::process::{Folder, Process};

/// Debian keeps the programs of each major version in a folder of its own.
const VERSIONS: &str = "/usr/lib/postgresql";
/// Part of the socket's name; said everywhere, since the environment may say another.
const PORT: u16 = 5432;
const INSTALL: &str = "apt-get install --no-install-recommends postgresql (or: make up)";
/// Long, for a machine that does much else.
const START: Duration = Duration::from_secs(90);

/// The server that all tests share; each has its own database.
static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();

/// Where the shared server listens.
pub(crate) fn shared() -> &'static Server {
    let server = SHARED.get_or_init(|| Server::new().map_err(|error| format!("{error:#}")));
    match server {
        Ok(server) => server,
        Err(error) => panic!("{error}"),
    }
}

/// One server and its data.
pub(crate) struct Server {
    process: Option<Process>,
    programs: PathBuf,
    data: PathBuf,
    options: Vec<String>,
    folder: Folder,
}

impl Server {
    /// A running server with empty databases.
    pub(crate) fn new() -> Result<Self> {
        Self::configured(|_| Ok(Vec::new()))
    }

    /// The same with more options, by whoever may put files into its folder before it starts.
    pub(crate) fn configured(configure: impl FnOnce(&Path) -> Result<Vec<String>>) -> Result<Self> {
        let programs = programs()?;
        let folder = Folder::new()?;
        let data = folder.path().join("postgres");
        fs::create_dir(&data)?;
        if is_root(folder.path())? {
            let nobody = id_of_nobody()?;
            chown(&data, Some(nobody), Some(nobody))?;
            // Only the way down; the folder of the server itself is its own.
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
        }
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        let mut server = Self {
            process: None,
            programs,
            data,
            options: Vec::new(),
            folder,
        };
        server.initialise()?;
        server.options = configure(&server.data)?;
        server.start()?;
        Ok(server)
    }

    /// URL of the database called `name`.
    pub(crate) fn url(&self, name: &str) -> String {
        let socket = self.data.to_string_lossy().replace('/', "%2F");
        format!("postgres://kisenon@{socket}:{PORT}/{name}")
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.data.join(format!(".s.PGSQL.{PORT}"))
    }

    /// Starts the server again on its data and waits until it answers.
    pub(crate) fn start(&mut self) -> Result<()> {
        let data = self.data.display();
        let command = self.command("postgres")?;
        let (program, first) = command.split_first().context("a command has a program")?;
        let arguments = [
            first,
            &[
                format!("-D{data}"),
                format!("-k{data}"),
                "-h".to_owned(),
                String::new(),
                format!("-p{PORT}"),
                "-cmax_connections=300".to_owned(),
                // The files go with the test; what a crash of the machine would do is not asked.
                "-cfsync=off".to_owned(),
            ],
            &self.options,
        ]
        .concat();
        // Postgres removes its shared memory when it ends by itself; after SIGKILL it cannot.
        let process =
            Process::start_until("QUIT", Path::new(program), &arguments, self.folder.path())?;
        let process = self.process.insert(process);
        let deadline = Instant::now() + START;
        loop {
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["--quiet", "--port", &PORT.to_string(), "--host"])
                .arg(&self.data)
                .status()?;
            if ready.success() {
                return Ok(());
            }
            if let Some(words) = process.ended() {
                bail!(words);
            }
            ensure!(Instant::now() < deadline, "Postgres did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the server at once, as a crash would.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    fn initialise(&self) -> Result<()> {
        let command = self.command("initdb")?;
        let (program, arguments) = command.split_first().context("a command has a program")?;
        let output = Command::new(program)
            .args(arguments)
            .args(["--auth=trust", "--username=kisenon", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync", "--no-instructions", "--pgdata"])
            .arg(&self.data)
            .current_dir("/")
            .output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "initdb failed: {words}");
        Ok(())
    }

    /// One of Postgres's programs, as a user that it accepts.
    fn command(&self, program: &str) -> Result<Vec<String>> {
        let program = self.programs.join(program).display().to_string();
        if !is_root(self.folder.path())? {
            return Ok(vec![program]);
        }
        let nobody = id_of_nobody()?;
        Ok(vec![
            "setpriv".to_owned(),
            format!("--reuid={nobody}"),
            format!("--regid={nobody}"),
            "--clear-groups".to_owned(),
            "--no-new-privs".to_owned(),
            program,
        ])
    }
}

/// The programs of the newest version.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
            let programs = entry.path().join("bin");
            programs
                .join("postgres")
                .exists()
                .then_some((version, programs))
        })
        .max()
        .map(|(_, programs)| programs)
        .with_context(|| format!("no Postgres server in {VERSIONS}; install it with: {INSTALL}"))
}

/// Whoever makes a folder owns it.
fn is_root(folder: &Path) -> Result<bool> {
    Ok(fs::metadata(folder)?.uid() == 0)
}

fn id_of_nobody() -> Result<u32> {
    let output = Command::new("id").args(["-u", "nobody"]).output()?;
    let text = String::from_utf8(output.stdout)?;
    text.trim().parse().context("there is no user nobody")
}
