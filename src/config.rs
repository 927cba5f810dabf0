//! The environment, read once and checked, into one plain struct. Every `REDRESS_*` variable is named here and nowhere else.
//!
//! The defaults make a fresh clone run on loopback. With `REDRESS_MODE=production` the unsafe ones are refused, all of them at
//! once, so that an operator mends a configuration in one go.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Name, default, meaning: the README's table and `redress serve --help` are made of these lines.
pub const VARIABLES: &[(&str, &str, &str)] = &[
    (
        "REDRESS_MODE",
        "development",
        "development or production; production refuses unsafe settings",
    ),
    (
        "REDRESS_DATA",
        "data",
        "folder for the embedded database, uploads and mails",
    ),
    (
        "REDRESS_DATABASE_URL",
        "sqlite://DATA/redress.db",
        "sqlite://FILE, or postgres://… in a build with --features postgres",
    ),
    (
        "REDRESS_LISTEN",
        "127.0.0.1:8600",
        "address and port of the server",
    ),
    (
        "REDRESS_PUBLIC_URL",
        "http://LISTEN",
        "the address people use; links in mails are built from it alone",
    ),
    (
        "REDRESS_HOSTS",
        "",
        "further Host names to answer to, separated by commas",
    ),
    (
        "REDRESS_SECRET",
        "(development only)",
        "at least 32 characters; signs the tokens of forms",
    ),
    (
        "REDRESS_MAIL",
        "folder",
        "folder (DATA/mail), smtp://user:pass@host:587 (STARTTLS) or smtps://…",
    ),
    (
        "REDRESS_MAIL_FROM",
        "desk@redress.example",
        "sender of letters that no seller signs",
    ),
    (
        "REDRESS_MAIL_AUTHSERV",
        "",
        "the name your mail server writes into Authentication-Results; empty: no sender is believed unasked",
    ),
    (
        "REDRESS_TRUSTED_PROXIES",
        "",
        "addresses of reverse proxies whose X-Forwarded-For counts, separated by commas",
    ),
    (
        "REDRESS_GATEWAY_URL",
        "",
        "address of a payment gateway that sends payouts; empty: people send them",
    ),
    (
        "REDRESS_GATEWAY_TOKEN",
        "",
        "what the desk shows the gateway, as a bearer token",
    ),
    (
        "REDRESS_GATEWAY_SECRET",
        "",
        "at least 32 characters; signs what the gateway calls back to PUBLIC_URL/gateway/results",
    ),
    (
        "REDRESS_GATEWAY_SELLERS",
        "",
        "short names of the sellers whose payouts it sends, separated by commas; empty: all",
    ),
    (
        "REDRESS_PRIVATE_HOSTS",
        "",
        "hosts inside your own network that the desk may call, separated by commas; development adds this machine",
    ),
    (
        "REDRESS_LOG",
        "info",
        "a tracing filter: info, warn, redress=debug …",
    ),
    ("REDRESS_LOG_FORMAT", "text", "text or json"),
];

const DEVELOPMENT_SECRET: &str = "development-only-secret-not-for-production";

#[derive(Clone)]
pub struct Config {
    pub production: bool,
    /// Says so on every page, and shows its mails at a local page.
    pub demo: bool,
    pub data: PathBuf,
    pub database_url: String,
    pub listen: SocketAddr,
    /// Without a slash at the end.
    pub public_url: String,
    /// Host names, without port, that are answered; anything else is misdirected.
    pub hosts: Vec<String>,
    pub secret: String,
    pub mail: Mail,
    pub mail_from: String,
    /// Empty: what mails say of their own authentication is never believed.
    pub authserv: String,
    pub trusted_proxies: Vec<IpAddr>,
    /// None: people send the payouts.
    pub gateway: Option<Gateway>,
    /// Host names, without port, that may be called although their address is not public.
    pub private_hosts: Vec<String>,
    pub log: String,
    pub log_json: bool,
}

/// A payment gateway.
#[derive(Clone, PartialEq, Eq)]
pub struct Gateway {
    pub url: String,
    pub token: String,
    pub secret: String,
    /// Short names; empty for all.
    pub sellers: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Mail {
    Folder(PathBuf),
    Smtp(String),
    Memory,
}

/// For a log: everything but what must not stand in one.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("production", &self.production)
            .field("demo", &self.demo)
            .field("data", &self.data)
            .field("database_url", &public_part(&self.database_url))
            .field("listen", &self.listen)
            .field("public_url", &self.public_url)
            .field("hosts", &self.hosts)
            .field("mail", &self.mail)
            .field("mail_from", &self.mail_from)
            .field("trusted_proxies", &self.trusted_proxies)
            .field(
                "gateway",
                &self.gateway.as_ref().map(|it| public_part(&it.url)),
            )
            .field("private_hosts", &self.private_hosts)
            .field("log", &self.log)
            .field("log_json", &self.log_json)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mail::Folder(folder) => f.debug_tuple("Folder").field(folder).finish(),
            Mail::Smtp(url) => f.debug_tuple("Smtp").field(&public_part(url)).finish(),
            Mail::Memory => f.write_str("Memory"),
        }
    }
}

