//! `hookctl providers new`: the folder of a provider of one's own.

use std::fs;
use std::path::Path;

use super::inferred;
use crate::cli::{NewProviderArgs, SignatureArgs};
use crate::commands::Context;
use crate::error::{Exit, Failure, Outcome};
use crate::provider::compile;

/// Runs the command.
pub(super) fn run(args: &NewProviderArgs, context: &Context) -> Outcome {
    if context.catalogue.ids().contains(&args.name) {
        return Err(Failure::usage(format!("a provider `{}` is there already", args.name))
            .hint("choose another name; to change one, write `[provider.NAME.signature]` into hookctl.toml, or save a fixture of it"));
    }
    let Draft { manifest, fixture, event, said } = match &args.from {
        Some(from) => inferred::draft(from, args, context)?,
        None => Draft::blank(&args.name, &args.signature),
    };
    // Checked before anything is written: a bad name or flag leaves no folder behind.
    compile("the new manifest", &manifest)?;
    let folder = context.path(&args.dir).join(&args.name);
    let file = folder.join("provider.toml");
    if file.exists() {
        return Err(
            Failure::usage(format!("{} is there already", file.display())).hint("edit it, or choose another name")
        );
    }
    let failed =
        |error: std::io::Error| Failure::machine("cannot_write", anyhow::anyhow!("{}: {error}", folder.display()));
    let sample = folder.join(&fixture.0);
    fs::create_dir_all(sample.parent().unwrap_or(&folder)).map_err(failed)?;
    fs::write(&file, manifest).map_err(failed)?;
    fs::write(&sample, fixture.1).map_err(failed)?;
    said.iter().for_each(|line| context.say(line));
    context.say(&format!("wrote {}\n{}", file.display(), next(&args.name, &event, args)));
    Ok(Exit::Done)
}

/// What can be done with it now.
fn next(name: &str, event: &str, args: &NewProviderArgs) -> String {
    match args.from {
        Some(_) => format!(
            "next: `hookctl send {name}/{event} --to 4000 --secret-env NAME`; `hookctl listen --provider {name}`"
        ),
        None => format!("next: edit it, then `hookctl send {name}/{event} --to 4000 --secret-env NAME`"),
    }
}

/// A folder that is not written yet.
pub(super) struct Draft {
    pub(super) manifest: String,
    /// File name and bytes of the sample event.
    pub(super) fixture: (std::path::PathBuf, Vec<u8>),
    /// Its name.
    pub(super) event: String,
    /// Why it is as it is, for stderr.
    pub(super) said: Vec<String>,
}

impl Draft {
    fn blank(name: &str, flags: &SignatureArgs) -> Self {
        Self {
            manifest: template(name, flags),
            fixture: (Path::new("example.json").to_owned(), b"{\"type\":\"example\",\"id\":\"1\"}".to_vec()),
            event: "example".to_owned(),
            said: Vec::new(),
        }
    }
}

fn template(id: &str, flags: &SignatureArgs) -> String {
    let literal = |text: &str| toml::Value::from(text).to_string();
    let or = |flag: &Option<String>, default: &str| literal(flag.as_deref().unwrap_or(default));
    let header = flags.signature_header.clone().unwrap_or_else(|| format!("X-{id}-Signature"));
    format!(
        "[provider]\n\
         id = {}\n\
         name = {}\n\
         docs = []                     # links to the provider's documentation\n\
         \n\
         [[signature]]\n\
         id = \"v1\"\n\
         scheme = {}               # hmac, hash, ed25519, ecdsa, rsa, token, basic\n\
         algorithm = {}          # sha1, sha256, sha384, sha512, md5\n\
         source = {}\n\
         format = {}         # how the header is written\n\
         encoding = {}              # hex, base64, base64url\n\
         signed = {}             # what is signed, such as \"{{header:X-Timestamp}}.{{body}}\"\n\
         \n\
         [event]\n\
         type = \"{{?json:/type}}\"\n\
         id = \"{{?json:/id}}\"\n\
         \n\
         [fresh]                       # what a real sender renews\n\
         \"/id\" = \"uuid\"\n\
         \n\
         [fixture.\"example\"]\n\
         documented = true\n\
         source = \"your own\"\n\
         description = \"Replace it with a real payload\"\n",
        literal(id),
        literal(id),
        or(&flags.signature_scheme, "hmac"),
        or(&flags.signature_algorithm, "sha256"),
        literal(&format!("header:{header}")),
        or(&flags.signature_format, "{signature}"),
        or(&flags.signature_encoding, "hex"),
        or(&flags.signed, "{body}"),
    )
}
