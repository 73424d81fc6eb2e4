//! Names looked up with an eye on where they lead: keys that the world uses are not in anybody's own network.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::http::is_private_address;

/// Gives only addresses that the world can reach.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| !is_private_address(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("{} leads into a private network", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_of_this_machine_leads_nowhere() {
        for name in ["localhost", "127.0.0.1"] {
            let Err(error) = PublicOnly.resolve(name.parse().unwrap()).await else { panic!("{name} was resolved") };
            assert!(error.to_string().contains("private network"), "{error}");
        }
    }
}
