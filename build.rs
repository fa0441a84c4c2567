//! Generates the C header into the build's output folder, and names the shared library after its ABI.

use std::env::{self, VarError};
use std::path::Path;

/// Counts breaks of the C ABI; it is not the crate's version.
const ABI: u32 = 0;

fn main() -> Result<(), VarError> {
    println!("cargo::rerun-if-changed=src/abi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=build.rs");

    let out = env::var("OUT_DIR")?;
    let header = Path::new(&out).join("oss_upload.h");
    match cbindgen::generate(env::var("CARGO_MANIFEST_DIR")?) {
        Ok(bindings) => drop(bindings.write_to_file(&header)),
        Err(error) => println!("cargo::error=the C header cannot be generated: {error}"),
    }
    println!("cargo::rustc-env=OSS_UPLOAD_GENERATED_HEADER={}", header.display());
    println!("cargo::rustc-env=OSS_UPLOAD_TARGET={}", env::var("TARGET")?);
    println!("cargo::rustc-env=OSS_UPLOAD_SONAME=liboss_upload.so.{ABI}");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,liboss_upload.so.{ABI}");
    println!("cargo::metadata=include={out}");
    Ok(())
}
