//! `oss_emulator_status`: how a call ended.

/// How a call ended. The numbers never change; later versions may add some.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum oss_emulator_status {
    /// All went well.
    Ok = 0,
    /// An argument is NULL or breaks a rule, which the message names.
    InvalidArgument = 1,
    /// The system did not give what is needed: a port, a thread, a file.
    System = 2,
    /// A defect of the emulator.
    Internal = 900,
}

/// Why a call failed.
pub(crate) struct Failure {
    pub(crate) status: oss_emulator_status,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn invalid(message: impl Into<String>) -> Failure {
        Failure { status: oss_emulator_status::InvalidArgument, message: message.into() }
    }

    pub(crate) fn internal(message: String) -> Failure {
        Failure { status: oss_emulator_status::Internal, message }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        let status = match error.kind() {
            std::io::ErrorKind::InvalidInput => oss_emulator_status::InvalidArgument,
            _ => oss_emulator_status::System,
        };
        Failure { status, message: error.to_string() }
    }
}
