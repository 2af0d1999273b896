//! What a sealed object needs of a backend beyond reading and writing bytes.

use super::{Buffer, Fault, Lack, Millis, Terms, Version, Versions};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::list::PaginatedListStore;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{MultipartId, ObjectMeta, ObjectStore, PutResult, Result};
use std::collections::HashSet;
use std::ops::Range;
use tokio::sync::oneshot;

/// Everything behind us: `object_store`'s three traits, and what they cannot express.
///
/// Unlike them it streams in constant memory, pins one version for as long as it is read, finishes uploads under a
/// precondition, and moves no content when only the end of an object changes.
#[expect(clippy::too_many_arguments, reason = "an object is spliced from, to and on terms")]
#[async_trait]
pub trait Backend: ObjectStore + MultipartStore + PaginatedListStore {
    /// Finds the current version of an object and pins it.
    ///
    /// # Errors
    /// `NotFound` if and only if there is none.
    async fn open(&self, path: &Path) -> Result<Box<dyn Stored>>;

    /// As [`Backend::open`], for one who is going to read a stretch of the version that he saw last, if it is still the
    /// current one: `wanted` tells which stretch of a version that is, or that it knows nothing of it.
    ///
    /// What is then answered is the version that is current now, whichever it is. A backend to which each request is a
    /// round trip asks for that stretch alone, on the condition that nothing has come in its place.
    async fn open_at(&self, path: &Path, wanted: Wanted<'_>) -> Result<Box<dyn Stored>>;

    /// Begins an object of unknown length, which appears at [`Draft::finish`], whole, or never.
    async fn begin(&self, to: &Path) -> Result<Box<dyn Draft>>;

    /// Begins one attempt at part `number` (from 1) of an upload. The part that counts is the one whose id is handed to
    /// [`Backend::complete_if`]; whether a later attempt leaves an earlier one there, [`Backend::held`] says. `finish` must be given an empty end, and
    /// answers the content id of the part as its ETag.
    ///
    /// `length` is that of all that will be written, where it is known.
    async fn begin_part(&self, upload: &Upload, number: u32, length: Option<u64>) -> Result<Box<dyn Draft>>;

    /// Whether parts below 5 MiB, and that of the greatest number, have to be staged: laid down as objects of their own,
    /// and handed to [`Backend::complete_if`] with the end (FORMAT 11.3).
    fn stages(&self) -> bool;

    /// Which attempts at parts of an upload are still there, by their content ids; none where all of them are.
    ///
    /// # Errors
    /// `NotFound` if the upload is not open.
    async fn held(&self, upload: &Upload) -> Result<Option<HashSet<String>>>;

    /// Makes `to` from bytes `[0, keep)` of `from` and a new end, without the bytes passing through us where the
    /// backend can. `from` and `to` may be one path.
    ///
    /// # Errors
    /// `NotFound` or `Precondition` if `from` is no longer there in that version; as `terms` have it for `to`.
    async fn splice(&self, from: &Source, keep: u64, end: Bytes, to: &Path, terms: Terms) -> Result<PutResult>;

    /// Finishes an upload under a precondition: the parts in the order given, then `end`. Whatever else was sent for
    /// the upload is given up.
    ///
    /// # Errors
    /// `NotFound` if the upload is not open or a part is not of it; `AlreadyExists` or `Precondition` by the mode of `terms`, and
    /// the upload stays open then.
    async fn complete_if(&self, upload: &Upload, parts: Vec<PartId>, end: Bytes, terms: Terms) -> Result<PutResult>;

    /// The open uploads whose path begins with `prefix`, in order of path, then id, from after `after`.
    async fn uploads(&self, prefix: &str, after: Option<&Upload>, limit: usize) -> Result<Vec<OpenUpload>>;

    /// Makes room for a bucket, where each has a place of its own; `locks` if versions in it are to be locked. One that is
    /// there and empty will do.
    ///
    /// # Errors
    /// `AlreadyExists` if the place is taken by something else; `NotSupported` if it cannot have such a name.
    async fn make_bucket(&self, bucket: &str, locks: bool) -> Result<()>;

    /// Gives the place of a bucket up, which has nothing in it any more.
    async fn drop_bucket(&self, bucket: &str) -> Result<()>;

    /// Versions, where the backend keeps them.
    fn versions(&self) -> Option<&dyn Versions>;

    /// What it was found to lack, of that which clients may miss.
    fn lacks(&self) -> Vec<Lack>;

    /// Whether every path that is asked for can be answered, and writes be made durable, right now.
    async fn ready(&self) -> Result<()>;
}

/// One version of an object, which stays readable while this is held, whatever happens to its path.
#[async_trait]
pub trait Stored: Send + Sync {
    /// Size in bytes as stored, ETag and time as the backend has them. The ETag names this version.
    fn meta(&self) -> &ObjectMeta;

