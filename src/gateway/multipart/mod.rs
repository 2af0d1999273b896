//! Uploads in parts, which share nothing but the upload's record.

mod complete;
mod copy;
mod list;
mod list_uploads;
mod part;
mod repeat;
mod sums;
mod sweep;
mod upload;
