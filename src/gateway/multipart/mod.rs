//! Uploads in parts, which share nothing but the upload's record.

mod complete;
mod list;
mod part;
mod sums;
mod upload;