impl Config {
    /// From the process's environment.
    ///
    /// # Errors
    /// Every setting that is malformed, unknown or (in production) unsafe, each with what to do.
    pub fn from_env() -> Result<Config, Vec<String>> {
        Config::read(
            &std::env::vars()
                .filter(|(name, _)| name.starts_with("REDRESS_"))
                .collect(),
        )
    }

    pub fn read(given: &BTreeMap<String, String>) -> Result<Config, Vec<String>> {
        let mut flaws = Vec::new();
        for name in given.keys() {
            if !VARIABLES.iter().any(|(known, ..)| known == name)
                && !name.starts_with("REDRESS_TEST_")
            {
                flaws.push(format!(
                    "{name} is not a setting of Redress; see the README's table of settings"
                ));
            }
        }
        let text = |name: &str| {
            given
                .get(name)
                .map(|value| value.trim())
                .filter(|value| !value.is_empty())
        };
        let production = match text("REDRESS_MODE").unwrap_or("development") {
            "production" => true,
            "development" => false,
            other => {
                flaws.push(format!(
                    "REDRESS_MODE is `{other}`; it is development or production"
                ));
                false
            }
        };
        let data = PathBuf::from(text("REDRESS_DATA").unwrap_or("data"));
        let listen = match text("REDRESS_LISTEN").unwrap_or("127.0.0.1:8600").parse() {
            Ok(listen) => listen,
            Err(_) => {
                flaws.push(
                    "REDRESS_LISTEN must be an address and a port, such as 127.0.0.1:8600"
                        .to_owned(),
                );
                SocketAddr::from(([127, 0, 0, 1], 8600))
            }
        };
        let database_url =
            text("REDRESS_DATABASE_URL").map_or_else(|| sqlite_url(&data), str::to_owned);
        if !["sqlite://", "postgres://", "postgresql://"]
            .iter()
            .any(|scheme| database_url.starts_with(scheme))
        {
            flaws.push("REDRESS_DATABASE_URL must begin with sqlite:// or postgres://".to_owned());
        }
        let public_url =
            text("REDRESS_PUBLIC_URL").map_or_else(|| format!("http://{listen}"), str::to_owned);
        let public_url = public_url.trim_end_matches('/').to_owned();
        let mut hosts = vec!["localhost".to_owned(), listen.ip().to_string()];
        match host_of(&public_url) {
            Some(host) => hosts.push(host),
            None => flaws.push(
                "REDRESS_PUBLIC_URL must be http://HOST or https://HOST, without a path".to_owned(),
            ),
        }
        hosts.extend(list(text("REDRESS_HOSTS")).map(str::to_lowercase));
        let trusted_proxies = addresses(text("REDRESS_TRUSTED_PROXIES"), &mut flaws);
        let mail = match text("REDRESS_MAIL").unwrap_or("folder") {
            "folder" => Mail::Folder(data.join("mail")),
            "memory" => Mail::Memory,
            url if url.starts_with("smtp://") || url.starts_with("smtps://") => {
                Mail::Smtp(url.to_owned())
            }
            _ => {
                flaws.push("REDRESS_MAIL must be folder, smtp://… or smtps://…".to_owned());
                Mail::Memory
            }
        };
        let gateway = Gateway::read(&text, &mut flaws);
        let log_json = match text("REDRESS_LOG_FORMAT").unwrap_or("text") {
            "json" => true,
            "text" => false,
            other => {
                flaws.push(format!(
                    "REDRESS_LOG_FORMAT is `{other}`; it is text or json"
                ));
                false
            }
        };
        let config = Config {
            production,
            demo: false,
            data,
            database_url,
            listen,
            public_url,
            hosts,
            secret: text("REDRESS_SECRET")
                .unwrap_or(DEVELOPMENT_SECRET)
                .to_owned(),
            mail,
            mail_from: text("REDRESS_MAIL_FROM")
                .unwrap_or("desk@redress.example")
                .to_owned(),
            authserv: text("REDRESS_MAIL_AUTHSERV").unwrap_or("").to_owned(),
            trusted_proxies,
            gateway,
            private_hosts: list(text("REDRESS_PRIVATE_HOSTS"))
                .map(|host| host.trim_matches(['[', ']']).to_lowercase())
                .collect(),
            log: text("REDRESS_LOG").unwrap_or("info").to_owned(),
            log_json,
        };
        if production {
            config.refuse_unsafe(given, &mut flaws);
        }
        if flaws.is_empty() {
            Ok(config)
        } else {
            Err(flaws)
        }
    }

