//! Certificates for servers of tests, by an authority that nobody else believes.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// An authority.
pub(crate) struct Authority {
    directory: Arc<TempDir>,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key. The files are there as long as this or its authority.
pub(crate) struct Signed {
    _directory: Arc<TempDir>,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// The certificate of the authority.
    pub(crate) authority: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        // Or what it signs would have the same name and be taken for its own.
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority of tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        Self { directory, issuer }
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// A certificate for a server that is reached by this name or address.
    pub(crate) fn sign(&self, host: &str) -> Signed {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let signed = Signed {
            _directory: Arc::clone(&self.directory),
            certificate: self.path(&format!("{host}.pem")),
            key: self.path(&format!("{host}.key")),
            authority: self.certificate(),
        };
        fs::write(&signed.certificate, certificate.pem()).unwrap();
        fs::write(&signed.key, key.serialize_pem()).unwrap();
        signed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}
