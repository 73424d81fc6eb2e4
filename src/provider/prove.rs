//! The two directions of a signature: making it, and comparing it in constant time.

use subtle::ConstantTimeEq as _;

use super::key::Key;
use super::signature::{Scheme, Signature};
use super::template::{RenderError, Scope};

impl Signature {
    /// Computes the signature bytes over template `index` of `signed`.
    pub(crate) fn compute(&self, index: usize, scope: &Scope<'_>, key: &Key) -> Result<Vec<u8>, RenderError> {
        let template = self.signed.get(index).ok_or_else(|| RenderError::unusable("nothing is signed"))?;
        match (key, self.scheme) {
            (Key::Mac(mac), _) => {
                let mut mac = mac.clone();
                template.render_into(scope, &mut |piece| mac.update(piece))?;
                Ok(mac.finish())
            }
            (Key::InTemplate, Scheme::Hash(digest)) => Ok(digest.hash(&template.render(scope)?)),
            (Key::Ed25519(key), _) => key.sign(&template.render(scope)?).map_err(RenderError::unusable),
            (Key::Ecdsa(key), Scheme::Ecdsa(kind)) => {
                key.sign(kind, &template.render(scope)?).map_err(RenderError::unusable)
            }
            (Key::Rsa(key), Scheme::Rsa(kind)) => {
                key.sign(kind, &template.render(scope)?).map_err(RenderError::unusable)
            }
            (Key::InTemplate | Key::Ecdsa(_) | Key::Rsa(_) | Key::Secret(_), _) => {
                Err(RenderError::unusable("nothing is computed for this scheme"))
            }
        }
    }

    /// Whether one of the candidates is the signature over template `index`. Every candidate is
    /// compared, in constant time.
    pub(crate) fn proves(
        &self,
        index: usize,
        scope: &Scope<'_>,
        key: &Key,
        candidates: &[Vec<u8>],
    ) -> Result<bool, RenderError> {
        if matches!(key, Key::Ed25519(..) | Key::Ecdsa(_) | Key::Rsa(_)) {
            let Some(template) = self.signed.get(index) else { return Ok(false) };
            let message = template.render(scope)?;
            return Ok(candidates.iter().any(|candidate| self.verifies(key, &message, candidate)));
        }
        let computed = self.compute(index, scope, key)?;
        let found =
            candidates.iter().fold(subtle::Choice::from(0), |found, candidate| found | computed.ct_eq(candidate));
        Ok(found.into())
    }

    /// Whether the candidate is a signature of the message under a public key.
    fn verifies(&self, key: &Key, message: &[u8], candidate: &[u8]) -> bool {
        match (key, self.scheme) {
            (Key::Ed25519(key), _) => key.verify(message, candidate),
            (Key::Ecdsa(key), Scheme::Ecdsa(kind)) => key.verify(kind, message, candidate),
            (Key::Rsa(key), Scheme::Rsa(kind)) => key.verify(kind, message, candidate),
            _ => false,
        }
    }
}