    fn refuse_unsafe(&self, given: &BTreeMap<String, String>, flaws: &mut Vec<String>) {
        if !given.contains_key("REDRESS_PUBLIC_URL") {
            flaws.push(
                "production needs REDRESS_PUBLIC_URL: links in mails are built from it".to_owned(),
            );
        } else if !self.public_url.starts_with("https://") {
            flaws.push("production needs an https:// REDRESS_PUBLIC_URL: cookies and links must not travel in the clear".to_owned());
        }
        if self.secret == DEVELOPMENT_SECRET || self.secret.len() < 32 {
            flaws.push(
                "production needs a REDRESS_SECRET of its own, 32 characters or more".to_owned(),
            );
        }
        if !matches!(self.mail, Mail::Smtp(_)) {
            flaws.push(
                "production needs REDRESS_MAIL=smtp://… or smtps://…: a folder reaches nobody"
                    .to_owned(),
            );
        }
        if self.mail_from.ends_with(".example") {
            flaws.push("production needs a REDRESS_MAIL_FROM that can receive mail".to_owned());
        }
    }

    /// Moves everything that lives in the data folder there.
    pub fn with_data(mut self, data: PathBuf) -> Self {
        if self.database_url == sqlite_url(&self.data) {
            self.database_url = sqlite_url(&data);
        }
        if self.mail == Mail::Folder(self.data.join("mail")) {
            self.mail = Mail::Folder(data.join("mail"));
        }
        self.data = data;
        self
    }

    /// Listens elsewhere; the public address follows where it was only the default.
    pub fn with_listen(mut self, listen: SocketAddr) -> Self {
        if self.public_url == format!("http://{}", self.listen) {
            self.public_url = format!("http://{listen}");
        }
        self.hosts.push(listen.ip().to_string());
        self.listen = listen;
        self
    }

    /// Cookies carry `Secure` and the `__Host-` prefix where the public address is https.
    pub fn tls(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl Gateway {
    /// All of its settings or none.
    fn read<'a>(
        text: &impl Fn(&str) -> Option<&'a str>,
        flaws: &mut Vec<String>,
    ) -> Option<Gateway> {
        let [url, token, secret] = ["URL", "TOKEN", "SECRET"]
            .map(|name| text(&format!("REDRESS_GATEWAY_{name}")).unwrap_or(""));
        let sellers: Vec<String> = list(text("REDRESS_GATEWAY_SELLERS"))
            .map(str::to_owned)
            .collect();
        if url.is_empty() {
            if !token.is_empty() || !secret.is_empty() || !sellers.is_empty() {
                let given = ["URL", "TOKEN", "SECRET", "SELLERS"]
                    .map(|name| format!("REDRESS_GATEWAY_{name}"))
                    .into_iter()
                    .filter(|name| text(name).is_some());
                let given: Vec<String> = given.collect();
                flaws.push(format!(
                    "REDRESS_GATEWAY_URL is missing beside {}",
                    given.join(" and ")
                ));
            }
            return None;
        }
        if !url.starts_with("https://") && !url.starts_with("http://") {
            flaws.push("REDRESS_GATEWAY_URL must be https://HOST…, or http:// to a host of REDRESS_PRIVATE_HOSTS".to_owned());
        }
        if token.is_empty() {
            flaws.push(
                "REDRESS_GATEWAY_TOKEN is missing: the gateway must know who asks".to_owned(),
            );
        }
        if secret.len() < 32 {
            flaws.push("REDRESS_GATEWAY_SECRET must have 32 characters or more: whoever knows it can say that money has arrived".to_owned());
        }
        Some(Gateway {
            url: url.to_owned(),
            token: token.to_owned(),
            secret: secret.to_owned(),
            sellers,
        })
    }
}

fn sqlite_url(data: &std::path::Path) -> String {
    format!("sqlite://{}", data.join("redress.db").display())
}

/// An address without who signs in there and without its parameters, which may hold a password too.
fn public_part(url: &str) -> String {
    let plain = |text: &str| text.split('?').next().unwrap_or_default().to_owned();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{}", plain(place)),
        _ => plain(url),
    }
}

fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// The addresses of trusted proxies.
fn addresses(text: Option<&str>, flaws: &mut Vec<String>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for address in list(text) {
        match address.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => flaws.push(format!(
                "REDRESS_TRUSTED_PROXIES: `{address}` is not an IP address"
            )),
        }
    }
    addresses
}

