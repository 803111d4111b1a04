//! PostgreSQL: the URL, TLS, and a session in the state that the library expects.

use crate::db::{
    Connection, Settings,
    link::{Held, Link},
    settings::{query_of, without_password},
};
use crate::{Code, Dialect, Error, Result};
use diesel_async::AsyncPgConnection;
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{str::FromStr, sync::Arc};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
    error::SqlState,
};
use tokio_postgres_rustls::MakeRustlsConnect;

pub(in crate::db) struct Target {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    shown: String,
}

/// What ends a running statement from outside.
pub(in crate::db) struct Cancel {
    token: tokio_postgres::CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl Cancel {
    pub(in crate::db) async fn cancel(&self) {
        // Best effort: the connection is thrown away if its statement does not end.
        let _ = match &self.tls {
            Some(tls) => self.token.cancel_query(tls.clone()).await,
            None => self.token.cancel_query(NoTls).await,
        };
    }
}

impl Target {
    pub(super) fn new(url: &str) -> Result<Self> {
        let shown = without_password(url);
        let (plain, [mode, roots]) = query_of(url, ["sslmode", "sslrootcert"]);
        let mut config = Config::from_str(&plain).map_err(|error| {
            let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            Error::new(Code::BadUrl, format!("the URL `{shown}` cannot be read: {cause}")).with_hint(
                "write postgres://user:password@host:5432/database?sslmode=verify-full, with special \
                    characters of the password percent-encoded",
            )
        })?;
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        let local = config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]"),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        let (ssl, verify) = match mode.as_deref() {
            None if local => (SslMode::Disable, false),
            None | Some("prefer" | "allow") => (SslMode::Prefer, false),
            Some("disable") => (SslMode::Disable, false),
            Some("require") => (SslMode::Require, roots.is_some()),
            Some("verify-ca" | "verify-full") => (SslMode::Require, true),
            Some(other) => {
                return Err(Error::new(Code::BadUrl, format!("`sslmode={other}` is not known"))
                    .with_hint("one of disable, prefer, require, verify-ca and verify-full"));
            }
        };
        config.ssl_mode(ssl);
        let tls = if ssl == SslMode::Disable { None } else { Some(tls(verify, roots.as_deref())?) };
        Ok(Target { config, tls, shown })
    }

    pub(super) async fn connect(&self, settings: &Arc<Settings>) -> Result<Connection<'static>> {
        let conn = match &self.tls {
            Some(tls) => match self.config.connect(tls.clone()).await {
                Ok((client, conn)) => AsyncPgConnection::try_from_client_and_connection(client, conn).await,
                Err(error) => return Err(self.refused(&error)),
            },
            None => match self.config.connect(NoTls).await {
                Ok((client, conn)) => AsyncPgConnection::try_from_client_and_connection(client, conn).await,
                Err(error) => return Err(self.refused(&error)),
            },
        };
        let conn = conn.map_err(|error| Error::new(Code::Unreachable, error.to_string()))?;
        let cancel = Cancel { token: conn.cancel_token(), tls: self.tls.clone() };
        let link = Link::Postgres(Held::Ours(Box::new(conn)), Some(Box::new(cancel)));
        let mut conn = Connection::new(link, Dialect::Postgres, settings.clone());
        let mut setup = String::new();
        if let Some(time) = settings.statement_timeout {
            setup.push_str(&format!("SET statement_timeout = {};", time.as_millis().max(1)));
        }
        if let Some(time) = settings.lock_timeout {
            setup.push_str(&format!("SET lock_timeout = {};", time.as_millis().max(1)));
        }
        if !setup.is_empty() {
            conn.batch(&setup).await?;
        }
        // The time zone and the encoding are those that Diesel sets when it connects.
        conn.setup = format!(
            "RESET SESSION AUTHORIZATION; RESET ALL; SET TIME ZONE 'UTC'; SET CLIENT_ENCODING TO 'UTF8'; CLOSE ALL; \
             UNLISTEN *; DISCARD TEMP; SELECT pg_advisory_unlock_all(); {setup}"
        )
        .into();
        Ok(conn)
    }

    #[cold]
    fn refused(&self, error: &tokio_postgres::Error) -> Error {
        let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let (code, hint) = match error.code() {
            Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
                (Code::LoginRefused, "check user and password, and the server's pg_hba.conf")
            }
            Some(&SqlState::INVALID_CATALOG_NAME) => (Code::NoDatabase, "create it: createdb NAME"),
            Some(&SqlState::TOO_MANY_CONNECTIONS) => {
                (Code::Unreachable, "lower `pool_size`, or raise the server's max_connections")
            }
            Some(_) => (Code::Unreachable, "the server answered, but refused the connection"),
            None if cause.contains("password") || cause.contains("authentication") => {
                (Code::LoginRefused, "give user and password in the URL: postgres://user:password@host/database")
            }
            None if cause.contains("certificate") || cause.contains("TLS") || error.to_string().contains("TLS") => (
                Code::Unreachable,
                "the encrypted connection failed: give the server's root with `sslrootcert=file.pem`, or see `sslmode`",
            ),
            None => (Code::Unreachable, "is the server running, and are host and port right?"),
        };
        Error::new(code, format!("cannot connect to `{}`: {cause}", self.shown)).with_hint(hint)
    }
}

fn tls(verify: bool, roots: Option<&str>) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(Code::BadSetting, error.to_string()))?;
    let config = if verify {
        let mut store = RootCertStore::empty();
        match roots {
            None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(file) => {
                let unreadable = |error: String| {
                    Error::new(Code::BadSetting, format!("the certificates in `{file}` cannot be read: {error}"))
                        .with_hint("`sslrootcert` names a file in PEM form")
                };
                for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))? {
                    let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
                    store.add(certificate).map_err(|error| unreadable(error.to_string()))?;
                }
            }
        }
        builder.with_root_certificates(store)
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// `sslmode=prefer` and `require` encrypt without asking who the server is, as they do in libpq.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
