//! Puts the portal into the program, or a page that says that it was not built.

use std::{env, fs, path::Path};

fn main() {
    let built = "../../portal/dist";
    println!("cargo:rerun-if-changed={built}/index.html");
    println!("cargo:rerun-if-changed=unbuilt");
    let folder = if Path::new(built).join("index.html").exists() { built } else { "unbuilt" };
    memory_serve::load_directory(folder);

    let out = env::var("OUT_DIR").expect("cargo sets it for build scripts");
    let from = Path::new(folder).join("index.html");
    fs::copy(&from, Path::new(&out).join("index.html")).expect("the page can be copied");
}
