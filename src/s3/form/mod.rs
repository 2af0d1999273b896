//! Forms of browsers: POST Object.
//!
//! A form becomes the PUT that its fields describe, once its policy holds for them; whoever signed the policy is who
//! puts. Nothing but fields that are known here becomes part of that PUT, and the file streams through it. s3s's own
//! reading of forms is passed by: it knows neither `acl` nor `tagging`, and demands that the file come last.

mod answer;
mod fields;
mod policy;
mod put;

pub(super) use put::{Forms, Vouched, is_form};
