//! One call over the wire: credentials put in, attempts repeated where that is safe, the answer read
//! to its end or to the limit.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use url::Url;

use super::credentials::Placed;
use super::error::RegistrationError;
use super::failure::{Failure, host};
use super::options::{Options, Progress, Tell};
use super::place::is_loopback;
use super::redirect::{MAX_REDIRECTS, follow};
use super::retry::{Came, Next, Repeat, next};
use crate::http::tls_config;

/// A name look-up, all addresses and TLS; three lost SYNs.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Long enough for the next page. A server that closes an older connection while a call goes out on it leaves
/// open whether the call arrived.
const IDLE: Duration = Duration::from_secs(1);
/// A page of a hundred webhooks with hundreds of events each is below 1 MiB.
const MAX_ANSWER: usize = 8 * 1024 * 1024;
/// What the API knows this program by.
pub(super) const AGENT: &str = concat!("hookctl/", env!("CARGO_PKG_VERSION"));

/// The way to an API.
pub(super) struct Transport {
    http: reqwest::Client,
    placed: Placed,
    timeout: Duration,
    retries: u32,
    tell: Tell,
}

/// A call, complete but for the credential.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub repeat: Repeat,
}

/// What the API answered in the end.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// How often it was asked.
    pub attempts: u32,
    /// For how long it asks to be left alone, where that is too long.
    pub asked: Option<Duration>,
}

impl Answer {
    /// The text of a header.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What came of one attempt.
enum Attempt {
    Answered(Answer),
    Failed(Failure),
    Elsewhere(RegistrationError),
}

impl Transport {
    /// Reads the certificates where `base` needs any.
    pub fn new(base: &Url, placed: Placed, options: &Options) -> Result<Self, RegistrationError> {
        // No call leaves the origin of the base, so one in the clear needs no certificates.
        let is_clear = base.scheme() == "http";
        let ca_certs = if is_clear { &[][..] } else { &options.ca_certs };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls_config(options.insecure || is_clear, ca_certs)?)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            .pool_idle_timeout(IDLE)
            .timeout(options.timeout)
            // Below the whole limit, so that a connection that is not made is known as such.
            .connect_timeout(CONNECT_TIMEOUT.min(options.timeout.mul_f64(0.75)));
        if is_loopback(base) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| RegistrationError::Client(error.to_string()))?;
        let (timeout, retries) = (options.timeout, options.retries);
        Ok(Self { http, placed, timeout, retries, tell: options.tell.clone() })
    }

    /// How long an attempt may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Makes the call, again where that is safe, and gives the last answer.
    pub async fn send(&self, call: &Call) -> Result<Answer, RegistrationError> {
        let mut attempt = 1;
        loop {
            let came = self.attempt(call, attempt).await;
            let (seen, problem) = match &came {
                Attempt::Answered(answer) => {
                    let problem = format!("{} answered {}", host(&call.url), answer.status.as_u16());
                    (Came::Answer(answer.status, answer.header(&RETRY_AFTER)), problem)
                }
                Attempt::Failed(failure) => {
                    let (may_have_arrived, is_lasting) = (failure.may_have_arrived, failure.is_lasting());
                    (Came::Nothing { may_have_arrived, is_lasting }, failure.message.clone())
                }
                Attempt::Elsewhere(_) => return came.ended(attempt, None),
            };
            let wait = match next(seen, call.repeat, attempt, rand::random(), SystemTime::now()) {
                Next::Again(wait) if attempt <= self.retries => wait,
                Next::TooLong(asked) => return came.ended(attempt, Some(asked)),
                Next::Again(_) | Next::End => return came.ended(attempt, None),
            };
            attempt += 1;
            (self.tell)(&Progress::Waiting { problem, wait, attempt, of: self.retries.saturating_add(1) });
            tokio::time::sleep(wait).await;
        }
    }

    /// One attempt, with the redirects that are safe to follow.
    async fn attempt(&self, call: &Call, number: u32) -> Attempt {
        let mut url = call.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = match self.exchange(call, &url, number).await {
                Ok(answer) => answer,
                Err(failure) => return Attempt::Failed(failure),
            };
            if !is_redirect(answer.status) {
                return Attempt::Answered(answer);
            }
            match follow(&call.method, &url, answer.header(&LOCATION)) {
                Ok(to) => {
                    (self.tell)(&Progress::Following { path: to.path().to_owned() });
                    url = to;
                }
                Err(to) => {
                    let (host, status) = (host(&url), answer.status.as_u16());
                    return Attempt::Elsewhere(RegistrationError::Redirect { host, status, to });
                }
            }
        }
        let to = "itself, again and again".to_owned();
        Attempt::Elsewhere(RegistrationError::Redirect { host: host(&url), status: 302, to })
    }

    async fn exchange(&self, call: &Call, url: &Url, number: u32) -> Result<Answer, Failure> {
        let failed = |error: &reqwest::Error| Failure::of(error, url, self.timeout);
        let mut headers = call.headers.clone();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let mut to = url.clone();
        match &self.placed {
            Placed::Nowhere => {}
            Placed::Header(name, value) => drop(headers.insert(name, value.clone())),
            Placed::Query(name, token) => {
                to.query_pairs_mut().append_pair(name, &String::from_utf8_lossy(token.expose()));
            }
        }
        let mut request = self.http.request(call.method.clone(), to).headers(headers);
        if !call.body.is_empty() {
            request = request.body(call.body.clone());
        }
        let mut response = request.send().await.map_err(|error| failed(&error.without_url()))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let announced = headers.get(CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > MAX_ANSWER as u64) {
            return Err(Failure::too_large(url, MAX_ANSWER));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error.without_url()))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Failure::too_large(url, MAX_ANSWER));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze(), attempts: number, asked: None })
    }
}

impl Attempt {
    fn ended(self, attempts: u32, asked: Option<Duration>) -> Result<Answer, RegistrationError> {
        match self {
            Self::Answered(answer) => Ok(Answer { asked, ..answer }),
            Self::Elsewhere(error) => Err(error),
            Self::Failed(Failure { kind, message, hint, may_have_arrived }) => {
                Err(RegistrationError::Network { kind, message, hint, may_have_arrived, attempts })
            }
        }
    }
}

/// Others of the class, such as 304, lead nowhere.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
