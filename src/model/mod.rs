//! The data every other layer speaks about. Nothing here reads a clock, a socket or a file.

mod delivery;
mod event;
mod mock;
mod multipart;
mod notice;
mod request;
mod secret;
mod verdict;
mod webhook;

pub use delivery::{Attempt, Delivery, DeliveryError, FailureKind, Response};
pub use event::{Event, EventId, Repeat};
pub use mock::{MessageState, MockAttempt, MockCall, MockCredentials, MockReady, NextAttempt};
pub use multipart::{Part, parts};
pub use notice::{Answered, Confirmation, Notice, Summary, TargetState};
pub use request::{Request, RequestError};
pub use secret::{EmptySecret, Secret};
pub use verdict::{Change, Expected, Explanation, Reason, RefusalKind, Verdict, VerdictStatus};
pub use webhook::Webhook;