/// The lower-case host name of an address such as `https://desk.example:8443`; none where there is a path or no scheme.
fn host_of(url: &str) -> Option<String> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    if rest.is_empty() || rest.contains(['/', '?', '#', '@']) {
        return None;
    }
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => rest.split(':').next()?,
    };
    Some(host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        Config::read(
            &pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_fresh_clone_needs_no_setting() {
        let config = read(&[]).unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:8600");
        assert!(config.database_url.starts_with("sqlite://data"));
    }

    #[test]
    fn production_names_every_unsafe_setting_at_once() {
        let flaws = read(&[("REDRESS_MODE", "production")]).unwrap_err();
        for word in [
            "REDRESS_PUBLIC_URL",
            "REDRESS_SECRET",
            "REDRESS_MAIL",
            "REDRESS_MAIL_FROM",
        ] {
            assert!(
                flaws.iter().any(|flaw| flaw.contains(word)),
                "{word} in {flaws:?}"
            );
        }
        let plain = read(&[
            ("REDRESS_MODE", "production"),
            ("REDRESS_PUBLIC_URL", "http://desk.test"),
        ])
        .unwrap_err();
        assert!(plain.iter().any(|flaw| flaw.contains("https://")));
    }

    #[test]
    fn a_safe_production_starts() {
        let config = read(&[
            ("REDRESS_MODE", "production"),
            ("REDRESS_PUBLIC_URL", "https://desk.seller.test/"),
            ("REDRESS_SECRET", "0123456789abcdef0123456789abcdef"),
            ("REDRESS_MAIL", "smtps://u:p@mail.seller.test"),
            ("REDRESS_MAIL_FROM", "desk@seller.test"),
        ])
        .unwrap();
        assert!(config.tls());
        assert!(config.hosts.contains(&"desk.seller.test".to_owned()));
    }

    #[test]
    fn no_secret_is_printed_with_the_settings() {
        let secret = "0123456789abcdef0123456789abcdef";
        let config = read(&[
            ("REDRESS_SECRET", secret),
            ("REDRESS_MAIL", "smtps://desk:pass?word@mail.seller.test"),
            (
                "REDRESS_DATABASE_URL",
                "postgres://desk:p@ss@db.seller.test/redress?password=third",
            ),
        ]);
        let printed = format!("{:?}", config.unwrap());
        for hidden in [secret, "word", "p@ss", "third", "desk:"] {
            assert!(!printed.contains(hidden), "{hidden} in {printed}");
        }
        for shown in ["postgres://…@db.seller.test/redress", "127.0.0.1:8600"] {
            assert!(printed.contains(shown), "no {shown} in {printed}");
        }
    }

    #[test]
    fn a_gateway_is_set_up_whole_or_not_at_all() {
        let (url, secret) = ("https://pay.example/v1", "0123456789abcdef0123456789abcdef");
        let whole = [
            ("REDRESS_GATEWAY_URL", url),
            ("REDRESS_GATEWAY_TOKEN", "hidden-token"),
            ("REDRESS_GATEWAY_SECRET", secret),
            ("REDRESS_GATEWAY_SELLERS", "one, two"),
        ];
        let config = read(&whole).unwrap();
        let printed = format!("{config:?}");
        assert!(
            !printed.contains("hidden-token") && !printed.contains(secret),
            "{printed}"
        );
        assert_eq!(config.gateway.unwrap().sellers, ["one", "two"]);
        assert!(read(&[]).unwrap().gateway.is_none());
        let flaws = read(&[
            ("REDRESS_GATEWAY_URL", url),
            ("REDRESS_GATEWAY_SECRET", "short"),
        ]);
        assert_eq!(flaws.unwrap_err().len(), 2);
    }

    #[test]
    fn a_misspelt_or_malformed_setting_is_refused_by_name() {
        for (name, value) in [
            ("REDRESS_LISTN", "127.0.0.1:1"),
            ("REDRESS_LISTEN", "here"),
            ("REDRESS_DATABASE_URL", "redress.db"),
            ("REDRESS_PUBLIC_URL", "desk.test"),
            ("REDRESS_MAIL", "pigeon"),
            ("REDRESS_TRUSTED_PROXIES", "10.0.0.1, proxy"),
            ("REDRESS_MODE", "prod"),
            ("REDRESS_GATEWAY_URL", "gateway"),
            ("REDRESS_GATEWAY_TOKEN", "alone"),
        ] {
            let flaws = read(&[(name, value)]).unwrap_err();
            assert!(
                flaws.iter().any(|flaw| flaw.contains(name)),
                "{name}: {flaws:?}"
            );
        }
    }
}
