//! Generates the C header and the one for other languages into the build's output folder, and names the shared library after
//! its ABI.

use cbindgen::{Bindings, Builder, Config, ItemType};
use std::env::{self, VarError};
use std::error::Error;
use std::path::Path;

/// Counts breaks of the C ABI; it is not the crate's version.
const ABI: u32 = 0;

const FFI_HEADER: &str = "\
/*
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What oss_upload.h declares, for the foreign function interfaces of other languages: without comments, and without
 * directives, which most of them cannot read. OSS_LENGTH_UNKNOWN is 18446744073709551615: all bits of a uint64_t.
 *
 * This file is generated from the library's source; do not edit it.
 */";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=src/abi");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=build.rs");

    let out = env::var("OUT_DIR")?;
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let version = Version::of_the_crate()?;
    let header = Path::new(&out).join("oss_upload.h");
    let ffi_header = Path::new(&out).join("oss_upload_ffi.h");
    for (path, bindings) in
        [(&header, generate(&root, &version)), (&ffi_header, generate_for_ffis(&root, &version))]
    {
        match bindings {
            Ok(bindings) => drop(bindings.write_to_file(path)),
            Err(error) => println!("cargo::error=the C header cannot be generated: {error}"),
        }
    }
    println!("cargo::rustc-env=OSS_UPLOAD_GENERATED_HEADER={}", header.display());
    println!("cargo::rustc-env=OSS_UPLOAD_GENERATED_FFI_HEADER={}", ffi_header.display());
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
fn generate(root: &str, version: &Version) -> Result<Bindings, cbindgen::Error> {
    let mut config = Config::from_root_or_default(root);
    config.after_includes = Some(format!(
        "\n/**\n * The version that this header belongs to.\n */\n#define OSS_UPLOAD_VERSION \"{}\"\n\n\
         /**\n * The same as a number: major * 1000000 + minor * 1000 + patch.\n */\n\
         #define OSS_UPLOAD_VERSION_NUMBER {}\n\n\
         /**\n * Counts breaks of the binary interface, and is the number in the shared library's name.\n */\n\
         #define OSS_UPLOAD_ABI {ABI}",
        version.text, version.number
    ));
    Builder::new().with_crate(root).with_config(config).generate()
}

/// The same for what reads declarations and has no preprocessor: plain ones, with all numbers as enumerators.
fn generate_for_ffis(root: &str, version: &Version) -> Result<Bindings, cbindgen::Error> {
    let mut config = Config::from_root_or_default(root);
    config.header = Some(FFI_HEADER.to_owned());
    config.include_guard = None;
    config.sys_includes.clear();
    config.cpp_compat = false;
    config.documentation = false;
    // The only other constant is larger than what many of them take for an enumerator.
    config.export.item_types.retain(|kind| !matches!(kind, ItemType::Constants));
    config.after_includes = Some(format!(
        "enum {{\n    OSS_UPLOAD_VERSION_NUMBER = {},\n    OSS_UPLOAD_ABI = {ABI},\n}};",
        version.number
    ));
    Builder::new().with_crate(root).with_config(config).generate()
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
