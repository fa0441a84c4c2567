//! Generates the C header into the build's output folder, and names the shared library after its ABI.

use cbindgen::{Builder, Config};
use std::env;
use std::error::Error;
use std::path::Path;

/// Counts breaks of the C ABI; it is not the crate's version.
const ABI: u32 = 0;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=build.rs");

    let root = env::var("CARGO_MANIFEST_DIR")?;
    let version = env::var("CARGO_PKG_VERSION")?;
    let header = Path::new(&env::var("OUT_DIR")?).join("oss_emulator.h");
    let mut config = Config::from_root_or_default(&root);
    config.after_includes = Some(format!(
        "\n/**\n * The version that this header belongs to.\n */\n#define OSS_EMULATOR_VERSION \"{version}\"\n\n\
         /**\n * Counts breaks of the binary interface, and is the number in the shared library's name.\n */\n\
         #define OSS_EMULATOR_ABI {ABI}"
    ));
    match Builder::new().with_crate(&root).with_config(config).generate() {
        Ok(bindings) => drop(bindings.write_to_file(header)),
        Err(error) => println!("cargo::error=the C header cannot be generated: {error}"),
    }
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,liboss_emulator.so.{ABI}");
    // A thread that ends runs code for what the library keeps for it, and may do so after the last dlclose().
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    Ok(())
}
