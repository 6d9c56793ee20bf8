//! The architecture, as rules that fail: who may know whom, and what is said in one place only.
//!
//! The rules look at the text of `src/`, not at what the compiler makes of it. They see every path
//! that is written out (`crate::…`, `super::…`, `use` trees); macros that build paths escape them.

mod checker;
mod paths;
mod rules;
mod tokens;

use std::fs;
use std::path::Path;

use rules::violations;

fn source_files(directory: &Path, root: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).expect("a source directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            source_files(&path, root, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).expect("below the root");
            let name = name.to_string_lossy().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).expect("source text")));
        }
    }
}

#[test]
fn the_source_obeys_the_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    source_files(&root, &root, &mut files);
    assert!(files.len() > 10, "the source files are elsewhere");
    files.sort();
    let broken: Vec<String> = files
        .iter()
        .flat_map(|(name, text)| violations(name, text))
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
