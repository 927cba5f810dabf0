//! Two certificates for the servers that tests play, made for these tests, each signed by itself and good for nothing else.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// For a server that a test believes, if it is told to.
pub const TRUSTED: &[u8] = include_bytes!("trusted.crt.der");

/// Nobody vouches for this one.
pub fn untrusted() -> TlsAcceptor {
    acceptor(
        include_bytes!("untrusted.crt.der"),
        include_bytes!("untrusted.key.der"),
    )
}

pub fn trusted() -> TlsAcceptor {
    acceptor(TRUSTED, include_bytes!("trusted.key.der"))
}

fn acceptor(certificate: &[u8], key: &[u8]) -> TlsAcceptor {
    let certificate = CertificateDer::from(certificate.to_vec());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec()));
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
