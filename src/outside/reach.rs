//! Which machines the desk may call, and whose certificates it believes. An address is what somebody typed, and it must not lead into
//! the network that the desk stands in: so only public addresses are called, and the one that was checked is the one that is
//! connected to; what is private is named by the operator.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};

use crate::config::Config;

/// Shared and cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// Hosts that may stand at an address that is not public.
    private: Arc<[String]>,
}

impl Reach {
    pub fn of(config: &Config) -> Reach {
        let mut private = config.private_hosts.clone();
        if !config.production {
            private.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        }
        Reach {
            private: private.into(),
        }
    }

    /// Whether the operator named this host.
    pub fn is_private(&self, host: &str) -> bool {
        self.private.iter().any(|known| known == host)
    }

    /// The addresses of a host that may be called: the connection is made to one of them and to nothing else.
    pub async fn look_up(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        let private = self.is_private(host);
        let found = tokio::net::lookup_host((host, port)).await?;
        Ok(found
            .filter(|found| private || is_public(found.ip()))
            .collect())
    }
}

/// TLS 1.2 or newer, with the certificate authorities that Mozilla vouches for.
pub(super) fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tls)
}

/// Whether an address belongs to the public internet (the registries of RFC 6890), also behind a translation to IPv6.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = || {
        let ([w, x], [y, z]) = (g.to_be_bytes(), h.to_be_bytes());
        Ipv4Addr::new(w, x, y, z)
    };
    match (a, b) {
        // Translated to IPv4 (RFC 6052): as public as what is behind it.
        (0x64, 0xff9b) if (c, d, e, f) == (0, 0, 0, 0) => is_public_v4(embedded()),
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}
