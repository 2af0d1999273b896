//! In which bucket of the backend a path lies, and where in it.

use super::fault;
use crate::store::layout::SYSTEM;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectMeta, Result};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A bucket of the backend, and which paths lie in it.
pub(super) struct Place {
    pub(super) client: AmazonS3,
    pub(super) bucket: String,
    /// Whether it holds one of our buckets and nothing else, so that it can keep versions for it.
    pub(super) own: bool,
    /// What paths begin with, and names there do not.
    of: String,
    /// What names there begin with, and paths do not.
    prefix: String,
}

impl Place {
    /// The bucket that holds everything but what has one of its own.
    pub(super) fn shared(client: AmazonS3, bucket: &str, prefix: &str) -> Self {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { client, bucket: bucket.to_owned(), own: false, of: String::new(), prefix }
    }

    /// The bucket that one of ours has for its own.
    fn own(client: AmazonS3, bucket: String, of: &str) -> Self {
        Self { client, bucket, own: true, of: format!("{of}/"), prefix: String::new() }
    }

    /// Where a path lies.
    pub(super) fn at(&self, path: &Path) -> Path {
        if self.of.is_empty() && self.prefix.is_empty() {
            return path.clone();
        }
        // All parts are paths, and so is what they make together.
        Path::parse(self.name(path.as_ref())).unwrap_or_else(|_| path.clone())
    }

    /// The same for the beginning of a path.
    pub(super) fn name(&self, path: &str) -> String {
        format!("{}{}", self.prefix, path.strip_prefix(&self.of).unwrap_or(path))
    }

    /// The path of what lies there.
    pub(super) fn path(&self, at: &str) -> Result<Path> {
        let rest = at.strip_prefix(&self.prefix);
        let rest = rest.ok_or_else(|| fault::unavailable(format!("it listed {at}, which was not asked for")))?;
        Ok(Path::parse(format!("{}{rest}", self.of))?)
    }

    /// What the backend tells of an object, under its path. Versions that nobody asked it to keep have no name here.
    pub(super) fn back(&self, meta: ObjectMeta) -> Result<ObjectMeta> {
        let version = meta.version.filter(|version| self.own && version != NULL);
        Ok(ObjectMeta { location: self.path(meta.location.as_ref())?, version, ..meta })
    }
}

/// How S3 names the version without a name.
pub(super) const NULL: &str = "null";

/// Makes a client of a bucket by its name.
type Connect = Box<dyn Fn(&str) -> Result<AmazonS3> + Send + Sync>;

/// All places: one that is shared, and those of buckets that have one of their own.
pub(super) struct Places {
    pub(super) shared: Arc<Place>,
    /// What the names of own buckets begin with; none where all share one.
    pub(super) own: Option<String>,
    connect: Connect,
    known: Mutex<HashMap<String, Arc<Place>>>,
}

/// Own places that are kept; with more, all are made anew.
const KNOWN: usize = 10_000;

impl Places {
    pub(super) fn new(shared: Place, own: Option<String>, connect: Connect) -> Self {
        Self { shared: Arc::new(shared), own, connect, known: Mutex::default() }
    }

    /// The place of a path, or of all paths that begin so.
    pub(super) fn of(&self, path: &str) -> Result<Arc<Place>> {
        let Some((own, (of, _))) = self.own.as_ref().zip(path.split_once('/')).filter(|(_, (of, _))| *of != SYSTEM) else {
            return Ok(Arc::clone(&self.shared));
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.get(of) {
            return Ok(Arc::clone(place));
        }
        let bucket = format!("{own}{of}");
        let place = Arc::new(Place::own((self.connect)(&bucket)?, bucket, of));
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(of.to_owned(), Arc::clone(&place));
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::s3::http::Http;
    use crate::store::s3::{self, Credentials, Keys, Settings};

    fn client(bucket: &str) -> Result<AmazonS3> {
        let settings = Settings {
            endpoint: "http://127.0.0.1".to_owned(),
            region: "r".to_owned(),
            bucket: bucket.to_owned(),
            prefix: String::new(),
            own_buckets: None,
            path_style: true,
            credentials: Credentials::Keys(Keys::new("id".to_owned(), "secret".to_owned(), None)),
            authority: None,
            connections: 8,
            memory: 0,
            heads: 0,
        };
        s3::client(&settings, Http::new(&settings)?)
    }

    fn places(prefix: &str, own: Option<&str>) -> Places {
        let shared = Place::shared(client("all").unwrap(), "all", prefix);
        Places::new(shared, own.map(str::to_owned), Box::new(client))
    }

    #[test]
    fn a_path_comes_back_from_where_it_lies() {
        for places in [places("", None), places("a/b", None), places("a", Some("own-"))] {
            for path in ["bucket/key", "bucket/a/b", ".waxseal/keyring", ".waxseal/uploads/x/upload", "bucket"] {
                let place = places.of(path).unwrap();
                assert_eq!(place.path(place.at(&Path::from(path)).as_ref()).unwrap(), Path::from(path));
            }
        }
    }

    #[test]
    fn a_bucket_with_one_of_its_own_lies_there_without_its_name_and_the_system_with_neither() {
        let places = places("a", Some("own-"));
        let own = places.of("bucket/key").unwrap();
        assert_eq!((own.bucket.as_str(), own.name("bucket/key").as_str(), own.own), ("own-bucket", "key", true));
        let system = places.of(".waxseal/keyring").unwrap();
        let name = system.name(".waxseal/keyring");
        assert_eq!((system.bucket.as_str(), name.as_str(), system.own), ("all", "a/.waxseal/keyring", false));
        assert_eq!(own.name("bucket/"), "");
    }

    #[test]
    fn what_lies_elsewhere_is_no_path() {
        assert!(places("a", None).of("bucket/key").unwrap().path("b/bucket/key").is_err());
    }
}
