//! Uploads in parts, which share nothing but the upload's record.

mod complete;
mod copy;
mod list;
mod part;
mod sums;
mod upload;
