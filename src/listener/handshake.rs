//! Handshakes: what a provider asks before it sends events, recognised and answered.

use std::sync::Arc;

use super::answer;
use super::recognise::{Found, Providers};
use crate::http::Answer;
use crate::model::{Delivery, Reason, Request, Verdict, VerdictStatus};
use crate::provider::{Asked, Circumstances, Handshake, Verifier};

/// Who answers handshakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Handshakes {
    /// The target whose answer is the answer, as long as it is right; otherwise the listener.
    #[default]
    Auto,
    /// The listener; no target gets to see them.
    Answer,
    /// Whoever answers events.
    Forward,
}

/// A request that is a handshake, with those who may be asking; all would be answered alike.
pub(super) struct Question {
    asking: Asking,
    others: Vec<Asking>,
}

/// One who asks.
struct Asking {
    verifier: Arc<Verifier>,
    handshake: Arc<Handshake>,
}

/// How a question is answered.
pub(super) struct Settled {
    pub(super) handshake: Arc<Handshake>,
    pub(super) verdict: Verdict,
    pub(super) answer: Answer,
    /// Whether the answer is the one that was asked for.
    pub(super) is_right: bool,
    /// Why it is not, where the verdict does not say it.
    pub(super) remark: Option<String>,
    /// The question as it came.
    pub(super) request: Request,
    url: Option<String>,
    question: Question,
}

impl Providers {
    /// The handshake that a request is. Where the sender was not recognised, the handshake tells who it is, or at
    /// least how all who may be asking are answered.
    pub(super) fn question(&self, found: &mut Found, request: &Request, url: Option<&str>) -> Option<Question> {
        let of = |verifier: &Arc<Verifier>| {
            let handshake = verifier.provider().handshake(request)?;
            Some(Asking { verifier: Arc::clone(verifier), handshake: Arc::clone(handshake) })
        };
        if let Some(verifier) = found.verifier() {
            let asking = of(verifier).filter(|_| found.is_expected())?;
            return Some(Question { asking, others: Vec::new() });
        }
        let mut all: Vec<Asking> = self.asking().filter_map(of).collect();
        let most = all.iter().map(|asking| asking.handshake.specificity()).max()?;
        all.retain(|asking| asking.handshake.is_telling() && asking.handshake.specificity() == most);
        let mut all = all.into_iter();
        let question = Question { asking: all.next()?, others: all.collect() };
        if question.others.is_empty() {
            found.take(&question.asking.verifier);
        }
        question.is_clear(request, url).then_some(question)
    }

    /// Takes a secret out that is handed over where nobody here answers: by a provider that was not asked for, or by
    /// one of several.
    pub(super) fn seal(&self, request: &mut Request) {
        for provider in self.all().map(|verifier| verifier.provider()) {
            let is_capturing = provider.handshakes().iter().any(|handshake| handshake.is_capturing());
            if is_capturing && let Some(handshake) = provider.handshake(request) {
                handshake.seal(request);
            }
        }
    }
}

impl Question {
    /// Decides what is answered.
    pub(super) fn settle(
        self,
        found: &Found,
        request: &Request,
        circumstances: &Circumstances<'_>,
        accept_invalid: bool,
    ) -> Settled {
        let Asking { verifier, handshake } = &self.asking;
        let verdict = self.verdict(found, request, circumstances);
        let asked = asked(verifier, request, circumstances.url, &verdict);
        let (verdict, answer, is_right, remark) = if verdict.is_refused() && !accept_invalid {
            let answer = if handshake.is_bare() { answer::bare(&verdict) } else { answer::refused(&verdict) };
            (verdict, answer, false, None)
        } else {
            let checked = if accept_invalid { Ok(()) } else { handshake.check(&asked) };
            match checked.and_then(|()| handshake.reply(&asked)) {
                Ok(reply) => (verdict, answer::of(reply), true, None),
                Err(error) => {
                    let answer = answer::unanswered(&error);
                    let is_valid = verdict.status == VerdictStatus::Valid;
                    let remark = is_valid.then(|| error.to_string());
                    (if is_valid { verdict } else { error.verdict() }, answer, false, remark)
                }
            }
        };
        Settled {
            handshake: Arc::clone(handshake),
            verdict,
            answer,
            is_right,
            remark,
            request: request.clone(),
            url: circumstances.url.map(str::to_owned),
            question: self,
        }
    }

