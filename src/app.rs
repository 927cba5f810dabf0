//! What every door shares: configuration, clock, database, mailer, store. Reads and writes run on the blocking pool; nothing else
//! is global.

pub mod files;
pub mod mail;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::act::{Act, Door, Who};
use crate::clock::Clock;
use crate::config::{Config, Mail};
use crate::db::{Conn, Pool, Tx};
use crate::error::{Error, Result};
use crate::outside::gateway::Gateway;
use crate::outside::http::Http;
use crate::outside::imap::Imap;
use crate::outside::relay::Relay;
use crate::outside::smtp::Mailer;
use crate::outside::store::Store;

#[derive(Clone)]
pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub pool: Pool,
    pub mailer: Mailer,
    pub http: Http,
    pub imap: Imap,
    /// None: people send the payouts.
    pub gateway: Option<Gateway>,
    pub store: Arc<Store>,
    /// Who can sign in at a demo, for its sign-in page; nobody anywhere else.
    pub demo_accounts: Arc<[DemoAccount]>,
    /// One password a core at a time: each takes 19 MiB and some 70 ms.
    hashing: Arc<Semaphore>,
}

/// Somebody whom a demo knows: everything of theirs may be shown.
#[derive(Debug, Clone, Serialize)]
pub struct DemoAccount {
    pub role: String,
    pub email: String,
    pub password: String,
    /// The seller whose customer or staff it is; empty for all.
    pub seller: String,
}

/// How long somebody waits for a core to hash on before being asked to come back.
const PATIENCE: Duration = Duration::from_secs(2);

impl App {
    /// Opens the database of the configuration and brings it up to date; makes the folders that are missing.
    pub fn open(config: Config, clock: Clock) -> Result<App> {
        let app = App::open_unmigrated(config, clock)?;
        crate::db::migrate(&app.pool)?;
        Ok(app)
    }

    /// The same without a change of the database: for what is started often, beside a server that is at work.
    pub fn open_unmigrated(config: Config, clock: Clock) -> Result<App> {
        std::fs::create_dir_all(&config.data)?;
        let pool = Pool::open(&config.database_url)?;
        let mailer = match &config.mail {
            Mail::Folder(folder) => Mailer::folder(folder.clone())?,
            Mail::Memory => Mailer::memory(),
            Mail::Smtp(url) => Mailer::Smtp(
                Relay::parse(url).map_err(|why| Error::broken(format!("REDRESS_MAIL: {why}")))?,
            ),
        };
        let store = Arc::new(Store::disk(config.data.join("files"))?);
        let http = Http::open(&config).map_err(Error::broken)?;
        let imap = Imap::open(&config).map_err(Error::broken)?;
        let gateway = config.gateway.as_ref();
        let gateway = gateway.map(|settings| Gateway::open(settings, http.clone()));
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Ok(App {
            config,
            clock,
            pool,
            mailer,
            http,
            imap,
            gateway,
            store,
            demo_accounts: Arc::from([]),
            hashing: Arc::new(Semaphore::new(cores)),
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn act(&self, who: Who, via: Door, request: &str) -> Act {
        Act {
            who,
            at: self.now(),
            via,
            request: request.to_owned(),
            site: self.config.public_url.clone(),
        }
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let pool = self.pool.clone();
        blocking(move || pool.read(work)).await
    }

    /// One transaction; see [`Pool::write`].
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let pool = self.pool.clone();
        blocking(move || pool.write(work)).await
    }

    /// What a verb would do, undone again; see [`Pool::rehearse`].
    pub async fn rehearse<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let pool = self.pool.clone();
        blocking(move || pool.rehearse(work)).await
    }

    /// Work for a whole core (hashing a password), as many at a time as there are cores.
    ///
    /// # Errors
    /// `Busy` after two seconds in the queue; what the work gives.
    pub async fn heavy<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(PATIENCE, self.hashing.clone().acquire_owned());
        let turn = turn
            .await
            .map_err(|_| Error::Busy)?
            .map_err(|cause| Error::Internal(cause.into()))?;
        blocking(move || {
            let _turn = turn;
            work()
        })
        .await
    }
}

/// Runs work that would hold up the async threads (queries, password hashing) on the blocking pool.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|cause| Error::Internal(cause.into()))?
}
