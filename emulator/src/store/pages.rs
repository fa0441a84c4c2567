//! What a bucket holds, by the page: objects, versions, and unfinished uploads.

use std::ops::Bound;

use super::buckets::{Store, find};
use super::versions::{Version, Versions};
use crate::errors::OssError;
use crate::object::Properties;

/// What a page is to have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub prefix: &'a str,
    /// What ends a common prefix; nothing if there are to be none.
    pub delimiter: &'a str,
    /// The page begins behind this key.
    pub key_marker: &'a str,
    /// With the key: behind this one of the versions or uploads that it has.
    pub id_marker: &'a str,
    pub max: usize,
}

/// So many entries, in the order of their keys.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub items: Vec<(String, T)>,
    /// All keys with a common prefix are one entry.
    pub prefixes: Vec<String>,
    pub is_truncated: bool,
    /// The key or common prefix that the next page begins behind, and the id, if it has one.
    pub next: (String, String),
}

impl Wanted<'_> {
    /// All there is.
    pub const EVERYTHING: Wanted<'static> =
        Wanted { prefix: "", delimiter: "", key_marker: "", id_marker: "", max: usize::MAX };

    /// The first key that can be on the page, or be the marker.
    fn start(&self) -> &str {
        self.prefix.max(self.key_marker)
    }

    fn common_prefix<'k>(&self, key: &'k str) -> Option<&'k str> {
        let rest = key.strip_prefix(self.prefix).filter(|_| !self.delimiter.is_empty())?;
        let at = rest.find(self.delimiter)?;
        key.get(..self.prefix.len() + at + self.delimiter.len())
    }
}

impl<T> Page<T> {
    /// Takes from what comes behind the marker: key, id, and what is listed of it.
    fn of<'k>(wanted: &Wanted, behind: impl Iterator<Item = (&'k str, &'k str, T)>) -> Page<T> {
        let mut page =
            Page { items: Vec::new(), prefixes: Vec::new(), is_truncated: false, next: Default::default() };
        for (key, id, item) in behind.take_while(|(key, ..)| key.starts_with(wanted.prefix)) {
            let common = wanted.common_prefix(key);
            // A marker within a common prefix stands behind all of it.
            if common.is_some_and(|common| page.has_last(common) || wanted.key_marker.starts_with(common)) {
                continue;
            }
            if page.items.len() + page.prefixes.len() == wanted.max {
                page.is_truncated = true;
                break;
            }
            match common {
                Some(common) => {
                    page.next = (common.to_owned(), String::new());
                    page.prefixes.push(common.to_owned());
                }
                None => {
                    page.next = (key.to_owned(), id.to_owned());
                    page.items.push((key.to_owned(), item));
                }
            }
        }
        page
    }

    fn has_last(&self, common: &str) -> bool {
        self.prefixes.last().is_some_and(|last| last == common)
    }

    fn map<U>(self, change: impl Fn(T) -> U) -> Page<U> {
        let Page { items, prefixes, is_truncated, next } = self;
        let items = items.into_iter().map(|(key, item)| (key, change(item))).collect();
        Page { items, prefixes, is_truncated, next }
    }
}

/// An upload as it is listed.
#[derive(Debug)]
pub(crate) struct ListedUpload {
    pub id: String,
    pub initiated_ms: i64,
    pub storage_class: String,
}

impl Store {
    /// The keys under which there is an object now, with its properties.
    pub fn objects(&self, bucket: &str, wanted: &Wanted) -> Result<Page<Properties>, OssError> {
        let mut buckets = self.lock();
        let range = (Bound::Included(wanted.start()), Bound::Unbounded);
        let objects = find(&mut buckets, bucket)?.objects.range::<str, _>(range);
        let behind = objects
            .filter(|(key, _)| *key != wanted.key_marker)
            .filter_map(|(key, versions)| Some((key.as_str(), "", versions.current_object()?)));
        Ok(Page::of(wanted, behind).map(|object| object.properties.clone()))
    }

    /// All versions under all keys, the newest first; and whether it is the current one.
    pub fn versions(&self, bucket: &str, wanted: &Wanted) -> Result<Page<(Version, bool)>, OssError> {
        let mut buckets = self.lock();
        let range = (Bound::Included(wanted.start()), Bound::Unbounded);
        let objects = find(&mut buckets, bucket)?.objects.range::<str, _>(range);
        let behind = objects.flat_map(|(key, versions)| {
            let newest_first = versions.oldest_first().rev().enumerate();
            newest_first
                .skip(count_before_page(key, versions, wanted))
                .map(|(age, version)| (key.as_str(), version.id(), (version, age == 0)))
        });
        Ok(Page::of(wanted, behind).map(|(version, is_latest)| (version.clone(), is_latest)))
    }

    /// The unfinished uploads.
    pub fn uploads(&self, bucket: &str, wanted: &Wanted) -> Result<Page<ListedUpload>, OssError> {
        let mut buckets = self.lock();
        let start = (wanted.start().to_owned(), String::new());
        let uploads = find(&mut buckets, bucket)?.uploads.range(start..);
        let is_behind = |key: &str, id: &str| {
            key != wanted.key_marker || (!wanted.id_marker.is_empty() && id > wanted.id_marker)
        };
        let behind = uploads
            .filter(|((key, id), _)| is_behind(key, id))
            .map(|((key, id), upload)| (key.as_str(), id.as_str(), (id, upload)));
        Ok(Page::of(wanted, behind).map(|(id, upload)| ListedUpload {
            id: id.clone(),
            initiated_ms: upload.initiated_ms,
            storage_class: upload.storage_class().to_owned(),
        }))
    }
}

/// How many versions of a key, from the newest on, do not come behind the marker.
fn count_before_page(key: &str, versions: &Versions, wanted: &Wanted) -> usize {
    if key != wanted.key_marker {
        return 0;
    }
    if wanted.id_marker.is_empty() {
        return usize::MAX;
    }
    // If the marked one is gone meanwhile, all that are left are listed: none may be missed.
    let mut newest_first = versions.oldest_first().rev();
    newest_first.position(|version| version.id() == wanted.id_marker).map_or(0, |at| at + 1)
}
