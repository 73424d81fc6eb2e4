//! What an answer means: carried out, refused, or nothing the API documents.

use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use url::Url;

use super::credentials::{Credentials, hidden};
use super::error::{RegistrationError, Said};
use super::failure::host;
use super::transport::Answer;
use crate::model::Secret;
use crate::output::one_line;
use crate::provider::api::{Api, Operation, ReadError};

/// Columns of the provider's own words that are shown.
const MAX_MESSAGE: usize = 300;
/// Columns of an answer that is not what was expected.
const MAX_BEGINNING: usize = 120;
/// Bytes of an answer that are searched for words a person can read.
const MAX_SEARCHED: usize = 64 * 1024;

/// Whom an answer is read for.
pub(super) struct Asked<'c> {
    pub provider: &'c str,
    pub api: &'c Api,
    pub credentials: &'c Credentials,
    pub url: &'c Url,
    pub operation: Operation,
    pub about: About<'c>,
}

/// What a call is about.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'c> {
    /// The webhook.
    pub id: Option<&'c str>,
    /// The signing secret that is sent, which the API may repeat.
    pub secret: Option<&'c Secret>,
}

impl<'c> About<'c> {
    /// A webhook, and nothing secret.
    pub fn id(id: &'c str) -> Self {
        Self { id: Some(id), secret: None }
    }
}

impl Asked<'_> {
    /// The answer, if the call was carried out.
    pub fn carried_out(&self, answer: Answer) -> Result<Answer, RegistrationError> {
        if answer.status.is_success() { Ok(answer) } else { Err(self.refusal(&answer)) }
    }

    fn refusal(&self, answer: &Answer) -> RegistrationError {
        let (provider, operation, said) = (self.provider.to_owned(), self.operation, self.said(answer));
        match answer.status {
            _ if answer.asked.is_some() => RegistrationError::Limited { provider, said, asked: answer.asked },
            StatusCode::TOO_MANY_REQUESTS => RegistrationError::Limited { provider, said, asked: None },
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let origins = self.credentials.origins();
                let origins =
                    if origins.is_empty() { "no credentials were given".to_owned() } else { origins.join(", ") };
                RegistrationError::Denied { provider, origins, said }
            }
            StatusCode::NOT_FOUND | StatusCode::GONE if self.about.id.is_some() => {
                let id = one_line(self.about.id.unwrap_or_default(), MAX_BEGINNING);
                RegistrationError::UnknownId { provider, id, said }
            }
            status if status.is_server_error() => RegistrationError::Server { provider, operation, said },
            status if status.is_client_error() => RegistrationError::Refused { provider, operation, said },
            _ => self.unreadable(answer, "has a status that means nothing here"),
        }
    }

    fn said(&self, answer: &Answer) -> Said {
        // Where no other header is documented, this is the one that most servers and proxies have.
        let name = self.api.request_id().cloned().unwrap_or(HeaderName::from_static("x-request-id"));
        let request_id = answer.header(&name);
        Said {
            status: answer.status.as_u16(),
            message: self.message(answer),
            request_id: request_id.map(|id| self.clean(id, MAX_BEGINNING)),
            attempts: answer.attempts,
        }
    }

    /// The provider's own message, or the title or first words of a page.
    fn message(&self, answer: &Answer) -> Option<String> {
        let own = self.api.error_message(&answer.body).filter(|text| !text.trim().is_empty());
        let words = || {
            let searched = &answer.body[..answer.body.len().min(MAX_SEARCHED)];
            let text = String::from_utf8_lossy(searched);
            let found = if content_type(answer).contains("html") { title_or_words(&text) } else { text.into_owned() };
            Some(found).filter(|text| !text.trim().is_empty())
        };
        own.or_else(words).map(|text| self.clean(text.trim(), MAX_MESSAGE))
    }

    /// Reads the answer of a call that was carried out.
    pub fn read<T>(
        &self,
        answer: &Answer,
        read: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<T, RegistrationError> {
        read(&answer.body).map_err(|error| match error {
            ReadError::NotJson(_) => self.unreadable(answer, "is not JSON"),
            ReadError::Shape(problem) => {
                let problem = self.clean(&problem.to_string(), MAX_BEGINNING);
                self.unreadable(answer, &format!("is not what is documented ({problem})"))
            }
        })
    }

    fn unreadable(&self, answer: &Answer, problem: &str) -> RegistrationError {
        let beginning = &answer.body[..answer.body.len().min(MAX_SEARCHED)];
        let beginning = String::from_utf8_lossy(beginning);
        let beginning = match &*beginning {
            "" => "it is empty".into(),
            _ if self.may_tell_a_secret(answer) => "it is not shown, for it may hold the signing secret".into(),
            _ => beginning,
        };
        RegistrationError::Unreadable {
            host: host(self.url),
            status: answer.status.as_u16(),
            content_type: self.clean(&content_type(answer), MAX_BEGINNING),
            problem: problem.to_owned(),
            beginning: self.clean(&beginning, MAX_BEGINNING),
        }
    }

    /// Whether the API carried out a call whose answer tells the signing secret, in whatever shape.
    fn may_tell_a_secret(&self, answer: &Answer) -> bool {
        answer.status.is_success() && matches!(self.operation, Operation::Create | Operation::Secret)
    }

    /// Fit for a terminal, and without the credential and the signing secret.
    fn clean(&self, text: &str, width: usize) -> String {
        let text = self.credentials.masked(text);
        let text = match self.about.secret {
            Some(secret) => hidden(&text, secret.expose()),
            None => text,
        };
        one_line(text, width)
    }
}

fn content_type(answer: &Answer) -> String {
    answer.header(&CONTENT_TYPE).map_or_else(|| "no content type".to_owned(), str::to_ascii_lowercase)
}

/// The title of a page, or its words without the tags.
fn title_or_words(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|at| {
        let start = at + lower[at..].find('>')? + 1;
        let end = start + lower[start..].find("</title")?;
        Some(page[start..end].trim().to_owned())
    });
    title.filter(|title| !title.is_empty()).unwrap_or_else(|| {
        let texts = page.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
        texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_by_its_title_or_its_words() {
        assert_eq!(title_or_words("<html><TITLE>502 Bad\nGateway</TITLE><body>x"), "502 Bad\nGateway");
        assert_eq!(title_or_words("<h1>Oops</h1>\n<p>we are  down</p>"), "Oops we are down");
        assert_eq!(title_or_words("<title></title>plain"), "plain");
        assert_eq!(title_or_words("İ<title>x"), "İ x");
    }
}
