//! What is uploaded, as the caller has it.

use super::body::Body;
use super::file::FileReader;
use super::reader::{Check, Reader, read_whole};
use crate::transport::Failure;
use crate::wire::mistake::Mistake;

/// A single request takes so much of a reader that cannot start over: it is held in memory, to be sent again.
const MOST_HELD: u64 = 4 << 20;

/// What is uploaded, as the caller has it.
pub enum Input<'a> {
    /// It can be read again.
    Body(Body<'a>),
    /// It comes out of a function, and may have a length that is known beforehand.
    Reader(Box<dyn Reader + 'a>, Option<u64>),
}

impl<'a> From<Body<'a>> for Input<'a> {
    fn from(body: Body<'a>) -> Input<'a> {
        match body {
            Body::File(file) if file.hides_its_size => Input::Reader(Box::new(FileReader::new(file)), None),
            body => Input::Body(body),
        }
    }
}

/// Why an input cannot be uploaded.
pub(crate) enum Unfit {
    Mistake(Mistake),
    Failure(Failure),
}

impl<'a> Input<'a> {
    /// How much there is, if that is known.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Input::Body(body) => Some(body.size()),
            Input::Reader(_, size) => *size,
        }
    }

    /// In the form that a single request needs, which may have to be sent again.
    pub(crate) fn into_body(self, check: Check<'_>) -> Result<Body<'a>, Unfit> {
        match self {
            Input::Body(body) => Ok(body),
            Input::Reader(reader, None) => Err(Unfit::Mistake(of_unknown_length(reader.file_name()))),
            Input::Reader(reader, Some(size)) if reader.can_rewind() => Ok(Body::from_reader(reader, size)),
            Input::Reader(_, Some(size)) if size > MOST_HELD => Err(Unfit::Mistake(Mistake::new(format!(
                "a reader that cannot rewind gives a single request at most {MOST_HELD} bytes, not {size}; \
                 a managed upload, as by oss_upload_object(), takes any number"
            )))),
            Input::Reader(reader, Some(size)) => {
                read_whole(reader.as_ref(), size, check).map(Body::Owned).map_err(Unfit::Failure)
            }
        }
    }
}

fn of_unknown_length(file_name: Option<&str>) -> Mistake {
    let why = "a single request needs to know the length of its data; a managed upload, as by oss_upload_object(), does not";
    Mistake::new(match file_name {
        Some(name) => format!("{name} has bytes although its size is said to be 0, and {why}"),
        None => why.to_owned(),
    })
}