    /// What the signature is worth. One that is not asked for counts where it is there: a wrong one is refused.
    fn verdict(&self, found: &Found, request: &Request, circumstances: &Circumstances<'_>) -> Verdict {
        let Asking { verifier, handshake } = &self.asking;
        let unsigned = Verdict::unchecked(Reason::Handshake { problem: None });
        if !self.others.is_empty() {
            let all = std::iter::once(&self.asking).chain(&self.others);
            let ids: Vec<&str> = all.map(|asking| &**asking.verifier.provider().id()).collect();
            return unsigned.with_hint(format!("it could be {}: name one with --provider", ids.join(" or ")));
        }
        let carries_one = !handshake.is_capturing() && verifier.provider().claims_signature(request);
        if handshake.is_signed() || carries_one { found.verdict(request, circumstances) } else { unsigned }
    }

    /// Whether all who may be asking would be answered alike.
    fn is_clear(&self, request: &Request, url: Option<&str>) -> bool {
        let reply = |Asking { verifier, handshake }: &Asking| {
            let verdict = Verdict::unchecked(Reason::Handshake { problem: None });
            let reply = handshake.reply(&asked(verifier, request, url, &verdict)).ok()?;
            (!handshake.is_signed()).then_some((reply.status, reply.headers, reply.body))
        };
        self.others.is_empty() || {
            let wanted = reply(&self.asking);
            wanted.is_some() && self.others.iter().all(|other| reply(other) == wanted)
        }
    }
}

impl Settled {
    /// Takes a secret that is handed over out of what is kept and shown.
    pub(super) fn seal(&self, request: &mut Request) {
        let all = std::iter::once(&self.question.asking).chain(&self.question.others);
        all.for_each(|asking| asking.handshake.seal(request));
    }

    /// The secret that is handed over, and by whom; only where that is clear.
    pub(super) fn handed_over(&self) -> Option<(&Arc<Verifier>, Option<Vec<u8>>)> {
        let secret = self.handshake.captured(&self.request)?;
        Some((&self.question.asking.verifier, Some(secret).filter(|_| self.question.others.is_empty())))
    }

    /// What is wrong with a target's answer; nothing where that cannot be judged without the secret.
    pub(super) fn fault(&self, delivery: &Delivery) -> Option<String> {
        let (response, verifier) = match (&delivery.response, &delivery.error) {
            (Some(response), None) => (response, &self.question.asking.verifier),
            (_, Some(error)) => return Some(error.message.clone()),
            (None, None) => return Some("there was none".to_owned()),
        };
        let asked = asked(verifier, &self.request, self.url.as_deref(), &self.verdict);
        let wrong = self.handshake.judge(&asked, response).ok()?.err()?;
        Some(match wrong.hint {
            Some(hint) => format!("{} ({hint})", wrong.problem),
            None => wrong.problem,
        })
    }

    /// The URL with which this handshake is finished, as text and where it may be followed.
    pub(super) fn confirmation(&self) -> Option<(String, Result<url::Url, String>)> {
        self.handshake.confirmation(self.question.asking.verifier.provider(), &self.request)
    }
}

/// The question with the secret that its signature was made with, else the first one known.
fn asked<'a>(verifier: &'a Verifier, request: &'a Request, url: Option<&'a str>, verdict: &Verdict) -> Asked<'a> {
    let matched = verdict.secret.as_deref();
    let secret = matched.and_then(|label| verifier.secrets().find(|secret| secret.label() == label));
    Asked { provider: verifier.provider(), request, url, secret: secret.or_else(|| verifier.secret()) }
}
