//! How a registration API is reached, and what is told on the way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::credentials::Credentials;
use crate::provider::api::Fields;

/// How long an attempt may take; slow APIs answer within seconds.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// Attempts after the first.
pub const RETRIES: u32 = 3;

/// Told while a call is under way.
#[derive(Debug, Clone)]
pub enum Progress {
    /// An attempt failed; another one follows.
    Waiting {
        /// Why, in one line.
        problem: String,
        /// How long until then.
        wait: Duration,
        /// Its number.
        attempt: u32,
        /// How many there are at most.
        of: u32,
    },
    /// A redirect within the API's own origin is followed.
    Following {
        /// Where to.
        path: String,
    },
    /// It is not known whether a webhook was made, so the list is searched for it.
    LookingForIt {
        /// Why, in one line.
        problem: String,
    },
    /// The webhook was made, and its secret could not be asked for.
    NoSecret {
        /// Why, in one line.
        problem: String,
    },
}

/// Who is told.
pub type Tell = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How a registration API is reached, and as whom.
#[derive(Clone)]
pub struct Options {
    /// Replaces the base URL of the manifest.
    pub api_url: Option<String>,
    /// As whom.
    pub credentials: Credentials,
    /// The API's variables.
    pub variables: Fields,
    /// From the connect to the last byte of an answer, for each attempt.
    pub timeout: Duration,
    /// Attempts after the first.
    pub retries: u32,
    /// Accept any certificate.
    pub insecure: bool,
    /// Send a credential also where others could read it.
    pub insecure_send_token: bool,
    /// Files with certificates to trust beside the system's.
    pub ca_certs: Vec<PathBuf>,
    /// Who is told what happens.
    pub tell: Tell,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            api_url: None,
            credentials: Credentials::None,
            variables: Fields::new(),
            timeout: TIMEOUT,
            retries: RETRIES,
            insecure: false,
            insecure_send_token: false,
            ca_certs: Vec::new(),
            tell: Arc::new(|_| {}),
        }
    }
}
