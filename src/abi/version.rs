//! Which version this is, and whether it is the one that a program was made for.

use super::operation::construction;
use super::result::oss_result;
use super::status::oss_status;
use crate::wire::mistake::Mistake;
use std::ffi::{CStr, c_char};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
const NUMBER: u32 = number(env!("OSS_UPLOAD_VERSION_NUMBER"));
/// Counts breaks of the ABI.
const ABI: u32 = number(env!("OSS_UPLOAD_ABI"));

/// A decimal number, read by the compiler.
#[expect(clippy::panic, reason = "it ends the build, not a program")]
const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("the build script gives numbers"),
    }
}

/// Gives the version of the library, such as "1.2.3". That of the header is OSS_UPLOAD_VERSION.
///
/// @return the version, valid for as long as the library is loaded; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_version() -> *const c_char {
    CStr::from_bytes_with_nul(VERSION.as_bytes()).unwrap_or_default().as_ptr()
}

/// Gives the version of the library as a number. That of the header is OSS_UPLOAD_VERSION_NUMBER.
///
/// @return major * 1000000 + minor * 1000 + patch.
#[unsafe(no_mangle)]
pub extern "C" fn oss_version_number() -> u32 {
    NUMBER
}

/// Checks that the library which was loaded can do what the header says that the program was compiled with. The linker sees
/// to most of that; this also finds a library that is older than the header, before a function turns out to be missing.
///
/// @param header_abi      OSS_UPLOAD_ABI.
/// @param header_version  OSS_UPLOAD_VERSION_NUMBER.
/// @param result          receives what there is to know about the call; may be NULL.
/// @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT if the two do not go together. Does not block.
///
/// @code
/// oss_result *result = NULL;
/// if (oss_check_version(OSS_UPLOAD_ABI, OSS_UPLOAD_VERSION_NUMBER, &result) != OSS_STATUS_OK) {
///     fprintf(stderr, "%s\n", oss_result_message(result));
/// }
/// oss_result_free(result);
/// @endcode
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_check_version(
    header_abi: u32,
    header_version: u32,
    result: *mut *mut oss_result,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of the pointer.
    unsafe { construction(result, || Ok(check(header_abi, header_version)?)) }
}

fn check(header_abi: u32, header_version: u32) -> Result<(), Mistake> {
    if header_abi != ABI {
        return Err(Mistake::new(format!(
            "the program was compiled for the binary interface {header_abi}, and the library has {ABI}"
        )));
    }
    if header_version > NUMBER {
        return Err(Mistake::new(format!(
            "the program was compiled with the header of version {}, and the library is older: {}",
            dotted(header_version),
            dotted(NUMBER)
        )));
    }
    Ok(())
}

fn dotted(number: u32) -> String {
    format!("{}.{}.{}", number / 1_000_000, number / 1000 % 1000, number % 1000)
}
