//! The data of objects: in memory, or in files of the data folder.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use super::buckets::{Bucket, Store, disk_failed, find};
use crate::errors::OssError;
use crate::object::Blob;

/// Data that can be read whatever becomes of their object.
pub(super) enum Data {
    Memory(Arc<Vec<u8>>),
    File(File),
}

impl Data {
    pub fn read(self) -> Result<Arc<Vec<u8>>, OssError> {
        match self {
            Data::Memory(data) => Ok(data),
            Data::File(mut file) => {
                let mut data = Vec::new();
                file.read_to_end(&mut data).map_err(disk_failed)?;
                Ok(Arc::new(data))
            }
        }
    }
}

impl Store {
    /// Keeps data without the lock, as that may take long, and then has them stored with it. Those of an object that is
    /// refused are dropped; after a failure of the disk the next start does that, which knows what is used.
    pub(super) fn keep<T>(
        &self,
        bucket: &str,
        key: &str,
        data: Arc<Vec<u8>>,
        store: impl FnOnce(&mut Bucket, Blob) -> Result<T, OssError>,
    ) -> Result<T, OssError> {
        let blob = match &self.disk {
            None => Blob::Memory(data),
            Some(disk) => disk.write_data(bucket, key, &data).map(Blob::File).map_err(disk_failed)?,
        };
        let stored = find(&mut self.lock(), bucket).and_then(|found| store(found, blob.clone()));
        if stored.as_ref().is_err_and(|error| error.status < 500) {
            self.discard(bucket, &blob);
        }
        stored
    }

    fn discard(&self, bucket: &str, blob: &Blob) {
        if let (Blob::File(name), Some(disk)) = (blob, &self.disk) {
            disk.delete_data(bucket, name);
        }
    }

    pub(super) fn open_data(&self, bucket: &str, blob: &Blob) -> Result<Data, OssError> {
        match (blob, &self.disk) {
            (Blob::Memory(data), _) => Ok(Data::Memory(Arc::clone(data))),
            (Blob::File(name), Some(disk)) => {
                disk.open_data(bucket, name).map(Data::File).map_err(disk_failed)
            }
            (Blob::File(_), None) => Err(OssError::internal("There is no data folder.")),
        }
    }
}
