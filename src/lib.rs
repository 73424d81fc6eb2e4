//! hookctl: receive, verify, explain and send webhooks.
//!
//! The layers, from the bottom: [`model`] and [`json`]; [`provider`], `output` and `http`;
//! `delivery`; `listener` and `load`; the commands. Imports point down only.

pub mod json;
pub mod model;
pub mod provider;