    /// The last bytes: at least 1,392 of them, or all there are. May be more where more costs nothing.
    fn end(&self) -> Bytes;

    /// Says how far will be read, in order: a hint, for those whom each read costs a round trip.
    fn expect(&self, _until: u64) {}

    /// Fills `buffer` with the bytes of `range`, and hands it on in the very job that read them.
    ///
    /// What is in memory and ranges below 256 KiB are read on the calling thread, all else on a thread that may block,
    /// so that no byte changes threads for less. `then` is called exactly once unless the program is being shut down.
    fn read(&self, range: Range<u64>, buffer: Buffer, then: Then);
}

impl dyn Stored + '_ {
    /// As [`Stored::read`], for those who go on elsewhere than where the bytes were read.
    ///
    /// # Errors
    /// Those of the read; [`Fault::Unavailable`] if the program is being shut down.
    pub async fn fill(&self, range: Range<u64>, buffer: Buffer) -> Result<Buffer> {
        let (done, answer) = oneshot::channel();
        self.read(range, buffer, Box::new(move |filled| drop(done.send(filled))));
        let stopping = |_gone| Fault::Unavailable("the program is stopping".to_owned()).in_store("any");
        answer.await.map_err(stopping)?
    }
}

/// Which bytes will be read first of the version that an ETag and a size name, in one stretch; none if that is not known.
pub type Wanted<'a> = &'a (dyn Fn(&ObjectMeta) -> Option<Range<u64>> + Sync);

/// What is done with bytes where they were read.
pub type Then = Box<dyn FnOnce(Result<Buffer>) + Send>;

/// Yields the next bytes of a draft, made in the job that writes them.
pub type Prepare = Box<dyn FnOnce() -> Buffer + Send>;

/// An object or part in the making. Dropped before it is finished, it leaves nothing behind.
#[async_trait]
pub trait Draft: Send {
    /// Appends what `prepare` yields, on a thread that may block.
    async fn write(&mut self, prepare: Prepare) -> Result<()>;

    /// Appends the end, makes all of it durable, then visible: the one commit point.
    ///
    /// # Errors
    /// `AlreadyExists` or `Precondition` by the mode of `terms`; nothing is visible then.
    async fn finish(self: Box<Self>, end: Bytes, terms: Terms) -> Result<PutResult>;
}

/// One version of an object, by name.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it lies.
    pub path: Path,
    /// Which version, by name.
    pub version: Version,
    /// The backend's ETag of the version that is meant.
    pub e_tag: String,
}

/// An open upload, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The object it will become.
    pub path: Path,
    /// The backend's name for it.
    pub id: MultipartId,
}

/// An open upload as a listing has it.
#[derive(Clone, Debug)]
pub struct OpenUpload {
    /// Which it is.
    pub upload: Upload,
    /// When it was begun.
    pub created: Millis,
}

/// In the options of a listing: nobody will look at [`Ends`], so that none need to be read.
#[derive(Clone, Copy, Debug)]
pub struct WithoutEnds;

/// The [`Stored::end`] of each object of a listing, in its order: an extension of `ListResult` where the backend
/// has them at hand. At least the last 1,392 bytes, or all there are.
#[derive(Clone, Debug)]
pub struct Ends(pub Vec<Bytes>);

/// The [`Stored::end`] of the version a write replaced: an extension of `PutResult` where the backend knows it.
#[derive(Clone, Debug)]
pub struct Replaced(pub Bytes);
