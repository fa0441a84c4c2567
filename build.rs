//! Generates the C header into the build's output folder, and names the shared library after its ABI.

use std::env::{self, VarError};
use std::error::Error;
use std::path::Path;

/// Counts breaks of the C ABI; it is not the crate's version.
const ABI: u32 = 0;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/abi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=build.rs");

    let out = env::var("OUT_DIR")?;
    let header = Path::new(&out).join("oss_upload.h");
    let version = Version::of_the_crate()?;
    match generate(&env::var("CARGO_MANIFEST_DIR")?, &version) {
        Ok(bindings) => drop(bindings.write_to_file(&header)),
        Err(error) => println!("cargo::error=the C header cannot be generated: {error}"),
    }
    println!("cargo::rustc-env=OSS_UPLOAD_GENERATED_HEADER={}", header.display());
    println!("cargo::rustc-env=OSS_UPLOAD_TARGET={}", env::var("TARGET")?);
    println!("cargo::rustc-env=OSS_UPLOAD_ABI={ABI}");
    println!("cargo::rustc-env=OSS_UPLOAD_VERSION_NUMBER={}", version.number);
    println!("cargo::rustc-env=OSS_UPLOAD_SONAME=liboss_upload.so.{ABI}");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,liboss_upload.so.{ABI}");
    // A thread that ends runs code for what the library keeps for it, and may do so after the last dlclose(). The C library
    // knows that only from glibc 2.18 on.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::metadata=include={out}");
    Ok(())
}

/// The header, with the version in macros that the preprocessor can compare.
fn generate(root: &str, version: &Version) -> Result<cbindgen::Bindings, cbindgen::Error> {
    let mut config = cbindgen::Config::from_root_or_default(root);
    config.after_includes = Some(format!(
        "\n/**\n * The version that this header belongs to.\n */\n#define OSS_UPLOAD_VERSION \"{}\"\n\n\
         /**\n * The same as a number: major * 1000000 + minor * 1000 + patch.\n */\n\
         #define OSS_UPLOAD_VERSION_NUMBER {}\n\n\
         /**\n * Counts breaks of the binary interface, and is the number in the shared library's name.\n */\n\
         #define OSS_UPLOAD_ABI {ABI}",
        version.text, version.number
    ));
    cbindgen::Builder::new().with_crate(root).with_config(config).generate()
}

struct Version {
    text: String,
    number: u32,
}

impl Version {
    fn of_the_crate() -> Result<Version, VarError> {
        let mut number = 0;
        for part in ["MAJOR", "MINOR", "PATCH"] {
            // Cargo has checked that they are numbers.
            number =
                number * 1000 + env::var(format!("CARGO_PKG_VERSION_{part}"))?.parse::<u32>().unwrap_or(0);
        }
        Ok(Version { text: env::var("CARGO_PKG_VERSION")?, number })
    }
}
