//! Where a seed plays: a migrated database with the built-in policies, three shops and their people, made once and copied for each
//! seed (in memory where the machine has `/dev/shm`), or a schema of its own on a PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Duration, Utc};
use diesel::connection::SimpleConnection;
use redress::act::{Act, Person, Role};
use redress::app::App;
use redress::clock::Clock;
use redress::config::{Config, Mail};
use redress::db::dialect;
use redress::db::sellers::{Seller, insert_seller};
use redress::desk::people::{self, Newcomer};
use redress::desk::policies;
use redress::error::Result;
use redress::ids::SellerId;
use redress::rules::policy::Shelf;
use tempfile::TempDir;

pub const SITE: &str = "https://desk.example";

/// What everybody of a seed's story has in common.
#[derive(Clone)]
pub struct Cast {
    pub shops: Vec<Seller>,
    pub customers: Vec<Person>,
    pub agents: Vec<Person>,
    pub leads: Vec<Person>,
    pub managers: Vec<Person>,
}

impl Cast {
    pub fn staff(&self) -> Vec<&Person> {
        let all = [&self.agents, &self.leads, &self.managers];
        all.into_iter().flatten().collect()
    }
}

pub struct Stage {
    folder: TempDir,
    database: Option<String>,
    cast: Cast,
}

/// The database of one seed; gone when it is dropped.
pub struct Scene {
    pub app: App,
    pub cast: Cast,
    folder: PathBuf,
    schema: Option<(String, String)>,
}

/// Monday 2 March 2026, nine o'clock.
pub fn monday() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

impl Stage {
    pub fn build(database: Option<String>) -> Result<Stage> {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::Builder::new()
                .prefix("redress-simulate-")
                .tempdir_in(memory)?,
            false => tempfile::tempdir()?,
        };
        let url = format!("sqlite://{}", folder.path().join("made.db").display());
        let app = open(&folder.path().join("made"), &url)?;
        let cast = people_the(&app)?;
        let whole = folder.path().join("whole.db");
        app.pool.raw(|conn| {
            let copy = format!("VACUUM INTO '{}'", whole.display());
            Ok(conn.batch_execute(&copy)?)
        })?;
        Ok(Stage {
            folder,
            database,
            cast,
        })
    }

    pub fn scene(&self, name: &str) -> Result<Scene> {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder)?;
        let Some(server) = &self.database else {
            let file = folder.join("desk.db");
            fs::copy(self.folder.path().join("whole.db"), &file)?;
            return Ok(Scene {
                app: open(&folder, &format!("sqlite://{}", file.display()))?,
                cast: self.cast.clone(),
                folder,
                schema: None,
            });
        };
        let schema = format!("simulate_{}_{}", std::process::id(), name.replace('-', "_"));
        let mut conn = dialect::open(server, true).map_err(redress::error::Error::broken)?;
        conn.batch_execute(&format!("CREATE SCHEMA {schema}"))?;
        let joint = if server.contains('?') { '&' } else { '?' };
        let app = open(
            &folder,
            &format!("{server}{joint}options=-c%20search_path%3D{schema}"),
        )?;
        let cast = people_the(&app)?;
        Ok(Scene {
            app,
            cast,
            folder,
            schema: Some((server.clone(), schema)),
        })
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        if let Some((server, schema)) = &self.schema
            && let Ok(mut conn) = dialect::open(server, true)
        {
            let _ = conn.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"));
        }
    }
}

fn open(folder: &Path, url: &str) -> Result<App> {
    let config = Config::read(&Default::default()).map_err(|why| {
        let why = why.join("; ");
        redress::error::Error::broken(why)
    })?;
    let mut config = config.with_data(folder.to_owned());
    url.clone_into(&mut config.database_url);
    SITE.clone_into(&mut config.public_url);
    config.mail = Mail::Memory;
    App::open(config, Clock::fixed(monday()))
}

/// Three shops under three policies: a prepaid balance, a balance with automatic credits, and cards alone.
const SHOPS: [(&str, &str); 3] = [
    ("harbor", "panel-credits"),
    ("lantern", "panel-guarantee"),
    ("quarry", "digital-downloads"),
];

fn people_the(app: &App) -> Result<Cast> {
    let begin = monday() - Duration::days(400);
    let act = Act::operator(begin, SITE);
    let shop = |(slug, policy): (&str, &str)| Seller {
        id: SellerId::new(begin),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        mail_address: format!("desk@{slug}.example"),
        policy: policy.to_owned(),
        currency: "USD".to_owned(),
        time_zone: None,
        holidays_json: None,
        fee_schedule_json: None,
        large_refund_threshold_e8: Some(50_000_000_000),
        agent_limit_e8: 2_000_000_000,
        lead_limit_e8: 10_000_000_000,
        created_at: begin.into(),
    };
    app.pool.write(|tx| {
        for document in Shelf::built_in_documents() {
            policies::publish(tx, &act, document)?;
        }
        let shops = SHOPS.map(shop).to_vec();
        for row in &shops {
            insert_seller(tx, row)?;
        }
        let mut join = |role: Role, names: &[&str]| {
            let each = names.iter().map(|name| {
                let newcomer = Newcomer {
                    name: (*name).to_owned(),
                    email: format!("{}@desk.example", name.to_lowercase()),
                    role,
                    sellers: Vec::new(),
                };
                let id = people::add(tx, &act, &newcomer, "nobody signs in here")?;
                Ok(Person {
                    id,
                    name: newcomer.name,
                    email: newcomer.email,
                    role,
                    sellers: Vec::new(),
                })
            });
            each.collect::<Result<Vec<_>>>()
        };
        Ok(Cast {
            customers: join(Role::Customer, &["Anna", "Boris", "Chloe"])?,
            agents: join(Role::Agent, &["Omar", "Olga"])?,
            leads: join(Role::Lead, &["Lena", "Luis"])?,
            managers: join(Role::Manager, &["Ruth", "Rolf"])?,
            shops,
        })
    })
}
