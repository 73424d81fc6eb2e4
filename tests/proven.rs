//! What proves each provider's manifest: an SDK of its own (tests/interop/sdks), a published request
//! (tests/vectors), or the documentation alone. Each manifest says it, and the README tells it in a table. With
//! `HOOKCTL_UPDATE=1` these tests write both.

use std::path::{Path, PathBuf};

use hookctl::provider::{Proof, Provider, Signature, compile};
use serde_json::Value;

const START: &str = "<!-- providers: written by `HOOKCTL_UPDATE=1 cargo test --test main proven` -->\n";
const END: &str = "<!-- /providers -->\n";

const UPDATE: &str = "HOOKCTL_UPDATE=1 cargo test --test main proven";

/// Packages that adapters import beside the vendor's own.
const OTHERS: [&str; 1] = ["jose"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder, in order.
fn entries(folder: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(root().join(folder)).unwrap().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// Manifests as they are on disk, with their paths; the generic one is nobody's.
fn manifests() -> Vec<(PathBuf, Provider)> {
    let paths = entries("fixtures").into_iter().map(|folder| folder.join("provider.toml"));
    let all = paths.map(|path| {
        let provider = compile(&path.display().to_string(), &read(&path)).unwrap_or_else(|error| panic!("{error}"));
        (path, provider)
    });
    all.filter(|(_, provider)| **provider.id() != *"generic").collect()
}

/// The vendor's package that an adapter imports, with its version: `stripe 22.6.2`.
fn package(adapter: &Path) -> String {
    let text = read(adapter);
    let imports = text.lines().filter_map(|line| line.strip_prefix("import ")?.split('"').nth(1));
    let packages = imports.filter(|name| !name.starts_with('.') && !name.starts_with("node:"));
    // `@scope/name/path` is of the package `@scope/name`.
    let whole =
        |name: &str| name.splitn(3, '/').take(if name.starts_with('@') { 2 } else { 1 }).collect::<Vec<_>>().join("/");
    let mut own = packages.map(whole).filter(|name| !OTHERS.contains(&name.as_str()));
    let name = own.next().unwrap_or_else(|| panic!("{} imports no SDK", adapter.display()));
    let list: Value = serde_json::from_str(&read(&root().join("tests/interop/package.json"))).unwrap();
    let version = list["dependencies"][&name].as_str().unwrap_or_else(|| panic!("{name} is not in package.json"));
    format!("{name} {version}")
}

/// Adapters by the provider that they are for.
fn adapters() -> Vec<(String, PathBuf)> {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    entries("tests/interop/sdks").into_iter().map(|path| (stem(&path), path)).collect()
}

fn is_published(id: &str) -> bool {
    let vectors: Value = serde_json::from_str(include_str!("vectors/published.json")).unwrap();
    vectors.as_array().unwrap().iter().any(|vector| vector["provider"] == id && vector["valid"] == true)
}

/// What the tests really show of a provider.
fn fact(id: &str) -> Proof {
    if adapters().iter().any(|(provider, _)| provider == id) {
        Proof::Sdk
    } else if is_published(id) {
        Proof::Vectors
    } else {
        Proof::Documented
    }
}

fn is_updating() -> bool {
    std::env::var_os("HOOKCTL_UPDATE").is_some_and(|value| value == "1")
}

/// The manifest's text with this proof; the documentation alone is what is assumed.
fn with_proof(text: &str, proof: Proof) -> String {
    let mut lines: Vec<String> = text.lines().filter(|line| !line.starts_with("proof = ")).map(str::to_owned).collect();
    if proof != Proof::Documented {
        let name = lines.iter().position(|line| line.starts_with("name = ")).unwrap();
        lines.insert(name + 1, format!("proof = \"{}\"", proof.as_str()));
    }
    lines.join("\n") + "\n"
}

#[test]
fn every_adapter_is_for_a_provider() {
    let manifests = manifests();
    for (id, path) in adapters() {
        assert!(manifests.iter().any(|(_, provider)| **provider.id() == *id), "{} is for nobody", path.display());
    }
}

/// The kinds of signature, each once.
fn schemes(provider: &Provider) -> String {
    let mut schemes: Vec<String> = provider.signatures().iter().map(Signature::algorithm).collect();
    schemes.sort();
    schemes.dedup();
    if schemes.is_empty() { "none".to_owned() } else { schemes.join(", ") }
}

fn table() -> String {
    let manifests = manifests();
    let count = |proof| manifests.iter().filter(|(_, provider)| fact(provider.id()) == proof).count();
    let [sdk, vectors, documented] = [Proof::Sdk, Proof::Vectors, Proof::Documented].map(count);
    let mut text = format!(
        "<details><summary>{} services: {sdk} proven by their own SDK, {vectors} by published requests, {documented} \
         known from documentation</summary>\n\n| Provider | Name | Signature | Proof |\n| --- | --- | --- | --- |\n",
        manifests.len()
    );
    for (_, provider) in &manifests {
        let id = provider.id();
        let adapter = adapters().into_iter().find(|(known, _)| **known == **id);
        let proof = match (fact(id), adapter) {
            (Proof::Sdk, Some((_, path))) => format!("SDK: {}", package(&path)),
            (Proof::Vectors, _) => "published requests".to_owned(),
            _ => "documentation".to_owned(),
        };
        let name = provider.about().name.replace('|', "\\|");
        text.push_str(&format!("| `{id}` | {name} | {} | {proof} |\n", schemes(provider)));
    }
    text + "\n</details>\n"
}

/// Manifests that do not say it, or nothing once they were corrected.
fn silent_manifests() -> Vec<String> {
    let mut silent = Vec::new();
    for (path, provider) in manifests() {
        let fact = fact(provider.id());
        if provider.about().proof == fact {
            continue;
        }
        if is_updating() {
            std::fs::write(&path, with_proof(&read(&path), fact)).unwrap();
        } else {
            silent.push(format!("{}: proof = \"{}\"", path.display(), fact.as_str()));
        }
    }
    silent
}

#[test]
fn manifests_and_readme_say_what_proves_each_provider() {
    let silent = silent_manifests();
    assert!(silent.is_empty(), "{UPDATE} writes:\n{}", silent.join("\n"));
    let path = root().join("README.md");
    let readme = read(&path);
    let start = readme.find(START).expect("the start of the table") + START.len();
    let end = start + readme[start..].find(END).expect("the end of the table");
    let table = table();
    if is_updating() {
        std::fs::write(&path, [&readme[..start], &table, &readme[end..]].concat()).unwrap();
    } else {
        assert!(readme[start..end] == table, "the table of providers is out of date: {UPDATE} writes it");
    }
}
